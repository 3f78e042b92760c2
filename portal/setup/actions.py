"""The first day's verbs: an empty installation is founded, an invited person joins, the road is proven."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Member, Merchant, Program
from affiliates.roles import demand
from affiliates.states import IllegalMove
from commissions import actions as commissions
from core import events
from core.models import User
from core.money import Money
from portal.brand_actions import create_brand
from portal.events import NOTICE
from portal.models import Brand
from portal.setup import token
from portal.setup.starters import plan_body
from tracking.models import Order
from tracking.orders import Evidence, LineIn, OrderIn
from tracking.states import OrderState

TEST_SOURCE = "test"
TEST_TOTAL = "10"


class AlreadyFounded(IllegalMove):
    """The installation has a company: the first day is over."""


@dataclass(frozen=True, slots=True)
class Founded:
    """What the first day made."""

    owner: User
    program: Program
    brand: Brand


def is_empty() -> bool:
    """Say whether nobody has founded this installation yet."""
    return not Merchant.objects.exists()


@transaction.atomic
def found(values: dict[str, Any], *, at: datetime | None = None) -> Founded:
    """Make owner, company, program, plan and brand from a clean StartForm; raise AlreadyFounded for the second."""
    # a row that is always there is the lock: two people who found at the same moment come one after the other
    ContentType.objects.select_for_update().get(app_label="affiliates", model="merchant")
    if not is_empty():
        raise AlreadyFounded(_("This installation was founded already."))
    owner = _person(values["email"], values["name"], values["password"])
    merchant = affiliates.create_merchant(
        values["company"], _slug(values["company"], "company"), owner, at=at
    )
    program = affiliates.create_program(
        merchant,
        actor=owner,
        at=at,
        name=values["program_name"],
        slug=_slug(values["program_name"], "partners"),
        currency=values["currency"],
        time_zone=values["time_zone"],
        home_url=values["home_url"],
        allowed_hosts=values["allowed_hosts"],
    )
    body = plan_body(values["starter"], Decimal(values["rate"]))
    commissions.create_plan(program, _("Standard"), body, actor=owner, at=at)
    brand = _brand(merchant, program, owner, values, at)
    token.forget()
    return Founded(owner, program, brand)


def _brand(
    merchant: Merchant, program: Program, owner: User, values: dict[str, Any], at: datetime | None
) -> Brand:
    return create_brand(
        merchant,
        name=values["brand_name"],
        host=values["host"],
        slug=_slug(values["brand_name"], "brand"),
        programs=[program],
        actor=owner,
        at=at,
        colour=values["colour"],
        sender_name=values["brand_name"],
        sender_email=values["sender_email"],
        support_email=values["sender_email"],
    )


def _slug(name: str, otherwise: str) -> str:
    return slugify(name)[:50] or otherwise


def _person(email: str, name: str, password: str) -> User:
    """Make a person whose address is known to be theirs."""
    user = User.objects.create_user(email, password, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@transaction.atomic
def join_as_new(
    invitation: str, email: str, *, name: str, password: str, at: datetime | None = None
) -> Member:
    """Make the invited person's account and join by the token; the mail that brought it proves the address."""
    if User.objects.filter(email=email).exists():
        raise IllegalMove(_("There is an account with this address: sign in and open the invitation again."))
    return affiliates.accept_invitation(invitation, _person(email, name, password), at=at)


@transaction.atomic
def send_test_order(program: Program, *, actor: User, at: datetime | None = None) -> Order:
    """Send a small order the whole way for a partner made for it, then cancel it in full: nothing stays owed.

    Raises IllegalMove where the program takes no applications, NotAllowed where the role does not allow it.
    """
    demand(actor, "manage_affiliates", program.merchant_id)
    now = at or timezone.now()
    with events.muted(NOTICE):
        enrollment = _test_partner(program, actor, now)
        order = _test_order(program, enrollment, now)
        commissions.take_orders(program, [order], actor=actor, at=now)
        void = replace(order, state=OrderState.VOID, revision_at=now + timedelta(seconds=1))
        taken = commissions.take_orders(program, [void], actor=actor, at=now)[0]
        affiliates.leave(enrollment, actor=actor, at=now)
    return taken.order


def _test_order(program: Program, enrollment: Enrollment, now: datetime) -> OrderIn:
    total = Money.parse(TEST_TOTAL, program.currency).amount
    return OrderIn(
        source=TEST_SOURCE,
        external_id=f"{TEST_SOURCE}-{now:%Y%m%d-%H%M%S-%f}",
        occurred_at=now,
        captured_at=now,
        revision_at=now,
        currency=program.currency,
        total=total,
        lines=(LineIn("1", total, name=_("Test item"), sku="TEST"),),
        evidence=Evidence(ref=enrollment.code),
    )


def _test_partner(program: Program, actor: User, at: datetime) -> Enrollment:
    """Return an active membership that nobody can sign in to; it leaves again after the test."""
    email = f"test-partner-{program.merchant_id}@example.invalid"
    user = User.objects.filter(email=email).first()
    user = user or User.objects.create_user(email, None, name=_("Test partner"), is_active=False)
    affiliate = affiliates.register_affiliate(program.merchant, user, name=_("Test partner"), at=at)
    enrollment = affiliates.apply(program, affiliate, actor=actor, at=at)
    return affiliates.activate(enrollment, actor=actor, at=at)
