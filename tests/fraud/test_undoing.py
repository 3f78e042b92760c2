"""A decision is taken back: everything is as before, until money has left because of it."""

import pytest

from affiliates import actions as affiliates
from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from commissions.states import IllegalMove
from fraud.actions import cases
from fraud.actions.verdicts import decide, undo, why_not_undo
from fraud.models import Case, Hold
from tests.commissions.test_taking_back import pay
from tests.fraud.reviews import HOUR, LATER, SOON, everything, found_on, holding, stands, told
from tests.makers import NOON, make_commission, make_payable, make_payee

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


@pytest.mark.parametrize("verdict", ["clear", "decline", "reverse", "suspend", "ban"])
def test_undone_verdict_leaves_everything_as_before(case, bob, pending, approved, mia, verdict):
    stood = balances(bob)
    decide(case, verdict, reason="Fraud.", message="Sorry.", actor=mia, at=SOON)

    row = undo(case, reason="Wrong person.", actor=mia, at=LATER)

    assert (row.state, row.verdict, row.reason, row.message, row.terms) == ("open", "", "", "", {})
    assert (row.decided_at, row.decided_by, row.proposed_by) == (None, None, None)
    assert stands(pending, approved) == [("pending", True), ("approved", True)]
    assert {one.lifted_at for one in Hold.objects.filter(case=case)} == {None}
    assert (balances(bob), Enrollment.objects.get(pk=bob.pk).state) == (stood, "active")
    assert told("case.undone") == [{"verdict": verdict, "reason": "Wrong person."}]


def test_undone_case_can_be_decided_otherwise(case, bob, pending, approved, mia):
    for _time in range(2):
        decide(case, "ban", reason="Fraud.", actor=mia, at=SOON)
        undo(case, reason="Wrong.", actor=mia, at=SOON)

    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)

    assert stands(pending, approved) == [("pending", False), ("approved", False)]
    assert actions.approve_due(at=LATER) == 1
    assert balances(bob)["payable"] == 11000


def test_payout_ends_undoing(program, case, bob, mia, fin):
    make_payee(bob)
    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)
    assert why_not_undo(Case.objects.get(pk=case.pk)) == ""
    pay(program, mia, fin, at=LATER)
    before = everything()

    with pytest.raises(IllegalMove, match="payout was made"):
        undo(case, reason="Wrong.", actor=mia, at=LATER)

    assert everything() == before


def test_payout_that_took_nothing_of_it_does_not(program, bob, mia, fin):
    make_payee(bob)
    case = holding(bob, [make_commission(bob)])
    make_payable(bob)
    decide(case, "decline", reason="Fraud.", actor=mia, at=SOON)
    pay(program, mia, fin, at=LATER)

    undo(case, reason="Wrong.", actor=mia, at=LATER)

    assert balances(bob)["pending"] == 1000


def test_payout_that_netted_the_debt_ends_undoing(program, bob, mia, fin):
    make_payee(bob)
    case = holding(bob, [make_payable(bob)])
    make_payable(bob, 300000)
    decide(case, "reverse", reason="Fraud.", actor=mia, at=SOON)
    pay(program, mia, fin, at=LATER)

    with pytest.raises(IllegalMove, match="payout was made"):
        undo(case, reason="Wrong.", actor=mia, at=LATER)


def test_newer_case_of_the_cause_ends_undoing(case, bob, mia):
    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)
    cases.case_for(bob, "orders", at=SOON)

    with pytest.raises(IllegalMove, match="newer case"):
        undo(case, reason="Wrong.", actor=mia, at=SOON)


def test_undoing_needs_the_right_and_a_reason(case, mia, rita, ada, eve):
    decide(case, "ban", reason="Fraud.", actor=mia, at=SOON)
    before = everything()

    for person in (ada, eve, rita):
        with pytest.raises(NotAllowed):
            undo(case, reason="No.", actor=person, at=SOON)
    with pytest.raises(IllegalMove, match="Say why"):
        undo(case, reason=" ", actor=mia, at=SOON)

    assert everything() == before


def test_undecided_case_is_not_undone(case, mia):
    with pytest.raises(IllegalMove, match="not decided"):
        undo(case, reason="No.", actor=mia, at=SOON)


def test_what_a_manager_has_decided_since_stays(case, bob, mia):
    decide(case, "suspend", reason="Fraud.", actor=mia, at=SOON)
    affiliates.ban(bob, reason="Something else.", actor=mia, at=SOON)

    undo(case, reason="Wrong.", actor=mia, at=LATER)

    assert Enrollment.objects.get(pk=bob.pk).state == "banned"


def test_suspended_affiliate_who_was_banned_is_suspended_again(case, bob, mia):
    affiliates.suspend(bob, reason="A question.", actor=mia, at=NOON)
    decide(case, "ban", reason="Fraud.", actor=mia, at=SOON)

    undo(case, reason="Wrong.", actor=mia, at=LATER)

    row = Enrollment.objects.get(pk=bob.pk)
    assert (row.state, row.reason) == ("suspended", "A question.")


def test_what_another_case_holds_is_held_again(case, bob, pending, approved, mia):
    other = holding(bob, [pending, approved], "traffic")
    decide(case, "reverse", reason="Fraud.", actor=mia, at=SOON)

    undo(case, reason="Wrong.", actor=mia, at=SOON)
    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)
    assert stands(pending, approved) == [("pending", True), ("approved", True)]

    decide(other, "clear", reason="Fine.", actor=mia, at=SOON)
    assert stands(pending, approved) == [("pending", False), ("approved", False)]


def test_paid_sale_is_given_again_unheld(program, bob, mia, fin):
    make_payee(bob)
    paid = make_payable(bob)
    pay(program, mia, fin, at=LATER)
    case = cases.case_for(bob, "systems", at=LATER)
    found_on(case, paid)
    decide(case, "reverse", reason="Charged back.", actor=mia, at=LATER + HOUR)

    undo(case, reason="The bank was wrong.", actor=mia, at=LATER + HOUR)

    assert (stands(paid), balances(bob)["payable"]) == ([("approved", False)], 0)


def test_what_only_another_case_holds_is_held_again(bob, approved, mia):
    holding(bob, [approved], "traffic")
    case = cases.case_for(bob, "systems", at=NOON)
    found_on(case, approved)
    decide(case, "reverse", reason="Charged back.", actor=mia, at=SOON)

    undo(case, reason="The bank was wrong.", actor=mia, at=SOON)

    assert stands(approved) == [("approved", True)]
    assert Commission.objects.get(pk=approved.pk).reason == "fraud:traffic"


@pytest.mark.parametrize("verdict", ["clear", "decline"])
def test_case_that_is_open_again_holds_also_what_another_one_had_declined(bob, mia, pending, verdict):
    orders, traffic = holding(bob, [pending]), holding(bob, [pending], "traffic")
    decide(orders, "decline", reason="Fraud.", actor=mia, at=SOON)
    decide(traffic, verdict, reason="So.", actor=mia, at=SOON + HOUR)

    undo(traffic, reason="Wrong.", actor=mia, at=SOON + 2 * HOUR)
    assert stands(pending) == [("declined", False)]
    undo(orders, reason="Wrong.", actor=mia, at=SOON + 3 * HOUR)
    decide(orders, "clear", reason="Fine.", actor=mia, at=SOON + 4 * HOUR)

    assert stands(pending) == [("pending", True)]  # the other case has yet to be decided
    decide(traffic, "clear", reason="Fine.", actor=mia, at=SOON + 5 * HOUR)
    assert stands(pending) == [("pending", False)]
