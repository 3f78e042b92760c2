"""A store without webhooks: asked every minute, signed, page by page, with its credit memos."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.actions import (
    ask_again,
    ask_overlaps,
    connect,
    register_webhooks,
    test_connection as try_connection,
)
from integrations.actions.connections import KeysMissing, store_of
from integrations.connectors import magento
from integrations.connectors.base import BadSignature, ListsOrders, Unreadable
from integrations.connectors.magento.api import Forbidden
from integrations.models import Connection, Reconciliation
from integrations.tasks import poll
from tests import makers
from tests.fakes.magento import KEYS, FakeMagento, recorded
from tests.integrations.deliveries import post
from tests.integrations.listing_shop import BEGIN, END, FIRST, NOW, counted, run
from tests.integrations.openapi import breaches
from tests.integrations.test_process import left, work
from tracking.models import Order, Refund
from tracking.orders import RefundLineIn

SPEC: dict[str, Any] = json.loads((Path(__file__).parents[1] / "specs" / "magento.json").read_text())


@pytest.fixture
def store(settings: Any) -> Iterator[FakeMagento]:
    """A Magento store; every request that it was sent must be one that its description knows."""
    with FakeMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running
    assert [breach for path in running.asked for breach in breaches(SPEC, "GET", path, "/rest")] == []


@pytest.fixture
def shop(anna: Enrollment, store: FakeMagento) -> Connection:
    """Its connection; the recorded orders came by the coupon anna15."""
    return makers.make_connection(
        anna.program,
        connector="magento",
        name="Magento",
        base_url=store.url,
        secrets={**KEYS, "webhook_secret": "unused"},
        created_at=FIRST,
    )


def sell(store: FakeMagento, number: int, **fields: Any) -> dict[str, Any]:
    """An order of 19.80 in euros by anna15."""
    euros = {"order_currency_code": "EUR", "base_currency_code": "EUR"}
    coupon = {"coupon_code": "anna15", "extension_attributes": []}
    at = fields.pop("at", FIRST + timedelta(minutes=number))
    return store.add(number, at, **{**euros, **coupon, **fields})


def credit(store: FakeMagento, number: int, memo: int, **fields: Any) -> None:
    """A credit memo in euros."""
    store.credit(number, memo, **{"order_currency_code": "EUR", "base_currency_code": "EUR", **fields})


def test_what_it_can_do(shop: Connection) -> None:
    assert isinstance(magento, ListsOrders)
    assert (magento.POLLS, magento.ROUTE) == (True, "")


def test_poll_takes_new_orders_in(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1)

    assert ask_overlaps(polls=True, at=NOW) == 1
    work()

    shop.refresh_from_db()
    row = Reconciliation.objects.get()
    assert (row.state, row.ends_at, counted(row)) == ("finished", NOW, {"seen": 1, "missing": 1})
    assert left() == {"1": 198}
    assert shop.last_received_at is not None


def test_poll_reads_on_from_the_last_one(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1)
    ask_overlaps(polls=True, at=NOW)
    work()
    sell(store, 2, at=NOW + timedelta(hours=2))

    assert ask_overlaps(polls=True, at=NOW + timedelta(hours=3)) == 1
    work()

    row = Reconciliation.objects.latest("pk")
    assert (row.begins_at, counted(row)) == (NOW - timedelta(minutes=15), {"seen": 1, "missing": 1})
    assert left() == {"1": 198, "2": 198}


def test_only_what_lives_by_polling_is_polled_by_the_minute(shop: Connection) -> None:
    assert ask_overlaps(polls=False, at=NOW) == 0
    poll()
    assert Reconciliation.objects.get().kind == "overlap"


def test_life_of_an_order(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1, state="new", status="pending")
    run(shop)
    assert left() == {}

    store.change(1, state="processing")
    run(shop)
    assert left() == {"1": 198}

    credit(store, 1, 4)
    run(shop)
    assert left() == {"1": 0}
    assert Refund.objects.get().lines == [{"external_id": "3", "quantity": 1, "net": 1980}]

    assert run(shop).difference == 0


def test_refund_of_a_half_by_lines(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1, items=[{**recorded("order")["items"][0], "qty_ordered": 2}])
    run(shop)
    back = {**recorded("creditmemo")["items"][0], "row_total": 11, "discount_amount": 1.1}
    credit(store, 1, 4, grand_total=9.9, base_grand_total=9.9, items=[back])

    run(shop)

    assert left() == {"1": 99}


def bundle(store: FakeMagento) -> None:
    """Sell a bundle of 100.00, priced by its parts, and a line of 50.00."""
    known = {**recorded("order")["items"][0], "discount_amount": 0}
    rows = [(3, None, 100), (4, 3, 60), (5, 3, 40), (6, None, 50)]
    lines = [{**known, "item_id": n, "parent_item_id": of, "row_total": net} for n, of, net in rows]
    sell(store, 1, items=lines, grand_total=150, base_grand_total=150)


def test_bundle_that_goes_back_takes_its_commission_back(shop: Connection, store: FakeMagento) -> None:
    bundle(store)
    run(shop)
    rows = [{"order_item_id": n, "qty": 1, "row_total": net} for n, net in ((3, None), (4, 60), (5, 40))]
    credit(store, 1, 4, grand_total=100, base_grand_total=100, items=rows)

    run(shop)

    assert left() == {"1": 500}
    asked_for = magento.fetch_refund_lines(store_of(shop), "1", "4", "EUR")
    assert asked_for == (RefundLineIn("3", 1, 10000),)


def test_fee_that_the_store_kept_leaves_its_commission(shop: Connection, store: FakeMagento) -> None:
    bundle(store)
    run(shop)
    back = {"order_item_id": 6, "qty": 1, "row_total": 50}
    credit(store, 1, 4, grand_total=30, base_grand_total=30, adjustment_negative=20, items=[back])

    run(shop)

    assert left() == {"1": 1200}


def test_refund_of_shipping_alone_takes_nothing_back(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1)
    run(shop)
    credit(store, 1, 4, items=[], grand_total=5, base_grand_total=5)

    run(shop)

    assert left() == {"1": 198}
    assert Refund.objects.get().is_final
    assert ask_again() == 0


def test_deleted_order_is_searched_for_and_reversed(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1)
    sell(store, 2)
    run(shop)
    del store.orders[1]

    row = run(shop)

    assert counted(row) == {"seen": 1, "same": 1, "gone": 1}
    assert left() == {"1": 0, "2": 198}


def test_pages_of_orders_and_of_one_full_second(shop: Connection, store: FakeMagento) -> None:
    for number in range(1, 131):
        sell(store, number, at=FIRST + timedelta(hours=1))
    for number in range(131, 191):
        sell(store, number)

    row = run(shop)

    assert (row.state, row.counts["seen"], row.counts["missing"]) == ("finished", 190, 190)
    assert Order.objects.count() == 190


def test_old_version_that_repeats_its_last_page_is_read_once(shop: Connection, store: FakeMagento) -> None:
    store.repeats_last_page = True
    for number in range(1, 101):
        sell(store, number)

    row = run(shop)

    assert (row.state, row.counts["seen"]) == ("finished", 100)
    assert len(store.asked) == 3


def test_many_credit_memos_are_all_read(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1)
    for memo in range(1, 231):
        credit(store, 1, memo, grand_total=0.01, base_grand_total=0.01, items=[])
    store.orders[1]["updated_at"] = "2026-11-02 09:00:00"

    run(shop)

    assert Refund.objects.count() == 230
    assert len([path for path in store.asked if "creditmemos" in path and "order_id" in path]) == 3


def test_orders_without_refunds_cost_no_question(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1, total_refunded=0.0)

    run(shop)

    assert len(store.asked) == 1


def test_odd_order_is_refused_alone(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1, state="beamed")
    sell(store, 2)
    store.orders[3] = {**sell(store, 3), "customer_email": "a\0b@example.net"}

    row = run(shop)

    assert counted(row) == {"seen": 3, "refused": 2, "missing": 1}
    assert [number for number, _why in row.counts["rows"]] == ["1", "3"]


def test_pages_of_odd_orders_hide_no_sale(shop: Connection, store: FakeMagento) -> None:
    for number in range(1, 61):
        sell(store, number, state="beamed")
    sell(store, 500)
    for number in range(501, 561):
        sell(store, number, state="beamed", at=FIRST + timedelta(hours=20))
    sell(store, 600, at=FIRST + timedelta(hours=21))

    row = run(shop)

    assert (row.state, counted(row)) == ("finished", {"seen": 122, "refused": 120, "missing": 2})
    assert left() == {"500": 198, "600": 198}


def test_count(shop: Connection, store: FakeMagento) -> None:
    for number in range(1, 4):
        sell(store, number)

    assert magento.count_orders(store_of(shop), BEGIN, END) == 3
    assert magento.count_orders(store_of(shop), BEGIN, BEGIN + timedelta(minutes=2)) == 1


@pytest.mark.parametrize("number", ["../creditmemos", "1 or 1", "", "１"])
def test_odd_number_asks_nothing(shop: Connection, store: FakeMagento, number: str) -> None:
    with pytest.raises(Unreadable):
        magento.fetch_order(store_of(shop), number)

    assert magento.fetch_refund_lines(store_of(shop), "1", number, "EUR") is None
    assert store.asked == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "sentence"),
    [
        (401, {"message": "The signature is invalid."}, {}, Forbidden, "refuses the keys (The signature"),
        (403, b"<html>", {}, Forbidden, "refuses the keys (403)"),
        (
            302,
            b"",
            {"Location": "https://www.shop.example/rest/V1"},
            Misconfigured,
            "https://www.shop.example.",
        ),
        (404, {"message": "Request does not match any route."}, {}, Misconfigured, "no Magento API"),
        (200, b"<html>Maintenance</html>", {}, Misconfigured, "a page instead of data"),
        (200, b'{"items": [', {}, Temporary, "not whole JSON"),
        (200, {"items": {}, "total_count": 1}, {}, Permanent, "something else than a list"),
        (200, {"items": [], "total_count": "many"}, {}, Permanent, "something else than a list"),
        (400, {"message": "No such field"}, {}, Permanent, "refuses the request (400 No such field)"),
        (429, b"", {"Retry-After": "7"}, Temporary, "busy"),
        (503, b"", {}, Temporary, "busy"),
    ],
)
def test_trouble_says_what_to_do(
    shop: Connection,
    store: FakeMagento,
    status: int,
    body: object,
    headers: dict[str, str],
    kind: type[Failure],
    sentence: str,
) -> None:
    store.fail(status, body, **headers)

    with pytest.raises(Failure) as raised:
        magento.list_orders(store_of(shop), BEGIN, END, None)

    assert (type(raised.value), sentence in str(raised.value)) == (kind, True)
    assert "cs_lab" not in str(raised.value)


def test_wrong_keys_stand_on_the_connection(shop: Connection, store: FakeMagento) -> None:
    shop.secrets = {**shop.secrets, "access_token_secret": "wrong"}
    shop.save(update_fields=["secrets"])

    assert try_connection(shop).startswith("The store refuses the keys (The signature is invalid")

    shop.refresh_from_db()
    assert shop.last_error


def test_test_and_registering_say_how_things_stand(shop: Connection, store: FakeMagento) -> None:
    sell(store, 1)

    assert try_connection(shop) == (
        "The store answers, and the keys may read its 1 orders and its credit memos."
    )
    assert register_webhooks(shop)[0].startswith("Magento sends no news by itself")


def test_all_four_keys_are_asked_for(anna: Enrollment, store: FakeMagento) -> None:
    keys = {**KEYS, "access_token": " "}

    with pytest.raises(KeysMissing, match="Access token"):
        connect(anna.program, connector="magento", name="M", source="m", base_url=store.url, keys=keys)


def test_nobody_knocks_in_its_name(shop: Connection) -> None:
    assert post(shop, b"{}", {}) == 404
    with pytest.raises(BadSignature):
        magento.receive(store_of(shop), {}, b"{}", NOW)


def test_description_knows_no_other_requests() -> None:
    assert breaches(SPEC, "GET", "/V1/orders?searchCriteria[filterGroups][3][filters][0][field]=state") == []
    assert breaches(SPEC, "GET", "/V1/orders?searchCriteria[pageSize]=all&odd=1") == [
        "odd is not described",
        "searchCriteria[pageSize] is no number",
    ]
    assert breaches(SPEC, "PUT", "/V1/orders") == ["PUT /V1/orders is not described"]
