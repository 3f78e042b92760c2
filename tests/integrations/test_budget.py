"""Budgets: what is spent is spent; nothing more is sent until midnight, and nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest

from integrations import actions
from integrations.budgets import Budget, limit_of, next_day, quotas
from integrations.connectors import webhook
from integrations.connectors.base import Delivered
from integrations.models import Connection, ConnectionHour, Delivery, Lane
from tests.fakes.receiver import FakeReceiver
from tests.integrations.deliveries import ORDERS, deliver
from tests.integrations.outgoing import make_delivery, serve
from tests.makers import NOON
from tracking.models import Order

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOON + 12 * HOUR


@pytest.fixture
def tight(hook: Connection) -> Connection:
    """The receiver may be called three times a day."""
    hook.options = {"budget": 3}
    hook.save(update_fields=["options"])
    return hook


def line_up(hook: Connection, most: int) -> None:
    for number in range(most):
        make_delivery(hook, number)


def test_no_more_calls_than_the_budget_and_the_rest_goes_out_tomorrow(
    tight: Connection, receiver: FakeReceiver
) -> None:
    line_up(tight, 5)

    assert serve(tight, NOON) == 3
    assert serve(tight, NOON + HOUR) == 0
    assert serve(tight, MIDNIGHT - timedelta(seconds=1)) == 0
    assert serve(tight, MIDNIGHT) == 2

    assert [each.key for each in receiver.taken()] == [0, 1, 2, 3, 4]
    assert Delivery.objects.exclude(state="done").count() == 0


def test_lane_is_closed_until_midnight_and_not_for_a_failure(tight: Connection) -> None:
    line_up(tight, 4)

    serve(tight, NOON)

    lane = Lane.objects.get(pk=tight.pk)
    assert (lane.open_until, lane.failures) == (MIDNIGHT, 0)
    assert Delivery.objects.filter(state="due", attempts=0, note="").count() == 1


def test_waking_the_lane_does_not_get_round_the_budget(tight: Connection, receiver: FakeReceiver) -> None:
    line_up(tight, 5)
    serve(tight, NOON)

    Lane.objects.update(open_until=None)  # as a test of the keys or a resumption does

    assert serve(tight, NOON + HOUR) == 0
    assert len(receiver.taken()) == 3
    assert Lane.objects.get(pk=tight.pk).open_until == MIDNIGHT


def test_larger_budget_opens_the_lane_at_once(tight: Connection) -> None:
    line_up(tight, 5)
    serve(tight, NOON)

    actions.pace(tight, budget=4, at=NOON)
    assert serve(tight, NOON + HOUR) == 1

    actions.pace(tight, budget=0, at=NOON)
    assert serve(tight, NOON + 2 * HOUR) == 1


def test_failed_tries_are_calls_too(tight: Connection, receiver: FakeReceiver) -> None:
    row = make_delivery(tight, 1)
    receiver.rule = lambda path, body: (500, b"", {})

    for hour in range(6):
        Lane.objects.filter(open_until__lt=MIDNIGHT).update(failures=0, open_until=None)
        Delivery.objects.update(next_at=NOON)
        serve(tight, NOON + hour * HOUR)

    row.refresh_from_db()
    assert (row.attempts, len(receiver.arrivals)) == (3, 3)


def test_calls_that_one_message_takes_are_counted_all(
    tight: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "deliver", lambda store, message: Delivered(200, "", "", calls=2))
    line_up(tight, 3)

    assert serve(tight, NOON) == 2

    assert ConnectionHour.objects.get().calls == 4
    assert actions.budget_of(tight, NOON) == Budget(3, 4)


def test_orders_come_in_while_the_budget_is_spent(connection: Connection) -> None:
    connection.options = {"budget": 1}
    connection.save(update_fields=["options"])
    ConnectionHour.objects.create(connection=connection, hour=NOON, calls=9)

    assert deliver(connection, ORDERS[0]) == 200
    actions.process(connection.inbounds.get())

    assert Order.objects.count() == 1


def test_days_begin_at_midnight_utc(tight: Connection) -> None:
    for hour, calls in ((MIDNIGHT - DAY - HOUR, 7), (MIDNIGHT - DAY, 1), (MIDNIGHT - HOUR, 1), (MIDNIGHT, 8)):
        ConnectionHour.objects.create(connection=tight, hour=hour, calls=calls)

    assert actions.budget_of(tight, NOON).used == 2
    assert next_day(MIDNIGHT) == MIDNIGHT + DAY


@pytest.mark.parametrize(
    ("used", "is_near", "is_spent"),
    [(79, False, False), (80, True, False), (100, True, True), (101, True, True)],
)
def test_warning_stands_at_80_per_cent(used: int, is_near: bool, is_spent: bool) -> None:
    budget = Budget(100, used)

    assert (budget.is_near, budget.is_spent, budget.left) == (is_near, is_spent, max(0, 100 - used))


@pytest.mark.parametrize("value", [None, "", "10", -1, True, 0, 1.5, [3]])
def test_what_is_no_number_of_calls_limits_nothing(value: Any) -> None:
    assert limit_of({"budget": value}) == 0
    assert not Budget(0, 1_000_000).is_near


def test_quota_is_low_under_a_tenth() -> None:
    found = quotas(
        {"daily_left": 99, "daily": 1000, "burst_left": 10, "burst": 100, "points_left": 1, "odd": 4}
    )

    assert [(each.name, each.left, each.most, each.is_low) for each in found] == [
        ("burst", 10, 100, False),
        ("daily", 99, 1000, True),
        ("points", 1, 0, False),
    ]
