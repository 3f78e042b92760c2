"""What a shop's page tells is on a disk before it is answered, and nothing strange gets in."""

import json

import pytest

from affiliates.models import DirectLink, DirectLinkState, Enrollment, Link, Program
from tests.tracking.visitors import SHOP, blocked_database, follow, lines, tid_of
from tracking import clickid
from tracking.models import Beacon, Click
from tracking.visits import NetworkFile

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = "https://shop.example.com"
ORDER = {"order": "1001", "total": "129.90", "currency": "EUR", "lines": [{"sku": "MUG", "net": "100.00"}]}


def tell(edge, said=None, method="POST", **headers):
    """Send a beacon; `said` is an object, or bytes as they are."""
    body = said if isinstance(said, bytes) else json.dumps({"k": "key", "e": "page", **(said or {})}).encode()
    return follow(edge, "/t", method, body, origin=ORIGIN, **headers)


# --- what is told ---


def test_page_that_names_an_id_of_somebody_else_is_told_to_forget_it(edge, link):
    assert tell(edge, {"tid": "Z" * 32}).json() == {"window": 86400, "tid": ""}
    assert Beacon.objects.get().tid == ""


def test_beacon_is_a_row_when_it_is_answered(edge, link):
    tid = tid_of(follow(edge))
    said = {"e": "conversion", "tid": tid, "c": "granted", "u": f"{SHOP}thanks", "r": SHOP, "d": ORDER}

    answer = tell(edge, said)

    row = Beacon.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"window": 86400})
    assert (row.program, row.kind, row.tid, row.consent) == (
        link.enrollment.program,
        "conversion",
        tid,
        "granted",
    )
    assert (row.page, row.referrer, row.data, row.state) == (f"{SHOP}thanks", SHOP, ORDER, "waiting")


def test_answer_is_for_the_shops_own_pages_and_carries_no_cookies(edge, link):
    headers = tell(edge).headers

    assert (headers["access-control-allow-origin"], headers["vary"]) == (ORIGIN, "origin")
    assert (headers.get_list("set-cookie"), headers.get("access-control-allow-credentials")) == ([], None)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "https://shop.example.com.evil.example",
        "https://a@shop.example.com",
        "",
    ],
)
def test_other_pages_may_tell_but_not_read(edge, link, origin):
    answer = follow(edge, "/t", "POST", b'{"k": "key", "e": "page"}', origin=origin)

    assert (answer.status_code, Beacon.objects.count()) == (200, 1)
    assert answer.headers.get("access-control-allow-origin") is None


def test_page_may_ask_before_it_tells(edge, link):
    answer = tell(edge, b"", "OPTIONS", access_control_request_method="POST")

    headers = answer.headers
    assert (answer.status_code, headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert (headers["access-control-allow-methods"], headers["access-control-allow-headers"]) == (
        "POST",
        "content-type",
    )


@pytest.mark.parametrize("tid", ["x" * 32, "forged", 7, None, ["a"], "A" * 5000])
def test_click_id_that_we_did_not_issue_is_not_stored(edge, link, tid):
    answer = tell(edge, {"tid": tid})

    assert (answer.status_code, Beacon.objects.get().tid) == (200, "")


def test_click_id_of_the_browser_counts_where_the_page_names_none_unless_refused(edge, link):
    tid = tid_of(follow(edge))

    tell(edge, cookie=f"a=b; tid={tid}")
    tell(edge, {"c": "denied"}, cookie=f"tid={tid}")
    tell(edge, cookie=f"tid={tid}", sec_gpc="1")
    tell(edge, cookie=f"tid={'x' * 32}")

    assert list(Beacon.objects.order_by("id").values_list("tid", flat=True)) == [tid, "", "", ""]


def test_visitor_is_known_where_the_browser_may_say(edge, link):
    tell(edge, cookie=f"vid={'ab' * 16}")
    tell(edge, {"c": "denied"}, cookie=f"vid={'ab' * 16}")

    visitors = Beacon.objects.order_by("id").values_list("visitor", flat=True)
    assert [visitor and visitor.hex for visitor in visitors] == ["ab" * 16, None]


def test_texts_are_cleaned_and_numbers_stay_as_they_were_written(edge, link):
    body = rb"""{"k": "key", "e": "conversion", "u": "javascript:alert(1)", "c": "maybe",
        "r": "https://a\u0000\ud800b.example/",
        "d": {"order": "a\u0000\u001b\udfffb", "total": 129.90, "tax": 1e999, "n": 12345678901234567890,
        "q": 2, "\u0000k": true}}"""

    assert tell(edge, body).status_code == 200

    row = Beacon.objects.get()
    assert row.data == {
        "order": "ab",
        "total": "129.90",
        "tax": "1e999",
        "n": "12345678901234567890",
        "q": 2,
        "k": True,
    }
    assert (row.page, row.referrer, row.consent) == ("", "https://ab.example/", "unknown")


def test_long_addresses_are_cut(edge, link):
    tell(edge, {"u": f"{SHOP}{'x' * 3000}", "r": f"{SHOP}{'y' * 3000}"})

    row = Beacon.objects.get()
    assert (len(row.page), len(row.referrer)) == (1000, 1000)


# --- what is refused ---

DEEP = {"a": {"b": {"c": {"d": {}}}}}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (b"\xff\xfe", 400),
        (b"[1]", 400),
        (b'"text"', 400),
        (b"[" * 8000, 400),
        (b'{"k": "key", "e": "page", "d": {"a": NaN}}', 400),
        (b'{"k": "key", "e": "page", "d": {"a": ' + b"9" * 6000 + b"}}", 400),
        ({"e": "unknown"}, 400),
        ({"e": ["page"]}, 400),
        ({"e": None}, 400),
        ({"d": "text"}, 400),
        ({"d": [1]}, 400),
        ({"d": DEEP}, 400),
        ({"d": {"order": "x" * 501}}, 400),
        ({"k": "nobody"}, 404),
        ({"k": None}, 404),
        ({"k": ["key"]}, 404),
        ({"k": "x" * 30}, 404),
        ({"k": "\0"}, 404),
        (b" " * 8193, 413),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence_and_kept_nowhere(edge, link, said, status):
    answer = tell(edge, said)

    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert (answer.json()["error"][-1], Beacon.objects.count()) == (".", 0)


def test_shop_may_read_why_its_beacon_was_refused(edge, link):
    answer = tell(edge, {"e": "unknown"})

    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json() == {"error": "“e” is one of: page, identify, conversion."}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_other_methods_are_refused(edge, link, method):
    answer = tell(edge, method=method)

    assert (answer.status_code, answer.headers["allow"], Beacon.objects.count()) == (405, "POST, OPTIONS", 0)


# --- while something is away ---


def test_beacon_waits_in_the_journal_while_the_database_is_away(edge, link):
    edge._is_started = True  # nobody replays meanwhile
    tell(edge)
    with blocked_database():
        answer = tell(edge, {"e": "conversion", "d": ORDER})
        waiting = [(line[0], json.loads(line[-1])) for line in lines(edge)]

    assert (answer.status_code, waiting) == (200, [("beacon", ORDER)])


def test_beacon_that_no_disk_takes_is_to_be_sent_again(edge, link):
    edge.journal.folder.write_text("in the way")
    with blocked_database():
        answer = tell(edge)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_unknown_key_is_to_be_sent_again_while_nobody_can_be_asked(edge, link):
    edge.shops._away_until = float("inf")

    assert tell(edge).status_code == 503


# --- affiliates' own pages ---


@pytest.fixture
def pages(link):
    """Ann's blog, and her best page of it with a link of its own."""
    best = Link.objects.create(enrollment=link.enrollment, code="best", destination=SHOP, sub_ids=["best"])
    own = {"enrollment": link.enrollment, "program": link.enrollment.program, "state": DirectLinkState.ACTIVE}
    DirectLink.objects.create(link=link, host="blog.example", path="/", **own)
    DirectLink.objects.create(link=best, host="blog.example", path="/best/", **own)
    DirectLink.objects.create(link=best, host="asked.example", **own | {"state": DirectLinkState.ASKED})
    return link, best


@pytest.mark.parametrize(
    ("referrer", "which"),
    [
        ("https://blog.example/", 0),
        ("https://www.blog.example", 0),
        ("http://BLOG.example:8080/a?b#c", 0),
        ("https://blog.example/best", 1),
        ("https://blog.example/best/shoes", 1),
        ("https://blog.example/bestiary", 0),
    ],
)
def test_visitor_of_an_affiliates_own_page_is_a_click(edge, pages, referrer, which):
    answer = tell(edge, {"r": referrer, "u": f"{SHOP}shoes", "c": "granted"})

    click, beacon, expected = Click.objects.get(), Beacon.objects.get(), pages[which]
    assert (click.link, click.via, click.referrer, click.sub_ids) == (
        expected,
        "direct",
        referrer,
        expected.sub_ids,
    )
    assert (click.destination, click.ip, click.consent) == (f"{SHOP}shoes", "203.0.113.0", "granted")
    assert (clickid.read(answer.json()["tid"]).uuid, beacon.tid) == (click.id, answer.json()["tid"])


def test_how_the_tag_asks_is_not_how_the_visitor_came(edge, pages, settings, tmp_path):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    (tmp_path / "networks.txt").write_text("8.8.8.0/24, tor")
    edge.networks = NetworkFile(tmp_path / "networks.txt")

    tell(
        edge,
        {"r": "https://blog.example/"},
        sec_fetch_dest="empty",
        sec_fetch_mode="cors",
        x_forwarded_for="8.8.8.8",
    )

    click = Click.objects.get()
    assert (click.network_kind, click.fetch_dest, click.fetch_user) == ("tor", None, None)


@pytest.mark.parametrize(
    "referrer",
    [
        "",
        "https://other.example/",
        "https://blog.example.evil.example/",
        "https://asked.example/",
        "https://[",
        "https://sub.blog.example/",
    ],
)
def test_visitor_of_any_other_page_is_none(edge, pages, referrer):
    answer = tell(edge, {"r": referrer})

    assert (answer.json(), Click.objects.count(), Beacon.objects.count()) == ({"window": 86400}, 0, 1)


def test_visitor_who_brings_an_id_or_buys_makes_no_click(edge, pages):
    tid = clickid.make(pages[0].pk, Link.objects.first().created_at)

    tell(edge, {"r": "https://blog.example/", "tid": tid})
    tell(edge, {"r": "https://blog.example/", "e": "conversion"})

    assert (Click.objects.count(), Beacon.objects.count()) == (0, 2)


@pytest.mark.parametrize("change", ["enrollment", "link"])
def test_own_page_of_somebody_who_is_not_active_counts_nothing(edge, pages, change):
    if change == "enrollment":
        Enrollment.objects.update(state="suspended")
    else:
        Link.objects.update(is_active=False)

    tell(edge, {"r": "https://blog.example/"})

    assert (Click.objects.count(), Beacon.objects.get().tid) == (0, "")


def test_own_page_counts_for_its_own_program_alone(edge, pages):
    program = pages[0].enrollment.program
    Program.objects.create(
        merchant=program.merchant, name="B", slug="b", currency="EUR", home_url=SHOP, tag_key="other"
    )

    tell(edge, {"k": "other", "r": "https://blog.example/"})

    assert (Click.objects.count(), Beacon.objects.get().program.slug) == (0, "b")


# --- pixels ---


def test_pixel_tells_of_an_order(edge, link):
    tid = tid_of(follow(edge))
    query = f"order=1001&total=129.90&currency=EUR&tid={tid}&coupon=SAVE,MORE&email=g%40example.com&strange=1&goal="

    answer = follow(edge, f"/p/key.gif?{query}", referer=f"{SHOP}thanks")

    row = Beacon.objects.get()
    assert (answer.status_code, len(answer.content), answer.headers["cache-control"]) == (200, 43, "no-store")
    assert (row.kind, row.tid, row.consent, row.page) == ("conversion", tid, "unknown", f"{SHOP}thanks")
    assert row.data == {
        "order": "1001",
        "total": "129.90",
        "currency": "EUR",
        "email": "g@example.com",
        "coupons": ["SAVE", "MORE"],
        "channel": "pixel",
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/p/nobody.gif?order=1", 404),
        ("/p/key", 404),
        ("/p/key.gif?order=" + "x" * 501, 400),
        ("/p/key.gif?" + "&".join(["order=1"] * 200), 400),
    ],
)
def test_pixel_that_cannot_be_read_is_a_picture_and_kept_nowhere(edge, link, path, status):
    answer = follow(edge, path)

    assert (answer.status_code, len(answer.content), Beacon.objects.count()) == (status, 43, 0)


def test_pixel_is_kept_for_get_alone(edge, link):
    answers = [follow(edge, "/p/key.gif?order=1", method).status_code for method in ("HEAD", "POST")]

    assert (answers, Beacon.objects.count()) == ([200, 405], 0)
