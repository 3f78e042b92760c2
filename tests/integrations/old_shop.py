"""An old shop's database in a file, and a connection that reads it."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from affiliates.models import Enrollment
from integrations import actions
from integrations.models import Connection
from tests import makers

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
QUERY = "SELECT o.no, o.total, o.ref, o.email, o.sold, o.changed FROM orders o WHERE o.total > 0"
OPTIONS = {"query": QUERY, "number_column": "no", "changed_column": "changed", "changed_as": "text"}
MAPPED = [
    {"target": "order.number", "source": "no"},
    {"target": "order.total", "source": "total"},
    {"target": "order.occurred_at", "source": "sold"},
    {"target": "evidence.ref", "source": "ref"},
    {"target": "customer.email", "source": "email"},
]
REFUNDS = "SELECT r.id, r.order_no, r.amount, r.at FROM refunds r WHERE r.order_no IN :orders"
MAPPED_REFUNDS = [
    {"target": "refund.number", "source": "id"},
    {"target": "refund.order", "source": "order_no"},
    {"target": "refund.amount", "source": "amount"},
    {"target": "refund.occurred_at", "source": "at"},
]


class Shop:
    """An old shop's database in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run(
            "CREATE TABLE orders (no INTEGER, total TEXT, ref TEXT, email TEXT, sold TEXT, changed TEXT)"
        )
        self.run("CREATE TABLE refunds (id TEXT, order_no INTEGER, amount TEXT, at TEXT)")

    def run(self, statement: str, *values: Any) -> list[Any]:
        with sqlite3.connect(self.path) as connection:
            return connection.execute(statement, values).fetchall()

    def sell(self, number: int, changed: str = "", **cells: str) -> None:
        told = {
            "total": "100.00",
            "ref": "anna",
            "email": f"{number}@example.com",
            "sold": "2026-11-02 12:00",
        } | cells
        when = changed or f"2026-11-02 12:{number // 60:02}:{number % 60:02}"
        self.run("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", number, *told.values(), when)


@pytest.fixture
def shop(anna: Enrollment, tmp_path: Path, settings: Any) -> Shop:
    settings.FILE_DROP_ROOT = str(tmp_path)
    folder = tmp_path / str(anna.program_id)
    folder.mkdir()
    return Shop(folder / "shop.sqlite3")


@pytest.fixture
def base(anna: Enrollment, shop: Shop) -> Connection:
    row = makers.make_connection(
        anna.program,
        connector="sql",
        source="oldshop",
        base_url="",
        secrets={"url": "sqlite:///shop.sqlite3"},
        options=OPTIONS,
        created_at=SINCE,
    )
    actions.save_mapping(row, "in", "order", MAPPED)
    actions.save_mapping(row, "in", "refund", MAPPED_REFUNDS)
    return row


def change(row: Connection, **options: str) -> Connection:
    row.options = {**row.options, **options}
    row.save(update_fields=["options"])
    return row
