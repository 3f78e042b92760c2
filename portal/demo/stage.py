"""The company, its colleagues, shops and affiliates, as the story finds them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from affiliates import actions as affiliates
from affiliates.models import AttributionTerms, Coupon, Enrollment, Group, Link, Merchant, Program
from commissions import actions as commissions
from core.models import User
from portal.demo import cast
from portal.demo.catalog import CREATORS, NORTHWIND, SHOPS, ShopPlan
from portal.models import Brand

FOUNDED = 400  # days ago


@dataclass(slots=True)
class Promoter:
    """An affiliate at work: its links and coupon, and its size beside the others."""

    person: cast.Person
    enrollment: Enrollment
    weight: float
    links: list[Link]
    coupon: Coupon | None = None

    @property
    def user(self) -> User:
        """The person behind it; made together with the affiliate."""
        user = self.enrollment.affiliate.user
        assert user  # noqa: S101 - nobody in the demo is without
        return user


@dataclass(slots=True)
class Shop:
    """One of the two shops while the story runs."""

    plan: ShopPlan
    program: Program
    terms: AttributionTerms
    creators: Group
    number: int
    promoters: dict[str, Promoter] = field(default_factory=dict)
    buyers: list[tuple[str, str]] = field(default_factory=list)

    def next_number(self) -> str:
        """Return the number of the next order."""
        self.number += 1
        return str(self.number)


@dataclass(slots=True)
class Stage:
    """Everybody and everything; `now` is when the story ends."""

    now: datetime
    merchant: Merchant
    password: str  # its hash: to make it takes as long as a hundred orders, so it is made once
    people: dict[str, User]
    shops: dict[str, Shop]

    def ago(self, days: float, hour: float = 12) -> datetime:
        """Return a moment so many days before the last one, at an hour of that day (UTC); never after the end."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return min(midnight - timedelta(days=days) + timedelta(hours=hour), self.now)


def build(now: datetime) -> Stage:
    """Found the company with its colleagues, programs, brands and plans."""
    at = now - timedelta(days=FOUNDED)
    password = make_password(cast.PASSWORD)
    owner = person(cast.OWNER, cast.OWNER_NAME, at, password)
    merchant = affiliates.create_merchant(*cast.MERCHANT, owner, at=at)
    people = {"owner": owner}
    for role, address, name in cast.COLLEAGUES:
        invitation = affiliates.invite_member(merchant, address, role, actor=owner, at=at)
        people[role] = person(address, name, at, password)
        affiliates.accept_invitation(invitation.token, people[role], at=at + timedelta(hours=3))
    shops = {plan.slug: _open(merchant, plan, people["manager"], at) for plan in SHOPS}
    return Stage(now, merchant, password, people, shops)


def person(address: str, name: str, at: datetime, password: str = "") -> User:
    """Make somebody with a confirmed address; without a password (its hash) nobody logs in as them."""
    password = password or make_password(None)
    user: User = User.objects.create(email=address, name=name, password=password, date_joined=at)
    EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
    return user


def _open(merchant: Merchant, plan: ShopPlan, manager: User, at: datetime) -> Shop:
    """Open a shop's program with its plan and what its host looks like."""
    program = affiliates.create_program(merchant, actor=manager, at=at, slug=plan.slug, **plan.program)
    name, body = plan.plan
    commissions.create_plan(program, name, body, actor=manager, at=at)
    creators = affiliates.create_group(program, "Creators", actor=manager, at=at)
    if plan is NORTHWIND:
        special = commissions.create_plan(program, "Creators", CREATORS, actor=manager, at=at)
        commissions.assign_plan(special, group=creators, actor=manager, at=at)
    brand = Brand.objects.create(merchant=merchant, host=host_of(plan.slug), slug=plan.slug, **plan.brand)
    brand.programs.set([program])
    return Shop(plan, program, program.attribution_terms.get(), creators, plan.first_number)


def host_of(slug: str) -> str:
    """Return a brand's host: below our own, which is localhost on a developer's machine."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"{slug}.{'localhost' if host == '127.0.0.1' else host}"
