"""Counters in the books: what a sale earns depends on those before it, however and whenever they are told."""

from datetime import UTC, datetime, timedelta

import pytest

from commissions import actions
from commissions.models import Closing, Commission, Reversal, Volume
from core import jobs
from tests.commissions.test_brackets import brackets
from tests.commissions.test_rates import rule
from tests.makers import NOON, make_enrollment, make_order, make_program, make_refund
from tests.story.books import breaches
from tracking.orders import RefundLineIn

pytestmark = pytest.mark.django_db
DECEMBER = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)


def counting(merchant, *rules, **top):
    """A program with a plan of schema 2."""
    return make_program(merchant, plan={"schema": 2, "rules": list(rules) or [brackets()], **top})


def order(number: str, net: int, who, minutes: int = 0, **fields):
    at = NOON + timedelta(minutes=minutes)
    times = {"occurred_at": at, "captured_at": at, "revision_at": at}
    return make_order(number, net=net, ref=who.code, **(times | fields))


def take(program, *orders):
    for one in orders:
        actions.take_orders(program, [one], at=NOON)
    run_jobs()


def run_jobs():
    while jobs.drain():
        pass


def worth(who) -> dict[str, int]:
    """What each order's own commission holds now."""
    rows = Commission.objects.filter(enrollment=who, level=1, conversion__isnull=False).with_net()
    return {row.conversion.external_id: row.net.amount for row in rows.select_related("conversion")}


@pytest.fixture
def program(merchant):
    return counting(merchant)


@pytest.fixture
def ann(program):
    return make_enrollment(program)


VECTOR = {"1": 8000, "2": 9500, "3": 62500}


def test_three_sales_climb_the_brackets(program, ann):
    take(program, order("1", 80000, ann), order("2", 70000, ann, 1), order("3", 400000, ann, 2))

    assert (worth(ann), breaches()) == (VECTOR, [])


def test_arrival_in_any_order_ends_the_same(program, ann):
    take(program, order("3", 400000, ann, 2), order("1", 80000, ann), order("2", 70000, ann, 1))

    assert (worth(ann), breaches()) == (VECTOR, [])
    assert set(Reversal.objects.values_list("cause", flat=True)) == {"volume"}


def test_refund_of_an_earlier_sale_moves_those_after_it(program, ann):
    take(program, order("1", 80000, ann), order("2", 70000, ann, 1), order("3", 400000, ann, 2))

    actions.take_refunds(program, "shop", "1", [make_refund(lines=(RefundLineIn("1", 1, 80000),))], at=NOON)
    run_jobs()

    assert worth(ann) == {"1": 0, "2": 7000, "3": 3000 + 55500}
    assert sum(worth(ann).values()) == 10000 + 55500  # 1000 at 10 %, 3700 at 15 %
    assert breaches() == []


def test_declined_sale_counts_for_nothing(program, ann, mia):
    take(program, order("1", 100000, ann), order("2", 10000, ann, 1))

    actions.decline(Commission.objects.get(conversion__external_id="1"), reason="Not ours.", actor=mia)
    run_jobs()

    assert worth(ann)["2"] == 1000
    assert Volume.objects.get(conversion__external_id="1").base == 0
    assert breaches() == []


def test_next_month_begins_at_the_bottom_on_the_programs_clock(merchant):
    program = counting(merchant)
    program.time_zone = "America/New_York"
    program.save()
    ann = make_enrollment(program)
    late = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)  # still October in New York
    times = {"occurred_at": late, "captured_at": late, "revision_at": late}

    take(program, order("1", 100000, ann, **times), order("2", 10000, ann))

    assert worth(ann)["2"] == 1000


def test_rolling_days_forget_what_is_older(merchant):
    program = counting(merchant, brackets(period="days:30"))
    ann = make_enrollment(program)
    minutes = 60 * 24 * 30

    take(
        program, order("1", 100000, ann), order("2", 10000, ann, minutes - 1), order("3", 10000, ann, minutes)
    )

    assert (worth(ann)["2"], worth(ann)["3"], breaches()) == (1500, 1000, [])


def test_cap_makes_room_when_an_earlier_sale_is_refunded(merchant):
    caps = [{"of": "affiliate", "period": "month", "amount": "100.00"}]
    program = counting(merchant, rule("10"), caps=caps)
    ann = make_enrollment(program)
    take(program, order("1", 80000, ann), order("2", 80000, ann, 1), order("3", 10000, ann, 2))
    before = worth(ann)

    actions.take_refunds(program, "shop", "1", [make_refund(lines=(RefundLineIn("1", 1, 80000),))], at=NOON)
    run_jobs()

    assert (before, worth(ann)) == ({"1": 8000, "2": 2000, "3": 0}, {"1": 0, "2": 8000, "3": 1000})
    assert breaches() == []


def test_budget_is_shared_by_all_affiliates(merchant):
    caps = [{"of": "program", "period": "month", "amount": "100.00"}]
    program = counting(merchant, rule("10"), caps=caps)
    ann, bob = make_enrollment(program), make_enrollment(program, "Bob Baker")

    take(program, order("2", 80000, bob, 1), order("1", 80000, ann))

    assert (worth(ann), worth(bob), breaches()) == ({"1": 8000}, {"2": 2000}, [])


def test_bonus_is_paid_once_and_taken_back_when_the_target_is_lost(merchant):
    target = {"id": "gold", "name": "Gold", "amount": "50.00", "period": "month", "target": "1000.00"}
    program = counting(merchant, rule("10"), bonuses=[target])
    ann = make_enrollment(program)
    take(program, order("1", 60000, ann), order("2", 60000, ann, 1), order("3", 60000, ann, 2))
    bonus = Commission.objects.with_net().get(kind="bonus")
    paid = bonus.net.amount

    for number in ("1", "2"):
        lines = (RefundLineIn("1", 1, 60000),)
        actions.take_refunds(program, "shop", number, [make_refund(lines=lines)], at=NOON)
    run_jobs()

    bonus = Commission.objects.with_net().get(kind="bonus")
    assert (paid, bonus.net.amount, breaches()) == (5000, 0, [])
    assert bonus.trace["reached"] == 120000


def test_bonus_for_joining_is_paid_at_the_first_activation(merchant, mia):
    from affiliates import actions as affiliates

    hello = {"id": "hello", "name": "Welcome", "amount": "20.00", "metric": "joining"}
    program = counting(merchant, rule("10"), bonuses=[hello])
    ann = make_enrollment(program)
    run_jobs()
    affiliates.suspend(ann, reason="Look.", actor=mia)
    affiliates.activate(ann, actor=mia)
    run_jobs()

    assert [row.amount for row in Commission.objects.filter(kind="bonus", enrollment=ann)] == [2000]
    assert breaches() == []


def retroactive(merchant, **top):
    program = counting(merchant, brackets(mode="retroactive"), **top)
    ann = make_enrollment(program)
    take(program, order("1", 80000, ann), order("2", 70000, ann, 1), order("3", 400000, ann, 2))
    return program, ann


def test_period_that_is_over_is_trued_up_once(merchant):
    _program, ann = retroactive(merchant)

    closed = [actions.close_periods(at=DECEMBER), actions.close_periods(at=DECEMBER)]
    run_jobs()

    row = Commission.objects.get(kind="true_up")
    assert (closed[1], Closing.objects.filter(period="2026-11").count()) == (0, 1)
    assert (row.enrollment, row.amount, row.state, worth(ann)) == (ann, 30000, "pending", VECTOR)
    assert breaches() == []


def test_late_refund_of_a_closed_period_corrects_the_true_up(merchant):
    program, _ann = retroactive(merchant)
    actions.close_periods(at=DECEMBER)
    run_jobs()

    lines = (RefundLineIn("1", 1, 400000),)
    actions.take_refunds(program, "shop", "3", [make_refund(lines=lines)], at=DECEMBER)
    run_jobs()

    row = Commission.objects.with_net().get(kind="true_up")
    assert row.net.amount == 150000 * 15 // 100 - (8000 + 9500)  # 1500.00 is the second step
    assert breaches() == []


def test_nothing_is_closed_before_its_end(merchant):
    retroactive(merchant)

    actions.close_periods(at=DECEMBER - timedelta(hours=1))

    assert not Closing.objects.filter(period="2026-11").exists()


def test_sponsor_of_a_share_of_level_one_gets_its_part_of_the_true_up(merchant):
    above = [{"level": 2, "rate": "10", "basis": "level_1"}]
    program = counting(merchant, brackets(mode="retroactive"), levels=above)
    bob = make_enrollment(program, "Bob Baker")
    ann = make_enrollment(program, sponsor=bob)
    take(program, order("1", 80000, ann), order("2", 70000, ann, 1))

    actions.close_periods(at=DECEMBER)
    run_jobs()

    rows = Commission.objects.filter(kind="true_up").order_by("level")
    assert [(row.enrollment, row.amount) for row in rows] == [(ann, 5000), (bob, 500)]
    assert breaches() == []
