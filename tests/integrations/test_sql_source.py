"""A database as a source: read page by page, each order once, its clock understood."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from commissions.actions import take_orders
from integrations import actions
from integrations.actions.connections import store_of
from integrations.connectors import sql
from integrations.connectors.base import Unreadable
from integrations.connectors.sql.cells import packed, record, unpacked
from integrations.models import Connection, Reconciliation
from tests.integrations.old_shop import MAPPED, REFUNDS, SINCE, UNTIL, Shop, base, change, shop
from tests.makers import NOON, make_order
from tracking.models import Order, Refund
from tracking.orders import CustomerIn

__all__ = ["base", "shop"]  # fixtures


def read_all(row: Connection, kind: str = "backfill", at: datetime = UNTIL) -> Reconciliation:
    reading = actions.ask_reconciliation(row, kind, SINCE, UNTIL, at=at)
    for step in range(50):
        reading = actions.reconcile(reading, step=step, at=at)
        if reading.is_over:
            break
    return reading


def test_orders_of_a_period_are_taken_and_credited(base: Connection, shop: Shop) -> None:
    for number in range(1, 4):
        shop.sell(number)
    shop.sell(9, changed="2026-12-02 00:00:00")

    reading = read_all(base)

    order = Order.objects.get(external_id="1")
    assert (reading.state, reading.counts["missing"], reading.note) == ("finished", 3, "")
    assert (order.source, order.total, order.snapshot["channel"]) == ("oldshop", 10000, "sql")
    assert order.as_value().revision_at.isoformat() == "2026-11-02T12:00:01+00:00"


def test_pages_go_on_behind_the_last_row_even_within_one_second(
    base: Connection, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.sql.listing.PAGE", 3)
    for number in range(1, 12):
        shop.sell(number, changed="2026-11-02 12:00:00" if number < 8 else "2026-11-03 12:00:00")

    reading = read_all(base)

    assert (reading.state, reading.counts["seen"], Order.objects.count()) == ("finished", 11, 11)


def test_same_period_again_changes_nothing_and_changes_are_taken(base: Connection, shop: Shop) -> None:
    shop.sell(1)
    shop.sell(2)
    read_all(base)
    again = read_all(base).counts
    shop.run("UPDATE orders SET total = '90.00', changed = '2026-11-05 08:00:00' WHERE no = 1")

    changed = read_all(base).counts

    assert (again["same"], again["missing"], changed["changed"], changed["same"]) == (2, 0, 1, 1)
    assert Order.objects.get(external_id="1").total == 9000


def test_order_that_is_gone_is_taken_back(base: Connection, shop: Shop) -> None:
    for number in range(1, 12):
        shop.sell(number)
    read_all(base)
    shop.run("DELETE FROM orders WHERE no = 7")

    reading = read_all(base, "nightly")

    assert reading.counts["gone"] == 1
    assert Order.objects.get(external_id="7").state == "gone"


def test_refunds_of_a_query_belong_to_their_orders(base: Connection, shop: Shop) -> None:
    change(base, refunds_query=REFUNDS)
    shop.sell(1)
    shop.sell(2)
    shop.run("INSERT INTO refunds VALUES ('R-1', 1, '40.00', '2026-11-03 10:00')")

    read_all(base)

    refund = Refund.objects.get()
    assert (refund.order, refund.gross) == (Order.objects.get(external_id="1"), 4000)


def test_refund_that_cannot_be_read_puts_its_order_aside_alone(base: Connection, shop: Shop) -> None:
    change(base, refunds_query=REFUNDS)
    shop.sell(1)
    shop.sell(2)
    shop.run("INSERT INTO refunds VALUES ('R-1', 1, 'forty', '2026-11-03 10:00')")

    reading = read_all(base)

    ((number, why),) = reading.counts["rows"]
    assert (number, why.startswith("A refund of it cannot be read: ")) == ("1", True)
    assert list(Order.objects.values_list("external_id", flat=True)) == ["2"]


def test_row_that_cannot_be_read_is_listed_and_stops_nobody(base: Connection, shop: Shop) -> None:
    shop.sell(1, total="1.234")
    shop.sell(2)
    shop.sell(2)
    shop.sell(3, ref="nobody")

    reading = read_all(base)

    refused = dict(reading.counts["rows"])
    assert refused["1"].startswith("“1.234” may mean two amounts")
    assert refused["2"] == "Two rows have the number 2: a row for each order."
    assert refused["3"].startswith("No affiliate has the code “nobody”")
    assert list(Order.objects.values_list("external_id", flat=True)) == ["2"]


def test_broken_letters_put_their_row_aside(base: Connection, shop: Shop) -> None:
    change(base, query="SELECT 'n' || char(0) || no AS no, total, ref, email, sold, changed FROM orders")
    shop.sell(1)

    ((number, why),) = read_all(base).counts["rows"]

    assert (number, why) == ("n?1", "The message has a broken character (NUL, or half of one).")


def test_sale_that_the_store_has_told_is_left_out(base: Connection, shop: Shop) -> None:
    value = make_order("#1", source="shop", net=500, customer=CustomerIn(email="1@example.com"))
    take_orders(base.program, [value], at=NOON)
    shop.sell(1)

    reading = read_all(base)
    change(base, twins="take")
    later = read_all(base)

    assert reading.counts["rows"][0][1].startswith("Counted twice?")
    assert (later.counts["missing"], Order.objects.count()) == (1, 2)


def test_number_must_be_the_column_as_it_is(base: Connection, shop: Shop) -> None:
    rows = [{"target": "order.number", "expression": '"X" & {no}'}, *MAPPED[1:]]
    actions.save_mapping(base, "in", "order", rows)
    shop.sell(1)

    assert read_all(base).counts["rows"][0][1].startswith("order.number must be filled from the column")


def test_it_is_asked_every_minute(base: Connection, shop: Shop) -> None:
    shop.sell(1, changed=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")

    asked = actions.ask_overlaps(polls=True, at=datetime.now(UTC) + timedelta(seconds=2))

    reading = Reconciliation.objects.get()
    actions.reconcile(reading, step=0)
    reading.refresh_from_db()
    assert (asked, reading.state, Order.objects.count()) == (1, "finished", 1)


def test_backfill_is_estimated(base: Connection, shop: Shop) -> None:
    for number in range(1, 4):
        shop.sell(number)

    assert actions.estimate_orders(base, SINCE, datetime(2026, 11, 26, tzinfo=UTC)) == 3


@pytest.mark.parametrize(
    ("value", "total"),
    [("129.9", 12990), ("0.1 + 0.2", 30), ("1234.5", 123450), ("1e3", 100000), ("5", 500), ("1234", 123400)],
)
def test_number_of_the_database_means_one_amount(
    base: Connection, shop: Shop, value: str, total: int
) -> None:
    change(base, query=f"SELECT no, {value} AS total, ref, email, sold, changed FROM orders")
    shop.sell(1)

    reading = read_all(base)

    assert reading.counts["rows"] == []
    assert Order.objects.get().total == total


def test_number_with_more_decimals_than_the_currency_is_refused_as_that(base: Connection, shop: Shop) -> None:
    change(base, query="SELECT no, 19.125 AS total, ref, email, sold, changed FROM orders")
    shop.sell(1)

    ((_number, why),) = read_all(base).counts["rows"]

    assert "has more decimals than EUR has (2)" in why


def test_cells_are_told_as_exact_numbers() -> None:
    row = {
        "padded": Decimal("129.900"),
        "fine": Decimal("19.125"),
        "float": 0.30000000000000004,
        "tiny": 1e-12,
        "day": date(2026, 11, 2),
        "no": Decimal("1001.000"),
    }

    assert record(row, {"no"}) == {
        "padded": "129.90",
        "fine": "19.1250",
        "float": "0.30",
        "tiny": "0.000000000001",
        "day": "2026-11-02",
        "no": "1001.000",
    }


@pytest.mark.parametrize(
    "value",
    [date(2026, 11, 2), datetime(2026, 11, 2, 12, tzinfo=UTC), Decimal("1.50"), 0.1, 7, "x"],
)
def test_place_is_the_same_after_it_was_kept(value: object) -> None:
    again = unpacked(json.loads(json.dumps(packed(value))))

    assert (type(again), again) == (type(value), value)


def test_row_without_a_number_is_no_order(
    base: Connection, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.sql.listing.PAGE", 1)
    shop.sell(None, changed="2026-11-02 11:00:00")  # type: ignore[arg-type]
    shop.sell(1)

    reading = read_all(base)

    assert (reading.counts["rows"], Order.objects.get().external_id) == ([], "1")


@pytest.mark.parametrize("of", ["NULL", "''"])
def test_refund_that_says_no_order_is_a_refused_row(base: Connection, shop: Shop, of: str) -> None:
    query = f"SELECT id, {of} AS order_no, amount, at FROM refunds WHERE order_no IN :orders"
    change(base, refunds_query=query)
    shop.sell(1)
    shop.sell(2)
    shop.run("INSERT INTO refunds VALUES ('R-1', 1, '40.00', '2026-11-03 10:00')")

    reading = read_all(base)

    assert reading.counts["rows"] == [["a refund", "A refund does not say its order."]]
    assert Order.objects.count() == 2
    with pytest.raises(Unreadable):
        sql.fetch_order(store_of(base), "1")


def test_first_rows_are_shown_newest_first_and_as_json(base: Connection, shop: Shop) -> None:
    for number in range(1, 15):
        shop.sell(number)

    rows = sql.first_rows(store_of(base))

    assert ([row["no"] for row in rows], rows[0]["total"]) == (list(range(14, 4, -1)), "100.00")


def test_first_rows_of_refunds_are_those_of_their_own_query(base: Connection, shop: Shop) -> None:
    shop.sell(1)
    shop.run("INSERT INTO refunds VALUES ('R1', 1, '10.00', '2026-11-03 12:00')")

    without = sql.first_rows(store_of(base), 5, "refund")
    rows = sql.first_rows(store_of(change(base, refunds_query=REFUNDS)), 5, "refund")

    assert [row["no"] for row in without] == [1]
    assert rows == [{"id": "R1", "order_no": 1, "amount": "10.00", "at": "2026-11-03 12:00"}]


@pytest.mark.parametrize(
    ("zone", "kind", "changed"),
    [
        ("Europe/Berlin", "text", "2026-11-02 13:00:00"),
        ("", "text_t", "2026-11-02T12:00:00"),
        ("America/New_York", "text", "2026-11-02 07:00:00"),
        ("", "seconds", "1793620800"),
    ],
)
def test_clock_of_the_database_is_understood(
    base: Connection, shop: Shop, zone: str, kind: str, changed: str
) -> None:
    change(base, time_zone=zone, changed_as=kind)
    shop.sell(1, changed=changed)
    if kind == "seconds":
        shop.run(
            "CREATE TABLE numbers AS SELECT no, total, ref, email, sold, CAST(changed AS INT) AS changed FROM orders"
        )
        change(base, query="SELECT * FROM numbers")

    at = datetime(2026, 11, 2, 12, tzinfo=UTC)
    page = sql.list_orders(store_of(base), at, at + timedelta(seconds=1), None)
    before = sql.list_orders(store_of(base), at - timedelta(hours=1), at - timedelta(minutes=1), None)

    assert [order.revision_at for order in page.orders] == [at]
    assert before.orders == ()


def test_hour_that_the_clock_says_twice_is_not_lost(base: Connection, shop: Shop) -> None:
    change(base, time_zone="Europe/Berlin")
    shop.sell(1, changed="2026-10-25 02:40:00")  # said at 00:40 and again at 01:40 UTC
    found = 0
    at = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)

    for _ in range(8):
        found += len(sql.list_orders(store_of(base), at, at + timedelta(minutes=15), None).orders)
        at += timedelta(minutes=15)

    assert found >= 1
