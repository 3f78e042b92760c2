"""An order that counts becomes a conversion, once, with a decision on who is credited."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.models import Enrollment
from core import events
from core.models import User
from tracking.actions.terms import announce_terms, confirm_terms, words_as_told
from tracking.attribution import Verdict
from tracking.evidence import is_forgotten, is_new_customer, weigh
from tracking.hearsay import CLAIM
from tracking.models import Conversion, Customer, Decision, Journey, Order
from tracking.orders import OrderIn
from tracking.states import ConversionState, OrderState
from tracking.vocabulary import told_by

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
    words = words_as_told(order.program, order.source, told_by(order.as_value()))
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
                words=words,
                created_at=at or timezone.now(),
            )
    except IntegrityError:
        return Conversion.objects.get(order=order)
    _decide(conversion, weigh(order), 1, at)
    _record("conversion.counted", conversion, actor, at)
    announce_terms(conversion, words, at)
    return conversion


def _with_buyer(conversion: Conversion, order: Order) -> Conversion:
    """Note the buyer whom a later revision named, so that the buyer's other orders are found."""
    if conversion.customer_id != order.customer_id:
        conversion.customer = order.customer
        conversion.save(update_fields=["customer"])
    return conversion


@transaction.atomic
def confirm(conversion: Conversion, *, at: datetime | None = None) -> timedelta:
    """Take goal and times from the store, which tells an order that a browser had told; return how much later it is."""
    order = conversion.order
    was = conversion.captured_at
    conversion.goal = order.snapshot["goal"]
    conversion.occurred_at = order.occurred_at
    conversion.captured_at = order.captured_at or order.occurred_at
    conversion.save(update_fields=["goal", "occurred_at", "captured_at"])
    recount(conversion, at=at)
    confirm_terms(conversion, at)
    moved: timedelta = conversion.captured_at - was
    _record("conversion.confirmed", conversion, None, at, {"goal": conversion.goal})
    return moved


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


def evidence_changed(conversion: Conversion, *, is_confirmed: bool = False) -> Verdict | None:
    """Return the verdict that what is known today leads to, if it shares otherwise than the decision in force.

    An affiliate that was suspended since, or whose coupon has ended, keeps what it was credited with; so do all with
    whom it shares. Nor is anything decided anew on what is left once touches have been forgotten. Where a store has
    just confirmed (`is_confirmed`) what a browser claimed, nobody keeps anything, and an own purchase counts as well.
    """
    decision = conversion.decisions.select_related("coupon").get(is_current=True)
    if is_forgotten(decision) or (not is_confirmed and _is_kept(decision)):
        return None
    verdict = weigh(conversion.order, decision)
    now = verdict.trace.get("credits", [])
    is_same = _credited(decision.credits) == _credited(now)
    is_same = is_same and decision.trace.get(CLAIM) == verdict.trace.get(CLAIM)
    if is_confirmed:
        is_same = is_same and _own(decision.credits, decision.trace) == _own(now, verdict.trace)
    return None if is_same else verdict


def _is_kept(decision: Decision) -> bool:
    """Whether somebody it credits was suspended since, or the coupon it goes by has ended."""
    credited = shares_of(decision)
    if Enrollment.objects.active().filter(pk__in=credited).count() < len(credited):
        return True
    return decision.coupon is not None and not decision.coupon.is_active


def _credited(told: list[dict[str, Any]]) -> list[tuple[int, Fraction]]:
    """Who is credited with what share, the principal first."""
    return [(one["enrollment"], Fraction(one["share"])) for one in told]


def _own(told: list[dict[str, Any]], trace: dict[str, Any]) -> list[str]:
    """By what each of them is the buyer himself; older decisions say it once."""
    own = trace.get("self_referral") if len(told) == 1 else ""
    return [str(one.get("own") or own or "") for one in told]


def shares_of(decision: Decision) -> dict[int, Fraction]:
    """Return enrollment -> share of a decision, the principal first; {} where nobody is credited."""
    return {credit["enrollment"]: Fraction(credit["share"]) for credit in decision.credits}


@transaction.atomic
def redecide(conversion: Conversion, verdict: Verdict, *, at: datetime | None = None) -> Decision:
    """Put a new decision in the old one's place; the old one stays, with its number, for whoever asks."""
    old = conversion.decisions.select_for_update().get(is_current=True)
    old.is_current = False
    old.save(update_fields=["is_current"])
    if "includes" in old.trace:
        verdict.trace["includes"] = old.trace["includes"]
    decision = _decide(conversion, verdict, old.number + 1, at)
    shares = [{str(one): str(part) for one, part in shares_of(row).items()} for row in (old, decision)]
    data = {"from": old.enrollment_id, "to": decision.enrollment_id, "shares": shares}
    _record("decision.replaced", conversion, None, at, data)
    return decision


def _decide(conversion: Conversion, verdict: Verdict, number: int, at: datetime | None) -> Decision:
    program = conversion.program
    # frozen with the decision: a switch that is turned later counts for later orders
    switches = {"shipping": program.includes_shipping, "tax": program.includes_tax}
    verdict.trace.setdefault("includes", switches)
    _keep_journey(conversion, verdict, number)
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
        awaits=verdict.trace.get("awaits") or None,
        made_at=at or timezone.now(),
    )


def _keep_journey(conversion: Conversion, verdict: Verdict, number: int) -> None:
    """The eligible touches of the decision in force, and what the order was worth when it was made."""
    order = conversion.order
    kept = {
        "program": conversion.program,
        "at": order.occurred_at,
        "path": [list(step) for step in verdict.path],
        "value": _net(order.as_value()),
        "currency": order.currency,
    }
    # older decisions kept no journey
    if number == 1 or not Journey.objects.filter(conversion=conversion).update(**kept):
        Journey.objects.create(conversion=conversion, **kept)


def _net(value: OrderIn) -> int:
    """What the goods cost after discounts and before tax, in minor units of the order's currency."""
    if value.lines:
        return sum(line.net for line in value.lines)
    return max(value.total - value.tax - value.shipping, 0)


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
