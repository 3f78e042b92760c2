"""What is counted of every call, and the figures that are made of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from affiliates.models import Program
from core.jobs import Misconfigured, Permanent, Temporary
from integrations import actions
from integrations.actions.deliveries import lanes
from integrations.actions.hours import asking, cause_of, note_try
from integrations.connectors import webhook
from integrations.connectors.base import Delivered, Gone, Refused, Unreadable
from integrations.models import Connection, ConnectionHour, Lane
from integrations.watch.figures import Figures, figures_of
from integrations.watch.judging import limits, troubles_of
from integrations.watch.lags import NAMES, place_of, quantile
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.fakes.woocommerce import FakeStore
from tests.integrations.outgoing import make_delivery, make_hook, serve
from tests.makers import NOON

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def told(status: int, **more: Any) -> Delivered:
    return Delivered(status, "", "", **more)


def the_hour(connection: Connection, at: datetime = NOON) -> ConnectionHour:
    return ConnectionHour.objects.get(connection=connection, hour=at)


def figures(connection: Connection, now: datetime = NOON) -> Figures:
    return figures_of([connection], now)[connection.pk]


def test_delivered_messages_are_counted_with_their_lag(hook: Connection) -> None:
    for number, lag in enumerate((0, 5, 6, 61)):
        make_delivery(hook, number, occurred_at=NOON - lag * SECOND)

    serve(hook, NOON)

    row = the_hour(hook)
    assert (row.calls, row.answered, row.delivered, row.failures) == (4, 4, 4, 0)
    assert (row.lag_1, row.lag_5, row.lag_15, row.lag_60, row.lag_300) == (1, 1, 1, 0, 1)


def test_every_hour_has_a_row_of_its_own(hook: Connection) -> None:
    for hour in (0, 1):
        make_delivery(hook, hour)
        serve(hook, NOON + hour * HOUR + 59 * MINUTE)

    found = ConnectionHour.objects.order_by("hour").values_list("hour", "delivered")
    assert list(found) == [(NOON, 1), (NOON + HOUR, 1)]


@pytest.mark.parametrize(
    ("status", "failure", "cause"),
    [
        (0, Temporary("away"), "unanswered"),
        (503, Temporary("down"), "errors"),
        (429, Temporary("slow down", 10), "throttled"),
        (401, Misconfigured("keys"), "misconfigured"),
        (0, Misconfigured("address"), "misconfigured"),
        (422, Refused("odd"), "refused"),
        (0, Permanent("too large"), "refused"),
        (410, Gone("gone"), "refused"),
        (0, KeyError("ours"), "broken"),
    ],
)
def test_each_failure_has_its_cause(status: int, failure: Exception, cause: str) -> None:
    assert cause_of(told(status) if status else None, failure) == cause


def test_failures_are_counted_by_cause_and_since_when(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)
    receiver.fail(500, b"")
    serve(hook, NOON)
    Lane.objects.update(failures=0, open_until=None)
    hook.deliveries.update(next_at=NOON)
    receiver.fail(429, b"")
    serve(hook, NOON + HOUR)

    first, second = the_hour(hook), the_hour(hook, NOON + HOUR)
    assert (first.failures, first.errors, first.answered, first.failing_since) == (1, 1, 0, NOON)
    assert (second.failures, second.throttled, second.answered) == (1, 1, 1)
    assert second.failing_since == NOON  # carried on from the hour before


def test_success_ends_the_failing(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)
    receiver.fail(500, b"")
    serve(hook, NOON)
    Lane.objects.update(failures=0, open_until=None)
    hook.deliveries.update(next_at=NOON)

    serve(hook, NOON + MINUTE)

    assert the_hour(hook).failing_since is None
    assert figures(hook).failing_since is None


def test_message_that_is_refused_alone_is_no_failing(
    hook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(store: Any, message: Any) -> None:
        raise Refused("no", told(422))

    monkeypatch.setattr(webhook, "deliver", refuse)
    make_delivery(hook, 1)
    serve(hook, NOON)

    row = the_hour(hook)
    assert (row.refused, row.answered, row.failing_since) == (1, 1, None)


def test_call_whose_lane_was_lost_is_counted_as_a_call_alone(
    hook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_delivery(hook, 1)

    def lose(store: Any, message: Any) -> Delivered:
        Lane.objects.update(lease_token=None)
        return told(200)

    monkeypatch.setattr(webhook, "deliver", lose)
    serve(hook, NOON)

    row = the_hour(hook)
    assert (row.calls, row.delivered, row.lag_1) == (1, 0, 0)


def test_message_sent_again_by_hand_says_nothing_of_the_lag(hook: Connection) -> None:
    row = make_delivery(hook, 1)
    serve(hook, NOON)
    actions.replay_delivery(row, again=True, at=NOON + 48 * HOUR)

    serve(hook, NOON + 48 * HOUR)

    again = the_hour(hook, NOON + 48 * HOUR)
    assert (again.delivered, sum(getattr(again, name) for name in NAMES)) == (1, 0)


def test_newest_quota_is_kept(hook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    lefts = iter((30, 29))
    monkeypatch.setattr(
        webhook, "deliver", lambda store, message: told(200, quota={"daily_left": next(lefts), "daily": 100})
    )
    for number in (1, 2):
        make_delivery(hook, number)
    serve(hook, NOON)
    monkeypatch.setattr(webhook, "deliver", lambda store, message: told(200))
    make_delivery(hook, 3)
    serve(hook, NOON + HOUR)

    assert [(each.left, each.most) for each in figures(hook, NOON + HOUR).quotas] == [(29, 100)]


def test_two_workers_make_one_row(hook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one makes the row between our look and our insert."""
    from integrations.actions import hours

    make = ConnectionHour.objects.bulk_create

    def late(rows: Any, **how: Any) -> Any:
        make([ConnectionHour(connection=hook, hour=NOON, calls=5, delivered=5)])
        return make(rows, **how)

    monkeypatch.setattr(ConnectionHour.objects, "bulk_create", late)
    hours._add(hook.pk, NOON, {"calls": 1, "delivered": 1}, failing=False, quota={})

    row = the_hour(hook)
    assert (row.calls, row.delivered) == (6, 6)


def test_what_a_store_is_asked_is_counted(asked: Connection, store: FakeStore) -> None:
    with asking(asked, NOON):
        pass
    with pytest.raises(Temporary), asking(asked, NOON):
        raise Temporary("away")
    with pytest.raises(Unreadable), asking(asked, NOON):
        raise Unreadable("odd")

    row = the_hour(asked)
    assert (row.calls, row.answered, row.failures, row.unanswered) == (3, 2, 1, 1)
    assert row.failing_since is None


def test_reconciliation_counts_its_calls(asked: Connection, store: FakeStore) -> None:
    run = actions.ask_reconciliation(asked, "overlap", NOON - HOUR, NOON, at=NOON)

    actions.reconcile(run, at=NOON)

    assert the_hour(asked).calls == 1


@pytest.mark.parametrize(("seconds", "name"), [(0, "lag_1"), (1, "lag_1"), (1.1, "lag_2"), (1e9, "lag_more")])
def test_lag_is_counted_in_its_step(seconds: float, name: str) -> None:
    assert place_of(seconds) == name


def counted(**lags: int) -> list[int]:
    return [lags.get(name, 0) for name in NAMES]


def test_quantiles_of_counts() -> None:
    spread = counted(lag_1=50, lag_2=40, lag_5=10)

    assert quantile(spread, 0.5) == 1.0
    assert quantile(spread, 0.7) == 1.5
    assert quantile(spread, 0.95) == 3.5
    assert quantile(counted(lag_more=1), 0.5) == 21600.0
    assert quantile(counted(), 0.5) is None
    assert quantile(counted(lag_60=1), 0.0) == 15.0


def test_figures_of_a_day(hook: Connection) -> None:
    make_delivery(hook, 1, created_at=NOON - HOUR, next_at=NOON + HOUR)
    make_delivery(hook, 2)
    makers.make_delivery(hook, object_key="order:3")
    for hour, values in (
        (
            0,
            {
                "calls": 9,
                "answered": 8,
                "delivered": 6,
                "failures": 3,
                "errors": 2,
                "unanswered": 1,
                "lag_1": 6,
            },
        ),
        (23, {"calls": 1, "answered": 1, "delivered": 1, "lag_5": 1}),
        (24, {"calls": 5, "answered": 0, "failures": 5, "errors": 5}),
        (24 * 31, {"calls": 5, "answered": 0}),
    ):
        ConnectionHour.objects.create(connection=hook, hour=NOON - hour * HOUR, **values)

    found = figures(hook, NOON + 30 * MINUTE)

    assert (found.waiting, found.oldest, found.dead) == (2, NOON - HOUR, 1)
    assert [(each.delivered, each.failures) for each in (found.hours[0], found.hours[-1])] == [(1, 0), (6, 3)]
    assert len(found.hours) == 24
    assert found.causes == [("errors", 2), ("unanswered", 1)]
    assert (found.called, found.up, found.uptime) == (3, 2, pytest.approx(66.67, abs=0.01))
    assert found.lag(0.5) == pytest.approx(3.5 / 6)
    assert found.budget.used == 9


def test_inbound_and_last_comparison_are_told(connection: Connection) -> None:
    makers.make_reconciliation(connection, created_at=NOON - HOUR, counts={"missing": 2, "changed": 1})
    makers.make_reconciliation(connection, created_at=NOON, state="running", counts={})
    for number, state in enumerate(("received", "parked", "quarantined", "done")):
        connection.inbounds.create(dedupe_key=str(number), body=b"", state=state)

    found = figures(connection)

    assert (found.received, found.stuck) == (1, 2)
    assert found.reconciliation is not None
    assert found.reconciliation.difference == 3


def test_connection_of_which_nothing_is_known_has_empty_figures(hook: Connection) -> None:
    found = figures(hook)

    assert (found.waiting, found.oldest, found.uptime, found.lag(0.95), found.causes) == (
        0,
        None,
        None,
        None,
        [],
    )


def test_number_of_queries_does_not_grow(program: Program, receiver: FakeReceiver) -> None:
    def queries(rows: list[Connection]) -> int:
        with CaptureQueriesContext(
            database,
        ) as seen:
            figures_of(rows, NOON)
        return len(seen)

    rows = [make_hook(program, receiver, f"/{number}") for number in range(7)]
    for row in rows:
        make_delivery(row, 1)
        ConnectionHour.objects.create(connection=row, hour=NOON, calls=1)
        makers.make_reconciliation(row)
        Lane.objects.create(connection=row)

    assert queries(rows[:1]) == queries(rows) == 10


def test_hours_are_forgotten_but_the_newest_stays(hook: Connection, connection: Connection) -> None:
    for row in (hook, connection):
        ConnectionHour.objects.create(connection=row, hour=NOON - 100 * 24 * HOUR, failing_since=NOON)
    ConnectionHour.objects.create(connection=hook, hour=NOON)

    assert actions.forget_hours(at=NOON) == 1

    assert set(ConnectionHour.objects.values_list("connection", flat=True)) == {hook.pk, connection.pk}


def test_keeping_count_breaks_no_lane(hook: Connection) -> None:
    """Nothing but the lane's own holder is waited for."""
    make_delivery(hook, 1)
    hold = lanes.take(hook.pk, NOON)
    assert hold is not None

    assert serve(hook, NOON) == 0
    assert ConnectionHour.objects.count() == 0


def test_record_of_which_nothing_is_new_says_nothing_of_the_far_side(
    hook: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ConnectionHour.objects.create(connection=hook, hour=NOON, failing_since=NOON - HOUR)
    monkeypatch.setattr(webhook, "deliver", lambda store, message: told(0, calls=0))
    make_delivery(hook, 1)

    serve(hook, NOON)

    row = the_hour(hook)
    assert (row.calls, row.answered, row.delivered, row.failing_since) == (0, 0, 1, NOON - HOUR)


def test_call_of_several_messages_is_counted_once(hook: Connection) -> None:
    rows, failure = [make_delivery(hook, number) for number in (1, 2)], Temporary("down")

    for place, row in enumerate(rows):
        note_try(row, told(503), failure, NOON, is_called=place == 0)

    hour = the_hour(hook)
    assert (hour.calls, hour.failures, hour.errors) == (1, 2, 2)


def fail(hook: Connection, number: int, at: datetime) -> None:
    """The far side fails a new message, and it waits."""
    make_delivery(hook, number, created_at=at)
    Lane.objects.update(failures=0, open_until=None)
    hook.deliveries.filter(state="due").update(next_at=at)
    serve(hook, at)


def test_failing_is_over_once_nothing_is_due_and_nothing_was_tried_for_two_hours(
    hook: Connection, receiver: FakeReceiver
) -> None:
    receiver.fail(500, b"")
    fail(hook, 1, NOON)
    row = hook.deliveries.get()

    def wrong(at: datetime) -> list[str]:
        return list(troubles_of(hook, figures(hook, at), None, at, limits()))

    assert "failing" in wrong(NOON + 4 * HOUR)  # the message waits
    actions.skip_delivery(row)
    assert wrong(NOON + 2 * HOUR) == ["failing"]
    assert wrong(NOON + 3 * HOUR) == []


def test_failure_after_idle_hours_begins_a_new_row(hook: Connection, receiver: FakeReceiver) -> None:
    receiver.fail(500, b"")
    fail(hook, 1, NOON)
    actions.skip_delivery(hook.deliveries.get())

    receiver.fail(500, b"")
    fail(hook, 2, NOON + 30 * HOUR)

    assert figures(hook, NOON + 30 * HOUR).failing_since == NOON + 30 * HOUR


def test_failure_of_what_waited_through_idle_hours_goes_on(hook: Connection, receiver: FakeReceiver) -> None:
    receiver.fail(500, b"")
    fail(hook, 1, NOON)

    receiver.fail(500, b"", times=2)
    fail(hook, 2, NOON + 30 * HOUR)

    assert figures(hook, NOON + 30 * HOUR).failing_since == NOON
