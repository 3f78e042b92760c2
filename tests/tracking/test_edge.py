"""A link is followed to where it may lead, and to nowhere else."""

import asyncio
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import override_settings

from affiliates.models import AttributionTerms, Enrollment, Link, Program
from affiliates.states import EnrollmentState
from tests.tracking.visitors import BROWSER, SHOP, follow, tid_of
from tracking import clickid
from tracking.edge import known
from tracking.edge.ways import around_tid
from tracking.models import Click

pytestmark = pytest.mark.django_db(transaction=True)


# --- the way to the shop ---


def test_visitor_goes_on_with_the_click_in_the_address(edge, link):
    answer = follow(edge)

    assert answer.status_code == 302
    assert re.fullmatch(
        r"https://shop\.example\.com/shoes\?color=red&tid=[\w-]{32}#top", answer.headers["location"]
    )


def test_row_is_there_when_the_answer_is(edge, link):
    answer = follow(edge, "/r/ann?s1=mail&s2=june", referer="https://blog.example.com/")

    genuine = clickid.read(tid_of(answer))
    click = Click.objects.get()
    assert (click.id, click.at, click.link_id) == (genuine.uuid, genuine.at, link.id)
    assert (click.enrollment_id, click.program) == (link.enrollment_id, link.enrollment.program)
    assert (click.terms.window_hours, click.destination) == (24, link.destination)
    assert (click.ip, click.user_agent, click.referrer) == (
        "203.0.113.0",
        BROWSER["user-agent"],
        "https://blog.example.com/",
    )
    assert (click.sub_ids, click.is_bot) == (["mail", "june"], False)


def test_links_own_sub_ids_count_where_the_address_names_none(edge, link):
    Link.objects.update(sub_ids=["banner"])

    follow(edge)

    assert Click.objects.get().sub_ids == ["banner"]


@pytest.mark.parametrize(
    ("destination", "before", "after"),
    [
        ("https://a.example/", "https://a.example/?tid=", ""),
        ("https://a.example/?", "https://a.example/?tid=", ""),
        ("https://a.example/?a=1&b", "https://a.example/?a=1&b&tid=", ""),
        ("https://a.example/?tid=old&a=1#x", "https://a.example/?a=1&tid=", "#x"),
        ("https://a.example/?%74id=old&a=%26", "https://a.example/?a=%26&tid=", ""),
        ("https://a.example/p#/route?x=1", "https://a.example/p?tid=", "#/route?x=1"),
    ],
)
def test_query_keeps_its_form_and_has_one_tid(destination, before, after):
    assert around_tid(destination) == (before, after)


def test_unicode_destination_is_sent_in_ascii(edge, link):
    Program.objects.update(allowed_hosts=["schöhe.example".encode("idna").decode()])
    Link.objects.update(destination="https://schöhe.example/größe?ä=ü")

    location = follow(edge).headers["location"]

    assert location.isascii()
    assert urlsplit(location).path == "/gr%C3%B6%C3%9Fe"


def test_answer_is_neither_kept_nor_indexed(edge, link):
    headers = follow(edge).headers

    assert (headers["cache-control"], headers["x-robots-tag"]) == ("no-store", "noindex, nofollow")
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


# --- cookies ---


def test_cookies_are_first_party_and_last_as_long_as_the_window(edge, link):
    answer = follow(edge)

    visitor = Click.objects.get().visitor.hex
    ending = "; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"
    assert answer.headers.get_list("set-cookie") == [
        f"vid={visitor}{ending}",
        f"tid={tid_of(answer)}{ending}",
    ]


@override_settings(SESSION_COOKIE_SECURE=True)
def test_cookies_are_secure_in_production(edge, link):
    cookies = follow(edge).headers.get_list("set-cookie")

    assert [cookie.endswith("; SameSite=Lax; Secure") for cookie in cookies] == [True, True]


def test_visitor_who_comes_again_is_the_same(edge, link):
    follow(edge, cookie=f"vid={'ab' * 16}")

    assert Click.objects.get().visitor.hex == "ab" * 16


@pytest.mark.parametrize("headers", [{"sec_gpc": "1"}, {"user_agent": "Googlebot/2.1"}])
def test_no_cookie_for_those_who_refuse_and_for_bots(edge, link, headers):
    answer = follow(edge, **headers)

    assert answer.headers.get_list("set-cookie") == []
    assert (Click.objects.get().visitor, len(tid_of(answer))) == (None, 32)


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"sec_purpose": "prefetch"}), ("GET", {"user_agent": "curl/8"})],
)
def test_bots_are_recorded_as_such(edge, link, method, headers):
    answer = follow(edge, method=method, **headers)

    assert (answer.status_code, Click.objects.get().is_bot) == (302, True)


# --- codes that lead nowhere, and elsewhere ---


def test_code_that_was_typed_in_capitals_leads_the_same_way(edge, link):
    assert (follow(edge, "/r/ANN").status_code, Click.objects.get().link) == (302, link)


@pytest.mark.parametrize("path", ["/r/nobody", "/r/", "/r/a/b", "/r/ann/../x", "/r/" + "a" * 41, "/r/%00"])
def test_unknown_code_is_404_and_names_nobody(edge, link, path):
    answer = follow(edge, path)

    assert (answer.status_code, Click.objects.count()) == (404, 0)
    assert "<h1>This link leads nowhere</h1>" in answer.text
    assert "Shop" not in answer.text


def test_other_methods_are_refused(edge, link):
    answer = follow(edge, method="POST")

    assert (answer.status_code, answer.headers["allow"], Click.objects.count()) == (405, "GET, HEAD", 0)


@pytest.mark.parametrize("change", [{"is_active": False}, {"enrollment__state": EnrollmentState.SUSPENDED}])
def test_link_that_is_not_live_leads_home_and_counts_nothing(edge, link, change):
    if "is_active" in change:
        Link.objects.update(is_active=False)
    else:
        Enrollment.objects.update(state=EnrollmentState.SUSPENDED)

    answer = follow(edge)

    assert (answer.status_code, answer.headers["location"], Click.objects.count()) == (302, SHOP, 0)
    assert answer.headers.get_list("set-cookie") == []


def test_new_link_works_at_once(edge, link):
    assert follow(edge, "/r/later").status_code == 404

    Link.objects.create(enrollment=link.enrollment, code="later", destination=SHOP)

    assert follow(edge, "/r/later").status_code == 302


def test_link_is_asked_for_once_while_it_is_fresh(edge, link):
    follow(edge)
    Link.objects.update(is_active=False)

    assert len(tid_of(follow(edge))) == 32


def test_paused_link_stops_when_it_is_no_longer_fresh(edge, link, monkeypatch):
    follow(edge)
    Link.objects.update(is_active=False)
    monkeypatch.setattr(known, "FRESH", 0.0)

    assert follow(edge).headers["location"] == SHOP


def test_believing_takes_less_than_two_seconds():
    assert known.FRESH <= 2


@pytest.mark.parametrize(
    "destination",
    [
        "https://evil.example/",
        "//evil.example/",
        "https://shop.example.com@evil.example/",
        "https://shop.example.com:pw@evil.example/",
        "https://evil.example\\@shop.example.com/",
        "https://shop.example.com.evil.example/",
        "https://evilshop.example.com/",
        "https://shop.example.com:8443/",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://shop.example.com\r\nset-cookie: a=b",
        "https://shop\texample.com/",
        "/relative",
        "",
    ],
)
def test_stored_address_outside_of_the_program_leads_home(edge, link, destination):
    Link.objects.update(destination=destination)

    location = follow(edge).headers["location"]

    assert re.fullmatch(r"https://shop\.example\.com/\?tid=[\w-]{32}", location)


@pytest.mark.parametrize(
    "query", ["?url=https://evil.example/", "?to=//evil.example", "?tid=forged&next=https://evil.example"]
)
def test_nothing_in_the_request_changes_the_way(edge, link, query):
    location = urlsplit(follow(edge, f"/r/ann{query}", x_forwarded_host="evil.example").headers["location"])

    assert (location.netloc, location.path) == ("shop.example.com", "/shoes")
    assert sorted(parse_qs(location.query)) == ["color", "tid"]


def test_terms_in_force_are_the_newest_that_began(edge, link):
    program = link.enrollment.program
    newer = AttributionTerms.objects.create(program=program, effective_at=datetime(2021, 1, 1, tzinfo=UTC))
    AttributionTerms.objects.create(program=program, effective_at=datetime(2999, 1, 1, tzinfo=UTC))

    follow(edge)

    assert Click.objects.get().terms_id == newer.id


def test_servers_start_and_stop_are_answered(edge, link):
    said = []
    asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(asked)

    async def send(message):
        said.append(message["type"])

    asyncio.run(edge({"type": "lifespan"}, receive, send))

    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
