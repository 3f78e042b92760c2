"""Money that goes back at Shopify, and its messages that are no orders."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.base import Reading, Unreadable
from integrations.connectors.shopify.parse import read
from tests.integrations.fake_shopify import ORDER, REFUND, money
from tests.integrations.shopify_messages import (
    LINE,
    NUMBER,
    SHOP,
    adjustment,
    back,
    order_with,
    refund_with,
    shipping_back,
    taken,
)
from tracking.orders import RefundIn, RefundLineIn
from tracking.states import RefundKind


def read_of(topic: str, body: Any, **headers: str) -> Reading:
    return read(SHOP, topic, json.dumps(body).encode(), headers)


# --- money that went back ----------------------------------------------------------------------------------
def refunds(*rows: dict[str, Any], **fields: Any) -> list[tuple[Any, ...]]:
    order = taken(order_with(refunds=list(rows), **fields))
    return [(each.external_id, each.gross, each.lines, each.final) for each in order.refunds or ()]


def went_back(*lines: tuple[str, int, int]) -> tuple[RefundLineIn, ...]:
    return tuple(RefundLineIn(*line) for line in lines)


def test_refund_tells_its_lines() -> None:
    assert refunds(refund_with()) == [("1", None, went_back((LINE, 1, 9000)), True)]


def test_refunds_stand_oldest_first_with_reason_and_time() -> None:
    order = taken(order_with(refunds=[refund_with(id=12, note="later"), refund_with(id=9, note="first")]))

    assert order.refunds is not None
    assert [(each.external_id, each.reason) for each in order.refunds] == [("9", "first"), ("12", "later")]
    assert order.refunds[0].occurred_at == datetime(2026, 11, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize("status", ["pending", "failure", "error"])
def test_refund_whose_money_did_not_go_back_is_none(status: str) -> None:
    waiting = [{"kind": "refund", "status": status, "amount": "90.00", "currency": "BRL"}]

    assert refunds(refund_with(transactions=waiting)) == []


def test_refund_counts_by_one_transaction_that_succeeded() -> None:
    both = [{"kind": "refund", "status": status, "amount": "1"} for status in ("failure", "success")]

    assert len(refunds(refund_with(transactions=both))) == 1


def test_goods_taken_off_without_a_transaction_count() -> None:
    assert refunds(refund_with(transactions=[])) == [("1", None, went_back((LINE, 1, 9000)), True)]


def test_refund_of_nothing_is_none() -> None:
    assert refunds(refund_with([], transactions=[])) == []


def test_included_tax_is_taken_off_what_went_back() -> None:
    row = refund_with([back(subtotal="119.00", tax="19.00")])

    assert refunds(row, taxes_included=True) == [("1", None, went_back((LINE, 1, 10000)), True)]
    assert refunds(row, taxes_included=False) == [("1", None, went_back((LINE, 1, 11900)), True)]


def test_line_that_went_back_twice_in_one_refund_is_one() -> None:
    row = refund_with([back("2", 1, "10.00"), back("1", 1, "5.00"), back("2", 2, "20.00")])

    assert refunds(row) == [("1", None, went_back(("1", 1, 500), ("2", 3, 3000)), True)]


def test_what_the_merchant_kept_did_not_go_back() -> None:
    row = refund_with([back("1", 1, "60.00"), back("2", 1, "30.00")], order_adjustments=[adjustment("10.00")])

    assert refunds(row) == [("1", None, went_back(("1", 1, 5333), ("2", 1, 2667)), True)]


def test_goods_that_came_back_for_nothing_take_nothing_back() -> None:
    row = refund_with(transactions=[], order_adjustments=[adjustment("90.00")])

    assert refunds(row) == [("1", None, went_back((LINE, 1, 0)), True)]


def test_what_was_given_on_top_of_the_lines_is_a_refund_beside_them() -> None:
    row = refund_with(order_adjustments=[adjustment("-5.00", "-0.95")])

    assert refunds(row) == [
        ("1", None, went_back((LINE, 1, 9000)), True),
        ("1:extra", 595, None, True),
    ]


def test_goodwill_without_lines_is_an_amount_for_good() -> None:
    row = refund_with([], order_adjustments=[adjustment("-10.00")])

    assert refunds(row) == [("1", 1000, None, True)]


def test_refund_of_shipping_alone_is_asked_about() -> None:
    row = refund_with([], refund_shipping_lines=[shipping_back("15.00", "2.85")])

    assert refunds(row, taxes_included=False) == [("1", 1785, None, False)]
    assert refunds(row, taxes_included=True) == [("1", 1500, None, False)]


def test_shipping_that_an_older_api_calls_an_adjustment_is_no_goodwill() -> None:
    row = refund_with(order_adjustments=[adjustment("-15.00", kind="shipping_refund")])

    assert refunds(row) == [("1", None, went_back((LINE, 1, 9000)), True)]


def test_amount_in_the_buyers_currency_is_counted_by_the_orders_own_rate() -> None:
    paid = [{"kind": "refund", "status": "success", "amount": "2700", "currency": "JPY"}]

    found = refunds(
        refund_with([], transactions=paid),
        presentment_currency="JPY",
        total_price_set=money("195.00", "BRL", "5400", "JPY"),
    )

    assert found == [("1", 9750, None, True)]


def test_amount_in_a_third_currency_is_refused() -> None:
    paid = [{"kind": "refund", "status": "success", "amount": "27.00", "currency": "USD"}]

    with pytest.raises(Unreadable, match="made in USD, in which the order was not paid"):
        taken(order_with(refunds=[refund_with([], transactions=paid)]))


# --- other messages ----------------------------------------------------------------------------------------
def test_recorded_refund_is_taken_by_itself() -> None:
    reading = read_of("refunds/create", REFUND)

    refund = RefundIn(
        "929361462",
        occurred_at=datetime(2026, 11, 5, 13, tzinfo=UTC),
        lines=went_back((LINE, 1, 9000)),
        final=True,
        reason="devolucao parcial",
    )
    assert (reading.refund, reading.of, reading.currency) == (refund, NUMBER, "BRL")


def test_refund_by_itself_says_what_the_order_says_of_it() -> None:
    alone = read_of("refunds/create", refund_with()).refund
    listed = taken(order_with(refunds=[refund_with()])).refunds

    assert listed == (alone,)


@pytest.mark.parametrize(
    "row",
    [
        refund_with([back(tax="1.00")]),
        refund_with([]),
        refund_with(order_adjustments=[adjustment("-5.00")]),
    ],
)
def test_refund_that_needs_its_order_asks_for_it(row: dict[str, Any]) -> None:
    assert read_of("refunds/create", row) == Reading(
        ask=NUMBER, note="The order's own message tells of the refund too."
    )


def test_refund_that_still_waits_is_noted() -> None:
    waiting = [{"kind": "refund", "status": "pending", "amount": "90.00", "currency": "BRL"}]

    assert read_of("refunds/create", refund_with(transactions=waiting)) == Reading(
        note="The money has not gone back yet, or the refund failed."
    )


def test_edit_and_deletion_ask_for_the_order() -> None:
    edit = {"order_edit": {"id": 7, "order_id": 820982911946154508}}

    assert read_of("orders/edited", edit).ask == "820982911946154508"
    assert read_of("orders/delete", {"id": 820982911946154508}).ask == "820982911946154508"


def test_order_that_is_called_a_deletion_is_refused() -> None:
    with pytest.raises(Unreadable, match="calls itself a deletion"):
        read_of("orders/delete", ORDER)


def dispute(**fields: Any) -> dict[str, Any]:
    told = {
        "id": 285332461850802050,
        "order_id": int(NUMBER),
        "type": "chargeback",
        "amount": "11.50",
        "currency": "BRL",
        "reason": "fraudulent",
        "status": "under_review",
        "initiated_at": "2026-11-06T10:00:00-03:00",
        "finalized_on": None,
    }
    return {**told, **fields}


def test_dispute_is_a_chargeback_until_it_is_won() -> None:
    opened = read_of("disputes/create", dispute())
    won = read_of("disputes/update", dispute(status="won", finalized_on="2026-11-20T10:00:00-03:00"))

    assert opened.refund is not None
    assert won.refund is not None
    assert (opened.refund.external_id, opened.refund.kind, opened.refund.gross) == (
        "dispute:285332461850802050",
        RefundKind.CHARGEBACK,
        1150,
    )
    assert (won.refund.external_id, won.refund.kind) == (
        "dispute:285332461850802050:won",
        RefundKind.CHARGEBACK_WON,
    )
    assert (opened.of, opened.currency) == (NUMBER, "BRL")


def test_inquiry_of_a_bank_takes_nothing() -> None:
    assert read_of("disputes/create", dispute(type="inquiry")) == Reading(
        note=f"A bank asks about order {NUMBER}; no money was taken so far."
    )


CUSTOMER = {"id": 191167, "email": "john@example.com"}


@pytest.mark.parametrize(
    ("topic", "sentence"),
    [
        ("customers/data_request", "john@example.com asks what is known of them: within 30 days"),
        ("customers/redact", "john@example.com is to be forgotten: within 30 days"),
        ("shop/redact", "The shop wants its data deleted"),
    ],
)
def test_privacy_request_waits_for_a_person(topic: str, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read_of(topic, {"shop_id": 954889, "shop_domain": "loja.myshopify.com", "customer": CUSTOMER})


def test_removed_app_is_said() -> None:
    assert read_of("app/uninstalled", {"id": 1}).note.startswith("The app was removed from the shop")


def test_other_news_is_not_needed() -> None:
    assert read_of("products/update", {"id": 1}).note == "News of this kind (products/update) is not needed."
