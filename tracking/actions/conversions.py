"""An order that counts becomes a conversion, once, with a decision on who is credited."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import events
from core.models import User
from tracking.attribution import Verdict
from tracking.evidence import is_new_customer, weigh
from tracking.models import Conversion, Customer, Decision, Order
from tracking.states import ConversionState, OrderState

COUNTS = frozenset({OrderState.SALE, OrderState.REFUNDED})


@transaction.atomic
def record_conversion(
    order: Order, *, at: datetime | None = None, actor: User | None = None
) -> Conversion | None:
    """Count an order that is a sale and decide whom it is credited to; None while it is not a sale yet."""
    existing: Conversion | None = Conversion.objects.filter(order=order).first()
    if existing is None and order.state not in COUNTS:
        return None
    if order.customer_id is not None:
        # orders of one buyer come one after the other: each must see whom the others bind the buyer to
        Customer.objects.select_for_update(no_key=True).get(pk=order.customer_id)
    if existing is not None:
        return _with_buyer(existing, order)
    try:
        with transaction.atomic():
            conversion: Conversion = Conversion.objects.create(
                program=order.program,
                order=order,
                goal=order.snapshot["goal"],
                source=order.source,
                external_id=order.external_id,
                customer=order.customer,
                is_new_customer=is_new_customer(order),
                occurred_at=order.occurred_at,
                captured_at=order.captured_at or order.occurred_at,
                created_at=at or timezone.now(),
            )
    except IntegrityError:
        return Conversion.objects.get(order=order)
    _decide(conversion, weigh(order), 1, at)
    _record("conversion.counted", conversion, actor, at)
    return conversion


def _with_buyer(conversion: Conversion, order: Order) -> Conversion:
    """Note the buyer whom a later revision named first, so that the buyer's other orders are found."""
    if conversion.customer_id is None and order.customer_id is not None:
        conversion.customer_id = order.customer_id
        conversion.save(update_fields=["customer"])
    return conversion


@transaction.atomic
def recount(conversion: Conversion, *, at: datetime | None = None) -> bool:
    """Say anew whether it was the buyer's first order; return whether that has changed."""
    now_new = is_new_customer(conversion.order)
    if now_new == conversion.is_new_customer:
        return False
    was, conversion.is_new_customer = conversion.is_new_customer, now_new
    conversion.save(update_fields=["is_new_customer"])
    _record("conversion.recounted", conversion, None, at, {"is_new_customer": [was, now_new]})
    return True


def evidence_changed(conversion: Conversion) -> Verdict | None:
    """Return the verdict that what is known today leads to, if it credits somebody else than the decision in force.

    An affiliate that was suspended since, or whose coupon has ended, keeps what it was credited with.
    """
    decision = conversion.decisions.select_related("enrollment", "coupon").get(is_current=True)
    if decision.enrollment is not None and not decision.enrollment.is_active:
        return None
    if decision.coupon is not None and not decision.coupon.is_active:
        return None
    verdict = weigh(conversion.order)
    return None if decision.enrollment_id == verdict.enrollment else verdict


@transaction.atomic
def redecide(conversion: Conversion, verdict: Verdict, *, at: datetime | None = None) -> Decision:
    """Put a new decision in the old one's place; the old one stays, with its number, for whoever asks."""
    old = conversion.decisions.select_for_update().get(is_current=True)
    old.is_current = False
    old.save(update_fields=["is_current"])
    if "includes" in old.trace:
        verdict.trace["includes"] = old.trace["includes"]
    decision = _decide(conversion, verdict, old.number + 1, at)
    data = {"from": old.enrollment_id, "to": decision.enrollment_id}
    _record("decision.replaced", conversion, None, at, data)
    return decision


def _decide(conversion: Conversion, verdict: Verdict, number: int, at: datetime | None) -> Decision:
    program = conversion.program
    # frozen with the decision: a switch that is turned later counts for later orders
    switches = {"shipping": program.includes_shipping, "tax": program.includes_tax}
    verdict.trace.setdefault("includes", switches)
    return Decision.objects.create(
        program=conversion.program,
        conversion=conversion,
        number=number,
        enrollment_id=verdict.enrollment,
        evidence=verdict.evidence,
        click_id=verdict.click or None,
        coupon_id=verdict.coupon,
        terms_id=verdict.trace.get("terms"),
        credits=verdict.trace.get("credits", []),
        trace=verdict.trace,
        made_at=at or timezone.now(),
    )


@transaction.atomic
def park(conversion: Conversion, reason: str, *, at: datetime | None = None) -> Conversion:
    """Set a conversion aside with a visible reason; it is valued as soon as what is missing comes."""
    if conversion.state == ConversionState.PARKED and conversion.parked_reason == reason:
        return conversion
    conversion.state, conversion.parked_reason = ConversionState.PARKED, reason
    conversion.save(update_fields=["state", "parked_reason"])
    _record("conversion.parked", conversion, None, at, {"reason": reason})
    return conversion


@transaction.atomic
def release(conversion: Conversion, *, at: datetime | None = None) -> Conversion:
    """Take a conversion out of its parking place."""
    if conversion.state == ConversionState.COUNTED:
        return conversion
    conversion.state, conversion.parked_reason = ConversionState.COUNTED, ""
    conversion.save(update_fields=["state", "parked_reason"])
    _record("conversion.released", conversion, None, at)
    return conversion


def _record(
    kind: str,
    conversion: Conversion,
    actor: User | None,
    at: datetime | None,
    data: dict[str, Any] | None = None,
) -> None:
    program = conversion.program
    events.record(
        kind, conversion, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
