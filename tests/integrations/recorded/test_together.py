"""All that a vendor sends, in whatever order and however often, leaves the same books."""

import random
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from core.money import Money
from integrations.actions import replay
from integrations.models import Connection
from tests.fakes.magento import FakeMagento
from tests.integrations.recorded import magento_store
from tests.integrations.recorded.books import Books, books_of, count_of_rows, refunded_twice
from tests.integrations.recorded.conftest import Connect
from tests.integrations.recorded.page import PAGE, Recording, recordings
from tests.integrations.recorded.vendors import tell

SEEDS = (1, 2, 3)
SENDING = ("bling", "mercadolivre", "paypal", "shopify", "stripe", "wise", "woocommerce")
sending = pytest.mark.parametrize("vendor", SENDING)
MANY = [pytest.param(one, marks=pytest.mark.slow) if one == "woocommerce" else one for one in SENDING]


def messages(vendor: str) -> list[Recording]:
    """What is at hand of a vendor's, in the order of the files."""
    found = [one for one in recordings() if one.vendor == vendor and one.path]
    if not found:
        pytest.skip("TRIBUTARY_PAYLOADS names no folder that has them")
    return found


def tell_all(connection: Connection, told: Iterable[Recording]) -> Books:
    for one in told:
        tell(connection, one)
    return books_of(connection.program)


@contextmanager
def undone() -> Iterator[None]:
    """Leave no trace: the next order begins with empty books."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def shuffled(told: list[Recording], seed: int) -> list[Recording]:
    """Another order, the same at each run."""
    return random.Random(seed).sample(told, len(told))


def left_by(vendor: str) -> tuple[int, int, int, str]:
    """What the page says that all messages of a vendor leave."""
    row = rf"^\| {vendor} \| (\d+) \| (\d+) \| (\d+) \| (.+) \|$"
    found = re.search(row, PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"no line of {vendor}"
    orders, refunds, sales, earned = found.groups()
    return int(orders), int(refunds), int(sales), earned


def in_short(books: Books, currency: str) -> tuple[int, int, int, str]:
    earned = Money(sum(books.earned.values()), currency)
    return len(books.orders), len(books.refunds), len(books.conversions), str(earned)


@sending
def test_all_in_file_order_leave_what_the_page_says(connect: Connect, vendor: str) -> None:
    told, connection = messages(vendor), connect(vendor)
    if vendor in ("paypal", "stripe") and len(told) < len(
        [one for one in recordings() if one.vendor == vendor]
    ):
        pytest.skip("TRIBUTARY_PAYLOADS names no folder that has all of them")

    books = tell_all(connection, told)

    assert in_short(books, connection.program.currency) == left_by(vendor)
    assert refunded_twice(connection.program) == []


@pytest.mark.parametrize("vendor", MANY)
@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_arrival_does_not_matter(connect: Connect, vendor: str, seed: int) -> None:
    told, connection = messages(vendor), connect(vendor)
    with undone():
        books = tell_all(connection, told)

    assert tell_all(connection, shuffled(told, seed)) == books
    assert refunded_twice(connection.program) == []


@sending
def test_told_twice_is_told_once(connect: Connect, vendor: str) -> None:
    told, connection = messages(vendor), connect(vendor)
    with undone():
        books, rows = tell_all(connection, told), count_of_rows()

    doubled = tell_all(connection, [one for one in told for _turn in range(2)])

    assert (doubled, count_of_rows()) == (books, rows)
    assert tell_all(connection, told) == books
    assert count_of_rows() == rows


@sending
@pytest.mark.parametrize("step", [1, -1])
def test_replayed_books_nothing_again(connect: Connect, vendor: str, step: int) -> None:
    told, connection = messages(vendor), connect(vendor)
    books, rows = tell_all(connection, told), count_of_rows()

    for inbound in list(connection.inbounds.order_by("pk"))[::step]:
        replay(inbound)

    assert (books_of(connection.program), count_of_rows()) == (books, rows)
    assert refunded_twice(connection.program) == []


@pytest.mark.parametrize("step", [1, -1])
def test_store_that_is_asked_again_leaves_the_same(connect: Connect, magento: FakeMagento, step: int) -> None:
    connection = connect("magento")
    for one in messages("magento")[::step]:
        magento_store.put(magento, one)
    magento_store.ask(connection)
    books, rows = books_of(connection.program), count_of_rows()

    magento_store.ask(connection)

    assert (books_of(connection.program), count_of_rows()) == (books, rows)
    assert books.earned == {}
    assert refunded_twice(connection.program) == []
