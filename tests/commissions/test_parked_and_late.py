"""Orders that cannot be valued yet, and orders that come after those they should have come before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from affiliates.actions import change_program
from affiliates.models import Coupon
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission, Reversal
from commissions.states import IllegalMove
from core.models import Event
from tests.makers import (
    NOON,
    TWO_LEVELS,
    make_enrollment,
    make_order,
    make_plan,
    make_program,
    make_refund,
    percent_plan,
)
from tests.story.books import breaches
from tracking.models import Conversion
from tracking.orders import CustomerIn, RefundLineIn
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
BUYER = CustomerIn(email="buyer@example.net")


def take(program, *orders):
    return actions.take_orders(program, orders, at=NOON)


def pending(enrollment) -> int:
    return balances(enrollment)["pending"]


def test_order_in_another_currency_is_parked_with_the_reason(program, ann):
    taken = take(program, make_order("1", ref=ann.code, currency="USD"))[0]

    assert taken.conversion.state == "parked"
    assert taken.conversion.parked_reason[:23] == "The order is in USD, co"
    assert Commission.objects.count() == 0


def test_parked_conversion_is_valued_once_a_plan_exists(merchant):
    program = make_program(merchant, plan={})
    ann = make_enrollment(program)
    conversion = take(program, make_order("1", ref=ann.code))[0].conversion
    assert conversion.state == "parked"

    actions.create_plan(program, "Late", percent_plan("10"), at=NOON - timedelta(days=1))
    conversion = actions.revalue(conversion, at=NOON)

    assert (conversion.state, pending(ann)) == ("counted", 1000)


def test_late_first_order_binds_the_later_one(program, ann, sue):
    buyer = CustomerIn(email="late@example.net")
    second = make_order("2", customer=buyer, occurred_at=NOON + timedelta(days=3))
    conversion = take(program, second)[0].conversion
    assert conversion.decision.evidence == "nobody"

    take(program, make_order("1", ref=ann.code, customer=buyer))

    conversion = Conversion.objects.get(pk=conversion.pk)
    assert (conversion.decision.evidence, conversion.decision.number) == ("bound", 2)
    assert pending(ann) == 2000


def test_late_first_order_makes_the_later_one_that_of_a_returning_customer(merchant):
    new = {"goal": "sale", "customer": "new"}
    twenty = {"id": "new", "name": "New customers", "when": new, "reward": {"type": "percent", "rate": "20"}}
    body = percent_plan("10")
    program = make_program(merchant, plan={**body, "rules": [*body["rules"], twenty]})
    ann = make_enrollment(program)
    buyer = CustomerIn(email="late@example.net")
    take(program, make_order("2", ref=ann.code, customer=buyer, occurred_at=NOON + timedelta(days=3)))
    assert pending(ann) == 2000

    take(program, make_order("1", ref=ann.code, customer=buyer))

    assert pending(ann) == 2000 + 1000
    assert Event.objects.filter(kind="conversion.recounted").count() == 1


def test_commission_of_an_order_that_changes_its_currency_waits(program, bob):
    order = make_order("1", ref=bob.code)
    commission = take(program, order)[0].conversion.commissions.get()

    take(program, replace(order, currency="USD", revision_at=NOON + timedelta(hours=1)))

    assert actions.approve_due(at=NOON + timedelta(days=60)) == 0
    with pytest.raises(IllegalMove):
        actions.approve(commission, at=NOON + timedelta(days=60))


def test_refund_number_of_another_order_stays_where_it_is(program, bob):
    refund = make_refund("r", gross=5000)
    take(program, make_order("1", ref=bob.code, refunds=(refund,)))

    take(program, make_order("2", ref=bob.code, refunds=(refund,)))

    assert pending(bob) == 500 + 1000


def test_former_sponsor_is_paid_by_its_own_plan(program, ann, sue):
    body = {**TWO_LEVELS, "rules": [{**TWO_LEVELS["rules"][0], "reward": {"type": "percent", "rate": "40"}}]}
    actions.assign_plan(make_plan(program, body=body), enrollment=ann, at=NOON - timedelta(days=9))
    take(program, make_order("2", ref=ann.code, customer=BUYER))
    assert (pending(ann), pending(sue)) == (4000, 500)

    take(program, make_order("1", ref=sue.code, customer=BUYER, occurred_at=NOON - timedelta(days=1)))

    assert (pending(ann), pending(sue)) == (0, 2000)


def test_switch_of_the_program_counts_for_later_orders(program, bob, mia):
    order = make_order("1", ref=bob.code, total=11000, shipping=1000)
    take(program, order)

    program = change_program(program, actor=mia, includes_shipping=True)
    take(program, replace(order, external_id="2"))

    assert breaches() == []
    assert [row.amount for row in Commission.objects.order_by("pk")] == [1000, 1100]
    actions.take_refunds(program, "shop", "1", [make_refund(lines=(RefundLineIn("1", 0, 1000),))], at=NOON)
    assert pending(bob) == 900 + 1100


def test_order_that_waited_for_the_first_plan_is_valued_by_it(merchant, olga):
    program = make_program(merchant, plan={})
    ann = make_enrollment(program)
    conversion = take(program, make_order("1", ref=ann.code))[0].conversion

    actions.create_plan(program, "First", percent_plan("10"), actor=olga, at=NOON + timedelta(days=3))
    actions.create_plan(program, "Second", percent_plan("20"), actor=olga, at=NOON + timedelta(days=3))

    assert actions.revalue(conversion, at=NOON).state == "counted"
    assert pending(ann) == 1000


def test_buyer_named_by_a_later_revision_is_bound(program, ann):
    order = make_order("1", ref=ann.code, customer=CustomerIn())
    take(program, order)
    take(program, make_order("2", customer=BUYER, occurred_at=NOON + timedelta(hours=2)))

    take(program, replace(order, customer=BUYER, revision_at=NOON + timedelta(hours=3)))

    assert pending(ann) == 2000


def test_cancelled_order_earns_nothing_even_if_its_currency_was_changed(program, bob):
    order = make_order("1", ref=bob.code)
    take(program, order)
    dollars = replace(order, currency="USD", revision_at=NOON + timedelta(hours=1))
    assert take(program, dollars)[0].conversion.state == "parked"

    take(program, replace(dollars, state=OrderState.VOID, revision_at=NOON + timedelta(hours=2)))

    assert pending(bob) == 0
    assert [reversal.cause for reversal in Reversal.objects.all()] == ["cancellation"]
    assert breaches() == []


@pytest.mark.parametrize(
    "change", [{"channel": "app"}, {"occurred_at": NOON - timedelta(hours=1)}], ids=["detail", "binding"]
)
def test_revision_of_an_old_order_leaves_a_later_sale_to_a_coupon_that_has_ended(program, ann, bob, change):
    coupon = Coupon.objects.create(program=program, enrollment=ann, code="ann10")
    first = make_order("1", ref=bob.code, customer=BUYER)
    second = make_order("2", coupons=("ANN10",), customer=BUYER, occurred_at=NOON + timedelta(hours=1))
    take(program, first, second)
    Coupon.objects.filter(pk=coupon.pk).update(is_active=False)

    take(program, replace(first, revision_at=NOON + timedelta(days=4), **change))

    assert (pending(ann), pending(bob)) == (1000, 1000)
    assert breaches() == []
