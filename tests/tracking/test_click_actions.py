"""Clicks are read off the hot path, once, in any order; raw data is forgotten, figures stay."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from affiliates.models import Enrollment, Program
from commissions.actions.clicks import take_clicks
from tests import makers
from tests.makers import NOON
from tracking import actions, tasks
from tracking.actions.clicks import SETTLED
from tracking.models import Click, Impression

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"
DAY = timedelta(days=1)


def click(enrollment: Enrollment, seconds: float = 0, *, at: datetime = NOON, **fields: Any) -> Click:
    return makers.make_click(enrollment, at + timedelta(seconds=seconds), **fields)[0]


def repeated() -> set[UUID]:
    return set(Click.objects.filter(is_duplicate=True).values_list("pk", flat=True))


def test_click_is_read_once(ann: Enrollment) -> None:
    one = click(ann, user_agent=FIREFOX, referrer="https://www.google.co.uk/", utm={})

    tasks.read_clicks()
    read = (actions.read_clicks(), Click.objects.get(pk=one.pk))

    assert read[0] == 0
    stored = (read[1].device, read[1].browser, read[1].os, read[1].source, read[1].is_read)
    assert stored == ("desktop", "Firefox", "Linux", "search", True)


def test_what_the_edge_wrote_stays(ann: Enrollment) -> None:
    one = click(ann, user_agent="curl/8.0", country="DE", is_bot=False)

    actions.read_clicks()

    read = Click.objects.get(pk=one.pk)
    assert (read.country, read.is_bot, read.user_agent) == ("DE", False, "curl/8.0")


def test_more_than_a_batch_is_read_in_one_round(ann: Enrollment) -> None:
    for second in range(5):
        click(ann, second, user_agent=FIREFOX)

    assert actions.read_clicks(batch=2) == 5
    assert Click.objects.filter(is_read=False).count() == 0


def test_second_click_of_a_visitor_is_flagged_and_kept(ann: Enrollment, bob: Enrollment) -> None:
    visitor = uuid4()
    click(ann, 0, visitor=visitor)
    second = click(ann, 9, visitor=visitor)
    for other in (
        click(ann, 30, visitor=visitor),
        click(bob, 9, visitor=visitor),
        click(ann, 9, visitor=uuid4()),
    ):
        assert other.is_read is False

    actions.read_clicks()

    assert repeated() == {second.pk}


def test_without_a_visitor_network_and_browser_tell(ann: Enrollment) -> None:
    click(ann, 0, ip="203.0.113.0", user_agent=FIREFOX)
    second = click(ann, 5, ip="203.0.113.0", user_agent=FIREFOX)
    click(ann, 6, ip="203.0.113.0", user_agent="another")
    click(ann, 7, ip="", user_agent=FIREFOX)
    click(ann, 8, ip="", user_agent=FIREFOX)

    actions.read_clicks()

    assert repeated() == {second.pk}


def test_a_machine_that_looks_ahead_makes_no_repeat(ann: Enrollment) -> None:
    visitor = uuid4()
    click(ann, 0, visitor=visitor, is_bot=True)
    click(ann, 1, visitor=visitor)
    click(ann, 2, visitor=visitor, is_bot=True)

    actions.read_clicks()

    assert repeated() == set()


def test_late_click_makes_a_repeat_of_one_that_was_read(ann: Enrollment) -> None:
    visitor = uuid4()
    second = click(ann, 8, visitor=visitor)
    actions.read_clicks()
    before = repeated()

    click(ann, 0, visitor=visitor)
    actions.read_clicks()

    assert (before, repeated()) == (set(), {second.pk})


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)])
def test_flags_come_out_the_same_in_any_order(ann: Enrollment, order: tuple[int, ...]) -> None:
    visitor = uuid4()
    for place in order:
        click(ann, place * 7, visitor=visitor)
        actions.read_clicks(batch=1)

    flags = Click.objects.order_by("at").values_list("is_duplicate", flat=True)
    assert list(flags) == [False, True, True, True]


def test_seconds_of_the_program_decide(ann: Enrollment) -> None:
    Program.objects.filter(pk=ann.program_id).update(duplicate_seconds=0)
    visitor = uuid4()
    click(ann, 0, visitor=visitor)
    click(ann, 0, visitor=visitor)

    actions.read_clicks()

    assert repeated() == set()


def test_late_clicks_of_last_week_do_not_drag_a_week_in(
    ann: Enrollment, django_assert_max_num_queries: Any
) -> None:
    visitor = uuid4()
    for days in range(3):
        click(ann, at=NOON - days * 3 * DAY, visitor=visitor)

    with django_assert_max_num_queries(12):
        assert actions.read_clicks() == 3
    assert repeated() == set()


@pytest.mark.django_db(transaction=True)
def test_two_workers_read_every_click_once(ann: Enrollment) -> None:
    for number in range(60):
        click(ann, number, visitor=UUID(int=number % 7), user_agent=FIREFOX)
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(actions.read_clicks(batch=7))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counts.append(actions.read_clicks())

    assert sum(counts) == 60
    assert len(repeated()) == 60 - 7


RAW: dict[str, Any] = {
    "ip": "203.0.113.0",
    "user_agent": FIREFOX,
    "referrer": "https://norahollis.example/?me=1",
    "landing": "https://shop.example.com/mugs?email=g@example.com#me",
    "destination": "https://shop.example.com/mugs?email=g@example.com",
    "country": "IE",
    "is_read": True,
    "browser": "Firefox",
}
SHORT, LONG = SETTLED + 31 * DAY, 181 * DAY  # the window is 30 days


def raw_of(one: Click) -> tuple[Any, ...]:
    now = Click.objects.get(pk=one.pk)
    return now.ip, now.user_agent, now.referrer, now.landing, now.destination, now.visitor, now.is_bare


def kept_for(program: Program, days: int) -> None:
    Program.objects.filter(pk=program.pk).update(raw_days=days)


def test_raw_data_is_forgotten_and_what_was_read_stays(ann: Enrollment) -> None:
    came = {"network_kind": "vpn", "fetch_dest": "image", "fetch_user": False}
    old = click(ann, at=NOON - LONG, visitor=uuid4(), **RAW, **came)
    young = click(ann, at=NOON - 179 * DAY, visitor=uuid4(), **RAW)
    before = raw_of(young)

    counts = actions.forget_raw(at=NOON), actions.forget_raw(at=NOON)

    mugs = "https://shop.example.com/mugs"
    assert counts == (2, 0)
    assert raw_of(old) == ("", "", "", mugs, mugs, None, True)
    assert raw_of(young) == before
    kept = Click.objects.get(pk=old.pk)
    assert (kept.country, kept.browser, kept.sub_ids, kept.enrollment_id) == ("IE", "Firefox", [], ann.pk)
    assert {name: getattr(kept, name) for name in came} == came


def test_visitor_is_known_until_nothing_can_be_credited_any_more(ann: Enrollment) -> None:
    kept_for(ann.program, 5)
    visitor = uuid4()
    recent, settled = (
        click(ann, at=NOON - 6 * DAY, visitor=visitor, **RAW),
        click(ann, at=NOON - SHORT, visitor=visitor, **RAW),
    )

    actions.forget_raw(at=NOON)

    assert (raw_of(recent)[0], raw_of(recent)[5:]) == ("", (visitor, True))
    assert raw_of(settled)[5:] == (None, True)


def test_visitor_goes_in_the_second_step_too(ann: Enrollment) -> None:
    kept_for(ann.program, 5)
    one = click(ann, at=NOON - 6 * DAY, visitor=uuid4(), **RAW)
    actions.forget_raw(at=NOON)

    actions.forget_raw(at=NOON + SHORT)

    assert raw_of(one)[5:] == (None, True)


def test_forgetting_does_not_change_what_a_day_of_clicks_pays(ann: Enrollment) -> None:
    kept_for(ann.program, 1)
    day = (NOON - 20 * DAY).date()
    for number in range(3):
        click(ann, number, at=NOON - 20 * DAY, **(RAW | {"ip": f"203.0.{number}.0"}))
    from commissions.actions.clicks import _counts

    span = ann.program.span_of(day)
    before = _counts(ann.program, [ann], *span)

    actions.forget_raw(at=NOON)

    assert (before, _counts(ann.program, [ann], *span)) == ({ann.pk: 3}, {ann.pk: 3})
    assert take_clicks(ann.program, day, at=NOON) == 0


def test_forgetting_goes_on_where_it_was_cut_short(ann: Enrollment) -> None:
    for number in range(5):
        click(ann, number, at=NOON - LONG, **RAW)

    assert actions.forget_raw(at=NOON, batch=2) == 5
    assert Click.objects.filter(is_bare=False).count() == 0


def test_unread_click_is_read_before_it_is_forgotten(ann: Enrollment) -> None:
    late = click(ann, at=NOON - LONG, **(RAW | {"is_read": False, "browser": ""}))

    first = actions.forget_raw(at=NOON)
    actions.read_clicks()
    second = actions.forget_raw(at=NOON)

    assert (first, second, Click.objects.get(pk=late.pk).browser) == (0, 1, "Firefox")


def test_views_go_with_their_window_and_other_companies_keep_theirs(
    ann: Enrollment, stranger: Enrollment
) -> None:
    kept_for(stranger.program, 3650)
    for enrollment in (ann, stranger):
        for days in (179, 181):
            Impression.objects.create(
                id=uuid4(),
                link=enrollment.links.get(),
                enrollment=enrollment,
                program=enrollment.program,
                at=NOON - days * DAY,
            )

    assert actions.forget_raw(at=NOON) == 1
    assert actions.forget_raw(at=NOON) == 0
    assert Impression.objects.filter(enrollment=ann).count() == 1
    assert Impression.objects.filter(enrollment=stranger).count() == 2


def test_daily_task_forgets(ann: Enrollment) -> None:
    one = click(ann, at=NOON - 4000 * DAY, **RAW)

    tasks.forget_raw()

    assert raw_of(one)[:3] == ("", "", "")
