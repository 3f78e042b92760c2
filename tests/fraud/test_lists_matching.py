"""Lists of addresses, domains, pages, countries and terms."""

import pytest

from fraud.lists.matching import address_in, country_in, domain_in, page_in, term_in


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.0", ""),
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8::5", "2001:db8::/32"),
        ("2001:db9::5", ""),
        ("nobody", ""),
    ],
)
def test_addresses_are_in_ranges(address: str, expected: str) -> None:
    assert address_in(address, ["nonsense", "192.0.2.0/24", "10.0.0.7", "2001:db8::/32"]) == expected


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mail.example", "mail.example"),
        ("eu.Mail.example", "mail.example"),
        ("xmail.example", ""),
        ("post.example", "@post.example"),
        ("a.b.example", "*.b.example"),
        ("example", ""),
        ("", ""),
    ],
)
def test_domains_are_listed_with_all_below(domain: str, expected: str) -> None:
    assert domain_in(domain, ["mail.example", "@post.example", "*.b.example"]) == expected


@pytest.mark.parametrize(
    ("page", "pattern", "fits"),
    [
        ("https://www.deals.example/a?b#c", "deals.example", True),
        ("http://DEALS.example", "www.deals.example", True),
        ("deals.example", "deals.example", True),
        ("https://mydeals.example", "deals.example", False),
        ("https://shop.deals.example", "deals.example", False),
        ("https://shop.deals.example", "*.deals.example", True),
        ("https://deals.example", "*.deals.example", False),
        ("https://coupon-now.example", "coupon*", True),
        ("https://site.example/deals/now", "site.example/deals/*", True),
        ("https://site.example/news", "site.example/deals/*", False),
        ("https://site.example/deals", "site.example/", True),
        ("https://evil.example/?deals.example", "deals.example", False),
        ("https://deals.example@evil.example/", "deals.example", False),
        ("https://a.example", "*a*a*a*a*a*a*a*a*a*", False),
        ("", "*", False),
        ("https://[bad", "*", False),
    ],
)
def test_pages_fit_patterns_by_whole_hosts(page: str, pattern: str, fits: bool) -> None:
    assert page_in(page, ["", pattern]) == (pattern if fits else "")


def test_countries_are_compared_by_their_letters() -> None:
    assert country_in("de", ["FR", " DE"])
    assert not country_in("DE", ["FR"])
    assert not country_in("", ["", "DE"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("buy Acme-Shoes online", "acme shoes"),
        ("acmeshoes", "acme shoes"),
        ("acme hats", ""),
        ("pacmen", ""),
        ("ZÜRI ware", "Züri"),
        ("", ""),
    ],
)
def test_terms_are_found_as_whole_words_or_written_together(text: str, expected: str) -> None:
    assert term_in(text, ["", "acme shoes", "Züri"]) == expected
