"""What is known about an order, gathered from rows."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from affiliates import actions as affiliates
from affiliates.models import CouponKind
from commissions.actions import take_orders
from tests.makers import NOON, make_click, make_order
from tracking.clickid import make, read
from tracking.evidence import sub_ids_of
from tracking.models import Click, Decision
from tracking.orders import CustomerIn, Evidence

pytestmark = pytest.mark.django_db


def decided(program, **fields):
    decision = take_orders(program, [make_order(**fields)], at=NOON)[0].conversion.decision
    return decision.enrollment, decision.evidence


def test_click_id_of_the_store_credits_its_affiliate(program, ann):
    _click, tid = make_click(ann, NOON - timedelta(days=1))

    assert decided(program, evidence=Evidence(tid=tid)) == (ann, "click")


def test_click_whose_row_has_not_come_yet_counts_all_the_same(program, ann):
    tid = make(ann.links.get().pk, NOON - timedelta(days=1))

    assert decided(program, evidence=Evidence(tid=tid)) == (ann, "click")


def test_forged_click_id_counts_for_nothing(program, ann):
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    forged = ("A" if tid[0] != "A" else "B") + tid[1:]

    assert decided(program, evidence=Evidence(tid=forged)) == (None, "nobody")


def test_click_id_of_another_program_counts_for_nothing(program, stranger):
    _click, tid = make_click(stranger, NOON - timedelta(days=1))

    assert decided(program, evidence=Evidence(tid=tid)) == (None, "nobody")


def test_later_click_of_the_same_visitor_wins(program, ann, bob):
    visitor = uuid.uuid4()
    _first, tid = make_click(ann, NOON - timedelta(days=2), visitor=visitor)
    make_click(bob, NOON - timedelta(days=1), visitor=visitor)

    assert decided(program, evidence=Evidence(tid=tid)) == (bob, "click")


def test_click_of_a_bot_counts_for_nothing(program, ann):
    _click, tid = make_click(ann, NOON - timedelta(days=1), is_bot=True)

    assert decided(program, evidence=Evidence(tid=tid)) == (None, "nobody")


def test_referral_code_counts_where_there_is_no_click(program, ann):
    assert decided(program, ref="ANN-archer") == (ann, "click")


def test_window_is_the_one_the_click_was_made_under(program, ann, mia):
    _click, tid = make_click(ann, NOON - timedelta(days=20))
    affiliates.change_terms(program, window_hours=24, bound_days=365, actor=mia, at=NOON - timedelta(days=10))

    assert decided(program, evidence=Evidence(tid=tid)) == (ann, "click")


def test_personal_coupon_wins_whatever_its_case(program, ann, bob):
    affiliates.create_coupon(bob, "Bob15")
    _click, tid = make_click(ann, NOON - timedelta(days=1))

    assert decided(program, evidence=Evidence(tid=tid, coupons=("BOB15",))) == (bob, "coupon")


def test_shared_coupon_is_the_last_resort(program, ann, bob):
    affiliates.create_coupon(bob, "SUMMER", kind=CouponKind.SHARED)

    assert decided(program, ref=ann.code, coupons=("summer",)) == (ann, "click")
    assert decided(program, coupons=("summer",)) == (bob, "shared_coupon")


def test_customer_stays_bound_across_addresses_and_ids(program, ann, bob):
    buyer = CustomerIn(external_id="c1", email="carl@example.net")
    assert decided(program, ref=ann.code, customer=buyer) == (ann, "click")

    later = NOON + timedelta(days=200)
    by_email = CustomerIn(email="Carl+x@example.net")
    assert decided(program, ref=bob.code, customer=by_email, occurred_at=later) == (ann, "bound")


def test_customer_is_free_again_after_a_year_without_an_order(program, ann, bob):
    buyer = CustomerIn(email="carl@example.net")
    decided(program, ref=ann.code, customer=buyer)

    later = NOON + timedelta(days=366)
    assert decided(program, ref=bob.code, customer=buyer, occurred_at=later) == (bob, "click")
    next_day = later + timedelta(days=1)
    assert decided(program, customer=buyer, occurred_at=next_day) == (bob, "bound")


def test_chain_is_frozen_with_the_decision(program, ann, sue, bob, mia):
    conversion = take_orders(program, [make_order(ref=ann.code)], at=NOON)[0].conversion
    affiliates.set_sponsor(ann, bob, actor=mia)

    chain = conversion.decision.credits[0]["chain"]
    assert chain == [{"level": 2, "enrollment": sue.pk, "active": True, "group": ""}]


def test_groups_are_frozen_with_the_decision(program, ann, sue, mia):
    gold, silver = (affiliates.create_group(program, name, actor=mia) for name in ("Gold", "Silver"))
    affiliates.assign_group(ann, gold, actor=mia)
    affiliates.assign_group(sue, silver, actor=mia)

    conversion = take_orders(program, [make_order(ref=ann.code)], at=NOON)[0].conversion
    affiliates.assign_group(ann, silver, actor=mia)

    credit = Decision.objects.get(conversion=conversion).credits[0]
    assert (credit["group"], credit["chain"][0]["group"]) == ("Gold", "Silver")


def test_who_is_in_no_group_has_an_empty_one(program, bob):
    conversion = take_orders(program, [make_order(ref=bob.code)], at=NOON)[0].conversion

    assert conversion.decision.credits == [{"enrollment": bob.pk, "share": "1", "group": "", "chain": []}]


def test_sub_ids_are_those_of_the_click_that_won(program, ann):
    visitor = uuid.uuid4()
    _first, tid = make_click(ann, NOON - timedelta(days=2), visitor=visitor, sub_ids=["blog"])
    make_click(ann, NOON - timedelta(days=1), visitor=visitor, sub_ids=["", "mail"])

    conversion = take_orders(program, [make_order(evidence=Evidence(tid=tid))], at=NOON)[0].conversion

    assert sub_ids_of(conversion.decision) == ("", "mail")


def test_sub_ids_are_frozen_with_the_decision(program, ann):
    link = ann.links.get()
    tid = make(link.pk, NOON - timedelta(days=1))
    order = make_order("1", evidence=Evidence(tid=tid))
    conversion = take_orders(program, [order], at=NOON)[0].conversion
    named = read(tid)
    Click.objects.create(
        id=named.uuid, link=link, enrollment=ann, program=program, at=named.at, sub_ids=["late"]
    )

    take_orders(program, [replace(order, tax=100, revision_at=NOON + timedelta(hours=1))], at=NOON)

    assert sub_ids_of(Decision.objects.get(conversion=conversion)) == ()


def test_other_evidence_than_a_click_has_no_sub_ids(program, ann, bob):
    affiliates.create_coupon(bob, "Bob15")
    _click, tid = make_click(ann, NOON - timedelta(days=1), sub_ids=["blog"])

    order = make_order(evidence=Evidence(tid=tid, coupons=("BOB15",)))
    by_coupon = take_orders(program, [order], at=NOON)[0].conversion
    by_code = take_orders(program, [make_order(ref=ann.code)], at=NOON)[0].conversion

    assert (sub_ids_of(by_coupon.decision), sub_ids_of(by_code.decision)) == ((), ())


def test_decision_of_before_sub_ids_were_noted_has_none():
    assert sub_ids_of(Decision(trace={"v": 1})) == ()


def test_second_order_is_not_of_a_new_customer(program):
    buyer = CustomerIn(email="carl@example.net")
    first = take_orders(program, [make_order(customer=buyer)], at=NOON)[0]
    second = take_orders(
        program, [make_order(customer=buyer, occurred_at=NOON + timedelta(days=1))], at=NOON
    )[0]

    assert (first.conversion.is_new_customer, second.conversion.is_new_customer) == (True, False)
