from typing import Any

import pytest

from affiliates.models import Enrollment
from payouts.models import Payout
from tests.makers import NOON, make_commission, make_payable, make_payee
from tests.portal.api.machine import Machine, order, pointers
from tracking.models import Conversion

pytestmark = pytest.mark.django_db


def _numbers(body: dict[str, Any]) -> list[str]:
    return [item["external_id"] for item in body["items"]]


def test_pages_follow_each_other_without_gap_or_overlap(machine: Machine, ann: Enrollment) -> None:
    for number in range(7):
        day = "2026-11-02" if number % 2 else "2026-11-03"  # equal times: the id decides
        machine.post("/conversions", order(str(number), occurred_at=f"{day}T00:00:00.5Z", evidence={}))

    first = machine.get("/conversions?limit=3").json()
    second = machine.get(f"/conversions?limit=3&cursor={first['next']}").json()
    third = machine.get(f"/conversions?limit=3&cursor={second['next']}").json()

    assert _numbers(first) + _numbers(second) + _numbers(third) == ["6", "4", "2", "0", "5", "3", "1"]
    assert third["next"] is None


def test_conversions_are_filtered_by_time_state_affiliate_and_source(
    machine: Machine, ann: Enrollment
) -> None:
    machine.post("/conversions", order("1", occurred_at="2026-11-01T00:00:00Z"))
    machine.post("/conversions", order("2", evidence={}, source="crm"))
    machine.post("/conversions", order("3", currency="USD"))

    def found(query: str) -> list[str]:
        return _numbers(machine.get(f"/conversions?{query}").json())

    assert found("to=2026-11-02T00:00:00Z") == ["1"]
    assert found("from=2026-11-02T00:00:00Z") == ["3", "2"]
    assert found("state=parked") == ["3"]
    assert found("affiliate=ann-archer&state=counted") == ["1"]
    assert found("affiliate=nobody") == []
    assert found("source=crm") == ["2"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=x", "/limit"),
        ("state=odd", "/state"),
        ("from=2026-11-02", "/from"),
        ("afiliate=ann", "/afiliate"),
        ("source=%00", "/source"),
        ("cursor=%%%", "/cursor"),
        ("cursor=bm9uc2Vuc2U", "/cursor"),
        ("cursor=W1syXSwgMV0", "/cursor"),
        ("cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgMV0", "/cursor"),
        ("cursor=WyIyMDI2LTExLTAyVDAwOjAwOjAwWiIsIC0xXQ", "/cursor"),
        ("cursor=WyIyMDI2LTExLTAyVDAwOjAwOjAwWiIsIDk5OTk5OTk5OTk5OTk5OTk5OTk5OV0", "/cursor"),
        ("cursor=é", "/cursor"),
    ],
)
@pytest.mark.parametrize("noun", ["conversions", "payouts"])
def test_a_wrong_filter_is_422(machine: Machine, noun: str, query: str, pointer: str) -> None:
    answer = machine.get(f"/{noun}?{query}")

    assert answer.status_code == 422
    assert pointers(answer)[0] in {pointer, "/source"}


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_asks_as_often_for_three_rows_as_for_one(
    machine: Machine, ann: Enrollment, rows: int, django_assert_num_queries: Any
) -> None:
    for _row in range(rows):
        make_commission(ann)
    machine.get("/me")  # notes the use of the key

    with django_assert_num_queries(7):
        assert len(machine.get("/conversions").json()["items"]) == rows


def test_commissions_are_listed_filtered_and_read_with_their_trace(
    machine: Machine, ann: Enrollment, sue: Enrollment
) -> None:
    earned = make_commission(ann)

    found = machine.get("/commissions?affiliate=ann-archer&state=pending&source=shop").json()["items"]
    one = machine.get(f"/commissions/{earned.pk}").json()

    assert [(item["id"], item["amount"], item["net"], item["state"]) for item in found] == [
        (earned.pk, "10.00", "10.00", "pending")
    ]
    assert one == {**found[0], "trace": earned.trace}
    assert machine.get("/commissions?state=approved").json() == {"items": [], "next": None}


def test_affiliates_are_listed_and_read_by_code(machine: Machine, ann: Enrollment, sue: Enrollment) -> None:
    one = machine.get("/affiliates/ann-archer").json()

    assert (one["id"], one["email"], one["sponsor"], one["state"]) == (
        ann.pk,
        "ann@partner.example",
        sue.code,
        "active",
    )
    assert machine.get("/affiliates?state=active&limit=1").json()["items"] == [one]
    assert machine.get("/affiliates?state=banned").json()["items"] == []


def test_links_are_made_and_listed(machine: Machine, ann: Enrollment) -> None:
    said = {
        "affiliate": "ann-archer",
        "destination": "https://shop.example.com/mugs",
        "name": "Mugs",
        "sub_ids": ["blog"],
    }

    answer = machine.post("/links", said)

    link = answer.json()
    assert answer.status_code == 201
    assert link["url"] == f"http://localhost:8000/r/{link['code']}"
    assert {name: link[name] for name in said} == said
    assert machine.get("/links?affiliate=ann-archer&state=active").json()["items"][0] == link
    assert machine.get(f"/links/{link['id']}").json() == link
    assert machine.get("/links?state=paused").json()["items"] == []


def test_a_link_that_may_not_be_is_refused(machine: Machine, ann: Enrollment, stranger: Enrollment) -> None:
    def said(**fields: str) -> dict[str, str]:
        return {"affiliate": "ann-archer", "destination": "https://shop.example.com/", **fields}

    assert pointers(machine.post("/links", said(destination="https://evil.example/"))) == ["/destination"]
    assert pointers(machine.post("/links", said(destination="javascript:alert(1)"))) == ["/destination"]
    assert pointers(machine.post("/links", said(affiliate=stranger.code))) == ["/affiliate"]
    type(ann).objects.filter(pk=ann.pk).update(state="suspended")
    assert machine.post("/links", said()).status_code == 409
    assert ann.links.count() == 1


def test_payouts_are_listed_and_read(machine: Machine, ann: Enrollment, mia: Any) -> None:
    from payouts.actions import open_batch  # made by a person

    make_payee(ann)
    earned = make_payable(ann)
    open_batch(ann.program, cut_off=earned.matures_at, actor=mia, at=earned.matures_at)

    found = machine.get("/payouts?affiliate=ann-archer&state=draft").json()["items"]

    payout = Payout.objects.get()
    assert [(item["number"], item["amount"], item["currency"]) for item in found] == [
        (payout.number, "100.00", "EUR")
    ]
    assert machine.get(f"/payouts/{payout.pk}").json() == found[0]
    assert machine.get("/payouts?state=paid").json()["items"] == []


def test_times_are_written_in_utc_with_their_fractions(machine: Machine) -> None:
    body = machine.post("/conversions", order(occurred_at="2026-11-02T01:00:00.250+02:00")).json()

    assert body["occurred_at"] == "2026-11-01T23:00:00.250000Z"
    assert Conversion.objects.get().occurred_at < NOON
