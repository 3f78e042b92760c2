"""What the store is asked, and what becomes of its answers and of its silence."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import jobs
from core.jobs import Misconfigured, Temporary
from core.models import Job
from integrations.actions import ask_again, ask_for_refund_lines, ask_store, replay
from integrations.connectors.woocommerce.api import Forbidden
from integrations.models import Connection, Inbound
from tests.fakes.woocommerce import FakeStore, refund_line
from tests.integrations.deliveries import changed, deliver, send
from tests.integrations.test_process import left, receive_all, work
from tracking.models import Order, Refund

LATER = timedelta(minutes=6)


def sell(connection: Connection) -> None:
    """Let order 22, which earns 8.40, be known."""
    receive_all(connection, ["028-order.updated"])


def trash(connection: Connection, number: int = 22) -> Inbound:
    """Let the store say that an order was deleted."""
    send(connection, "order.deleted", {"id": number})
    work()
    return Inbound.objects.get(topic="order.deleted")


def test_order_deleted_for_good_is_reversed(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    del store.orders["22"]

    row = trash(asked)

    assert (row.state, row.note) == ("done", "Order 22 was revised (deleted in the store).")
    assert (Order.objects.get().state, left()) == ("gone", {"22": 0})


def test_deletion_is_the_newest_revision_even_if_our_clock_is_behind(
    asked: Connection, store: FakeStore
) -> None:
    sell(asked)
    sold_at = Order.objects.get().as_value().revision_at
    store.fail(503)
    row = trash(asked)
    Inbound.objects.filter(pk=row.pk).update(received_at=sold_at - timedelta(hours=1))
    del store.orders["22"]

    ask_store(row)

    assert Order.objects.get().as_value().revision_at == sold_at + timedelta(seconds=1)


def test_order_in_the_trash_is_reversed_and_comes_back_when_restored(
    asked: Connection, store: FakeStore
) -> None:
    sell(asked)
    store.orders["22"] = changed("028-order.updated", status="trash", date_modified_gmt="2026-11-22T00:00:00")
    trash(asked)
    assert left() == {"22": 0}

    send(asked, "order.restored", changed("028-order.updated", date_modified_gmt="2026-11-22T00:00:09"))
    work()

    assert left() == {"22": 840}


def test_order_that_is_still_there_is_taken_as_it_is(asked: Connection, store: FakeStore) -> None:
    sell(asked)

    trash(asked)

    assert Order.objects.get().state == "sale"
    assert left() == {"22": 403}


def test_deletion_of_an_unknown_order_is_ignored(asked: Connection) -> None:
    row = trash(asked, 4711)

    assert (row.state, row.note) == ("ignored", "The store has deleted an order that never came here.")


def test_deletion_that_cannot_be_asked_about_is_parked(connection: Connection) -> None:
    sell(connection)

    row = trash(connection)

    assert row.state == "parked"
    assert row.note.startswith("Order 22 was deleted in the store, which cannot be asked without API keys")
    assert left() == {"22": 840}


def test_parked_deletion_is_settled_once_there_are_keys(connection: Connection, store: FakeStore) -> None:
    sell(connection)
    row = trash(connection)
    connection.base_url = store.url
    connection.secrets |= {"consumer_key": "ck_lab", "consumer_secret": "cs_lab"}
    connection.save()
    del store.orders["22"]

    assert ask_again(at=timezone.now() + LATER) == 1

    row.refresh_from_db()
    assert (row.state, left()) == ("done", {"22": 0})


def test_replayed_deletion_asks_again(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    row = trash(asked)
    del store.orders["22"]

    replay(row)
    work()

    assert left() == {"22": 0}


def test_missing_page_is_no_deletion(asked: Connection, store: FakeStore) -> None:
    """A web server's own 404 (a moved site, plain permalinks) must not cancel sales."""
    sell(asked)
    store.fail(404, b"<html>Not found</html>")

    row = trash(asked)

    assert (row.state, left()) == ("parked", {"22": 840})
    assert row.note.startswith("There is no WooCommerce API at this address.")


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "sentence"),
    [
        (401, {"code": "no"}, {}, Forbidden, "The store refuses the API keys (no)."),
        (403, b"Forbidden", {}, Forbidden, "The store refuses the API keys (403)."),
        (
            301,
            b"",
            {"Location": "https://new.example/wp-json/wc"},
            Misconfigured,
            "enter https://new.example.",
        ),
        (
            200,
            b"<html>Maintenance</html>",
            {},
            Misconfigured,
            "The store answers with a page instead of data.",
        ),
        (429, b"", {"Retry-After": "7"}, Temporary, "The store is busy or has an error (429)."),
        (503, b"", {"Retry-After": "soon"}, Temporary, "The store is busy or has an error (503)."),
    ],
)
def test_trouble_is_raised_and_shown(
    asked: Connection,
    store: FakeStore,
    status: int,
    body: object,
    headers: dict[str, str],
    kind: type[Temporary],
    sentence: str,
) -> None:
    sell(asked)
    row = trash(asked)
    Inbound.objects.filter(pk=row.pk).update(state="parked")
    store.fail(status, body, **headers)

    with pytest.raises(kind) as raised:
        ask_store(row)

    asked.refresh_from_db()
    assert sentence in str(raised.value)
    assert asked.last_error == str(raised.value)[:300]
    assert type(raised.value) is kind


def test_wait_that_the_store_asks_for_is_kept(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    store.fail(429, b"", **{"Retry-After": "700"})

    trash(asked)

    job = Job.objects.get(task="integrations.tasks.ask_store")
    assert (job.state, job.strikes) == ("due", 0)
    assert job.next_at > timezone.now() + timedelta(seconds=600)


def test_answer_clears_the_complaint(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    store.fail(503)
    row = trash(asked)

    ask_store(row)

    asked.refresh_from_db()
    assert asked.last_error == ""


def test_store_that_does_not_answer_is_temporary(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    row = trash(asked)
    Inbound.objects.filter(pk=row.pk).update(state="parked")
    store.server.shutdown()
    store.server.server_close()

    with pytest.raises(Temporary):
        ask_store(row)

    row.refresh_from_db()
    assert row.state == "parked"


def test_odd_order_in_the_answer_is_put_aside(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    store.orders["22"] = changed("028-order.updated", total="1.234")

    row = trash(asked)

    assert (row.state, row.note) == ("quarantined", "total: 1.234 has more decimals than EUR has (2).")


def test_refund_hook_brings_the_order_itself(asked: Connection) -> None:
    receive_all(asked, ["041-action.woocommerce_order_refunded"])

    assert left() == {"22": 403}


def test_refund_hook_without_keys_is_ignored(connection: Connection) -> None:
    receive_all(connection, ["041-action.woocommerce_order_refunded"])

    assert Inbound.objects.get().note == "The order's own message tells of the refund too."


def test_first_refund_is_estimated_then_exact(asked: Connection, store: FakeStore) -> None:
    sell(asked)
    deliver(asked, "040-order.updated")
    Job.objects.filter(task="integrations.tasks.ask_for_refund_lines").delete()
    jobs.drain(limit=1)
    assert left() == {"22": 498}

    ask_for_refund_lines(Refund.objects.get())

    assert left() == {"22": 484}


def test_refund_of_shipping_alone_takes_nothing_back(asked: Connection) -> None:
    receive_all(asked, ["092-order.updated"])

    assert left() == {"40": 524}


def test_refund_of_shipping_counts_where_shipping_earns(asked: Connection) -> None:
    asked.program.includes_shipping = True
    asked.program.save(update_fields=["includes_shipping"])

    receive_all(asked, ["092-order.updated"])

    assert Refund.objects.get().lines is None
    assert left() == {"40": 523}


def test_refund_line_that_names_no_line_of_the_order_stays_proportional(
    asked: Connection, store: FakeStore
) -> None:
    line = refund_line(3, -1, "-35.64", "-6.77")
    store.refunds["22", "25"]["line_items"] = [{**line, "meta_data": []}]

    receive_all(asked, ["040-order.updated"])

    refund = Refund.objects.get()
    assert (refund.lines, refund.is_final, left()) == (None, True, {"22": 498})


def test_refund_that_the_store_deleted_stays_proportional(asked: Connection, store: FakeStore) -> None:
    del store.refunds["22", "25"]

    receive_all(asked, ["040-order.updated"])

    assert Refund.objects.get().is_final


def test_refund_is_asked_for_once(asked: Connection, store: FakeStore) -> None:
    receive_all(asked, ["040-order.updated", "040-order.updated"])
    ask_for_refund_lines(Refund.objects.get())

    assert store.asked == ["GET /orders/22/refunds/25"]


def test_ask_again_leaves_a_failing_store_alone_until_the_next_turn(
    asked: Connection, store: FakeStore
) -> None:
    store.fail(503)
    store.fail(503)
    receive_all(asked, ["042-order.updated"])
    store.asked.clear()
    store.fail(503)

    answered = ask_again(at=timezone.now() + LATER)

    assert (answered, len(store.asked)) == (0, 1)
    assert ask_again(at=timezone.now() + LATER) == 2
    assert left() == {"22": 403}


def test_ask_again_lets_fresh_questions_wait(asked: Connection, store: FakeStore) -> None:
    store.fail(503)
    receive_all(asked, ["040-order.updated"])

    assert ask_again() == 0


def test_paused_connection_is_not_asked(asked: Connection, store: FakeStore) -> None:
    store.fail(503)
    receive_all(asked, ["040-order.updated"])
    Connection.objects.update(state="paused")

    assert ask_again(at=timezone.now() + LATER) == 0
