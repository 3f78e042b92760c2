"""Makes rows with good defaults, through the real verbs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from affiliates import actions as affiliates
from affiliates.models import Affiliate, Enrollment, Member, Merchant, PayeeMethod, Program
from commissions import actions as commissions
from commissions.models import Commission, Plan
from core.models import User
from integrations import gate
from integrations.models import Connection, Delivery, OrderFile, Reconciliation
from portal.models import Brand
from tracking.models import Beacon, Click
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn, RefundIn

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
FOUNDED = NOON - timedelta(days=400)
PASSWORD = "correct horse battery"
IBAN = "DE89370400440532013000"


def percent_plan(rate: str) -> dict[str, Any]:
    """The body of a plan with one rate for everyone."""
    reward = {"type": "percent", "rate": rate}
    rule = {"id": "all", "name": "Everyone", "when": {"goal": "sale"}, "reward": reward}
    return {"schema": 1, "maturity_days": 30, "max_total_rate": "50", "rules": [rule]}


TEN_PERCENT = percent_plan("10")
TWO_LEVELS: dict[str, Any] = {**TEN_PERCENT, "levels": [{"level": 2, "rate": "5", "basis": "base"}]}
_numbers = count(1)


def make_user(email: str = "", *, name: str = "", verified: bool = True, **fields: Any) -> User:
    """A person with PASSWORD and, unless said otherwise, a verified address."""
    from allauth.account.models import EmailAddress  # needs the app registry

    email = email or f"person{next(_numbers)}@example.com"
    user = User.objects.create_user(email, PASSWORD, name=name, **fields)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=verified)
    return user


def make_merchant(name: str = "Northwind", owner: User | None = None) -> Merchant:
    """A company with an owner."""
    slug = f"{name.lower().replace(' ', '-')}-{next(_numbers)}"
    return affiliates.create_merchant(name, slug, owner or make_user(), at=FOUNDED)


def make_member(merchant: Merchant, role: str, email: str = "", name: str = "") -> User:
    """A colleague with a role."""
    user = make_user(email, name=name)
    Member.objects.create(merchant=merchant, user=user, role=role)
    return user


def make_program(
    merchant: Merchant | None = None, *, plan: dict[str, Any] | None = None, **fields: Any
) -> Program:
    """A program in EUR that pays 10 per cent, with links to shop.example.com."""
    defaults: dict[str, Any] = {
        "name": "Partner program",
        "slug": f"partners-{next(_numbers)}",
        "currency": "EUR",
        "home_url": "https://shop.example.com/",
        "allowed_hosts": ["shop.example.com"],
        "is_screened": False,
    }
    program = affiliates.create_program(merchant or make_merchant(), at=FOUNDED, **(defaults | fields))
    if plan != {}:
        commissions.create_plan(program, "Standard", plan or TEN_PERCENT, at=FOUNDED)
    return program


def make_plan(program: Program, name: str = "Special", body: dict[str, Any] | None = None) -> Plan:
    """A further plan."""
    return commissions.create_plan(program, name, body or TEN_PERCENT, at=FOUNDED)


def make_affiliate(
    merchant: Merchant, name: str = "Ann Archer", email: str = "", user: User | None = None
) -> Affiliate:
    """An affiliate who can log in."""
    email = email or f"{name.split()[0].lower()}{next(_numbers)}@example.com"
    user = user or make_user(email, name=name)
    return Affiliate.objects.create(
        merchant=merchant, user=user, name=name, email=user.email, created_at=FOUNDED
    )


def make_enrollment(
    program: Program,
    name: str = "Ann Archer",
    *,
    email: str = "",
    sponsor: Enrollment | None = None,
    active: bool = True,
    affiliate: Affiliate | None = None,
) -> Enrollment:
    """An affiliate's membership, active unless said otherwise."""
    affiliate = affiliate or make_affiliate(program.merchant, name, email)
    enrollment = affiliates.apply(program, affiliate, sponsor=sponsor, at=FOUNDED)
    return affiliates.activate(enrollment, at=FOUNDED) if active else enrollment


def make_payee(enrollment: Enrollment) -> None:
    """Bank details, entered by the affiliate."""
    affiliate = enrollment.affiliate
    assert affiliate.user
    affiliates.set_payee(
        affiliate, PayeeMethod.BANK, IBAN, holder=affiliate.name, actor=affiliate.user, at=FOUNDED
    )


def make_order(
    external_id: str = "", *, net: int = 10000, ref: str = "", coupons: tuple[str, ...] = (), **fields: Any
) -> OrderIn:
    """A paid order of one line worth `net` cents, without tax and shipping."""
    number = external_id or str(1000 + next(_numbers))
    order = OrderIn(
        source="shop",
        external_id=number,
        occurred_at=NOON,
        revision_at=NOON,
        captured_at=NOON,
        currency="EUR",
        total=net,
        lines=(LineIn("1", net, name="Enamel mug", sku="MUG"),),
        customer=CustomerIn(email=f"buyer{number}@example.net"),
        evidence=Evidence(ref=ref, coupons=coupons),
    )
    return replace(order, **fields)


def make_commission(enrollment: Enrollment, net: int = 10000, **fields: Any) -> Commission:
    """What an order of `net` cents earned the enrollment at level 1."""
    taken = commissions.take_orders(
        enrollment.program, [make_order(net=net, ref=enrollment.code, **fields)], at=NOON
    )[0]
    assert taken.conversion
    return taken.conversion.commissions.get(enrollment=enrollment)


def make_payable(enrollment: Enrollment, net: int = 100000, **fields: Any) -> Commission:
    """A commission that has matured and is approved."""
    commission = make_commission(enrollment, net, **fields)
    return commissions.approve(commission, at=commission.matures_at)


def make_refund(external_id: str = "", **fields: Any) -> RefundIn:
    """A refund with a number of its own."""
    return RefundIn(external_id or f"r{next(_numbers)}", occurred_at=NOON, **fields)


def make_click(enrollment: Enrollment, at: datetime = NOON, **fields: Any) -> tuple[Click, str]:
    """A click on the enrollment's own link, and the id that the store is given for it."""
    from tracking.clickid import make, read  # reads settings

    link = enrollment.links.get(is_default=True)
    tid = make(link.pk, at)
    named = read(tid)
    assert named
    terms = enrollment.program.attribution_terms.order_by("effective_at").last()
    click = Click.objects.create(
        id=named.uuid,
        link=link,
        enrollment=enrollment,
        program=enrollment.program,
        terms=terms,
        at=at,
        **fields,
    )
    return click, tid


def make_beacon(program: Program, kind: str = "page", at: datetime = NOON, **fields: Any) -> Beacon:
    """What a page of the shop told, waiting to be taken."""
    return Beacon.objects.create(id=uuid4(), program=program, kind=kind, at=at, **fields)


def make_brand(merchant: Merchant, *programs: Program, host: str = "testserver", **fields: Any) -> Brand:
    """What a host looks like."""
    brand = Brand.objects.create(
        merchant=merchant, name="Northwind Outfitters", host=host, slug=f"brand-{next(_numbers)}", **fields
    )
    brand.programs.set(programs)
    return brand


def make_delivery(connection: Connection, **fields: Any) -> Delivery:
    """A message that was given up after one try."""
    defaults = {
        "kind": "order.recorded",
        "object_key": "order:1",
        "body": {"kind": "order.recorded"},
        "state": "dead",
        "attempts": 1,
        "note": "The receiver answers with an error (500).",
        "occurred_at": NOON,
        "done_at": NOON,
    }
    row = Delivery.objects.create(connection=connection, **(defaults | fields))
    request = "POST https://hooks.example.com/in\nwebhook-signature: ***\n\n{}"
    row.tries.create(
        number=1, at=NOON, milliseconds=12, status=500, request=request, answer="oh", outcome=row.note
    )
    return row


def make_order_file(program: Program, text: str = "", **fields: Any) -> OrderFile:
    """A file of two sales of a shop, to be looked at."""
    from integrations.actions import upload_file  # needs the app registry

    text = text or "order,date,total,currency\nS-1,2026-11-02 12:00,100.00,EUR\nS-2,2026-11-02,49.00,EUR\n"
    given: dict[str, Any] = {
        "name": "sales.csv",
        "source": "store",
        "channel": "store",
        "at": NOON + timedelta(days=1),
    }
    return upload_file(program, content=text.encode(), **(given | fields))


def make_connection(program: Program, **fields: Any) -> Connection:
    """A WooCommerce store without API keys."""
    defaults = {
        "connector": "woocommerce",
        "name": "Shop",
        "source": "shop",
        "base_url": "https://shop.example.com",
        "secrets": {"webhook_secret": "s3cret"},
    }
    connection = Connection.objects.create(program=program, **(defaults | fields))
    gate.forget()
    return connection


def make_reconciliation(connection: Connection, **fields: Any) -> Reconciliation:
    """A week of a store's orders that was compared with ours: one was missing."""
    counts = {"seen": 3, "missing": 1, "same": 2, "refused": 1, "rows": [["77", "The status is odd."]]}
    defaults: dict[str, Any] = {
        "kind": "nightly",
        "begins_at": NOON - timedelta(days=7),
        "ends_at": NOON,
        "state": "finished",
        "counts": counts,
        "created_at": NOON,
        "finished_at": NOON,
    }
    return Reconciliation.objects.create(connection=connection, **(defaults | fields))
