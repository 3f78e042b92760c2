"""Shopify's API, asked: the same orders as its webhooks tell, and troubles that say what to do."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.jobs import Misconfigured, Permanent
from integrations.connectors import shopify
from integrations.connectors.base import ListsOrders, Store, Unreadable
from tests.integrations.fake_shopify import (
    ORDER,
    FakeShop,
    money,
)
from tests.integrations.shopify_messages import (
    LINE,
    NUMBER,
    adjustment,
    back,
    line_with,
    order_with,
    refund_with,
    shipping_back,
    taken,
    tax_of,
)
from tests.integrations.shopify_shop import its_app, its_shop, its_store  # noqa: F401 - fixtures
from tracking.orders import OrderIn, RefundLineIn

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


# --- the same order by both doors --------------------------------------------------------------------------
ORDERS = {
    "as recorded": ORDER,
    "with tax included, a tip and a gift card": order_with(
        taxes_included=True,
        total_tip_received="15.00",
        line_items=[
            line_with(1, "119.00", 2, tax_lines=[tax_of("38.00")]),
            line_with(2, "15.00", product_id=None, product_exists=False, sku=""),
            line_with(3, "50.00", gift_card=True, vendor=None),
        ],
    ),
    "with an edit and refunds of every kind": order_with(
        financial_status="partially_refunded",
        line_items=[line_with(1, "30.00", 3, current_quantity=1), line_with(2, "10.00", 2)],
        refunds=[
            refund_with([back("1", 1, "30.00")], id=1),
            refund_with([back("2", 1, "10.00")], id=2, order_adjustments=[adjustment("2.00")]),
            refund_with([back("2", 1, "10.00")], id=3, order_adjustments=[adjustment("-3.00")]),
            refund_with([], id=4, refund_shipping_lines=[shipping_back("15.00")]),
            refund_with([], id=5, transactions=[]),
            refund_with([], id=6, order_adjustments=[adjustment("-1.00")]),
            refund_with([], id=7),
        ],
    ),
    "cancelled, of a guest": order_with(
        cancelled_at="2026-11-03T10:00:00-03:00", financial_status="voided", customer=None
    ),
    "paid in yen, without addresses": order_with(
        presentment_currency="JPY",
        total_price_set=money("195.00", "BRL", "5400", "JPY"),
        billing_address=None,
        shipping_address=None,
        landing_site=None,
        phone="+49 30 1",
    ),
    "with a click in the cart": order_with(note_attributes=[{"name": "tid", "value": "abc"}]),
    "of many lines": order_with(line_items=[line_with(n, "1.00") for n in range(1, 131)]),
}


@pytest.mark.parametrize("row", ORDERS.values(), ids=ORDERS)
def test_asked_order_is_the_same_as_the_webhooks(shop: FakeShop, store: Store, row: dict[str, Any]) -> None:
    shop.orders[NUMBER] = deepcopy(row)

    asked = shopify.fetch_order(store, NUMBER)
    listed = shopify.list_orders(store, NOON - DAY, NOON + DAY, None).orders

    assert asked == taken(row)
    assert [order.content_hash() for order in listed] == [taken(row).content_hash()]


def test_order_that_the_shop_has_no_more_is_none(store: Store) -> None:
    assert shopify.fetch_order(store, "1") is None


def test_order_that_the_app_may_not_see_is_not_taken_for_deleted(shop: FakeShop, store: Store) -> None:
    shop.scopes.remove("read_all_orders")

    with pytest.raises(Misconfigured, match="older than 60 days, so it cannot be told"):
        shopify.fetch_order(store, "1")
    with pytest.raises(Misconfigured, match="Give the app the scope read_all_orders"):
        shopify.fetch_refund_lines(store, NUMBER, "99", "BRL")


def test_order_of_another_shop_is_not_taken_for_deleted(shop: FakeShop, store: Store) -> None:
    wrong = {"data": {"shop": {"myshopifyDomain": "other.myshopify.com"}, "currentAppInstallation": {}}}
    shop.failures = [(200, {"data": {"order": None}}, {}), (200, wrong, {})]

    with pytest.raises(Misconfigured, match="change it to https://other"):
        shopify.fetch_order(store, "1")


def test_test_order_is_none(shop: FakeShop, store: Store) -> None:
    shop.orders[NUMBER]["test"] = True

    assert shopify.fetch_order(store, NUMBER) is None
    assert shopify.list_orders(store, NOON - DAY, NOON + DAY, None).orders == ()


def test_number_that_is_none_is_not_asked(shop: FakeShop, store: Store) -> None:
    for odd in ("1) { secrets }", "A-17", "１", ""):
        with pytest.raises(Unreadable, match="not an order number of Shopify"):
            shopify.fetch_order(store, odd)
    assert shopify.fetch_refund_lines(store, NUMBER, "1:extra", "BRL") is None
    assert shop.asked == []


def test_order_that_cannot_be_taken_is_unreadable(shop: FakeShop, store: Store) -> None:
    shop.orders[NUMBER]["processed_at"] = "1899-12-31T00:00:00Z"

    with pytest.raises(Unreadable, match="“processed_at”"):
        shopify.fetch_order(store, NUMBER)


# --- refunds -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (refund_with(), (RefundLineIn(LINE, 1, 9000),)),
        (refund_with([], refund_shipping_lines=[shipping_back("15.00")]), ()),
        (refund_with([], order_adjustments=[adjustment("-5.00")]), None),
        (
            refund_with(
                transactions=[{"kind": "refund", "status": "failure", "amount": "1", "currency": "BRL"}]
            ),
            None,
        ),
    ],
)
def test_refund_tells_which_lines_went_back(
    shop: FakeShop, store: Store, row: dict[str, Any], lines: tuple[RefundLineIn, ...] | None
) -> None:
    shop.orders[NUMBER]["refunds"] = [row]

    assert shopify.fetch_refund_lines(store, NUMBER, "1", "BRL") == lines


def test_refund_that_is_deleted_has_no_lines(store: Store) -> None:
    assert shopify.fetch_refund_lines(store, NUMBER, "99", "BRL") is None


# --- periods -----------------------------------------------------------------------------------------------
def with_orders(shop: FakeShop, count: int) -> list[str]:
    """Give the shop orders that changed minute after minute; return their numbers, the last change first."""
    shop.orders.clear()
    for number in range(count, 0, -1):
        at = (NOON + timedelta(minutes=number)).isoformat()
        shop.orders[str(number)] = order_with(id=number, updated_at=at)
    return list(shop.orders)


def pages(store: Store, since: datetime, until: datetime) -> list[OrderIn]:
    """Read a period to its end."""
    page = shopify.list_orders(store, since, until, None)
    orders = list(page.orders)
    while page.cursor:
        page = shopify.list_orders(store, since, until, page.cursor)
        orders += page.orders
    return orders


def test_shopify_lists_orders() -> None:
    assert isinstance(shopify, ListsOrders)


@pytest.mark.parametrize("count", [0, 1, 5, 12])
def test_period_is_read_page_by_page_oldest_change_first(shop: FakeShop, store: Store, count: int) -> None:
    numbers = with_orders(shop, count)

    orders = pages(store, NOON, NOON + DAY)

    assert [order.external_id for order in orders] == numbers[::-1]
    assert shopify.count_orders(store, NOON, NOON + DAY) == count


def test_period_ends_before_its_end(shop: FakeShop, store: Store) -> None:
    with_orders(shop, 4)

    orders = pages(store, NOON + timedelta(minutes=2), NOON + timedelta(minutes=4))

    assert [order.external_id for order in orders] == ["2", "3"]


def test_part_of_a_second_is_not_left_out(shop: FakeShop, store: Store) -> None:
    with_orders(shop, 1)
    at = NOON + timedelta(minutes=1, milliseconds=300)

    assert len(pages(store, at, at + timedelta(milliseconds=1))) == 1


def test_odd_order_is_named_and_the_others_are_read(shop: FakeShop, store: Store) -> None:
    with_orders(shop, 3)
    shop.orders["2"]["processed_at"] = "1899-12-31T00:00:00Z"

    page = shopify.list_orders(store, NOON, NOON + DAY, None)

    assert [order.external_id for order in page.orders] == ["1", "3"]
    assert [number for number, _why in page.refused] == ["2"]


def test_more_orders_than_shopify_counts_are_not_guessed(shop: FakeShop, store: Store) -> None:
    shop.fail(200, {"data": {"ordersCount": {"count": 25001, "precision": "AT_LEAST"}}})

    assert shopify.count_orders(store, NOON, NOON + DAY) is None


def test_lines_that_have_no_end_are_refused(shop: FakeShop, store: Store) -> None:
    shop.lines_in_a_page = 1
    shop.orders[NUMBER]["line_items"] = [line_with(1), line_with(2)]
    node = {"lineItems": {"pageInfo": {"hasNextPage": True, "endCursor": "1"}, "nodes": []}}
    real = shop.respond

    def respond(path: str, token: str, sent: bytes) -> Any:
        return (200, {"data": {"order": node}}, {}) if b"query Lines" in sent else real(path, token, sent)

    shop.respond = respond  # type: ignore[method-assign]

    with pytest.raises(Unreadable, match="cannot be read to their end"):
        shopify.fetch_order(store, NUMBER)


def test_lines_that_repeat_without_end_are_stopped(shop: FakeShop, store: Store) -> None:
    """It is that one order's trouble: the others of the page are read."""
    with_orders(shop, 2)
    shop.lines_in_a_page = 1
    shop.orders["1"]["line_items"] = [line_with(1), line_with(2)]
    node = {"lineItems": {"pageInfo": {"hasNextPage": True, "endCursor": "1"}, "nodes": [{}]}}
    real = shop.respond

    def respond(path: str, token: str, sent: bytes) -> Any:
        said = real(path, token, sent)
        return (200, {"data": {"order": node}}, {}) if b"query Lines" in sent else said

    shop.respond = respond  # type: ignore[method-assign]

    with pytest.raises(Permanent, match="repeats the lines of an order without end"):
        shopify.fetch_order(store, "1")
    assert shop.asked.count("Lines") == 100
    page = shopify.list_orders(store, NOON, NOON + DAY, None)
    assert ([order.external_id for order in page.orders], page.refused[0][0]) == (["2"], "1")
