"""The orders of a world in the real tables: who bought, who is credited and why, what it earned, what went back."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from affiliates.models import Enrollment
from commissions.earned import plain
from commissions.models import Commission, PlanVersion, Reversal
from commissions.states import CommissionState, ReversalCause, Screening
from fraud.checks.facts import Mark
from tests.fraud.world.events import CURRENCY, RETURN_DAYS, Click, Refund, Sale, World
from tests.fraud.world.stored import BATCH, Stored, digest_of, phone_of, when
from tests.fraud.world.stored_books import book
from tracking.buyers import ADDRESS_MARK, NETWORK_MARK
from tracking.identity import normal_email
from tracking.models import Conversion, Customer, Decision, Journey, Order, Refund as RefundRow
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn
from tracking.states import EvidenceKind, OrderState, RefundKind

LEAD = 500  # cents for a lead
WINDOW = timedelta(days=30)
MOST_TOUCHES = 50  # of a visitor's, the newest
DOOR = "shop"  # by which orders come; the second time that a number is told, it comes by another


@dataclass(frozen=True, slots=True)
class _Story:
    """What the orders are told from."""

    world: World
    stored: Stored
    clicks: Mapping[int, Click]
    visits: Mapping[str, list[Click]]

    def row_of(self, sale: Sale) -> Enrollment:
        """The enrollment that is credited."""
        return self.stored.enrollments[sale.enrollment]


def store_sales(world: World, stored: Stored, *, books: bool) -> dict[int, Conversion]:
    """Write all orders and what follows from them; return the conversions by the world's ids."""
    visits: dict[str, list[Click]] = defaultdict(list)
    for click in world.clicks:
        if click.visitor:
            visits[click.visitor].append(click)
    story = _Story(world, stored, {click.id: click for click in world.clicks}, visits)
    orders = _orders(story, _customers(story))
    first = _first_orders(orders)
    conversions = dict(
        zip(
            orders,
            Conversion.objects.bulk_create(
                [_conversion(sale, orders[sale.conversion], first) for sale in world.sales], BATCH
            ),
            strict=True,
        )
    )
    _decide(story, conversions)
    earned = _earn(story, conversions)
    reversals = _send_back(story, orders, earned)
    if books:
        book(stored, earned, reversals)
    return conversions


# --- orders --------------------------------------------------------------------------------------------------
def _customers(story: _Story) -> dict[str, Customer]:
    """Everybody who buys, by e-mail address as it is compared."""
    program, rows = story.stored.program, dict[str, Customer]()
    for sale in story.world.sales:
        email = normal_email(sale.buyer.email)
        rows.setdefault(
            email,
            Customer(
                program=program,
                source=DOOR,
                email=email,
                phone=phone_of(sale.buyer.phone),
                country=sale.buyer.country,
                created_at=when(sale.at),
            ),
        )
    return dict(zip(rows, Customer.objects.bulk_create(rows.values(), BATCH), strict=True))


def _orders(story: _Story, customers: Mapping[str, Customer]) -> dict[int, Order]:
    told: Counter[str] = Counter()
    rows = {}
    for sale in story.world.sales:
        told[sale.number] += 1
        door = DOOR if told[sale.number] == 1 else f"{DOOR}-{told[sale.number]}"
        rows[sale.conversion] = _order(story, sale, door, customers[normal_email(sale.buyer.email)])
    return dict(zip(rows, Order.objects.bulk_create(rows.values(), BATCH), strict=True))


def _order(story: _Story, sale: Sale, door: str, customer: Customer) -> Order:
    value = order_in(story.stored, sale, door)
    return Order(
        program=story.stored.program,
        source=value.source,
        external_id=value.external_id,
        state=value.state,
        currency=value.currency,
        total=value.total,
        occurred_at=value.occurred_at,
        captured_at=value.captured_at,
        customer=customer,
        revision_key=value.revision_key(),
        content_hash=value.content_hash(),
        snapshot=value.as_json(),
        created_at=value.occurred_at,
    )


def order_in(stored: Stored, sale: Sale, door: str = DOOR) -> OrderIn:
    """Return an order of the world as a shop tells it, with the marks that shops note of buyers."""
    at, buyer, coupon = when(sale.at), sale.buyer, stored.coupons.get(sale.coupon)
    marks = {
        ADDRESS_MARK: digest_of(Mark.ADDRESS, buyer.address),
        NETWORK_MARK: digest_of(Mark.NETWORK, buyer.network),
    }
    return OrderIn(
        source=door,
        external_id=sale.number,
        occurred_at=at,
        revision_at=at,
        captured_at=at,
        currency=CURRENCY,
        total=sale.total,
        goal=sale.goal,
        state=OrderState.SALE,
        lines=(LineIn("1", sale.total, name="Goods", sku="GOODS"),) if sale.total else (),
        customer=CustomerIn(
            email=buyer.email,
            is_new=sale.claims_new,
            country=buyer.country,
            phone=phone_of(buyer.phone),
        ),
        evidence=Evidence(
            tid=stored.tids.get(sale.click, ""),
            coupons=(coupon.code,) if coupon else (),
            referrer=f"https://{sale.came_from}/" if sale.came_from else "",
        ),
        metadata={name: mark for name, mark in marks.items() if mark},
    )


def _first_orders(orders: Mapping[int, Order]) -> dict[int | None, datetime]:
    """When each customer ordered first."""
    first: dict[int | None, datetime] = {}
    for order in orders.values():
        first.setdefault(order.customer_id, order.occurred_at)
    return first


def _conversion(sale: Sale, order: Order, first: Mapping[int | None, datetime]) -> Conversion:
    is_first = first[order.customer_id] == order.occurred_at
    return Conversion(
        program=order.program,
        order=order,
        goal=sale.goal,
        source=order.source,
        external_id=order.external_id,
        customer=order.customer,
        is_new_customer=is_first if sale.claims_new is None else sale.claims_new,
        occurred_at=order.occurred_at,
        captured_at=order.occurred_at,
        words={},
        created_at=order.occurred_at,
    )


# --- who is credited -----------------------------------------------------------------------------------------
def _decide(story: _Story, conversions: Mapping[int, Conversion]) -> None:
    """Decisions as a world has them: the click that it says, else the code; and the way that led there."""
    terms = story.stored.program.attribution_terms.order_by("effective_at").last()
    decisions, journeys = [], []
    for sale in story.world.sales:
        conversion, touches = conversions[sale.conversion], _touches(story, sale)
        decisions.append(_decision(story, sale, conversion, terms.pk if terms else None, touches))
        path = [[story.stored.enrollments[one.enrollment].pk, int(sale.at - one.at), "c"] for one in touches]
        journeys.append(
            Journey(
                program_id=conversion.program_id,
                conversion=conversion,
                at=conversion.occurred_at,
                path=path,
                value=sale.total,
                currency=CURRENCY,
            )
        )
    Decision.objects.bulk_create(decisions, BATCH)
    Journey.objects.bulk_create(journeys, BATCH)


def _touches(story: _Story, sale: Sale) -> list[Click]:
    """The clicks in the visitor's browser before the order, the oldest first, the credited one among them."""
    if not sale.click:
        return []
    click = story.clicks[sale.click]
    since = sale.at - WINDOW.total_seconds()
    others = [
        one for one in story.visits.get(click.visitor, ()) if since <= one.at <= sale.at and one != click
    ]
    return sorted([*others[-MOST_TOUCHES:], click], key=lambda one: (one.at, one.id))


def _decision(
    story: _Story, sale: Sale, conversion: Conversion, terms: int | None, touches: list[Click]
) -> Decision:
    stored, row = story.stored, story.row_of(sale)
    evidence = EvidenceKind.CLICK if sale.click else EvidenceKind.COUPON
    credit = {"enrollment": row.pk, "share": "1", "group": _group(row), "chain": _chain(row)}
    trace = {
        "v": 2,
        "at": conversion.occurred_at.isoformat(),
        "model": {"name": "last_click"},
        "touches": [_touch(story, one, sale) for one in touches],
        "coupons": _coupons(stored, sale),
        "binding": None,
        "won": evidence,
        "enrollment": row.pk,
        "shares": [{"enrollment": row.pk, "share": "1"}],
        "sub_ids": [],
        "is_cut": False,
        "awaits": "",
        "terms": terms,
        "repeat": stored.program.duplicate_seconds,
        "credits": [credit],
        "self_referral": "",
        "includes": {"shipping": False, "tax": False},
    }
    return Decision(
        program_id=conversion.program_id,
        conversion=conversion,
        enrollment=row,
        evidence=evidence,
        click_id=stored.clicks[sale.click] if sale.click else None,
        coupon=None if sale.click else stored.coupons[sale.coupon],
        terms_id=terms,
        credits=[credit],
        trace=trace,
        made_at=conversion.occurred_at,
    )


def _touch(story: _Story, click: Click, sale: Sale) -> dict[str, Any]:
    won = click.id == sale.click
    return {
        "enrollment": story.stored.enrollments[click.enrollment].pk,
        "at": when(click.at).isoformat(),
        "kind": "c",
        "via": "tid" if won else "visitor",
        "click": str(story.stored.clicks[click.id]),
        "window": int(WINDOW.total_seconds()),
        "won": won,
        "share": "1" if won else "0",
        "why": "" if won else "bot" if click.is_bot else "repeat" if click.is_repeated else "earlier",
    }


def _coupons(stored: Stored, sale: Sale) -> list[dict[str, Any]]:
    coupon = stored.coupons.get(sale.coupon)
    if coupon is None:
        return []
    won = not sale.click
    why = "" if won else "weaker"
    return [
        {
            "code": coupon.code,
            "enrollment": coupon.enrollment_id,
            "kind": coupon.kind,
            "won": won,
            "why": why,
        }
    ]


def _group(row: Enrollment) -> str:
    return row.group.name if row.group else ""


def _chain(row: Enrollment) -> list[dict[str, Any]]:
    return [
        {"level": level, "enrollment": one.pk, "active": True, "group": _group(one)}
        for level, one in enumerate(row.upline(9), start=2)
    ]


# --- what it earns -------------------------------------------------------------------------------------------
def _earn(story: _Story, conversions: Mapping[int, Conversion]) -> dict[int, Commission]:
    """One commission at level 1 of each conversion, approved where the return window was over before the world ends."""
    program = story.stored.program
    plan = PlanVersion.objects.filter(plan__program=program).order_by("effective_at").last()
    end = when(story.world.days * 86_400)
    rows = {}
    for sale in story.world.sales:
        conversion = conversions[sale.conversion]
        rows[sale.conversion] = _commission(conversion, sale, story.row_of(sale), plan, end)
    return dict(zip(rows, Commission.objects.bulk_create(rows.values(), BATCH), strict=True))


def _commission(
    conversion: Conversion, sale: Sale, row: Enrollment, plan: PlanVersion | None, end: datetime
) -> Commission:
    amount = (sale.total + 5) // 10 if sale.goal == "sale" else LEAD  # halves up
    matures = conversion.occurred_at + timedelta(days=RETURN_DAYS)
    is_approved = matures < end
    return Commission(
        program_id=conversion.program_id,
        enrollment=row,
        conversion=conversion,
        amount=amount,
        currency=CURRENCY,
        plan_version=plan,
        trace={"own": _own(row, sale, amount)},
        state=CommissionState.APPROVED if is_approved else CommissionState.PENDING,
        screening=Screening.WAITING,
        occurred_at=conversion.occurred_at,
        matures_at=matures,
        approved_at=matures if is_approved else None,
        created_at=conversion.occurred_at,
    )


def _own(row: Enrollment, sale: Sale, amount: int) -> dict[str, Any]:
    exact = plain(Decimal(sale.total) / 10 if sale.goal == "sale" else Decimal(amount))
    return {
        "enrollment_id": row.pk,
        "level": 1,
        "amount": amount,
        "unrounded": exact,
        "per_line": [["1", exact]],
        "per_item": [],
        "fixed_order": "0",
        "part": "1",
    }


def _send_back(
    story: _Story, orders: Mapping[int, Order], commissions: Mapping[int, Commission]
) -> list[Reversal]:
    """Refunds in full, and the commissions that are taken back for them."""
    last = {refund.conversion: refund for refund in story.world.refunds}  # of an order's, the one that counts
    refunds = list(last.values())
    rows = [_refund(refund, orders[refund.conversion]) for refund in refunds]
    made = RefundRow.objects.bulk_create(rows, BATCH)
    reversals = [
        Reversal(
            commission=commissions[refund.conversion],
            number=1,
            cause=ReversalCause.CHARGEBACK if refund.is_chargeback else ReversalCause.REFUND,
            amount=commissions[refund.conversion].amount,
            refund=row,
            trace={"left": 0},
            at=when(refund.at),
        )
        for refund, row in zip(refunds, made, strict=True)
        if commissions[refund.conversion].amount
    ]
    return Reversal.objects.bulk_create(reversals, BATCH)


def _refund(refund: Refund, order: Order) -> RefundRow:
    return RefundRow(
        program=order.program,
        source=order.source,
        external_id=f"r{refund.conversion}",
        order_external_id=order.external_id,
        order=order,
        kind=RefundKind.CHARGEBACK if refund.is_chargeback else RefundKind.REFUND,
        occurred_at=when(refund.at),
        gross=order.total,
        is_final=True,
        created_at=when(refund.at),
    )
