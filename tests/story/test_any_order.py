"""Whatever the order in which a store's messages arrive, and however often, the same is earned in the end.

The expected amounts come from `Told.worth`, a few lines of plain arithmetic that share no code with the engine.
ANY_ORDER_EXAMPLES asks for more lives than a normal run tries.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.ledger import balances
from commissions.models import Commission
from tests import makers
from tests.examples import examples
from tests.makers import NOON, make_order
from tests.story.books import breaches
from tracking.orders import LineIn, OrderIn, RefundIn, RefundLineIn

pytestmark = pytest.mark.django_db

EXAMPLES = examples(60, "ANY_ORDER_EXAMPLES")
RATES = {1: Fraction("0.125"), 2: Fraction("0.05")}
PLAN: dict[str, Any] = {
    **makers.TWO_LEVELS,
    "rules": [{**makers.TEN_PERCENT["rules"][0], "reward": {"type": "percent", "rate": "12.5"}}],
}
Nets = dict[str, int]


@dataclass(frozen=True)
class Snapshot:
    """The order as the store tells it at one moment: state, net by line, and gross by refund in its list."""

    state: str
    nets: tuple[tuple[str, int], ...]
    refunds: tuple[tuple[str, int], ...]
    minute: int


@dataclass(frozen=True)
class Back:
    """A refund that is told on its own: of a line, or gross, or of everything."""

    number: str
    kind: str
    line: str = ""
    amount: int | None = None


@dataclass(frozen=True)
class Told:
    """All that was told in one life, in no order."""

    tax: int
    snapshots: tuple[Snapshot, ...]
    backs: tuple[Back, ...]

    @property
    def newest(self) -> Snapshot:
        return max(self.snapshots, key=lambda snapshot: snapshot.minute)

    def worth(self, level: int) -> int:
        """Return what the level has earned once everything is known, in cents."""
        nets, rate = dict(self.newest.nets), RATES[level]
        if self.newest.state != "sale":
            return 0
        earned = half_up(sum(nets.values()) * rate)
        gone = sum((net * self.part_gone(line, net) for line, net in nets.items()), Fraction(0))
        return earned - half_up(gone * rate)

    def part_gone(self, line: str, net: int) -> Fraction:
        """Return how much of a line went back, from 0 to 1."""
        standing = [back for back in self.backs if back.kind != "chargeback_won"]
        if any(back.kind == "chargeback_won" for back in self.backs):
            standing = [back for back in standing if back.kind != "chargeback"]
        total = sum(dict(self.newest.nets).values()) + self.tax
        gross = sum(dict(self.newest.refunds).values()) + sum(b.amount or 0 for b in standing if not b.line)
        if any(not back.line and back.amount is None for back in standing) or gross >= total > 0:
            return Fraction(1)
        of_line = sum(back.amount or 0 for back in standing if back.line == line)
        return min(Fraction(1), Fraction(of_line, net) + Fraction(gross, total)) if net else Fraction(0)


def half_up(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


# --- lives -------------------------------------------------------------------------------------------------

amounts = st.integers(1, 9000)
states = st.sampled_from(["sale"] * 6 + ["open", "void", "refunded"])
lists_of_refunds = st.dictionaries(st.sampled_from(["31", "32", "33"]), amounts, max_size=2)
nets = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 20000), min_size=1)
by_line = st.builds(Back, st.just(""), st.just("refund"), st.sampled_from(["a", "b", "c"]), amounts)
by_gross = st.builds(Back, st.just(""), st.sampled_from(["refund", "chargeback"]), st.just(""), amounts)
of_all = st.builds(Back, st.just(""), st.sampled_from(["chargeback", "cancellation"]))
kinds_of_back = st.one_of(by_line, by_line, by_gross, of_all)


@st.composite
def lives(draw: st.DrawFn) -> tuple[Told, list[Any]]:
    """Return what was told, and the messages in the order of their arrival, some of them twice."""
    lines = draw(nets)
    snapshots = [
        Snapshot(
            draw(states),
            tuple(sorted((draw(nets) if draw(st.integers(0, 3)) == 0 else lines).items())),
            tuple(sorted(draw(lists_of_refunds).items())),
            minute,
        )
        for minute in range(draw(st.integers(1, 4)))
    ]
    drawn = draw(st.lists(kinds_of_back, max_size=3))
    backs = [replace(back, number=f"r{number}") for number, back in enumerate(drawn)]
    if len([back for back in backs if back.kind == "chargeback"]) == 1 and draw(st.booleans()):
        backs.append(Back("won", "chargeback_won"))
    told = Told(draw(st.integers(0, 3000)), tuple(snapshots), tuple(backs))
    messages = [*snapshots, *backs, "approve"]
    twice = draw(st.lists(st.sampled_from(messages), max_size=5))
    return told, draw(st.permutations([*messages, *twice]))


def arrive(program: Program, ann: Enrollment, told: Told, message: Any) -> None:
    if message == "approve":
        commissions.approve_due(at=NOON + timedelta(days=60))
    elif isinstance(message, Snapshot):
        commissions.take_orders(program, [order_of(message, told.tax, ann)], at=NOON)
    else:
        commissions.take_refunds(program, "shop", "1001", [refund_of(message)], at=NOON)


def order_of(snapshot: Snapshot, tax: int, ann: Enrollment) -> OrderIn:
    return make_order(
        "1001",
        ref=ann.code,
        state=snapshot.state,
        total=sum(net for _line, net in snapshot.nets) + tax,
        tax=tax,
        lines=tuple(LineIn(line, net) for line, net in snapshot.nets),
        refunds=tuple(RefundIn(number, gross=gross) for number, gross in snapshot.refunds),
        revision_at=NOON + timedelta(minutes=snapshot.minute),
    )


def refund_of(back: Back) -> RefundIn:
    lines = (RefundLineIn(back.line, 0, back.amount),) if back.line else None
    gross = None if back.line else back.amount
    return RefundIn(back.number, kind=back.kind, occurred_at=NOON, lines=lines, gross=gross, final=True)


@pytest.fixture
def program(merchant: Any) -> Program:
    """12.5 per cent, and 5 per cent of the base for the sponsor: cents are rounded on both levels."""
    return makers.make_program(merchant, plan=PLAN)


@pytest.fixture
def arrival(program: Program, ann: Enrollment, sue: Enrollment) -> Callable[[Told, list[Any]], None]:
    """Let messages arrive, look at the books, and undo everything."""

    def _arrive(told: Told, messages: list[Any]) -> None:
        with transaction.atomic():
            for message in messages:
                arrive(program, ann, told, message)
            compare(told, ann, sue)
            transaction.set_rollback(True)

    return _arrive


def compare(told: Told, ann: Enrollment, sue: Enrollment) -> None:
    for level, enrollment in ((1, ann), (2, sue)):
        rows = Commission.objects.filter(enrollment=enrollment, level=level)
        stands = balances(enrollment)
        assert sum(row.net.amount for row in rows) == told.worth(level)
        assert stands["pending"] + stands["payable"] == told.worth(level)
    assert breaches() == []


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives())
def test_messages_in_any_order_earn_the_same(
    arrival: Callable[[Told, list[Any]], None], life: tuple[Told, list[Any]]
) -> None:
    arrival(*life)


def test_model_agrees_with_the_book_on_thirds() -> None:
    order = Snapshot("sale", (("a", 10000),), (), 0)
    backs = tuple(Back(f"r{n}", "refund", "a", net) for n, net in enumerate((3333, 3333, 3334)))

    left = [Told(0, (order,), backs[:number]).worth(1) for number in range(4)]

    assert left == [1250, 1250 - 417, 1250 - 833, 0]
