"""Taking back and giving again move others, in any order and at the same moment, and the books stay right."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from commissions.states import IllegalMove
from tests import makers
from tests.commissions.test_at_once import overlapping
from tests.commissions.test_volumes import counting, order, run_jobs, take, worth
from tests.examples import examples
from tests.makers import NOON, make_order, make_payable, make_refund
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=31)
NOTHING = {"pending": 0, "payable": 0, "in_transit": 0, "paid": 0}
EXAMPLES = examples(120, "TAKING_BACK_EXAMPLES")


def test_others_move_down_and_up_again_with_the_volume(merchant, mia):
    program = counting(merchant)
    ann = makers.make_enrollment(program)
    take(program, order("1", 100000, ann), order("2", 10000, ann, 1))
    first = Commission.objects.get(conversion__external_id="1")
    before = worth(ann)
    actions.approve(first, at=first.matures_at)

    actions.take_back(first, reason="No.", actor=mia, at=LATER)
    run_jobs()
    assert (worth(ann), breaches()) == ({"1": 0, "2": 1000}, [])

    actions.reinstate(first, reason="Yes.", actor=mia, at=LATER)
    run_jobs()
    assert (worth(ann), breaches()) == (before, [])


def test_bonus_that_is_given_again_is_what_is_owed_now(merchant, mia):
    bonus = {
        "id": "b",
        "name": "Start",
        "amount": "50.00",
        "metric": "base",
        "period": "month",
        "target": "500.00",
    }
    program = counting(merchant, bonuses=[bonus])
    ann = makers.make_enrollment(program)
    take(program, order("1", 100000, ann))
    row = Commission.objects.get(kind="bonus")
    actions.decline(row, reason="No.", actor=mia)
    actions.take_refunds(program, "shop", "1", [make_refund(gross=100000)], at=NOON)
    run_jobs()

    again = actions.reinstate(row, reason="Yes.", actor=mia, at=NOON)
    run_jobs()

    assert (again.state, Commission.objects.with_net().get(pk=row.pk).net.amount) == ("pending", 0)
    assert breaches() == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["sell", "sell", "approve", "refund", "back", "decline", "again", "again", "settle", "hold"]
        ),
        st.integers(0, 5),
        st.integers(1, 60000),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(STEPS, st.booleans())
def test_books_are_right_after_any_sequence(merchant, mia, steps, is_counting):
    with transaction.atomic():
        program = counting(merchant) if is_counting else makers.make_program(merchant, plan=makers.TWO_LEVELS)
        sue = makers.make_enrollment(program, "Sue")
        ann = makers.make_enrollment(program, sponsor=sue)
        actions.take_orders(program, [make_order("0", net=60000, ref=ann.code)], at=NOON)
        for number, (deed, place, net) in enumerate(steps, 1):
            try_one(program, ann, mia, deed, place, net, number)
            run_jobs()
            assert breaches() == []
        transaction.set_rollback(True)


def try_one(program, ann, mia, deed, place, net, number):
    """Do one deed with one of what is there; what may not be done is refused and changes nothing."""
    if deed == "sell":
        actions.take_orders(program, [order(str(number), net, ann, number)], at=NOON)
        return
    rows = list(Commission.objects.filter(program=program).order_by("pk"))
    row = rows[place % len(rows)]
    if deed == "refund" and row.conversion:
        refund = make_refund(f"r{number}", gross=net)
        actions.take_refunds(program, "shop", row.conversion.external_id, [refund], at=LATER)
    elif deed == "settle" and row.conversion:
        actions.settle_moved(row.conversion, at=LATER)
    elif deed in VERBS:
        try:
            VERBS[deed](row, mia)
        except IllegalMove:
            assert row.state != "pending" or row.is_held


VERBS = {
    "approve": lambda row, mia: actions.approve(row, at=row.matures_at),
    "back": lambda row, mia: actions.take_back(row, reason="No.", actor=mia, at=LATER),
    "decline": lambda row, mia: actions.decline(row, reason="No.", actor=mia, at=LATER),
    "again": lambda row, mia: actions.reinstate(row, reason="Yes.", actor=mia, at=LATER),
    "hold": lambda row, mia: actions.hold(row, reason="fraud:orders", at=LATER),
}


@pytest.mark.django_db(transaction=True)
def test_refund_that_comes_while_it_is_taken_back_takes_nothing_twice(program, bob, mia):
    commission = make_payable(bob, external_id="7")
    refund = partial(actions.take_refunds, program, "shop", "7", [make_refund(gross=40000)], at=LATER)

    overlapping(partial(actions.take_back, commission, reason="No.", actor=mia, at=LATER), refund)

    assert (balances(bob), breaches()) == (NOTHING, [])


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_take_it_back_once(bob, mia, rita):
    commission = make_payable(bob)

    overlapping(
        partial(actions.take_back, commission, reason="No.", actor=mia, at=LATER),
        partial(actions.take_back, commission, reason="No.", actor=rita, at=LATER),
    )

    assert (balances(bob), breaches()) == (NOTHING, [])
    assert commission.reversals.count() == 1
