"""A shop with many orders of a long period, and how it is read when Shopify prepares a file of them."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.connectors import shopify
from integrations.connectors.base import OrderPage, Store
from integrations.connectors.shopify import bulk
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.shopify_messages import back, line_with, order_with, refund_with
from tracking.orders import OrderIn

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=30)


@pytest.fixture(name="small", autouse=True)
def its_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Few orders are many, and pieces and pages are small; return where files are kept."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, value in {"MANY": 3, "PAGE": 4, "PIECE": 6000}.items():
        monkeypatch.setattr(bulk, name, value)
    return tmp_path


def stock(shop: FakeShop, count: int) -> None:
    """Give the shop orders that changed hour after hour; a third went back in part, one has very many lines."""
    shop.orders.clear()
    for number in range(count, 0, -1):
        lines = [line_with(100 * number + one, "10.00", 2) for one in range(1, 3)]
        refund = refund_with([back(str(100 * number + 1), 1, "10.00")], id=9000 + number)
        shop.orders[str(number)] = order_with(
            id=number,
            name=f"#{number}",
            created_at=BEGIN.isoformat(),
            processed_at=BEGIN.isoformat(),
            updated_at=(BEGIN + timedelta(hours=number)).isoformat(),
            line_items=lines,
            refunds=[refund] if number % 3 == 0 else [],
        )


def read(store: Store, cursor: str | None = None, most: int = 500) -> list[OrderPage]:
    """Read a period to its end, or so many pages of it."""
    pages: list[OrderPage] = []
    while len(pages) < most:
        pages.append(shopify.list_orders(store, BEGIN, END, cursor))
        cursor = pages[-1].cursor
        if cursor is None:
            break
    return pages


def orders_of(pages: list[OrderPage]) -> list[OrderIn]:
    """Return the orders of pages, in their order."""
    return [order for page in pages for order in page.orders]
