"""Makes what a conversion's commissions hold equal to what the facts say is due; posts only the difference."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q

from commissions.actions.facts import NOTHING, Due, Facts, Key, due_by, facts_of, taken_from
from commissions.actions.posting import Difference, accrue, correct, record
from commissions.actions.volumes import (
    counters_before,
    hold_counters,
    note_volume,
    plans_of,
    share_program,
    volumes_of,
    windows_of,
)
from commissions.earned import Earned
from commissions.holds import reason_to_hold
from commissions.models import Commission, Volume
from commissions.states import CommissionState, ReversalCause, Screening
from core.money import MAX_DIGITS
from tracking import actions as tracking
from tracking.hearsay import DOUBTS
from tracking.models import Conversion, Customer, Refund
from tracking.states import OrderState, RefundKind

TOO_LARGE = f"A commission of it is too large: at most {MAX_DIGITS} digits are kept."
_REFUNDS = {ReversalCause.REFUND, ReversalCause.CHARGEBACK, ReversalCause.CHARGEBACK_WON}


def lock(conversion: Conversion) -> Conversion:
    """Wait for whoever settles the conversion, or another of its buyer, now; return it as it is after that."""
    if conversion.customer_id is not None:
        Customer.objects.select_for_update(no_key=True).get(pk=conversion.customer_id)
    Conversion.objects.select_for_update(no_key=True).get(pk=conversion.pk)
    # a second question: what is joined to a locked row is as old as the question that had to wait
    fresh: Conversion = Conversion.objects.select_related("program", "order").get(pk=conversion.pk)
    return fresh


def lock_all(commissions: Iterable[int]) -> dict[int, Conversion]:
    """Wait for whoever settles what these commissions (ids) are of; return the conversions, by their ids.

    Everything is locked in one order, buyers first, so that two who want the same do not wait for each other.
    """
    ids = list(commissions)
    # one table at a time: while a database that was filled a moment ago takes a table for empty, it joins row by row
    found = set(Commission.objects.filter(pk__in=ids).values_list("conversion", flat=True))
    numbers = sorted(found - {None})
    customers = {*Conversion.objects.filter(pk__in=numbers).values_list("customer", flat=True)} - {None}
    list(Customer.objects.filter(pk__in=customers).select_for_update(no_key=True).order_by("pk").only("pk"))
    rows = Conversion.objects.filter(pk__in=numbers)
    list(rows.select_for_update(no_key=True).order_by("pk").only("pk"))
    theirs = Commission.objects.filter(Q(pk__in=ids) | Q(conversion__in=numbers))
    list(theirs.select_for_update().order_by("pk").only("pk"))
    return {row.pk: row for row in rows.select_related("program", "order")}


def settle(
    conversion: Conversion, *, at: datetime, cause: ReversalCause | None = None, is_redecided: bool = False
) -> None:
    """Accrue what is new, take back or credit what differs; the conversion is new, or comes from `lock`.

    `cause` says why it is settled where neither the order nor its refunds have changed; `is_redecided` that whoever
    gains, gains by a new decision.
    """
    facts = facts_of(conversion, to_settle=True)
    if facts.reason and (facts.counts or not facts.held):
        tracking.park(conversion, facts.reason, at=at)
        return
    tracking.release(conversion, at=at)
    share_program(conversion.program)
    plans, volumes = plans_of(conversion.program), volumes_of(conversion)
    hold_counters(conversion.program, {*facts.earners, *volumes}, windows_of(plans))
    counters = counters_before(facts)
    # a sale that is no more is worth nothing in any currency
    due = NOTHING if facts.reason else due_by(facts, counters)
    if due is None:
        tracking.park(conversion, TOO_LARGE, at=at)
        return
    _post(facts, due, cause, at, is_redecided=is_redecided)
    note_volume(facts, due, counters, volumes, plans, at)


def due_of(conversion: Conversion) -> Due | None:
    """Return what a conversion is worth by all facts, posting nothing; None while it cannot be valued."""
    facts = facts_of(conversion)
    return None if facts.reason else due_by(facts, counters_before(facts))


def _post(facts: Facts, due: Due, cause: ReversalCause | None, at: datetime, *, is_redecided: bool) -> None:
    taken = taken_from(list(facts.held.values()))
    for key, earned in due.earned.items():
        if key not in facts.held:
            facts.held[key] = _accrue(facts, earned, due, at)
    for key, commission in sorted(facts.held.items()):
        left = due.left.get(key, 0)
        excess = commission.amount - taken.get(commission.pk, 0) - left
        if excess:
            correct(commission, excess, left, _difference(facts, key, due, cause), at)
        if excess < 0 and is_redecided and not commission.is_held and (why := _why_held(facts, key)):
            _hold(commission, why, at)
    _confirm(facts, at)


def _accrue(facts: Facts, earned: Earned, due: Due, at: datetime) -> Commission:
    assert facts.plan is not None  # noqa: S101 - nothing is earned without a plan
    conversion, why = facts.conversion, _why_held(facts, (earned.enrollment_id, earned.level))
    program = conversion.program
    commission = Commission(
        program=program,
        enrollment_id=earned.enrollment_id,
        conversion=conversion,
        level=earned.level,
        amount=earned.amount,
        currency=program.currency,
        plan_version=facts.version,
        trace={**due.trace, "own": earned.as_json()},
        screening=Screening.WAITING if program.is_screened else Screening.NOT_REQUIRED,
        is_held=bool(why),
        reason=why,
        occurred_at=conversion.occurred_at,
        matures_at=conversion.captured_at + timedelta(days=facts.plan.maturity_days),
        created_at=at,
    )
    accrue(commission, at, {})
    if why:
        record("commission.held", commission, at, {"reason": why})
    return commission


def _why_held(facts: Facts, key: Key) -> str:
    sale, plan = facts.sale, facts.plan
    return reason_to_hold(
        facts.conversion.program,
        facts.decision,
        key,
        partners=sale.partners.values() if sale else (),
        compression=bool(plan and plan.compression),
    )


def _confirm(facts: Facts, at: datetime) -> None:
    """Release what was held only because of a browser's word, once the decision does not rest on it any more.

    There may be another reason to hold; then the hold stays, with that one.
    """
    for key, commission in sorted(facts.held.items()):
        if not commission.is_held or commission.reason not in DOUBTS:
            continue
        why = _why_held(facts, key)
        if why and why != commission.reason:
            _hold(commission, why, at)
        elif not why:
            commission.is_held, commission.reason = False, ""
            commission.save(update_fields=["is_held", "reason"])
            record("commission.released", commission, at, {"reason": ""})


def _hold(commission: Commission, why: str, at: datetime) -> None:
    was, commission.is_held, commission.reason = commission.reason, True, why
    commission.save(update_fields=["is_held", "reason"])
    record("commission.held", commission, at, {"reason": why, "was": was})


def move_times(conversion: Conversion, later: timedelta) -> None:
    """Let what is not approved yet mature by the time that the store tells, and count from then on."""
    pending = conversion.commissions.filter(state=CommissionState.PENDING)
    pending.update(occurred_at=conversion.occurred_at, matures_at=F("matures_at") + later)
    Volume.objects.filter(conversion=conversion).update(occurred_at=conversion.occurred_at)


def _difference(facts: Facts, key: Key, due: Due, cause: ReversalCause | None) -> Difference:
    cause = _cause(facts, key, due, cause)
    refunds = facts.refunds
    return Difference(
        cause=cause,
        trace={**due.trace, "refunds": [_told(refund) for refund in refunds]},
        refund=refunds[-1] if cause in _REFUNDS and len(refunds) == 1 else None,
        is_estimated=cause == ReversalCause.REFUND and any(refund.is_estimated for refund in refunds),
    )


def _cause(facts: Facts, key: Key, due: Due, cause: ReversalCause | None) -> ReversalCause:
    """Return the word for why a commission is worth something else than before."""
    if facts.reason:
        return ReversalCause.CANCELLATION
    if key not in due.earned and cause is None:
        return ReversalCause.DECISION
    if cause is not None:
        return cause
    if facts.value.state == OrderState.REFUNDED:
        return ReversalCause.REFUND
    if not facts.counts:
        return ReversalCause.CANCELLATION
    kinds = {refund.kind for refund in facts.refunds}
    ranked = (RefundKind.CHARGEBACK_WON, RefundKind.CHARGEBACK, RefundKind.CANCELLATION, RefundKind.REFUND)
    found = next((kind for kind in ranked if kind in kinds), None)
    return ReversalCause(found) if found else ReversalCause.REVISION


def _told(refund: Refund) -> dict[str, object]:
    return {"number": refund.external_id, "kind": refund.kind, "gross": refund.gross, "lines": refund.lines}
