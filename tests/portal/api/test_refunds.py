import pytest

from affiliates.models import Enrollment
from commissions.models import Commission
from tests.portal.api.machine import PROBLEM, Machine, order, pointers, refund
from tracking.models import Refund

pytestmark = pytest.mark.django_db


def test_a_refund_by_lines_takes_its_part_back(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())

    answer = machine.post("/refunds", refund())

    assert answer.status_code == 201
    assert answer.json() == {
        "id": Refund.objects.get().pk,
        "source": "shop-eu",
        "external_id": "r1",
        "conversion_external_id": "1001",
        "kind": "refund",
        "occurred_at": "2026-11-05T09:00:00Z",
        "currency": "EUR",
        "gross": None,
        "lines": [{"external_id": "l1", "quantity": 1, "net": "41.93"}],
        "reason": "",
        "waiting": False,
    }
    assert Commission.objects.get(enrollment=ann).net.amount == 420


def test_a_gross_refund_takes_a_proportional_part(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    said = refund(gross="64.95")
    del said["lines"]

    answer = machine.post("/refunds", said)

    assert (answer.status_code, answer.json()["gross"]) == (201, "64.95")
    assert Commission.objects.get(enrollment=ann).net.amount == 420


def test_a_refund_before_its_order_is_202_and_applied_when_it_comes(
    machine: Machine, ann: Enrollment
) -> None:
    answer = machine.post("/refunds", refund())

    assert (answer.status_code, answer.json()["waiting"]) == (202, True)
    body = machine.post("/conversions", order()).json()
    assert (body["commissions"][0]["amount"], body["commissions"][0]["net"]) == ("8.39", "4.20")


def test_the_same_refund_again_is_200_with_the_same_body(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    first = machine.post("/refunds", refund())

    again = machine.post("/refunds", refund())

    assert (again.status_code, again.json()) == (200, first.json())
    assert Commission.objects.get(enrollment=ann).net.amount == 420


def test_another_refund_under_the_same_number_is_409(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    machine.post("/refunds", refund())

    answer = machine.post("/refunds", refund(lines=[{"external_id": "l1", "quantity": 2, "net": "83.86"}]))

    assert (answer.status_code, answer.headers["Content-Type"]) == (409, PROBLEM)
    assert answer.json()["differences"] == {
        "lines": [
            [{"external_id": "l1", "quantity": 1, "net": "41.93"}],
            [{"external_id": "l1", "quantity": 2, "net": "83.86"}],
        ]
    }
    assert Commission.objects.get(enrollment=ann).net.amount == 420


def test_a_cancellation_needs_neither_lines_nor_amount(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    said = refund(kind="cancellation")
    del said["lines"]

    answer = machine.post("/refunds", said)

    assert answer.status_code == 201
    assert Commission.objects.get(enrollment=ann).net.amount == 0


def test_a_refund_of_a_line_that_the_order_lacks_is_422(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())

    answer = machine.post("/refunds", refund(lines=[{"external_id": "l9", "quantity": 1}], currency="USD"))

    assert answer.status_code == 422
    assert pointers(answer) == ["/currency", "/lines/0/external_id"]
    assert Refund.objects.count() == 0


def test_a_refund_needs_lines_or_an_amount_not_both(machine: Machine) -> None:
    neither = refund()
    del neither["lines"]

    assert pointers(machine.post("/refunds", neither)) == ["/lines"]
    assert pointers(machine.post("/refunds", refund(gross="1.00"))) == ["/gross"]


def test_a_refund_before_its_order_is_read_in_the_currency_that_it_names(machine: Machine) -> None:
    said = refund(gross="7500", currency="JPY")
    del said["lines"]

    answer = machine.post("/refunds", said)

    assert (answer.status_code, answer.json()["gross"]) == (202, "7500")
    assert Refund.objects.get().gross == 7500


def test_refunds_are_listed_by_state_and_read_by_id(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    applied = machine.post("/refunds", refund()).json()
    waiting = machine.post("/refunds", refund("r2", conversion_external_id="9")).json()

    assert machine.get("/refunds").json() == {"items": [waiting, applied], "next": None}
    assert machine.get("/refunds?state=waiting").json()["items"] == [waiting]
    assert machine.get("/refunds?state=applied&source=shop-eu").json()["items"] == [applied]
    assert machine.get(f"/refunds/{applied['id']}").json() == applied
