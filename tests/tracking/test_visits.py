"""A request is read into values; whatever the other side sends, nothing breaks."""

import pytest

from tracking.visits import coarse, is_bot, read_visit, sub_ids

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1"


def scope(*headers, method="GET", query=b"", client=("203.0.113.77", 1)):
    return {"method": method, "headers": headers, "query_string": query, "client": client}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("203.0.113.77:4431", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("[2001:db8:1:2::4]:80", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("unknown", ""),
        ("", ""),
        ("1.2.3.4.5", ""),
        ("\0", ""),
    ],
)
def test_address_is_stored_as_its_network(address, network):
    assert coarse(address) == network


@pytest.mark.parametrize(
    ("proxies", "network"), [(0, "203.0.113.0"), (1, "198.51.100.0"), (2, "192.0.2.0"), (3, "203.0.113.0")]
)
def test_only_our_own_proxies_say_who_asks(proxies, network):
    forwarded = scope((b"x-forwarded-for", b"192.0.2.9, 198.51.100.9"))

    assert read_visit(forwarded, proxies).ip == network


@pytest.mark.parametrize("user_agent", [FIREFOX, CHROME, SAFARI])
def test_people_are_no_bots(user_agent):
    assert read_visit(scope((b"user-agent", user_agent.encode())), 0).is_bot is False


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1",
        "WhatsApp/2.23.20.0",
        "Slackbot-LinkExpanding 1.0",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 HeadlessChrome/131.0",
    ],
)
def test_programs_are_bots(user_agent):
    assert is_bot(user_agent) is True


@pytest.mark.parametrize(
    "asked",
    [scope((b"user-agent", FIREFOX.encode()), (b"sec-purpose", b"prefetch;prerender")), scope(method="HEAD")],
)
def test_what_nobody_asked_to_see_is_no_visit(asked):
    assert read_visit(asked, 0).is_bot is True


def test_texts_are_cut_and_cleaned():
    visit = read_visit(scope((b"user-agent", b"a\0b\x1b" + b"c" * 900), (b"referer", b"\xff\r\nx" * 900)), 0)

    assert (visit.user_agent, len(visit.referrer)) == ("ab" + "c" * 398, 1000)
    assert visit.referrer[:4] == "\ufffdx\ufffdx"


@pytest.mark.parametrize(
    ("cookie", "visitor"),
    [
        (b"vid=" + b"0a" * 16, "0a" * 16),
        (b"a=b; vid=" + b"0a" * 16 + b"; c=d", "0a" * 16),
        (b"xvid=" + b"0a" * 16, ""),
        (b"vid=" + b"0A" * 16, ""),
        (b"vid=' OR 1=1", ""),
    ],
)
def test_visitor_is_known_by_a_well_formed_cookie(cookie, visitor):
    assert read_visit(scope((b"cookie", cookie)), 0).visitor == visitor


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", ()),
        (b"s1=mail&s3=june", ("mail", "", "june")),
        (b"s1=a%00b%C3%A9", ("abé",)),
        (b"s6=x&s=y", ()),
        (b"s2=" + b"x" * 500, ("", "x" * 80)),
        (b"&".join([b"s1=x"] * 500), ()),
        (b"s1=\xff", ("ÿ",)),
    ],
)
def test_sub_ids_stand_by_position(query, found):
    assert sub_ids(query) == found
