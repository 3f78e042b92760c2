from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from affiliates.models import Program
from portal.api.throttling import Rate, take
from portal.keys import create_key
from tests.portal.api.machine import PROBLEM, Machine

pytestmark = pytest.mark.django_db


def test_every_answer_says_where_the_key_stands(machine: Machine) -> None:
    first, second = machine.get("/me"), machine.post("/conversions", {})

    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("600", "599")
    assert (second.status_code, second.headers["RateLimit-Remaining"]) == (422, "598")
    assert 1 <= int(first.headers["RateLimit-Reset"]) <= 60


def test_beyond_the_limit_is_a_429_problem(machine: Machine, eves: Machine, settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 2
    answers = [machine.get("/me") for _time in range(5)]

    last = answers[-1]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert (last.status_code, last.headers["Content-Type"]) == (429, PROBLEM)
    assert last.headers["RateLimit-Remaining"] == "0"
    assert last.headers["Retry-After"] == last.headers["RateLimit-Reset"]
    assert last.json()["title"] == "Too many requests"
    assert eves.get("/me").status_code == 200


def test_the_next_minute_begins_anew(program: Program, settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 1
    key, _text = create_key(program, "Shop", [])

    rates = [take(key, now) for now in (600.0, 659.9, 660.0)]

    assert rates == [Rate(1, 1, 60), Rate(1, 2, 1), Rate(1, 1, 60)]
    assert [rate.allowed for rate in rates] == [True, False, True]


@pytest.mark.django_db(transaction=True)
def test_the_database_cache_counts_every_request_of_many_threads(
    program: Program, settings: Settings
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": f"{DatabaseCache.__module__}.DatabaseCache", "LOCATION": "counted"}
    }
    call_command("createcachetable", verbosity=0)
    key, _text = create_key(program, "Shop", [])

    def count(_number: int) -> int:
        try:
            return take(key, 600.0).used
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        used = list(pool.map(count, range(40)))

    assert sorted(used) == list(range(1, 41))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE counted")
