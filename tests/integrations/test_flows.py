"""Flows: at once, or at the slots of a schedule; nothing that waits for its slot goes out early by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from affiliates import roles
from affiliates.models import Program
from core.models import Event, User
from integrations import actions
from integrations.actions.deliveries import lanes
from integrations.flows import NoSchedule, last_slot, next_slot, read_schedule, slot_after, slot_before
from integrations.models import Connection, Delivery, Lane
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import happen, make_delivery, make_hook, serve
from tests.makers import NOON

BERLIN = "Europe/Berlin"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BATCH = {"flow": "batch", "schedule": "06:30"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "slot"),
    [
        ("hourly", "2026-11-02 12:00:00", "2026-11-02 13:00"),
        ("hourly", "2026-11-02 12:59:59", "2026-11-02 13:00"),
        ("06:30", "2026-11-02 05:29", "2026-11-02 05:30"),  # winter: Berlin is an hour ahead
        ("06:30", "2026-11-02 05:30", "2026-11-03 05:30"),
        ("06:30", "2026-07-02 04:29", "2026-07-02 04:30"),  # summer: two
        ("00:00", "2026-12-31 23:30", "2027-01-01 23:00"),
        ("02:30", "2026-03-28 23:00", "2026-03-29 01:30"),  # a time that the clocks leave out
        ("02:30", "2026-10-25 00:29", "2026-10-25 00:30"),  # one that they show twice: the first
        ("02:30", "2026-10-25 00:31", "2026-10-26 01:30"),
    ],
)
def test_next_slot_is_the_first_after_now(schedule: str, now: str, slot: str) -> None:
    assert slot_after(schedule, BERLIN, at(now)) == at(slot)


@pytest.mark.parametrize(
    ("schedule", "now", "slot"),
    [
        ("hourly", "2026-11-02 12:00", "2026-11-02 12:00"),
        ("06:30", "2026-11-02 05:29", "2026-11-01 05:30"),
        ("06:30", "2026-11-02 05:30", "2026-11-02 05:30"),
        ("23:30", "2026-11-02 22:45", "2026-11-02 22:30"),
    ],
)
def test_last_slot_has_come(schedule: str, now: str, slot: str) -> None:
    assert slot_before(schedule, BERLIN, at(now)) == at(slot)


def test_schedule_is_read_as_people_write_it() -> None:
    assert [read_schedule(text) for text in ("", " Hourly ", "6:05", "23:59")] == [
        "hourly",
        "hourly",
        "06:05",
        "23:59",
    ]
    for wrong in ("24:00", "6", "06:60", "daily", "06:30:00", "-1:00"):
        with pytest.raises(NoSchedule):
            read_schedule(wrong)


def test_who_is_told_at_once_has_no_slot(hook: Connection) -> None:
    assert next_slot(hook, NOON) == NOON


def test_schedule_that_is_no_schedule_is_hourly(hook: Connection) -> None:
    hook.options = {"flow": "batch", "schedule": "when it suits"}

    assert next_slot(hook, NOON + MINUTE) == NOON + HOUR
    assert last_slot(hook, NOON + MINUTE) == NOON


def test_batch_is_planned_for_its_slot_and_sent_then(
    program: Program, receiver: FakeReceiver, hook: Connection
) -> None:
    batch = make_hook(program, receiver, "/batch", options=BATCH)
    actions.plan(happen(program), at=NOON)

    assert Delivery.objects.get(connection=hook).next_at == NOON
    slot = Delivery.objects.get(connection=batch).next_at
    assert slot == slot_after("06:30", program.time_zone, NOON)
    assert serve(batch, NOON + HOUR) == 0
    assert serve(batch, slot) == 1


def test_batch_is_not_hastened_by_an_outage_that_is_over(program: Program, receiver: FakeReceiver) -> None:
    batch = make_hook(program, receiver, "/batch", options=BATCH)
    slot, retry = NOON + DAY, NOON + 2 * HOUR
    waits, failed = make_delivery(batch, 1, next_at=slot), make_delivery(batch, 2, next_at=retry, attempts=3)
    Lane.objects.create(connection=batch, failures=9)

    lanes.wake(batch, NOON)

    assert [Delivery.objects.get(pk=row.pk).next_at for row in (waits, failed)] == [slot, NOON]


def test_all_of_a_real_time_connection_is_hastened(hook: Connection) -> None:
    row = make_delivery(hook, 1, next_at=NOON + DAY)

    lanes.wake(hook, NOON)

    row.refresh_from_db()
    assert row.next_at == NOON


def test_send_now_sends_what_waits_for_the_slot_once(
    program: Program, receiver: FakeReceiver, mona: User
) -> None:
    batch = make_hook(program, receiver, "/batch", options=BATCH)
    make_delivery(batch, 1, next_at=NOON + DAY)
    failed = make_delivery(batch, 2, next_at=NOON + DAY, attempts=1)

    actions.send_now(batch, actor=mona, at=NOON)
    assert serve(batch, NOON) == 1
    actions.send_now(batch, actor=mona, at=NOON)

    failed.refresh_from_db()
    assert failed.next_at == NOON + DAY
    assert [event.data for event in Event.objects.filter(kind="connection.hastened")] == [{"messages": 1}]


def test_what_waits_moves_to_the_new_schedule(program: Program, receiver: FakeReceiver, mona: User) -> None:
    batch = make_hook(program, receiver, "/batch", options={**BATCH, "kinds": ["*"]})
    row = make_delivery(batch, 1, next_at=NOON + DAY)

    actions.pace(batch, budget=0, flow="batch", schedule="hourly", actor=mona, at=NOON + MINUTE)
    row.refresh_from_db()
    assert row.next_at == NOON + HOUR

    actions.pace(batch, budget=0, flow="real-time", schedule="", actor=mona, at=NOON + MINUTE)
    row.refresh_from_db()
    assert row.next_at == NOON + MINUTE
    batch.refresh_from_db()
    assert batch.options == {"kinds": ["*"], "budget": 0, "flow": "real-time", "schedule": "hourly"}


def test_same_pace_again_is_no_news(hook: Connection, mona: User) -> None:
    for _time in range(2):
        actions.pace(hook, budget=10, flow="batch", schedule="6:30", actor=mona)

    assert Event.objects.filter(kind="connection.changed").count() == 1


def test_pace_that_cannot_be_is_refused(hook: Connection, mona: User) -> None:
    with pytest.raises(actions.CannotPace):
        actions.pace(hook, budget=-1, actor=mona)
    with pytest.raises(actions.CannotPace):
        actions.pace(hook, flow="sometimes", actor=mona)
    actions.disconnect(hook)
    with pytest.raises(actions.CannotPace):
        actions.pace(hook, budget=1, actor=mona)

    hook.refresh_from_db()
    assert hook.options == {}


def test_others_may_not_set_the_pace(hook: Connection) -> None:
    analyst = makers.make_member(hook.program.merchant, "analyst")
    stranger = makers.make_member(makers.make_merchant("Other"), "owner")

    for person in (analyst, stranger):
        with pytest.raises(roles.NotAllowed):
            actions.pace(hook, budget=1, actor=person)
        with pytest.raises(roles.NotAllowed):
            actions.send_now(hook, actor=person)

    hook.refresh_from_db()
    assert hook.options == {}


def test_rest_hook_with_a_pace_is_still_the_same_subscription(program: Program) -> None:
    target = "https://hooks.example.com/1"
    first, _is_new = actions.subscribe(program, target_url=target, event="order.*")
    actions.pace(first, budget=50, flow="batch", schedule="hourly")

    again, is_new = actions.subscribe(program, target_url=target, event="order.*")

    assert (again.pk, is_new) == (first.pk, False)
