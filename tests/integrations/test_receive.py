"""The door: what is answered, what is kept, and what is a repeat."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from core.models import Event
from integrations.actions import pause, process
from integrations.connectors.signatures import in_base64
from integrations.models import Connection, Inbound
from tests.integrations.deliveries import SECRET, body_of, changed, deliver, headers_of, post, send

ERROR = {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}}


def test_recorded_delivery_is_kept_byte_for_byte(connection: Connection) -> None:
    status = deliver(connection, "028-order.updated")

    inbound = Inbound.objects.get()
    assert status == 200
    assert bytes(inbound.body) == body_of("028-order.updated")
    assert (inbound.topic, inbound.subject, inbound.state) == ("order.updated", "22", "received")


def test_received_message_leaves_one_event_with_one_job(connection: Connection) -> None:
    deliver(connection, "028-order.updated")

    event = Event.objects.get(kind="inbound.received")
    assert (event.tenant_id, event.scope_id) == (connection.program.merchant_id, connection.program_id)
    assert list(event.jobs.values_list("task", flat=True)) == ["integrations.tasks.process_inbound"]


def test_same_delivery_again_is_counted_not_kept(connection: Connection) -> None:
    statuses = [deliver(connection, "028-order.updated") for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert Inbound.objects.get().repeats == 2
    assert Event.objects.filter(kind="inbound.received").count() == 1


def test_orders_that_share_a_delivery_id_are_all_kept(connection: Connection) -> None:
    same = {"X-WC-Webhook-ID": "2", "X-WC-Webhook-Delivery-ID": "834d8d00c85290a644ec33e037be1811"}

    for number in (44, 45, 46):
        send(connection, "order.updated", changed("028-order.updated", id=number), **same)

    assert list(Inbound.objects.order_by("id").values_list("subject", flat=True)) == ["44", "45", "46"]


def test_deletion_that_comes_again_later_is_kept_again(connection: Connection) -> None:
    for delivery in ("a" * 32, "b" * 32):
        send(connection, "order.deleted", {"id": 30}, **{"X-WC-Webhook-Delivery-ID": delivery})

    assert Inbound.objects.count() == 2


@pytest.mark.parametrize("name", ["001-ping", "002-ping"])
def test_unsigned_ping_of_activation_is_a_sign_of_life(connection: Connection, name: str) -> None:
    status = deliver(connection, name)

    connection.refresh_from_db()
    assert status == 200
    assert connection.last_received_at is not None
    assert Inbound.objects.count() == 0


def test_unsigned_ping_with_a_topic_is_refused(connection: Connection) -> None:
    status = post(connection, b"webhook_id=1", {"X-WC-Webhook-Topic": "order.updated"})

    assert status == 401


@pytest.mark.parametrize("signature", ["", "no", "ü" * 8, in_base64(b"another body", SECRET).decode()])
def test_wrong_signature_is_refused_and_shown(connection: Connection, signature: str) -> None:
    headers = {**headers_of("028-order.updated"), "X-WC-Webhook-Signature": signature}

    status = post(connection, body_of("028-order.updated"), headers)

    connection.refresh_from_db()
    assert status == 401
    assert Inbound.objects.count() == 0
    assert (
        connection.last_error
        == "A message came with a wrong signature: compare the secret there with the one here."
    )


def test_one_changed_byte_breaks_the_signature(connection: Connection) -> None:
    body = body_of("028-order.updated").replace(b"104.25", b"904.25")

    assert post(connection, body, headers_of("028-order.updated")) == 401


def test_good_signature_clears_the_complaint(connection: Connection) -> None:
    post(connection, b"{}", {"X-WC-Webhook-Signature": "no"})
    deliver(connection, "028-order.updated")

    connection.refresh_from_db()
    assert connection.last_error == ""


def test_connection_without_a_secret_trusts_nobody(connection: Connection) -> None:
    connection.secrets = {"webhook_secret": ""}
    connection.save(update_fields=["secrets"])

    assert post(connection, b"{}", {"X-WC-Webhook-Signature": in_base64(b"{}", "").decode()}) == 401


def test_former_secret_is_good_while_it_is_replaced(connection: Connection) -> None:
    connection.secrets = {"webhook_secret": "new", "previous_secret": SECRET}
    connection.save(update_fields=["secrets"])

    assert deliver(connection, "028-order.updated") == 200


def test_unknown_address_is_not_found(connection: Connection) -> None:
    answer = Client().post(f"/hooks/{uuid4()}", b"{}", content_type="application/json")

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_is_allowed(connection: Connection, method: str) -> None:
    answer = getattr(Client(), method)(f"/hooks/{connection.public_id}")

    assert answer.status_code == 405


def test_door_needs_no_csrf_token(connection: Connection) -> None:
    body = body_of("028-order.updated")
    client = Client(enforce_csrf_checks=True)

    answer = client.post(
        f"/hooks/{connection.public_id}", body, "application/json", headers=headers_of("028-order.updated")
    )

    assert answer.status_code == 200


def test_body_above_two_megabytes_is_refused(connection: Connection) -> None:
    assert send(connection, "order.updated", b'"' + b"x" * 2_000_000 + b'"') == 413
    assert Inbound.objects.count() == 0


def test_paused_connection_stores_what_comes(connection: Connection) -> None:
    pause(connection)

    status = deliver(connection, "028-order.updated")

    row = process(Inbound.objects.get())
    assert status == 200
    assert (row.state, row.note) == ("received", "It waits: the connection is paused.")


BROKEN = {
    b"": "The message is not whole JSON: Expecting value: line 1 column 1 (char 0).",
    b"[1]": "The message is JSON, but not an object.",
    b'"text"': "The message is JSON, but not an object.",
    b'{"id": 1, "id": 2}': "The message names the same field twice.",
    b'{"id": 1' + b"0" * 18 + b"}": "The message has a number that is too large.",
    b'{"id": ' + b"9" * 5000 + b"}": "The message has a number that is too large.",
    b'{"id": NaN}': "The message has a number that is none: NaN.",
    b'{"id": "\\u0000"}': "The message has a broken character (NUL, or half of one).",
    b'{"\\ud800": 1}': "The message has a broken character (NUL, or half of one).",
    b"\xff\xfe": "The message is not text in UTF-8.",
    b"[" * 100_000: "The message is nested too deeply.",
    b"{}": "'' is not a currency code of ISO 4217, like EUR.",
    b'{"id": 1, "currency": {}}': "The field “currency” is not what it should be.",
    json.dumps(changed("028-order.updated", id="x")).encode(): "The field “id” is not what it should be.",
    json.dumps(changed("028-order.updated", currency="ZZZ")).encode(): (
        "'ZZZ' is not a currency code of ISO 4217, like EUR."
    ),
    json.dumps(changed("028-order.updated", total="104.255")).encode(): (
        "total: 104.255 has more decimals than EUR has (2)."
    ),
    json.dumps(changed("028-order.updated", date_created_gmt="soon")).encode(): (
        "The field “date_created_gmt” is not what it should be."
    ),
    json.dumps(changed("028-order.updated", line_items=7)).encode(): (
        "The field “line_items” is not what it should be."
    ),
    json.dumps(changed("028-order.updated", status="wc-shipped")).encode(): (
        "The store's status “shipped” is not one of WooCommerce's own, so the order was left as it was."
    ),
    json.dumps({**ERROR, "code": "woocommerce_rest_cannot_view"}).encode(): (
        "The store's user who owns the webhook may no longer read orders, so the store sends none. "
        "Give the user the role of shop manager again, or make the webhooks anew."
    ),
    json.dumps({**ERROR, "code": "internal_error"}).encode(): (
        "The store sent an error instead of an order: internal_error."
    ),
}


@pytest.mark.parametrize("body", BROKEN)
def test_odd_message_is_answered_200_and_put_aside_with_its_reason(
    connection: Connection, body: bytes
) -> None:
    status = send(connection, "order.updated", body)

    row = process(Inbound.objects.get())
    assert status == 200
    assert (row.state, row.note) == ("quarantined", BROKEN[body])


def test_error_about_an_order_deleted_meanwhile_books_nothing(connection: Connection) -> None:
    send(connection, "order.updated", ERROR)

    row = process(Inbound.objects.get())
    note = "The order was deleted in the store before the store could tell of it."
    assert (row.state, row.note) == ("ignored", note)


@pytest.mark.parametrize("topic", ["product.deleted", "coupon.deleted", "customer.updated", ""])
def test_news_of_other_things_is_ignored(connection: Connection, topic: str) -> None:
    send(connection, topic, {"id": 30})

    assert process(Inbound.objects.get()).state == "ignored"
