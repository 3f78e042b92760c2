import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from affiliates.models import Enrollment
from commissions.models import Commission
from portal.models import Answer
from tests.portal.api.conftest import Made
from tests.portal.api.machine import PROBLEM, Machine, order, refund
from tracking.models import Order

pytestmark = pytest.mark.django_db


def test_the_same_request_again_gets_the_first_answer(machine: Machine, ann: Enrollment) -> None:
    first = machine.post("/conversions", order(), Idempotency_Key="k1")

    again = machine.post("/conversions", order(), Idempotency_Key="k1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_first_answer_stays_whatever_happened_since(machine: Machine, ann: Enrollment) -> None:
    first = machine.post("/conversions", order(), Idempotency_Key="k1").json()
    machine.post("/refunds", refund())

    again = machine.post("/conversions", order(), Idempotency_Key="k1").json()

    assert again == first
    assert machine.get(f"/conversions/{first['id']}").json()["commissions"][0]["net"] == "4.20"


def test_white_space_and_order_of_names_make_no_other_request(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order(), Idempotency_Key="k1")

    turned = json.dumps(dict(reversed(order().items())), indent=4)
    again = machine.post("/conversions", turned, Idempotency_Key="k1")

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")


@pytest.mark.parametrize(("path", "body"), [("/conversions", order("1002")), ("/refunds", refund())])
def test_another_request_under_the_same_key_is_422(
    machine: Machine, ann: Enrollment, path: str, body: dict[str, Any]
) -> None:
    machine.post("/conversions", order(), Idempotency_Key="k1")

    answer = machine.post(path, body, Idempotency_Key="k1")

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert answer.json() == {
        "type": "/api/v1/docs/#problem-key-reused",
        "title": "The Idempotency-Key was used for another request",
        "status": 422,
        "detail": "Another request was made with this Idempotency-Key: take a new one.",
    }
    assert Order.objects.count() == 1


def test_an_error_is_not_kept(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())

    conflict = machine.post("/conversions", order(total="140.00"), Idempotency_Key="k1")
    invalid = machine.post("/conversions", order(total="x"), Idempotency_Key="k1")
    good = machine.post("/conversions", order("1002"), Idempotency_Key="k1")

    assert [answer.status_code for answer in (conflict, invalid, good)] == [409, 422, 201]
    assert Answer.objects.count() == 1


def test_keys_of_two_programs_do_not_meet(machine: Machine, eves: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order(), Idempotency_Key="k1")

    answer = eves.post("/conversions", order("7"), Idempotency_Key="k1")

    assert (answer.status_code, answer.json()["external_id"]) == (201, "7")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\u00e9", "a\tb"])
def test_a_key_that_is_none_is_400(machine: Machine, key: str) -> None:
    answer = machine.post("/conversions", order(), Idempotency_Key=key)

    assert (answer.status_code, answer.json()["type"]) == (400, "/api/v1/docs/#problem-malformed")
    assert Order.objects.count() == 0


def test_updates_refunds_bulk_and_links_know_the_key_too(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order()).json()
    link = {"affiliate": ann.code, "destination": "https://shop.example.com/a"}
    calls = [
        ("put", f"/conversions/{made['id']}", order(total="140.00", revision_at="2026-11-04T00:00:00Z")),
        ("post", "/refunds", refund()),
        ("post", "/conversions/bulk", {"items": [order("2")]}),
        ("post", "/links", link),
    ]

    for place, (method, path, body) in enumerate(calls):
        first = machine.ask(method, path, body, Idempotency_Key=f"k{place}")
        again = machine.ask(method, path, body, Idempotency_Key=f"k{place}")
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["Idempotent-Replayed"] == "true"
    assert ann.links.count() == 2


def _at_once(machines: list[Machine], **headers: str) -> list[HttpResponse]:
    barrier = Barrier(len(machines))

    def send(machine: Machine) -> HttpResponse:
        try:
            barrier.wait()
            return machine.post("/conversions", order(), **headers)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(machines)) as pool:
        return list(pool.map(send, machines))


@pytest.mark.django_db(transaction=True)
def test_two_threads_with_one_key_do_the_work_once(make_machine: Made, ann: Enrollment) -> None:
    first = make_machine()
    second = Machine(first.text, first.key, Client())

    answers = _at_once([first, second], Idempotency_Key="k1")

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    replayed = [answer.headers.get("Idempotent-Replayed", "false") for answer in answers]
    assert sorted(replayed) == ["false", "true"]
    assert (Order.objects.count(), Commission.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_two_threads_without_a_key_take_the_order_once(make_machine: Made, ann: Enrollment) -> None:
    first = make_machine()
    second = Machine(first.text, first.key, Client())

    answers = _at_once([first, second])

    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert answers[0].json() == answers[1].json()
    assert (Order.objects.count(), Commission.objects.count()) == (1, 2)
