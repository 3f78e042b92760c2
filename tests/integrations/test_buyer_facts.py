"""What stores tell of buyers stands in orders as digests and words, the same whichever door tells it."""

import json
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations import actions
from integrations.connectors import magento, shopify, stripe_billing, woocommerce
from integrations.connectors.base import Store
from integrations.connectors.body import Fields
from integrations.connectors.buyer_facts import buyer_facts, is_public, risk_word
from integrations.connectors.magento.parse import order_in as magento_order
from integrations.connectors.rows.reading import reading_of
from integrations.connectors.stripe_billing.asking import fetch_order as ask_stripe
from integrations.models import Connection, Inbound
from tests import makers
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.fake_stripe import INTENT, KEY, FakeStripe, intent, session
from tests.integrations.shopify_messages import NUMBER, order_with, taken
from tests.integrations.shopify_shop import (  # noqa: F401 - fixtures
    its_shop,
    its_store,
)
from tests.makers import NOON
from tracking.buyers import (
    ADDRESS_MARK,
    NETWORK_MARK,
    PAYER_COUNTRY,
    RISK,
    RISK_BY,
    TOLD,
    address_mark,
    network_mark,
)
from tracking.models import Order

IP = "9.9.9.9"  # one of the internet
STREET, POSTCODE = "Hauptstr. 5", "10115"
HOME, NETWORK = address_mark(STREET, POSTCODE, "DE"), network_mark(IP)
PLACE = {"address1": STREET, "zip": POSTCODE, "country_code": "DE", "phone": None}
BILL = {"address1": "Rue 1", "zip": "75001", "country_code": "FR", "phone": None}
SHOP = Store("https://shop.example", "shop", {}, "EUR")


def facts_of(metadata: dict[str, Any]) -> dict[str, Any]:
    """What of an order's metadata is of the buyer."""
    return {name: value for name, value in metadata.items() if name in TOLD}


# --- what is kept ------------------------------------------------------------------------------------------------
def test_facts_are_digests_and_words() -> None:
    found = buyer_facts(
        ip=f" {IP} ",
        street=STREET,
        postcode=POSTCODE,
        country="DE",
        payer_country="fr",
        risk="HIGH",
        risk_by="Radar",
    )

    assert found == {
        ADDRESS_MARK: HOME,
        NETWORK_MARK: NETWORK,
        PAYER_COUNTRY: "FR",
        RISK: "high",
        RISK_BY: "Radar",
    }
    assert all(clear not in json.dumps(found) for clear in (IP, STREET, POSTCODE))


def test_what_is_unknown_is_left_out() -> None:
    assert buyer_facts() == {}
    assert (
        buyer_facts(street=STREET, country="DE", ip="nowhere", payer_country="Germany", risk_by="Radar") == {}
    )


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (IP, True),
        ("2606:4700::1111", True),
        ("::ffff:9.9.9.9", True),
        ("10.0.0.5", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("", False),
    ],
)
def test_network_of_the_shop_itself_is_nobodys(address: str, public: bool) -> None:
    assert is_public(address) is public
    assert (NETWORK_MARK in buyer_facts(ip=address)) is public


@pytest.mark.parametrize("word", ["none", "PENDING", "not_assessed", " unknown ", ""])
def test_word_that_assesses_nothing_is_none(word: str) -> None:
    assert risk_word(word) == ""
    assert buyer_facts(risk=word, risk_by="Radar") == {}


# --- Shopify -----------------------------------------------------------------------------------------------------
def test_webhook_and_api_of_shopify_tell_the_same_order(shop: FakeShop, store: Store) -> None:
    row = order_with(browser_ip=IP, shipping_address=PLACE, billing_address=BILL)
    shop.orders[NUMBER] = row

    asked = shopify.fetch_order(store, NUMBER)

    assert asked is not None
    assert facts_of(asked.metadata) == facts_of(taken(row).metadata)
    assert facts_of(asked.metadata) == {ADDRESS_MARK: HOME, NETWORK_MARK: NETWORK, PAYER_COUNTRY: "FR"}


def test_order_of_shopify_that_is_sent_nowhere_is_known_by_its_bill() -> None:
    order = taken(order_with(browser_ip=None, shipping_address=None, billing_address=PLACE))

    assert facts_of(order.metadata) == {ADDRESS_MARK: HOME, PAYER_COUNTRY: "DE"}


def test_risk_is_no_part_of_an_order_at_shopify(shop: FakeShop, store: Store) -> None:
    """Its webhooks do not tell it: the order would be revised whenever the other door tells of it."""
    shop.orders[NUMBER]["assessments"] = [{"risk_level": "high"}]

    asked = shopify.fetch_order(store, NUMBER)

    assert asked is not None
    assert RISK not in asked.metadata


# --- WooCommerce and Magento -------------------------------------------------------------------------------------
WOO: dict[str, Any] = {
    "id": 22,
    "number": "22",
    "currency": "EUR",
    "status": "processing",
    "date_created_gmt": "2026-11-02T12:00:00",
    "total": "10.00",
    "customer_ip_address": IP,
    "billing": {"address_1": "Rue 1", "postcode": "75001", "country": "FR", "email": "buyer@example.net"},
    "shipping": {"address_1": STREET, "postcode": POSTCODE, "country": "DE"},
    "meta_data": [{"id": 1, "key": "_charge_risk_level", "value": "elevated"}],
    "line_items": [],
}


def woo(**fields: Any) -> dict[str, Any]:
    """The facts of an order of WooCommerce."""
    body = json.dumps({**WOO, **fields}).encode()
    order = woocommerce.read(SHOP, "order.updated", body).order
    assert order is not None
    return facts_of(order.metadata)


def test_order_of_woocommerce() -> None:
    assert woo() == {
        ADDRESS_MARK: HOME,
        NETWORK_MARK: NETWORK,
        PAYER_COUNTRY: "FR",
        RISK: "elevated",
        RISK_BY: "WooPayments",
    }


def test_order_of_woocommerce_that_is_sent_nowhere() -> None:
    nowhere = {"address_1": "", "postcode": "", "country": ""}

    found = woo(shipping=nowhere, customer_ip_address="172.17.0.1", meta_data=[])

    assert found == {ADDRESS_MARK: address_mark("Rue 1", "75001", "FR"), PAYER_COUNTRY: "FR"}


MAGENTO: dict[str, Any] = {
    "entity_id": 31,
    "increment_id": "000000031",
    "state": "processing",
    "status": "processing",
    "order_currency_code": "EUR",
    "base_currency_code": "EUR",
    "created_at": "2026-11-02 12:00:00",
    "remote_ip": IP,
    "billing_address": {"street": ["Rue 1"], "postcode": "75001", "country_id": "FR"},
    "items": [],
}
SENT = {"shipping": {"address": {"street": [STREET, "c/o B"], "postcode": POSTCODE, "country_id": "DE"}}}


def mage(**fields: Any) -> dict[str, Any]:
    """The facts of an order of Magento."""
    return facts_of(magento_order(Fields({**MAGENTO, **fields}), [], SHOP).metadata)


def test_order_of_magento() -> None:
    assert magento.NAME
    assert mage(extension_attributes={"shipping_assignments": [SENT]}) == {
        ADDRESS_MARK: HOME,
        NETWORK_MARK: NETWORK,
        PAYER_COUNTRY: "FR",
    }


def test_suspected_fraud_at_magento_is_a_high_risk() -> None:
    found = mage(status="fraud", remote_ip=None, billing_address={"street": "odd", "country_id": "FR"})

    assert found == {PAYER_COUNTRY: "FR", RISK: "high", RISK_BY: "Magento"}


# --- Stripe ------------------------------------------------------------------------------------------------------
def test_checkout_at_stripe(stripe_api: FakeStripe) -> None:
    address = {"line1": STREET, "postal_code": POSTCODE, "country": "DE"}
    paid = intent()
    card = {"card": {"country": "FR"}, "type": "card"}
    paid["latest_charge"] |= {"outcome": {"risk_level": "highest"}, "payment_method_details": card}
    stripe_api.keep(session(collected_information={"shipping_details": {"address": address}}), paid)

    order = ask_stripe(Store(stripe_api.url, "stripe", {"api_key": KEY}, "EUR"), INTENT)

    assert order is not None
    assert facts_of(order.metadata) == {
        ADDRESS_MARK: HOME,
        PAYER_COUNTRY: "FR",
        RISK: "highest",
        RISK_BY: "Stripe Radar",
    }


def test_checkout_at_stripe_that_cannot_be_asked_is_known_by_its_address() -> None:
    address = {"line1": STREET, "postal_code": POSTCODE, "country": "DE"}
    told = {"object": "event", "id": "evt_1", "created": 1_793_700_000, "livemode": False}
    about = session(customer_details={"email": "buyer@example.net", "address": address})
    body = {**told, "type": "checkout.session.completed", "data": {"object": about}}

    reading = stripe_billing.read(Store("", "stripe", {"mode": "test"}, "EUR"), "", json.dumps(body).encode())

    assert reading.order is not None
    assert facts_of(reading.order.metadata) == {ADDRESS_MARK: HOME}


# --- any system --------------------------------------------------------------------------------------------------
ROWS: list[dict[str, Any]] = [
    {"target": "order.number", "source": "id"},
    {"target": "order.total", "source": "total"},
    {"target": "order.currency", "constant": "EUR"},
    {"target": "order.changed_at", "source": "at", "steps": [{"do": "time"}]},
    {"target": "customer.country", "source": "country"},
    {"target": "buyer.ip", "source": "ip"},
    {"target": "shipping.street", "source": "street"},
    {"target": "shipping.postcode", "source": "postcode"},
    {"target": "payer.country", "source": "card"},
    {"target": "order.risk", "source": "risk"},
]
MESSAGE = {"id": "1", "total": "10.00", "country": "DE", "ip": IP, "street": STREET, "postcode": POSTCODE}


@pytest.fixture
def inbox(anna: Enrollment) -> Connection:
    """A system with a webhook, whose orders are mapped."""
    made = makers.make_connection(anna.program, connector="inbox", source="till", secrets={})
    actions.save_mapping(made, "in", "order", ROWS)
    return made


def come(inbox: Connection, number: str, **fields: Any) -> Order:
    """Let a message come and be understood."""

    body = json.dumps({**MESSAGE, "at": "2026-11-02T12:00:00Z", **fields}).encode()
    row = Inbound.objects.create(
        connection=inbox,
        dedupe_key=number,
        body=body,
        headers={"received": NOON.isoformat()},
        received_at=NOON,
    )
    assert actions.process(row).state == "done", row.note
    return Order.objects.get()


def test_mapped_message_tells_the_same_facts(inbox: Connection) -> None:
    order = come(inbox, "1", card="FR", risk="HIGH")

    assert facts_of(order.snapshot["metadata"]) == {
        ADDRESS_MARK: HOME,
        NETWORK_MARK: NETWORK,
        PAYER_COUNTRY: "FR",
        RISK: "high",
        RISK_BY: "till",
    }
    assert all(clear not in json.dumps(order.snapshot) for clear in (IP, STREET, POSTCODE))


def test_later_message_that_does_not_tell_them_leaves_them(inbox: Connection) -> None:
    come(inbox, "1", card="FR", risk="HIGH")

    bare = dict.fromkeys(("ip", "street", "postcode"))
    order = come(inbox, "2", total="12.00", at="2026-11-02T13:00:00Z", **bare)

    assert (order.total, order.revision) == (1200, 2)
    assert set(facts_of(order.snapshot["metadata"])) == TOLD


def test_row_of_a_file_tells_them_too() -> None:
    values = {"order.number": "1", "order.total": "10.00", "order.occurred_at": NOON.isoformat()}
    told = {
        "buyer.ip": IP,
        "shipping.street": STREET,
        "shipping.postcode": POSTCODE,
        "shipping.country": "DE",
    }

    reading = reading_of("order", {**values, **told}, SHOP, NOON)

    assert reading.order is not None
    assert facts_of(reading.order.metadata) == {ADDRESS_MARK: HOME, NETWORK_MARK: NETWORK}


def test_same_facts_again_are_no_revision(anna: Enrollment) -> None:
    metadata = buyer_facts(ip=IP, street=STREET, postcode=POSTCODE, country="DE", payer_country="FR")
    order = makers.make_order("1", ref=anna.code, metadata=metadata)

    taken_twice = [take_orders(anna.program, [order], at=NOON)[0].status for _time in range(2)]

    assert taken_twice == ["created", "same"]
