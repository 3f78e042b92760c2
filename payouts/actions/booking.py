"""What a payout's end means for the books; the caller has locked the row, and looked whether the move is allowed."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from commissions import ledger
from commissions.states import AccountKind, EntryKind
from core import events
from core.models import User
from payouts.models import Payout
from payouts.states import IllegalMove, PayoutState


def locked(payout: Payout) -> Payout:
    """Return the payout as it is now, locked until the transaction ends."""
    rows = Payout.objects.select_for_update(of=("self",)).select_related("program", "enrollment__affiliate")
    row: Payout = rows.get(pk=payout.pk)
    return row


def book_paid(payout: Payout, *, reference: str, actor: User | None, at: datetime) -> Payout:
    """Write that the money has arrived: from in transit to paid. Raises IllegalMove for a reference that is no good."""
    payout.state, payout.paid_at, payout.sent_at = PayoutState.PAID, at, payout.sent_at or at
    payout.reference, payout.doubt = reference_of(reference), ""
    try:
        with transaction.atomic():  # of two that find the same credit at once, the unique key lets one in
            payout.save(update_fields=["state", "paid_at", "sent_at", "reference", "doubt"])
    except IntegrityError as other:
        raise IllegalMove(
            _("Another payout has this reference already: one credit pays one payout.")
        ) from other
    _post(EntryKind.SETTLEMENT, payout, AccountKind.PAID, actor, at)
    record("payout.paid", payout, actor, at, {"reference": payout.reference})
    return payout


def book_failed(payout: Payout, *, reason: str, actor: User | None, at: datetime) -> Payout:
    """Write that the money came back or never left: from in transit to payable, and all its entries are free again."""
    payout.state, payout.failure, payout.doubt = PayoutState.FAILED, reason.strip()[:300], ""
    payout.save(update_fields=["state", "failure", "doubt"])
    payout.items.update(is_live=False)
    _post(EntryKind.FAILURE, payout, AccountKind.PAYABLE, actor, at)
    record("payout.failed", payout, actor, at, {"reason": payout.failure})
    return payout


def reference_of(entered: str) -> str:
    """Return the reference of a transfer as it is kept; raises IllegalMove for none."""
    if not entered.strip():
        raise IllegalMove(_("Enter the reference of the transfer, so that it can be found again."))
    return entered.strip()[:120]


def record(
    kind: str, payout: Payout, actor: User | None, at: datetime | None, data: dict[str, object] | None = None
) -> None:
    """Tell of it."""
    program = payout.program
    events.record(kind, payout, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)


def _post(kind: EntryKind, payout: Payout, to: AccountKind, actor: User | None, at: datetime) -> None:
    ledger.post(
        kind,
        f"payout:{payout.pk}",
        debit=ledger.account(payout.program, AccountKind.IN_TRANSIT, payout.enrollment),
        credit=ledger.account(payout.program, to, payout.enrollment),
        amount=payout.amount,
        actor=actor,
        at=at,
    )
