"""Workers are killed at random while orders pour in: none is lost, none counts twice, and the books balance."""

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from django.utils import timezone

from commissions.models import Commission
from core import jobs
from core.models import Job, JobState
from integrations import actions as integrations
from integrations.models import Inbound
from tests.examples import crowd
from tests.story import books, processes
from tests.story.conftest import MakeHouse
from tests.story.processes import House, Running, connection_of_store, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow]

ORDERS = range(9001, 9001 + crowd(500))
FEW = range(9001, 9061)
KILLS = max(4, len(ORDERS) // 50)
WORKERS = 2
HUNG = timedelta(seconds=5)  # a job here takes milliseconds: whoever has had one for so long is dead


def net_of(number: int) -> str:
    return f"{number % 97 + 1}.{number % 100:02d}"


def test_orders_survive_workers_that_are_killed(make_house: MakeHouse) -> None:
    house, chance = make_house(), seeded()
    house.web()
    with ThreadPoolExecutor(1) as store, house.opened():
        posted = store.submit(post_all, house, ORDERS)
        kills = kill_at_random(house.worker, len(ORDERS), KILLS, chance)
        assert posted.result() == {200: len(ORDERS)}
        wait_until_done(len(ORDERS))

        print(f"{kills} kills, {held_up()} of them in the middle of a job")
        assert kills >= KILLS - 2
        assert books.left_over() == []
        assert books.breaches() == []
        survived = books.books()

    assert survived == undisturbed(make_house(), ORDERS)


@pytest.mark.parametrize("broker", ["TEST_REDIS_URL", "TEST_RABBITMQ_URL"])
def test_orders_survive_celery_workers_that_are_killed(make_house: MakeHouse, broker: str) -> None:
    url = os.environ.get(broker)
    if not url:
        pytest.skip(f"{broker} names no broker")
    house, chance = make_house(), seeded()
    house.web(CELERY_BROKER_URL=url)
    house.worker(CELERY_BROKER_URL=url)  # it rings each second
    with ThreadPoolExecutor(1) as store, house.opened():
        posted = store.submit(post_all, house, FEW)
        kills = kill_at_random(lambda: house.celery(url), len(FEW), 3, chance)
        assert posted.result() == {200: len(FEW)}
        wait_until_done(len(FEW))

        print(f"{kills} kills, {held_up()} jobs were begun more than once")
        assert kills == 3
        assert books.breaches() == []
        survived = books.books()

    assert survived == undisturbed(make_house(), FEW)


def seeded() -> random.Random:
    """Return chance, and print from which seed; KILL_SEED repeats a run."""
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILL_SEED={seed}")
    return random.Random(seed)


def post_all(house: House, numbers: range) -> dict[int, int]:
    """Send an order for each number, every tenth of them twice; return status -> how many were answered so."""
    answers: dict[int, int] = {}
    with httpx.Client(timeout=60) as store:
        for number in numbers:
            answer = store.send(processes.delivery(house.address, number, net=net_of(number)))
            answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
            if number % 10 == 0:
                store.send(processes.delivery(house.address, number, net=net_of(number)))
    return answers


def done() -> int:
    return Inbound.objects.filter(state="done").count()


def kill_at_random(start: Callable[[], Running], orders: int, kills: int, chance: random.Random) -> int:
    """Keep two workers at work; kill the elder one whenever some more orders are done; return how many were killed.

    The younger one may still be starting, and has nothing to lose. Half of the orders wait before the first worker
    starts, so that a kill finds work.
    """
    wait_for(lambda: Inbound.objects.count() >= orders // 2, "half of the orders are stored")
    workers = [start() for _worker in range(WORKERS)]
    moments = sorted(chance.sample(range(1, orders - WORKERS), kills))
    for moment in moments:
        wait_for(partial(is_done, moment), f"{moment} orders are done")
        wait_for(lambda: is_somebody_at_it() or is_done(orders), "a worker has begun a job")
        workers.pop(0).kill()
        workers.append(start())
    return len(moments)


def is_done(number: int) -> bool:
    """Say whether so many orders are done; a dead worker's lease is not waited for (see `processes`)."""
    books.forget_leases_of_the_dead(older_than=HUNG)
    return done() >= number


def is_somebody_at_it() -> bool:
    return Job.objects.filter(state=JobState.DUE, lease_until__gt=timezone.now()).exists()


def wait_until_done(orders: int) -> None:
    wait_for(lambda: is_done(orders) and not waiting(), f"all {orders} orders are done")


def waiting() -> bool:
    return Job.objects.filter(state=JobState.DUE).exists()


def held_up() -> int:
    return Job.objects.filter(attempts__gt=1).count()


def undisturbed(house: House, numbers: range) -> dict[str, Any]:
    """Return the books of a house in which nobody died."""
    with house.opened():
        connection = connection_of_store()
        for number in numbers:
            request = processes.delivery(house.address, number, net=net_of(number))
            integrations.receive(connection, request.headers, request.content)
        jobs.drain()
        assert Commission.objects.filter(level=1).count() == len(numbers)
        return books.books()
