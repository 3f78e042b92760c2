"""The two brakes, and what people may do by hand."""

from datetime import timedelta

import pytest

from affiliates.roles import NotAllowed
from commissions import actions
from commissions.ledger import balances
from commissions.states import CommissionKind, IllegalMove, Screening
from tests.makers import NOON, make_affiliate, make_commission, make_enrollment, make_member, make_payable

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=60)


def test_held_commission_is_not_due(bob, mia):
    actions.hold(make_commission(bob), reason="Looks odd.", actor=mia)

    assert actions.approve_due(at=LATER) == 0
    assert balances(bob)["pending"] == 1000


def test_released_commission_is_due_again(bob, mia):
    commission = actions.hold(make_commission(bob), reason="Looks odd.", actor=mia)

    commission = actions.release(commission, actor=mia)

    assert (commission.is_held, commission.reason) == (False, "")
    assert actions.approve_due(at=LATER) == 1


def test_releasing_does_not_lift_maturity(bob, mia):
    commission = actions.release(actions.hold(make_commission(bob), reason="Odd.", actor=mia), actor=mia)

    with pytest.raises(IllegalMove):
        actions.approve(commission, actor=mia, at=NOON)
    assert balances(bob)["payable"] == 0


def test_unscreened_commission_waits_for_its_screener(bob):
    commission = make_commission(bob)
    commission.screening = Screening.WAITING
    commission.save(update_fields=["screening"])
    assert actions.approve_due(at=LATER) == 0

    assert actions.mark_screened([commission]) == 1
    assert actions.approve_due(at=LATER) == 1


def test_approving_twice_posts_once(bob):
    commission = make_payable(bob)

    actions.approve(commission, at=LATER)

    assert balances(bob) == {"pending": 0, "payable": 10000, "in_transit": 0, "paid": 0}


def test_declined_commission_goes_back_whole(bob, mia):
    commission = actions.decline(make_commission(bob), reason="Ordered by a friend.", actor=mia)

    assert (commission.state, commission.reason) == ("declined", "Ordered by a friend.")
    assert balances(bob) == {"pending": 0, "payable": 0, "in_transit": 0, "paid": 0}


def test_refund_after_a_decline_takes_nothing_twice(bob, mia, program):
    commission = actions.decline(make_commission(bob, external_id="7"), reason="No.", actor=mia)
    from tests.makers import make_refund

    actions.take_refunds(
        program, "shop", commission.conversion.external_id, [make_refund(gross=5000)], at=NOON
    )

    assert balances(bob) == {"pending": 0, "payable": 0, "in_transit": 0, "paid": 0}


def test_approved_commission_cannot_be_declined(bob, mia):
    with pytest.raises(IllegalMove):
        actions.decline(make_payable(bob), reason="Too late.", actor=mia)
    assert balances(bob)["payable"] == 10000


def test_a_decline_needs_a_reason(bob, mia):
    with pytest.raises(IllegalMove):
        actions.decline(make_commission(bob), reason="  ", actor=mia)
    assert balances(bob)["pending"] == 1000


def test_another_companys_owner_may_do_nothing(bob, eve):
    commission = make_commission(bob)

    for verb in (actions.hold, actions.decline, actions.release):
        with pytest.raises(NotAllowed):
            verb(commission, reason="Mine now.", actor=eve)
    assert balances(bob)["pending"] == 1000


def test_finance_adjusts_with_a_reason(bob, fin):
    commission = actions.adjust(bob, 2500, reason="Welcome.", kind=CommissionKind.BONUS, actor=fin, at=NOON)

    assert (commission.state, commission.kind) == ("approved", "bonus")
    assert balances(bob)["payable"] == 2500


def test_correction_below_zero_makes_a_debt(bob, fin):
    actions.adjust(bob, -2500, reason="Paid twice in May.", actor=fin, at=NOON)

    assert balances(bob)["payable"] == -2500


def test_manager_may_not_adjust(bob, mia):
    with pytest.raises(NotAllowed):
        actions.adjust(bob, 2500, reason="Please.", actor=mia)
    assert balances(bob)["payable"] == 0


def test_nobody_releases_their_own_earnings(merchant, program):
    both = make_member(merchant, "reviewer")
    commission = make_commission(make_enrollment(program, affiliate=make_affiliate(merchant, user=both)))
    commission = actions.hold(commission, reason="Own purchase.")

    with pytest.raises(IllegalMove):
        actions.release(commission, actor=both)


def test_bonus_that_was_held_says_again_what_it_is_for(ann, fin, mia):
    bonus = actions.adjust(ann, 500, reason="For the photos.", actor=fin, kind="bonus")

    actions.hold(bonus, reason="Look.", actor=mia)
    released = actions.release(bonus, actor=mia)

    assert released.reason == "For the photos."
