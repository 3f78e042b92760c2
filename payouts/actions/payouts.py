"""The life of one payout after its approval, as people note it: sent, paid, or failed and payable again.

What a machine sends, people leave alone, unless the machine has not begun or has given up; see carried.py.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import demand
from core.models import User
from payouts.actions.booking import book_failed, book_paid, locked, record, reference_of
from payouts.models import Payout
from payouts.states import IllegalMove, PayoutState, guard


@transaction.atomic
def mark_sent(payout: Payout, *, reference: str, actor: User, at: datetime | None = None) -> Payout:
    """Note that the money was sent, under which reference."""
    payout = _locked(payout, actor)
    if payout.state == PayoutState.SENT and payout.reference == reference.strip():
        return payout
    if not payout.is_by_hand:
        raise IllegalMove(_sent_by_a_machine())
    guard(payout.state, PayoutState.SENT)
    payout.state, payout.reference, payout.sent_at = (
        PayoutState.SENT,
        reference_of(reference),
        at or timezone.now(),
    )
    payout.save(update_fields=["state", "reference", "sent_at"])
    record("payout.sent", payout, actor, at, {"reference": payout.reference})
    return payout


@transaction.atomic
def mark_paid(payout: Payout, *, reference: str = "", actor: User, at: datetime | None = None) -> Payout:
    """Note that the money has arrived; the ledger moves it from in transit to paid."""
    payout = _locked(payout, actor)
    if payout.state == PayoutState.PAID:
        return payout
    guard(payout.state, PayoutState.PAID)
    if not payout.may_be_paid:
        raise IllegalMove(_sent_by_a_machine())
    known = payout.reference if payout.is_by_hand else ""  # of a machine's it is the account, not the payment
    return book_paid(payout, reference=reference or known, actor=actor, at=at or timezone.now())


@transaction.atomic
def mark_failed(payout: Payout, *, reason: str, actor: User, at: datetime | None = None) -> Payout:
    """Note that the money came back or never left; everything in it is payable again."""
    payout = _locked(payout, actor)
    if payout.state == PayoutState.FAILED:
        return payout
    guard(payout.state, PayoutState.FAILED)
    if not payout.may_be_failed:
        raise IllegalMove(_sent_by_a_machine())
    if not reason.strip():
        raise IllegalMove(_("Say why it failed: the affiliate reads it."))
    return book_failed(payout, reason=reason, actor=actor, at=at or timezone.now())


def _locked(payout: Payout, actor: User) -> Payout:
    row = locked(payout)
    demand(actor, "settle_payouts", row.program.merchant_id)
    return row


def _sent_by_a_machine() -> str:
    return _("The shop gives this as store credit, and it is noted here by itself: pay nothing by hand.")
