"""Days are counted once, and again where something came; whoever is killed or at work beside changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import Event
from fraud.actions import days
from fraud.actions.days import count_all, count_days, mark_stale
from fraud.models import DayCount
from tests import makers
from tests.fraud.counted import DAY, HOUR, MINUTE, TODAY, approve, click, counted, order_after, refund, tally
from tests.makers import NOON
from tracking.actions import redecide
from tracking.attribution import Verdict
from tracking.models import Bookmark, Click
from tracking.states import EvidenceKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(db: None) -> Program:
    return makers.make_program(is_screened=True)


@pytest.fixture
def ann(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ann")


@pytest.fixture
def ben(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ben")


# --- what came since -------------------------------------------------------------------------------------------
def told(at: datetime) -> None:
    """Whatever events tell was followed, and is long ago."""
    count_all(at=at)
    Bookmark.objects.filter(name="fraud.days").update(place=Event.objects.latest("pk").pk)
    count_all(at=at)
    assert count_all(at=at) == 0


def test_what_came_is_found_and_counted_once(program: Program, ann: Enrollment) -> None:
    click(ann)
    order_after(ann, HOUR)

    assert count_all(at=NOON + 2 * HOUR) == 1
    assert (tally(ann).seen, tally(ann).orders) == (2, 1)
    told(NOON + 3 * HOUR)
    assert count_all(at=NOON + 4 * HOUR) == 0
    assert DayCount.objects.get().counted_at == NOON + 3 * HOUR


def test_events_are_followed_again_until_none_can_come_before_them(program: Program, ann: Enrollment) -> None:
    order_after(ann, HOUR)
    now = timezone.now()
    for at, place in ((now, 0), (now + 11 * MINUTE, Event.objects.latest("pk").pk)):
        count_all(at=at)
        assert Bookmark.objects.get(name="fraud.days").place == place


def test_a_click_that_comes_late_is_counted(program: Program, ann: Enrollment) -> None:
    click(ann)
    count_all(at=NOON + HOUR)
    click(ann, NOON - DAY, is_read=False)
    assert count_all(at=NOON + 2 * HOUR) == 0

    Click.objects.update(is_read=True)

    assert count_all(at=NOON + 3 * HOUR) == 1
    assert tally(ann, TODAY - DAY).seen == 1


def test_a_day_that_is_over_is_counted_once_more(program: Program, ann: Enrollment) -> None:
    """The tag told of its last click's page only after that was counted."""
    click(ann)
    count_all(at=NOON + HOUR)
    Click.objects.update(landing="https://shop.example.com/")

    midnight = program.span_of(TODAY)[1]
    assert count_all(at=midnight + 59 * MINUTE) == 0
    assert count_all(at=midnight + HOUR) == 1
    assert tally(ann).landed == 1
    assert count_all(at=midnight + 2 * HOUR) == 0


def test_refunds_approvals_and_ends_of_return_windows_are_followed(program: Program, ann: Enrollment) -> None:
    order = order_after(ann, HOUR)
    told(NOON + 5 * DAY)

    refund(order, NOON + 6 * DAY)
    assert count_all(at=NOON + 6 * DAY) == 1
    told(NOON + 7 * DAY)
    for ago in range(8, 31):
        assert count_all(at=NOON + ago * DAY) == 0
    assert tally(ann).matured == 0

    assert count_all(at=NOON + 31 * DAY) == 1  # nobody approved it: the clock alone tells
    assert (tally(ann).matured, tally(ann).refunded, tally(ann).approved) == (1, 1, 0)


def test_approval_is_followed(program: Program, ann: Enrollment) -> None:
    order_after(ann, HOUR)
    told(NOON + 29 * DAY)

    approve(NOON + 31 * DAY)

    assert count_all(at=NOON + 31 * DAY) == 1
    assert (tally(ann).matured, tally(ann).approved) == (1, 1)


def test_an_order_that_goes_to_somebody_else_leaves_the_first(
    program: Program, ann: Enrollment, ben: Enrollment
) -> None:
    order = order_after(ann, HOUR)
    told(NOON + HOUR)
    assert tally(ann).orders == 1

    verdict = Verdict(ben.pk, EvidenceKind.BOUND, shares=((ben.pk, Fraction(1)),))
    redecide(order, verdict, at=NOON + HOUR)

    assert count_all(at=NOON + 2 * HOUR) == 2
    assert (tally(ann).orders, tally(ben).orders) == (0, 1)


def test_a_program_that_begins_to_be_looked_at_is_looked_through(program: Program, ann: Enrollment) -> None:
    program.is_screened = False
    program.save()
    click(ann, NOON - 80 * DAY)
    click(ann, NOON - 150 * DAY)
    order_after(ann, -40 * DAY + HOUR)
    told(NOON)
    assert not DayCount.objects.exists()

    program.is_screened = True
    program.save()
    count_all(at=NOON + HOUR)

    days_counted = list(DayCount.objects.order_by("day").values_list("day", flat=True))
    assert days_counted == [TODAY - 80 * DAY, TODAY]


# --- clicks are forgotten, workers are killed --------------------------------------------------------------------
def test_what_was_counted_of_forgotten_clicks_stays(program: Program, ann: Enrollment) -> None:
    click(ann, referrer="https://site.example/")
    order = order_after(ann, HOUR)
    count_all(at=NOON + 2 * HOUR)
    Click.objects.update(referrer="", ip="", user_agent="", is_bare=True)

    refund(order, NOON + 200 * DAY)
    found = counted(ann, NOON + 200 * DAY)

    assert found.referrers == {"site.example": 1}
    assert (found.seen, found.refunded) == (2, 1)


def test_clicks_are_read_no_more_once_none_can_come(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    click(ann)
    counted(ann, NOON + 4 * DAY)

    monkeypatch.setattr("fraud.gathering.days.click_tallies", None)

    assert counted(ann, NOON + 5 * DAY).seen == 1


def test_a_day_counted_too_early_is_counted_in_full(program: Program, ann: Enrollment) -> None:
    click(ann)
    counted(ann, NOON + HOUR)
    click(ann, NOON + 2 * HOUR)

    assert counted(ann, NOON + 30 * DAY).seen == 2


class Killed(BaseException):
    """The process is gone."""


def test_killed_in_the_middle_nothing_is_lost(
    program: Program, ann: Enrollment, ben: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "BATCH", 1)
    for one in (ann, ben):
        click(one)
    mark_stale(program, [(ann.pk, TODAY), (ben.pk, TODAY)])
    with monkeypatch.context() as patch:
        patch.setattr(days, "counted", dies_at(2))
        with pytest.raises(Killed):
            count_days(program, at=NOON + HOUR)
    assert list(DayCount.objects.filter(is_stale=True).values_list("enrollment", flat=True)) == [ben.pk]

    assert count_days(program, at=NOON + HOUR) == 1

    assert (tally(ann).seen, tally(ben).seen) == (1, 1)


def dies_at(turn: int) -> Any:
    """Count as ever, and die at the so-manieth turn."""
    real, turns = days.counted, iter(range(1, turn + 1))

    def count(*args: Any) -> Any:
        if next(turns) == turn:
            raise Killed
        return real(*args)

    return count


def test_marked_while_it_was_counted_it_is_counted_again(program: Program, ann: Enrollment) -> None:
    click(ann)
    counted(ann)
    click(ann)

    assert mark_stale(program, [(ann.pk, TODAY), (ann.pk, TODAY)]) == 1

    row = DayCount.objects.get()
    assert (row.is_stale, row.counts["seen"], row.counted_at) == (True, 1, NOON + 2 * HOUR)
    assert count_days(program, at=NOON + 3 * HOUR) == 1
    assert tally(ann).seen == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_two_workers_take_different_rows(
    program: Program, ann: Enrollment, ben: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "BATCH", 1)
    for one in (ann, ben):
        click(one)
    mark_stale(program, [(ann.pk, TODAY), (ben.pk, TODAY)])

    with transaction.atomic():
        DayCount.objects.select_for_update().get(enrollment=ann)
        assert in_a_thread(lambda: count_days(program, at=NOON + HOUR)) == 1
        assert not DayCount.objects.filter(enrollment=ben, is_stale=True).exists()

    assert count_days(program, at=NOON + HOUR) == 1
    assert (tally(ann).seen, tally(ben).seen) == (1, 1)


def in_a_thread(work: Any) -> Any:
    """Do something over a connection of its own."""

    def done() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result(30)


def test_questions_do_not_grow_with_affiliates(
    program: Program, ann: Enrollment, ben: Enrollment, django_assert_num_queries: Any
) -> None:
    for one in (ann, ben):
        click(one)
    mark_stale(program, [(ann.pk, TODAY), (ben.pk, TODAY)])
    with django_assert_num_queries(14):
        count_days(program, at=NOON + HOUR)

    more = [makers.make_enrollment(program, f"Kim {number}") for number in range(4)]
    for one in more:
        click(one)
    mark_stale(program, [(one.pk, TODAY) for one in (ann, ben, *more)])
    with django_assert_num_queries(14):
        count_days(program, at=NOON + HOUR)
