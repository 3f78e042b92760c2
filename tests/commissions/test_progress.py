"""How far an affiliate is to the next bracket, bonus and limit."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.models import Volume
from commissions.standing.milestones import Progress
from commissions.standing.progress import next_milestone, progress_of
from core.models import User
from tests import makers
from tests.makers import FOUNDED, NOON

pytestmark = pytest.mark.django_db
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}, {"from": "5000.00", "rate": "20"}]


def brackets(name: str = "Sales", when: dict[str, Any] | None = None, **reward: Any) -> dict[str, Any]:
    """A rule that pays by volume of the month."""
    pays = {"type": "brackets", "metric": "base", "period": "month", "mode": "marginal", "steps": STEPS}
    return {"id": name.lower(), "name": name, "when": when or {}, "reward": pays | reward}


def body(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema": 2, "rules": list(rules) or [brackets()], **more}


def counted(enrollment: Enrollment, at: datetime, base: int, **values: int) -> None:
    """Write what one sale counts, as settling does."""
    commission = makers.make_commission(enrollment, 100, occurred_at=at, captured_at=at)
    fields = {"base": base, "conversions": 1, "commission": base // 10} | values
    Volume.objects.update_or_create(
        conversion=commission.conversion,
        enrollment=enrollment,
        defaults={"program": enrollment.program, "occurred_at": at, **fields},
    )


@pytest.fixture
def zoe() -> Enrollment:
    """An affiliate of a program on Lisbon's clock, by a plan without counters until a test publishes another."""
    program = makers.make_program(time_zone="Europe/Lisbon")
    return makers.make_enrollment(program, "Zoe Zimt")


def only(enrollment: Enrollment, plan: dict[str, Any], at: datetime = NOON) -> Progress:
    found = progress_of(enrollment, at, plan)
    assert len(found) == 1
    return found[0]


def test_next_bracket_and_what_is_missing(zoe: Enrollment) -> None:
    counted(zoe, NOON - timedelta(hours=2), 50000)
    counted(zoe, NOON - timedelta(hours=1), 8000)

    found = only(zoe, body())

    assert (found.value, found.step_now, found.step_next, found.missing) == (58000, 0, 100000, 42000)
    assert (found.period, found.period_words, found.ends) == ("2026-11", "this month", date(2026, 11, 30))
    assert (found.stand, found.filled) == ("580.00 EUR of 1000.00 EUR", 58)
    assert found.sentence == "420.00 EUR more in sales this month, and every further sale pays 15 %."


def test_reaching_means_at_least(zoe: Enrollment) -> None:
    counted(zoe, NOON, 100000)

    found = only(zoe, body())

    assert (found.step_now, found.missing, found.pays_now, found.filled) == (100000, 400000, "15 %", 0)


def test_highest_bracket_has_no_next_one(zoe: Enrollment) -> None:
    counted(zoe, NOON, 700000)

    found = only(zoe, body())

    assert (found.step_next, found.missing, found.is_reached, found.filled) == (None, None, True, 100)
    assert found.sentence == "You are at the highest step: every further sale pays 20 %."


def test_retroactive_bracket_says_what_it_does_to_sales_before(zoe: Enrollment) -> None:
    assert only(zoe, body(brackets(mode="retroactive"))).sentence == (
        "1000.00 EUR more in sales this month, and all your sales of the period pay 15 %, the earlier ones too."
    )


def test_amounts_per_order_by_the_number_of_conversions(zoe: Enrollment) -> None:
    steps = [{"from": "0", "amount": "5.00"}, {"from": "2", "amount": "6.00"}]
    counted(zoe, NOON, 100)

    found = only(zoe, body(brackets(metric="conversions", steps=steps, period="year")))

    assert found.stand == "1 of 2 conversions"
    assert found.sentence == "1 more conversion this year, and every further sale pays 6.00 EUR per order."


def test_counters_by_commission(zoe: Enrollment) -> None:
    counted(zoe, NOON, 20000)

    found = only(zoe, body(brackets(metric="commission", period="all_time")))

    assert found.sentence == "980.00 EUR more commission in all, and every further sale pays 15 %."
    assert found.ends is None


@pytest.mark.parametrize(
    ("period", "value"), [("month", 1), ("quarter", 11), ("year", 111), ("all_time", 1111), ("days:30", 11)]
)
def test_periods_are_of_the_programs_clock(zoe: Enrollment, period: str, value: int) -> None:
    type(zoe.program).objects.update(time_zone="Pacific/Auckland")
    zoe.refresh_from_db()
    # in Auckland it is the 1st of November from 31 October, 11:00 UTC, on
    counted(zoe, datetime.fromisoformat("2026-10-31T11:00:00Z"), 1)
    counted(zoe, datetime.fromisoformat("2026-10-31T10:59:59Z"), 10)
    counted(zoe, datetime.fromisoformat("2026-01-31T10:00:00Z"), 100)
    counted(zoe, datetime.fromisoformat("2025-12-31T10:59:59Z"), 1000)
    counted(zoe, NOON + timedelta(seconds=1), 10000)

    assert only(zoe, body(brackets(period=period))).value == value


def test_rolling_period_counts_a_sale_for_whole_days(zoe: Enrollment) -> None:
    counted(zoe, NOON - timedelta(days=7), 500)
    rolling = body(brackets(period="days:7"))

    assert only(zoe, rolling, NOON).value == 0
    assert only(zoe, rolling, NOON - timedelta(microseconds=1)).value == 500
    assert only(zoe, rolling, NOON).period_words == "in the last 7 days"


def test_bonus_counts_to_its_target(zoe: Enrollment) -> None:
    flat = {"id": "all", "name": "All", "reward": {"type": "percent", "rate": "10"}}
    bonus = {
        "id": "b",
        "name": "Gold",
        "amount": "100.00",
        "metric": "base",
        "period": "month",
        "target": "50.00",
    }
    welcome = {"id": "w", "name": "Welcome", "amount": "20.00", "metric": "joining"}
    plan = body(flat, bonuses=[bonus, welcome])

    assert (
        only(zoe, plan).sentence == "50.00 EUR more in sales this month, and you get the bonus of 100.00 EUR."
    )
    counted(zoe, NOON, 5000)
    assert only(zoe, plan).sentence == (
        "Reached: the bonus of 100.00 EUR is yours as long as refunds do not undo it."
    )


def test_limit_of_an_affiliate_is_shown_and_those_of_others_are_not(zoe: Enrollment) -> None:
    flat = {"id": "all", "name": "All", "reward": {"type": "percent", "rate": "10"}}
    caps = [
        {"of": "affiliate", "period": "month", "amount": "10.00"},
        {"of": "program", "period": "month", "amount": "900.00"},
        {"of": "conversion", "amount": "9.00"},
    ]
    counted(zoe, NOON, 4000)
    assert only(zoe, body(flat, caps=caps)).sentence == (
        "The plan pays at most 10.00 EUR this month; up to 6.00 EUR of it can still be earned."
    )

    counted(zoe, NOON, 6000)
    assert only(zoe, body(flat, caps=caps)).is_reached


def test_rules_of_other_groups_and_of_other_dates_are_left_out(zoe: Enrollment, program: Program) -> None:
    rules = [
        brackets("Gold", {"groups": ["Gold"]}),
        brackets("Over", {"dates": {"to": "2026-11-01"}}),
        brackets("Ahead", {"dates": {"from": "2026-11-03"}}),
        brackets("Now", {"dates": {"from": "2026-11-02", "to": "2026-11-02"}}),
    ]

    assert [row.name for row in progress_of(zoe, NOON, body(*rules))] == ["Now"]


def test_plan_in_force_is_the_one_that_counts(zoe: Enrollment) -> None:
    assert progress_of(zoe, NOON) == []

    actions.publish(zoe.program.plans.get(), body(), at=FOUNDED)

    assert [row.name for row in progress_of(zoe, NOON)] == ["Sales"]


def test_program_without_a_plan_shows_nothing(program: Program) -> None:
    bare = makers.make_program(program.merchant, plan={})

    assert progress_of(makers.make_enrollment(bare, "Zoe"), NOON) == []


def test_sales_of_others_do_not_count(zoe: Enrollment) -> None:
    counted(makers.make_enrollment(zoe.program, "Yan"), NOON, 90000)

    assert only(zoe, body()).value == 0


def test_all_counters_are_read_with_one_query(zoe: Enrollment) -> None:
    rules = [
        brackets(str(number), period=period) for number, period in enumerate(("month", "year", "days:9"))
    ]

    with CaptureQueriesContext(connection) as asked:
        progress_of(zoe, NOON, body(*rules))

    assert len(asked) == 1


def test_next_milestone_is_the_bracket_that_is_nearest(zoe: Enrollment) -> None:
    far = brackets("Far", steps=[{"from": "0", "rate": "1"}, {"from": "9000.00", "rate": "2"}])
    caps = [{"of": "affiliate", "period": "month", "amount": "1.00"}]
    bonus = {
        "id": "b",
        "name": "B",
        "amount": "1.00",
        "metric": "base",
        "period": "month",
        "target": "501.00",
    }
    counted(zoe, NOON, 50000)

    found = progress_of(zoe, NOON, body(far, brackets("Near"), caps=caps, bonuses=[bonus]))

    nearest = next_milestone(found)
    assert nearest is not None
    assert nearest.name == "Near"
    assert next_milestone([]) is None


def test_milestone_that_is_reached_is_no_next_one(zoe: Enrollment, mia: User) -> None:
    flat = {"id": "all", "name": "All", "reward": {"type": "percent", "rate": "10"}}
    bonus = {"id": "b", "name": "B", "amount": "1.00", "metric": "base", "period": "month", "target": "1.00"}
    counted(zoe, NOON, 100)

    assert next_milestone(progress_of(zoe, NOON, body(flat, bonuses=[bonus]))) is None
