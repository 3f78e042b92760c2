"""Alerts: a trouble is told once, and once more when it is over; never to the connection that it is about."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from affiliates.models import Program
from core.models import Event, Job
from integrations import actions
from integrations.models import Connection, ConnectionHour, Delivery, Lane, Trouble
from integrations.news import body_of
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import make_delivery, make_hook, serve
from tests.makers import NOON

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def told() -> list[tuple[str, str]]:
    rows = Event.objects.filter(kind__in=["connection.troubled", "connection.recovered"]).order_by("pk")
    return [(row.kind.removeprefix("connection."), row.data["trouble"]) for row in rows]


def watch(at: datetime = NOON) -> int:
    return actions.watch(at=at)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (179 * MINUTE, "179 minutes"),
        (180 * MINUTE, "3 hours"),
        (71 * 60 * MINUTE, "71 hours"),
        (73 * 60 * MINUTE, "3 days"),
    ],
)
def test_long_waits_are_said_in_hours_and_days(hook: Connection, past: timedelta, words: str) -> None:
    make_delivery(hook, 1, created_at=NOON - past)

    watch()

    assert Trouble.objects.get().sentence == f"The oldest message has waited for {words}."


def test_message_that_waits_too_long_is_told_once_until_it_is_over(hook: Connection) -> None:
    make_delivery(hook, 1, created_at=NOON - 16 * MINUTE)

    for minute in range(3):
        watch(NOON + minute * MINUTE)
    assert told() == [("troubled", "lag")]
    assert Trouble.objects.get().sentence == "The oldest message has waited for 18 minutes."

    serve(hook, NOON + 3 * MINUTE)
    watch(NOON + 4 * MINUTE)
    assert told() == [("troubled", "lag")]  # it may come again in a moment
    for minute in (7, 8, 9):
        watch(NOON + minute * MINUTE)
    assert told() == [("troubled", "lag"), ("recovered", "lag")]

    make_delivery(hook, 2, created_at=NOON)
    watch(NOON + HOUR)
    assert told()[2:] == [("troubled", "lag")]


def test_what_comes_and_goes_is_one_trouble(hook: Connection) -> None:
    row = make_delivery(hook, 1, created_at=NOON - HOUR)
    for minute in range(0, 30, 3):
        Delivery.objects.filter(pk=row.pk).update(state="due" if minute % 2 else "done")
        watch(NOON + minute * MINUTE)

    assert [kind for kind, _trouble in told()] == ["troubled"]


def test_fifteen_minutes_are_not_too_long(hook: Connection, settings: Any) -> None:
    make_delivery(hook, 1, created_at=NOON - 15 * MINUTE)
    assert watch() == 0

    settings.ALERT_LAG_MINUTES = 14
    assert watch() == 1


def test_batch_is_late_only_after_its_slot(program: Program, receiver: FakeReceiver) -> None:
    batch = make_hook(program, receiver, "/batch", options={"flow": "batch", "schedule": "hourly"})
    make_delivery(batch, 1, created_at=NOON - 50 * MINUTE, next_at=NOON)

    assert watch(NOON - MINUTE) == 0
    assert watch(NOON + 15 * MINUTE) == 0
    assert watch(NOON + 16 * MINUTE) == 1


def test_messages_that_wait_for_a_new_budget_are_told_as_that_alone(
    program: Program, receiver: FakeReceiver
) -> None:
    row = make_hook(program, receiver, options={"budget": 10})
    make_delivery(row, 1, created_at=NOON - 5 * HOUR)
    ConnectionHour.objects.create(connection=row, hour=NOON, calls=10)

    watch()

    assert told() == [("troubled", "budget")]
    assert "All 10 calls of the day are spent" in Trouble.objects.get().sentence


def test_budget_is_warned_of_at_80_per_cent_and_is_over_at_midnight(
    program: Program, receiver: FakeReceiver
) -> None:
    row = make_hook(program, receiver, options={"budget": 10})
    hour = ConnectionHour.objects.create(connection=row, hour=NOON, calls=7)
    assert watch() == 0

    hour.calls = 8
    hour.save()
    watch()
    watch(NOON + 12 * HOUR)

    assert told() == [("troubled", "budget"), ("recovered", "budget")]
    assert Trouble.objects.get().sentence == "8 of the day’s 10 calls are spent."


def test_far_sides_own_limit_is_warned_of_under_a_tenth(hook: Connection) -> None:
    ConnectionHour.objects.create(connection=hook, hour=NOON, quota={"daily_left": 9, "daily": 100})

    watch()

    assert told() == [("troubled", "quota")]
    assert Trouble.objects.get().sentence == "Of its own limit “daily” only 9 of 100 are left."


def test_backlog_and_dead_letters(hook: Connection, settings: Any) -> None:
    settings.ALERT_BACKLOG, settings.ALERT_DEAD = 2, 2
    make_delivery(hook, 1, created_at=NOON)
    dead = makers.make_delivery(hook, object_key="order:8")
    assert watch() == 0

    make_delivery(hook, 2, created_at=NOON)
    makers.make_delivery(hook, object_key="order:9")
    watch()
    assert told() == [("troubled", "backlog"), ("troubled", "dead")]

    actions.skip_delivery(dead, at=NOON)
    watch(NOON + 5 * MINUTE)
    assert told()[2:] == [("recovered", "dead")]


def test_nothing_has_worked_for_an_hour(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1, created_at=NOON + HOUR)
    receiver.fail(500, b"")
    serve(hook, NOON)
    assert watch(NOON + 59 * MINUTE) == 0

    watch(NOON + HOUR)
    assert told() == [("troubled", "failing")]

    Lane.objects.update(failures=0, open_until=None)
    hook.deliveries.update(next_at=NOON)
    serve(hook, NOON + HOUR)
    watch(NOON + HOUR + 5 * MINUTE)
    assert told()[1:] == [("recovered", "failing")]


def test_store_whose_webhook_is_silent(connection: Connection) -> None:
    makers.make_reconciliation(connection, kind="overlap", begins_at=NOON - HOUR, created_at=NOON)
    Connection.objects.filter(pk=connection.pk).update(last_received_at=NOON - 2 * HOUR)

    watch()
    assert told() == [("troubled", "webhook")]

    Connection.objects.filter(pk=connection.pk).update(last_received_at=NOON)
    watch(NOON + 5 * MINUTE)
    assert told()[1:] == [("recovered", "webhook")]


@pytest.mark.parametrize("fields", [{"counts": {"missing": 0, "changed": 3}}, {"state": "failed"}])
def test_store_that_told_all_of_it_is_fine(connection: Connection, fields: dict[str, Any]) -> None:
    makers.make_reconciliation(connection, kind="overlap", begins_at=NOON - HOUR, created_at=NOON, **fields)

    assert watch() == 0


def test_store_that_lives_by_polling_has_no_webhook_to_lose(program: Program) -> None:
    polled = makers.make_connection(program, connector="magento")
    makers.make_reconciliation(polled, kind="overlap", begins_at=NOON - HOUR, created_at=NOON)

    assert watch() == 0


def test_connection_that_a_person_stops_is_told_no_more_of(hook: Connection) -> None:
    make_delivery(hook, 1, created_at=NOON - HOUR)
    watch()

    actions.pause(hook)
    watch(NOON + MINUTE)

    assert told() == [("troubled", "lag")]
    assert Trouble.objects.get().ended_at == NOON + MINUTE


def test_other_webhooks_hear_of_it_and_never_the_one_that_it_is_about(
    hook: Connection, program: Program, receiver: FakeReceiver
) -> None:
    other = make_hook(program, receiver, "/other")
    make_delivery(hook, 1, created_at=NOON - HOUR)
    watch()

    for event in Event.objects.filter(kind="connection.troubled"):
        actions.plan(event, at=NOON)

    planned = Delivery.objects.filter(kind="connection.troubled")
    assert [row.connection_id for row in planned] == [other.pk]


def test_two_webhooks_in_trouble_make_no_storm(
    hook: Connection, program: Program, receiver: FakeReceiver
) -> None:
    other = make_hook(program, receiver, "/other")
    for row in (hook, other):
        make_delivery(row, 1, created_at=NOON - HOUR)
    for minute in range(120):
        watch(NOON + minute * MINUTE)
        for event in Event.objects.filter(kind__startswith="connection."):
            actions.plan(event, at=NOON)

    assert told() == [("troubled", "lag")] * 2
    assert Delivery.objects.filter(kind="connection.troubled").count() == 2


def test_body_names_the_connection_and_tells_no_address_or_key(hook: Connection) -> None:
    make_delivery(hook, 1, created_at=NOON - HOUR)
    watch()

    body = body_of(Event.objects.get(kind="connection.troubled"))

    assert body["connection"] == {
        "id": hook.pk,
        "name": "Receiver",
        "system": "webhook",
        "source": hook.source,
        "state": "active",
    }
    assert body["news"] == {
        "trouble": "lag",
        "sentence": "The oldest message has waited for 60 minutes.",
        "since": NOON.isoformat(),
    }
    assert hook.base_url not in str(body)


def test_another_companys_webhook_hears_nothing(hook: Connection, receiver: FakeReceiver) -> None:
    theirs = make_hook(makers.make_program(), receiver, "/theirs")
    make_delivery(hook, 1, created_at=NOON - HOUR)
    watch()

    actions.plan(Event.objects.get(kind="connection.troubled"), at=NOON)

    assert theirs.deliveries.count() == 0
    assert Job.objects.filter(event__kind="connection.troubled").count() == 2  # the letter, and the planning


def test_two_who_look_at_once_say_it_once(hook: Connection) -> None:
    from integrations.actions import troubles

    row = Connection.objects.select_related("program").get(pk=hook.pk)
    assert troubles._begin(row, "lag", "late", NOON) is True
    assert troubles._begin(row, "lag", "late", NOON) is False

    assert told() == [("troubled", "lag")]
