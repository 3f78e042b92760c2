"""What orders and refunds of Shopify mean; all amounts in the shop's currency."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from integrations.connectors.base import Reading, Unreadable
from integrations.connectors.shopify.parse import read
from tests.integrations.fake_shopify import ORDER, REFUND, money
from tests.integrations.shopify_messages import (
    LINE,
    NUMBER,
    SHOP,
    back,
    line_with,
    order_with,
    refund_with,
    taken,
    tax_of,
)
from tracking.buyers import address_mark
from tracking.orders import CustomerIn, LineIn, OrderIn, RefundLineIn
from tracking.states import OrderState

TID = "GQ8xkYwAAAABAgMEBQYHCAkKCwwNDg8Q"


def read_of(topic: str, body: Any, **headers: str) -> Reading:
    return read(SHOP, topic, json.dumps(body).encode(), headers)


def lines_of(*rows: dict[str, Any], **fields: Any) -> tuple[LineIn, ...]:
    return taken(order_with(line_items=list(rows), **fields)).lines


# --- an order ----------------------------------------------------------------------------------------------
def test_order_is_as_the_shop_sold_it() -> None:
    order = taken(ORDER)

    assert (order.external_id, order.state, order.currency) == (NUMBER, OrderState.SALE, "BRL")
    assert (order.total, order.tax, order.shipping, order.discount) == (19500, 0, 1500, 2000)
    assert order.occurred_at == order.captured_at == datetime(2026, 11, 2, 12, 59, 58, tzinfo=UTC)
    assert order.revision_at == datetime(2026, 11, 2, 13, 0, 2, tzinfo=UTC)
    assert order.customer == CustomerIn("8094839668810", "cliente@example.com", None, "US", "555-555-SHIP")
    assert order.metadata == {
        "status": "paid",
        "number": "#1020",
        "utm_source": "afiliado",
        "utm_medium": "partner",
        "payer_country": "US",
        "ship_to_mark": address_mark("123 Shipping Street", "40003", "US"),
    }


def test_line_is_net_of_its_discounts() -> None:
    assert taken(ORDER).lines == (LineIn(LINE, 18000, 2, "CAM-M", "Camiseta - M", "632910392", brand="Loja"),)


def test_recorded_order_names_its_affiliate_by_code_and_landing_page() -> None:
    evidence = taken(ORDER).evidence

    assert (evidence.ref, evidence.tid, evidence.coupons) == ("ANA", "", ("ANA10",))
    assert evidence.landing_url.startswith("/products/camiseta?ref=ANA&")


def test_click_of_the_cart_comes_before_that_of_the_landing_page() -> None:
    noted = [{"name": "tid", "value": TID}, {"name": "gift", "value": None}, {"name": 3, "value": "x"}]

    order = taken(order_with(note_attributes=noted, landing_site="/?tid=other&ref=eve"))

    assert (order.evidence.tid, order.evidence.ref) == (TID, "eve")


@pytest.mark.parametrize("landing", [None, "", "http://[", "/?" + "a=1&" * 200, "/about", 7])
def test_odd_landing_page_names_nobody(landing: object) -> None:
    assert taken(order_with(landing_site=landing)).evidence.ref == ""


def test_landing_page_with_a_host_is_the_same_as_without() -> None:
    with_host = taken(order_with(landing_site="https://loja.example/p?ref=ANA"))

    assert with_host.evidence == taken(order_with(landing_site="/p?ref=ANA")).evidence


def test_included_tax_is_taken_off_lines_and_shipping() -> None:
    shipping = [{**ORDER["shipping_lines"][0], "tax_lines": [tax_of("2.39")]}]
    row = line_with(price="119.00", tax_lines=[tax_of("19.00")])

    order = taken(order_with(taxes_included=True, line_items=[row], shipping_lines=shipping))

    assert (order.lines[0].net, order.shipping) == (10000, 1261)


def test_tax_on_top_is_left_out() -> None:
    row = line_with(price="100.00", tax_lines=[tax_of("19.00")])

    assert lines_of(row, taxes_included=False)[0].net == 10000


def test_amounts_are_the_shops_whatever_the_buyer_paid_in() -> None:
    fields = {
        "presentment_currency": "JPY",
        "total_price_set": money("195.00", "BRL", "5400", "JPY"),
        "line_items": [line_with(price_set=money("180.00", "BRL", "5000", "JPY"))],
    }

    order = taken(order_with(**fields))

    assert (order.currency, order.total, order.lines[0].net) == ("BRL", 19500, 18000)
    assert order.metadata["paid_in"] == "JPY"


def test_set_in_another_currency_than_the_order_is_refused() -> None:
    with pytest.raises(Unreadable, match="total_price: USD ≠ BRL"):
        taken(order_with(total_price_set=money("195.00", "USD")))


def test_gift_card_and_tip_earn_nothing() -> None:
    tip = line_with(2, "15.00", product_id=None, product_exists=False, sku="", name="Tip")
    card = line_with(3, "50.00", gift_card=True)

    lines = lines_of(line_with(1), tip, card, total_tip_received="15.00")

    assert [(line.net, line.excluded) for line in lines] == [(10000, False), (1500, True), (5000, True)]


def test_product_that_costs_as_much_as_the_tip_is_sold() -> None:
    tip = line_with(2, "15.00", product_id=None, product_exists=False, sku="")

    lines = lines_of(line_with(1, "15.00"), tip, total_tip_received="15.00")

    assert [line.excluded for line in lines] == [False, True]


def test_custom_item_that_costs_as_much_as_the_tip_is_sold() -> None:
    odd = {"product_id": None, "product_exists": False, "sku": ""}

    lines = lines_of(line_with(1, "15.00", **odd), line_with(2, "15.00", **odd), total_tip_received="15.00")

    assert [line.excluded for line in lines] == [True, False]


def test_units_that_an_edit_took_off_are_not_sold() -> None:
    lines = lines_of(
        line_with(1, "30.00", 3, current_quantity=2), line_with(2, "10.00", 1, current_quantity=0)
    )

    assert [(line.net, line.quantity, line.excluded) for line in lines] == [(6000, 2, False), (0, 1, True)]


def test_units_that_a_refund_names_are_sold_and_went_back() -> None:
    refund = refund_with([back("1", 1, "30.00")])

    order = taken(order_with(line_items=[line_with(1, "30.00", 3, current_quantity=2)], refunds=[refund]))

    assert (order.lines[0].net, order.lines[0].quantity) == (9000, 3)
    assert order.refunds is not None
    assert order.refunds[0].lines == (RefundLineIn("1", 1, 3000),)


def test_shipping_that_was_taken_off_is_not_counted() -> None:
    removed = {**ORDER["shipping_lines"][0], "is_removed": True}

    assert taken(order_with(shipping_lines=[removed])).shipping == 0


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("paid", OrderState.SALE),
        ("partially_refunded", OrderState.SALE),
        ("refunded", OrderState.REFUNDED),
        ("pending", OrderState.OPEN),
        ("authorized", OrderState.OPEN),
        ("partially_paid", OrderState.OPEN),
        (None, OrderState.OPEN),
        ("voided", OrderState.VOID),
        ("expired", OrderState.VOID),
    ],
)
def test_payment_status_means(status: str | None, state: OrderState) -> None:
    assert taken(order_with(financial_status=status)).state == state


def test_unknown_payment_status_is_for_a_person() -> None:
    with pytest.raises(Unreadable, match="“lent” is not known here"):
        taken(order_with(financial_status="lent"))


def test_cancelled_order_is_no_sale_even_if_it_was_paid() -> None:
    order = taken(order_with(cancelled_at="2026-11-03T10:00:00-03:00"))

    assert (order.state, order.metadata["status"]) == (OrderState.VOID, "cancelled")


def test_test_order_is_never_counted() -> None:
    assert read_of("orders/paid", order_with(test=True)) == Reading(
        note="A test order: it was paid with no money, and is never counted."
    )


def test_trial_message_counts_nothing() -> None:
    assert read_of("orders/paid", ORDER, test="true").order is None
    assert read_of("refunds/create", REFUND, test="true").refund is None


def test_numbers_beyond_a_double_stay_whole() -> None:
    order = taken(order_with(id=820982911946154509, line_items=[line_with(866550311766439021)]))

    assert (order.external_id, order.lines[0].external_id) == ("820982911946154509", "866550311766439021")


def test_order_survives_storage() -> None:
    order = taken(order_with(refunds=[refund_with()]))

    assert OrderIn.from_json(order.as_json()) == order


# --- whatever comes ----------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.decimals(allow_nan=False).map(Decimal.__str__),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WHOLE = order_with(refunds=[refund_with()])


def told(topic: str, body: bytes) -> Reading | str:
    """Return what it means, or the sentence that refuses it."""
    try:
        return read(SHOP, topic, body)
    except Unreadable as trouble:
        return str(trouble)


@given(field=st.sampled_from(sorted(WHOLE)), value=JSON)
def test_any_field_may_be_anything_and_nothing_breaks(field: str, value: object) -> None:
    answer = told("orders/updated", json.dumps({**WHOLE, field: value}).encode())

    if isinstance(answer, Reading) and answer.order:
        assert OrderIn.from_json(answer.order.as_json()) == answer.order
    else:
        assert answer


@given(
    part=st.sampled_from(["line_items", "refunds", "shipping_lines"]),
    field=st.sampled_from(sorted({*WHOLE["line_items"][0], *WHOLE["refunds"][0]})),
    value=JSON,
)
def test_any_part_may_be_anything_and_nothing_breaks(part: str, field: str, value: object) -> None:
    rows = [{**WHOLE[part][0], field: value}]

    assert told("orders/updated", json.dumps({**WHOLE, part: rows}).encode())


@given(
    topic=st.sampled_from(
        ["orders/edited", "orders/delete", "refunds/create", "disputes/create", "customers/redact", "x"]
    ),
    body=JSON.map(lambda value: json.dumps({"id": value, "order_id": value, "customer": value}).encode())
    | st.binary(max_size=60),
)
def test_any_message_is_read_or_refused_with_a_sentence(topic: str, body: bytes) -> None:
    assert told(topic, body)
