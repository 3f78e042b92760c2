"""Batches: what is in, what stays, who approves."""

from datetime import timedelta

import pytest

from affiliates.actions import change_member, set_payee, suspend
from affiliates.models import Affiliate, Member, Program
from affiliates.roles import NotAllowed
from commissions import actions as commissions
from commissions.ledger import balances
from payouts import actions
from payouts.actions import ApprovalRefused
from payouts.models import Payout, PayoutItem
from payouts.states import IllegalMove
from tests.makers import (
    IBAN,
    NOON,
    make_affiliate,
    make_enrollment,
    make_member,
    make_payable,
    make_payee,
    make_refund,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=31)


@pytest.fixture
def payable(bob):
    make_payee(bob)
    return make_payable(bob)


def open_batch(program, mia):
    return actions.open_batch(program, actor=mia, at=LATER)


def held(batch):
    return [(row.amount, row.reason) for row in batch.held_back.order_by("pk")]


def test_payout_holds_what_is_payable(program, bob, mia, payable):
    payout = open_batch(program, mia).payouts.get()

    assert (payout.enrollment, payout.amount, payout.currency, payout.method) == (bob, 10000, "EUR", "manual")


def test_what_is_below_the_minimum_is_carried_over(program, bob, mia, fin):
    make_payee(bob)
    make_payable(bob, 40000)
    batch = open_batch(program, mia)
    assert (batch.payouts.count(), held(batch)) == (0, [(4000, "minimum")])
    actions.cancel_batch(batch, actor=mia)

    make_payable(bob, 20000)

    assert open_batch(program, mia).payouts.get().amount == 6000


def test_without_payment_details_it_waits(program, bob, mia):
    make_payable(bob)

    assert held(open_batch(program, mia)) == [(10000, "no_payee")]


def test_held_commission_stays_out(program, bob, mia, payable):
    commissions.hold(make_payable(bob, 50000), reason="Odd.", actor=mia)

    batch = open_batch(program, mia)

    assert (batch.payouts.get().amount, held(batch)) == (10000, [(5000, "on_hold")])


def test_stopped_affiliate_is_not_paid(program, bob, mia, payable):
    suspend(bob, reason="Under review.", actor=mia)

    assert held(open_batch(program, mia)) == [(10000, "inactive")]


def test_debt_is_netted_first(program, bob, mia, fin, payable):
    commissions.adjust(bob, -2500, reason="Paid twice.", actor=fin, at=NOON)

    assert open_batch(program, mia).payouts.get().amount == 7500


def test_debt_takes_only_its_share_and_the_rest_stays(program, bob, mia, fin, payable):
    program.debt_share = 20
    program.save()
    commissions.adjust(bob, -2500, reason="Paid twice.", actor=fin, at=NOON)

    first = open_batch(program, mia)
    assert first.payouts.get().amount == 8000
    actions.approve_batch(first, actor=fin, at=LATER)

    assert balances(bob)["payable"] == -500
    assert held(open_batch(program, mia)) == [(-500, "debt")]


def test_refund_after_the_payout_is_a_debt_and_the_paid_payout_stays(program, bob, mia, fin, payable):
    batch = actions.approve_batch(open_batch(program, mia), actor=fin, at=LATER)
    payout = actions.mark_paid(batch.payouts.get(), reference="A1", actor=fin, at=LATER)

    commissions.take_refunds(
        program, "shop", payable.conversion.external_id, [make_refund(gross=100000)], at=LATER
    )

    assert balances(bob) == {"pending": 0, "payable": -10000, "in_transit": 0, "paid": 10000}
    payout.refresh_from_db()
    assert (payout.state, payout.amount) == ("paid", 10000)


def test_one_open_batch_a_program(program, mia, payable):
    open_batch(program, mia)

    with pytest.raises(IllegalMove):
        open_batch(program, mia)


def test_cancelled_batch_gives_everything_back(program, mia, payable):
    actions.cancel_batch(open_batch(program, mia), actor=mia)

    assert open_batch(program, mia).payouts.get().amount == 10000


def test_entry_is_paid_once(program, mia, fin, payable):
    actions.approve_batch(open_batch(program, mia), actor=fin, at=LATER)

    second = open_batch(program, mia)

    assert (second.payouts.count(), held(second)) == (0, [])


def test_opener_may_not_approve(program, fin, bob, payable):
    batch = open_batch(program, fin)

    with pytest.raises(ApprovalRefused):
        actions.approve_batch(batch, actor=fin)
    assert balances(bob)["in_transit"] == 0


def test_who_entered_the_payment_details_may_not_approve(program, bob, mia, fin, payable):
    set_payee(bob.affiliate, "paypal", "bob@pay.example", holder="Bob", actor=fin, at=NOON)

    with pytest.raises(ApprovalRefused):
        actions.approve_batch(open_batch(program, mia), actor=fin)
    assert balances(bob)["in_transit"] == 0


def test_manager_and_stranger_may_not_approve(program, mia, fin, eve, bob, payable):
    batch = open_batch(program, fin)

    for person in (mia, eve):
        with pytest.raises(NotAllowed):
            actions.approve_batch(batch, actor=person)
    assert balances(bob)["in_transit"] == 0


def test_above_the_limit_a_second_person_approves(program, bob, mia, fin, olga, payable):
    program.second_approval_above = 5000
    program.save()
    batch = open_batch(program, mia)

    half = actions.approve_batch(batch, actor=fin, at=LATER)
    assert (half.state, balances(bob)["in_transit"]) == ("half", 0)
    with pytest.raises(ApprovalRefused):
        actions.approve_batch(batch, actor=fin, at=LATER)

    whole = actions.approve_batch(batch, actor=olga, at=LATER)
    assert (whole.state, balances(bob)["in_transit"]) == ("approved", 10000)


def test_change_of_details_voids_a_draft(program, bob, mia, fin, payable):
    batch = open_batch(program, mia)
    set_payee(bob.affiliate, "paypal", "bob@pay.example", holder="Bob", actor=bob.affiliate.user, at=LATER)

    with pytest.raises(ApprovalRefused):
        actions.approve_batch(batch, actor=fin, at=LATER)
    assert balances(bob)["in_transit"] == 0


def test_hold_after_the_draft_stops_the_approval(program, bob, mia, fin, payable):
    batch = open_batch(program, mia)
    commissions.hold(payable, reason="New evidence.", actor=mia)

    with pytest.raises(ApprovalRefused):
        actions.approve_batch(batch, actor=fin, at=LATER)
    assert balances(bob)["in_transit"] == 0


def test_failed_payout_is_payable_again(program, bob, mia, fin, payable):
    batch = actions.approve_batch(open_batch(program, mia), actor=fin, at=LATER)

    payout = actions.mark_failed(batch.payouts.get(), reason="Account closed.", actor=fin, at=LATER)

    assert (payout.state, balances(bob)["payable"]) == ("failed", 10000)
    assert open_batch(program, mia).payouts.get().amount == 10000


def test_paid_payout_is_final(program, mia, fin, payable):
    payout = actions.approve_batch(open_batch(program, mia), actor=fin, at=LATER).payouts.get()
    actions.mark_paid(payout, reference="A1", actor=fin, at=LATER)

    with pytest.raises(IllegalMove):
        actions.mark_failed(payout, reason="Changed my mind.", actor=fin)
    assert Payout.objects.get().state == "paid"


def test_payment_needs_a_reference(program, mia, fin, bob, payable):
    payout = actions.approve_batch(open_batch(program, mia), actor=fin, at=LATER).payouts.get()

    with pytest.raises(IllegalMove):
        actions.mark_paid(payout, actor=fin)
    assert balances(bob)["in_transit"] == 10000


def test_cut_off_leaves_later_entries(program, bob, mia, payable):
    commissions.adjust(bob, 700, reason="Bonus.", actor=make_member(program.merchant, "finance"), at=LATER)

    batch = actions.open_batch(program, cut_off=LATER - timedelta(hours=1), actor=mia, at=LATER)

    assert batch.payouts.get().amount == 10000


def test_items_of_many_affiliates_take_few_queries(program, mia, django_assert_max_num_queries):
    for name in ("Cid Carter", "Dan Dyer", "Eli Evans"):
        enrollment = make_enrollment(program, name)
        make_payee(enrollment)
        make_payable(enrollment)

    with django_assert_max_num_queries(25):
        open_batch(program, mia)
    assert PayoutItem.objects.count() == 3


def test_who_waits_to_become_the_affiliate_does_not_approve(program, mia, fin, olga):
    waiting = Affiliate.objects.create(merchant=program.merchant, name="Fin", email=fin.email)
    set_payee(waiting, "bank", IBAN, holder="Fin", actor=olga)
    make_payable(make_enrollment(program, affiliate=waiting))

    with pytest.raises(ApprovalRefused):
        actions.approve_batch(open_batch(program, mia), actor=fin)


def test_who_owns_the_account_does_not_approve(program, bob, other, mia, fin, payable):
    own = make_enrollment(other, affiliate=make_affiliate(other.merchant, user=fin))
    make_payee(own)  # the same account, with another company

    with pytest.raises(ApprovalRefused):
        actions.approve_batch(open_batch(program, mia), actor=fin)


def test_yes_of_somebody_who_was_dismissed_does_not_count(program, mia, fin, olga, payable):
    Program.objects.filter(pk=program.pk).update(second_approval_above=5000)
    batch = open_batch(program, mia)
    actions.approve_batch(batch, actor=fin, at=LATER)
    change_member(Member.objects.get(user=fin), actor=olga, is_active=False)

    assert actions.approve_batch(batch, actor=olga, at=LATER).state == "half"
    third = make_member(program.merchant, "finance")
    assert actions.approve_batch(batch, actor=third, at=LATER).state == "approved"
