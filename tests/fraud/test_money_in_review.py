"""Nothing leaves while somebody looks at it, what was decided stays so, and what is broken stops nothing else."""

from datetime import timedelta

import pytest

from commissions import actions
from commissions.ledger import balances
from commissions.models import Commission
from commissions.states import IllegalMove, Screening
from fraud.actions import scoring, screening
from fraud.actions.holds import passed
from fraud.actions.verdicts import decide, undo
from fraud.models import Case, LearnedScore
from fraud.scores.score import Source
from fraud.states import Action
from payouts import actions as payouts
from tests import makers
from tests.commissions.test_at_once import overlapping
from tests.commissions.test_taking_back import pay
from tests.commissions.test_volumes import counting, order, take
from tests.fraud.reviews import DAY, HOUR, LATER, SOON, holding, stands
from tests.fraud.test_holds import confirm, doubted
from tests.fraud.test_signals import asked, keep
from tests.makers import NOON, make_commission, make_payable, make_payee, make_refund
from tests.story.books import breaches

pytestmark = pytest.mark.django_db
BONUS = {
    "id": "b",
    "name": "Start",
    "amount": "50.00",
    "metric": "base",
    "period": "month",
    "target": "500.00",
}


@pytest.fixture(autouse=True)
def books_are_right():
    """Whatever a test did, the books are right after it."""
    yield
    assert breaches() == []


def fresh(commission):
    return Commission.objects.get(pk=commission.pk)


# --- payouts -----------------------------------------------------------------------------------------------------
def test_case_does_not_keep_a_debt_from_being_netted(program, bob, mia, fin):
    make_payee(bob)
    paid = make_payable(bob, external_id="7")
    pay(program, mia, fin, at=LATER)
    holding(bob, [paid])
    actions.take_refunds(program, "shop", "7", [make_refund(gross=100000)], at=LATER)
    make_payable(bob, 300000)

    assert pay(program, mia, fin, at=LATER + DAY).amount == 20000

    assert balances(bob)["payable"] == 0


def test_refund_of_what_is_held_and_unpaid_is_no_debt(program, bob, mia, fin):
    make_payee(bob)
    held = make_payable(bob, external_id="7")
    holding(bob, [held])
    actions.take_refunds(program, "shop", "7", [make_refund(gross=40000)], at=LATER)
    make_payable(bob, 300000)

    assert pay(program, mia, fin, at=LATER + DAY).amount == 30000

    assert balances(bob)["payable"] == 6000


def test_draft_is_stale_whenever_the_verdict_was_begun(program, bob, mia, fin):
    make_payee(bob)
    commission = make_payable(bob)
    batch = payouts.open_batch(program, actor=mia, at=LATER)

    actions.take_back(commission, reason="Own orders.", actor=mia, at=LATER - HOUR)

    with pytest.raises(payouts.ApprovalRefused, match="taken back since"):
        payouts.approve_batch(batch, actor=fin, at=LATER)


def test_approved_one_that_a_colleague_held_is_not_paid_in_between(program, bob, mia):
    make_payee(bob)
    commission = actions.hold(make_payable(bob), reason="Ask the shop.", actor=mia)
    holding(bob, [commission])

    with pytest.raises(IllegalMove, match="decide the case"):
        actions.release(commission, actor=mia, at=SOON)

    assert not payouts.open_batch(program, actor=mia, at=LATER).payouts.exists()


@pytest.mark.parametrize("first", [0, 1])
def test_colleagues_hold_of_an_approved_one_outlives_all_cases(bob, mia, first):
    commission = actions.hold(make_payable(bob), reason="Ask the shop.", actor=mia)
    both = [holding(bob, [commission], cause) for cause in ("orders", "traffic")]

    for case in (both[first], both[1 - first]):
        assert fresh(commission).reason.startswith("fraud:")
        decide(case, "clear", reason="Fine.", actor=mia, at=SOON)

    assert (fresh(commission).is_held, fresh(commission).reason) == (True, "Ask the shop.")


def test_colleagues_hold_of_an_approved_one_survives_what_is_undone(bob, mia):
    commission = actions.hold(make_payable(bob), reason="Ask the shop.", actor=mia)
    case = holding(bob, [commission])
    decide(case, "reverse", reason="Fraud.", actor=mia, at=SOON)
    undo(case, reason="Wrong.", actor=mia, at=SOON)

    decide(case, "clear", reason="Fine.", actor=mia, at=SOON)

    assert (fresh(commission).is_held, fresh(commission).reason) == (True, "Ask the shop.")


def test_bonus_waits_while_a_sale_that_it_counts_is_looked_at(merchant, mia):
    program = counting(merchant, bonuses=[BONUS])
    ann = makers.make_enrollment(program)
    take(program, order("1", 100000, ann))
    case = holding(ann, [Commission.objects.get(kind="earned")])
    bonus, late = Commission.objects.get(kind="bonus"), NOON + timedelta(days=90)

    assert actions.approve_due(at=late) == 0
    with pytest.raises(IllegalMove, match="looks at a sale"):
        actions.approve(bonus, at=late)

    decide(case, "clear", reason="Fine.", actor=mia, at=late)
    assert actions.approve_due(at=late) == 2


# --- what is held ------------------------------------------------------------------------------------------------
def test_what_a_payout_left_out_is_held(program, bob, mia, fin):
    """Approved after the cut-off of a batch that was itself approved later."""
    make_payee(bob)
    paid = make_payable(bob)
    batch = payouts.open_batch(program, actor=mia, at=LATER)
    left_out = actions.approve(make_commission(bob), at=LATER + HOUR)
    payouts.approve_batch(batch, actor=fin, at=LATER + 2 * HOUR)

    keep(program, asked("same_payee", bob), at=LATER + DAY)

    assert (fresh(left_out).is_held, fresh(paid).is_held) == (True, False)


def test_what_a_payout_gave_back_is_held(program, bob, mia, fin):
    make_payee(bob)
    commission = make_payable(bob)
    batch = payouts.approve_batch(
        payouts.open_batch(program, actor=mia, at=LATER), actor=fin, at=LATER + HOUR
    )
    payouts.mark_failed(batch.payouts.get(), reason="No such account.", actor=fin, at=LATER + HOUR)

    keep(program, asked("same_payee", bob), at=LATER + DAY)

    assert fresh(commission).is_held


def test_what_waits_in_a_draft_is_held(program, bob, mia, fin):
    make_payee(bob)
    commission = make_payable(bob)
    batch = payouts.open_batch(program, actor=mia, at=LATER)

    keep(program, asked("same_payee", bob), at=LATER + HOUR)

    assert fresh(commission).is_held
    with pytest.raises(payouts.ApprovalRefused, match="put on hold since"):
        payouts.approve_batch(batch, actor=fin, at=LATER + DAY)


def test_what_a_sponsor_earns_by_others_is_held_with_it(merchant):
    program = makers.make_program(merchant, plan=makers.TWO_LEVELS, is_screened=True)
    boss = makers.make_enrollment(program)
    ann = makers.make_enrollment(program, "Al", sponsor=boss)
    own = make_commission(ann)
    above = Commission.objects.get(enrollment=boss)

    keep(program, asked("same_payee", boss))
    assert (fresh(own).is_held, fresh(above).is_held) == (False, True)

    later = make_commission(ann)
    screening.screen_sale(later.conversion_id)
    held = Commission.objects.filter(enrollment=boss).values_list("is_held", flat=True)
    assert (fresh(later).is_held, set(held)) == (False, {True})


def test_what_a_rule_would_decline_and_is_approved_waits_for_a_person(program, bob):
    commission = make_payable(bob)

    (case,) = keep(program, asked("duplicate_order", bob, commission, action=Action.DECLINE))

    assert (fresh(commission).state, fresh(commission).is_held) == ("approved", True)
    assert (case.state, case.signals.get().action) == ("open", Action.HOLD)


# --- what was decided --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("verdict", ["decline", "suspend"])
def test_what_a_verdict_released_is_not_held_again_the_next_night(program, bob, mia, verdict):
    commission = make_payable(bob)
    (case,) = keep(program, asked("same_payee", bob))
    decide(case, verdict, reason="Two accounts.", actor=mia, at=SOON)

    assert keep(program, asked("same_payee", bob), at=SOON + DAY) == []

    assert (stands(commission), Case.objects.count()) == ([("approved", False)], 1)


@pytest.mark.django_db(transaction=True)
def test_what_is_cleared_while_a_screening_waits_stays_cleared(program, bob, mia):
    commission = make_commission(bob)
    (case,) = keep(program, asked("self_referral", bob, commission))

    overlapping(
        lambda: decide(case, "clear", reason="A family.", actor=mia, at=SOON),
        lambda: keep(program, asked("self_referral", bob, commission), at=SOON),
    )

    assert (stands(commission), Case.objects.count()) == ([("pending", False)], 1)


def test_screening_does_not_pass_what_the_house_let_go_a_moment_ago(program, bob):
    commission = doubted(program, bob)
    holding(bob, [commission])

    confirm(program, bob)
    assert stands(commission) == [("pending", False)]

    assert not passed(Commission.objects.filter(pk=commission.pk)).exists()


# --- what is broken ----------------------------------------------------------------------------------------------
def test_one_sale_that_cannot_be_read_strands_no_other_in_any_program(merchant, monkeypatch):
    program, other = (makers.make_program(merchant, is_screened=True) for _one in range(2))
    bad, good, far = (
        make_commission(makers.make_enrollment(one, name))
        for one, name in ((program, "A"), (program, "B"), (other, "C"))
    )
    real = screening.sales.sale_facts

    def breaks(program, conversions, *rest, **named):
        if any(one.pk == bad.conversion_id for one in conversions):
            raise RuntimeError("cannot be read")
        return real(program, conversions, *rest, **named)

    monkeypatch.setattr(screening.sales, "sale_facts", breaks)

    assert screening.screen_waiting(at=far.created_at + timedelta(minutes=2)) == 2

    found = [fresh(one).screening for one in (bad, good, far)]
    assert found == [Screening.WAITING, Screening.SCREENED, Screening.SCREENED]


def test_program_that_cannot_be_asked_by_night_stops_no_other(merchant, monkeypatch):
    first, second = (makers.make_program(merchant, is_screened=True) for _one in range(2))
    seen = []

    def breaks(program, *, at):
        seen.append(program.pk)
        if program.pk == first.pk:
            raise RuntimeError("cannot be read")
        return 1

    monkeypatch.setattr(screening, "screen_program", breaks)

    with pytest.raises(RuntimeError):
        screening.screen_partners(at=NOON)

    assert seen == [first.pk, second.pk]


def test_learned_score_that_is_damaged_holds_up_no_screening(program, bob):
    commission = make_commission(bob)
    LearnedScore.objects.create(merchant=program.merchant, version="x", is_current=True, body=b"damaged")

    (case,) = keep(program, asked("self_referral", bob, commission))

    assert fresh(commission).is_held
    assert scoring.score(case).source == Source.WEIGHTS
