"""The log of transfers: complete, in order, page by page, and found by whom or what it is about."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment, Program
from commissions.actions import take_orders
from integrations.about import about, names_of
from integrations.admin.transfers import transfers_csv
from integrations.models import Connection, Inbound, RemoteRecord
from integrations.transfers import Place, Search, all_of, page_of
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import make_delivery, make_hook
from tests.makers import NOON
from tracking.models import Order
from tracking.orders import CustomerIn

MINUTE = timedelta(minutes=1)


def came(connection: Connection, number: int, **fields: Any) -> Inbound:
    made = {"dedupe_key": f"k{number}", "topic": "order.created", "body": b"{}", "state": "done"}
    row: Inbound = connection.inbounds.create(**made | {"received_at": NOON + number * MINUTE} | fields)
    return row


@pytest.fixture
def busy(hook: Connection, connection: Connection) -> Search:
    """Ten transfers, in and out by turns."""
    for number in range(0, 10, 2):
        make_delivery(hook, number, created_at=NOON + number * MINUTE)
        came(connection, number + 1)
    return Search([hook.pk, connection.pk])


def minutes(rows: Any) -> list[int]:
    return [int((row.at - NOON) / MINUTE) for row in rows]


def test_both_sides_stand_in_one_order(busy: Search) -> None:
    page = page_of(busy, Place(), 50)

    assert minutes(page.rows) == list(range(9, -1, -1))
    assert [row.direction for row in page.rows[:2]] == ["in", "out"]
    assert page.place is None


@pytest.mark.parametrize("most", [1, 2, 3, 7, 10])
def test_pages_hold_each_transfer_once(busy: Search, most: int) -> None:
    seen, place = [], Place()
    while True:
        page = page_of(busy, place, most)
        seen += page.rows
        if page.place is None:
            break
        place = Place.read(str(page.place))

    assert minutes(seen) == list(range(9, -1, -1))


def test_what_comes_meanwhile_moves_no_page(busy: Search, hook: Connection) -> None:
    first = page_of(busy, Place(), 4)
    make_delivery(hook, 99, created_at=NOON + 60 * MINUTE)

    assert first.place is not None
    assert minutes(page_of(busy, first.place, 50).rows) == [5, 4, 3, 2, 1, 0]


def test_clock_that_was_set_back_loses_nothing(busy: Search, hook: Connection) -> None:
    make_delivery(hook, 50, created_at=NOON - 60 * MINUTE)  # the newest row by its number

    rows = list(all_of(busy, 100, step=2))

    assert len(rows) == len({(row.direction, row.number) for row in rows}) == 11


@pytest.mark.parametrize("text", ["", ".", "x.y", "-1.2", "9" * 40 + ".1", "1.2.3", "\u0661.1"])
def test_place_that_is_none_is_the_beginning_of_that_side(text: str, busy: Search) -> None:
    assert Place.read(text).delivery in (None, 1)
    page_of(busy, Place.read(text), 5)


def test_page_takes_two_queries_however_far_back(busy: Search) -> None:
    for place in (Place(), Place(3, 3)):
        with CaptureQueriesContext(database) as seen:
            page_of(busy, place, 3)
        assert len(seen) == 2


def test_search_by_way_kind_outcome_and_time(busy: Search, hook: Connection, connection: Connection) -> None:
    make_delivery(hook, 60, kind="commission.accrued", created_at=NOON + 60 * MINUTE, state="dead")
    came(connection, 61, topic="refund.created", state="quarantined")

    def found(**wanted: Any) -> list[int]:
        return minutes(page_of(Search(busy.connections, **wanted), Place(), 50).rows)

    assert found(direction="out") == [60, 8, 6, 4, 2, 0]
    assert found(direction="in") == [61, 9, 7, 5, 3, 1]
    assert found(kind="refund.created") == [61]
    assert found(kind="commission.*") == [60]
    assert found(outcome="failed") == [61, 60]
    assert found(outcome="waiting") == [8, 6, 4, 2, 0]
    assert found(outcome="done", direction="in") == [9, 7, 5, 3, 1]
    assert found(since=NOON + 9 * MINUTE, until=NOON + 61 * MINUTE) == [60, 9]


def test_only_the_connections_that_were_asked_for(busy: Search, connection: Connection) -> None:
    assert minutes(page_of(Search([connection.pk]), Place(), 50).rows) == [9, 7, 5, 3, 1]
    assert page_of(Search([]), Place(), 50).rows == []


@pytest.fixture
def sold(anna: Enrollment) -> Order:
    """Order 1001 of cara, by Anna's coupon."""
    customer = CustomerIn(email="Cara@Home.example", external_id="c-7")
    order = makers.make_order("1001", coupons=("anna15",), customer=customer)
    return take_orders(anna.program, [order], at=NOON)[0].order


@pytest.mark.parametrize(
    "word",
    ["cara@home.example", "CARA@home.example", "c-7", "1001", "anna", "Anna", "anna15", "ANNA15", "hs-901"],
)
def test_whatever_a_person_knows_leads_to_the_order(
    word: str, sold: Order, anna: Enrollment, hook: Connection
) -> None:
    assert sold.customer
    RemoteRecord.objects.create(
        connection=hook, kind="contact", local_key=f"customer:{sold.customer_id}", remote_id="hs-901"
    )

    found = about([anna.program.merchant_id], word)

    assert f"order:{sold.pk}" in found.keys
    assert "1001" in found.subjects


def test_affiliate_is_found_with_all_that_is_hers(sold: Order, anna: Enrollment) -> None:
    keys = about([anna.program.merchant_id], "anna@blog.example").keys

    link, coupon = anna.links.get(is_default=True), anna.coupons.get()
    assert {
        f"enrollment:{anna.pk}",
        f"profile:{anna.affiliate_id}",
        f"link:{link.pk}",
        f"coupon:{coupon.pk}",
    } <= keys


def test_customer_is_found_in_what_was_told_and_what_came(
    sold: Order, hook: Connection, connection: Connection
) -> None:
    make_delivery(hook, 1, f"customer:{sold.customer_id}")
    make_delivery(hook, 2, "customer:999999")
    came(connection, 3, subject="1001")
    came(connection, 4, subject="1002")

    search = Search([hook.pk, connection.pk], about=about([hook.program.merchant_id], "cara@home.example"))

    assert [row.about for row in page_of(search, Place(), 50).rows] == [
        "1001",
        f"customer:{sold.customer_id}",
    ]


def test_another_companys_rows_are_never_meant_or_named(sold: Order, anna: Enrollment) -> None:
    stranger = makers.make_merchant("Other")

    for word in ("cara@home.example", "1001", "anna15", f"customer:{sold.customer_id}", f"order:{sold.pk}"):
        found = about([stranger.pk], word)
        assert found.keys <= {word}
        assert found.subjects == {word}
    assert names_of([stranger.pk], [f"order:{sold.pk}", f"customer:{sold.customer_id}"]) == {}
    assert names_of([anna.program.merchant_id], [f"order:{sold.pk}", f"enrollment:{anna.pk}"]) == {
        f"order:{sold.pk}": "1001",
        f"enrollment:{anna.pk}": "anna",
    }


def test_file_guards_against_formulas_and_names_what_it_can(
    program: Program, receiver: FakeReceiver, sold: Order
) -> None:
    hook = make_hook(program, receiver, name="=HYPERLINK(1)")
    make_delivery(hook, 1, f"order:{sold.pk}", note="@SUM(1)", created_at=NOON)

    lines = list(transfers_csv(all_of(Search([hook.pk]), 100), [program.merchant_id]))

    assert lines[0].startswith("\N{ZERO WIDTH NO-BREAK SPACE}time (UTC),way,with")
    assert lines[1:] == [
        (
            f"2026-11-02T12:00:00+00:00,out,'=HYPERLINK(1),hook-in,order.recorded,order:{sold.pk},1001,"
            "on its way,'@SUM(1),0\r\n"
        )
    ]


def test_file_holds_all_pages_up_to_its_limit(busy: Search) -> None:
    assert len(list(all_of(busy, 100, step=3))) == 10
    assert len(list(all_of(busy, 4, step=3))) == 4
