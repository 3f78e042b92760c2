"""What is refused: pending earnings declined, approved ones taken back, and both given again."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import demand
from commissions import ledger
from commissions.actions.commissions import (
    free_of_review,
    guard,
    in_own_words,
    locked,
    reason_before,
    said,
)
from commissions.actions.owed import JOINING, span_named
from commissions.actions.periods import settle_bonuses, settle_true_ups
from commissions.actions.posting import Difference, correct, record
from commissions.actions.settling import lock, settle
from commissions.holds import FRAUD
from commissions.models import Commission, Entry
from commissions.states import (
    AccountKind,
    CommissionKind,
    CommissionState,
    EntryKind,
    IllegalMove,
    ReversalCause,
)
from core.models import Event, User
from tracking.models import Conversion
from tracking.states import OrderState

ALL = "all"  # the period of a bonus that counts everything


@transaction.atomic
def decline(
    commission: Commission,
    *,
    reason: str,
    actor: User | None,
    at: datetime | None = None,
    by_verdict: bool = False,
) -> Commission:
    """Refuse a pending commission; the amount goes back and the affiliate reads the reason.

    Without an actor it is a program's own rule that refuses it. Raises IllegalMove while fraud review looks at it,
    which may ask for two people, unless it is its verdict.
    """
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = locked(commission)
    if actor is not None:
        demand(actor, "decline_commissions", commission.program.merchant_id)
    if commission.state == CommissionState.DECLINED:
        return commission
    guard(commission, CommissionState.PENDING, CommissionState.DECLINED)
    if actor is not None and not by_verdict:
        free_of_review(commission)
        reason = in_own_words(reason)
    before = {"was": commission.reason, "held": commission.is_held}
    _decline(commission, reason)
    again = Entry.objects.filter(commission=commission, kind=EntryKind.DECLINE).count()
    source = f"commission:{commission.pk}:{again}" if again else f"commission:{commission.pk}"
    _move(EntryKind.DECLINE, source, commission, -commission.net.amount, actor, at)
    record("commission.declined", commission, at, {"reason": commission.reason, **before}, actor)
    if conversion is not None:  # it counts for nothing from now on, and others may move up
        settle(conversion, at=at or timezone.now(), cause=ReversalCause.VOLUME)
    return commission


@transaction.atomic
def take_back(
    commission: Commission,
    *,
    reason: str,
    actor: User,
    at: datetime | None = None,
    by_verdict: bool = False,
) -> Commission:
    """Take back all of an approved commission; what was paid of it becomes a debt. A pending one is declined.

    Not from oneself: who would lose by it does not decide whether it stays; nor beside a review (see `decline`).
    """
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = locked(commission)
    demand(actor, "decline_commissions", commission.program.merchant_id)
    if _is_own(commission, actor):
        raise IllegalMove(_("Nobody decides on their own earnings."))
    if commission.state != CommissionState.APPROVED:
        return decline(commission, reason=reason, actor=actor, at=at, by_verdict=by_verdict)
    if not by_verdict:
        free_of_review(commission)
        reason = in_own_words(reason)
    now, net = at or timezone.now(), commission.net.amount
    before = {"was": commission.reason, "held": commission.is_held, "taken": net}
    guard(commission, CommissionState.APPROVED, CommissionState.DECLINED)
    correct(commission, net, 0, Difference(ReversalCause.FRAUD, actor=actor), now)
    _decline(commission, reason)
    record("commission.declined", commission, now, {"reason": commission.reason, **before}, actor)
    if conversion is not None:
        settle(conversion, at=now, cause=ReversalCause.VOLUME)
    return commission


@transaction.atomic
def reinstate(commission: Commission, *, reason: str, actor: User, at: datetime | None = None) -> Commission:
    """Let a declined commission be what it was, pending or approved, worth what is due now. Not for oneself."""
    conversion = lock(commission.conversion) if commission.conversion else None
    commission = locked(commission)
    demand(actor, "decline_commissions", commission.program.merchant_id)
    if _is_own(commission, actor):
        raise IllegalMove(_("Nobody decides on their own earnings."))
    if commission.state != CommissionState.DECLINED:
        return commission
    now, why = at or timezone.now(), said(reason)
    state = CommissionState.APPROVED if commission.approved_at else CommissionState.PENDING
    guard(commission, CommissionState.DECLINED, state)
    commission.state = state
    commission.is_held, commission.reason = _as_before(commission)
    commission.save(update_fields=["state", "is_held", "reason"])
    _give_again(commission, actor, now)
    record("commission.reinstated", commission, now, {"reason": why, "state": str(state)}, actor)
    _bring_up_to_date(commission, conversion, now)
    return locked(commission)


def _decline(commission: Commission, reason: str) -> None:
    commission.state, commission.reason, commission.is_held = CommissionState.DECLINED, said(reason), False
    commission.save(update_fields=["state", "reason", "is_held"])


def _move(
    kind: EntryKind,
    source: str,
    commission: Commission,
    amount: int,
    actor: User | None,
    at: datetime | None,
) -> None:
    """Put an amount on the pending account, from expense, or (below zero) take it off."""
    program = commission.program
    pending = ledger.account(program, AccountKind.PENDING, commission.enrollment)
    expense = ledger.account(program, AccountKind.EXPENSE)
    ledger.post(
        kind,
        source,
        debit=expense if amount >= 0 else pending,
        credit=pending if amount >= 0 else expense,
        amount=abs(amount),
        commission=commission,
        actor=actor,
        at=at,
    )


def _give_again(commission: Commission, actor: User, at: datetime) -> None:
    """Post what was taken: of an approved one all that reviews took back, of a pending one what it was worth."""
    if commission.state == CommissionState.APPROVED:
        taken = commission.reversals.filter(cause=ReversalCause.FRAUD).aggregate(sum=Sum("amount"))["sum"]
        left = commission.net.amount + (taken or 0)
        correct(commission, -(taken or 0), left, Difference(ReversalCause.FRAUD, actor=actor), at)
        return
    net = commission.net.amount  # below zero for a true-up that takes back
    source = f"reinstated:{commission.pk}:"
    again = Entry.objects.filter(commission=commission, source__startswith=source).count()
    kind = EntryKind.CREDIT if net >= 0 else EntryKind.REVERSAL
    _move(kind, f"{source}{again}", commission, net, actor, at)


def _as_before(commission: Commission) -> tuple[bool, str]:
    """Whether it was on hold when it was declined, and its reason then; a case that held it holds anew."""
    told = Event.objects.filter(kind="commission.declined", subject_id=str(commission.pk))
    last = told.filter(subject_type=commission._meta.label_lower).order_by("pk").last()
    data: dict[str, Any] = last.data if last else {}
    was, held = str(data.get("was") or ""), bool(data.get("held"))
    if was.startswith(f"{FRAUD}:"):
        was, held = "", False
    if commission.kind != CommissionKind.EARNED and not was:
        was = reason_before(commission)
    return held, was


def _bring_up_to_date(commission: Commission, conversion: Conversion | None, at: datetime) -> None:
    """Money may have gone back, and others may have moved, while it counted for nothing."""
    if conversion is not None:
        order = conversion.order
        is_whole = order.state == OrderState.SALE and not order.refunds.in_force().exists()
        settle(conversion, at=at, cause=ReversalCause.VOLUME if is_whole else None)
        return
    trace = commission.trace
    kind, period = trace.get("kind"), str(trace.get("period") or "")
    if kind == "true_up":
        settle_true_ups(commission.enrollment, period, at=at)
    elif kind == "bonus" and period != JOINING:
        settle_bonuses(commission.enrollment, _inside(commission, period), at=at)


def _inside(commission: Commission, period: str) -> datetime:
    """An instant of the period that a bonus is for."""
    start = None if period == ALL else span_named(period)[0].start
    zone = ZoneInfo(commission.program.time_zone)
    return start.replace(tzinfo=zone) if start else commission.occurred_at


def _is_own(commission: Commission, user: User) -> bool:
    return bool(commission.enrollment.affiliate.user_id == user.pk)
