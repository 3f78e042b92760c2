"""Lanes: one sender at a time, order of each object, a breaker."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from affiliates.models import Program
from integrations import actions
from integrations.actions.deliveries import lanes
from integrations.connectors import webhook
from integrations.models import Attempt, Connection, Delivery, Lane
from integrations.patience import rest
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import make_delivery, make_hook, serve
from tests.makers import NOON
from tests.story.at_once import at_once

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
DOWN = (500, b"", {})


def numbers(receiver: FakeReceiver) -> list[int]:
    return [each.key for each in receiver.taken()]


def test_oldest_message_goes_first(hook: Connection, receiver: FakeReceiver) -> None:
    for number in (1, 2, 3):
        make_delivery(hook, number)

    serve(hook, NOON)

    assert numbers(receiver) == [1, 2, 3]


def test_later_news_of_an_object_wait_for_the_older_one(hook: Connection, receiver: FakeReceiver) -> None:
    for number, about in ((1, "order:a"), (2, "order:a"), (3, "order:b"), (4, "order:a")):
        make_delivery(hook, number, about)
    receiver.fail(500)

    serve(hook, NOON)
    assert numbers(receiver) == [3]
    serve(hook, NOON + SECOND)  # the first one is not due again
    assert numbers(receiver) == [3]

    serve(hook, NOON + MINUTE)
    assert numbers(receiver) == [3, 1, 2, 4]


def test_news_that_come_while_an_older_one_waits_wait_too(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1, "order:a")
    receiver.fail(500)
    serve(hook, NOON)
    make_delivery(hook, 2, "order:a")
    make_delivery(hook, 3, "order:b")

    serve(hook, NOON + SECOND)

    assert numbers(receiver) == [3]


def test_a_given_up_message_lets_the_later_ones_go(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1, "order:a")
    make_delivery(hook, 2, "order:a")
    receiver.fail(413)

    serve(hook, NOON)

    assert numbers(receiver) == [2]


def test_waiting_objects_starve_nobody(hook: Connection, receiver: FakeReceiver, monkeypatch: Any) -> None:
    monkeypatch.setattr("integrations.actions.deliveries.sending.AT_ONCE", 3)
    make_delivery(hook, 1, "order:a", next_at=NOON + DAY)
    for number in range(2, 8):
        make_delivery(hook, number, "order:a")
    make_delivery(hook, 8, "order:b")

    serve(hook, NOON)

    assert numbers(receiver) == [8]


def test_who_holds_the_lane_is_the_only_one_who_sends(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)
    hold = lanes.take(hook.pk, NOON)

    assert hold is not None
    assert lanes.take(hook.pk, NOON + SECOND) is None
    assert serve(hook, NOON + SECOND) == 0
    assert receiver.arrivals == []

    lanes.let_go(hold)
    assert serve(hook, NOON + SECOND) == 1


def test_lease_of_a_dead_worker_ends(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)
    lanes.take(hook.pk, NOON)

    assert serve(hook, NOON + lanes.LEASE - SECOND) == 0
    assert serve(hook, NOON + lanes.LEASE) == 1


def test_result_of_a_lost_lease_is_not_written(
    hook: Connection, receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, other, deliver = make_delivery(hook, 1), make_delivery(hook, 2), webhook.deliver

    def slow(store: Any, message: Any) -> Any:
        Lane.objects.update(lease_token=uuid4())  # somebody else took over meanwhile
        return deliver(store, message)

    monkeypatch.setattr(webhook, "deliver", slow)
    serve(hook, NOON)

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, row.attempts, other.attempts) == ("due", 1, 0)
    assert Attempt.objects.get().outcome == "Delivered."  # what happened is kept, the state is the other's
    assert Lane.objects.get().lease_token is not None


def test_pause_between_two_messages_stops_the_second(
    hook: Connection, receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_delivery(hook, 1)
    second, deliver = make_delivery(hook, 2), webhook.deliver

    def and_pause(store: Any, message: Any) -> Any:
        actions.pause(hook)
        return deliver(store, message)

    monkeypatch.setattr(webhook, "deliver", and_pause)
    serve(hook, NOON)

    second.refresh_from_db()
    assert (numbers(receiver), second.state, second.attempts) == ([1], "due", 0)


def test_five_failures_in_a_row_open_the_breaker(hook: Connection, receiver: FakeReceiver) -> None:
    for number in range(10):
        make_delivery(hook, number)
    receiver.rule = lambda path, body: DOWN

    assert serve(hook, NOON) == 5
    lane = Lane.objects.get()
    assert (lane.failures, lane.open_until) == (5, NOON + timedelta(seconds=30))
    assert serve(hook, NOON + timedelta(seconds=29)) == 0

    assert serve(hook, NOON + timedelta(seconds=30)) == 1  # half open: one goes through
    lane.refresh_from_db()
    assert (lane.failures, lane.open_until) == (6, NOON + timedelta(seconds=90))


def test_success_closes_the_breaker_and_nothing_waits_longer(
    hook: Connection, receiver: FakeReceiver
) -> None:
    rows = [make_delivery(hook, number) for number in range(10)]
    receiver.rule = lambda path, body: DOWN
    serve(hook, NOON)
    Delivery.objects.filter(pk=rows[0].pk).update(next_at=NOON + DAY)
    receiver.rule = lambda path, body: (200, b"", {})

    assert serve(hook, NOON + MINUTE) == 10

    assert (Lane.objects.get().failures, Lane.objects.get().open_until) == (0, None)
    assert Delivery.objects.filter(state="done").count() == 10


def test_failures_that_are_not_in_a_row_open_nothing(hook: Connection, receiver: FakeReceiver) -> None:
    for number in range(12):
        make_delivery(hook, number)
    receiver.rule = lambda path, body: (
        DOWN if body.count(b'"n":') and len(receiver.arrivals) % 2 else (200, b"", {})
    )

    assert serve(hook, NOON) == 12
    assert Lane.objects.get().open_until is None


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (8, 240), (10, 960), (11, 1800), (10_000, 1800)],
)
def test_rest_grows_from_half_a_minute_to_half_an_hour(failures: int, seconds: int) -> None:
    assert rest(failures) == timedelta(seconds=seconds)


def test_no_second_holds_more_than_is_allowed(
    hook: Connection, receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(webhook, "PER_SECOND", 30)
    monkeypatch.setattr("integrations.actions.deliveries.sending.time.sleep", slept.append)
    for number in range(3):
        make_delivery(hook, number)

    serve(hook, NOON)

    assert len(slept) == 3  # after the last one too: the next sender knows nothing of it
    assert all(0 <= pause <= 1 / 30 for pause in slept)


def test_lane_is_let_go_after_so_many_messages(hook: Connection, receiver: FakeReceiver) -> None:
    for number in range(5):
        make_delivery(hook, number)

    assert serve(hook, NOON, messages=2) == 2
    assert (Lane.objects.get().lease_token, numbers(receiver)) == (None, [0, 1])
    assert serve(hook, NOON, seconds=0) == 0


def test_waiting_finds_what_may_be_sent_now(
    hook: Connection, program: Program, receiver: FakeReceiver
) -> None:
    def another(name: str, **lane: Any) -> Connection:
        made = make_hook(program, receiver, f"/{name}")
        make_delivery(made, 1)
        if lane:
            Lane.objects.create(connection=made, **lane)
        return made

    troubled = another("troubled", failures=1)
    another("leased", lease_until=NOON + SECOND)
    another("open", open_until=NOON + SECOND)
    actions.pause(another("paused"))
    free = another("free", lease_until=NOON, open_until=NOON)
    make_delivery(hook, 1, next_at=NOON + SECOND)

    assert lanes.waiting(NOON) == [free.pk, troubled.pk]


@pytest.mark.django_db(transaction=True)
def test_eight_threads_never_send_two_messages_at_once(program: Program, receiver: FakeReceiver) -> None:
    made = [make_hook(program, receiver, f"/{number}") for number in range(2)]
    for number in range(40):
        make_delivery(made[number % 2], number, f"order:{number % 6}")
    receiver.rule = lambda path, body: DOWN if len(receiver.arrivals) % 7 == 3 else (200, b"", {})

    for turn in range(12):
        at = NOON + turn * 20 * MINUTE
        calls = [partial(_drain, made[number % 2].pk, at) for number in range(8)]
        assert [each for each in at_once(calls) if isinstance(each, Exception)] == []

    assert receiver.most_at_once == {"/0": 1, "/1": 1}
    assert sorted(numbers(receiver)) == list(range(40))
    for about in range(6):
        taken = [number for number in numbers(receiver) if number % 6 == about]
        assert taken == sorted(taken)


def _drain(number: int, at: Any) -> int:
    return sum(actions.serve(number, at=at, messages=3) for _turn in range(15))
