"""A manager's own word on a buyer: whoever is credited, what a blocked one buys is looked at before it is paid."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from affiliates.roles import demand
from commissions.models import Commission
from commissions.states import IllegalMove
from core.models import User
from fraud.actions.testimonies import testify
from fraud.checks.systems import COLLEAGUE
from fraud.models import Testimony
from fraud.states import TestimonyKind
from tracking.models import Customer, Decision

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
    if _earns_by(customer, actor):
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


def _earns_by(customer: Customer, actor: User) -> bool:
    """Whether a person earns by the customer's orders, or will by one that is parked."""
    rows = Enrollment.objects.filter(program=customer.program_id, affiliate__user=actor)
    own = set(rows.values_list("pk", flat=True))
    if not own:
        return False
    if Commission.objects.filter(conversion__customer=customer, enrollment__in=own).exists():
        return True
    decided = Decision.objects.filter(conversion__customer=customer, is_current=True)
    shares = decided.values_list("credits", flat=True)
    return any(one["enrollment"] in own for each in shares for one in each)
