import pytest

from affiliates.models import Enrollment
from tests.portal.api.machine import Machine, order, refund
from tracking.models import Order

pytestmark = pytest.mark.django_db


def test_another_programs_rows_are_404(machine: Machine, eves: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order()).json()
    back = machine.post("/refunds", refund()).json()
    link = ann.links.get()
    commission = made["commissions"][0]["id"]
    paths = [
        f"/conversions/{made['id']}",
        "/conversions/by-source/shop-eu/1001",
        f"/refunds/{back['id']}",
        f"/commissions/{commission}",
        f"/links/{link.pk}",
        f"/affiliates/{ann.code}",
    ]

    assert [machine.get(path).status_code for path in paths] == [200] * 6
    assert [eves.get(path).status_code for path in paths] == [404] * 6


def test_lists_show_the_keys_own_program_only(machine: Machine, eves: Machine, ann: Enrollment) -> None:
    machine.post("/conversions", order())
    machine.post("/refunds", refund())
    nouns = ["conversions", "refunds", "commissions", "links", "affiliates", "payouts"]

    assert [eves.get(f"/{noun}").json() for noun in nouns] == [{"items": [], "next": None}] * 6


def test_another_programs_conversion_is_not_updated(machine: Machine, eves: Machine, ann: Enrollment) -> None:
    made = machine.post("/conversions", order()).json()

    answer = eves.put(f"/conversions/{made['id']}", order(total="500.00"))

    assert answer.status_code == 404
    assert Order.objects.get().total == 12990


def test_the_same_number_in_two_programs_is_two_orders(
    machine: Machine, eves: Machine, ann: Enrollment
) -> None:
    first, second = machine.post("/conversions", order()), eves.post("/conversions", order(total="200.00"))

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.json()["decision"]["affiliate"], second.json()["commissions"]) == (None, [])
    assert sorted(Order.objects.values_list("total", flat=True)) == [12990, 20000]
