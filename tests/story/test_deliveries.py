"""Far sides that fail and workers that die: everything arrives, in order, and nothing becomes another message."""

import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from core import events, jobs
from core.models import Event, Job, JobState
from integrations import actions, gate
from integrations.models import Attempt, Connection, Delivery, Lane
from tests import makers
from tests.examples import crowd
from tests.fakes.receiver import FakeReceiver
from tests.makers import NOON
from tests.story import books
from tests.story.conftest import MakeHouse
from tests.story.processes import House, Running, wait_for

DAY = timedelta(days=1)
HOOKS, EVENTS, COUPONS = 8, crowd(250), 12
TURNS, WORKERS = 5, 2
DOWN = (503, b"", {})


def make_hook(program: Program, receiver: FakeReceiver, path: str, **fields: Any) -> Connection:
    return makers.make_connection(
        program,
        connector="webhook",
        source=f"hook{path.replace('/', '-')}",
        base_url=receiver.url(path),
        secrets={"webhook_secret": "s3cret"},
        **fields,
    )


def happen(coupons: list[Any], program: Program, count: int, at: Any = None) -> list[Event]:
    """Let so many things happen to the coupons in turn."""
    return [
        events.record(
            "coupon.created",
            coupons[number % len(coupons)],
            tenant=program.merchant_id,
            scope=program.pk,
            at=at,
        )
        for number in range(count)
    ]


def told(arrival: Any) -> tuple[int, int]:
    """Return which coupon a message is about, and which event it tells of."""
    return arrival.told["data"]["coupon"]["id"], int(arrival.told["data"]["id"].removeprefix("evt_"))


def out_of_order(receiver: FakeReceiver) -> list[Any]:
    """Return what was taken after later news of the same object: repeats of a known message are none."""
    last: dict[Any, int] = defaultdict(int)
    seen: set[Any] = set()
    wrong = []
    for arrival in receiver.taken():
        coupon, event = told(arrival)
        if (arrival.path, event) not in seen and event < last[arrival.path, coupon]:
            wrong.append((arrival.path, coupon, event))
        seen.add((arrival.path, event))
        last[arrival.path, coupon] = max(event, last[arrival.path, coupon])
    return wrong


@pytest.mark.processes
@pytest.mark.slow
def test_thousands_of_deliveries_survive_workers_that_are_killed(make_house: MakeHouse) -> None:
    chance = seeded()
    with FakeReceiver() as receiver:
        receiver.rule = lambda path, body: (time.sleep(0.004), faulty(len(receiver.arrivals)))[1]
        house = make_house()
        with house.opened():
            recorded = furnished(house, receiver)
            start = partial(house.worker, OUTBOUND_ALLOWED_HOSTS=receiver.host)
            turns = kill_at_random(start, receiver, chance)
            wait_for(is_over, "everything is delivered", seconds=240)
            lone = Attempt.objects.filter(outcome="…").count()
            unheard = Attempt.objects.filter(status=None).count()

        taken = receiver.taken()
        bodies: dict[str, set[bytes]] = defaultdict(set)
        for arrival in taken:
            bodies[arrival.id].add(arrival.body)
        doubled = len(taken) - len(bodies)
        print(f"{turns * WORKERS} kills left {lone} tries open; {doubled} messages came twice")
        assert len(bodies) == HOOKS * EVENTS
        assert {(each.path, told(each)[1]) for each in taken} == {
            (f"/{hook}", event) for hook in range(HOOKS) for event in recorded
        }
        assert max(len(found) for found in bodies.values()) == 1
        assert doubled <= unheard  # only what nobody heard the answer to comes again
        assert lone <= turns * HOOKS  # one message of each lane may have been under way
        assert out_of_order(receiver) == []
        assert (
            max(receiver.most_at_once.values()) <= WORKERS
        )  # the answer to a dead one may be still on its way


def faulty(number: int) -> Any:
    """Fail each fortieth time."""
    return DOWN if number % 40 == 39 else (200, b"", {})


def furnished(house: House, receiver: FakeReceiver) -> list[int]:
    """Connect the receiver eight times and let things happen."""
    program = Program.objects.get()
    ann = Enrollment.objects.get(affiliate__name="Ann Archer")
    coupons = [create_coupon(ann, f"code{number}") for number in range(COUPONS)]
    for number in range(HOOKS):
        make_hook(program, receiver, f"/{number}")
    gate.forget()
    with transaction.atomic():
        return [event.pk for event in happen(coupons, program, EVENTS)]


def kill_at_random(start: Callable[[], Running], receiver: FakeReceiver, chance: random.Random) -> int:
    """Let two workers work, and kill both in the middle of a send, again and again; return how often."""
    moments = sorted(chance.sample(range(1, HOOKS * EVENTS - 200), TURNS))
    for moment in moments:
        workers = [start() for _worker in range(WORKERS)]
        wait_for(partial(has_done, moment, receiver), f"{moment} messages have arrived", seconds=120)
        wait_for(lambda: is_somebody_at_it() or is_over(), "somebody sends")
        for worker in workers:
            worker.kill()
        forget_the_dead()
    for _worker in range(WORKERS):
        start()
    return len(moments)


def has_done(number: int, receiver: FakeReceiver) -> bool:
    hasten()
    return len(receiver.arrivals) >= number


def is_somebody_at_it() -> bool:
    return Lane.objects.filter(lease_until__gt=timezone.now()).exists()


def hasten() -> None:
    """Let nobody wait five minutes: a try that died with its worker counts, so one more that fails waits as long."""
    Delivery.objects.filter(state="due", next_at__gt=timezone.now()).update(next_at=timezone.now())
    Lane.objects.filter(open_until__gt=timezone.now()).update(open_until=None)


def is_over() -> bool:
    hasten()
    planned = not Job.objects.filter(state=JobState.DUE).exists()
    return planned and not Delivery.objects.filter(state="due").exists()


def forget_the_dead() -> None:
    """Set back the leases of workers that are all dead, so that nobody waits two minutes for them."""
    books.forget_leases_of_the_dead()
    Lane.objects.exclude(lease_until=None).update(lease_until=timezone.now() - timedelta(seconds=1))


def seeded() -> random.Random:
    """Return chance, and print from which seed; KILL_SEED repeats a run."""
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILL_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def receiver(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("integrations.connectors.webhook.PER_SECOND", 0)
    with FakeReceiver() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


def clock(hook: Connection) -> Any:
    """Return when something may happen next: the oldest message of an object is due and the breaker lets it through."""
    lane = Lane.objects.get(pk=hook.pk)
    waiting = Delivery.objects.filter(connection=hook, state="due").order_by()
    oldest = waiting.values("object_key").annotate(oldest=Min("id")).values("oldest")
    due = waiting.filter(pk__in=oldest).aggregate(at=Min("next_at"))["at"]
    return None if due is None else max(due, lane.open_until or due)


def test_far_side_that_is_down_for_five_days_gets_everything_afterwards(
    program: Program, ann: Enrollment, receiver: FakeReceiver
) -> None:
    hook, well = make_hook(program, receiver, "/down"), make_hook(program, receiver, "/well")
    coupons = [create_coupon(ann, f"code{number}", at=NOON) for number in range(5)]
    receiver.rule = lambda path, body: DOWN if path == "/down" else (200, b"", {})
    Job.objects.all().delete()

    begun = NOON
    for day in range(5):
        recorded = happen(coupons, program, 20, at=begun + day * DAY)
        for event in recorded:
            actions.plan(event, at=begun + day * DAY)
        Delivery.objects.update(created_at=begun)
        actions.serve(well.pk, at=begun + day * DAY)
        at = begun + day * DAY
        while at is not None and at < begun + (day + 1) * DAY:
            actions.serve(hook.pk, at=at)
            at = max(clock(hook), at + timedelta(seconds=1))
    tries = sum(each.path == "/down" for each in receiver.arrivals)
    waiting = Delivery.objects.filter(connection=hook, state="due").count()

    receiver.rule = lambda path, body: (200, b"", {})
    back = max(clock(hook), begun + 5 * DAY)  # the first message that is due again finds it well
    actions.serve(hook.pk, at=back, messages=1000)

    assert waiting == 100
    assert back <= begun + 6 * DAY
    assert tries <= 5 + 5 * 48 + 10  # once in half an hour when it is open
    assert len(receiver.taken("/down")) == len(receiver.taken("/well")) == 100
    assert out_of_order(receiver) == []
    assert not Delivery.objects.exclude(state="done").exists()
    assert Lane.objects.get(pk=hook.pk).failures == 0


def test_objects_keep_their_order_whatever_fails(
    program: Program, ann: Enrollment, receiver: FakeReceiver
) -> None:
    chance, hook = seeded(), make_hook(program, receiver, "/in")
    coupons = [create_coupon(ann, f"code{number}", at=NOON) for number in range(4)]
    Job.objects.all().delete()
    for event in happen(coupons, program, 60, at=NOON):
        actions.plan(event, at=NOON)
    receiver.rule = lambda path, body: DOWN if chance.random() < 0.3 else (200, b"", {})

    at, turns = NOON, 0
    while at is not None and turns < 1000:
        actions.serve(hook.pk, at=at)
        at, turns = clock(hook), turns + 1

    assert len(receiver.taken()) == 60
    assert out_of_order(receiver) == []


def test_nobody_hears_of_another_company(
    program: Program, ann: Enrollment, other: Program, stranger: Enrollment, receiver: FakeReceiver
) -> None:
    make_hook(program, receiver, "/ours")
    make_hook(other, receiver, "/theirs")
    create_coupon(ann, "ours15")
    create_coupon(stranger, "theirs15")

    jobs.drain()
    for hook in Connection.objects.all():
        actions.serve(hook.pk)

    heard = {(each.path, each.told["data"]["coupon"]["code"]) for each in receiver.taken()}
    assert heard == {("/ours", "OURS15"), ("/theirs", "THEIRS15")} or heard == {
        ("/ours", "ours15"),
        ("/theirs", "theirs15"),
    }
