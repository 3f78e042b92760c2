"""A code that was retired: orders from before still count by it, whenever they are told, and later ones do not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from affiliates.actions import create_coupon, retire_coupon
from affiliates.models import Coupon
from commissions import actions
from commissions.ledger import balances
from tests.makers import FOUNDED, NOON, make_order
from tests.story.books import breaches
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def coupon(ann) -> Coupon:
    """Ann's code, retired at noon."""
    return retire_coupon(create_coupon(ann, "ann10", at=FOUNDED), at=NOON)


def take(program, *orders):
    return actions.take_orders(program, orders, at=NOON + 2 * HOUR)


def pending(enrollment) -> int:
    return balances(enrollment)["pending"]


def why_of(taken) -> list[str]:
    return [use["why"] for use in taken.conversion.decision.trace["coupons"]]


def test_order_from_before_counts_also_when_it_is_told_later(program, ann, coupon):
    taken = take(program, make_order("1", coupons=("ANN10",), occurred_at=NOON - timedelta(seconds=1)))[0]

    assert (pending(ann), why_of(taken)) == (1000, [""])
    assert taken.conversion.decision.coupon == coupon
    assert breaches() == []


def test_order_from_that_moment_on_does_not(program, ann, coupon):
    taken = take(program, make_order("1", coupons=("ANN10",), occurred_at=NOON))[0]

    assert (pending(ann), why_of(taken)) == (0, ["inactive"])


def test_order_that_was_credited_keeps_its_credit_through_revisions_and_refunds(program, ann):
    coupon = create_coupon(ann, "ann10", at=FOUNDED)
    order = make_order("1", coupons=("ANN10",), occurred_at=NOON - HOUR)
    take(program, order)
    retire_coupon(coupon, at=NOON)

    take(program, replace(order, revision_at=NOON + HOUR, channel="app"))
    kept = pending(ann)
    take(program, replace(order, revision_at=NOON + 2 * HOUR, state=OrderState.VOID))

    assert (kept, pending(ann)) == (1000, 0)
    assert breaches() == []


def test_code_that_was_switched_off_before_that_was_noted_never_counts(program, ann):
    coupon = create_coupon(ann, "ann10", at=FOUNDED)
    Coupon.objects.filter(pk=coupon.pk).update(is_active=False)

    take(program, make_order("1", coupons=("ANN10",), occurred_at=NOON - HOUR))

    assert pending(ann) == 0


def test_retired_code_of_a_member_who_was_stopped_does_not_count(program, ann, coupon):
    type(ann).objects.filter(pk=ann.pk).update(state="suspended")

    take(program, make_order("1", coupons=("ANN10",), occurred_at=NOON - HOUR))

    assert pending(ann) == 0
