"""The courier: finds what is due each second, and lets no slow far side hold up another."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from affiliates.models import Program
from core import tasks
from integrations import bell, courier
from integrations.actions.deliveries import lanes
from integrations.courier import Courier
from integrations.models import Attempt, Connection, Delivery, Lane
from portal.celery import app
from tests import makers
from tests.fakes.receiver import FakeReceiver
from tests.integrations.outgoing import make_delivery, make_hook


def numbers(receiver: FakeReceiver) -> list[int]:
    return [each.key for each in receiver.taken()]


@pytest.fixture
def stop() -> threading.Event:
    bell.heard.clear()
    return threading.Event()


@pytest.mark.django_db(transaction=True)
def test_courier_sends_until_nothing_is_due_and_stops(
    hook: Connection, receiver: FakeReceiver, stop: threading.Event
) -> None:
    for number in range(3):
        make_delivery(hook, number)
    sent = threading.Event()
    receiver.rule = lambda path, body: (sent.set() if b'"n":2' in body else None, (200, b"", {}))[1]
    runner = Courier(stop, threads=2)

    runner.start()
    bell.ring([hook.pk])
    assert sent.wait(20)
    stop.set()
    runner.finish(seconds=20)

    assert not runner.is_alive()
    assert numbers(receiver) == [0, 1, 2]
    assert Delivery.objects.filter(state="done").count() == 3
    assert Lane.objects.get().lease_token is None


@pytest.mark.django_db(transaction=True)
def test_dead_far_side_holds_up_nobody(
    program: Program, receiver: FakeReceiver, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.webhook.send.SECONDS", 3.0)
    dead, well = make_hook(program, receiver, "/dead"), make_hook(program, receiver, "/well")
    receiver.silent = {"/dead"}
    done: list[str] = []
    for number in range(20):
        make_delivery(dead, number)
        make_delivery(well, number)
    arrived = threading.Event()
    receiver.rule = lambda path, body: (done.append(path), len(done) == 20 and arrived.set(), (200, b"", {}))[
        2
    ]
    runner = Courier(stop, threads=2)

    runner.start()
    bell.ring([])
    assert arrived.wait(30)
    first_tries = Attempt.objects.filter(delivery__connection=dead).exclude(outcome="…").count()
    stop.set()
    runner.finish(seconds=20)

    assert first_tries == 0  # all of the other's were there before one call to the dead one had ended
    assert done == ["/well"] * 20


def test_half_of_the_threads_are_kept_from_troubled_connections(
    program: Program, receiver: FakeReceiver, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [make_hook(program, receiver, f"/{number}") for number in range(4)]
    for each in made:
        make_delivery(each, 1)
        if each is not made[3]:
            Lane.objects.create(connection=each, failures=1)
    monkeypatch.setattr(courier, "TROUBLED", 2)
    monkeypatch.setattr(courier, "close_old_connections", int)
    runner, begun = Courier(stop), []
    monkeypatch.setattr(runner._pool, "submit", lambda work, number: (begun.append(number), _Never())[1])

    runner.turn()

    assert begun == [made[3].pk, made[0].pk, made[1].pk]


def test_who_was_slow_is_kept_back_like_who_failed(
    program: Program, receiver: FakeReceiver, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, well = make_hook(program, receiver, "/slow"), make_hook(program, receiver, "/well")
    for each in (slow, well):
        make_delivery(each, 1)
    monkeypatch.setattr(courier, "TROUBLED", 0)
    monkeypatch.setattr(courier, "close_old_connections", int)
    runner, begun = Courier(stop), []
    monkeypatch.setattr(runner._pool, "submit", lambda work, number: (begun.append(number), _Never())[1])
    runner._note_pace(slow.pk, 2, 2 * courier.SLOW + 1)
    runner._note_pace(well.pk, 2, 2 * courier.SLOW - 1)

    runner.turn()
    assert begun == [well.pk]

    runner._note_pace(slow.pk, 9, 1)
    runner.turn()
    assert begun == [well.pk, slow.pk]


def test_one_company_never_has_all_threads(
    program: Program, receiver: FakeReceiver, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = [make_hook(program, receiver, f"/{number}") for number in range(3)]
    theirs = make_hook(makers.make_program(), receiver, "/theirs")
    for each in (*mine, theirs):
        make_delivery(each, 1)
    monkeypatch.setattr(courier, "OF_COMPANY", 2)
    monkeypatch.setattr(courier, "close_old_connections", int)
    runner, begun = Courier(stop), []
    monkeypatch.setattr(runner._pool, "submit", lambda work, number: (begun.append(number), _Never())[1])

    runner.turn()
    assert begun == [mine[0].pk, mine[1].pk, theirs.pk]

    runner._forget(mine[0].pk)
    begun.clear()
    runner.turn()
    assert begun == [mine[0].pk]


def leased(connection: Connection, **fields: Any) -> None:
    until = timezone.now() + timedelta(minutes=1)
    Lane.objects.update_or_create(connection=connection, defaults={"lease_until": until, **fields})


def test_with_a_broker_slow_and_failing_lanes_wait_for_their_half(
    program: Program, receiver: FakeReceiver, settings: Any
) -> None:
    slow, failing, well = (make_hook(program, receiver, f"/{name}") for name in ("slow", "failing", "well"))
    for each in (slow, failing, well):
        make_delivery(each, 1)
    leased(make_hook(makers.make_program(), receiver, "/busy"), is_slow=True)
    Lane.objects.create(connection=slow, is_slow=True)
    Lane.objects.create(connection=failing, failures=1)
    settings.CELERY_BROKER_URL, settings.LANES_AT_ONCE = "redis://127.0.0.1:1/0", 2

    assert [tasks.errand(each.pk) for each in (slow, failing, well)] == [0, 0, 1]

    settings.LANES_AT_ONCE = 4
    assert [tasks.errand(each.pk) for each in (slow, failing)] == [1, 1]


def test_with_a_broker_one_company_leaves_a_quarter_to_others(
    hook: Connection, program: Program, receiver: FakeReceiver, settings: Any
) -> None:
    theirs = make_hook(makers.make_program(), receiver, "/theirs")
    for each in (hook, theirs):
        make_delivery(each, 1)
    for number in range(3):
        leased(make_hook(program, receiver, f"/{number}"))
    settings.CELERY_BROKER_URL, settings.LANES_AT_ONCE = "redis://127.0.0.1:1/0", 4

    assert [tasks.errand(each.pk) for each in (hook, theirs)] == [0, 1]

    settings.CELERY_BROKER_URL = ""  # there the courier sees to it
    assert tasks.errand(hook.pk) == 1


def test_lane_remembers_whether_it_was_slow(hook: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    make_delivery(hook, 1)
    monkeypatch.setattr(lanes, "SLOW", -1.0)
    tasks.errand(hook.pk)
    assert Lane.objects.get().is_slow

    monkeypatch.setattr(lanes, "SLOW", 2.0)
    tasks.errand(hook.pk)  # nothing was due: nothing is known anew
    assert Lane.objects.get().is_slow
    make_delivery(hook, 2)
    tasks.errand(hook.pk)
    assert not Lane.objects.get().is_slow


class _Never:
    def add_done_callback(self, note: Any) -> None:
        """It goes on."""


def test_database_that_is_away_is_no_reason_to_end(
    stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(at: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(lanes, "waiting", away)
    monkeypatch.setattr(courier, "close_old_connections", int)

    assert Courier(stop).turn() == 0


def test_with_a_broker_the_courier_rings_for_each_lane(
    hook: Connection, stop: threading.Event, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_delivery(hook, 1, next_at=timezone.now())
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    rung: list[tuple[tuple[int], dict[str, Any]]] = []
    monkeypatch.setattr(tasks.errand, "apply_async", lambda args, **how: rung.append((args, how)))
    monkeypatch.setattr(courier, "close_old_connections", int)

    assert Courier(stop).turn() == 1

    assert [args for args, _how in rung] == [(hook.pk,)]
    assert rung[0][1]["retry"] is False


def test_courier_goes_on_after_it_stumbled(stop: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, turns, again = Courier(stop), [], threading.Event()

    def stumble() -> int:
        turns.append(1)
        if len(turns) == 1:
            raise ValueError("a mistake of ours")
        again.set()
        return 0

    monkeypatch.setattr(runner, "turn", stumble)
    runner.start()
    bell.heard.set()
    assert again.wait(20)
    stop.set()
    runner.finish(seconds=20)
    assert not runner.is_alive()


def test_calls_to_others_have_a_queue_of_their_own() -> None:
    router = app.amqp.router

    assert router.route({}, "integrations.deliver")["queue"].name == "lanes"
    assert router.route({}, "core.drain")["queue"].name == "bell"
    assert set(app.amqp.queues) == {"bell", "lanes"}


def test_errand_of_celery_serves_the_lane(hook: Connection, receiver: FakeReceiver) -> None:
    make_delivery(hook, 1)

    assert tasks.errand(hook.pk) == 1
    assert numbers(receiver) == [1]
