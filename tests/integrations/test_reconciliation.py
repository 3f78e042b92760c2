"""What the store lists is held against what is here, and taken in by the same verbs as its messages."""

# ruff: noqa: F811 - the fixtures

from datetime import timedelta

from django.utils import timezone

from commissions.models import Commission
from core.models import Event
from integrations.actions import ask_reconciliation, reconcile
from integrations.actions.connections import store_of
from integrations.actions.reconciling import _take_page
from integrations.connectors import woocommerce
from integrations.connectors.base import OrderPage
from integrations.models import Connection
from tests.fakes.woocommerce_lists import FIRST, ListingStore
from tests.integrations.deliveries import send
from tests.integrations.listing_shop import (  # noqa: F401 - fixtures among them
    BEGIN,
    END,
    asked,
    counted,
    hear,
    run,
    store,
)
from tests.integrations.test_process import left, work
from tracking.models import Order


def test_missing_orders_are_taken_in_and_counted(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    store.add(2)

    row = run(asked)

    assert (row.state, row.difference, row.note) == ("finished", 1, "")
    assert counted(row) == {"seen": 2, "same": 1, "missing": 1}
    assert left() == {"1": 1000, "2": 1000}


def test_second_run_finds_nothing(asked: Connection, store: ListingStore) -> None:
    store.add(1)
    run(asked)

    row = run(asked)

    assert (row.difference, counted(row)) == (0, {"seen": 1, "same": 1})


def test_changed_order_is_revised(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    store.change(1, status="cancelled")

    row = run(asked)

    assert counted(row) == {"seen": 1, "changed": 1}
    assert left() == {"1": 0}


def test_order_that_is_newer_here_stays(asked: Connection, store: ListingStore) -> None:
    old = store.add(1)
    hear(asked, store.change(1, status="cancelled"))
    store.orders["1"] = old

    row = run(asked)

    assert (row.difference, counted(row)) == (0, {"seen": 1, "older": 1})
    assert Order.objects.get().state == "void"


def test_two_changes_in_one_second_end_as_the_store_has_them(asked: Connection, store: ListingStore) -> None:
    """By the messages alone nobody can tell which was the later; whichever we kept, the list puts it right."""
    for number, (first, last) in enumerate([("processing", "cancelled"), ("cancelled", "processing")], 1):
        hear(asked, store.add(number, status=first))
        store.change(number, after=timedelta(), status=last)

    row = run(asked)
    again = run(asked)

    assert [order.state for order in Order.objects.order_by("external_id")] == ["void", "sale"]
    assert (row.difference, again.difference) == (2, 0)


def test_order_deleted_for_good_is_asked_about_and_reversed(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    hear(asked, store.add(2))
    del store.orders["1"]

    row = run(asked)

    assert counted(row) == {"seen": 1, "same": 1, "gone": 1}
    assert (Order.objects.get(external_id="1").state, left()) == ("gone", {"1": 0, "2": 1000})
    assert run(asked).difference == 0


def test_trashed_order_is_gone_too(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    store.change(1, status="trash")

    row = run(asked)

    assert (counted(row), left()) == ({"gone": 1}, {"1": 0})


def test_last_minutes_ask_about_nothing_that_is_not_listed(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    del store.orders["1"]
    store.asked.clear()

    row = run(asked, "overlap")

    assert (row.difference, len(store.asked)) == (0, 1)
    assert not Event.objects.filter(kind="reconciliation.finished").exists()


def test_order_that_changed_after_the_period_is_not_gone(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    store.change(1, after=timedelta(days=30), status="completed")

    row = run(asked)

    assert counted(row) == {"changed": 1}
    assert Order.objects.get().state == "sale"


def test_orders_that_are_there_but_not_listed_are_no_other_store(
    asked: Connection, store: ListingStore
) -> None:
    """As where a firewall cuts lists short, or a system lists only what was made in a period."""
    for number in range(1, 24):
        hear(asked, store.add(number))
    store.hidden = {str(number) for number in range(1, 24)}

    row = run(asked)

    assert (row.state, counted(row)) == ("finished", {"same": 23})


def test_quiet_times_are_no_repetition(asked: Connection) -> None:
    """A store may say of one window after the other that nothing happened in it."""
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    for step in range(6):
        row = _take_page(row, step, OrderPage((), f"window {step}"), END, None)
    assert row.state == "running"

    for step in range(6, 9):
        row = _take_page(row, step, OrderPage((), "window 5"), END, None)

    assert row.state == "failed"


def test_order_that_cannot_be_read_is_counted_with_its_reason(asked: Connection, store: ListingStore) -> None:
    store.add(1, status="shipped-by-drone")
    store.add(2, total="1.234")
    store.add(3)

    row = run(asked)

    assert counted(row) == {"seen": 3, "refused": 2, "missing": 1}
    assert [number for number, _why in row.counts["rows"]] == ["1", "2"]
    assert "shipped-by-drone" in row.counts["rows"][0][1]
    assert row.difference == 1


def test_reasons_are_kept_for_two_hundred(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 231):
        store.add(number, status="odd")

    row = run(asked)

    assert (row.counts["refused"], len(row.counts["rows"]), row.state) == (230, 200, "finished")


def test_many_pages_are_read_and_each_order_is_counted_once(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 131):
        store.add(number)

    row = run(asked)

    assert counted(row) == {"seen": 130, "missing": 130}
    assert (row.estimate, Order.objects.count()) == (130, 130)


def test_bulk_edit_within_one_second_is_read_whole(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 171):
        store.add(number, at=FIRST + timedelta(hours=1))
    store.add(171, at=FIRST + timedelta(hours=2))

    row = run(asked)

    assert (row.state, row.counts["missing"], row.counts["seen"]) == ("finished", 171, 171)
    assert Order.objects.count() == 171


def test_order_that_leaves_a_full_second_meanwhile_hides_no_other(
    asked: Connection, store: ListingStore
) -> None:
    for number in range(1, 121):
        store.add(number, at=FIRST + timedelta(hours=1))
    store.while_listing = [lambda: store.change(1, after=timedelta(days=9), status="completed")]

    run(asked)

    assert set(range(2, 121)) <= {int(order.external_id) for order in Order.objects.all()}


def test_message_that_comes_while_we_read_is_no_difference(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 4):
        hear(asked, store.add(number))
    asked_at = timezone.now()
    page = woocommerce.list_orders(store_of(asked), BEGIN, END, None)
    hear(asked, store.change(2, status="completed"))
    hear(asked, store.add(70))
    row = ask_reconciliation(asked, "nightly", BEGIN, END)

    _take_page(row, 0, page, asked_at, None)
    work()

    row.refresh_from_db()
    assert counted(row) == {"seen": 3, "same": 3, "older": 1}  # order 70 was asked about, and is there
    assert row.state == "finished"


def test_message_that_waits_to_be_understood_is_no_difference(asked: Connection, store: ListingStore) -> None:
    for number in (1, 2):
        assert send(asked, "order.updated", store.add(number)) == 200
    store.add(3)

    row = reconcile(ask_reconciliation(asked, "nightly", BEGIN, END))

    assert counted(row) == {"seen": 3, "same": 2, "missing": 1}
    work()
    assert left() == {"1": 1000, "2": 1000, "3": 1000}


def test_commission_is_paid_once_whoever_comes_first(asked: Connection, store: ListingStore) -> None:
    row = store.add(1)
    run(asked)

    hear(asked, row)

    assert (Commission.objects.count(), left()) == (1, {"1": 1000})
