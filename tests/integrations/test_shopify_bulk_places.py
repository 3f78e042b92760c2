"""Where a prepared file of orders lies, on how many machines, and what of its orders is asked for besides."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors import shopify
from integrations.connectors.base import Store
from integrations.connectors.shopify import bulk
from integrations.places import Place
from tests.integrations.bulk_shop import BEGIN, END, its_small, orders_of, read, stock  # noqa: F401 - fixtures
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.shopify_messages import line_with
from tests.integrations.shopify_shop import its_shop, its_store  # noqa: F401 - fixtures


def test_file_of_a_cancelled_reading_is_deleted_when_orders_are_listed(
    shop: FakeShop, store: Store, small: Path
) -> None:
    stock(shop, 9)
    read(store, most=3)
    (kept,) = next(small.iterdir()).iterdir()

    shopify.list_orders(store, END - timedelta(hours=1), END, None)
    assert kept.exists()
    os.utime(kept, (1, 1))
    shopify.list_orders(store, END - timedelta(hours=1), END, None)

    assert not kept.exists()


def test_nothing_is_deleted_in_a_folder_of_somebody_else(shop: FakeShop, store: Store, small: Path) -> None:
    theirs = small / "theirs"
    theirs.mkdir(mode=0o700)
    (theirs / "old").write_text("")
    os.utime(theirs / "old", (1, 1))
    (small / f"tributary-lists-{os.geteuid()}").symlink_to(theirs)

    shopify.list_orders(store, END - timedelta(hours=1), END, None)

    assert (theirs / "old").exists()


def test_many_machines_that_take_turns_are_no_endless_list(
    shop: FakeShop, store: Store, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 4)
    monkeypatch.setattr(bulk, "PIECE", 1_000_000)
    place = Place(BEGIN.isoformat())
    for machine in range(6):
        own = small / str(machine)
        own.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(own))
        place = place.after(shopify.list_orders(store, BEGIN, END, place.page), END, [])

    assert not place.is_endless(0, 4)


def test_orders_with_many_lines_are_asked_for_a_few_in_a_step(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 14)
    monkeypatch.setattr(bulk, "PAGE", 50)
    for order in shop.orders.values():
        order["line_items"] = [line_with(number, "1.00") for number in range(1, 131)]
    pages: list[Any] = []
    asked: list[int] = []
    while not pages or pages[-1].cursor:
        shop.asked.clear()
        pages += read(store, pages[-1].cursor if pages else None, most=1)
        asked.append(len(shop.asked))

    assert [order.external_id for order in orders_of(pages)] == [str(number) for number in range(1, 15)]
    assert max(asked) <= bulk.MOST_ASKED + 3


def test_order_that_stands_in_the_file_twice_is_asked_for_by_itself(shop: FakeShop, store: Store) -> None:
    stock(shop, 4)
    expected = orders_of(read(store))
    lines_of = shop.bulk.lines_of
    shop.bulk.lines_of = lambda query: [*lines_of(query), *lines_of(query)]  # type: ignore[method-assign]

    found = orders_of(read(store))

    assert {order.external_id: order for order in found} == {order.external_id: order for order in expected}
    assert all(order in expected for order in found)
