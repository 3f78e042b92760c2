"""A sale of several partners is found by each of them, and tells each only its own part."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import AttributionTerms, Enrollment, Program
from commissions.actions import take_orders
from portal.affiliate.earned import shown
from portal.affiliate.earnings import sentences
from portal.affiliate.road import road
from portal.keys import create_key
from reports.roads import of_conversion
from tests.makers import NOON, make_click, make_order
from tracking.models import Conversion
from tracking.orders import CustomerIn, Evidence

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BUYER = CustomerIn(email="carl@example.net")


@pytest.fixture
def shared(program: Program, ann: Enrollment, bob: Enrollment) -> Conversion:
    """An order that Ann and Bob brought, two parts of three to Bob, who is the principal."""
    AttributionTerms.objects.filter(program=program).update(model="linear")
    visitor = uuid.uuid4()
    for place, enrollment in enumerate((bob, ann, bob)):
        _click, tid = make_click(enrollment, NOON - (3 - place) * DAY, visitor=visitor)
    order = make_order("77", evidence=Evidence(tid=tid), customer=BUYER)
    conversion = take_orders(program, [order], at=NOON)[0].conversion
    assert conversion
    return conversion


def one(enrollment: Enrollment) -> Any:
    return shown(enrollment).get()


def listed(client: Any, program: Program, code: str) -> list[str]:
    secret = create_key(program, "Tests", ["conversions:read"])[1]
    answer = client.get(
        f"/api/v1/conversions?affiliate={code}", headers={"authorization": f"Bearer {secret}"}
    )
    return [row["external_id"] for row in answer.json()["items"]]


def test_api_finds_it_by_every_partner_who_shares(client, program, shared, ann, bob, sue):
    found = [listed(client, program, enrollment.code) for enrollment in (ann, bob, sue)]

    assert found == [["77"], ["77"], []]


def test_api_finds_it_no_more_once_it_is_somebody_elses(client, program, shared, ann, bob, sue):
    earlier = make_order("76", ref=sue.code, customer=BUYER, occurred_at=NOON - 20 * DAY)
    take_orders(program, [earlier], at=NOON)

    assert (listed(client, program, ann.code), listed(client, program, sue.code)) == ([], ["77", "76"])


def test_managers_find_it_by_every_partner_and_see_how_many_share(enter, program, shared, ann, bob, mia):
    page = enter(mia).get("/admin/tracking/conversion/?q=Ann+Archer").content.decode()

    assert page.count("Bob Baker and 1 more") == 1


def test_affiliate_reads_its_own_part_and_nobodys_name(shared, ann, bob):
    steps = road(one(ann))

    assert [(step.title, step.about) for step in steps[:2]] == [
        ("Your link was followed: ann-archer", "31 October 2026, 12:00"),
        ("You were one of 2 partners who contributed", "Your share is 1/3."),
    ]
    assert (
        sentences(one(ann))[0].text
        == "You were one of 2 partners who contributed to this sale. Your share is 1/3."
    )
    told = " ".join(
        [*(f"{step.title} {step.about}" for step in steps), *(s.text for s in sentences(one(ann)))]
    )
    assert ("Bob" in told, "bob" in told) == (False, False)


def test_affiliate_who_lost_a_sale_hears_nothing_of_who_has_it_now(program, shared, ann, bob, sue):
    earlier = make_order("76", ref=sue.code, customer=BUYER, occurred_at=NOON - 20 * DAY)
    take_orders(program, [earlier], at=NOON)

    titles = [step.title for step in road(one(ann))]

    assert titles == ["The customer bought", "The sale was credited to somebody else"]


def test_road_of_a_conversion_names_all_who_share(shared):
    words = [step.words for step in of_conversion(shared)]

    assert words.count("Credited to Bob Baker 66.67 %, Ann Archer 33.33 %: click") == 1
