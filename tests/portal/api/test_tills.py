"""Tills and telephone systems send their sales through the API: by the code that was spoken, or by a coupon."""

from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment
from portal.api import examples
from tests.makers import FOUNDED
from tests.portal.api.machine import Machine
from tracking.models import Conversion, Order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("evidence", "won"), [({"ref": "ann-archer"}, "click"), ({"coupons": ["TILL15"]}, "coupon")]
)
def test_sale_at_a_till_credits_who_was_named(
    machine: Machine, ann: Enrollment, evidence: dict[str, Any], won: str
) -> None:
    create_coupon(ann, "till15", at=FOUNDED)

    answer = machine.post("/conversions", {**examples.TILL, "evidence": evidence})

    decision = Conversion.objects.get().decision
    assert answer.status_code == 201
    assert decision is not None
    assert (decision.enrollment, decision.evidence) == (ann, won)
    assert Order.objects.get().snapshot["channel"] == "store"


def test_till_that_sends_twice_is_counted_once(machine: Machine, ann: Enrollment) -> None:
    codes = [machine.post("/conversions", examples.TILL).status_code for _ in range(2)]

    assert codes == [201, 200]
    assert Order.objects.count() == 1
