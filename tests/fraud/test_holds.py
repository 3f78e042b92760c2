"""What waits because of a case: when the brake goes on, what it leaves alone, and what becomes of it afterwards."""

from datetime import timedelta
from functools import partial

import pytest

from affiliates.models import BrowserOrders
from commissions import actions
from commissions.models import Commission
from commissions.states import IllegalMove, Screening
from commissions.words import reason_in_words
from core.models import Event
from fraud.actions.cases import case_for
from fraud.actions.holds import hold_again, lift, passed, place
from fraud.models import Case, Hold
from fraud.states import Cause
from payouts import actions as payouts
from tests.commissions.test_at_once import overlapping
from tests.commissions.test_beacons import sees
from tests.commissions.test_volumes import run_jobs
from tests.makers import NOON, make_click, make_commission, make_order, make_payable, make_payee
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=60)
SOON = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def books_are_right():
    """Whatever a test did, the books are right after it."""
    yield
    assert breaches() == []


@pytest.fixture
def case(bob):
    return case_for(bob, "orders", at=NOON)


@pytest.fixture
def other_case(bob):
    return case_for(bob, "traffic", at=NOON)


def fresh(commission):
    return Commission.objects.get(pk=commission.pk)


def brake(commission):
    row = fresh(commission)
    return row.is_held, row.reason


def doubted(program, who, number="1001"):
    """A commission that only a buyer's browser has told of."""
    program.browser_orders = BrowserOrders.HOLD
    program.save()
    _click, tid = make_click(who)
    sold = {"order": number, "total": "129.90", "currency": "EUR", "source": "shop"}
    sees(program, "conversion", int(number), tid=tid, at=NOON, data=sold)
    actions.take_beacons()
    return Commission.objects.get(conversion__external_id=number, level=1)


def confirm(program, who, number="1001"):
    """The shop tells the order itself, and by whom the buyer came."""
    actions.take_orders(program, [make_order(number, net=12990, ref=who.code)], at=SOON)


def test_held_commission_is_neither_approved_nor_paid(program, bob, case, mia):
    make_payee(bob)
    pending, payable = make_commission(bob), make_payable(bob)

    assert place(case, [pending, payable], at=NOON) == 2

    assert (brake(pending), brake(payable)) == ((True, "fraud:orders"), (True, "fraud:orders"))
    assert actions.approve_due(at=LATER) == 0
    batch = payouts.open_batch(program, actor=mia, at=LATER)
    assert (batch.payouts.count(), [row.reason for row in batch.held_back.all()]) == (0, ["on_hold"])


def test_placing_again_changes_nothing(bob, case):
    commission = make_commission(bob)
    place(case, [commission], at=NOON)
    told = Event.objects.count()

    assert place(case, [commission], at=SOON) == 0

    assert Event.objects.count() == told
    assert Hold.objects.get().placed_at == NOON


def test_declined_commission_is_not_held(bob, case, mia):
    commission = actions.decline(make_commission(bob), reason="No.", actor=mia)

    assert place(case, [commission], at=NOON) == 0
    assert not Hold.objects.exists()


def test_decided_case_holds_nothing(bob, case):
    Case.objects.filter(pk=case.pk).update(state="decided", verdict="clear", decided_at=NOON)

    with pytest.raises(IllegalMove):
        place(case, [make_commission(bob)], at=NOON)
    assert not Hold.objects.exists()


@pytest.mark.parametrize("cause", Cause.values)
def test_every_cause_is_said_in_words(cause):
    assert reason_in_words(f"fraud:{cause}").startswith("Fraud review: ")


def test_lifted_one_goes_its_usual_way(bob, case, mia):
    commission = make_commission(bob)
    place(case, [commission], at=NOON)

    assert lift(case, reason="Fine.", actor=mia, at=SOON) == 1

    assert (brake(commission), Hold.objects.get().lifted_at) == ((False, ""), SOON)
    assert actions.approve_due(at=LATER) == 1
    assert lift(case, reason="Fine.", actor=mia, at=SOON) == 0


def test_lifted_hold_can_be_put_in_force_again(bob, case, mia):
    commission = make_commission(bob)
    place(case, [commission], at=NOON)
    lift(case, reason="", actor=mia, at=SOON)

    assert place(case, [commission], at=LATER) == 1

    assert (brake(commission), Hold.objects.get().lifted_at) == ((True, "fraud:orders"), None)


# --- several cases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 1])
def test_it_waits_until_the_last_case_lets_it_go(bob, case, other_case, mia, first):
    commission = make_commission(bob)
    both = [case, other_case]
    for one in both:
        place(one, [commission], at=NOON)

    lift(both[first], reason="", actor=mia, at=SOON)
    assert brake(commission) == (True, f"fraud:{both[1 - first].cause}")

    lift(both[1 - first], reason="", actor=mia, at=SOON)
    assert brake(commission) == (False, "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turned", [False, True])
def test_two_cases_that_end_at_one_moment_let_it_go(bob, case, other_case, mia, turned):
    commission = make_commission(bob)
    both = [other_case, case] if turned else [case, other_case]
    for one in (case, other_case):
        place(one, [commission], at=NOON)

    overlapping(*(partial(lift, one, reason="", actor=mia, at=SOON) for one in both))

    assert brake(commission) == (False, "")


# --- what the house holds already --------------------------------------------------------------------------


def test_own_purchase_is_adopted(bob, case, mia):
    commission = actions.hold(make_commission(bob), reason="self_referral:email")

    place(case, [commission], at=NOON)
    assert brake(commission) == (True, "self_referral:email")
    assert Hold.objects.get().was == "self_referral:email"

    lift(case, reason="", actor=mia, at=SOON)
    assert brake(commission) == (False, "")


def test_own_purchase_is_not_released_while_a_case_waits_behind_it(bob, case, mia):
    commission = actions.hold(make_commission(bob), reason="self_referral:email")
    place(case, [commission], at=NOON)

    with pytest.raises(IllegalMove, match="decide the case"):
        actions.release(commission, actor=mia, at=SOON)

    assert (brake(commission), actions.approve_due(at=LATER)) == ((True, "self_referral:email"), 0)
    lift(case, reason="", actor=mia, at=SOON)
    assert actions.approve_due(at=LATER) == 1


def test_colleagues_own_hold_outlives_the_case(bob, case, mia):
    commission = actions.hold(make_commission(bob), reason="Ask the shop.", actor=mia)
    place(case, [commission], at=NOON)

    lift(case, reason="", actor=mia, at=SOON)

    assert brake(commission) == (True, "Ask the shop.")
    actions.release(commission, actor=mia, at=SOON)
    assert actions.approve_due(at=LATER) == 1


def test_doubted_one_stays_doubted_and_counts_for_nothing(program, bob, case, mia):
    commission = doubted(program, bob)

    place(case, [commission], at=NOON)
    assert brake(commission) == (True, "browser_order")
    assert (Hold.objects.get().was, fresh(commission).screening) == ("browser_order", Screening.WAITING)

    lift(case, reason="", actor=mia, at=SOON)
    assert brake(commission) == (True, "browser_order")
    confirm(program, bob)
    assert brake(commission) == (False, "")
    assert actions.approve_due(at=LATER) == 1


def test_doubted_one_that_the_shop_confirms_is_held_by_the_case(program, bob, case, mia):
    commission = doubted(program, bob)
    place(case, [commission], at=NOON)

    confirm(program, bob)
    assert (brake(commission), actions.approve_due(at=LATER)) == ((False, ""), 0)
    run_jobs()
    assert brake(commission) == (True, "fraud:orders")

    lift(case, reason="", actor=mia, at=SOON)
    assert (brake(commission), actions.approve_due(at=LATER)) == ((False, ""), 1)


def test_screening_passes_all_but_what_waits_behind_the_houses_own_hold(program, bob, case):
    waiting, free = doubted(program, bob), make_commission(bob)
    place(case, [waiting, free], at=NOON)

    assert list(passed(Commission.objects.filter(enrollment=bob))) == [free]


def test_nothing_is_held_again_without_an_undecided_case(bob, case, mia):
    commission = make_commission(bob)
    assert hold_again(commission, at=NOON) is False
    place(case, [commission], at=NOON)
    lift(case, reason="", actor=mia, at=SOON)

    assert hold_again(commission, at=SOON) is False
    assert brake(commission) == (False, "")
