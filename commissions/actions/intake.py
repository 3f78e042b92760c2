"""An order is taken in, whole, in one transaction: order, conversion, decision, commissions, entries, events.

Every door calls `take_orders`. What a conversion is worth is a fold over facts (newest revision, refunds, decision),
so repeated and reordered messages end in the same books: only the difference to what was posted is posted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.actions.deadlocks import again_after_deadlock
from commissions.actions.periods import settle_bonuses, settle_true_ups, settle_true_ups_of_all
from commissions.actions.settling import lock, move_times, settle
from commissions.actions.volumes import announce_moved, names_around, plans_of, windows_of
from commissions.counters import SPENT
from commissions.models import Closing
from commissions.states import ReversalCause
from core.failpoints import failpoint
from core.models import User
from tracking import actions as tracking
from tracking.actions.orders import Mode, Recorded
from tracking.hearsay import is_confirmed, is_said_anew
from tracking.models import Conversion, Order, Refund
from tracking.orders import OrderIn, RefundIn, RefundLineIn
from tracking.subscriptions import later_of

# what of a revision may say anew whom a buyer is bound to
BINDING = frozenset({"customer", "state", "evidence", "occurred_at", "subscription"})


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an order: created, same, revised, older (ignored) or conflict (nothing changed)."""

    order: Order
    conversion: Conversion | None
    status: str
    differences: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakenRefund:
    """What became of a refund: created, same or conflict; `waiting` while its order has not come."""

    refund: Refund
    status: str
    waiting: bool
    differences: dict[str, list[Any]] = field(default_factory=dict)


@again_after_deadlock
@transaction.atomic
def take_orders(
    program: Program,
    orders: Sequence[OrderIn],
    *,
    actor: User | None = None,
    at: datetime | None = None,
    mode: Mode = "store",
) -> list[Taken]:
    """Take in orders, each whole or not at all; the answers stand in the order of the questions."""
    if len(orders) > 1 and windows_of(plans_of(program)):
        # a batch holds counters of many: one after the other, or two would wait for each other in a circle
        Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    places = sorted(range(len(orders)), key=lambda place: (orders[place].source, orders[place].external_id))
    taken: dict[int, Taken] = {}
    for (
        place
    ) in places:  # rows are locked in key order, so two batches cannot wait for each other in a circle
        with transaction.atomic():
            taken[place] = _take(program, orders[place], mode, actor, at)
    failpoint("intake.before_commit")
    transaction.on_commit(lambda: failpoint("intake.after_commit"))
    return [taken[place] for place in range(len(orders))]


def _take(program: Program, value: OrderIn, mode: Mode, actor: User | None, at: datetime | None) -> Taken:
    recorded = tracking.record_order(program, value, mode=mode, actor=actor, at=at)
    order = recorded.order
    if recorded.status not in {"created", "revised"}:
        return Taken(
            order, Conversion.objects.filter(order=order).first(), recorded.status, recorded.differences
        )
    conversion = tracking.record_conversion(order, at=at, actor=actor)
    if conversion is not None:
        conversion = conversion if recorded.status == "created" else lock(conversion)
        is_redecided = _hear(conversion, recorded.differences, at)
        settle(conversion, at=at or timezone.now(), is_redecided=is_redecided)
        reconsider(conversion, recorded, at)
    return Taken(order, conversion, recorded.status, recorded.differences)


def _hear(conversion: Conversion, differences: dict[str, list[Any]], at: datetime | None) -> bool:
    """Where a store took a browser's word over, or a browser added to a store's, decide anew; return whether it was."""
    confirmed = is_confirmed(differences)
    if confirmed:
        move_times(conversion, tracking.confirm(conversion, at=at))
    if not is_said_anew(differences):
        return False
    verdict = tracking.evidence_changed(conversion, is_confirmed=confirmed)
    if verdict is not None:
        tracking.redecide(conversion, verdict, at=at)
    return verdict is not None


def reconsider(conversion: Conversion, recorded: Recorded, at: datetime | None) -> None:
    """A late order may bind its buyer, was their first, or a payment before others: look at later ones again."""
    left = recorded.differences.get("subscription", [""])[0]  # out of which a revision took it
    changes = recorded.differences
    is_weighty = recorded.status == "created" or not BINDING.isdisjoint(changes) or is_said_anew(changes)
    relation = set(_after_payment(conversion, left))
    later = Conversion.objects.filter(occurred_at__gte=conversion.occurred_at, program=conversion.program_id)
    same = Q(pk__in=relation)
    if conversion.customer_id is not None:
        same |= Q(customer=conversion.customer_id, occurred_at__gt=conversion.occurred_at)
    for found in later.filter(same).exclude(pk=conversion.pk).order_by("occurred_at", "pk"):
        other = lock(found)
        changed = tracking.recount(other, at=at)
        verdict = tracking.evidence_changed(other) if is_weighty else None
        if verdict is not None:
            tracking.redecide(other, verdict, at=at)
        if changed or verdict is not None or other.pk in relation:
            settle(other, at=at or timezone.now(), is_redecided=verdict is not None)


def _after_payment(conversion: Conversion, left: str) -> Iterator[int]:
    """The later conversions for which it may matter which payment they are."""
    subscribed = conversion.order.subscription or left
    if not subscribed and not any(plan.asks_payment for plan in plans_of(conversion.program)):
        return
    yield from later_of(conversion).values_list("pk", flat=True)
    if left:
        rows = Conversion.objects.filter(program=conversion.program_id, source=conversion.source)
        yield from rows.filter(order__subscription=left).values_list("pk", flat=True)


@again_after_deadlock
@transaction.atomic
def take_refunds(
    program: Program,
    source: str,
    order_external_id: str,
    refunds: Sequence[RefundIn],
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> list[TakenRefund]:
    """Take in refunds that come on their own; one whose order is not known waits for it."""
    taken = []
    for value in refunds:
        recorded = tracking.record_refund(program, source, order_external_id, value, actor=actor, at=at)
        taken.append(TakenRefund(recorded.refund, recorded.status, recorded.waiting, recorded.differences))
        if recorded.status == "created":
            _settle_order(recorded.refund.order, at)
    return taken


@transaction.atomic
def take_refund_lines(
    refund: Refund, lines: Sequence[RefundLineIn] | None, *, at: datetime | None = None
) -> Refund:
    """Learn which lines a refund was for (None: the store knows none, finally) and correct the estimate."""
    refund = tracking.set_refund_lines(refund, lines, at=at)
    _settle_order(refund.order, at)
    return refund


@transaction.atomic
def apply_refund(refund: Refund, *, at: datetime | None = None) -> None:
    """Let a refund and its order meet, also when both were taken in at the same moment."""
    order = (
        Order.objects.select_for_update()
        .filter(program=refund.program_id, source=refund.source, external_id=refund.order_external_id)
        .first()
    )
    if order is not None and tracking.adopt_refunds(order):
        _settle_order(order, at)


def apply_waiting_refunds(*, at: datetime | None = None) -> int:
    """Let refunds meet orders that became visible only after the refund had looked for them; return how many."""
    its_order = Order.objects.filter(
        program=OuterRef("program"), source=OuterRef("source"), external_id=OuterRef("order_external_id")
    )
    missed = list(Refund.objects.waiting().filter(Exists(its_order)).order_by("pk"))
    for refund in missed:
        apply_refund(refund, at=at)
    return len(missed)


@transaction.atomic
def settle_moved(conversion: Conversion, *, at: datetime | None = None) -> None:
    """Value a conversion again because another one moved the counters that it was paid by."""
    settle(lock(conversion), at=at or timezone.now(), cause=ReversalCause.VOLUME)


@transaction.atomic
def follow_volume(conversion: Conversion, enrollments: Sequence[int], *, at: datetime | None = None) -> None:
    """See to all that a changed volume concerns: later sales, bonuses, and true-ups of periods that are over."""
    now, program = at or timezone.now(), conversion.program
    announce_moved(conversion, list(enrollments), at=now)
    closed = Closing.objects.filter(program=program, period__in=names_around(conversion))
    names = sorted(closed.values_list("period", flat=True))
    has_budget = any(window.metric == SPENT for window in windows_of(plans_of(program)))
    for name in names if has_budget else ():
        settle_true_ups_of_all(program, name, at=now)
    rows = Enrollment.objects.filter(pk__in=enrollments, program=program).select_related("program")
    for enrollment in rows.order_by("pk"):
        settle_bonuses(enrollment, conversion.occurred_at, at=now)
        for name in names if not has_budget else ():
            settle_true_ups(enrollment, name, at=now)


@transaction.atomic
def revalue(conversion: Conversion, *, at: datetime | None = None) -> Conversion:
    """Value a parked conversion again, as after a mended setting; one that is counted is checked and left."""
    Order.objects.select_for_update().get(pk=conversion.order_id)
    conversion = lock(conversion)
    settle(conversion, at=at or timezone.now())
    return conversion


def _settle_order(order: Order | None, at: datetime | None) -> None:
    if order is None:
        return
    conversion = Conversion.objects.filter(order=order).first()
    if conversion is not None:
        settle(lock(conversion), at=at or timezone.now())
