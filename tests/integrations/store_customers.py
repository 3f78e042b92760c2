"""Shops with customers of their own, as connectors reach them."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.connectors import shopify
from integrations.connectors.base import Store
from integrations.connectors.records import Outcome, Row
from integrations.connectors.shop_records import wanted_fields
from tests.fakes.magento import KEYS as MAGENTO_KEYS
from tests.fakes.magento_customers import CustomerMagento
from tests.fakes.shopify_customers import CustomerShop
from tests.fakes.woocommerce import KEY, SECRET
from tests.fakes.woocommerce_customers import CustomerStore
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED

TELLS = {"tells_customers": True}
RECORD = {
    "affiliate": {"first": {"name": "Anna Archer", "code": "anna"}},
    "crm": {"lead_status": "hot", "lifecycle": "customer"},
    "orders": {"count": 2},
    "value": {"lifetime": "129.90"},
    "pattern": {"segment": "repeat", "recency_days": 0, "favourite_categories": ["mugs", "tea, green"]},
}
VALUES = {
    "source": "Anna Archer",
    "code": "anna",
    "segment": "repeat",
    "crm_status": "hot",
    "crm_lifecycle": "customer",
    "recency_days": 0,
    "orders": 2,
    "lifetime_value": "129.90",
    "categories": ["mugs", "tea, green"],
    "tags": ["affiliate:anna", "affiliate:crm:hot", "affiliate:segment:repeat"],
}


@pytest.fixture(name="shop")
def its_shop(settings: Any) -> Iterator[CustomerShop]:
    """A shop at Shopify with our metafields defined."""
    with CustomerShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        shopify.make_fields(shopify_at(running), "customer", wanted_fields())
        running.calls.clear()
        running.sent.clear()
        yield running


@pytest.fixture(name="woo")
def its_woo(settings: Any) -> Iterator[CustomerStore]:
    """A WooCommerce store."""
    with CustomerStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture(name="mage")
def its_mage(settings: Any) -> Iterator[CustomerMagento]:
    """A Magento store with some of our attributes."""
    with CustomerMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        for code in ("affiliate_source", "affiliate_tags"):
            running.define(code)
        yield running


def shopify_at(shop: CustomerShop) -> Store:
    """The shop, whose customers are told of."""
    return Store(shop.url, "shop", {"access_token": ENTERED, "client_secret": CLIENT_SECRET}, "BRL", TELLS)


def woo_at(woo: CustomerStore) -> Store:
    """The store, whose customers are told of."""
    return Store(woo.url, "shop", {"consumer_key": KEY, "consumer_secret": SECRET}, "EUR", TELLS)


def mage_at(mage: CustomerMagento) -> Store:
    """The store, whose customers are told of."""
    return Store(mage.url, "shop", MAGENTO_KEYS, "EUR", TELLS)


def row(number: str, **values: Any) -> Row:
    """A customer on the way, by the shop's number."""
    return Row(f"customer:{number or 'x'}", values, number)


def refusals(outcomes: tuple[Outcome, ...]) -> list[str]:
    """Why each was refused, \"\" for those that were not."""
    return [one.refusal for one in outcomes]
