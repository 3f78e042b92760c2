"""Orders as values and rows: what was added to them later changes nothing for those of before."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from commissions.actions import take_orders
from tests.makers import NOON, make_order
from tracking.models import Order
from tracking.orders import LineIn, OrderIn, differences

MUG = LineIn("1", 10000, name="Enamel mug", sku="MUG")
LATER = NOON + timedelta(hours=1)
BEFORE_BRANDS = {
    "source": "shop",
    "external_id": "1",
    "occurred_at": NOON.isoformat(),
    "revision_at": NOON.isoformat(),
    "currency": "EUR",
    "total": 10000,
    "captured_at": NOON.isoformat(),
    "goal": "sale",
    "state": "sale",
    "tax": 0,
    "shipping": 0,
    "discount": 0,
    "lines": [
        {
            "external_id": "1",
            "net": 10000,
            "quantity": 1,
            "sku": "MUG",
            "name": "Enamel mug",
            "product": "",
            "categories": [],
            "excluded": False,
        }
    ],
    "customer": {
        "external_id": "",
        "email": "buyer1@example.net",
        "is_new": None,
        "country": "",
        "phone": "",
    },
    "evidence": {"tid": "", "ref": "", "coupons": [], "landing_url": ""},
    "refunds": None,
    "subscription": "",
    "payment_number": None,
    "channel": "",
    "metadata": {},
}
# made by the release that knew no brands
HASH_BEFORE_BRANDS = "d8b0b8d9c9103fc92518ac384c9aeffecdd7a500959814e2c1691c167e76fbd3"


def order(**fields: object) -> OrderIn:
    return make_order("1", **fields)


def fill_subscriptions() -> None:
    migration = import_module("tracking.migrations.0003_fill_subscription")
    migration.fill(apps, SimpleNamespace(connection=connection))


def test_snapshot_of_before_brands_is_read():
    assert OrderIn.from_json(BEFORE_BRANDS) == order()


def test_content_of_before_brands_is_the_same_content():
    assert order().as_json() == BEFORE_BRANDS
    assert order().content_hash() == HASH_BEFORE_BRANDS


def test_brand_is_content():
    branded = order(lines=(replace(MUG, brand="Acme"),))

    assert branded.content_hash() != order().content_hash()
    assert OrderIn.from_json(branded.as_json()) == branded
    assert list(differences(BEFORE_BRANDS, branded.as_json())) == ["lines"]


def test_other_change_does_not_name_the_lines():
    assert differences(BEFORE_BRANDS, order(tax=100).as_json()) == {"tax": [0, 100]}


@pytest.mark.django_db
def test_order_of_before_brands_that_is_sent_again_is_the_same(program):
    take_orders(program, [order()], at=NOON)
    Order.objects.update(snapshot=BEFORE_BRANDS, content_hash=HASH_BEFORE_BRANDS)

    again = take_orders(program, [replace(order(), revision_at=LATER)], at=LATER)[0]

    assert (again.status, again.order.revision) == ("same", 1)


@pytest.mark.django_db
def test_subscription_is_noted_at_once_and_at_a_revision(program):
    row = take_orders(program, [order(subscription="s-1")], at=NOON)[0].order
    assert row.subscription == "s-1"

    take_orders(program, [order(subscription="s-2", revision_at=LATER)], at=LATER)

    row.refresh_from_db()
    assert row.subscription == "s-2"


@pytest.mark.django_db
def test_orders_of_before_the_column_get_their_subscription(program, monkeypatch):
    monkeypatch.setattr(import_module("tracking.migrations.0003_fill_subscription"), "CHUNK", 2)
    names = ["", "s-1", "", "s-2", "s-3", "s-4", "s-5"]
    take_orders(
        program,
        [make_order(str(place), subscription=name) for place, name in enumerate(names)],
        at=NOON,
    )
    Order.objects.update(subscription="")

    fill_subscriptions()
    fill_subscriptions()

    rows = Order.objects.order_by("external_id").values_list("subscription", flat=True)
    assert list(rows) == names
