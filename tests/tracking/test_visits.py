"""A request is read into values; whatever the other side sends, nothing breaks."""

import re

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from django.test import override_settings

from tracking.visits import (
    coarse,
    device_of,
    is_bot,
    kept_address,
    may_remember,
    read_query,
    read_visit,
    sub_ids,
)
from tracking.visits.addresses import _fingerprint

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 Version/17.6 Mobile/15E148 Safari/604.1"
TABLET = "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
TV = "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 SamsungBrowser/2.1 Chrome/56.0 TV Safari/537.36"
SAMSUNG = "Mozilla/5.0 (Linux; Android 14; SM-S921B) SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36"
WEBVIEW = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148 Instagram 350.0 (iPhone15,2; iOS 18_1)"
VID = b"vid=" + b"0a" * 16
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

    assert coarse(read_visit(forwarded, proxies).address) == network


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
        "Mediapartners-Google",
        "Mozilla/5.0 (compatible; Google-InspectionTool/1.0)",
        "Mozilla/5.0 (compatible; MSIE 9.0; ips-agent)",
    ],
)
def test_programs_are_bots(user_agent):
    assert is_bot(user_agent) is True


@pytest.mark.parametrize(
    "asked",
    [
        scope((b"user-agent", FIREFOX.encode()), (b"sec-purpose", b"prefetch;prerender")),
        scope((b"user-agent", FIREFOX.encode()), (b"purpose", b"Prefetch")),
        scope((b"user-agent", FIREFOX.encode()), (b"x-moz", b"prefetch")),
        scope((b"user-agent", FIREFOX.encode()), method="HEAD"),
    ],
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


def test_every_program_of_the_maintained_list_is_a_bot():
    listed = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]

    assert [agent for agent in listed if not is_bot(agent)] == []


def test_agents_of_people_are_not_on_the_maintained_list():
    people = [FIREFOX, CHROME, SAFARI, EDGE, IPAD, TABLET, TV, SAMSUNG, WEBVIEW]

    assert [agent for agent in people if is_bot(agent)] == []


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "desktop"),
        (EDGE, "desktop"),
        (CHROME, "mobile"),
        (SAFARI, "mobile"),
        (SAMSUNG, "mobile"),
        (IPAD, "tablet"),
        (TABLET, "tablet"),
        (TV, "tv"),
        ("a strange machine", "other"),
        ("", "other"),
    ],
)
def test_device_is_seen_at_a_glance(agent, device):
    assert device_of(agent) == device


@pytest.mark.parametrize("address", ["203.0.113.77", "203.0.113.77:4431", "::ffff:203.0.113.77"])
def test_fingerprint_of_an_address_is_the_same_in_every_spelling_and_fits_its_column(address):
    kept = kept_address(address, "hashed", 7)

    assert kept == kept_address("203.0.113.77", "hashed", 7)
    assert (re.fullmatch("[0-9a-f]{40}", kept) is not None, "203" in kept) == (True, False)


def test_fingerprint_differs_between_people_programs_and_keys():
    with override_settings(FINGERPRINT_KEY="another"):
        elsewhere = _fingerprint.__wrapped__("203.0.113.77", 7)
    others = {kept_address("203.0.113.78", "hashed", 7), kept_address("203.0.113.77", "hashed", 8), elsewhere}

    assert len(others | {kept_address("203.0.113.77", "hashed", 7)}) == 4


@pytest.mark.parametrize(("policy", "kept"), [("truncated", "203.0.113.0"), ("none", ""), ("unheard of", "")])
def test_address_is_kept_as_the_program_says(policy, kept):
    assert kept_address("203.0.113.77", policy, 7) == kept


def test_what_is_no_address_has_no_fingerprint():
    assert kept_address("unknown", "hashed", 7) == ""


@pytest.mark.parametrize(
    ("said", "via"),
    [
        (b"via=qr", "qr"),
        (b"via=my-app_1", "my-app_1"),
        (b"via=direct", ""),
        (b"via=QR", ""),
        (b"via=elevenchars", ""),
        (b"via=a%00b", ""),
        (b"via=<b>", ""),
    ],
)
def test_way_of_travel_is_a_short_word_and_never_the_edges_own(said, via):
    assert read_query(said).via == via


def test_campaign_is_stored_without_its_prefix_and_cut():
    query = read_query(b"utm_source=mail&utm_campaign=" + b"x" * 300 + b"&utm_=e&utm_A=b&utmost=1&utm_term=")

    assert dict(query.utm) == {"source": "mail", "campaign": "x" * 100}


def test_at_most_ten_campaign_names_are_stored():
    query = read_query(b"&".join(b"utm_n%d=1" % number for number in range(30)))

    assert len(query.utm) == 10


def test_what_is_passed_on_is_ascii_and_leaves_out_what_is_ours():
    query = read_query(
        b"s1=a&%73%32=b&via=qr&tid=x&size=4%202&b&\xc3\xa4=%C3%B6&q=a+b&utm_source=\xff<\"'\r\n#"
    )

    assert [text for _name, text in query.passed] == [
        "size=4%202",
        "b",
        "%C3%A4=%C3%B6",
        "q=a+b",
        "utm_source=%FF%3C%22'%0D%0A%23",
    ]


@pytest.mark.parametrize(
    ("headers", "said", "asks", "answer"),
    [
        ([], "unknown", False, True),
        ([], "unknown", True, False),
        ([], "granted", True, True),
        ([(b"cookie", VID)], "unknown", True, True),
        ([(b"cookie", VID)], "denied", False, False),
        ([(b"sec-gpc", b"1")], "granted", False, False),
        ([(b"sec-gpc", b"1"), (b"cookie", VID)], "granted", True, False),
        ([(b"sec-purpose", b"prefetch")], "granted", False, False),
    ],
)
def test_browser_keeps_an_id_only_where_it_may(headers, said, asks, answer):
    visit = read_visit(scope((b"user-agent", FIREFOX.encode()), *headers), 0)

    assert may_remember(visit, said, asks) is answer


DEST, MODE, USER = (
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-user", b"?1"),
)
CHROME_OF_IOS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/131.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "headers", "dest", "user"),
    [
        (FIREFOX, [DEST, MODE, USER], "document", True),
        (CHROME, [DEST, MODE], "document", False),
        (FIREFOX, [DEST, MODE], "document", False),
        (SAFARI, [DEST, MODE], "document", None),
        (CHROME_OF_IOS, [DEST, MODE], "document", None),
        (SAFARI, [DEST, MODE, USER], "document", True),
        (CHROME, [DEST], "document", None),
        (CHROME, [], None, None),
        (CHROME, [(b"sec-fetch-user", b"?0")], None, None),
    ],
)
def test_how_the_browser_asked_is_read_as_far_as_it_says(user_agent, headers, dest, user):
    visit = read_visit(scope((b"user-agent", user_agent.encode()), *headers), 0)

    assert (visit.fetch_dest, visit.fetch_user) == (dest, user)


@pytest.mark.parametrize(
    ("said", "dest"),
    [
        (b"image", "image"),
        (b"serviceworker", "serviceworke"),
        (b"iframe, document", "iframe"),
        (b"", None),
        (b"\xff\x00", None),
        (b"<b>", None),
        (b"a" * 5000, "a" * 12),
    ],
)
def test_destination_of_a_request_is_a_short_word_or_none(said, dest):
    assert read_visit(scope((b"sec-fetch-dest", said)), 0).fetch_dest == dest
