"""Makes what a conversion's commissions hold equal to what the facts say is due; posts only the difference."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from affiliates.models import Enrollment
from commissions import ledger
from commissions.actions.plans import plan_version_for
from commissions.earned import Earned
from commissions.models import Commission, PlanVersion, Reversal
from commissions.plan import Plan, parse_plan
from commissions.rates import evaluate
from commissions.states import AccountKind, CommissionState, EntryKind, ReversalCause
from commissions.valuation import dues, sale_of
from core import events
from tracking import actions as tracking
from tracking.models import Conversion, Decision, Refund
from tracking.orders import OrderIn
from tracking.states import OrderState, RefundKind

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Due:
    """What a conversion is worth by all facts: the full amounts, what is left of them, and why."""

    version: PlanVersion | None
    plan: Plan | None
    earned: dict[Key, Earned]
    left: dict[Key, int]
    trace: dict[str, object]
    refunds: list[Refund]


def lock(conversion: Conversion) -> Conversion:
    """Wait for whoever settles the conversion now; return it and its order as they are after that."""
    Conversion.objects.select_for_update(no_key=True).get(pk=conversion.pk)
    # a second question: what is joined to a locked row is as old as the question that had to wait
    fresh: Conversion = Conversion.objects.select_related("program", "order").get(pk=conversion.pk)
    return fresh


def settle(conversion: Conversion, *, at: datetime) -> None:
    """Accrue what is new, take back or credit what differs; the conversion is new, or comes from `lock`."""
    decision = conversion.decisions.select_related("enrollment").get(is_current=True)
    value = conversion.order.as_value()
    held = _held(conversion, lock=True)
    version = _version(conversion, decision.enrollment, held)
    reason = _cannot_value(conversion, value, decision, version)
    if reason and (value.state == OrderState.SALE or not held):
        tracking.park(conversion, reason, at=at)
        return
    tracking.release(conversion, at=at)
    # a sale that is no more is worth nothing in any currency
    due = Due(version, None, {}, {}, {}, []) if reason else _due(conversion, value, decision, version)
    taken = _taken(held)
    for key, earned in due.earned.items():
        if key not in held:
            held[key] = _accrue(conversion, earned, due, decision, at)
    for key, commission in sorted(held.items()):
        cause = _cause(key, value, due) if not reason else ReversalCause.CANCELLATION
        excess = commission.amount - taken.get(commission.pk, 0) - due.left.get(key, 0)
        _correct(commission, excess, due.left.get(key, 0), cause, due, at)


def due_of(conversion: Conversion) -> Due | None:
    """Return what a conversion is worth by all facts, posting nothing; None while it cannot be valued."""
    decision = conversion.decisions.select_related("enrollment").get(is_current=True)
    value = conversion.order.as_value()
    version = _version(conversion, decision.enrollment, _held(conversion))
    if _cannot_value(conversion, value, decision, version):
        return None
    return _due(conversion, value, decision, version)


def _held(conversion: Conversion, *, lock: bool = False) -> dict[Key, Commission]:
    """Return (enrollment, level) -> commission, the lowest level first."""
    rows = conversion.commissions.select_related("plan_version").order_by("level")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return {(row.enrollment_id, row.level): row for row in rows}


def _cannot_value(
    conversion: Conversion, value: OrderIn, decision: Decision, version: PlanVersion | None
) -> str:
    """Return the sentence that says what is missing, or an empty text."""
    if decision.enrollment is None:
        return ""
    currency = conversion.program.currency
    if value.currency != currency:
        return f"The order is in {value.currency}, commissions are in {currency}: no exchange rate is stored."
    if version is None:
        return "No plan was in force when the order was made: publish and assign one."
    return ""


def _version(
    conversion: Conversion, winner: Enrollment | None, held: dict[Key, Commission]
) -> PlanVersion | None:
    """Return the version the conversion was first valued by, else the one in force when it occurred."""
    if winner is None:
        return None
    first = held.get((winner.pk, 1))  # as a sponsor it was valued by somebody else's plan
    return first.plan_version if first else plan_version_for(winner, conversion.occurred_at)


def _taken(held: dict[Key, Commission]) -> dict[int, int]:
    """Return commission id -> minor units taken back so far; a new conversion has none to ask for."""
    if not held:
        return {}
    rows = Reversal.objects.filter(commission__in=held.values()).order_by()
    return dict(rows.values_list("commission").annotate(Sum("amount")))


def _due(conversion: Conversion, value: OrderIn, decision: Decision, version: PlanVersion | None) -> Due:
    refunds = list(conversion.order.refunds.in_force().order_by("external_id"))
    if decision.enrollment is None:
        return Due(None, None, {}, {}, {}, refunds)
    assert version is not None  # noqa: S101 - _cannot_value has parked it otherwise
    program = conversion.program
    plan = parse_plan(version.body, program.currency)
    sale = sale_of(program, value, decision, conversion.is_new_customer)
    evaluation = evaluate(plan, sale)
    earned = {(one.enrollment_id, one.level): one for one in evaluation.commissions}
    counts = value.state == OrderState.SALE
    left = dues(sale, value, evaluation.commissions, refunds) if counts else {}
    return Due(version, plan, earned, left, evaluation.trace, refunds)


def _accrue(conversion: Conversion, earned: Earned, due: Due, decision: Decision, at: datetime) -> Commission:
    assert due.version is not None  # noqa: S101 - nothing is earned without a plan
    assert due.plan is not None  # noqa: S101
    program = conversion.program
    matures_at = conversion.captured_at + timedelta(days=due.plan.maturity_days)
    own = str(decision.trace.get("self_referral") or "")
    commission: Commission = Commission.objects.create(
        program=program,
        enrollment_id=earned.enrollment_id,
        conversion=conversion,
        level=earned.level,
        amount=earned.amount,
        currency=program.currency,
        plan_version=due.version,
        trace={**due.trace, "own": earned.as_json()},
        is_held=bool(own),
        reason=f"self_referral:{own}" if own else "",
        occurred_at=conversion.occurred_at,
        matures_at=matures_at,
        created_at=at,
    )
    ledger.post(
        EntryKind.ACCRUAL,
        f"commission:{commission.pk}",
        debit=ledger.account(program, AccountKind.EXPENSE),
        credit=ledger.account(program, AccountKind.PENDING, commission.enrollment_id),
        amount=commission.amount,
        commission=commission,
        at=at,
    )
    _record("commission.accrued", commission, at, {"amount": commission.amount, "level": commission.level})
    if own:
        _record("commission.held", commission, at, {"reason": commission.reason})
    return commission


def _correct(
    commission: Commission, excess: int, left: int, cause: ReversalCause, due: Due, at: datetime
) -> None:
    """Post what the commission holds too much (taken back) or too little (credited)."""
    if commission.state == CommissionState.DECLINED or excess == 0:
        return
    estimated = cause == ReversalCause.REFUND and any(refund.is_estimated for refund in due.refunds)
    reversal: Reversal = Reversal.objects.create(
        commission=commission,
        number=commission.reversals.count() + 1,
        cause=cause,
        amount=excess,
        refund=due.refunds[-1] if cause in _REFUNDS and len(due.refunds) == 1 else None,
        is_estimated=estimated,
        trace={**due.trace, "left": left, "refunds": [_told(refund) for refund in due.refunds]},
        at=at,
    )
    _post(commission, reversal, at)
    data = {"amount": excess, "cause": cause, "left": left}
    _record("commission.reversed", commission, at, data)


def _post(commission: Commission, reversal: Reversal, at: datetime) -> None:
    program = commission.program
    pending = commission.state == CommissionState.PENDING
    place = ledger.account(
        program, AccountKind.PENDING if pending else AccountKind.PAYABLE, commission.enrollment_id
    )
    expense = ledger.account(program, AccountKind.EXPENSE)
    back = reversal.amount > 0
    ledger.post(
        EntryKind.REVERSAL if back else EntryKind.CREDIT,
        f"reversal:{reversal.pk}",
        debit=place if back else expense,
        credit=expense if back else place,
        amount=abs(reversal.amount),
        commission=commission,
        at=at,
    )


_REFUNDS = {ReversalCause.REFUND, ReversalCause.CHARGEBACK, ReversalCause.CHARGEBACK_WON}


def _cause(key: Key, value: OrderIn, due: Due) -> ReversalCause:
    """Return the word for why a commission is worth something else than before."""
    if key not in due.earned:
        return ReversalCause.DECISION
    if value.state == OrderState.REFUNDED:
        return ReversalCause.REFUND
    if value.state != OrderState.SALE:
        return ReversalCause.CANCELLATION
    kinds = {refund.kind for refund in due.refunds}
    ranked = (RefundKind.CHARGEBACK_WON, RefundKind.CHARGEBACK, RefundKind.CANCELLATION, RefundKind.REFUND)
    found = next((kind for kind in ranked if kind in kinds), None)
    return ReversalCause(found) if found else ReversalCause.REVISION


def _told(refund: Refund) -> dict[str, object]:
    return {"number": refund.external_id, "kind": refund.kind, "gross": refund.gross, "lines": refund.lines}


def _record(kind: str, commission: Commission, at: datetime, data: dict[str, object]) -> None:
    program = commission.program
    events.record(kind, commission, tenant=program.merchant_id, scope=program.pk, at=at, data=data)
