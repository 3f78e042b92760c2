"""The proof in money: whatever messages were lost, doubled or mixed up, one night later the books are right."""

import os
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from commissions.actions import take_orders, take_refund_lines
from commissions.ledger import balances, program_balances
from integrations.actions.connections import store_of
from integrations.connectors import woocommerce
from integrations.connectors.body import Fields
from integrations.connectors.woocommerce.parse import order_in
from integrations.models import Connection
from tests import makers
from tests.fakes.woocommerce_lists import FIRST, ListingStore
from tests.integrations.deliveries import send
from tests.integrations.listing_shop import asked, counted, run, store  # noqa: F401 - fixtures
from tests.integrations.test_process import work
from tests.story.books import breaches
from tracking.models import Order, Refund

ORDERS = 500 if os.environ.get("EXAMPLES") == "thorough" else 120
Row = dict[str, Any]


def year(shop: ListingStore, dice: random.Random) -> list[Row]:
    """Let the shop live: return all that it would tell, in order. Some orders are changed, refunded, deleted."""
    news: list[Row] = []
    for number in range(1, ORDERS + 1):
        at = FIRST + timedelta(minutes=5 * number)
        news.append(shop.add(number, f"{dice.randrange(100, 50_000) / 100:.2f}", at=at))
        fate = dice.random()
        if fate < 0.08:
            news.append(shop.change(number, status="cancelled"))
        elif fate < 0.2:
            news.append(shop.refund(number, f"{dice.randrange(1, 100) / 100:.2f}"))
        elif fate < 0.4:
            news.append(shop.change(number, status="completed"))
    return news


def tell(connection: Connection, news: list[Row], dice: random.Random) -> None:
    """Send the messages; a tenth is lost, a tenth comes twice, and neighbours come in any order."""
    messages = [row for row in news if dice.random() >= 0.1]
    messages += [row for row in messages if dice.random() < 0.1]
    messages.sort(key=lambda row: (row["id"] // 20, dice.random()))
    for row in messages:
        send(connection, "order.updated", row)
    work()


def tell_in_order(program: Program, connection: Connection, news: list[Row], gone: list[str]) -> None:
    """What the books should be: everything once, in order, refunds by their lines, deletions last."""
    values = [order_in(Fields(row), "shop") for row in news]
    for value in values:
        take_orders(program, [value])
    for refund in Refund.objects.filter(program=program).select_related("order"):
        assert refund.order
        lines = woocommerce.fetch_refund_lines(
            store_of(connection), refund.order_external_id, refund.external_id, refund.order.currency
        )
        take_refund_lines(refund, lines)
    for number in gone:
        last = Order.objects.get(program=program, external_id=number).as_value()
        later = last.revision_at + timedelta(days=1)
        take_orders(program, [replace(last, state="gone", revision_at=later)])


def orders(program: Program) -> dict[str, tuple[str, int, str]]:
    """Number -> state, total and content of the orders that are still in the store."""
    rows = Order.objects.filter(program=program).exclude(state="gone")
    return {row.external_id: (row.state, row.total, row.content_hash) for row in rows}


def refunds(program: Program) -> list[tuple[Any, ...]]:
    """The refunds of orders that are still in the store."""
    rows = Refund.objects.filter(program=program).exclude(order__state="gone").order_by("external_id")
    return list(rows.values_list("external_id", "order_external_id", "gross", "lines", "is_withdrawn"))


@pytest.mark.slow
def test_after_one_night_the_books_are_as_if_nothing_was_lost(
    asked: Connection,  # noqa: F811 - the fixture
    anna: Enrollment,
    store: ListingStore,  # noqa: F811 - the fixture
) -> None:
    dice = random.Random(7)
    control = makers.make_program(anna.program.merchant, name="Control")
    anja = makers.make_enrollment(control, "Anja")
    create_coupon(anja, "anna15", at=makers.FOUNDED)
    news = year(store, dice)
    tell(asked, news, dice)
    tell_in_order(control, asked, news, gone := [str(number) for number in range(7, ORDERS, 60)])
    before = balances(anna)
    for number in gone:
        del store.orders[number]

    night = run(asked)
    again = run(asked)

    assert before != balances(anja)
    assert night.counts["missing"] > ORDERS // 50
    assert night.counts["changed"] > ORDERS // 100
    assert night.counts["gone"] >= ORDERS // 100
    assert night.counts["refused"] + night.counts["conflict"] == 0
    assert orders(anna.program) == orders(control)
    assert refunds(anna.program) == refunds(control)
    assert balances(anna) == balances(anja)
    assert program_balances(anna.program) == program_balances(control)
    assert (again.difference, counted(again)) == (
        0,
        {"seen": len(orders(control)), "same": len(orders(control))},
    )
    assert breaches() == []
