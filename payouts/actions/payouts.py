"""The life of one payout after its approval: sent, paid, or failed and payable again."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import demand
from commissions import ledger
from commissions.states import AccountKind, EntryKind
from core import events
from core.models import User
from payouts.models import Payout
from payouts.states import IllegalMove, PayoutState, guard


@transaction.atomic
def mark_sent(payout: Payout, *, reference: str, actor: User, at: datetime | None = None) -> Payout:
    """Note that the money was sent, under which reference."""
    payout = _locked(payout, actor)
    if payout.state == PayoutState.SENT and payout.reference == reference.strip():
        return payout
    guard(payout.state, PayoutState.SENT)
    payout.state, payout.reference, payout.sent_at = (
        PayoutState.SENT,
        _reference(reference),
        at or timezone.now(),
    )
    payout.save(update_fields=["state", "reference", "sent_at"])
    _record("payout.sent", payout, actor, at, {"reference": payout.reference})
    return payout


@transaction.atomic
def mark_paid(payout: Payout, *, reference: str = "", actor: User, at: datetime | None = None) -> Payout:
    """Note that the money has arrived; the ledger moves it from in transit to paid."""
    payout = _locked(payout, actor)
    if payout.state == PayoutState.PAID:
        return payout
    guard(payout.state, PayoutState.PAID)
    now = at or timezone.now()
    payout.state, payout.paid_at, payout.sent_at = PayoutState.PAID, now, payout.sent_at or now
    payout.reference = _reference(reference or payout.reference)
    payout.save(update_fields=["state", "paid_at", "sent_at", "reference"])
    ledger.post(
        EntryKind.SETTLEMENT,
        f"payout:{payout.pk}",
        debit=ledger.account(payout.program, AccountKind.IN_TRANSIT, payout.enrollment),
        credit=ledger.account(payout.program, AccountKind.PAID, payout.enrollment),
        amount=payout.amount,
        actor=actor,
        at=now,
    )
    _record("payout.paid", payout, actor, now, {"reference": payout.reference})
    return payout


@transaction.atomic
def mark_failed(payout: Payout, *, reason: str, actor: User, at: datetime | None = None) -> Payout:
    """Note that the money came back or never left; everything in it is payable again."""
    payout = _locked(payout, actor)
    if payout.state == PayoutState.FAILED:
        return payout
    guard(payout.state, PayoutState.FAILED)
    if not reason.strip():
        raise IllegalMove(_("Say why it failed: the affiliate reads it."))
    now = at or timezone.now()
    payout.state, payout.failure = PayoutState.FAILED, reason.strip()[:300]
    payout.save(update_fields=["state", "failure"])
    payout.items.update(is_live=False)
    ledger.post(
        EntryKind.FAILURE,
        f"payout:{payout.pk}",
        debit=ledger.account(payout.program, AccountKind.IN_TRANSIT, payout.enrollment),
        credit=ledger.account(payout.program, AccountKind.PAYABLE, payout.enrollment),
        amount=payout.amount,
        actor=actor,
        at=now,
    )
    _record("payout.failed", payout, actor, now, {"reason": payout.failure})
    return payout


def _locked(payout: Payout, actor: User) -> Payout:
    rows = Payout.objects.select_for_update(of=("self",)).select_related("program", "enrollment__affiliate")
    locked: Payout = rows.get(pk=payout.pk)
    demand(actor, "settle_payouts", locked.program.merchant_id)
    return locked


def _reference(reference: str) -> str:
    if not reference.strip():
        raise IllegalMove(_("Enter the reference of the transfer, so that it can be found again."))
    return reference.strip()[:120]


def _record(
    kind: str, payout: Payout, actor: User, at: datetime | None, data: dict[str, object] | None = None
) -> None:
    program = payout.program
    events.record(kind, payout, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
