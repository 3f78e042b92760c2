"""A shop at Shopify that is connected: its door, its messages in any order, its subscriptions, and the guide."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction

from integrations import actions
from integrations.connectors.shopify.address import host_of
from integrations.connectors.signatures import in_base64
from integrations.models import Connection, Inbound
from tests.integrations.fake_shopify import (
    CLIENT_SECRET,
    ORDER,
    REFUND,
    FakeShop,
)
from tests.integrations.shopify_messages import (
    LATER,
    NUMBER,
    PARTLY,
    SHOP_DOMAIN,
    adjustment,
    order_with,
    post,
    refund_with,
    send,
    shipping_back,
)
from tests.integrations.shopify_shop import (  # noqa: F401 - fixtures
    hear,
    its_ana,
    its_asked,
    its_connection,
    its_program,
    its_shop,
    left,
)
from tracking.models import Order, Refund

LATEST = "2026-11-06T10:00:00-03:00"


@contextmanager
def undone() -> Iterator[None]:
    """Leave no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- the door ----------------------------------------------------------------------------------------------
def test_recorded_sale_earns_ten_per_cent_of_its_goods(connection: Connection) -> None:
    inbound = hear(connection, "orders/paid", ORDER)

    assert (inbound.state, inbound.note) == ("done", f"Order {NUMBER} was taken (sale).")
    assert (inbound.topic, inbound.subject) == ("orders/paid", NUMBER)
    assert left() == [1800]


def test_recorded_refund_takes_half_back(connection: Connection) -> None:
    hear(connection, "orders/paid", ORDER)
    inbound = hear(connection, "refunds/create", REFUND)

    assert inbound.note == f"Refund 929361462 of order {NUMBER} was taken."
    assert left() == [900]


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
def test_headers_may_be_spelled_in_any_case(connection: Connection, spelled: Any) -> None:
    raw = json.dumps(ORDER).encode()
    told = {
        "x-shopify-topic": "orders/paid",
        "x-shopify-hmac-sha256": in_base64(raw, CLIENT_SECRET).decode(),
        "x-shopify-shop-domain": SHOP_DOMAIN,
    }

    assert post(connection, raw, {spelled(name): value for name, value in told.items()}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Shopify-Hmac-Sha256": ""},
        {"X-Shopify-Hmac-Sha256": "AAAA"},
        {"X-Shopify-Hmac-Sha256": "ä"},
        {"X-Shopify-Hmac-Sha256": in_base64(b"{}", CLIENT_SECRET).decode()},
        {"X-Shopify-Hmac-Sha256": in_base64(json.dumps(ORDER).encode(), "not-used").decode()},
        {"X-Shopify-Shop-Domain": "other.myshopify.com"},
        {"X-Shopify-Shop-Domain": ""},
        {"X-Shopify-Shop-Domain": f"{SHOP_DOMAIN}.evil.example"},
    ],
)
def test_forged_and_foreign_messages_are_refused(connection: Connection, headers: dict[str, str]) -> None:
    assert send(connection, "orders/paid", ORDER, **headers) == 401

    assert (Inbound.objects.count(), Order.objects.count()) == (0, 0)


def test_generated_secret_opens_no_door(asked: Connection) -> None:
    raw = json.dumps(ORDER).encode()
    signed = {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": in_base64(raw, "not-used").decode(),
        "X-Shopify-Shop-Domain": host_of(asked.base_url),
    }

    assert post(asked, raw, signed) == 401


def test_connection_without_a_secret_opens_to_nobody(connection: Connection) -> None:
    connection.secrets = {"client_secret": ""}
    connection.save(update_fields=["secrets"])
    raw = json.dumps(ORDER).encode()

    assert (
        send(connection, "orders/paid", raw, **{"X-Shopify-Hmac-Sha256": in_base64(raw, "").decode()}) == 401
    )


def test_connection_without_an_address_knows_no_shop(connection: Connection) -> None:
    Connection.objects.update(base_url="")

    assert send(connection, "orders/paid", ORDER, **{"X-Shopify-Shop-Domain": ""}) == 401


def test_former_secret_is_good_while_it_stands(connection: Connection) -> None:
    connection.secrets = {"client_secret": "new", "former_secret": CLIENT_SECRET}
    connection.save(update_fields=["secrets"])

    assert send(connection, "orders/paid", ORDER) == 200


def test_message_that_is_sent_again_is_one(connection: Connection) -> None:
    hear(connection, "orders/paid", ORDER)
    hear(connection, "orders/paid", ORDER)
    hear(connection, "orders/paid", ORDER, **{"X-Shopify-Webhook-Id": "w-2"})

    assert [row.repeats for row in Inbound.objects.all()] == [2]


def test_same_words_on_another_topic_are_another_message(connection: Connection) -> None:
    hear(connection, "orders/create", ORDER)
    inbound = hear(connection, "orders/paid", ORDER)

    assert (Inbound.objects.count(), inbound.note) == (2, f"Order {NUMBER}: nothing new.")


def test_news_without_a_time_may_come_again_and_mean_it(connection: Connection) -> None:
    for webhook_id in ("w-1", "w-1", "w-2"):
        hear(connection, "app/uninstalled", {"id": 1}, **{"X-Shopify-Webhook-Id": webhook_id})

    assert [row.repeats for row in Inbound.objects.order_by("pk")] == [1, 0]


def test_body_that_is_no_json_is_kept_for_a_person(connection: Connection) -> None:
    inbound = hear(connection, "orders/paid", b"{")

    assert (inbound.state, bytes(inbound.body)) == ("quarantined", b"{")


# --- in any order ------------------------------------------------------------------------------------------
LIFE = [
    ("orders/create", order_with(financial_status="pending", updated_at="2026-11-02T10:00:00-03:00")),
    ("orders/paid", ORDER),
    ("refunds/create", REFUND),
    ("orders/updated", PARTLY),
]


def test_order_of_arrival_and_repeats_do_not_matter(connection: Connection) -> None:
    for messages in permutations(LIFE):
        with undone():
            for topic, body in (*messages, *messages[::2]):
                hear(connection, topic, body)
            assert left() == [900]
            assert (Refund.objects.count(), Order.objects.get().snapshot["state"]) == (1, "sale")


def test_everything_again_books_nothing(connection: Connection) -> None:
    for topic, body in LIFE:
        hear(connection, topic, body)

    for inbound in Inbound.objects.order_by("-pk"):
        actions.replay(inbound)

    assert left() == [900]


def test_refund_before_its_order_waits_for_it(connection: Connection) -> None:
    early = hear(connection, "refunds/create", REFUND)
    hear(connection, "orders/paid", ORDER)

    assert early.note == f"Refund 929361462 is kept and waits for order {NUMBER}."
    assert left() == [900]


def test_cancelled_order_earns_nothing_though_an_older_word_comes_late(connection: Connection) -> None:
    hear(connection, "orders/paid", ORDER)
    hear(connection, "orders/cancelled", order_with(cancelled_at=LATER, updated_at=LATER))
    hear(connection, "orders/updated", ORDER)

    assert left() == [0]


def test_full_refund_takes_all_back(connection: Connection) -> None:
    hear(connection, "orders/paid", ORDER)
    hear(connection, "orders/updated", order_with(financial_status="refunded", updated_at=LATER))

    assert left() == [0]


def test_test_order_counts_nothing(connection: Connection) -> None:
    inbound = hear(connection, "orders/paid", order_with(test=True))

    assert (inbound.state, Order.objects.count(), left()) == ("ignored", 0, [])


KEPT = adjustment("10.00")
GOODWILL = refund_with([], order_adjustments=[adjustment("-19.50")])


@pytest.mark.parametrize(
    ("refund", "keeps"),
    [
        (refund_with(), 900),
        (refund_with(order_adjustments=[KEPT]), 1000),
        (GOODWILL, 1620),
        (refund_with(transactions=[{"kind": "refund", "status": "pending", "amount": "90.00"}]), 1800),
        (refund_with(transactions=[]), 900),
    ],
)
def test_affiliate_keeps_what_the_guide_says(
    connection: Connection, refund: dict[str, Any], keeps: int
) -> None:
    hear(connection, "orders/paid", ORDER)
    hear(connection, "orders/updated", order_with(updated_at=LATER, refunds=[refund]))

    assert left() == [keeps]


def test_chargeback_takes_back_and_a_dispute_won_gives_again(connection: Connection) -> None:
    told = {
        "id": 7,
        "order_id": int(NUMBER),
        "type": "chargeback",
        "amount": "195.00",
        "currency": "BRL",
        "initiated_at": LATER,
    }
    hear(connection, "orders/paid", ORDER)
    hear(connection, "disputes/create", {**told, "status": "needs_response"})
    lost = left()
    hear(connection, "disputes/update", {**told, "status": "under_review"})
    hear(connection, "disputes/update", {**told, "status": "won", "finalized_on": LATEST})

    assert (lost, left()) == ([0], [1800])


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_privacy_request_is_answered_and_waits_where_a_person_looks(
    connection: Connection, topic: str
) -> None:
    inbound = hear(connection, topic, {"shop_id": 1, "customer": {"id": 2, "email": "john@example.com"}})

    assert inbound in Inbound.objects.stuck()
    assert "within 30 days" in inbound.note


def test_removed_app_is_noted(connection: Connection) -> None:
    inbound = hear(connection, "app/uninstalled", {"id": 1})

    assert (inbound.state, "removed from the shop" in inbound.note) == ("ignored", True)


# --- asked -------------------------------------------------------------------------------------------------
def test_deleted_order_is_gone_once_the_shop_confirms_it(asked: Connection, shop: FakeShop) -> None:
    hear(asked, "orders/paid", ORDER)
    hear(asked, "orders/delete", {"id": int(NUMBER)}, **{"X-Shopify-Webhook-Id": "w-1"})
    still = left()
    shop.orders.clear()
    hear(asked, "orders/delete", {"id": int(NUMBER)}, **{"X-Shopify-Webhook-Id": "w-2"})

    assert (still, left(), Order.objects.get().state) == ([1800], [0], "gone")


def test_edit_is_read_from_the_shop(asked: Connection, shop: FakeShop) -> None:
    hear(asked, "orders/paid", ORDER)
    line = {**ORDER["line_items"][0], "current_quantity": 1}
    shop.orders[NUMBER] = order_with(updated_at=LATER, line_items=[line])

    hear(asked, "orders/edited", {"order_edit": {"id": 1, "order_id": int(NUMBER), "created_at": LATER}})

    assert left() == [900]


def test_refund_of_shipping_alone_takes_nothing_back(asked: Connection, shop: FakeShop) -> None:
    refund = refund_with([], refund_shipping_lines=[shipping_back("15.00")])
    told = order_with(updated_at=LATER, financial_status="partially_refunded", refunds=[refund])
    shop.orders[NUMBER] = told

    hear(asked, "orders/updated", told)

    assert left() == [1800]


def test_one_token_serves_many_questions(asked: Connection, shop: FakeShop) -> None:
    for number in range(3):
        edit = {"order_edit": {"id": number, "order_id": int(NUMBER), "created_at": LATER}}
        hear(asked, "orders/edited", edit)

    assert shop.asked == ["token", "Order", "Order", "Order"]


def test_token_that_was_revoked_is_replaced_for_all(asked: Connection, shop: FakeShop) -> None:
    edit = {"order_edit": {"id": 1, "order_id": int(NUMBER), "created_at": LATER}}
    hear(asked, "orders/edited", edit)
    shop.refused.add("day-1")
    hear(asked, "orders/edited", {"order_edit": {**edit["order_edit"], "id": 2}})

    asked.refresh_from_db()
    assert asked.secrets["kept_token"]["value"] == "day-2"
    assert shop.asked == ["token", "Order", "Order", "token", "Order"]
