"""A manager's own word on a buyer: whoever is credited, what a blocked one buys is looked at before it is paid."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from affiliates.roles import demand
from commissions.models import Commission
from commissions.states import IllegalMove
from core.models import User
from fraud.actions.testimonies import testify
from fraud.checks.systems import COLLEAGUE
from fraud.models import Testimony
from fraud.states import TestimonyKind
from tracking.models import Customer

BLOCKED = "yes"
LONGEST_REASON = 300


@transaction.atomic
def block(customer: Customer, *, reason: str, actor: User, at: datetime | None = None) -> Testimony:
    """Have all that a customer buys looked at, and what of it is not paid out; one who is blocked stays so.

    Sales are looked at a moment later, by the same road as a shop's word (testimony.heard). Raises NotAllowed for who
    may not, IllegalMove without a reason, and for who earns by the customer's orders.
    """
    said = _say(customer, BLOCKED, reason, actor, at)
    assert said is not None  # noqa: S101 - only a word taken back may leave nothing
    return said


@transaction.atomic
def unblock(customer: Customer, *, reason: str, actor: User, at: datetime | None = None) -> Testimony | None:
    """Take the block back; what a shop or CRM says of the customer stands. Return the testimony, None if never blocked.

    What was found by it is withdrawn; what is on hold waits for the verdict on its case. Raises as `block` does.
    """
    return _say(customer, "", reason, actor, at)


def _say(customer: Customer, word: str, reason: str, actor: User, at: datetime | None) -> Testimony | None:
    program = customer.program
    demand(actor, "manage_fraud", program.merchant_id)
    if not reason.strip():
        raise IllegalMove(_("Say why: colleagues will ask."))
    own = Commission.objects.filter(conversion__customer=customer, enrollment__affiliate__user=actor)
    if own.exists():
        raise IllegalMove(_("Nobody decides what is looked at in their own earnings."))
    why = reason.strip()[:LONGEST_REASON]
    return testify(
        program,
        TestimonyKind.BLOCKED,
        word,
        by=COLLEAGUE,
        customer=customer,
        actor=actor,
        reason=why,
        at=at,
    )
