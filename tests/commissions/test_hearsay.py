"""A browser's word claims an order for a click; it never releases money, binds a buyer or moves anybody's counters."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from affiliates import actions as affiliates
from affiliates.models import AttributionTerms, BrowserOrders, Enrollment, Program
from commissions import actions
from commissions.actions import take_beacons
from commissions.models import Commission
from core.models import User
from tests.commissions.test_beacons import fate, sees
from tests.makers import NOON, make_click, make_enrollment, make_order, make_program, percent_plan
from tests.story.books import breaches
from tracking.hearsay import without_claim
from tracking.identity import keys_of
from tracking.models import Beacon, Conversion, Customer, Decision, Identity
from tracking.orders import CustomerIn, Evidence, OrderIn

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GRACE = CustomerIn("c-77", email="grace@example.net")
HELD, FREE = (True, "browser_order"), (False, "")


@pytest.fixture(autouse=True)
def books_are_right() -> Any:
    """Whatever a test did, the books are right after it."""
    yield
    assert breaches() == []


def sells(program: Program, number: int = 1, *, tid: str = "", at: datetime = NOON, **data: Any) -> Beacon:
    """A page of thanks tells order 1001 of the shop, and is believed as far as pages are."""
    sold = {"order": "1001", "total": "129.90", "currency": "EUR", "source": "shop", **data}
    beacon = sees(program, "conversion", number, tid=tid, at=at, data=sold)
    take_beacons()
    return beacon


def take(program: Program, order: OrderIn) -> Conversion:
    conversion = actions.take_orders(program, [order], at=NOON)[0].conversion
    assert conversion
    return Conversion.objects.get(pk=conversion.pk)


def won(conversion: Conversion) -> int | None:
    return Decision.objects.get(conversion=conversion, is_current=True).enrollment_id


def brake(conversion: Conversion, enrollment: Enrollment) -> tuple[bool, str]:
    commission = conversion.commissions.get(level=1, enrollment=enrollment)
    return commission.is_held, commission.reason


# --- the store confirms -------------------------------------------------------------------------------------
def test_guessed_number_stays_on_hold_and_binds_nobody(program: Program, bob: Enrollment) -> None:
    _click, tid = make_click(bob, NOON - 20 * DAY)
    sells(program, tid=tid, total="1.00", at=NOON - 20 * DAY)

    first = take(program, make_order("1001", net=50000, customer=GRACE))
    later = take(program, make_order("1002", customer=GRACE, occurred_at=NOON + DAY))

    assert (won(first), brake(first, bob)) == (bob.pk, HELD)
    assert (won(later), later.is_new_customer) == (None, False)


def test_page_that_knew_the_buyers_address_is_believed(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - HOUR)
    sells(program, tid=tid, email="Grace+shop@example.net")

    conversion = take(program, make_order("1001", net=12990, customer=GRACE))

    assert (won(conversion), brake(conversion, ann)) == (ann.pk, FREE)


def test_person_releases_what_the_store_did_not_vouch_for(
    program: Program, ann: Enrollment, mia: User
) -> None:
    _click, tid = make_click(ann, NOON - HOUR)
    sells(program, tid=tid)
    conversion = take(program, make_order("1001", net=12990))

    actions.release(conversion.commissions.get(level=1), actor=mia, at=NOON)
    take(program, replace(make_order("1001", net=10000), revision_at=NOON + HOUR))

    assert brake(conversion, ann) == FREE


def test_coupons_are_always_the_stores(program: Program, bob: Enrollment) -> None:
    affiliates.create_coupon(bob, "BOB15")
    sells(program, coupons=["BOB15"])

    conversion = take(program, make_order("1001", net=50000))

    assert won(conversion) is None


def test_click_of_the_page_stays_beside_the_stores_coupon(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - HOUR)
    sells(program, tid=tid)

    conversion = take(program, make_order("1001", net=12990, coupons=("WELCOME10",)))

    assert (won(conversion), brake(conversion, ann)) == (ann.pk, HELD)


def test_stores_own_way_is_free_at_once(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    _click, tid = make_click(bob, NOON - HOUR)
    sells(program, tid=tid)

    conversion = take(program, make_order("1001", net=12990, ref=ann.code))

    assert (won(conversion), brake(conversion, ann)) == (ann.pk, FREE)
    assert "evidence_by" not in conversion.order.snapshot["metadata"]


def test_time_and_goal_are_the_stores(program: Program, ann: Enrollment) -> None:
    sells(program, at=NOON - 59 * DAY, goal="lead", ref=ann.code)

    conversion = take(program, make_order("1001", net=50000, ref=ann.code))

    commission = conversion.commissions.get(level=1)
    assert (conversion.goal, conversion.occurred_at, conversion.captured_at) == ("sale", NOON, NOON)
    assert (commission.occurred_at, commission.matures_at) == (NOON, NOON + 30 * DAY)
    assert {row.occurred_at for row in conversion.volumes.all()} == {NOON}


def test_suspended_forger_keeps_nothing(
    program: Program, ann: Enrollment, bob: Enrollment, mia: User
) -> None:
    _click, forged = make_click(bob, NOON - DAY)
    sells(program, tid=forged)
    affiliates.suspend(bob, reason="Forged", actor=mia, at=NOON)
    _click, tid = make_click(ann, NOON - HOUR)

    assert won(take(program, make_order("1001", evidence=Evidence(tid=tid)))) == ann.pk


def test_confirmation_lets_the_buyers_later_orders_be_looked_at_again(
    program: Program, ann: Enrollment
) -> None:
    sells(program, ref=ann.code, total="100.00", at=NOON)
    later = take(program, make_order("1002", customer=GRACE, occurred_at=NOON + DAY))
    assert won(later) is None

    take(program, make_order("1001", net=10000, ref=ann.code, customer=GRACE))

    assert won(later) == ann.pk


# --- customers ----------------------------------------------------------------------------------------------
def test_browser_writes_nobody_into_the_register(program: Program) -> None:
    sells(program, customer="c-501", email="friend@example.net")

    assert (Customer.objects.count(), Conversion.objects.get().customer) == (0, None)


@pytest.mark.parametrize("trust", [BrowserOrders.HOLD, BrowserOrders.ACCEPT])
def test_forged_buyer_does_not_survive(
    program: Program, ann: Enrollment, bob: Enrollment, trust: BrowserOrders
) -> None:
    Program.objects.filter(pk=program.pk).update(browser_orders=trust)
    program.refresh_from_db()
    friend = CustomerIn("f-1", email="friend@example.net")
    take(program, make_order("900", ref=bob.code, customer=friend, occurred_at=NOON - 30 * DAY))
    sells(program, email="friend@example.net")
    _click, tid = make_click(ann, NOON - HOUR)

    conversion = take(program, make_order("1001", customer=GRACE, evidence=Evidence(tid=tid)))

    assert (won(conversion), conversion.customer and conversion.customer.external_id) == (ann.pk, "c-77")


# --- the page after the store -------------------------------------------------------------------------------
def test_page_after_the_store_adds_its_click_and_is_held(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - HOUR)
    conversion = take(program, make_order("1001", net=12990, customer=GRACE))

    beacon = sells(program, tid=tid, lines=[{"sku": "MUG", "net": "129.90"}])

    assert fate(beacon) == ("taken", "")
    assert (won(conversion), brake(conversion, ann)) == (ann.pk, HELD)
    assert Conversion.objects.get().order.snapshot["metadata"] == {"evidence_by": "browser"}


def test_page_after_the_store_moves_no_way_that_the_store_named(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    _click, tid = make_click(bob, NOON - HOUR)
    conversion = take(program, make_order("1001", net=12990, ref=ann.code))

    sells(program, tid=tid)

    assert (won(conversion), brake(conversion, ann)) == (ann.pk, FREE)


def test_whoever_gains_by_a_pages_click_is_held(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    AttributionTerms.objects.filter(program=program).update(model="linear")
    visitor = uuid.uuid4()
    make_click(ann, NOON - 3 * DAY, visitor=visitor)
    make_click(bob, NOON - 2 * DAY, visitor=visitor)
    Identity.objects.create(
        program=program,
        visitor=visitor,
        key=keys_of(program.pk, "shop", "c-77")[0],
        at=NOON - 2 * DAY,
        is_proven=True,
    )
    conversion = take(program, make_order("1001", net=12990, customer=GRACE))
    assert (brake(conversion, ann), brake(conversion, bob)) == (FREE, FREE)

    sells(program, tid=make_click(ann, NOON - HOUR)[1])

    assert {one["enrollment"]: one["share"] for one in conversion.decisions.get(is_current=True).credits} == {
        ann.pk: "2/3",
        bob.pk: "1/3",
    }
    assert (brake(conversion, ann), brake(conversion, bob)) == (HELD, FREE)


def test_first_page_that_names_a_number_keeps_it_until_the_store_speaks(
    program: Program, ann: Enrollment
) -> None:
    sells(program, total="1.00")
    _click, tid = make_click(ann, NOON - HOUR)

    second = sells(program, 2, tid=tid)

    assert fate(second)[0] == "refused"
    assert won(take(program, make_order("1001", evidence=Evidence(tid=tid)))) == ann.pk


# --- what is on hold counts for nothing ---------------------------------------------------------------------
BRACKETS = {"type": "brackets", "metric": "base", "period": "month", "mode": "marginal"}
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000", "rate": "20"}]


def test_forged_volume_lifts_no_bracket_until_it_is_released(merchant: Any, mia: User) -> None:
    body = percent_plan("10") | {"schema": 2}
    body["rules"][0]["reward"] = {**BRACKETS, "steps": STEPS}
    program = make_program(merchant, plan=body)
    bob = make_enrollment(program, "Bob Baker", email="b@partner.example")
    _click, tid = make_click(bob, NOON - DAY)
    sells(program, tid=tid, order="junk", total="5000.00", at=NOON - HOUR)
    later = take(program, make_order("1001", net=10000, ref=bob.code)).commissions.get(level=1)
    assert later.net.amount == 1000

    actions.release(Commission.objects.get(conversion__external_id="junk"), actor=mia, at=NOON)
    actions.settle_moved(later.conversion, at=NOON)

    assert later.net.amount == 2000


def test_forged_order_is_nobodys_first_payment(merchant: Any) -> None:
    body = percent_plan("10") | {"schema": 2}
    body["rules"][0]["when"] = {"goal": "sale", "payment": {"from": 1, "to": 1}}
    program = make_program(merchant, plan=body)
    bob = make_enrollment(program, "Bob Baker", email="b@partner.example")
    sells(program, order="junk", customer="c-1", at=NOON - DAY)

    conversion = take(program, make_order("1001", ref=bob.code, customer=CustomerIn("c-1")))

    assert conversion.commissions.get(level=1).net.amount == 1000


def test_stores_own_word_is_without_the_click_that_a_page_added(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - HOUR)
    told = make_order("1001", net=12990)
    take(program, told)
    sells(program, tid=tid)

    known = Conversion.objects.get().order.as_value()

    assert known.evidence.tid == tid
    assert without_claim(known) == told
