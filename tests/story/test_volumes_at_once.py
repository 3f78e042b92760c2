"""Orders that meet on a counter at the same moment earn together what they earn one after the other.

Every thread has a connection of its own. What is expected comes from the naive model, or from a table by hand.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from threading import Event as Flag
from typing import Any

import pytest
from django.db import connection, transaction

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Closing, Commission
from core import jobs
from core.models import Job, JobState, User
from tests import makers
from tests.commissions.deals import Deal, Item
from tests.commissions.naive import books
from tests.makers import NOON, make_order, make_refund
from tests.story.at_once import at_once
from tests.story.books import breaches
from tracking.models import Conversion
from tracking.orders import OrderIn, RefundLineIn

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
BLOCKED = 0.5  # seconds after which the second is taken to wait for the first
NEXT_MONTH = NOON + timedelta(days=40)
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}, {"from": "5000.00", "rate": "20"}]
overlaps = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer: nothing overlaps there"
)
COUNTED = [{"from": "0", "amount": "1.00"}, {"from": "7", "amount": "2.00"}, {"from": "15", "amount": "3.33"}]
Body = dict[str, Any]


def plan(mode: str = "marginal", metric: str = "base", steps: Any = STEPS, **top: Any) -> Body:
    """10 per cent, 15 from 1,000.00 on, 20 from 5,000.00 on."""
    reward = {"type": "brackets", "metric": metric, "period": "month", "mode": mode, "steps": steps}
    return {"schema": 2, "rules": [{"id": "a", "name": "A", "reward": reward}]} | top


def flat(**top: Any) -> Body:
    return {"schema": 2, "rules": makers.TEN_PERCENT["rules"]} | top


@pytest.fixture
def program(merchant: Any) -> Program:
    """A program without a plan yet."""
    return makers.make_program(merchant, plan={})


def take(program: Program, *orders: OrderIn) -> list[str]:
    return [taken.status for taken in commissions.take_orders(program, orders, at=NOON)]


def sale(seller: Enrollment, number: int, net: int) -> OrderIn:
    """An order of 12 o'clock and so many hours."""
    when = NOON + number * HOUR
    return make_order(str(1000 + number), net=net, ref=seller.code, occurred_at=when, captured_at=when)


def give_back(program: Program, number: int, net: int) -> str:
    refund = make_refund(f"r{number}", lines=(RefundLineIn("1", 0, net),))
    return commissions.take_refunds(program, "shop", str(1000 + number), [refund], at=NOON)[0].status


def overlapping(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Run `second` while `first` has done its work and not committed; then follow all news."""
    begun, ended = Flag(), Flag()

    def hold() -> Any:
        with transaction.atomic():
            answer = first()
            begun.set()
            ended.wait(BLOCKED)
        return answer

    def follow() -> Any:
        assert begun.wait(30)
        answer = second()
        ended.set()
        return answer

    answers = at_once([hold, follow])
    jobs.drain()
    return answers


def held() -> list[int]:
    """What each sale's own commission holds, in the order in which they happened."""
    rows = Commission.objects.filter(kind="earned", level=1).order_by("occurred_at", "conversion")
    return [row.net.amount for row in rows]


def failures(answers: Iterable[Any]) -> list[Exception]:
    return [answer for answer in answers if isinstance(answer, Exception)]


def assert_quiet() -> None:
    """All news was followed, and the books are right."""
    assert list(Job.objects.exclude(state=JobState.DONE).values_list("task", "last_error")) == []
    assert breaches() == []


@overlaps
@pytest.mark.parametrize("turn", [1, -1], ids=["in_time", "the_later_first"])
@pytest.mark.parametrize(
    ("body", "earned"),
    [
        (plan(), [8000, 9500]),
        (plan(metric="commission"), [8000, 7000]),
        (flat(caps=[{"of": "affiliate", "period": "month", "amount": "100.00"}]), [8000, 2000]),
        (flat(caps=[{"of": "program", "period": "month", "amount": "100.00"}]), [8000, 2000]),
        (
            flat(levels=makers.TWO_LEVELS["levels"], caps=[{"of": "program", "amount": "150.00"}]),
            [8000, 3000],
        ),
    ],
    ids=["bracket", "bracket_of_commission", "cap", "budget", "budget_of_two_levels"],
)
def test_two_orders_at_the_same_moment_earn_as_one_after_the_other(
    program: Program, ann: Enrollment, body: Body, earned: list[int], turn: int
) -> None:
    makers.make_plan(program, body=body)
    calls = [partial(take, program, sale(ann, 1, 80000)), partial(take, program, sale(ann, 2, 70000))]

    assert overlapping(*calls[::turn]) == [["created"]] * 2

    assert held() == earned
    assert_quiet()


@overlaps
@pytest.mark.parametrize("turn", [1, -1], ids=["in_time", "the_later_first"])
def test_budget_is_shared_by_affiliates_who_sell_at_the_same_moment(
    program: Program, ann: Enrollment, bob: Enrollment, turn: int
) -> None:
    makers.make_plan(program, body=flat(caps=[{"of": "program", "period": "month", "amount": "100.00"}]))
    calls = [partial(take, program, sale(ann, 1, 80000)), partial(take, program, sale(bob, 2, 70000))]

    overlapping(*calls[::turn])

    assert (balances(ann)["pending"], balances(bob)["pending"]) == (8000, 2000)
    assert_quiet()


@overlaps
@pytest.mark.parametrize("turn", [1, -1], ids=["refund_second", "refund_first"])
def test_refund_of_the_first_sale_while_the_next_is_taken_in(
    program: Program, ann: Enrollment, turn: int
) -> None:
    makers.make_plan(program, body=plan())
    take(program, sale(ann, 1, 80000))
    jobs.drain()
    calls = [partial(take, program, sale(ann, 2, 70000)), partial(give_back, program, 1, 30000)]

    overlapping(*calls[::turn])

    assert held() == [5000, 5000 + 3000]  # 500 stay of the first: 500 more at 10 per cent, 200 at 15
    assert_quiet()


@overlaps
@pytest.mark.parametrize("turn", [1, -1], ids=["refusal_second", "refusal_first"])
def test_refusal_of_the_first_sale_while_the_next_is_taken_in(
    program: Program, ann: Enrollment, mia: User, turn: int
) -> None:
    makers.make_plan(program, body=plan())
    take(program, sale(ann, 1, 80000))
    jobs.drain()
    refused = Commission.objects.get(level=1)
    refuse = partial(commissions.decline, refused, reason="No sale.", actor=mia, at=NOON)

    overlapping(*[partial(take, program, sale(ann, 2, 70000)), refuse][::turn])

    assert Commission.objects.get(conversion__external_id="1002").net.amount == 7000
    assert balances(ann)["pending"] == 7000
    assert_quiet()


@overlaps
@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        plan(levels=makers.TWO_LEVELS["levels"]),
        plan(steps=COUNTED, metric="conversions"),
        flat(
            caps=[
                {"of": "affiliate", "period": "month", "amount": "333.33"},
                {"of": "program", "period": "month", "amount": "500.00"},
            ]
        ),
    ],
    ids=["brackets", "conversions", "caps"],
)
def test_forty_orders_of_eight_threads_earn_as_one_after_the_other(
    program: Program, ann: Enrollment, bob: Enrollment, body: Body
) -> None:
    makers.make_plan(program, body=body)
    sellers = [(ann, bob)[number % 3 == 0] for number in range(40)]
    orders = [sale(seller, 37 * number % 40, 9700 + 411 * number) for number, seller in enumerate(sellers)]

    answers = at_once([partial(_take_each, program, orders[thread::8]) for thread in range(8)])
    at_once([jobs.drain] * 4)
    jobs.drain()

    assert failures(answers) == []
    rows = Commission.objects.filter(kind="earned")
    found = {(row.conversion_id, row.level): row.net.amount for row in rows if row.net.amount}
    assert found == _expected(body, orders, {ann.code: "ann", bob.code: "bob"})
    assert_quiet()


def _take_each(program: Program, orders: list[OrderIn]) -> None:
    for order in orders:
        take(program, order)


def _expected(body: Body, orders: list[OrderIn], names: dict[str, str]) -> dict[tuple[int, int], int]:
    numbers = dict(Conversion.objects.values_list("external_id", "pk"))
    deals = [
        Deal(
            number=numbers[order.external_id],
            seller=names[order.evidence.ref],
            at=order.occurred_at.replace(tzinfo=None),
            items=(Item("1", order.total),),
            total=order.total,
            sponsors=("sue",) if names[order.evidence.ref] == "ann" else (),
        )
        for order in orders
    ]
    return {key: amount for key, amount in books(body, deals).deals.items() if amount}


def test_batches_that_name_affiliates_in_opposite_order_do_not_wait_for_each_other_in_a_circle(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    makers.make_plan(program, body=plan())
    batches = [
        [sale((ann, bob)[(place + thread) % 2], 10 * thread + place, 30000) for place in range(6)]
        for thread in range(6)
    ]

    answers = at_once([partial(take, program, *batch) for batch in batches])
    jobs.drain()

    assert answers == [["created"] * 6] * 6
    assert balances(ann)["pending"] == balances(bob)["pending"]
    assert_quiet()


@overlaps
def test_bonus_is_paid_once_when_two_orders_reach_its_target_at_once(
    program: Program, bob: Enrollment
) -> None:
    bonus = {"id": "gold", "name": "Gold", "amount": "20.00", "metric": "base", "target": "1000.00"}
    makers.make_plan(program, body=flat(bonuses=[bonus]))

    overlapping(partial(take, program, sale(bob, 1, 60000)), partial(take, program, sale(bob, 2, 60000)))

    assert [row.net.amount for row in Commission.objects.filter(kind="bonus")] == [2000]
    assert balances(bob)["pending"] == 12000 + 2000
    assert_quiet()


def test_month_that_many_clocks_close_is_trued_up_once(program: Program, bob: Enrollment) -> None:
    makers.make_plan(program, body=plan(mode="retroactive"))
    for number, net in enumerate([80000, 70000, 400000]):
        take(program, sale(bob, number, net))
    jobs.drain()

    answers = at_once([partial(commissions.close_periods, at=NEXT_MONTH)] * 6)
    at_once([jobs.drain] * 4)

    assert failures(answers) == []
    assert Closing.objects.filter(period="2026-11").count() == 1
    assert [row.net.amount for row in Commission.objects.filter(kind="true_up")] == [30000]
    assert_quiet()


@overlaps
@pytest.mark.parametrize("turn", [1, -1], ids=["order_second", "order_first"])
def test_late_order_of_a_month_that_is_being_closed_is_trued_up(
    program: Program, bob: Enrollment, turn: int
) -> None:
    makers.make_plan(program, body=plan(mode="retroactive"))
    for number, net in enumerate([80000, 70000]):
        take(program, sale(bob, number, net))
    jobs.drain()
    calls = [partial(commissions.close_periods, at=NEXT_MONTH), partial(take, program, sale(bob, 2, 400000))]

    overlapping(*calls[::turn])

    assert [row.net.amount for row in Commission.objects.filter(kind="true_up")] == [30000]
    assert balances(bob)["pending"] == 5500 * 20
    assert_quiet()
