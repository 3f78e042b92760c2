"""The life of a payout that a machine sends: begun before the call is made, then settled, refused, or in doubt.

Sent means "may have left": it is written before the far side is called, so whoever comes after a crash knows that it
must look there first. Nothing of it is sent twice; what cannot be found out waits for a person.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from payouts.actions.booking import book_failed, book_paid, locked, record, reference_of
from payouts.models import Payout
from payouts.states import IllegalMove, PayoutState, guard


@transaction.atomic
def begin_sending(payout: Payout, *, shop: str, account: str, seen: datetime | None, at: datetime) -> Payout:
    """Note that the money may leave from now on, to which account of which shop; call it only after this.

    `shop` is one name for one shop, whichever company or program asks it. `seen` is when it was last begun, as the
    caller knows it. Raises IllegalMove where it is not to be sent, or somebody else has begun meanwhile.
    """
    payout = locked(payout)
    if payout.is_by_hand or payout.doubt or payout.sent_at != seen:
        raise IllegalMove(_("Somebody else is at this payout."))
    is_again = payout.state == PayoutState.SENT
    if not is_again:
        guard(payout.state, PayoutState.SENT)
    payout.state, payout.shop, payout.reference = PayoutState.SENT, shop, reference_of(account)
    payout.sent_at = at
    payout.save(update_fields=["state", "shop", "reference", "sent_at"])
    if not is_again:
        record("payout.sent", payout, None, at, {"reference": payout.reference})
    return payout


@transaction.atomic
def settle(payout: Payout, *, reference: str, at: datetime) -> Payout:
    """Note that the far side has given it, under its own reference; raises IllegalMove for one that failed."""
    payout = locked(payout)
    if payout.state == PayoutState.PAID:
        return payout
    guard(payout.state, PayoutState.PAID)
    return book_paid(payout, reference=reference, actor=None, at=at)


@transaction.atomic
def refuse(payout: Payout, *, reason: str, at: datetime) -> Payout:
    """Note that the far side has certainly not given it; everything in it is payable again."""
    payout = locked(payout)
    if payout.state == PayoutState.FAILED:
        return payout
    guard(payout.state, PayoutState.FAILED)
    return book_failed(payout, reason=reason, actor=None, at=at)


@transaction.atomic
def give_up(payout: Payout, *, reason: str, doubt: str, at: datetime) -> Payout:
    """End what nobody will try again: one that was never begun has failed, one that may have left is in doubt."""
    payout = locked(payout)
    if payout.state == PayoutState.APPROVED:
        return book_failed(payout, reason=reason, actor=None, at=at)
    if payout.state != PayoutState.SENT or payout.doubt:
        return payout
    payout.doubt = doubt[:300]
    payout.save(update_fields=["doubt"])
    record("payout.doubted", payout, None, at, {"sentence": payout.doubt})
    return payout
