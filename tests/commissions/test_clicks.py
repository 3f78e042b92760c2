"""A day's clicks become one conversion per affiliate: once, exactly, late ones too."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.actions import activate, assign_group, create_group, suspend
from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.actions import clicks, take_clicks, take_recent_clicks
from commissions.ledger import balances
from core.models import Event, Round
from portal.schedule import SCHEDULE
from tests.makers import TEN_PERCENT, make_click, make_enrollment, make_merchant, make_plan, make_program
from tests.story.at_once import at_once
from tracking.models import Click, Conversion, Order

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 1)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
NEXT = datetime(2026, 11, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE_CENTS = {
    "id": "click",
    "name": "Click",
    "when": {"goal": "click"},
    "reward": {"type": "fixed_per_item", "amount": "0.05"},
}
PER_CLICK: dict[str, Any] = {**TEN_PERCENT, "rules": [*TEN_PERCENT["rules"], FIVE_CENTS]}


@pytest.fixture
def program(merchant) -> Program:
    """It pays five cents for a click."""
    return make_program(merchant, plan=PER_CLICK)


@pytest.fixture
def ann(program) -> Enrollment:
    """Without a sponsor."""
    return make_enrollment(program)


def click(enrollment: Enrollment, at: datetime = NOON, **fields: Any) -> Click:
    return make_click(enrollment, at, **({"visitor": uuid.uuid4()} | fields))[0]


def pending(enrollment: Enrollment) -> int:
    return balances(enrollment)["pending"]


def test_clicks_of_a_day_are_one_conversion_that_pays_for_each(program, ann):
    for _number in range(3):
        click(ann)

    assert take_clicks(program, DAY, at=NEXT) == 1

    conversion = Conversion.objects.get()
    assert (conversion.source, conversion.external_id, conversion.goal) == (
        "clicks",
        f"{ann.pk}:2026-11-01",
        "click",
    )
    assert conversion.occurred_at == conversion.captured_at == datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC)
    assert (conversion.decision.enrollment, conversion.order.total) == (ann, 0)
    assert [line.quantity for line in conversion.order.as_value().lines] == [3]
    assert pending(ann) == 15


def test_click_counts_once_for_each_visitor(program, ann):
    visitor = uuid.uuid4()
    for at in (NOON, NOON + HOUR):
        click(ann, at, visitor=visitor)
    for browser in ("Firefox", "Firefox", "Safari"):
        click(ann, visitor=None, ip="192.0.2.0", user_agent=browser)
    click(ann, visitor=None, ip="198.51.100.0", user_agent="Firefox")

    take_clicks(program, DAY, at=NEXT)

    assert pending(ann) == (1 + 3) * 5


def test_bots_do_not_count(program, ann):
    click(ann, is_bot=True)

    assert take_clicks(program, DAY, at=NEXT) == 0
    assert not Order.objects.exists()


def test_each_affiliate_and_each_day_has_its_own(program, ann):
    bob, visitor = make_enrollment(program, "Bob Baker"), uuid.uuid4()
    for enrollment in (ann, bob):
        for days in (0, 1):
            click(enrollment, NOON + timedelta(days=days), visitor=visitor)

    taken = [take_clicks(program, DAY + timedelta(days=days), at=NEXT + 24 * HOUR) for days in (0, 1)]

    assert taken == [2, 2]
    assert (pending(ann), pending(bob)) == (10, 10)


def test_day_that_is_not_over_waits(program, ann):
    click(ann)

    assert take_clicks(program, DAY, at=datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC)) == 0
    assert take_clicks(program, DAY, at=datetime(2026, 11, 2, tzinfo=UTC)) == 1


def test_again_changes_nothing(program, ann):
    click(ann)
    take_clicks(program, DAY, at=NEXT)
    before = Event.objects.count()

    assert take_clicks(program, DAY, at=NEXT + HOUR) == 0
    assert (Event.objects.count(), Order.objects.get().revision) == (before, 1)


def test_late_click_revises_its_day(program, ann):
    click(ann)
    take_clicks(program, DAY, at=NEXT)
    click(ann)

    assert take_clicks(program, DAY, at=NEXT + HOUR) == 1

    assert (Order.objects.get().revision, pending(ann)) == (2, 10)


def test_day_whose_clicks_turn_out_to_be_a_bots_is_taken_back(program, ann):
    click(ann)
    take_clicks(program, DAY, at=NEXT)
    Click.objects.update(is_bot=True)

    assert take_clicks(program, DAY, at=NEXT + HOUR) == 1
    assert pending(ann) == 0
    Click.objects.update(is_bot=False)
    take_clicks(program, DAY, at=NEXT + 2 * HOUR)
    assert pending(ann) == 5


def test_nobody_is_bound_by_clicks(program, ann):
    click(ann)

    take_clicks(program, DAY, at=NEXT)

    conversion = Conversion.objects.get()
    assert (conversion.customer, conversion.is_new_customer) == (None, None)


def test_program_that_does_not_pay_for_clicks_has_none(merchant):
    plain = make_program(merchant)
    click(make_enrollment(plain))

    assert take_clicks(plain, DAY, at=NEXT) == 0
    assert not Order.objects.exists()


def test_affiliate_on_another_plan_has_none(program, ann, mia):
    group = create_group(program, "Sales only", actor=mia)
    bob = assign_group(make_enrollment(program, "Bob Baker"), group, actor=mia)
    actions.assign_plan(make_plan(program), group=group, at=NOON - 24 * HOUR)
    for enrollment in (ann, bob):
        click(enrollment)

    assert take_clicks(program, DAY, at=NEXT) == 1
    assert Conversion.objects.get().decision.enrollment == ann


@pytest.mark.parametrize(("begins", "paid"), [(NOON, 5), (NEXT, 0)])
def test_day_is_paid_by_the_plan_in_force_at_its_end(merchant, begins, paid):
    program = make_program(merchant)
    bob = make_enrollment(program, "Bob Baker")
    actions.publish(program.plans.get(), PER_CLICK, effective_at=begins, at=NOON - HOUR)
    click(bob)

    take_clicks(program, DAY, at=NEXT)

    assert (Conversion.objects.count(), pending(bob)) == (paid // 5, paid)


def test_suspended_affiliate_gets_no_new_ones_and_keeps_the_old(program, ann, mia):
    click(ann)
    take_clicks(program, DAY, at=NEXT)
    click(ann)
    click(ann, NOON + 24 * HOUR)
    suspend(ann, reason="Paused for a check.", actor=mia)

    taken = [take_clicks(program, DAY + timedelta(days=days), at=NEXT + 24 * HOUR) for days in (0, 1)]
    assert (taken, pending(ann)) == ([0, 0], 5)

    activate(Enrollment.objects.get(pk=ann.pk), actor=mia)
    taken = [take_clicks(program, DAY + timedelta(days=days), at=NEXT + 24 * HOUR) for days in (0, 1)]
    assert (taken, pending(ann)) == ([1, 1], 15)


def test_clicks_of_another_program_are_not_counted(program, ann):
    """A row that names another program is nobody's here, whatever enrollment it names."""
    foreign = make_program(make_merchant("Elsewhere"), plan=PER_CLICK)
    click(ann)
    row = click(ann)
    Click.objects.filter(pk=row.pk).update(program=foreign)

    take_clicks(program, DAY, at=NEXT)
    assert take_clicks(foreign, DAY, at=NEXT) == 0

    assert pending(ann) == 5


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        # 25 hours: the hour from one to two comes twice
        (
            "America/New_York",
            DAY,
            datetime(2026, 11, 1, 4, tzinfo=UTC),
            datetime(2026, 11, 2, 4, 59, tzinfo=UTC),
        ),
        # 23 hours: the clock jumps at midnight itself
        (
            "America/Santiago",
            date(2026, 9, 6),
            datetime(2026, 9, 6, 4, tzinfo=UTC),
            datetime(2026, 9, 7, 2, 59, tzinfo=UTC),
        ),
    ],
)
def test_day_is_that_of_the_programs_clock(merchant, zone, day, first, last):
    program = make_program(merchant, plan=PER_CLICK, time_zone=zone)
    bob, minute = make_enrollment(program, "Bob Baker"), timedelta(minutes=1)
    for at in (first - minute, first, last, last + minute):
        click(bob, at)

    assert take_clicks(program, day, at=last) == 0
    take_clicks(program, day, at=last + minute)

    assert pending(bob) == 10
    assert program.local(Conversion.objects.get().occurred_at).date() == day


def test_number_of_questions_does_not_grow_with_what_is_known(program, ann):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert take_clicks(program, DAY, at=NEXT + HOUR) == 0
        return len(queries)

    click(ann)
    take_clicks(program, DAY, at=NEXT)
    one = asked()
    for name in ("Bob Baker", "Cid Cook"):
        enrollment = make_enrollment(program, name)
        for _number in range(5):
            click(enrollment)
    take_clicks(program, DAY, at=NEXT)

    assert asked() == one


def test_many_affiliates_are_taken_some_at_a_time(program, monkeypatch):
    monkeypatch.setattr(clicks, "CHUNK", 2)
    monkeypatch.setattr(clicks, "BATCH", 1)
    for name in ("Ann Archer", "Bob Baker", "Cid Cook", "Dan Dyer", "Eli East"):
        click(make_enrollment(program, name))

    assert take_clicks(program, DAY, at=NEXT) == 5
    assert {order.as_value().lines[0].quantity for order in Order.objects.all()} == {1}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one():
    program = make_program(plan=PER_CLICK)
    ann = make_enrollment(program)
    for _number in range(4):
        click(ann)

    taken = at_once([lambda: take_clicks(program, DAY, at=NEXT)] * 2)

    assert sorted(taken) == [0, 1]
    assert (Conversion.objects.count(), pending(ann)) == (1, 20)


def test_round_looks_at_yesterday_and_the_day_before(program, ann):
    for days in (0, 1, 2, 3):
        click(ann, NOON - timedelta(days=days))

    assert take_recent_clicks(at=NEXT) == 2
    assert sorted(Order.objects.values_list("external_id", flat=True)) == [
        f"{ann.pk}:2026-10-31",
        f"{ann.pk}:2026-11-01",
    ]


def test_round_makes_up_for_the_days_that_were_missed(program, ann):
    for days in range(40):
        click(ann, NOON - timedelta(days=days))
    last = NEXT - timedelta(days=5)
    Round.objects.create(task=clicks.TASK, period=last, done_at=last)

    assert take_recent_clicks(at=NEXT) == 7

    Round.objects.update(period=NEXT - timedelta(days=300))
    assert take_recent_clicks(at=NEXT) == clicks.MOST_DAYS - 7


def test_program_that_fails_holds_up_no_other(program, ann, monkeypatch):
    broken = make_program(make_merchant("Elsewhere"), plan=PER_CLICK)
    healthy = make_program(make_merchant("Nowhere"), plan=PER_CLICK)
    bob = make_enrollment(healthy, "Bob Baker")
    click(bob)
    span_of = Program.span_of

    def span(self: Program, day: date) -> tuple[datetime, datetime]:
        if self.pk == broken.pk:
            raise ValueError("no such clock")
        return span_of(self, day)

    monkeypatch.setattr(Program, "span_of", span)

    with pytest.raises(ValueError, match="no such clock"):
        take_recent_clicks(at=NEXT)
    assert pending(bob) == 5


def test_clock_starts_the_round():
    assert clicks.TASK in {every.task for every in SCHEDULE}
