"""Lives under plans that count: whatever is told in whatever order, the books end as the naive model says.

A machine drives the real verbs at random: orders of two affiliates around the ends of months, revisions, refunds,
chargebacks, refusals, approvals, and periods that close. The model, tests/commissions/naive.py, shares no code with
the engine.
VOLUMES_EXAMPLES asks for more lives than a normal run tries.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Commission
from core import jobs
from core.models import User
from tests import makers
from tests.commissions import lives
from tests.commissions.deals import Back, Deal, Item
from tests.commissions.naive import Books, books
from tests.makers import NOON, make_order
from tests.story.books import breaches
from tracking.models import Conversion
from tracking.orders import LineIn, OrderIn, RefundIn, RefundLineIn

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = int(os.environ.get("VOLUMES_EXAMPLES", "25"))
BERLIN = ZoneInfo("Europe/Berlin")
LATER = datetime(2027, 3, 1, tzinfo=UTC)


@dataclass
class Cast:
    """Who takes part; Sue recruited Ann."""

    program: Program
    ann: Enrollment
    bob: Enrollment
    sue: Enrollment
    mia: User


@dataclass
class Order:
    """What was told of one order so far."""

    number: str
    seller: str
    at: datetime
    items: tuple[Item, ...]
    tax: int
    state: str = "sale"
    minute: int = 0
    backs: list[Back] = field(default_factory=list)
    declined: set[int] = field(default_factory=set)

    @property
    def total(self) -> int:
        return sum(item.net for item in self.items) + self.tax


sold_orders = st.tuples(
    st.sampled_from(["ann", "ann", "ann", "bob"]),
    st.sampled_from(lives.TIMES),
    lives.item_lists,
    st.sampled_from([0, 0, 777]),
)


class Volumes(RuleBasedStateMachine):
    """One life; `cast` is set by the test, and everything is undone at the end."""

    cast: Cast
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.told: list[Order] = []
        self.closed: datetime | None = None
        self.body: dict[str, Any] = {}

    def teardown(self) -> None:
        try:
            if self.body:
                self.compare()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @initialize(body=lives.plans())
    def publish(self, body: dict[str, Any]) -> None:
        self.body = body
        makers.make_plan(self.cast.program, "Standard", body)

    @rule(target=orders, sold=st.lists(sold_orders, min_size=1, max_size=4))
    def sell(self, sold: list[tuple[str, datetime, tuple[Item, ...], int]]) -> Any:
        orders = [Order(str(1000 + len(self.told) + place), *one) for place, one in enumerate(sold)]
        self.told += orders
        for order in orders:
            self.tell(order)
        return multiple(*orders)

    @rule(order=orders, items=lives.item_lists, state=st.sampled_from(["sale", "sale", "void", "open"]))
    def revise(self, order: Order, items: tuple[Item, ...], state: str) -> None:
        order.items, order.state, order.minute = items, state, order.minute + 1
        self.tell(order)

    @rule(order=orders, data=st.data())
    def give_back(self, order: Order, data: st.DataObject) -> None:
        back = data.draw(lives.backs(order.items, f"{order.number}-r{len(order.backs)}"))
        if back.kind == "chargeback" and any(one.kind == "chargeback" for one in order.backs):
            return
        self.refund(order, back)

    @rule(order=orders)
    def win_dispute(self, order: Order) -> None:
        kinds = [back.kind for back in order.backs]
        if "chargeback" in kinds and "chargeback_won" not in kinds:
            self.refund(order, Back(f"{order.number}-won", "chargeback_won"))

    @rule(order=orders, level=st.sampled_from([1, 1, 2]))
    def decline(self, order: Order, level: int) -> None:
        rows = Commission.objects.filter(conversion__external_id=order.number, level=level, state="pending")
        for row in rows:
            commissions.decline(row, reason="No sale.", actor=self.cast.mia, at=NOON)
            order.declined.add(level)

    @rule(order=orders)
    def approve(self, order: Order) -> None:
        for row in Commission.objects.filter(conversion__external_id=order.number, state="pending"):
            commissions.approve(row, at=LATER)

    @rule()
    def approve_all(self) -> None:
        commissions.approve_due(at=LATER)

    @rule(until=st.sampled_from(lives.CLOSINGS))
    def close(self, until: datetime) -> None:
        self.closed = max(self.closed or until, until)
        commissions.close_periods(at=self.closed.replace(tzinfo=BERLIN))

    @rule()
    def follow_some_news(self) -> None:
        jobs.drain(limit=3)

    @precondition(lambda self: len(self.told) > 1)
    @rule()
    def compare(self) -> None:
        """Let all news be followed, and look at everything."""
        jobs.drain()
        deals = self.deals()
        expected = books(self.body, deals, self.closed)
        refused = {(deal.number, level) for deal in deals for level in deal.declined}
        expected.deals = {key: amount for key, amount in expected.deals.items() if key not in refused}
        assert held() == without_nothing(expected.deals)
        assert true_ups() == without_nothing(expected.true_ups)
        assert bonuses() == without_nothing(expected.bonuses)
        self.compare_balances(expected)
        assert breaches() == []

    def compare_balances(self, expected: Books) -> None:
        """All that is held stands on the accounts."""
        people = (self.cast.ann, self.cast.bob, self.cast.sue)
        stands = [balances(one)["pending"] + balances(one)["payable"] for one in people]
        every = (expected.deals, expected.true_ups, expected.bonuses)
        assert sum(stands) == sum(sum(amounts.values()) for amounts in every)

    def tell(self, order: Order) -> None:
        value = order_of(order, self.seller(order))
        commissions.take_orders(self.cast.program, [value], at=NOON)

    def refund(self, order: Order, back: Back) -> None:
        order.backs.append(back)
        lines = (RefundLineIn(back.line, back.quantity, back.amount),) if back.line else None
        gross = None if back.line else back.amount
        told = RefundIn(back.number, kind=back.kind, occurred_at=NOON, lines=lines, gross=gross, final=True)
        commissions.take_refunds(self.cast.program, "shop", order.number, [told], at=NOON)

    def seller(self, order: Order) -> Enrollment:
        return self.cast.ann if order.seller == "ann" else self.cast.bob

    def deals(self) -> list[Deal]:
        """What is known now; a conversion's number is its place in the order of arrival."""
        numbers = dict(Conversion.objects.values_list("external_id", "pk"))
        return [deal_of(order, numbers[order.number]) for order in self.told]


def deal_of(order: Order, number: int) -> Deal:
    return Deal(
        number=number,
        seller=order.seller,
        at=order.at,
        items=order.items,
        total=order.total,
        sponsors=lives.SPONSORS[order.seller],
        is_sale=order.state == "sale",
        backs=tuple(order.backs),
        declined=frozenset(order.declined),
    )


def order_of(order: Order, seller: Enrollment) -> OrderIn:
    at = order.at.replace(tzinfo=BERLIN)
    lines = tuple(
        LineIn(item.key, item.net, item.quantity, categories=(item.category,) if item.category else ())
        for item in order.items
    )
    return make_order(
        order.number,
        ref=seller.code,
        state=order.state,
        total=order.total,
        tax=order.tax,
        lines=lines,
        occurred_at=at,
        captured_at=at,
        revision_at=at + timedelta(minutes=order.minute),
    )


def held() -> dict[tuple[int, int], int]:
    """What conversions' commissions hold, the refused ones left out."""
    rows = Commission.objects.filter(kind="earned").exclude(state="declined")
    return without_nothing({(row.conversion_id, row.level): row.net.amount for row in rows})


def true_ups() -> dict[tuple[str, str, int], int]:
    """(period, who sold, level) -> what the period's true-up holds."""
    rows = Commission.objects.filter(kind="true_up")
    return without_nothing({(*_cause(row.source), row.level): row.net.amount for row in rows})


def _cause(source: str) -> tuple[str, str]:
    _kind, _plan, period, enrollment = source.split(":")
    return period, short_name(Enrollment.objects.get(pk=enrollment))


def bonuses() -> dict[tuple[str, str, str], int]:
    """(bonus, period, who) -> what it holds."""
    found = {}
    for row in Commission.objects.filter(kind="bonus"):
        _kind, _plan, number, period = row.source.split(":")
        found[number, period, short_name(row.enrollment)] = row.net.amount
    return without_nothing(found)


def short_name(enrollment: Enrollment) -> str:
    return enrollment.affiliate.name.split()[0].lower()


def without_nothing(amounts: dict[Any, int]) -> dict[Any, int]:
    return {key: amount for key, amount in amounts.items() if amount}


@pytest.fixture
def cast(merchant: Any, mia: User) -> Cast:
    """Ann, whom Sue recruited, and Bob, in a program on Berlin's clock without a plan yet."""
    program = makers.make_program(merchant, plan={}, time_zone="Europe/Berlin")
    sue = makers.make_enrollment(program, "Sue Sponsor")
    ann = makers.make_enrollment(program, "Ann Archer", sponsor=sue)
    return Cast(program, ann, makers.make_enrollment(program, "Bob Baker"), sue, mia)


def test_lives_under_plans_that_count(cast: Cast) -> None:
    jobs.drain()
    machine = type("Life", (Volumes,), {"cast": cast})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
