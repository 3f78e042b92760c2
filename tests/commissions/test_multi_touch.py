"""A sale of several partners, to the cent: accrued, refunded, decided anew, held; and the books stay right."""

import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from affiliates import actions as affiliates
from affiliates.models import AttributionTerms, Enrollment, Program
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from core.models import Event
from tests.makers import (
    NOON,
    make_click,
    make_enrollment,
    make_order,
    make_plan,
    make_refund,
    percent_plan,
)
from tests.story.at_once import at_once
from tests.story.books import books, breaches
from tracking.hearsay import OLDEST
from tracking.models import Conversion, Decision, Journey
from tracking.orders import CustomerIn, Evidence, OrderIn, RefundLineIn
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BUYER = CustomerIn(email="buyer@example.net")


def use(program: Program, model: str, **fields: Any) -> None:
    AttributionTerms.objects.filter(program=program).update(model=model, **fields)


def touched(*enrollments: Enrollment, days: float = 10) -> Evidence:
    """Clicks of one browser, a day apart, the last one named by the store."""
    visitor = uuid.uuid4()
    for place, enrollment in enumerate(enrollments):
        _click, tid = make_click(enrollment, NOON - (days - place) * DAY, visitor=visitor)
    return Evidence(tid=tid)


def take(program: Program, *orders: OrderIn, **fields: Any) -> Conversion:
    conversion = actions.take_orders(program, orders, at=NOON, **fields)[-1].conversion
    assert conversion
    return conversion


def pending(*enrollments: Enrollment) -> list[int]:
    return [balances(enrollment)["pending"] for enrollment in enrollments]


def shares(conversion: Conversion) -> list[tuple[int, str]]:
    decision = Decision.objects.get(conversion=conversion, is_current=True)
    return [(credit["enrollment"], credit["share"]) for credit in decision.credits]


@pytest.fixture
def cid(program: Program) -> Enrollment:
    """A third partner."""
    return make_enrollment(program, "Cid Cook", email="cid@partner.example")


def test_three_partners_share_to_the_cent(program, ann, bob, cid, sue):
    use(program, "linear")

    conversion = take(program, make_order(evidence=touched(ann, bob, cid)))

    assert shares(conversion) == [(cid.pk, "1/3"), (bob.pk, "1/3"), (ann.pk, "1/3")]
    assert pending(ann, bob, cid) == [334, 333, 333]
    assert pending(sue) == [167]  # Ann's third of level 2; the others have no sponsor
    assert breaches() == []


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("last_click", [0, 0, 1000]),
        ("first_click", [1000, 0, 0]),
        ("position", [400, 200, 400]),
        ("time_decay", [301, 332, 367]),  # a day apart, at a half-life of a week
    ],
)
def test_each_model_shares_as_it_says(program, ann, bob, cid, model, expected):
    use(program, model)

    take(program, make_order(evidence=touched(ann, bob, cid)))

    assert pending(ann, bob, cid) == expected
    assert breaches() == []


def test_refunds_take_back_by_share_and_all_of_it_in_the_end(program, ann, bob, cid):
    use(program, "linear")
    take(program, make_order("1", evidence=touched(ann, bob, cid)))

    nets = (3333, 3333, 3334)
    left = []
    for number, net in enumerate(nets):
        refund = make_refund(f"r{number}", lines=(RefundLineIn("1", 0, net),))
        actions.take_refunds(program, "shop", "1", [refund], at=NOON)
        left.append(pending(ann, bob, cid))
        assert breaches() == []

    assert left[-1] == [0, 0, 0]
    assert left[0] == [223, 222, 222]


def test_same_order_again_changes_nothing(program, ann, bob):
    use(program, "linear")
    order = make_order("1", evidence=touched(ann, bob))
    take(program, order)
    before = books()

    take(program, order)

    assert books() == before


def test_late_first_order_takes_the_whole_of_the_later_one(program, ann, bob, cid):
    use(program, "linear")
    later = make_order("2", evidence=touched(ann, bob), customer=BUYER)
    conversion = take(program, later)
    assert pending(ann, bob, cid) == [500, 500, 0]

    first = make_order("1", ref=cid.code, customer=BUYER, occurred_at=NOON - 20 * DAY)
    take(program, first)

    assert shares(conversion) == [(cid.pk, "1")]
    assert pending(ann, bob, cid) == [0, 0, 2000]
    told = Event.objects.get(kind="decision.replaced").data["shares"]
    assert told == [{str(bob.pk): "1/2", str(ann.pk): "1/2"}, {str(cid.pk): "1"}]
    assert breaches() == []


def test_order_of_arrival_does_not_change_the_books(program, ann, bob, cid):
    use(program, "linear")
    orders = [
        make_order("1", evidence=touched(cid), customer=BUYER, occurred_at=NOON - 5 * DAY),
        make_order("2", evidence=touched(ann, bob), customer=BUYER),
    ]
    take(program, *orders)
    straight = pending(ann, bob, cid)

    turned = [
        replace(order, external_id=f"9{order.external_id}", customer=CustomerIn("c9")) for order in orders
    ]
    take(program, turned[1])
    take(program, turned[0])

    assert pending(ann, bob, cid) == [2 * amount for amount in straight]
    assert breaches() == []


def test_customer_is_bound_to_the_principal(program, ann, bob):
    use(program, "position")
    take(program, make_order("1", evidence=touched(ann, bob, ann), customer=BUYER))

    second = take(program, make_order("2", customer=BUYER, occurred_at=NOON + DAY))

    assert shares(second) == [(ann.pk, "1")]


def test_partner_who_was_suspended_has_no_share(program, ann, bob, mia):
    use(program, "linear")
    evidence = touched(ann, bob)
    affiliates.suspend(bob, reason="Spam", actor=mia, at=NOON)

    conversion = take(program, make_order(evidence=evidence))

    assert shares(conversion) == [(ann.pk, "1")]
    why = {row["enrollment"]: row["why"] for row in conversion.decision.trace["touches"]}
    assert why == {ann.pk: "", bob.pk: "inactive"}


def test_partner_who_is_suspended_later_keeps_the_share(program, ann, bob, cid, mia):
    use(program, "linear")
    conversion = take(program, make_order("2", evidence=touched(ann, bob), customer=BUYER))
    affiliates.suspend(bob, reason="Spam", actor=mia, at=NOON)

    take(program, make_order("1", ref=cid.code, customer=BUYER, occurred_at=NOON - 20 * DAY))

    assert shares(conversion) == [(bob.pk, "1/2"), (ann.pk, "1/2")]
    assert breaches() == []


def test_plan_of_the_principal_values_the_whole_sale(program, ann, bob, mia):
    use(program, "linear")
    actions.assign_plan(
        make_plan(program, body=percent_plan("20")), enrollment=bob, actor=mia, at=NOON - 300 * DAY
    )

    take(program, make_order("1", evidence=touched(ann, bob)))  # of equal shares, Bob's touch is the later
    take(program, make_order("2", evidence=touched(bob, ann)))

    amounts = Commission.objects.filter(level=1).values_list(
        "conversion__external_id", "enrollment", "amount"
    )
    assert set(amounts) == {("1", ann.pk, 1000), ("1", bob.pk, 1000), ("2", ann.pk, 500), ("2", bob.pk, 500)}


def test_bonus_goes_by_the_partners_own_plan(program, ann, bob, mia):
    use(program, "linear")
    bonus = {
        "id": "b",
        "name": "Ten",
        "amount": "7.00",
        "metric": "base",
        "period": "month",
        "target": "10.00",
    }
    body = percent_plan("20") | {"schema": 2, "bonuses": [bonus]}
    actions.assign_plan(make_plan(program, body=body), enrollment=bob, actor=mia, at=NOON - 300 * DAY)

    conversion = take(program, make_order("1", evidence=touched(ann, bob)))
    actions.follow_volume(conversion, [ann.pk, bob.pk], at=NOON)

    earned = Commission.objects.filter(kind="bonus").values_list("enrollment", "amount")
    assert list(earned) == [(bob.pk, 700)]
    assert breaches() == []


def test_own_purchase_holds_only_what_derives_from_it(program, ann, bob, sue):
    use(program, "linear")

    conversion = take(
        program, make_order(evidence=touched(ann, bob), customer=CustomerIn(email="Ann+shop@partner.example"))
    )

    held = {row.enrollment_id: (row.is_held, row.reason) for row in conversion.commissions.all()}
    own = (True, "self_referral:email")
    assert held == {ann.pk: own, sue.pk: own, bob.pk: (False, "")}
    assert Event.objects.filter(kind="commission.held").count() == 2


def test_journey_is_kept_with_the_decision_and_replaced_with_it(program, ann, bob, cid):
    use(program, "linear")
    conversion = take(program, make_order("2", net=9000, evidence=touched(ann, bob, days=2), customer=BUYER))
    journey = Journey.objects.get(conversion=conversion)
    assert (journey.path, journey.value, journey.currency) == (
        [[ann.pk, 2 * 86400, "c"], [bob.pk, 86400, "c"]],
        9000,
        "EUR",
    )

    take(program, make_order("1", ref=cid.code, customer=BUYER, occurred_at=NOON - 20 * DAY))

    assert Journey.objects.filter(conversion=conversion).count() == 1
    assert Journey.objects.get(conversion=conversion).path == journey.path  # the touches are what they were


def test_cancellation_takes_every_share_back(program, ann, bob, sue):
    use(program, "linear")
    order = make_order("1", evidence=touched(ann, bob))
    take(program, order)

    take(program, replace(order, state=OrderState.VOID, revision_at=NOON + HOUR))

    assert pending(ann, bob, sue) == [0, 0, 0]
    assert breaches() == []


# --- orders that only a browser has told --------------------------------------------------------------------
def reported(number: str, **fields: Any) -> OrderIn:
    order = make_order(number, **fields)
    return replace(order, metadata={"reported_by": "browser"}, revision_at=OLDEST)


def test_order_told_by_a_browser_is_held_until_the_shop_confirms_it(program, ann):
    order = reported("1", ref=ann.code)
    commission = take(program, order).commissions.get(enrollment=ann)
    assert (commission.is_held, commission.reason) == (True, "browser_order")

    take(program, replace(order, metadata={}, revision_at=NOON))

    commission.refresh_from_db()
    assert (commission.is_held, commission.reason) == (False, "")
    assert Event.objects.filter(kind="commission.released", subject_id=str(commission.pk)).count() == 1


def test_program_that_trusts_browsers_holds_nothing(program, ann):
    program.browser_orders = "accept"
    program.save()

    assert take(program, reported("1", ref=ann.code)).commissions.get(level=1).is_held is False


def test_hold_by_a_person_stays_when_the_shop_confirms(program, ann, mia):
    order = reported("1", ref=ann.code)
    commission = take(program, order).commissions.get(enrollment=ann)
    actions.release(commission, actor=mia, at=NOON)
    actions.hold(commission, reason="Looks odd", actor=mia, at=NOON)

    take(program, replace(order, metadata={}, revision_at=NOON))

    commission.refresh_from_db()
    assert (commission.is_held, commission.reason) == (True, "Looks odd")


def test_confirmation_that_shows_an_own_purchase_keeps_the_hold(program, ann, sue):
    order = reported("1", ref=ann.code, customer=CustomerIn())
    conversion = take(program, order)

    own = CustomerIn(email="ann@partner.example")
    take(program, replace(order, metadata={}, revision_at=NOON, customer=own))

    held = dict(conversion.commissions.values_list("enrollment", "reason"))
    assert held == {ann.pk: "self_referral:email", sue.pk: "self_referral:email"}


def test_order_that_only_a_browser_told_binds_nobody(program, ann, bob):
    take(program, reported("1", ref=ann.code, customer=BUYER))

    second = take(program, make_order("2", ref=bob.code, customer=BUYER, occurred_at=NOON + DAY))

    assert (shares(second), second.is_new_customer) == ([(bob.pk, "1")], True)


@pytest.mark.django_db(transaction=True)
def test_two_orders_of_one_buyer_at_once_are_shared_as_one_after_the_other(program, ann, bob, cid):
    use(program, "linear")
    first = make_order("1", evidence=touched(cid), customer=BUYER, occurred_at=NOON - HOUR)
    second = make_order("2", evidence=touched(ann, bob), customer=BUYER)

    at_once([partial(take, program, order) for order in (first, second)])

    assert pending(ann, bob, cid) == [0, 0, 2000]
    assert breaches() == []
