"""The guide for databases, followed by a manager in the console, on an old shop's tables in a file."""

import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from integrations import actions
from integrations.connectors.sql.query import BadQuery, check_query
from integrations.models import Connection
from tests.integrations.console import Console, Guide, follow, work
from tests.integrations.test_process import left

__all__ = ["follow"]  # a fixture
TABLES = """
CREATE TABLE customers (id INTEGER, email TEXT);
CREATE TABLE orders (number TEXT, total TEXT, currency TEXT, coupon TEXT, customer_id INTEGER,
                     created_at TEXT, updated_at TEXT);
CREATE TABLE refunds (id TEXT, order_number TEXT, amount TEXT, created_at TEXT);
INSERT INTO customers VALUES (7, 'buyer@example.com');
"""
FILE = "shop.sqlite3"


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("sql")


@pytest.fixture
def shop(anna: Enrollment, tmp_path: Path, settings: Any) -> Path:
    """The old shop's database, where the guide's address looks for it."""
    settings.FILE_DROP_ROOT = str(tmp_path)
    (tmp_path / str(anna.program_id)).mkdir()
    path = tmp_path / str(anna.program_id) / FILE
    with sqlite3.connect(path) as base:
        base.executescript(TABLES)
    return path


def run(shop: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(shop) as base:
        base.execute(statement, values)


def sell(shop: Path, number: str, ago: timedelta) -> None:
    """An order of 100.00 with Anna's coupon, some time ago."""
    at = f"{timezone.now() - ago:%Y-%m-%d %H:%M:%S}"
    run(shop, "INSERT INTO orders VALUES (?, '100.00', 'EUR', 'anna15', 7, ?, ?)", number, at, at)


def queries(guide: Guide) -> tuple[str, str]:
    """The guide's query for orders, and the one for refunds."""
    _grants, orders, refunds = guide.blocks("sql")
    return orders, refunds


def filled(guide: Guide) -> tuple[dict[str, str], dict[str, str]]:
    """The guide's tables: which column fills which field of orders, and of refunds."""
    rows = re.findall(
        r"^\| `(.*?)` \| `(.*?)` \|(?: `(.*?)` \| `(.*?)` \|| \| \|)$", guide.text, re.MULTILINE
    )
    return {row[0]: row[1] for row in rows}, {row[2]: row[3] for row in rows if row[2]}


def connected(console: Console) -> Connection:
    """Steps 2 and 3."""
    orders, refunds = queries(console.guide)
    address = f"sqlite:///{FILE}"
    assert console.guide.names(address)
    row = console.connect(
        "A database (SQL)",
        {
            "Name": "Old shop",
            "Source": "oldshop",
            "Address": address,
            "Query for orders": orders,
            "Column of the order’s number": "number",
            "Column of the last change": "updated_at",
            "What stands in it": "a text like 2026-11-20 14:02:11",
            "Query for refunds": refunds,
        },
    )
    console.press("Test")
    of_orders, of_refunds = filled(console.guide)
    console.go("All versions")
    console.map("order", of_orders)
    console.go("Fields")
    console.map("refund", of_refunds)
    return row


def poll(minutes: int) -> None:
    """Ask, as is done every minute."""
    actions.ask_overlaps(polls=True, at=timezone.now() + timedelta(minutes=minutes))
    work()


def test_orders_are_read_followed_and_taken_back(console: Console, shop: Path) -> None:
    sell(shop, "1", timedelta(days=2))
    run(shop, "INSERT INTO refunds VALUES ('R0', '1', '1.00', '2026-11-20 10:00:00')")
    row = connected(console)
    sell(shop, "2", timedelta(minutes=1))
    poll(2)
    new = left()
    at = f"{timezone.now() + timedelta(minutes=3):%Y-%m-%d %H:%M:%S}"
    run(shop, "INSERT INTO refunds VALUES ('R1', '2', '40.00', ?)", at)
    run(shop, "UPDATE orders SET updated_at = ? WHERE number = '2'", at)
    poll(10)
    followed = left()
    console.again(row)
    console.reads("Compared with the store")
    console.go("Backfill")
    console.send("Continue", {})
    console.send("Read them", {})
    work()

    assert (new, followed, left()) == ({"2": 1000}, {"2": 600}, {"1": 990, "2": 600})


def test_test_says_the_columns(console: Console, shop: Path) -> None:
    sell(shop, "1", timedelta(days=2))
    run(shop, "INSERT INTO refunds VALUES ('R0', '1', '1.00', '2026-11-20 10:00:00')")
    row = connected(console)
    console.again(row)
    console.press("Test")

    console.sees(
        "The database answers. Its columns: number, total, currency, coupon, email, created_at, updated_at."
    )


def test_the_reading_user_may_read_what_the_queries_ask(console: Console) -> None:
    grants, *asked = console.guide.blocks("sql")
    tables = {name for query in asked for name in re.findall(r"(?:FROM|JOIN) (\w+)", query)}

    (readable,) = re.findall(r"GRANT SELECT ON (.*?) TO", grants)

    assert set(readable.split(", ")) == tables


def test_examples_of_the_guide_are_queries_that_are_taken(console: Console) -> None:
    orders, refunds = queries(console.guide)

    check_query(orders + " WHERE o.updated_at >= :since", frozenset({"since", "until"}))
    check_query(refunds, frozenset({"orders"}), frozenset({"orders"}))
    for odd in re.findall(r"`(.)`", re.findall(r"a semicolon, .*? are refused", console.guide.plain)[0]):
        with pytest.raises(BadQuery):
            check_query(f"SELECT 1 {odd} 2", frozenset())
