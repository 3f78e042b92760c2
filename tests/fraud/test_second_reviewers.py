"""Verdicts on much money: one person proposes, another decides."""

import pytest

from fraud.actions import cases, policies
from fraud.actions.verdicts import decide, withdraw
from tests.commissions.test_taking_back import pay
from tests.fraud.reviews import LATER, SOON, found_on, holding, stands, told
from tests.makers import make_commission, make_payable, make_payee

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


@pytest.fixture
def for_two(program, mia):
    """Above 50.00 two people decide."""
    policies.set_policy(program, actor=mia, second_above=5000)


def test_much_money_needs_two_people(for_two, case, pending, approved, mia, rita):
    row = decide(case, "reverse", reason="Fraud.", message="Sorry.", actor=rita, at=SOON)
    assert (row.state, row.verdict, row.proposed_by, row.decided_at) == ("proposed", "reverse", rita, None)
    assert stands(pending, approved) == [("pending", True), ("approved", True)]
    assert told("case.proposed")[0] == {
        "verdict": "reverse",
        "reason": "Fraud.",
        "amount": 11000,
        "currency": "EUR",
    }

    row = decide(case, "reverse", reason="I agree.", actor=mia, at=LATER)

    assert (row.state, row.proposed_by, row.decided_by, row.message) == ("decided", rita, mia, "Sorry.")
    assert stands(pending, approved) == [("declined", False), ("declined", False)]


def test_one_person_never_decides_twice(for_two, case, pending, approved, rita):
    for _time in range(3):
        assert decide(case, "clear", reason="Fine.", actor=rita, at=SOON).state == "proposed"

    assert len(told("case.proposed")) == 1
    assert stands(pending, approved) == [("pending", True), ("approved", True)]


def test_another_verdict_replaces_the_proposal(for_two, case, mia, rita):
    decide(case, "reverse", reason="Fraud.", actor=rita, at=SOON)

    row = decide(case, "clear", reason="A family.", actor=mia, at=SOON)

    assert (row.state, row.verdict, row.proposed_by) == ("proposed", "clear", mia)
    assert decide(case, "clear", reason="I see.", actor=rita, at=SOON).decided_by == rita


def test_little_money_needs_one(program, bob, for_two, rita):
    case = holding(bob, [make_commission(bob, 50000)])  # exactly 50.00

    assert decide(case, "clear", reason="Fine.", actor=rita, at=SOON).state == "decided"


def test_paid_sale_that_is_taken_back_counts_for_the_limit(program, bob, for_two, mia, fin):
    make_payee(bob)
    paid = make_payable(bob)
    pay(program, mia, fin, at=LATER)
    case = cases.case_for(bob, "systems", at=LATER)
    found_on(case, paid)

    assert decide(case, "reverse", reason="Charged back.", actor=mia, at=LATER).state == "proposed"
    assert stands(paid) == [("approved", False)]


def test_proposal_is_taken_back(for_two, case, mia, rita):
    decide(case, "reverse", reason="Fraud.", actor=rita, at=SOON)

    row = withdraw(case, actor=mia, at=SOON)

    assert (row.state, row.verdict, row.reason, row.proposed_by) == ("open", "", "", None)
    assert told("case.withdrawn") == [{"verdict": "reverse"}]
    assert withdraw(case, actor=mia).state == "open"
    assert len(told("case.withdrawn")) == 1


def test_more_time_drops_the_proposal(for_two, case, mia, rita):
    decide(case, "reverse", reason="Fraud.", actor=rita, at=SOON)

    row = decide(case, "extend", reason="Wait.", actor=mia, at=SOON)

    assert (row.state, row.verdict, row.proposed_by) == ("open", "", None)
