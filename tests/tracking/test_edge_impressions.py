"""An advertisement that was seen is a row where views count, and a picture everywhere."""

import pytest
from django.test import override_settings

from affiliates.models import AttributionTerms, Enrollment, Link, Program
from tests.tracking.visitors import blocked_database, follow, lines
from tracking.models import Click, Impression

pytestmark = pytest.mark.django_db(transaction=True)
GIF = (b"GIF89a\x01\x00\x01\x00\x80", 43, "image/gif", "no-store")


def picture(answer):
    """Whether it is the picture that nobody keeps."""
    body, headers = answer.content, answer.headers
    return body[:11], len(body), headers["content-type"], headers["cache-control"]


@pytest.fixture
def counting(link):
    """Views count for a day."""
    AttributionTerms.objects.update(view_hours=24)
    return link


def test_view_is_a_row_when_the_picture_is_there(edge, counting):
    answer = follow(edge, "/i/ann.gif", cookie=f"vid={'ab' * 16}")

    view = Impression.objects.get()
    assert (answer.status_code, picture(answer)) == (200, GIF)
    assert (view.link, view.enrollment, view.is_bot) == (counting, counting.enrollment, False)
    assert (view.visitor.hex, view.terms.view_hours, Click.objects.count()) == ("ab" * 16, 24, 0)


def test_where_views_do_not_count_there_is_only_the_picture(edge, link):
    answer = follow(edge, "/i/ann.gif")

    assert (answer.status_code, picture(answer), Impression.objects.count()) == (200, GIF, 0)
    assert answer.headers.get_list("set-cookie") == []


@pytest.mark.parametrize("change", ["link", "enrollment"])
def test_link_that_is_not_live_counts_no_views(edge, counting, change):
    if change == "link":
        Link.objects.update(is_active=False)
    else:
        Enrollment.objects.update(state="suspended")

    assert (picture(follow(edge, "/i/ann.gif")), Impression.objects.count()) == (GIF, 0)


@pytest.mark.parametrize("path", ["/i/nobody.gif", "/i/ann", "/i/", "/i/ann.gif/x", "/i/%00.gif"])
def test_unknown_advertisement_is_not_found_and_still_no_broken_picture(edge, counting, path):
    answer = follow(edge, path)

    assert (answer.status_code, picture(answer), Impression.objects.count()) == (404, GIF, 0)


@pytest.mark.parametrize("headers", [{"user_agent": "Googlebot/2.1"}, {"sec_purpose": "prefetch"}])
def test_views_of_programs_are_marked(edge, counting, headers):
    follow(edge, "/i/ann.gif", **headers)

    view = Impression.objects.get()
    assert (view.is_bot, view.visitor) == (True, None)


@override_settings(SESSION_COOKIE_SECURE=True)
def test_cookie_works_in_other_peoples_pages_and_for_each_of_their_sites_alone(edge, counting):
    answer = follow(edge, "/i/ann.gif")

    visitor = Impression.objects.get().visitor.hex
    ending = "Max-Age=86400; Path=/; HttpOnly; SameSite=None; Secure; Partitioned"
    assert answer.headers.get_list("set-cookie") == [f"vid={visitor}; {ending}"]


def test_without_https_no_cookie_is_set_and_no_visitor_made_up(edge, counting):
    answer = follow(edge, "/i/ann.gif")

    assert (answer.headers.get_list("set-cookie"), Impression.objects.get().visitor) == ([], None)


@override_settings(SESSION_COOKIE_SECURE=True)
@pytest.mark.parametrize(("query", "cookies"), [("", 0), ("?consent=granted", 1), ("?consent=denied", 0)])
def test_program_that_asks_sets_no_cookie_without_consent(edge, counting, query, cookies):
    Program.objects.update(asks_consent=True)

    answer = follow(edge, f"/i/ann.gif{query}")

    assert len(answer.headers.get_list("set-cookie")) == cookies
    assert (Impression.objects.get().visitor is not None) == bool(cookies)


def test_view_waits_in_the_journal_while_the_database_is_away(edge, counting):
    edge._is_started = True  # nobody replays meanwhile
    follow(edge, "/i/ann.gif")
    with blocked_database():
        answer = follow(edge, "/i/ann.gif")
        waiting = [line[0] for line in lines(edge)]

    assert (answer.status_code, waiting) == (200, ["impression"])


def test_view_that_no_disk_takes_is_not_answered_as_kept(edge, counting):
    edge.journal.folder.write_text("in the way")
    with blocked_database():
        answer = follow(edge, "/i/ann.gif")

    assert (answer.status_code, picture(answer)) == (503, GIF)


def test_other_methods_are_refused(edge, counting):
    assert (follow(edge, "/i/ann.gif", method="POST").status_code, Impression.objects.count()) == (405, 0)
