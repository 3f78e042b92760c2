from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.actions import publish
from commissions.models import Commission
from portal.api.examples import LEAD
from tests.makers import NOON, TEN_PERCENT
from tests.portal.api.machine import PROBLEM, Machine, order
from tracking.models import Conversion, Order
from tracking.subscriptions import standing

pytestmark = pytest.mark.django_db


def test_an_order_is_answered_with_its_decision_and_commissions(machine: Machine, ann: Enrollment) -> None:
    answer = machine.post("/conversions", order())

    assert answer.status_code == 201
    body = answer.json()
    assert (body["source"], body["external_id"], body["total"], body["currency"]) == (
        "shop-eu",
        "1001",
        "129.90",
        "EUR",
    )
    assert (body["state"], body["parked"], body["revision"]) == ("counted", None, 1)
    assert (body["occurred_at"], body["captured_at"]) == ("2026-11-02T14:02:11Z", "2026-11-02T14:02:15Z")
    assert (body["decision"]["affiliate"], body["decision"]["evidence"]) == ("ann-archer", "click")
    assert [(one["affiliate"], one["level"], one["amount"]) for one in body["commissions"]] == [
        ("ann-archer", 1, "8.39"),
        (ann.sponsor.code, 2, "4.19"),
    ]


def test_a_commission_says_why_in_plain_words(machine: Machine, ann: Enrollment) -> None:
    first = machine.post("/conversions", order()).json()["commissions"][0]

    assert first["explanation"] == [
        "2 x Enamel mug, 83.86 EUR after discounts and before tax. Rule “Everyone” pays 10 %: 8.386 EUR.",
        "Together 8.386 EUR, rounded to 8.39 EUR.",
    ]
    assert first["trace"]["v"] == 2


def test_the_same_order_again_is_answered_200_with_the_same_body(machine: Machine, ann: Enrollment) -> None:
    first = machine.post("/conversions", order())

    again = machine.post("/conversions", order())

    assert again.status_code == 200
    assert again.json() == first.json()
    assert Commission.objects.count() == 2


def test_other_content_is_409_with_the_differences_and_changes_nothing(
    machine: Machine, ann: Enrollment
) -> None:
    first = machine.post("/conversions", order()).json()

    answer = machine.post("/conversions", order(total="139.90"))

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json() == {
        "type": "/api/v1/docs/#problem-conflict",
        "title": "Known with other content",
        "status": 409,
        "detail": "The order is known with other content. Send changes with PUT.",
        "differences": {"total": ["129.90", "139.90"]},
        "conversion": first["id"],
    }
    assert Order.objects.get().total == 12990


def test_without_lines_the_base_is_total_less_tax_and_shipping(machine: Machine, ann: Enrollment) -> None:
    said = order(total="125.64")
    del said["lines"]

    body = machine.post("/conversions", said).json()

    assert body["commissions"][0]["amount"] == "10.00"


def test_an_order_of_nobody_has_no_commissions(machine: Machine, ann: Enrollment) -> None:
    body = machine.post("/conversions", order(evidence={})).json()

    assert (body["decision"]["affiliate"], body["decision"]["evidence"], body["commissions"]) == (
        None,
        "nobody",
        [],
    )


def test_an_order_that_cannot_be_valued_says_why_it_is_parked(machine: Machine, ann: Enrollment) -> None:
    answer = machine.post("/conversions", order(currency="USD"))

    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["commissions"]) == ("parked", [])
    assert body["parked"] == {"reason": Conversion.objects.get().parked_reason}
    assert body["parked"]["reason"] != ""


def test_a_newer_revision_posts_the_difference(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order()).json()
    line = {"external_id": "l1", "quantity": 1, "net": "41.93"}
    newer = order(lines=[line], total="70.00", revision_at="2026-11-03T00:00:00Z")

    answer = machine.put(f"/conversions/{made['id']}", newer)

    assert answer.status_code == 200
    body = answer.json()
    assert body["update"] == {
        "status": "revised",
        "detail": "The revision was taken, and what changed was posted.",
    }
    assert (body["id"], body["revision"], body["total"]) == (made["id"], 2, "70.00")
    assert (body["commissions"][0]["amount"], body["commissions"][0]["net"]) == ("8.39", "4.19")


def test_an_older_revision_is_ignored_and_says_so(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order()).json()
    older = order(total="1.00", lines=[], tax="0", shipping="0", revision_at="2026-11-01T00:00:00Z")

    answer = machine.put("/conversions/by-source/shop-eu/1001", older)

    assert answer.status_code == 200
    assert answer.json()["update"] == {
        "status": "older",
        "detail": "A newer revision is known: this one was ignored.",
    }
    assert {**answer.json(), "update": None} == {**made, "update": None}


def test_an_update_without_a_revision_time_is_the_newest(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    newer: dict[str, Any] = {**order(total="140.00"), "revision_at": None}
    del newer["source"], newer["external_id"]

    answer = machine.put("/conversions/by-source/shop-eu/1001", newer)

    assert (answer.status_code, answer.json()["total"]) == (200, "140.00")


def test_an_update_that_comes_before_its_order_takes_it(machine: Machine, ann: Enrollment) -> None:
    answer = machine.put("/conversions/by-source/shop-eu/1001", order())

    assert (answer.status_code, answer.json()["update"]["status"]) == (201, "created")


def test_an_update_of_another_order_than_the_address_names_is_422(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order()).json()

    answer = machine.put(f"/conversions/{made['id']}", order("1002"))

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/external_id", "detail": "It is not what the address names."}
    ]
    assert Order.objects.count() == 1


def test_an_update_of_an_unknown_id_is_404(machine: Machine) -> None:
    assert machine.put("/conversions/99999999999999999999999", order()).status_code == 404


def test_a_conversion_is_read_by_id_and_by_the_stores_number(machine: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order("a/b c", customer={})).json()

    assert machine.get(f"/conversions/{made['id']}").json() == made
    assert machine.get("/conversions/by-source/shop-eu/a%2Fb%20c").json() == made


@pytest.mark.parametrize("goal", ["sale", "lead", "sign_up", "install", "click", "demo booked"])
def test_any_goal_is_taken_without_lines_and_without_a_price(
    machine: Machine, ann: Enrollment, goal: str
) -> None:
    lead = {name: order()[name] for name in ("source", "external_id", "occurred_at", "currency", "evidence")}

    answer = machine.post("/conversions", {**lead, "goal": goal, "total": "0.00"})

    assert answer.status_code == 201
    body = answer.json()
    assert (body["goal"], body["state"], body["decision"]["affiliate"]) == (goal, "counted", "ann-archer")
    assert Conversion.objects.get().order.as_value().lines == ()


def test_lead_earns_what_the_plan_pays_for_leads(machine: Machine, bob: Enrollment) -> None:
    reward = {"type": "fixed_per_order", "amount": "5.00"}
    body = {**TEN_PERCENT, "rules": [{"id": "l", "name": "Lead", "when": {"goal": "lead"}, "reward": reward}]}
    publish(bob.program.plans.get(), body, at=NOON - timedelta(days=1))
    lead = {**LEAD, "evidence": {"ref": bob.code}}

    answer = machine.post("/conversions", {**lead, "occurred_at": NOON.isoformat()})

    assert [one["amount"] for one in answer.json()["commissions"]] == ["5.00"]


def test_brand_of_a_line_is_kept(machine: Machine, ann: Enrollment) -> None:
    line = {"external_id": "l1", "net": "83.86", "brand": "Acme"}

    assert machine.post("/conversions", order(lines=[line])).status_code == 201
    assert Order.objects.get().as_value().lines[0].brand == "Acme"

    again = machine.post("/conversions", order(lines=[{**line, "brand": ""}]))
    assert again.status_code == 409
    assert list(again.json()["differences"]) == ["lines"]


def test_subscription_of_an_order_is_noted(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order(subscription={"external_id": "s-1", "payment_number": 3}))

    assert Order.objects.get().subscription == "s-1"
    assert standing(Conversion.objects.get()).payment == 3
