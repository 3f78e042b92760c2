"""Whose browser it is: an order of a store proves it; a page that says so may claim what nobody else brought."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import BrowserOrders, Enrollment, Program
from commissions import actions
from commissions.actions import take_beacons
from tests.commissions.test_beacons import fate, sees
from tests.makers import NOON, make_click, make_order
from tracking.models import Click, Conversion, Decision, Identity
from tracking.orders import CustomerIn, Evidence
from tracking.why_not import why_not

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GRACE = CustomerIn("2", email="grace@example.net")


def says(program: Program, enrollment: Enrollment, at: datetime = NOON - HOUR, **data: Any) -> str:
    """A page in a browser of somebody's click says whose browser it is."""
    _click, tid = make_click(enrollment, at, visitor=uuid.uuid4())
    sees(program, "identify", tid=tid, at=at, data={"source": "shop", **data})
    take_beacons()
    return tid


def take(program: Program, number: str = "1001", **fields: Any) -> Conversion:
    conversion = actions.take_orders(program, [make_order(number, **fields)], at=NOON)[0].conversion
    assert conversion
    return conversion


def won(conversion: Conversion) -> int | None:
    return Decision.objects.get(conversion=conversion, is_current=True).enrollment_id


def brakes(conversion: Conversion) -> list[tuple[bool, str]]:
    return list(conversion.commissions.filter(level=1).values_list("is_held", "reason"))


@pytest.mark.parametrize(
    ("trust", "is_credited", "expected"),
    [
        (BrowserOrders.HOLD, True, [(True, "browser_identity")]),
        (BrowserOrders.ACCEPT, True, [(False, "")]),
        (BrowserOrders.REFUSE, False, []),
    ],
)
def test_browser_that_is_only_said_to_be_the_customers_claims(
    program: Program, bob: Enrollment, trust: BrowserOrders, is_credited: bool, expected: Any
) -> None:
    Program.objects.filter(pk=program.pk).update(browser_orders=trust)
    program.refresh_from_db()
    says(program, bob, customer="2")

    conversion = take(program, customer=GRACE)

    assert (won(conversion) == bob.pk, brakes(conversion)) == (is_credited, expected)


def test_claim_of_a_browser_does_not_bind_the_customer(program: Program, bob: Enrollment) -> None:
    says(program, bob, at=NOON - 29 * DAY, customer="2")
    take(program, customer=GRACE)

    assert won(take(program, "1002", customer=GRACE, occurred_at=NOON + 5 * DAY)) is None


def test_orders_own_click_counts_before_what_a_page_says(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    says(program, bob, customer="2")
    _click, tid = make_click(ann, NOON - 2 * HOUR, visitor=uuid.uuid4())

    conversion = take(program, customer=GRACE, evidence=Evidence(tid=tid))

    assert (won(conversion), brakes(conversion)) == (ann.pk, [(False, "")])


def test_page_makes_no_rivals_sale_an_own_purchase(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    says(program, bob, customer="2", email="ann@partner.example")
    _click, tid = make_click(ann, NOON - 2 * HOUR, visitor=uuid.uuid4())

    assert brakes(take(program, customer=CustomerIn("2"), evidence=Evidence(tid=tid))) == [(False, "")]


def test_order_of_a_store_proves_what_a_page_said(program: Program, ann: Enrollment) -> None:
    tid = says(program, ann, customer="2")
    assert set(Identity.objects.values_list("is_proven", flat=True)) == {False}

    take(program, customer=GRACE, evidence=Evidence(tid=tid))

    assert set(Identity.objects.values_list("is_proven", flat=True)) == {True}


def test_order_of_a_browser_proves_nothing(program: Program, bob: Enrollment) -> None:
    _click, tid = make_click(bob, NOON - HOUR, visitor=uuid.uuid4())
    data = {"order": "junk", "total": "1.00", "currency": "EUR", "source": "shop", "customer": "2"}
    sees(program, "conversion", tid=tid, data=data)
    take_beacons()

    conversion = take(program, customer=GRACE)

    assert set(Identity.objects.values_list("is_proven", flat=True)) == {False}
    assert brakes(conversion) == [(True, "browser_identity")]


def test_nobody_learns_whose_orders_are_whose_by_naming_a_person(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    says(program, bob, at=NOON - 40 * DAY, email="grace@example.net")
    take(program, "1001", ref=ann.code, customer=GRACE)
    take(program, "1002", ref=ann.code, customer=CustomerIn(email="other@example.net"))

    assert [why_not(program, bob, number, NOON.date()).found for number in ("1001", "1002")] == [False, False]


# --- a page that was faster than its click ------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["page", "identify"])
def test_page_that_is_faster_than_its_click_waits_for_it(
    program: Program, ann: Enrollment, kind: str
) -> None:
    now = timezone.now()
    click, tid = make_click(ann, now, visitor=uuid.uuid4())
    Click.objects.filter(pk=click.pk).delete()
    data = {"email": "grace@example.net"}
    early = sees(program, kind, 1, tid=tid, at=now, page="https://shop.example.com/x", data=data)
    other = sees(program, "page", 2, at=now)
    assert (take_beacons(), fate(early)[0], fate(other)[0]) == (1, "waiting", "taken")

    click.save(force_insert=True)

    assert (take_beacons(), fate(early)) == (1, ("taken", ""))
    click.refresh_from_db()
    assert (click.landing == "https://shop.example.com/x", Identity.objects.count()) == (
        (True, 0) if kind == "page" else (False, 1)
    )


def test_page_whose_click_never_came_is_closed_after_a_day(program: Program, ann: Enrollment) -> None:
    at = timezone.now() - timedelta(hours=25)
    click, tid = make_click(ann, at)
    Click.objects.filter(pk=click.pk).delete()
    beacon = sees(program, "page", tid=tid, at=at, page="https://shop.example.com/x")

    assert (take_beacons(), fate(beacon)) == (1, ("taken", ""))
