"""The whole road: a click, an order in the shop, a commission, a contact in the CRM, a status there, a tag in the shop.

Then a second order and a refund go the same way. All of it happens within seconds of the clock.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations.connectors import shopify
from integrations.connectors.shop_records import wanted_fields
from integrations.models import Connection, FieldDecision, Inbound
from tests import makers
from tests.fakes.shopify_customers import CustomerShop
from tests.integrations.fake_hubspot import FakeHubSpot, opened
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED, ORDER, REFUND
from tests.integrations.record_keeping import CLOCK, NOON, contact_of, keep_at, listen, settle, stopped
from tests.integrations.shopify_messages import order_with, send
from tests.integrations.store_customers import TELLS, shopify_at
from tracking import actions as tracking
from tracking.models import Order, Term

SOLD = datetime.fromisoformat(ORDER["created_at"]).astimezone(UTC)
BUYER = str(ORDER["customer"]["id"])
SECONDS = timedelta(seconds=10)


@pytest.fixture
def shop(settings: Any) -> Iterator[CustomerShop]:
    """A shop with its customer, whom people there have tagged."""
    with CustomerShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        shopify.make_fields(shopify_at(running), "customer", wanted_fields())
        running.add(BUYER, "vip")
        yield running


@pytest.fixture
def crm(shop: CustomerShop, settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [shop.host, running.host]
        running.at = NOON
        yield running


@pytest.fixture
def ana(db: None) -> Enrollment:
    program = makers.make_program(currency="BRL", allowed_hosts=["loja.example"])
    return makers.make_enrollment(program, "Ana", email="ana@blog.example")


@pytest.fixture
def connected(ana: Enrollment, shop: CustomerShop) -> Connection:
    return makers.make_connection(
        ana.program,
        connector="shopify",
        source="loja",
        base_url=shop.url,
        secrets={"client_secret": CLIENT_SECRET, "access_token": ENTERED},
        options=TELLS,
    )


def hear(connection: Connection, shop: CustomerShop, topic: str, body: Any) -> None:
    """The shop tells something, and everything follows."""
    assert send(connection, topic, body, **{"X-Shopify-Shop-Domain": shop.host}) == 200
    settle()


def lifetime(shop: CustomerShop) -> Decimal:
    return Decimal(shop.said_of(BUYER)["lifetime_value"])


@pytest.fixture
def hubspot(ana: Enrollment, crm: FakeHubSpot, monkeypatch: pytest.MonkeyPatch) -> Connection:
    stopped(monkeypatch)
    return keep_at(crm, ana.program)


def buy_by_click(ana: Enrollment, connected: Connection, shop: CustomerShop) -> Order:
    """A visitor follows Ana's link and buys."""
    _click, tid = makers.make_click(ana, SOLD - timedelta(hours=1))
    bought = order_with(discount_codes=[], note_attributes=[{"name": "tid", "value": tid}])
    hear(connected, shop, "orders/paid", bought)
    return Order.objects.get()


def test_from_the_click_to_the_tag_and_back_by_a_refund(
    ana: Enrollment, connected: Connection, shop: CustomerShop, hubspot: Connection, crm: FakeHubSpot
) -> None:
    begun = CLOCK[0]

    # a click leads to an order, the order to a commission, a contact, and what the shop knows of its customer
    order = buy_by_click(ana, connected, shop)
    assert order.conversion.decision.enrollment == ana
    earned, paid = Commission.objects.get().net.amount, Decimal(order.total) / 100
    assert earned > 0
    contact = contact_of(crm)
    assert contact.values["affiliate_lead_source"] == "Ana"
    assert Decimal(contact.values["affiliate_lifetime_value"]) == lifetime(shop) == paid
    assert {"vip", f"affiliate:{ana.code}", "affiliate:segment:new"} <= set(shop.customers[BUYER]["tags"])

    # sales people change the status in the CRM, and it becomes a tag in the shop
    crm.at = NOON + timedelta(minutes=1)
    crm.edit(contact, hs_lead_status="OPEN")
    assert listen(hubspot, CLOCK[0]) == 1
    assert "affiliate:crm:open" in {tag.lower() for tag in shop.customers[BUYER]["tags"]}
    assert CLOCK[0] - begun < SECONDS

    # a second order updates the same contact
    second = order_with(id=ORDER["id"] + 1, name="#1002", discount_codes=[], note_attributes=[])
    hear(connected, shop, "orders/paid", second)
    assert contact_of(crm) is contact
    assert contact.values["affiliate_orders_count"] == "2"
    assert lifetime(shop) == 2 * paid

    # money goes back, by the same road
    hear(connected, shop, "refunds/create", REFUND)
    assert Commission.objects.order_by("pk")[0].net.amount < earned
    assert Decimal(contact.values["affiliate_lifetime_value"]) == lifetime(shop) < 2 * paid

    # and nobody hears an echo
    asked, told = len(crm.asked), sum(shop.calls.values())
    for _minute in range(3):
        listen(hubspot, CLOCK[0] + timedelta(minutes=1))
    assert sum(shop.calls.values()) == told
    assert all("update" not in path and "create" not in path for _m, path, _b in crm.asked[asked:])
    assert not Inbound.objects.filter(state="quarantined").exists()
    assert not FieldDecision.objects.exists()


def test_status_is_a_tag_in_our_word_once_somebody_has_decided_it(
    ana: Enrollment, connected: Connection, shop: CustomerShop, hubspot: Connection, crm: FakeHubSpot
) -> None:
    buy_by_click(ana, connected, shop)
    crm.at = NOON + timedelta(minutes=1)
    crm.edit(contact_of(crm), hs_lead_status="OPEN")
    listen(hubspot, CLOCK[0])
    assert "affiliate:crm:OPEN" in shop.customers[BUYER]["tags"]

    tracking.note_terms(ana.program, "hubspot", [("status", "OPEN")], at=NOON)
    tracking.decide_term(Term.objects.get(vocabulary="status"), word="In talks")
    settle()

    told = [tag for tag in shop.customers[BUYER]["tags"] if tag.startswith("affiliate:crm:")]
    assert told == ["affiliate:crm:In talks"]
    assert contact_of(crm).values["hs_lead_status"] == "OPEN"
