import pytest

from affiliates.models import Enrollment, Program
from commissions.actions import Taken, take_orders
from portal.api import conversions
from tests.portal.api.machine import Machine, order
from tracking.models import Order
from tracking.orders import OrderIn

pytestmark = pytest.mark.django_db


def test_each_item_stands_or_falls_alone_and_in_order(machine: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order("1"))
    items = [order("1"), order("2"), order("1", total="140.00"), order("3", total="x"), 7, order("2")]

    answer = machine.post("/conversions/bulk", {"items": items})

    assert answer.status_code == 200
    found = answer.json()["items"]
    assert [item["status"] for item in found] == [200, 201, 409, 422, 422, 200]
    assert found[1]["conversion"] == found[5]["conversion"]
    assert found[2]["problem"]["differences"] == {"total": ["129.90", "140.00"]}
    assert [error["pointer"] for error in found[3]["problem"]["errors"]] == ["/total"]
    assert [error["pointer"] for error in found[4]["problem"]["errors"]] == [""]
    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["1", "2"]


def test_an_item_that_breaks_leaves_the_others(
    machine: Machine, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(program: Program, orders: list[OrderIn], **rest: str) -> list[Taken]:
        if any(order.external_id == "2" for order in orders):
            raise RuntimeError("a bug")
        return take_orders(program, orders, mode="create")

    monkeypatch.setattr(conversions, "take_orders", breaking)

    answer = machine.post("/conversions/bulk", {"items": [order("1"), order("2"), order("3")]})

    assert [item["status"] for item in answer.json()["items"]] == [201, 500, 201]
    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["1", "3"]


def test_five_hundred_items_are_looked_at_and_one_more_is_422(machine: Machine) -> None:
    too_many = machine.post("/conversions/bulk", {"items": [7] * 501})
    answer = machine.post("/conversions/bulk", {"items": [7] * 500})

    assert too_many.status_code == 422
    assert too_many.json()["errors"] == [{"pointer": "/items", "detail": "At most 500 items at once."}]
    assert [item["status"] for item in answer.json()["items"]] == [422] * 500


@pytest.mark.parametrize("body", [[], {}, {"items": {}}, {"items": [], "more": 1}, {"conversions": []}])
def test_a_bulk_without_its_one_list_is_422(machine: Machine, body: object) -> None:
    answer = machine.post("/conversions/bulk", body)

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/items", "detail": "Send an object with one list, “items”."}
    ]
