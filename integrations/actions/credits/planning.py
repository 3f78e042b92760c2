"""Lining up: one message to the shop for an approved payout, and what becomes of those that nobody sends any more."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.models import Event
from integrations import bell
from integrations.actions.credits.offering import shop_of
from integrations.models import Delivery
from integrations.states import DeliveryState
from payouts import actions as payouts
from payouts.models import Payout
from payouts.states import PayoutState

CREDIT = "credit.payout"  # what deliveries of this kind are called
METHOD = "store_credit"
SETTLED = timedelta(minutes=10)  # after a call that nobody answered, what it did stands in the account


def is_credit(kind: str) -> bool:
    """Say whether a delivery gives a payout's credit."""
    return kind == CREDIT


def key_of(payout: Payout) -> str:
    """Return what a delivery is about."""
    return f"payout:{payout.pk}"


@transaction.atomic
def plan_credit(event: Event, *, at: datetime | None = None) -> None:
    """Line up the credit of a payout that was approved, at the shop that its affiliate chose; safe to repeat.

    Where no such shop of the company is left, the payout has failed.
    """
    payout = Payout.objects.select_related("program", "payee").get(pk=event.subject_id)
    if payout.method != METHOD or payout.state != PayoutState.APPROVED:
        return
    now = at or timezone.now()
    connection = shop_of(payout)
    if connection is None:
        payouts.refuse(payout, reason=no_shop(), at=now)
        return
    row = Delivery(
        connection=connection,
        event=event,
        kind=CREDIT,
        object_key=key_of(payout),
        occurred_at=event.at,
        created_at=now,
        next_at=now,
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    transaction.on_commit(lambda: bell.ring([connection.pk]))


def look_after_credits(*, at: datetime | None = None) -> int:
    """End the payouts whose message was given up, skipped or forgotten; return how many.

    One that was never begun has failed, one that may have been given waits for a person: not before a call that may
    still be under way has ended.
    """
    now = at or timezone.now()
    waiting = Payout.objects.filter(
        method=METHOD, state__in=[PayoutState.APPROVED, PayoutState.SENT], doubt=""
    )
    ended = [payout for payout in waiting.order_by("pk") if _is_left(payout, now)]
    for payout in ended:
        payouts.give_up(payout, reason=not_asked(), doubt=unknown(), at=now)
    return len(ended)


def _is_left(payout: Payout, now: datetime) -> bool:
    if payout.state == PayoutState.SENT and payout.sent_at and now < payout.sent_at + SETTLED:
        return False
    states = Delivery.objects.filter(kind=CREDIT, object_key=key_of(payout)).order_by("-pk")
    last = states.values_list("state", flat=True).first()
    if last is None:  # not lined up yet, or forgotten since
        return payout.state == PayoutState.SENT
    return bool(last != DeliveryState.DUE)


def no_shop() -> str:
    """Return the reason of a payout whose shop gives no credit any more; the affiliate reads it."""
    return _("The shop gives no store credit any more. Choose another way to be paid.")


def not_asked() -> str:
    """Return the reason of a payout that never reached its shop; the affiliate reads it."""
    return _("The shop could not be asked to give the credit.")


def unknown() -> str:
    """Return the sentence for the person who must look."""
    return _(
        "It is not known whether the shop gave this credit. Look at the customer’s store credit in the shop: if it is "
        "there, mark this as paid with its reference; if not, say that it failed."
    )
