"""When stores are compared, one at a time, and what becomes of it when the store is in trouble."""

# ruff: noqa: F811 - the fixtures

from datetime import timedelta

import pytest
from django.utils import timezone

from core.jobs import Misconfigured, Temporary
from core.models import Event, Job
from integrations.actions import (
    CannotReconcile,
    StillRunning,
    ask_nightly,
    ask_overlaps,
    ask_reconciliation,
    forget_reconciliations,
    reconcile,
)
from integrations.actions.reconciling import _take_page
from integrations.connectors.base import OrderPage
from integrations.models import Connection, Reconciliation
from tests import makers
from tests.fakes.woocommerce_lists import FIRST, ListingStore
from tests.integrations.listing_shop import (  # noqa: F401 - fixtures among them
    BEGIN,
    END,
    NOW,
    asked,
    hear,
    run,
    store,
)
from tests.integrations.test_process import work
from tracking.models import Order


def test_store_that_repeats_its_page_is_stopped(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 51):
        store.add(number)
    store.repeats = True

    row = run(asked)

    assert (row.state, row.note) == (
        "failed",
        "The store repeats its list of orders without end, so the reading was stopped.",
    )
    assert len(store.asked) < 10


def test_store_that_is_down_is_waited_for_and_read_on(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 61):
        store.add(number)
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    reconcile(row)
    store.fail(503)

    work()

    row.refresh_from_db()
    asked.refresh_from_db()
    job = Job.objects.get(state="due")
    assert (row.state, row.note, asked.last_error) == ("running", row.note, row.note)
    assert row.note == "The store is busy or has an error (503)."
    assert (job.strikes, job.next_at < timezone.now() + timedelta(minutes=11)) == (0, True)
    Job.objects.update(next_at=timezone.now())
    work()
    row.refresh_from_db()
    asked.refresh_from_db()
    assert (row.state, row.note, asked.last_error, row.counts["missing"]) == ("finished", "", "", 60)


def test_refused_keys_stand_on_the_connection(asked: Connection, store: ListingStore) -> None:
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    store.fail(401, {"code": "no"})

    with pytest.raises(Misconfigured):
        reconcile(row)

    asked.refresh_from_db()
    assert asked.last_error.startswith("The store refuses the API keys")


def test_mended_keys_are_tried_within_minutes_for_what_changed_lately(
    asked: Connection, store: ListingStore
) -> None:
    row = ask_reconciliation(asked, "overlap", BEGIN, END)
    store.fail(401, {"code": "no"})

    with pytest.raises(Temporary) as raised:
        reconcile(row)

    assert raised.value.retry_after == 600


def test_request_that_the_store_refuses_for_good_ends_it(asked: Connection, store: ListingStore) -> None:
    store.fail(400, {"code": "rest_invalid_param"})

    row = run(asked)

    assert (row.state, row.note) == ("failed", "The store refuses the request (400 rest_invalid_param).")


def test_something_else_than_a_list_ends_it(asked: Connection, store: ListingStore) -> None:
    store.fail(200, {"orders": []})

    assert run(asked).note == "The store answers with something else than a list of orders."


def test_paused_connection_waits(asked: Connection, store: ListingStore) -> None:
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    Connection.objects.update(state="paused")

    with pytest.raises(Temporary, match="paused"):
        reconcile(row)

    assert store.asked == []
    with pytest.raises(CannotReconcile):
        ask_reconciliation(asked, "overlap", BEGIN, END)


def test_step_that_was_done_is_nothing_to_do(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 61):
        store.add(number)
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    reconcile(row)
    store.asked.clear()

    reconcile(row)
    _take_page(row, 0, OrderPage((makers.make_order("99"),)), END, None)

    assert store.asked == []
    assert Order.objects.count() == 50


def test_one_at_a_time_of_each_kind(asked: Connection) -> None:
    row = ask_reconciliation(asked, "nightly", BEGIN, END)

    assert ask_reconciliation(asked, "nightly", BEGIN, END) == row
    assert ask_reconciliation(asked, "overlap", BEGIN, END) != row
    with pytest.raises(StillRunning):
        ask_reconciliation(asked, "nightly", BEGIN, END - timedelta(days=1))


def test_one_whose_job_was_put_aside_stands_in_nobodys_way(asked: Connection) -> None:
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    Job.objects.update(state="quarantined")

    other = ask_reconciliation(asked, "nightly", BEGIN, END - timedelta(days=1))

    row.refresh_from_db()
    assert (row.state, other.state) == ("failed", "asked")


def test_store_without_keys_is_not_asked(connection: Connection) -> None:
    with pytest.raises(CannotReconcile):
        ask_reconciliation(connection, "nightly", BEGIN, END)

    assert (ask_overlaps(polls=False), ask_nightly()) == (0, 0)


def test_last_minutes_reach_back_to_the_last_one_finished(asked: Connection) -> None:
    assert ask_overlaps(polls=False, at=NOW) == 1
    first = Reconciliation.objects.get()
    work()
    assert ask_overlaps(polls=False, at=NOW + timedelta(days=2)) == 1

    later = Reconciliation.objects.latest("pk")
    assert (first.begins_at, first.ends_at) == (FIRST - timedelta(minutes=15), NOW - timedelta(minutes=1))
    assert later.begins_at == first.ends_at - timedelta(minutes=15)


def test_last_minutes_are_not_asked_twice_at_once(asked: Connection) -> None:
    assert (ask_overlaps(polls=False, at=NOW), ask_overlaps(polls=False, at=NOW)) == (1, 1)
    assert ask_overlaps(polls=False, at=NOW + timedelta(minutes=5)) == 0
    assert Reconciliation.objects.count() == 1


def test_store_that_tells_by_itself_is_not_polled(asked: Connection) -> None:
    assert ask_overlaps(polls=True, at=NOW) == 0


def test_every_night_the_last_week_is_read(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    del store.orders["1"]

    assert ask_nightly(at=NOW) == 1
    work()

    row = Reconciliation.objects.get()
    assert (row.kind, row.begins_at, row.difference) == ("nightly", NOW - timedelta(days=7), 1)
    finished = Event.objects.get(kind="reconciliation.finished")
    assert finished.data["gone"] == 1


def test_old_readings_that_found_nothing_are_forgotten(asked: Connection, store: ListingStore) -> None:
    store.add(1)
    run(asked, "overlap")  # found one
    for days in range(1, 4):
        run(asked, "overlap", ends_at=END + timedelta(minutes=days))

    assert forget_reconciliations(at=timezone.now() + timedelta(days=13)) == 0
    assert forget_reconciliations(at=timezone.now() + timedelta(days=15)) == 2
    assert Reconciliation.objects.count() == 2
