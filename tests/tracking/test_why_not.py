"""An affiliate asks about an order and hears why, and nothing about anybody else."""

import uuid
from datetime import timedelta

import pytest

from affiliates import actions as affiliates
from affiliates.models import AttributionTerms
from commissions.actions import take_orders
from tests.makers import NOON, make_click, make_order
from tracking.models import Order
from tracking.orders import CustomerIn, Evidence, LineIn
from tracking.states import OrderState
from tracking.why_not import Answer, why_not

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = NOON.date()
BUYER = CustomerIn(email="carl@example.net")
UNKNOWN = (
    "We know of no order of that number and day that has to do with you: either the shop has not told us of it, "
    "or no click, advertisement or code of yours was recorded before it."
)


def take(program, number="77", **fields):
    return take_orders(program, [make_order(number, **fields)], at=NOON)[0]


def touched(*enrollments, days=5):
    visitor = uuid.uuid4()
    for place, enrollment in enumerate(enrollments):
        _click, tid = make_click(enrollment, NOON - (days - place) * DAY, visitor=visitor)
    return Evidence(tid=tid)


def ask(enrollment, number="77", day=TODAY) -> Answer:
    return why_not(enrollment.program, enrollment, number, day)


def test_credited_with_all_of_it(program, ann):
    take(program, evidence=touched(ann))

    answer = ask(ann)

    assert (answer.found, answer.sentences) == (True, ["You are credited with this order."])
    assert [str(one) for one in answer.touches] == [
        "Link followed: ann-archer, 28 October 2026, 12:00: counted."
    ]


def test_credited_with_a_share_names_nobody_else(program, ann, bob):
    AttributionTerms.objects.update(model="linear")
    take(program, evidence=touched(ann, bob, ann), customer=BUYER)

    answer = ask(bob)

    assert answer.sentences == [
        "You are credited with 33.33 % of this order: you were one of 2 partners who contributed."
    ]
    told = " ".join([*answer.sentences, *map(str, answer.touches)])
    assert [name for name in ("Ann", "ann", "carl", "buyer") if name in told] == []
    assert len(answer.touches) == 1


def test_later_touch_of_somebody_else(program, ann, bob):
    take(program, evidence=touched(ann, bob))

    assert ask(ann).codes == ("earlier",)
    assert (
        ask(ann).touches[0].words == "Link followed: ann-archer, 28 October 2026, 12:00: a later click won."
    )


def test_earlier_touch_of_somebody_else(program, ann, bob):
    AttributionTerms.objects.update(model="first_click")
    take(program, evidence=touched(ann, bob))

    assert ask(bob).codes == ("later",)


def test_click_that_was_too_old_says_how_long_it_counted(program, ann):
    take(program, evidence=touched(ann, days=31))

    assert ask(ann).sentences == [
        "Your click was made more than 30 days before the order, and it counted for no longer."
    ]


def test_personal_code_of_another_partner(program, ann, bob):
    affiliates.create_coupon(bob, "Bob15")
    take(program, evidence=Evidence(tid=touched(ann).tid, coupons=("Bob15",)))

    assert ask(ann).codes == ("beaten_by_coupon",)


def test_customer_of_another_partner(program, ann, bob):
    take(program, "76", ref=bob.code, customer=BUYER, occurred_at=NOON - 40 * DAY)
    take(program, evidence=touched(ann), customer=BUYER)

    assert ask(ann).codes == ("beaten_by_bound",)


def test_click_after_the_order(program, ann, bob):
    visitor = uuid.uuid4()
    _click, tid = make_click(bob, NOON - HOUR, visitor=visitor)
    make_click(ann, NOON + HOUR, visitor=visitor)
    take(program, evidence=Evidence(tid=tid))

    answer = ask(ann)

    assert (answer.found, answer.codes, len(answer.touches)) == (True, ("after_order",), 1)


def test_membership_that_was_not_active(program, ann, mia):
    evidence = touched(ann)
    affiliates.suspend(ann, reason="Spam", actor=mia, at=NOON)
    take(program, evidence=evidence)

    assert ask(ann).codes == ("inactive",)


def test_own_code_that_counts_only_with_a_click(program, ann, bob):
    affiliates.create_coupon(ann, "Ann10", policy="with_click")
    take(program, evidence=Evidence(tid=touched(bob).tid, coupons=("Ann10",)))

    assert ask(ann).codes == ("coupon_no_click",)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (OrderState.OPEN, ("open",)),
        (OrderState.VOID, ("void", "credited")),
        (OrderState.REFUNDED, ("refunded", "credited")),
    ],
)
def test_order_that_is_no_sale(program, ann, state, code):
    order = make_order("77", evidence=touched(ann))
    if state != OrderState.OPEN:
        take_orders(program, [order], at=NOON)
    take(program, evidence=order.evidence, state=state, revision_at=NOON + HOUR)

    assert ask(ann).codes == code


def test_order_that_is_parked(program, ann):
    take(program, evidence=touched(ann), currency="USD")

    assert ask(ann).codes == ("parked", "credited")


def test_goods_that_the_program_leaves_out(program, ann):
    take(program, evidence=touched(ann), lines=(LineIn("1", 10000, excluded=True),))

    assert ask(ann).codes == ("excluded", "credited")


def test_order_of_others_answers_like_one_that_does_not_exist(program, ann, bob):
    make_click(ann, NOON - DAY)
    take(program, evidence=touched(bob), customer=BUYER)

    of_others, of_nobody = ask(ann), ask(ann, "does-not-exist")

    assert of_others == of_nobody
    assert of_others.sentences == [UNKNOWN, "In the 30 days until then your links were followed 1 time."]


def test_day_may_be_three_days_off_and_no_more(program, ann):
    take(program, evidence=touched(ann))

    assert [ask(ann, day=TODAY + days * DAY).found for days in (-4, -3, 3, 4)] == [
        False,
        True,
        True,
        False,
    ]


def test_order_of_another_program_is_not_known(program, other, ann, stranger):
    take(program, evidence=touched(ann))

    assert why_not(other, stranger, "77", TODAY).found is False
    assert why_not(program, stranger, "77", TODAY).found is False


def test_asking_changes_nothing(program, ann):
    take(program, evidence=touched(ann))
    before = list(Order.objects.values())

    ask(ann)

    assert list(Order.objects.values()) == before
