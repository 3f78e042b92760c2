"""A page that a link names lies below the link's own origin, whatever is tried."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, strategies as st

from tracking.edge.ways import deep_way, page_in, way_to, with_campaign

SHOP = "https://shop.example.com"
TRICKS = st.sampled_from(
    [
        b"/",
        b"//",
        b"\\",
        b"%2f",
        b"%5C",
        b"%252f",
        b"..",
        b"%2e%2e",
        b".",
        b";",
        b"@",
        b":",
        b"%0d%0a",
        b"%00",
        b"\xc0\xaf",
    ]
)


@pytest.mark.parametrize(
    ("named", "page"),
    [
        (b"shoes", "shoes"),
        (b"shoes/red/", "shoes/red/"),
        (b"a%20b/%C3%B6", "a%20b/%C3%B6"),
        ("größe".encode(), "gr%C3%B6%C3%9Fe"),
        (b"a/b:c@d;e=f,g", "a/b:c@d;e=f,g"),
        (b"100%25-wool", "100%25-wool"),
        (b"...", "..."),
        (b"a<b>\"'", "a%3Cb%3E%22'"),
    ],
)
def test_page_is_kept_as_it_was_written(named, page):
    assert page_in(named) == page


@pytest.mark.parametrize(
    "named",
    [
        b"/evil.example",
        b"//evil.example",
        b"a//evil.example",
        b"\\evil.example",
        b"a\\b",
        b"%2f%2fevil.example",
        b"%2Fevil.example",
        b"%5cevil.example",
        b"a%5Cb",
        b"%252f%252fevil.example",
        b"%25%32%66evil.example",
        b"a%0d%0aset-cookie:x",
        b"a%0Ab",
        b"a%00b",
        b"a\r\nb",
        b"a%7f",
        b"..",
        b"../x",
        b"a/../../x",
        b"%2e%2e/x",
        b".%2e/x",
        b"%2E/x",
        b"a/..;x/b",
        b"..%20/x",
        b"%c0%ae%c0%ae/x",
        b"%c0%afevil.example",
        b"https:/evil.example",
        b"https://evil.example",
        b"javascript:alert(1)",
        b"user@evil.example/x",
        b"user:pw@evil.example",
        b"%40evil.example",
        b"%E2%80%A8",
        b"a%zz",
        b"a%",
        b"",
    ],
)
def test_page_that_tries_to_leave_is_none(named):
    assert (page_in(named), deep_way(SHOP, named, ())) == (None, None)


@given(st.lists(st.one_of(TRICKS, st.binary(max_size=6)), max_size=8).map(b"".join))
def test_whatever_is_named_stays_on_the_origin(named):
    way = deep_way(SHOP, named, ())

    if way is not None:
        parts = urlsplit(way.before)
        assert (parts.scheme, parts.netloc, way.before.isascii()) == ("https", "shop.example.com", True)
        assert not parts.path.startswith("//")
        assert {"", "..", "."}.isdisjoint(unquote(parts.path).split("/")[1:-1])
        assert not any(ord(letter) < 33 or letter == "\\" for letter in way.before)


def test_parameters_go_with_the_page_and_the_id_comes_last():
    assert (
        deep_way(SHOP, b"shoes", (("size", "size=42"), ("b", "b"))).before == f"{SHOP}/shoes?size=42&b&tid="
    )


def test_address_that_grows_too_long_is_none():
    assert deep_way(SHOP, b"x" * 5000, ()) is None


def test_campaign_replaces_what_the_destination_says_of_it():
    way = with_campaign(way_to(f"{SHOP}/?a=1&utm_source=old#top"), (("utm_source", "utm_source=new"),))

    assert (way.before, way.after) == (f"{SHOP}/?a=1&utm_source=new&tid=", "#top")


def test_campaign_that_is_too_long_stays_behind():
    way = way_to(f"{SHOP}/")

    assert with_campaign(way, (("utm_source", "x" * 5000),)) == way
