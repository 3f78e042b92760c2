"""A period of a person's choice: estimated, read with progress, paused, resumed, cancelled; the same result twice."""

from datetime import timedelta

import pytest

from affiliates.roles import NotAllowed
from commissions.models import Commission
from core.models import Event, Job, User
from integrations.actions import (
    CannotReconcile,
    ask_reconciliation,
    cancel_reconciliation,
    estimate_orders,
    pause_reconciliation,
    reconcile,
    resume_reconciliation,
)
from integrations.actions.connections import store_of
from integrations.actions.reconciling import _take_page
from integrations.connectors import woocommerce
from integrations.models import Connection, Reconciliation
from tests import makers
from tests.fakes.woocommerce_lists import FIRST, ListingStore
from tests.integrations.listing_shop import (  # noqa: F401 - fixtures
    BEGIN,
    END,
    asked,
    counted,
    run,
    store,
)
from tests.integrations.test_process import left, work
from tracking.models import Order

# ruff: noqa: F811 - the fixtures again


@pytest.fixture
def olga(asked: Connection) -> User:
    """Who owns the shop."""
    owner: User = asked.program.merchant.members.get(role="owner").user
    return owner


def begin(connection: Connection, actor: User | None = None) -> Reconciliation:
    """Ask for a backfill."""
    return ask_reconciliation(connection, "backfill", BEGIN, END, estimate=3, actor=actor)


def test_estimate_is_what_the_store_says(asked: Connection, store: ListingStore, olga: User) -> None:
    for number in range(1, 4):
        store.add(number)
    store.add(9, at=END + timedelta(days=1))

    assert estimate_orders(asked, BEGIN, END, actor=olga) == 3
    assert Reconciliation.objects.count() == 0


def test_backfill_twice_counts_everything_as_the_same(
    asked: Connection, store: ListingStore, olga: User
) -> None:
    for number in range(1, 61):
        store.add(number)

    first, second = run(asked, "backfill"), run(asked, "backfill")

    assert counted(first) == {"seen": 60, "missing": 60}
    assert counted(second) == {"seen": 60, "same": 60}
    assert Commission.objects.count() == 60


def test_backfill_is_by_somebody_and_says_so(asked: Connection, store: ListingStore, olga: User) -> None:
    row = begin(asked, olga)

    assert (row.created_by, row.estimate) == (olga, 3)
    assert Event.objects.get(kind="reconciliation.asked").actor == olga


def test_paused_one_stands_still_and_resumes_where_it_was(
    asked: Connection, store: ListingStore, olga: User
) -> None:
    for number in range(1, 121):
        store.add(number)
    row = begin(asked, olga)
    reconcile(row)

    pause_reconciliation(row, actor=olga)
    work()
    row.refresh_from_db()
    assert (row.state, Order.objects.count()) == ("paused", 50)

    resume_reconciliation(row, actor=olga)
    store.asked.clear()
    work()
    row.refresh_from_db()
    assert (row.state, counted(row)) == ("finished", {"seen": 120, "missing": 120})
    assert len(store.asked) == 2


def test_page_that_is_read_while_somebody_pauses_is_not_taken(asked: Connection, store: ListingStore) -> None:
    store.add(1)
    row = begin(asked)
    page = woocommerce.list_orders(store_of(asked), BEGIN, END, None)
    pause_reconciliation(row)

    _take_page(row, 0, page, END, None)

    assert Order.objects.count() == 0
    resume_reconciliation(row)
    work()
    assert left() == {"1": 1000}


def test_paused_and_resumed_at_once_counts_nothing_twice(asked: Connection, store: ListingStore) -> None:
    for number in range(1, 61):
        store.add(number)
    row = begin(asked)
    pause_reconciliation(row)
    resume_reconciliation(row)
    assert Job.objects.filter(task="integrations.tasks.reconcile").count() == 2

    work()

    row.refresh_from_db()
    assert (row.state, counted(row)) == ("finished", {"seen": 60, "missing": 60})


def test_cancelled_one_reads_no_further_and_keeps_what_it_took(
    asked: Connection, store: ListingStore, olga: User
) -> None:
    for number in range(1, 61):
        store.add(number)
    row = begin(asked, olga)
    reconcile(row)

    cancel_reconciliation(row, actor=olga)
    work()
    resume_reconciliation(row, actor=olga)

    row.refresh_from_db()
    assert (row.state, Order.objects.count(), row.is_over) == ("cancelled", 50, True)
    assert begin(asked, olga) != row


def test_verbs_twice_are_once(asked: Connection, store: ListingStore) -> None:
    row = begin(asked)
    for verb in (pause_reconciliation, resume_reconciliation, cancel_reconciliation):
        verb(row)
        verb(row)

    kinds = Event.objects.filter(kind__startswith="reconciliation.").values_list("kind", flat=True)
    assert sorted(kinds) == [
        "reconciliation.asked",
        "reconciliation.cancelled",
        "reconciliation.paused",
        "reconciliation.running",
    ]


@pytest.mark.parametrize("verb", [pause_reconciliation, resume_reconciliation, cancel_reconciliation])
def test_stranger_moves_nothing(asked: Connection, store: ListingStore, verb: object) -> None:
    row = begin(asked)
    eve = makers.make_user("eve@elsewhere.example")
    analyst = makers.make_member(asked.program.merchant, "analyst")

    for person in (eve, analyst):
        with pytest.raises(NotAllowed):
            verb(row, actor=person)  # type: ignore[operator]  # a verb

    row.refresh_from_db()
    assert row.state == "asked"


def test_stranger_asks_for_nothing(asked: Connection, store: ListingStore) -> None:
    eve = makers.make_user("eve@elsewhere.example")

    with pytest.raises(NotAllowed):
        begin(asked, eve)
    with pytest.raises(NotAllowed):
        estimate_orders(asked, BEGIN, END, actor=eve)

    assert (Reconciliation.objects.count(), store.asked) == (0, [])


@pytest.mark.parametrize(
    ("begins_in", "ends_in"), [(timedelta(1), timedelta(1)), (timedelta(0), timedelta(days=40_000))]
)
def test_odd_periods_are_refused(
    asked: Connection, begins_in: timedelta, ends_in: timedelta, store: ListingStore
) -> None:
    with pytest.raises(CannotReconcile):
        ask_reconciliation(asked, "backfill", FIRST + begins_in, FIRST + ends_in)


def test_disconnected_meanwhile_ends_it(asked: Connection, store: ListingStore) -> None:
    row = begin(asked)
    Connection.objects.update(state="disconnected")

    work()

    row.refresh_from_db()
    assert (row.state, row.note, store.asked) == ("failed", "The connection was disconnected.", [])
