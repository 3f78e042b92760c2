"""What a vendor's messages leave behind: orders, refunds, conversions, commissions and the ledger's sums."""

from dataclasses import dataclass
from typing import Any

from affiliates.models import Program
from commissions.ledger import program_balances
from commissions.models import Commission, Entry, Reversal
from tracking.models import Conversion, Order, Refund

VOID = {"void", "gone", "open"}


@dataclass(frozen=True)
class Books:
    """Everything sorted; amounts in minor units."""

    orders: tuple[Any, ...]
    refunds: tuple[Any, ...]
    conversions: tuple[Any, ...]
    earned: dict[str, int]
    balances: dict[str, int]


def books_of(program: Program) -> Books:
    """Return the program's books as they are now.

    An order that was first heard of when it was off already never was a sale, while one that was heard of before has a
    conversion that is reversed to nothing: conversions and commissions are those that are worth something.
    """
    refunds = Refund.objects.filter(program=program, is_withdrawn=False)
    orders = Order.objects.filter(program=program)
    sold = {row.external_id for row in orders if row.state not in VOID}
    conversions = Conversion.objects.filter(program=program, external_id__in=sold)
    earned = {
        row.conversion.external_id: row.net.amount for row in Commission.objects.all() if row.net.amount
    }
    return Books(
        tuple(sorted((row.external_id, row.state, row.total, row.currency) for row in orders)),
        tuple(sorted((row.order_external_id, row.external_id, row.kind, row.gross) for row in refunds)),
        tuple(sorted((row.external_id, row.goal, row.state) for row in conversions)),
        dict(sorted(earned.items())),
        dict(program_balances(program)),
    )


def count_of_rows() -> tuple[int, ...]:
    """How many rows of each kind there are: what is said again may add none."""
    return tuple(model.objects.count() for model in (Order, Refund, Conversion, Commission, Reversal, Entry))


def refunded_twice(program: Program) -> list[str]:
    """The orders of which more went back than was paid, or one refund of which is kept twice."""
    gross: dict[str, int] = {}
    for row in Refund.objects.filter(program=program, is_withdrawn=False).order_by("pk"):
        gross[row.order_external_id] = gross.get(row.order_external_id, 0) + (row.gross or 0)
    paid = {row.external_id: row.total for row in Order.objects.filter(program=program)}
    more = [number for number, back in gross.items() if number in paid and back > paid[number]]
    below = [row.conversion.external_id for row in Commission.objects.order_by("pk") if row.net.amount < 0]
    return more + below
