"""Money that went back: kept from the first word of it, complete or not, before or after its order."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.models import Program
from core import events
from core.models import User
from tracking.models import Order, Refund
from tracking.orders import RefundIn, RefundLineIn


@dataclass(frozen=True, slots=True)
class RecordedRefund:
    """What became of a refund: created, same or conflict; `waiting` while its order has not come."""

    refund: Refund
    status: str
    waiting: bool
    differences: dict[str, list[Any]] = field(default_factory=dict)


@transaction.atomic
def record_refund(
    program: Program,
    source: str,
    order_external_id: str,
    value: RefundIn,
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> RecordedRefund:
    """Take in one refund of its own; its number is unique in its source, other content is a conflict."""
    # the order is locked first, everywhere: a refund and its order that arrive together must meet
    key = {"program": program, "source": source}
    order = Order.objects.select_for_update().filter(**key, external_id=order_external_id).first()
    refund, made = _create(key, order, order_external_id, value, at)
    if made:
        _record("refund.recorded", refund, actor, at)
        return RecordedRefund(refund, "created", order is None)
    changes = _differences(refund, order_external_id, value)
    return RecordedRefund(refund, "conflict" if changes else "same", refund.order_id is None, changes)


def _create(
    key: dict[str, Any], order: Order | None, order_external_id: str, value: RefundIn, at: datetime | None
) -> tuple[Refund, bool]:
    found = Refund.objects.select_for_update().filter(**key, external_id=value.external_id).first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            refund = Refund.objects.create(
                **key,
                external_id=value.external_id,
                order_external_id=order_external_id,
                order=order,
                created_at=at or timezone.now(),
                **_columns(value),
            )
            return refund, True
    except IntegrityError:
        return Refund.objects.select_for_update().get(**key, external_id=value.external_id), False


def _columns(value: RefundIn) -> dict[str, Any]:
    lines = None if value.lines is None else [asdict(line) for line in value.lines]
    return {
        "kind": value.kind,
        "occurred_at": value.occurred_at,
        "gross": value.gross,
        "lines": lines,
        "is_final": value.final,
        "reason": value.reason[:200],
    }


def _differences(refund: Refund, order_external_id: str, value: RefundIn) -> dict[str, list[Any]]:
    told = {**_columns(value), "order_external_id": order_external_id}
    names = ("order_external_id", "kind", "gross", "lines")
    return {
        name: [getattr(refund, name), told[name]] for name in names if getattr(refund, name) != told[name]
    }


def list_refunds(order: Order, listed: Sequence[RefundIn], *, at: datetime | None = None) -> None:
    """Bring the order's refunds in line with the complete list that its newest revision carries.

    What the list no longer names was taken back in the store and is withdrawn; lines that are known stay known.
    """
    key = {"program": order.program, "source": order.source}
    for value in listed:
        refund, made = _create(key, order, order.external_id, value, at)
        if made or _relist(refund, order, value):
            Refund.objects.filter(pk=refund.pk).update(is_listed=True)
            _record("refund.recorded", refund, None, at)
    gone = order.refunds.filter(is_listed=True, is_withdrawn=False)
    for refund in gone.exclude(external_id__in=[value.external_id for value in listed]):
        refund.is_withdrawn = True
        refund.save(update_fields=["is_withdrawn"])
        _record("refund.withdrawn", refund, None, at)


def _relist(refund: Refund, order: Order, value: RefundIn) -> bool:
    """Update a refund that the list names again; return whether anything changed.

    A number that is another order's refund already stays there.
    """
    if refund.order_id not in {None, order.pk}:
        return False
    if (
        refund.gross == value.gross
        and not refund.is_withdrawn
        and refund.order_id == order.pk
        and refund.is_listed
    ):
        return False
    if refund.gross != value.gross:
        refund.gross, refund.lines, refund.is_final = value.gross, None, False
    refund.order, refund.is_withdrawn = order, False
    refund.save(update_fields=["gross", "lines", "is_final", "order", "is_withdrawn"])
    return True


def adopt_refunds(order: Order) -> int:
    """Give a new order the refunds that came before it; return how many waited."""
    waiting = Refund.objects.waiting().filter(
        program=order.program, source=order.source, order_external_id=order.external_id
    )
    return int(waiting.update(order=order))


@transaction.atomic
def set_refund_lines(
    refund: Refund, lines: Sequence[RefundLineIn] | None, *, at: datetime | None = None
) -> Refund:
    """Write which lines went back; None says the store knows none: the refund stays proportional, finally."""
    if refund.order_id is not None:
        Order.objects.select_for_update().get(pk=refund.order_id)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    refund.lines = [asdict(line) for line in lines] if lines else None
    refund.is_final = True
    refund.save(update_fields=["lines", "is_final"])
    return refund


def _record(kind: str, refund: Refund, actor: User | None, at: datetime | None) -> None:
    program = refund.program
    events.record(kind, refund, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
