"""What is refused: pending earnings declined, approved and paid ones taken back, and both given again."""

from datetime import timedelta
from functools import partial

import pytest

from affiliates.roles import NotAllowed
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission, Entry
from commissions.states import IllegalMove, Screening
from core.models import Event
from payouts import actions as payouts
from portal.affiliate.earned import in_stage, shown
from portal.affiliate.figures import last_month
from portal.affiliate.payouts import lines
from tests import makers
from tests.examples import examples
from tests.makers import NOON, make_commission, make_payable, make_payee, make_refund
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=31)
NOTHING = {"pending": 0, "payable": 0, "in_transit": 0, "paid": 0}
EXAMPLES = examples(120, "TAKING_BACK_EXAMPLES")


def kinds(commission):
    return list(Entry.objects.filter(commission=commission).order_by("pk").values_list("kind", "amount"))


def pay(program, mia, fin, at=LATER):
    batch = payouts.approve_batch(payouts.open_batch(program, actor=mia, at=at), actor=fin, at=at)
    payout = batch.payouts.get()
    return payouts.mark_paid(payout, reference=f"SEPA {payout.pk}", actor=fin, at=at)


def test_approved_commission_is_taken_back_whole(bob, mia):
    commission = actions.take_back(make_payable(bob), reason="Own orders.", actor=mia, at=LATER)

    assert (commission.state, commission.reason, commission.net.amount) == ("declined", "Own orders.", 0)
    assert kinds(commission) == [("accrual", 10000), ("approval", 10000), ("reversal", 10000)]
    assert Entry.objects.filter(commission=commission).last().actor == mia
    assert balances(bob) == NOTHING
    assert breaches() == []


def test_both_news_say_how_much_was_taken(bob, mia):
    commission = actions.take_back(make_payable(bob), reason="Own orders.", actor=mia, at=LATER)

    told = Event.objects.filter(subject_id=str(commission.pk), actor=mia).order_by("pk")
    assert list(told.values_list("kind", flat=True)) == ["commission.reversed", "commission.declined"]
    assert told[0].data == {"amount": 10000, "cause": "fraud", "left": 0}
    assert told[1].data == {"reason": "Own orders.", "was": "", "held": False, "taken": 10000}


def test_taking_back_twice_takes_once(bob, mia):
    commission = actions.take_back(make_payable(bob), reason="Own orders.", actor=mia, at=LATER)

    actions.take_back(commission, reason="Again.", actor=mia, at=LATER)

    assert balances(bob) == NOTHING
    assert Commission.objects.get(pk=commission.pk).reason == "Own orders."


def test_only_what_refunds_have_left_is_taken(program, bob, mia):
    commission = make_payable(bob, external_id="7")
    actions.take_refunds(program, "shop", "7", [make_refund(gross=40000)], at=NOON)

    actions.take_back(commission, reason="Own orders.", actor=mia, at=LATER)

    assert kinds(commission)[-2:] == [("reversal", 4000), ("reversal", 6000)]
    assert (balances(bob), breaches()) == (NOTHING, [])


def test_refund_after_it_neither_takes_nor_credits(program, bob, mia):
    commission = actions.take_back(make_payable(bob, external_id="7"), reason="No.", actor=mia, at=LATER)

    actions.take_refunds(program, "shop", "7", [make_refund(gross=40000)], at=LATER)
    actions.revalue(commission.conversion, at=LATER)

    assert len(kinds(commission)) == 3
    assert (balances(bob), breaches()) == (NOTHING, [])


def test_pending_one_goes_the_way_of_declining(bob, mia):
    commission = actions.take_back(make_commission(bob), reason="No.", actor=mia)

    assert kinds(commission) == [("accrual", 1000), ("decline", 1000)]
    assert (balances(bob), breaches()) == (NOTHING, [])


def test_paid_one_becomes_a_debt_that_the_next_payout_nets(program, bob, mia, fin):
    make_payee(bob)
    paid = make_payable(bob)
    pay(program, mia, fin)

    actions.take_back(paid, reason="Own orders.", actor=mia, at=LATER)
    assert balances(bob) == {"pending": 0, "payable": -10000, "in_transit": 0, "paid": 10000}

    make_payable(bob, 300000)
    payout = pay(program, mia, fin, at=LATER + timedelta(days=1))
    assert payout.amount == 20000
    told = {line.amount.amount: line.reason for line in lines(payout)}
    assert (set(told), told[-10000]) == ({30000, -10000}, "After a review")
    assert breaches() == []


def test_statement_explains_what_was_taken_and_given_again(program, bob, mia, fin):
    make_payee(bob)
    commission = actions.take_back(make_payable(bob, 300000), reason="Odd.", actor=mia, at=LATER)
    actions.reinstate(commission, reason="A mistake.", actor=mia, at=LATER)

    payout = pay(program, mia, fin)

    told = {line.amount.amount: line.reason for line in lines(payout) if line.amount.amount == -30000}
    assert told == {-30000: "After a review"}
    assert "Credited again after a review" in [line.reason for line in lines(payout)]
    assert (payout.amount, breaches()) == (30000, [])


def test_draft_that_would_pay_it_is_stale(program, bob, mia, fin):
    make_payee(bob)
    commission = make_payable(bob)
    batch = payouts.open_batch(program, actor=mia, at=LATER)
    actions.take_back(commission, reason="Own orders.", actor=mia, at=LATER + timedelta(hours=1))

    with pytest.raises(payouts.ApprovalRefused, match="taken back since"):
        payouts.approve_batch(batch, actor=fin, at=LATER + timedelta(hours=2))

    assert (balances(bob), breaches()) == (NOTHING, [])


def test_figures_of_the_affiliate_add_up(bob, mia):
    make_payable(bob)
    gone = actions.take_back(make_payable(bob), reason="No.", actor=mia, at=LATER)

    assert list(in_stage(shown(bob), "declined")) == [gone]
    assert [row.net.amount for row in in_stage(shown(bob), "payable")] == [10000]
    assert last_month(bob, NOON + timedelta(days=1)).earned.amount == balances(bob)["payable"] == 10000


def test_nobody_takes_back_or_gives_themselves(merchant, program, rita):
    own = makers.make_enrollment(program, affiliate=makers.make_affiliate(merchant, user=rita))
    commission = make_payable(own)

    with pytest.raises(IllegalMove, match="their own"):
        actions.take_back(commission, reason="Mine.", actor=rita)
    assert balances(own)["payable"] == 10000


def test_it_is_for_those_who_may_decline(bob, ada, fin, eve):
    commission = make_payable(bob)

    for person in (ada, fin, eve):
        for verb in (actions.take_back, actions.reinstate):
            with pytest.raises(NotAllowed):
                verb(commission, reason="No.", actor=person)
    assert balances(bob)["payable"] == 10000


@pytest.mark.parametrize("verb", [actions.decline, actions.take_back, actions.reinstate])
def test_each_needs_a_reason(bob, mia, verb):
    commission = make_commission(bob) if verb == actions.decline else make_payable(bob)
    if verb == actions.reinstate:
        commission = actions.take_back(commission, reason="No.", actor=mia)
    before = kinds(commission)

    with pytest.raises(IllegalMove, match="Say why"):
        verb(commission, reason=" ", actor=mia)
    assert kinds(commission) == before


# --- given again -------------------------------------------------------------------------------------------


def test_taken_back_one_is_approved_again(bob, mia):
    commission = actions.take_back(make_payable(bob), reason="No.", actor=mia, at=LATER)

    again = actions.reinstate(commission, reason="A mistake.", actor=mia, at=LATER)

    assert (again.state, again.reason, again.net.amount) == ("approved", "", 10000)
    assert kinds(again)[-2:] == [("reversal", 10000), ("credit", 10000)]
    assert balances(bob)["payable"] == 10000
    assert breaches() == []


def test_declined_one_is_pending_again_and_matures(bob, mia):
    commission = actions.decline(make_commission(bob), reason="No.", actor=mia)

    again = actions.reinstate(commission, reason="A mistake.", actor=mia)

    assert (again.state, kinds(again)[-1]) == ("pending", ("credit", 1000))
    assert actions.approve_due(at=LATER + timedelta(days=1)) == 1
    assert balances(bob)["payable"] == 1000
    assert breaches() == []


@pytest.mark.parametrize("make", [make_commission, make_payable])
def test_any_number_of_turns_post_each_time(bob, mia, make):
    commission = make(bob)
    stands = balances(bob)

    for _turn in range(3):
        actions.take_back(commission, reason="No.", actor=mia, at=LATER)
        assert (balances(bob), breaches()) == (NOTHING, [])
        actions.reinstate(commission, reason="Yes.", actor=mia, at=LATER)
        assert (balances(bob), breaches()) == (stands, [])


@pytest.mark.parametrize("make", [partial(make_commission, net=100000), make_payable])
def test_refund_meanwhile_is_taken_when_it_is_given_again(program, bob, mia, make):
    commission = actions.take_back(make(bob, external_id="7"), reason="No.", actor=mia, at=LATER)
    actions.take_refunds(program, "shop", "7", [make_refund(gross=40000)], at=LATER)

    again = actions.reinstate(commission, reason="Yes.", actor=mia, at=LATER)

    assert again.net.amount == 6000
    assert list(again.reversals.order_by("number").values_list("cause", "amount"))[-1] == ("refund", 4000)
    assert breaches() == []


def test_what_stands_is_not_given_twice(bob, mia):
    commission = make_payable(bob)

    actions.reinstate(commission, reason="More.", actor=mia)

    assert len(kinds(commission)) == 2


def test_hold_of_the_house_comes_back_with_it(bob, mia):
    commission = actions.hold(make_commission(bob), reason="self_referral:email")
    actions.decline(commission, reason="No.", actor=mia)

    again = actions.reinstate(commission, reason="Look again.", actor=mia)

    assert (again.is_held, again.reason) == (True, "self_referral:email")


def test_hold_of_a_case_does_not(bob, mia):
    commission = actions.hold(make_commission(bob), reason="fraud:orders")
    actions.decline(commission, reason="No.", actor=mia, by_verdict=True)

    again = actions.reinstate(commission, reason="Fine.", actor=mia)

    assert (again.is_held, again.reason) == (False, "")


def test_correction_says_again_what_it_is_for(bob, fin, mia):
    correction = actions.adjust(bob, -2500, reason="Paid twice.", actor=fin, at=NOON)
    actions.take_back(correction, reason="It was not.", actor=mia, at=LATER)
    assert (balances(bob), breaches()) == (NOTHING, [])

    again = actions.reinstate(correction, reason="It was.", actor=mia, at=LATER)

    assert (again.state, again.reason, balances(bob)["payable"]) == ("approved", "Paid twice.", -2500)
    assert breaches() == []


def test_screening_can_be_asked_for_again(bob):
    commission = make_commission(bob)

    assert actions.wait_for_screening([commission]) == 1
    assert actions.wait_for_screening([commission]) == 0

    assert Commission.objects.get(pk=commission.pk).screening == Screening.WAITING
    assert actions.approve_due(at=LATER) == 0
    assert actions.wait_for_screening([make_payable(bob)]) == 0


def test_what_a_case_holds_is_not_released_by_hand(bob, mia):
    commission = actions.hold(make_commission(bob), reason="fraud:orders")

    with pytest.raises(IllegalMove, match="decide the case"):
        actions.release(commission, actor=mia)

    assert Commission.objects.get(pk=commission.pk).is_held
