"""What Shopify's own tool sends for each topic ends in the documented result.

The recordings are not ours to copy: TRIBUTARY_PAYLOADS names a folder that has them in `shopify/`. Without it these are
skipped; what is ours of them is tried in the files beside this one.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.body import Fields
from integrations.connectors.shopify.order import order_in
from integrations.connectors.shopify.parse import read
from integrations.models import Connection, Inbound
from tests.integrations.shopify_messages import SHOP
from tests.integrations.shopify_shop import (  # noqa: F401 - fixtures
    hear,
    its_ana,
    its_connection,
    its_program,
    left,
)
from tracking.states import OrderState

FOLDER = os.environ.get("TRIBUTARY_PAYLOADS", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="TRIBUTARY_PAYLOADS names no folder of vendors' recordings"
)

TEST_ORDER = ("ignored", "A test order")
NOT_NEEDED = ("ignored", "News of this kind")
FOR_A_PERSON = ("quarantined", "The ")
RESULTS = {  # recording -> what becomes of it
    "orders_create": TEST_ORDER,
    "orders_paid": TEST_ORDER,
    "orders_updated": TEST_ORDER,
    "orders_cancelled": TEST_ORDER,
    "orders_edited": ("ignored", "The order's own message tells of the edit too."),
    "orders_paid.attribution.reconstructed": ("done", "Order 6004604174411 was taken (sale)."),
    "refunds_create": ("done", "Refund 890088186047892319 is kept and waits for order 820982911946154508."),
    "refunds_create.partial.reconstructed": ("done", "Refund 929361462"),
    "disputes_create": ("done", "Refund dispute:285332461850802050 is kept and waits"),
    "customers_data_request": FOR_A_PERSON,
    "customers_redact": FOR_A_PERSON,
    "shop_redact": FOR_A_PERSON,
    "app_uninstalled": ("ignored", "The app was removed from the shop"),
    "order_transactions_create": NOT_NEEDED,
    "customers_create": NOT_NEEDED,
    "customers_update": NOT_NEEDED,
    "products_update": NOT_NEEDED,
    "inventory_items_update": NOT_NEEDED,
    "inventory_levels_update": NOT_NEEDED,
    "discounts_create": NOT_NEEDED,
    "returns_request": NOT_NEEDED,
    "bulk_operations_finish": NOT_NEEDED,
    "app_subscriptions_update": NOT_NEEDED,
    "subscription_contracts_create": NOT_NEEDED,
    "subscription_billing_attempts_success": NOT_NEEDED,
}


def body_of(name: str) -> bytes:
    """Return the recorded bytes."""
    return (Path(FOLDER) / "shopify" / f"{name}.json").read_bytes()


def topic_of(name: str) -> str:
    """Return the topic of a recording: from its headers, else from its name."""
    file = Path(FOLDER) / "shopify" / f"{name}.headers.json"
    if file.exists():
        return str(json.loads(file.read_text())["x-shopify-topic"])
    group, _under, what = name.partition(".")[0].partition("_")
    return f"{group}/{what}"


def became(row: Inbound, result: tuple[str, str]) -> tuple[str, str]:
    """Return state and the beginning of the note."""
    return row.state, row.note[: len(result[1])]


def test_every_recording_has_a_result() -> None:
    names = {path.stem for path in (Path(FOLDER) / "shopify").glob("*.json")}

    assert {name for name in names if not name.endswith(".headers")} == set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_recording_ends_in_its_result(connection: Connection, name: str) -> None:
    inbound = hear(connection, topic_of(name), body_of(name))

    assert became(inbound, RESULTS[name]) == RESULTS[name]


@pytest.mark.parametrize("name", RESULTS)
def test_trial_of_shopifys_tool_counts_nothing(connection: Connection, name: str) -> None:
    inbound = hear(connection, topic_of(name), body_of(name), **{"X-Shopify-Test": "true"})

    assert (inbound.state, left()) == ("ignored", [])


@pytest.mark.parametrize("order", [1, -1])
def test_all_recordings_forth_back_and_again_end_alike(connection: Connection, order: int) -> None:
    for name in (*list(RESULTS)[::order], *list(RESULTS)[::3]):
        hear(connection, topic_of(name), body_of(name))

    assert left() == [900]
    assert Inbound.objects.count() == len(RESULTS)


def test_recorded_order_would_be_read_whole_if_it_were_none_of_a_test() -> None:
    told: dict[str, Any] = {**json.loads(body_of("orders_create")), "test": False, "cancelled_at": None}

    order = order_in(Fields({**told, "financial_status": "paid"}), "shop")

    assert (order.state, order.total, order.currency) == (OrderState.SALE, 38800, "USD")
    assert [line.net for line in order.lines] == [19900, 19900]  # its discount is allocated to no line
    assert read(SHOP, "orders/create", json.dumps(told).encode()).order is not None
