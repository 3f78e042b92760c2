"""Many orders come as a file that Shopify prepares: the same orders in the same order, whatever happens to it."""

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.jobs import Temporary
from integrations.connectors import shopify
from integrations.connectors.base import Preparing, Store
from integrations.connectors.shopify import bulk, bulk_file
from tests.fakes.shopify_bulk import body_of
from tests.integrations.bulk_shop import BEGIN, END, its_small, orders_of, read, stock  # noqa: F401 - fixtures
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.shopify_messages import line_with
from tests.integrations.shopify_shop import its_shop, its_store  # noqa: F401 - fixtures


def by_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The same period, by pages."""
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "MANY", 10_000)
        return orders_of(read(store))


def numbers(pages: list[Any]) -> list[str]:
    """The orders' numbers."""
    return [order.external_id for order in orders_of(pages)]


# --- the same orders ---------------------------------------------------------------------------------------
def test_file_tells_the_same_orders_as_pages(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 14)
    shop.orders["5"]["test"] = True
    shop.orders["7"]["line_items"] = [line_with(n, "1.00") for n in range(1, 131)]
    shop.bulk.kept = 100  # of an order's lines, as Shopify has been seen to do
    expected = by_pages(store, monkeypatch)
    shop.asked.clear()

    pages = read(store)

    assert orders_of(pages) == expected
    assert len(expected) == 13
    assert (pages[0].total, "Orders" in shop.asked) == (14, False)
    assert len(shop.bulk.fetched) > 2
    assert {page.as_of for page in pages if page.orders} == {
        datetime.fromisoformat(shop.bulk.operations[0]["createdAt"])
    }


def test_few_orders_and_short_periods_are_listed_by_pages(shop: FakeShop, store: Store) -> None:
    stock(shop, 3)

    assert numbers(read(store)) == ["1", "2", "3"]
    shop.asked.clear()
    shopify.list_orders(store, BEGIN, BEGIN + timedelta(days=3), None)
    assert "OrdersCount" not in shop.asked
    assert shop.bulk.operations == []


def test_file_without_orders_is_the_end(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.orders.clear()
    monkeypatch.setattr(bulk, "MANY", -1)

    assert [(page.orders, page.cursor is None) for page in read(store)] == [((), False), ((), True)]


def test_nothing_is_left_behind(shop: FakeShop, store: Store, small: Path) -> None:
    stock(shop, 9)
    begun = read(store, most=5)
    (folder,) = small.iterdir()
    (kept,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, begun[-1].cursor is None) == (0o700, False)

    read(store, begun[-1].cursor)

    assert not kept.exists()


def test_file_that_nobody_reads_on_is_deleted(shop: FakeShop, store: Store, small: Path) -> None:
    stock(shop, 9)
    read(store, most=3)
    (kept,) = next(small.iterdir()).iterdir()
    os.utime(kept, (1, 1))

    read(store)

    assert not kept.exists()


# --- waiting -----------------------------------------------------------------------------------------------
def test_shop_that_prepares_is_asked_again_later(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    shop.bulk.looks = 1
    cursor = read(store, most=1)[0].cursor

    with pytest.raises(Preparing, match="preparing the list: 20 rows so far") as wait:
        read(store, cursor)

    assert wait.value.retry_after == bulk.WAIT
    assert numbers(read(store, cursor)) == ["1", "2", "3", "4", "5"]


def test_other_operations_are_waited_for(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    for _one in range(shop.bulk.MOST):
        shop.bulk.add("RUNNING")

    with pytest.raises(Preparing, match="other lists") as wait:
        read(store)

    assert wait.value.retry_after == bulk.WAIT_FOR_OTHERS
    shop.bulk.operations[0]["status"] = "COMPLETED"
    assert numbers(read(store)) == ["1", "2", "3", "4", "5"]


def test_operation_of_a_worker_that_died_is_taken_over(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    shop.bulk.looks = 2

    first, second = read(store, most=1)[0], read(store, most=1)[0]

    assert (first.cursor, len(shop.bulk.operations)) == (second.cursor, 1)


def test_shop_that_takes_too_long_is_read_by_pages(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    shop.bulk.looks, shop.bulk.age = 99, bulk.PATIENCE + timedelta(minutes=1)

    assert numbers(read(store)) == ["1", "2", "3", "4", "5"]


# --- killed, paused, on another machine --------------------------------------------------------------------
def empty(folder: Path) -> None:
    """Delete what is kept here, as on another machine there would be nothing."""
    for kept in next(folder.iterdir()).iterdir():
        kept.unlink()


def test_another_machine_reads_on(shop: FakeShop, store: Store, small: Path) -> None:
    stock(shop, 14)
    begun: list[Any] = []
    while not orders_of(begun):
        begun += read(store, begun[-1].cursor if begun else None, most=1)

    empty(small)

    rest = read(store, begun[-1].cursor)
    assert numbers(begun + rest) == [str(number) for number in range(1, 15)]
    assert len(shop.bulk.operations) == 1


def test_every_step_twice_is_every_step_once(shop: FakeShop, store: Store) -> None:
    stock(shop, 14)
    pages: list[Any] = []
    cursor: str | None = None
    while not pages or cursor:
        shopify.list_orders(store, BEGIN, END, cursor)
        pages += read(store, cursor, most=1)
        cursor = pages[-1].cursor

    assert numbers(pages) == [str(number) for number in range(1, 15)]


def test_piece_that_cannot_be_had_is_asked_for_again(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    cursor = read(store, most=2)[-1].cursor
    shop.bulk.files = [(503, b"busy", {})]

    with pytest.raises(Temporary, match="cannot be had just now"):
        read(store, cursor)
    assert numbers(read(store, cursor)) == ["1", "2", "3", "4", "5"]


def test_piece_that_can_never_be_had_is_given_up(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    cursor = read(store, most=1)[-1].cursor
    shop.bulk.files = [(503, b"busy", {})] * bulk_file.MOST_FAILURES

    for _try in range(bulk_file.MOST_FAILURES - 1):
        with pytest.raises(Temporary):
            read(store, cursor)

    assert numbers(read(store, cursor)) == ["1", "2", "3", "4", "5"]
    assert "Orders" in shop.asked


# --- what is wrong with the file ---------------------------------------------------------------------------
@pytest.mark.parametrize("ends", ["FAILED", "CANCELED", "CANCELING", "EXPIRED"])
def test_operation_that_fails_is_replaced_by_pages(shop: FakeShop, store: Store, ends: str) -> None:
    stock(shop, 7)
    shop.bulk.ends = ends

    assert numbers(read(store)) == ["1", "2", "3", "4", "5", "6", "7"]
    assert shop.asked.count("Orders") == 2


def test_file_that_expires_midway_is_continued_by_pages(shop: FakeShop, store: Store, small: Path) -> None:
    stock(shop, 14)
    begun: list[Any] = []
    while not orders_of(begun):
        begun += read(store, begun[-1].cursor if begun else None, most=1)
    empty(small)
    shop.bulk.operations[0]["status"] = "EXPIRED"

    rest = read(store, begun[-1].cursor)

    assert [*dict.fromkeys(numbers(begun + rest))] == [str(number) for number in range(1, 15)]
    assert len(orders_of(rest)) == 14 - 4 + 1  # the last one once more: others may have changed in its second


def test_operation_that_shopify_refuses_is_replaced_by_pages(shop: FakeShop, store: Store) -> None:
    stock(shop, 4)
    wrong = {"field": ["query"], "message": "Odd query", "code": "INVALID"}
    shop.bulk.run = lambda told: {  # type: ignore[method-assign]
        "bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [wrong]}
    }

    assert numbers(read(store)) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1:1/file",
        "https://user:secret@files.example/file",
        "ftp://files.example/file",
        "file:///etc/passwd",
    ],
)
def test_address_that_reaches_inside_is_never_called(
    shop: FakeShop, store: Store, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    stock(shop, 4)
    shop.bulk.address = address

    assert numbers(read(store)) == ["1", "2", "3", "4"]
    assert shop.bulk.fetched == []
    assert "its address cannot be read" in caplog.text


def test_our_key_is_not_sent_to_the_file(shop: FakeShop, store: Store) -> None:
    stock(shop, 4)
    heard: set[str | None] = set()
    real = shop.heard

    def listen(request: Any, sent: bytes) -> Any:
        if request.command == "GET":
            heard.add(request.headers.get("X-Shopify-Access-Token"))
        return real(request, sent)

    shop.heard = listen  # type: ignore[method-assign]

    read(store)

    assert heard == {None}


def test_file_that_is_cut_between_two_lines_is_replaced_by_pages(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 4)
    monkeypatch.setattr(bulk, "PIECE", 1_000_000)
    pages = read(store, most=1)
    lines = shop.bulk.operations[0]["lines"]
    shop.bulk.files = [
        (200, body_of(lines[: len(lines) // 2]), {})
    ]  # no length was told, and nobody missed the rest

    assert numbers(pages + read(store, pages[-1].cursor)) == ["1", "2", "3", "4"]
    assert "Orders" in shop.asked


@pytest.mark.parametrize(
    "said",
    [
        (302, b"", {"Location": "https://elsewhere.example"}),
        (403, b"<Error>expired</Error>", {}),
        (416, b"", {}),
        (206, b"{}", {}),
        (206, b"{}", {"Content-Range": "bytes 5-6/9"}),
        (206, b"{}", {"Content-Range": "bytes 0-1/*"}),
        (206, b"x" * 9000, {"Content-Range": "bytes 0-8999/9000"}),
        (200, b"not JSON\n", {}),
        (200, b"[]\n", {}),
        (200, b'{"id": "gid://shopify/Product/1", "updatedAt": "2026-10-02T00:00:00Z"}\n', {}),
        (200, b'{"id": "gid://shopify/Order/1"}\n', {}),
        (206, b"{" * 6000, {"Content-Range": "bytes 0-5999/99999"}),
    ],
)
def test_odd_file_is_replaced_by_pages(shop: FakeShop, store: Store, said: Any) -> None:
    stock(shop, 4)
    shop.bulk.files = [said]

    assert numbers(read(store)) == ["1", "2", "3", "4"]
    assert "Orders" in shop.asked


def test_whole_file_at_once_is_taken_too(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 4)
    monkeypatch.setattr(bulk, "PIECE", 1_000_000)
    pages = read(store, most=1)
    lines = shop.bulk.operations[0]["lines"]
    shop.bulk.files = [(200, body_of(lines), {})]

    assert numbers(pages + read(store, pages[-1].cursor)) == ["1", "2", "3", "4"]
    assert "Orders" not in shop.asked


def test_lines_without_their_order_are_named(shop: FakeShop, store: Store) -> None:
    stock(shop, 4)
    shop.bulk.more = [{"id": "gid://shopify/LineItem/1", "__parentId": "gid://shopify/Order/77"}]

    pages = read(store)

    assert numbers(pages) == ["1", "2", "3", "4"]
    assert [number for page in pages for number, _why in page.refused] == ["77"]


def test_odd_order_of_a_file_is_named_and_the_others_are_read(shop: FakeShop, store: Store) -> None:
    stock(shop, 5)
    shop.orders["2"]["processed_at"] = "1899-12-31T00:00:00Z"

    pages = read(store)

    assert numbers(pages) == ["1", "3", "4", "5"]
    assert [number for page in pages for number, _why in page.refused] == ["2"]


def test_refunds_are_asked_for_a_few_in_a_step(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 14)
    monkeypatch.setattr(bulk, "MOST_ASKED", 1)

    pages = read(store)

    assert numbers(pages) == [str(number) for number in range(1, 15)]
    assert max(sum(len(order.refunds or ()) for order in page.orders) for page in pages) == 1


def test_folder_of_somebody_else_is_not_used(shop: FakeShop, store: Store, small: Path) -> None:
    stock(shop, 4)
    (small / f"tributary-lists-{os.geteuid()}").mkdir(mode=0o755)

    assert numbers(read(store)) == ["1", "2", "3", "4"]
    assert "Orders" in shop.asked


def test_disk_that_is_full_is_no_trouble(
    shop: FakeShop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop, 4)

    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(bulk_file.Scratch, "take", full)

    assert numbers(read(store)) == ["1", "2", "3", "4"]
