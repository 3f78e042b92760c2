"""The life of a commission: held, released, approved, declined; and adjustments by hand."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from affiliates.roles import demand
from commissions import ledger
from commissions.actions.settling import lock, settle
from commissions.models import Commission
from commissions.states import (
    MOVES,
    AccountKind,
    CommissionKind,
    CommissionState,
    EntryKind,
    IllegalMove,
    ReversalCause,
    Screening,
)
from core import events
from core.models import Event, User
from tracking.hearsay import DOUBTS
from tracking.states import ConversionState

CHUNK = 200


def approve_due(*, at: datetime | None = None) -> int:
    """Approve every pending commission that has matured, is screened and not held; return how many."""
    now = at or timezone.now()
    approved = 0
    while ids := list(Commission.objects.due(now).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            ready = (
                Commission.objects.due(now).select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
            )
            rows = list(ready.select_related("program", "enrollment").prefetch_related("reversals"))
            for commission in rows:
                _approve(commission, None, now)
        approved += len(rows)
    return approved


@transaction.atomic
def approve(commission: Commission, *, actor: User | None = None, at: datetime | None = None) -> Commission:
    """Approve one commission whose maturity has come; raise IllegalMove while a brake is on."""
    commission = _locked(commission)
    now = at or timezone.now()
    if commission.state == CommissionState.APPROVED:
        return commission
    if actor is not None:
        demand(actor, "hold_commissions", commission.program.merchant_id)
    if commission.is_held or commission.screening == Screening.WAITING:
        raise IllegalMove(_("It is on hold or not screened yet."))
    if commission.conversion and commission.conversion.state == ConversionState.PARKED:
        raise IllegalMove(_("Its order is parked: it cannot be valued at present."))
    if commission.matures_at > now:
        raise IllegalMove(_("It has not matured yet: the buyer may still return the goods."))
    return _approve(commission, actor, now)


def _approve(commission: Commission, actor: User | None, at: datetime) -> Commission:
    _guard(commission, CommissionState.APPROVED)
    commission.state, commission.approved_at = CommissionState.APPROVED, at
    commission.save(update_fields=["state", "approved_at"])
    program = commission.program
    pending = ledger.account(program, AccountKind.PENDING, commission.enrollment)
    payable = ledger.account(program, AccountKind.PAYABLE, commission.enrollment)
    net = commission.net.amount  # below zero for a true-up that takes more back than the period gave
    ledger.post(
        EntryKind.APPROVAL,
        f"commission:{commission.pk}",
        debit=pending if net >= 0 else payable,
        credit=payable if net >= 0 else pending,
        amount=abs(net),
        commission=commission,
        actor=actor,
        at=at,
    )
    _record("commission.approved", commission, actor, at)
    return commission


@transaction.atomic
def decline(commission: Commission, *, reason: str, actor: User, at: datetime | None = None) -> Commission:
    """Refuse a pending commission; the amount goes back and the affiliate reads the reason."""
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = _locked(commission)
    demand(actor, "decline_commissions", commission.program.merchant_id)
    if commission.state == CommissionState.DECLINED:
        return commission
    _guard(commission, CommissionState.DECLINED)
    commission.state, commission.reason, commission.is_held = CommissionState.DECLINED, _why(reason), False
    commission.save(update_fields=["state", "reason", "is_held"])
    program = commission.program
    pending = ledger.account(program, AccountKind.PENDING, commission.enrollment)
    expense = ledger.account(program, AccountKind.EXPENSE)
    net = commission.net.amount  # below zero for a true-up that takes back
    ledger.post(
        EntryKind.DECLINE,
        f"commission:{commission.pk}",
        debit=pending if net >= 0 else expense,
        credit=expense if net >= 0 else pending,
        amount=abs(net),
        commission=commission,
        actor=actor,
        at=at,
    )
    _record("commission.declined", commission, actor, at, {"reason": commission.reason})
    if conversion is not None:  # it counts for nothing from now on, and others may move up
        settle(conversion, at=at or timezone.now(), cause=ReversalCause.VOLUME)
    return commission


@transaction.atomic
def hold(
    commission: Commission, *, reason: str, actor: User | None = None, at: datetime | None = None
) -> Commission:
    """Put the brake on: it is neither approved nor paid until somebody releases it; the amount stays where it is."""
    commission = _locked(commission)
    if actor is not None:
        demand(actor, "hold_commissions", commission.program.merchant_id)
    if commission.state == CommissionState.DECLINED:
        raise IllegalMove(_("It was declined; there is nothing to hold."))
    if commission.is_held:
        return commission
    was, commission.is_held, commission.reason = commission.reason, True, _why(reason)
    commission.save(update_fields=["is_held", "reason"])
    _record("commission.held", commission, actor, at, {"reason": commission.reason, "was": was})
    return commission


@transaction.atomic
def release(
    commission: Commission, *, reason: str = "", actor: User, at: datetime | None = None
) -> Commission:
    """Take the brake off; maturity still counts. Not for one's own earnings."""
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = _locked(commission)
    demand(actor, "hold_commissions", commission.program.merchant_id)
    if commission.enrollment.affiliate.user_id == actor.pk:
        raise IllegalMove(_("Nobody releases their own earnings."))
    if not commission.is_held:
        return commission
    commission.is_held, was = False, commission.reason
    commission.reason = "" if commission.kind == CommissionKind.EARNED else _reason_before(commission)
    commission.save(update_fields=["is_held", "reason"])
    _record("commission.released", commission, actor, at, {"reason": reason})
    if conversion is not None and was in DOUBTS:  # it counts from now on, and others may move
        settle(conversion, at=at or timezone.now(), cause=ReversalCause.VOLUME)
    return commission


def _reason_before(commission: Commission) -> str:
    """What an adjustment, bonus or true-up is for, which the reason of the hold has stood in front of."""
    told = Event.objects.filter(kind="commission.held", subject_id=str(commission.pk))
    held = told.filter(subject_type=commission._meta.label_lower).order_by("pk").last()
    return str(held.data.get("was") or commission.reason) if held else commission.reason


@transaction.atomic
def mark_screened(commissions: Iterable[Commission], *, at: datetime | None = None) -> int:
    """Say that a screener has looked at these; return how many waited for it."""
    ids = [commission.pk for commission in commissions]
    waiting = Commission.objects.filter(pk__in=ids, screening=Screening.WAITING)
    return int(waiting.update(screening=Screening.SCREENED))


@transaction.atomic
def adjust(
    enrollment: Enrollment,
    amount: int,
    *,
    reason: str,
    actor: User,
    kind: CommissionKind = CommissionKind.CORRECTION,
    at: datetime | None = None,
) -> Commission:
    """Add (or, below zero, take) minor units by hand, payable at once; by finance, with a reason."""
    program = enrollment.program
    demand(actor, "adjust_commissions", program.merchant_id)
    if enrollment.affiliate.user_id == actor.pk:
        raise IllegalMove(_("Nobody adjusts their own earnings."))
    if amount == 0 or (amount < 0 and kind == CommissionKind.BONUS):
        raise IllegalMove(_("Enter an amount; a bonus is above zero."))
    now = at or timezone.now()
    commission: Commission = Commission.objects.create(
        program=program,
        enrollment=enrollment,
        kind=kind,
        level=1,
        amount=amount,
        currency=program.currency,
        state=CommissionState.APPROVED,
        reason=_why(reason),
        occurred_at=now,
        matures_at=now,
        approved_at=now,
        created_by=actor,
        created_at=now,
    )
    payable = ledger.account(program, AccountKind.PAYABLE, enrollment)
    expense = ledger.account(program, AccountKind.EXPENSE)
    ledger.post(
        EntryKind.ACCRUAL if amount > 0 else EntryKind.REVERSAL,
        f"commission:{commission.pk}",
        debit=expense if amount > 0 else payable,
        credit=payable if amount > 0 else expense,
        amount=abs(amount),
        commission=commission,
        actor=actor,
        at=now,
    )
    _record("commission.adjusted", commission, actor, now, {"amount": amount, "reason": commission.reason})
    return commission


def _locked(commission: Commission) -> Commission:
    rows = Commission.objects.select_for_update(of=("self",)).select_related(
        "program", "enrollment__affiliate"
    )
    return rows.get(pk=commission.pk)  # type: ignore[no-any-return]


def _guard(commission: Commission, state: CommissionState) -> None:
    if state not in MOVES[commission.state]:
        message = _("A commission that is %(state)s cannot be changed this way.")
        raise IllegalMove(message % {"state": commission.get_state_display()})


def _why(reason: str) -> str:
    if not reason.strip():
        raise IllegalMove(_("Say why: the affiliate reads the reason."))
    return reason.strip()[:300]


def _record(
    kind: str,
    commission: Commission,
    actor: User | None,
    at: datetime | None,
    data: dict[str, object] | None = None,
) -> None:
    program = commission.program
    events.record(
        kind, commission, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
