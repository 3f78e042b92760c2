"""The life of a commission: held, released, approved; and adjustments by hand."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from affiliates.roles import demand
from commissions import ledger
from commissions.actions.posting import record
from commissions.actions.settling import lock, settle
from commissions.holds import FRAUD, SELF_REFERRAL
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
from core.models import Event, User
from tracking.hearsay import DOUBTS
from tracking.states import ConversionState

CHUNK = 200
CODES = re.compile(rf"\A\s*({FRAUD}|{SELF_REFERRAL}):\s*", re.IGNORECASE)  # how reasons of the house begin


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
    commission = locked(commission)
    now = at or timezone.now()
    if commission.state == CommissionState.APPROVED:
        return commission
    if actor is not None:
        demand(actor, "hold_commissions", commission.program.merchant_id)
    if commission.is_held or commission.screening == Screening.WAITING:
        raise IllegalMove(_("It is on hold or not screened yet."))
    if Commission.objects.filter(Commission.objects.all().on_doubtful_sales(), pk=commission.pk).exists():
        raise IllegalMove(_("Fraud review looks at a sale that it counts."))
    if commission.conversion and commission.conversion.state == ConversionState.PARKED:
        raise IllegalMove(_("Its order is parked: it cannot be valued at present."))
    if commission.matures_at > now:
        raise IllegalMove(_("It has not matured yet: the buyer may still return the goods."))
    return _approve(commission, actor, now)


def _approve(commission: Commission, actor: User | None, at: datetime) -> Commission:
    guard(commission, CommissionState.PENDING, CommissionState.APPROVED)
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
    record("commission.approved", commission, at, {}, actor)
    return commission


@transaction.atomic
def hold(
    commission: Commission,
    *,
    reason: str,
    actor: User | None = None,
    at: datetime | None = None,
    instead_of: str = "",
) -> Commission:
    """Put the brake on: it is neither approved nor paid until somebody releases it; the amount stays where it is.

    One that is on hold stays so for its own reason, unless that is the one that this comes `instead_of`.
    """
    commission = locked(commission)
    if actor is not None:
        demand(actor, "hold_commissions", commission.program.merchant_id)
    if commission.state == CommissionState.DECLINED:
        raise IllegalMove(_("It was declined; there is nothing to hold."))
    if commission.is_held and not (instead_of and commission.reason == instead_of):
        return commission
    was = reason_before(commission) if commission.is_held else commission.reason
    commission.is_held, commission.reason = True, said(reason) if actor is None else said_by_hand(reason)
    commission.save(update_fields=["is_held", "reason"])
    record("commission.held", commission, at, {"reason": commission.reason, "was": was}, actor)
    return commission


@transaction.atomic
def release(
    commission: Commission, *, reason: str = "", actor: User, at: datetime | None = None
) -> Commission:
    """Take the brake off; maturity still counts. Not for one's own earnings, nor while fraud review looks at it."""
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = locked(commission)
    demand(actor, "hold_commissions", commission.program.merchant_id)
    if commission.enrollment.affiliate.user_id == actor.pk:
        raise IllegalMove(_("Nobody releases their own earnings."))
    if not commission.is_held:
        return commission
    free_of_review(commission)
    was = commission.reason
    _release(commission, in_own_words(reason), actor, at)
    if conversion is not None and was in DOUBTS:  # it counts from now on, and others may move
        settle(conversion, at=at or timezone.now(), cause=ReversalCause.VOLUME)
    return commission


@transaction.atomic
def let_go(
    commission: Commission, *, reason: str = "", actor: User | None = None, at: datetime | None = None
) -> Commission:
    """Let go of what fraud review has held; a browser's word stays doubtful until a shop confirms the order."""
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = locked(commission)
    if actor is not None:
        demand(actor, "hold_commissions", commission.program.merchant_id)
        if commission.enrollment.affiliate.user_id == actor.pk:
            raise IllegalMove(_("Nobody releases their own earnings."))
    if not commission.is_held:
        return commission
    if commission.reason not in DOUBTS:
        _release(commission, reason, actor, at)
    elif conversion is not None:  # it may have been confirmed while it waited
        settle(conversion, at=at or timezone.now(), cause=ReversalCause.VOLUME)
    return locked(commission)


def _release(commission: Commission, reason: str, actor: User | None, at: datetime | None) -> None:
    commission.is_held = False
    commission.reason = "" if commission.kind == CommissionKind.EARNED else reason_before(commission)
    commission.save(update_fields=["is_held", "reason"])
    record("commission.released", commission, at, {"reason": reason}, actor)


def reason_before(commission: Commission) -> str:
    """Return what an adjustment, bonus or true-up is for, which the reason of the hold has stood in front of."""
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
def count_look(looks: Mapping[int, int]) -> bool:
    """Count one more look at commissions; `looks` says how many each had when its facts began to be read.

    False where another look came between: what was read may be older than what that one saw. Nothing is counted then.
    """
    rows = Commission.objects.select_for_update().filter(pk__in=looks).order_by("pk")
    if dict(rows.values_list("pk", "looks")) != dict(looks):
        return False
    Commission.objects.filter(pk__in=looks).update(looks=F("looks") + 1)
    return True


@transaction.atomic
def wait_for_screening(commissions: Iterable[Commission]) -> int:
    """Say that pending ones must be looked at before they can be approved; return how many did not wait for it."""
    ids = [commission.pk for commission in commissions]
    pending = Commission.objects.filter(pk__in=ids, state=CommissionState.PENDING)
    return int(pending.exclude(screening=Screening.WAITING).update(screening=Screening.WAITING))


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
        reason=said_by_hand(reason),
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
    record("commission.adjusted", commission, now, {"amount": amount, "reason": commission.reason}, actor)
    return commission


def locked(commission: Commission) -> Commission:
    """Wait for whoever changes the commission now; return it as it is after that."""
    rows = Commission.objects.select_for_update(of=("self",)).select_related(
        "program", "enrollment__affiliate"
    )
    return rows.get(pk=commission.pk)  # type: ignore[no-any-return]


def guard(commission: Commission, old: CommissionState, new: CommissionState) -> None:
    """Raise IllegalMove, with a sentence, unless it is `old` and may become `new`."""
    if commission.state != old or new not in MOVES[old]:
        message = _("A commission that is %(state)s cannot be changed this way.")
        raise IllegalMove(message % {"state": commission.get_state_display()})


def free_of_review(commission: Commission) -> None:
    """Raise IllegalMove, with a sentence, while only a verdict of fraud review may move it."""
    if not commission.is_in_review:
        return
    if commission.reason.startswith(f"{FRAUD}:"):
        raise IllegalMove(_("Fraud review holds it: decide the case."))
    raise IllegalMove(
        _("Fraud review holds it too: decide the case. If there is none yet, try again in a minute.")
    )


def said(reason: str) -> str:
    """Return the reason as it is kept; raise IllegalMove for none."""
    if not reason.strip():
        raise IllegalMove(_("Say why: the affiliate reads the reason."))
    return reason.strip()[:300]


def said_by_hand(reason: str) -> str:
    """Return a person's reason as it is kept; raise IllegalMove for none."""
    return said(in_own_words(reason))


def in_own_words(reason: str) -> str:
    """Return what a person wrote so that nobody takes it for a code of the house, which fraud review would answer."""
    return CODES.sub(r"\1 – ", reason)
