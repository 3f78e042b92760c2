"""Verdicts: what each does to the money and the membership, and who may decide."""

from functools import partial

import pytest

from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from commissions.states import IllegalMove
from fraud.actions import cases
from fraud.actions.previews import preview
from fraud.actions.verdicts import decide, undo, withdraw
from fraud.models import Case, Hold
from tests import makers
from tests.commissions.test_at_once import overlapping
from tests.commissions.test_taking_back import pay
from tests.fraud.reviews import DAY, HOUR, LATER, SOON, everything, found_on, holding, stands, told
from tests.makers import NOON, make_commission, make_member, make_payable, make_payee, make_refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


# --- what each does ------------------------------------------------------------------------------------------


def test_clear_lets_everything_go(case, pending, approved, rita):
    decided = decide(case, "clear", reason="A family.", message="Thank you.", actor=rita, at=SOON)

    assert stands(pending, approved) == [("pending", False), ("approved", False)]
    assert (decided.state, decided.verdict, decided.reason, decided.message) == (
        "decided",
        "clear",
        "A family.",
        "Thank you.",
    )
    assert (decided.decided_by, decided.decided_at) == (rita, SOON)
    data = {"verdict": "clear", "reason": "A family.", "amount": 11000, "currency": "EUR", "message": True}
    assert told("case.decided") == [data]


def test_decline_takes_what_is_pending_and_pays_what_is_approved(case, bob, pending, approved, rita):
    decide(case, "decline", reason="Own orders.", actor=rita, at=SOON)

    assert stands(pending, approved) == [("declined", False), ("approved", False)]
    assert balances(bob) == {"pending": 0, "payable": 10000, "in_transit": 0, "paid": 0}
    assert told("commission.declined")[0]["reason"] == "fraud:orders"  # never what colleagues wrote


def test_reverse_takes_both(case, bob, pending, approved, rita):
    decide(case, "reverse", reason="Own orders.", actor=rita, at=SOON)

    assert stands(pending, approved) == [("declined", False), ("declined", False)]
    assert not any(balances(bob).values())
    assert not Hold.objects.filter(lifted_at=None).exists()


@pytest.mark.parametrize("verdict", ["reverse", "ban"])
def test_paid_sale_that_a_finding_names_becomes_a_debt(program, bob, mia, fin, verdict):
    make_payee(bob)
    paid = make_payable(bob)
    pay(program, mia, fin, at=LATER)
    case = cases.case_for(bob, "systems", at=LATER)
    found_on(case, paid)

    decide(case, verdict, reason="Charged back.", actor=mia, at=LATER + HOUR)

    assert (stands(paid), balances(bob)["payable"]) == ([("declined", False)], -10000)
    assert [hold.commission for hold in Hold.objects.filter(case=case)] == [paid]
    assert told("case.decided")[0]["amount"] == 10000


def test_decline_leaves_the_paid_sale_that_a_finding_names(program, bob, mia, fin):
    make_payee(bob)
    paid = make_payable(bob)
    pay(program, mia, fin, at=LATER)
    case = cases.case_for(bob, "systems", at=LATER)
    found_on(case, paid)

    decide(case, "decline", reason="Too late.", actor=mia, at=LATER + HOUR)

    assert (stands(paid), balances(bob)["payable"]) == ([("approved", False)], 0)


@pytest.mark.parametrize(
    ("verdict", "state", "approved_state"),
    [("suspend", "suspended", "approved"), ("ban", "banned", "declined")],
)
def test_membership_is_stopped_with_the_money(
    case, bob, pending, approved, mia, verdict, state, approved_state
):
    decide(case, verdict, reason="Bots.", message="We found bots.", actor=mia, at=SOON)

    row = Enrollment.objects.get(pk=bob.pk)
    assert (row.state, row.reason) == (state, "We found bots.")
    assert stands(pending, approved) == [("declined", False), (approved_state, False)]


def test_other_cases_of_a_banned_affiliate_stay_open(case, bob, pending, mia):
    other = holding(bob, [pending], "traffic")

    decide(case, "ban", reason="Bots.", actor=mia, at=SOON)

    assert Case.objects.get(pk=other.pk).state == "open"
    decide(other, "clear", reason="Nothing is left.", actor=mia, at=LATER)
    assert stands(pending) == [("declined", False)]


def test_more_time_decides_nothing(case, pending, approved, rita):
    cases.escalate(at=case.due_at)

    row = decide(case, "extend", reason="Waits for the shop.", actor=rita, at=SOON, days=7)

    assert (row.state, row.verdict, row.due_at, row.escalated_at) == ("open", "", SOON + 7 * DAY, None)
    assert stands(pending, approved) == [("pending", True), ("approved", True)]
    assert told("case.extended")[0]["days"] == 7
    assert decide(case, "extend", reason="More.", actor=rita, at=SOON).due_at == SOON + 14 * DAY


def test_what_another_case_holds_stays_held(case, bob, pending, approved, mia):
    other = holding(bob, [approved], "traffic")

    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)

    assert stands(pending, approved) == [("pending", False), ("approved", True)]
    assert Commission.objects.get(pk=approved.pk).reason == f"fraud:{other.cause}"


# --- who may -----------------------------------------------------------------------------------------------


def test_verdicts_are_for_reviewers(case, ada, fin, eve):
    before = everything()

    for person in (ada, fin, eve):
        with pytest.raises(NotAllowed):
            decide(case, "clear", reason="Mine.", actor=person, at=SOON)
        assert "is for" in preview(case, "clear", actor=person, at=SOON).refusal

    assert everything() == before


@pytest.mark.parametrize("verdict", ["suspend", "ban"])
def test_reviewer_may_not_stop_a_membership(case, rita, verdict):
    before = everything()

    with pytest.raises(NotAllowed):
        decide(case, verdict, reason="Bots.", actor=rita, at=SOON)

    assert everything() == before


def test_nobody_decides_on_themselves(merchant, program, rita):
    own = makers.make_enrollment(program, affiliate=makers.make_affiliate(merchant, user=rita))
    case = holding(own, [make_commission(own)])
    before = everything()

    for deed in (
        partial(decide, case, "clear", reason="Me."),
        partial(withdraw, case),
        partial(undo, case, reason="Me."),
    ):
        with pytest.raises(IllegalMove, match="their own"):
            deed(actor=rita, at=SOON)

    assert everything() == before


def test_case_that_a_colleague_works_on_is_left_alone(case, mia, rita):
    cases.take(case, actor=mia, at=NOON)
    before = everything()

    with pytest.raises(IllegalMove, match="Mia Manager"):
        decide(case, "clear", reason="Quick.", actor=rita, at=NOON)

    assert everything() == before
    assert decide(case, "clear", reason="Mine.", actor=mia, at=NOON).locked_by is None


@pytest.mark.parametrize("verdict", ["clear", "extend", "reverse"])
def test_verdict_needs_a_reason(case, rita, verdict):
    before = everything()

    with pytest.raises(IllegalMove, match="Say why"):
        decide(case, verdict, reason=" ", actor=rita, at=SOON)

    assert everything() == before


def test_decided_case_is_not_decided_again(case, rita):
    decide(case, "clear", reason="Fine.", actor=rita, at=SOON)
    before = everything()

    for verdict in ("clear", "reverse", "extend"):
        with pytest.raises(IllegalMove, match="decided already"):
            decide(case, verdict, reason="No.", actor=rita, at=LATER)

    assert everything() == before


def test_unknown_verdict_is_refused(case, rita):
    with pytest.raises(ValueError, match="hang"):
        decide(case, "hang", reason="No.", actor=rita)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_reviewers_one_decides(case, bob, mia, rita, turned):
    deeds = [
        partial(decide, case, "clear", reason="Fine.", actor=mia, at=SOON),
        partial(decide, case, "reverse", reason="Fraud.", actor=rita, at=SOON),
    ]

    ended = overlapping(*reversed(deeds)) if turned else overlapping(*deeds)

    assert [type(one).__name__ for one in ended] == ["Case", "IllegalMove"]
    assert balances(bob)["payable"] == (0 if turned else 10000)
    assert len(told("case.decided")) == 1


@pytest.mark.django_db(transaction=True)
def test_refund_during_a_verdict_takes_nothing_twice(program, bob, rita):
    commission = make_payable(bob, external_id="7")
    case = holding(bob, [commission])
    refund = partial(actions.take_refunds, program, "shop", "7", [make_refund(gross=40000)], at=SOON)

    overlapping(partial(decide, case, "reverse", reason="Fraud.", actor=rita, at=SOON), refund)

    assert not any(balances(bob).values())


@pytest.mark.django_db(transaction=True)
def test_commission_that_is_approved_during_a_verdict_is_taken_all_the_same(bob, rita):
    commission = make_commission(bob)
    case = holding(bob, [commission])

    overlapping(
        partial(actions.approve_due, at=LATER),
        partial(decide, case, "reverse", reason="Fraud.", actor=rita, at=SOON),
    )

    assert (stands(commission), any(balances(bob).values())) == ([("declined", False)], False)


@pytest.mark.django_db(transaction=True)
def test_screening_and_verdicts_do_not_wait_for_each_other_for_ever(program, bob, mia):
    colleague = make_member(program.merchant, "manager")
    rows = [make_commission(bob) for _number in range(3)]
    one, other = holding(bob, rows), holding(bob, reversed(rows), "traffic")

    ended = overlapping(
        partial(decide, one, "decline", reason="Fraud.", actor=mia, at=SOON),
        partial(decide, other, "reverse", reason="Fraud.", actor=colleague, at=SOON),
    )

    assert [type(case).__name__ for case in ended] == ["Case", "Case"]
    assert stands(*rows) == [("declined", False)] * 3
