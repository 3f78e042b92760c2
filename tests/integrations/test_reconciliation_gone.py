"""Orders that the store knows no more: a few are taken back, many by a person, and those that return are restored."""

# ruff: noqa: F811 - the fixtures

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.roles import NotAllowed
from commissions.models import Commission
from core.models import Event, User
from integrations.actions import (
    CannotReconcile,
    StillRunning,
    ask_reconciliation,
    awaits_confirmation,
    confirm_gone,
)
from integrations.actions.connections import store_of
from integrations.actions.reconciling import _take_page
from integrations.connectors import woocommerce
from integrations.models import Connection, Reconciliation
from tests import makers
from tests.fakes.woocommerce_lists import ListingStore
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

REFUSED: tuple[int, Any, dict[str, str]] = (401, {"code": "no"}, {})


@pytest.fixture
def olga(asked: Connection) -> User:
    """Who owns the shop."""
    owner: User = asked.program.merchant.members.get(role="owner").user
    return owner


def know(connection: Connection, store: ListingStore, count: int) -> dict[str, Any]:
    """Sell so many orders, and know them here; return what the store has."""
    for number in range(1, count + 1):
        store.add(number)
    assert run(connection).counts["missing"] == count
    return dict(store.orders)


def keep(store: ListingStore, count: int) -> None:
    """Leave only the first orders in the store."""
    store.orders = {number: row for number, row in store.orders.items() if int(number) <= count}


def earned() -> list[tuple[int, int]]:
    """Each commission as it stands now."""
    return [(row.pk, row.net.amount) for row in Commission.objects.order_by("pk")]


def confirm(row: Reconciliation, actor: User | None = None) -> Reconciliation:
    """Say that the orders are gone, and have it done."""
    confirm_gone(row, actor=actor)
    work()
    row.refresh_from_db()
    return row


def test_store_that_answers_empty_for_a_night_loses_nothing(asked: Connection, store: ListingStore) -> None:
    whole = know(asked, store, 20)
    before = earned()
    store.orders = {}

    empty = run(asked)

    assert (empty.state, empty.difference, earned()) == ("finished", 0, before)
    assert empty.note == (
        "The store no longer knows 20 of the 20 orders known here: is it the same store? None of them was taken back: "
        "a person must confirm that they are gone."
    )
    store.orders = whole
    back = run(asked)
    assert (back.state, back.difference, back.note, earned()) == ("finished", 0, "", before)


def test_half_a_copy_of_the_store_takes_nothing_back_until_a_person_says_so(
    asked: Connection, store: ListingStore, olga: User
) -> None:
    whole = know(asked, store, 60)
    before = earned()
    keep(store, 31)

    row = run(asked)

    assert (counted(row), earned()) == ({"seen": 31, "same": 31}, before)
    assert row.note.startswith("The store no longer knows 29 of the 60 orders known here")
    confirm(row, olga)
    assert (row.state, row.note, counted(row)["gone"]) == ("finished", "", 29)
    assert [number for number, net in left().items() if net == 0] == [f"{n}" for n in range(32, 61)]
    assert Event.objects.filter(kind="reconciliation.running", actor=olga).count() == 1
    store.orders = whole
    back = run(asked)
    assert (counted(back), earned()) == ({"seen": 60, "same": 31, "changed": 29}, before)
    assert (set(Order.objects.values_list("state", flat=True)), run(asked).difference) == ({"sale"}, 0)


@pytest.mark.parametrize(
    ("known", "kept", "is_held"), [(2, 0, False), (3, 0, True), (15, 12, False), (14, 11, True)]
)
def test_few_are_taken_back_at_once(
    asked: Connection, store: ListingStore, known: int, kept: int, is_held: bool
) -> None:
    know(asked, store, known)
    keep(store, kept)

    row = run(asked)

    assert (awaits_confirmation(row), row.counts["gone"]) == (is_held, 0 if is_held else known - kept)
    assert list(left().values()).count(0) == row.counts["gone"]


def test_more_than_twenty_are_a_persons_to_judge_however_many_are_known(
    asked: Connection, store: ListingStore
) -> None:
    know(asked, store, 110)
    keep(store, 89)

    assert (awaits_confirmation(run(asked)), set(left().values())) == (True, {1000})


def test_confirming_asks_again(asked: Connection, store: ListingStore) -> None:
    """The store came back before the person did, with all but one."""
    whole = know(asked, store, 10)
    store.orders = {}
    row = run(asked)
    del whole["4"]
    store.orders = whole

    confirm(row)

    assert (counted(row), [number for number, net in left().items() if net == 0]) == (
        {"same": 9, "gone": 1},
        ["4"],
    )


def test_confirming_twice_is_confirming_once(asked: Connection, store: ListingStore) -> None:
    know(asked, store, 4)
    store.orders = {}
    row = run(asked)

    confirm(row)
    confirm(row)

    assert (row.counts["gone"], awaits_confirmation(row)) == (4, False)
    assert Event.objects.filter(kind="order.revised").count() == 4


def test_who_may_not_manage_integrations_confirms_nothing(asked: Connection, store: ListingStore) -> None:
    know(asked, store, 4)
    store.orders = {}
    row = run(asked)
    stranger = makers.make_user("eve@example.com")

    with pytest.raises(NotAllowed):
        confirm_gone(row, actor=stranger)

    row.refresh_from_db()
    assert (row.state, set(left().values())) == ("finished", {1000})


def test_confirming_waits_for_the_connection_and_for_one_that_runs(
    asked: Connection, store: ListingStore
) -> None:
    know(asked, store, 4)
    store.orders = {}
    row = run(asked)
    other = ask_reconciliation(asked, "nightly", BEGIN, END)

    with pytest.raises(StillRunning):
        confirm_gone(row)
    Reconciliation.objects.filter(pk=other.pk).update(state="cancelled")
    Connection.objects.update(state="paused")
    with pytest.raises(CannotReconcile):
        confirm_gone(row)


def test_deletion_that_was_told_after_the_asking_wins(asked: Connection, store: ListingStore) -> None:
    hear(asked, store.add(1))
    row = ask_reconciliation(asked, "overlap", BEGIN, END)
    asked_at, page = timezone.now(), woocommerce.list_orders(store_of(asked), BEGIN, END, None)
    kept = store.orders.pop("1")
    assert send(asked, "order.deleted", {"id": 1}) == 200
    work()
    row = ask_reconciliation(asked, "backfill", BEGIN, END)

    row = _take_page(row, 0, page, asked_at, None)

    assert (Order.objects.get().state, left(), row.counts["older"]) == ("gone", {"1": 0}, 1)
    store.orders["1"] = kept
    assert counted(run(asked)) == {"seen": 1, "changed": 1}
    assert (Order.objects.get().state, left()) == ("sale", {"1": 1000})


def test_deletion_that_is_told_but_not_understood_yet_wins(asked: Connection, store: ListingStore) -> None:
    """The order is gone here by an older word; the store has just said so once more."""
    hear(asked, store.add(1))
    page = woocommerce.list_orders(store_of(asked), BEGIN, END, None)
    kept = store.orders.pop("1")
    run(asked)
    asked_at = timezone.now()
    store.orders["1"] = kept
    row = ask_reconciliation(asked, "backfill", BEGIN, END)
    assert send(asked, "order.deleted", {"id": 1}) == 200

    _take_page(row, 0, page, asked_at, None)

    assert Order.objects.get().state == "gone"


def test_one_order_that_cannot_be_asked_about_is_refused_alone(
    asked: Connection, store: ListingStore
) -> None:
    know(asked, store, 12)
    store.hidden = {"1", "2", "3"}
    store.while_listing = [lambda: store.failures.extend([REFUSED] * 2)]

    row = run(asked)

    asked.refresh_from_db()
    assert (row.state, counted(row)) == ("finished", {"seen": 9, "same": 10, "refused": 2})
    assert row.counts["rows"][0][1].startswith("The store refuses the API keys")
    assert asked.last_error == row.counts["rows"][0][1]


def test_three_that_cannot_be_asked_about_in_a_row_stop_it(asked: Connection, store: ListingStore) -> None:
    know(asked, store, 30)
    store.hidden = {str(number) for number in range(1, 11)}
    store.while_listing = [lambda: store.failures.extend([REFUSED] * 20)]
    store.asked.clear()

    row = run(asked)

    asked.refresh_from_db()
    assert (row.state, row.note == asked.last_error, len(store.asked)) == ("failed", True, 4)
    assert row.note.startswith("The store refuses the API keys")
    store.failures.clear()
    assert (run(asked).state, set(left().values())) == ("finished", {1000})


def test_failing_in_a_row_is_counted_over_steps(asked: Connection, store: ListingStore) -> None:
    know(asked, store, 30)
    store.hidden = {str(number) for number in range(1, 11)}
    real, said = store.respond, {"n": 0}

    def respond(method: str, path: str, login: str, sent: Any) -> Any:
        said["n"] += 1
        return REFUSED if said["n"] in (5, 6, 7) else real(method, path, login, sent)

    store.respond = respond  # type: ignore[method-assign]

    assert (run(asked).state, said["n"]) == ("failed", 7)


def test_place_that_was_kept_before_has_none_gone(asked: Connection) -> None:
    row = ask_reconciliation(asked, "nightly", BEGIN, END)
    plain = {"begin": BEGIN.isoformat(), "step": 1, "listed": [], "last": [], "unlisted": [["1", "k"]]}
    Reconciliation.objects.filter(pk=row.pk).update(cursor=plain, state="finished")

    row.refresh_from_db()

    assert not awaits_confirmation(row)
    assert row.ends_at - row.begins_at == timedelta(days=5)
