"""Whose money went back in full, or was charged back; one query each for any number of orders."""

from collections import Counter
from collections.abc import Collection, Mapping

from affiliates.models import Program
from tracking.models import Refund
from tracking.states import RefundKind


def came_back(program: Program, totals: Mapping[int, int]) -> frozenset[int]:
    """Return which orders were refunded in full, canceled or charged back, by order -> total in minor units.

    A chargeback that the store has won back is none. An order without a total was never paid, and only a cancellation
    takes it back; of refunds whose gross amount nobody told, nothing is known.
    """
    gross: Counter[int] = Counter()
    disputed: Counter[int] = Counter()
    canceled = set()
    rows = Refund.objects.in_force().filter(program=program, order__in=totals.keys())
    for order, kind, amount in rows.values_list("order", "kind", "gross"):
        if kind == RefundKind.CHARGEBACK:
            disputed[order] += 1
        elif kind == RefundKind.CHARGEBACK_WON:
            disputed[order] -= 1
        elif kind == RefundKind.CANCELLATION:
            canceled.add(order)
        else:
            gross[order] += amount or 0
    return frozenset(
        order
        for order, total in totals.items()
        if order in canceled or disputed[order] > 0 or 0 < total <= gross[order]
    )


def charged_back(program: Program, orders: Collection[int]) -> dict[int, str]:
    """Return order -> who told last of a chargeback, of those that the store has not won back."""
    disputed: Counter[int] = Counter()
    by: dict[int, str] = {}
    kinds = (RefundKind.CHARGEBACK, RefundKind.CHARGEBACK_WON)
    rows = Refund.objects.in_force().filter(program=program, order__in=orders, kind__in=kinds).order_by("pk")
    for order, kind, source in rows.values_list("order", "kind", "source"):
        disputed[order] += 1 if kind == RefundKind.CHARGEBACK else -1
        if kind == RefundKind.CHARGEBACK:
            by[order] = source
    return {order: source for order, source in by.items() if disputed[order] > 0}
