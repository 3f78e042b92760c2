"""Magento sends nothing: its recordings are what it answers when it is asked."""

import json
from datetime import UTC, datetime
from pathlib import Path

from affiliates.models import Enrollment
from core.money import Money
from integrations.models import Connection
from tests import makers
from tests.fakes.magento import KEYS, PAYLOADS, FakeMagento
from tests.integrations.listing_shop import run
from tests.integrations.recorded.page import Recording
from tests.integrations.recorded.vendors import OWN, work
from tracking.models import Order, Refund

LONG_AGO, NOW = datetime(2017, 1, 1, tzinfo=UTC), datetime(2026, 11, 27, 12, tzinfo=UTC)


def connect(anna: Enrollment, store: FakeMagento) -> Connection:
    """The store's connection."""
    secrets = {**KEYS, **OWN}
    return makers.make_connection(
        anna.program, connector="magento", source="recorded", base_url=store.url, secrets=secrets
    )


def put(store: FakeMagento, told: Recording) -> None:
    """Have the store answer with a recording; a credit memo comes with the order that it is for."""
    row = json.loads(told.body)
    if told.file.startswith("creditmemo"):
        order = json.loads((Path(PAYLOADS) / "order.reconstructed.json").read_bytes())
        store.orders[order["entity_id"]], store.memos[row["entity_id"]] = order, row
        back = {"total_refunded": row["grand_total"], "base_total_refunded": row["base_grand_total"]}
        store.change(order["entity_id"], **back)
        return
    for order in row.get("items", [row]) if "search_criteria" in row else [row]:
        store.orders.setdefault(order["entity_id"], order)


def ask(connection: Connection) -> str:
    """Read everything that the store has, and say what is known of it now."""
    run(connection, begins_at=LONG_AGO, ends_at=NOW)
    work()
    back: dict[str, int] = {}
    for refund in Refund.objects.order_by("pk"):
        number = refund.order_external_id
        back[number] = back.get(number, 0) + (refund.gross or 0)
    said = [
        f"order {row.external_id} is {row.state}, {Money(row.total, row.currency)}"
        + (
            f", of which {Money(back[row.external_id], row.currency)} went back"
            if row.external_id in back
            else ""
        )
        for row in Order.objects.order_by("pk")
    ]
    return "asked: " + "; ".join(said)
