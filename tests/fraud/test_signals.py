"""What was found is written down once, holds what it concerns, and is not brought up again once it was cleared."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Commission
from commissions.states import CommissionState
from core.models import Event, User
from fraud.actions import signals, verdicts
from fraud.checks import CHECKS, Measure, Rule
from fraud.findings import Asked
from fraud.models import Case, Hold, Signal
from fraud.states import Action, CaseState, SignalState, Verdict
from tests import makers

NOON = makers.NOON
LATER = NOON + timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(merchant: Any) -> Program:
    return makers.make_program(merchant, is_screened=True)


@pytest.fixture
def ann(program: Program) -> Enrollment:
    return makers.make_enrollment(program, "Ann Archer")


def asked(
    name: str, who: Enrollment, sale: Commission | None = None, value: float = 1.0, **rule: Any
) -> Asked:
    check = CHECKS[name]
    ruled = replace(Rule(check, True, check.limits, check.weight, check.action), **rule)
    rows = {"conversions": (sale.conversion_id,)} if sale else {}
    measure = Measure(value, figures={"marks": ["email"]}, rows=rows)
    return Asked(ruled, measure, who.pk, sale.conversion_id if sale else None)


def keep(program: Program, *found: Asked, at: Any = NOON) -> list[Case]:
    sales = [one.conversion for one in found if one.conversion]
    return signals.keep(program, found, policy=1, at=at, conversions=sales or None)


def test_a_finding_opens_a_case_and_holds(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)

    (case,) = keep(program, asked("self_referral", ann, earned))

    earned.refresh_from_db()
    assert (earned.is_held, earned.reason) == (True, "fraud:identity")
    assert [hold.commission_id for hold in case.holds.all()] == [earned.pk]
    (signal,) = case.signals.all()
    assert (signal.conversion_id, signal.limits, signal.figures) == (
        earned.conversion_id,
        {"threshold": CHECKS["self_referral"].limits.threshold, "sample": 1},
        {"marks": ["email"]},
    )
    assert "mailbox" in signal.sentence
    assert case.score is not None
    assert case.score > 0.03
    assert [
        kind for kind in Event.objects.order_by("pk").values_list("kind", flat=True) if "case" in kind
    ] == [
        "case.opened",
        "case.grew",
    ]


def test_a_note_is_kept_and_holds_nothing(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)

    assert keep(program, asked("self_referral", ann, earned, action=Action.NOTE)) == []

    earned.refresh_from_db()
    assert (earned.is_held, Case.objects.count(), Signal.objects.get().case) == (False, 0, None)


def test_the_same_again_changes_only_when_it_was_seen(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)
    keep(program, asked("self_referral", ann, earned))

    keep(program, asked("self_referral", ann, earned, value=2.0), at=LATER)

    signal = Signal.objects.get()
    assert (signal.found_at, signal.seen_at, signal.value) == (NOON, LATER, 2.0)
    assert (Case.objects.count(), Hold.objects.count()) == (1, 1)


def test_what_is_not_so_any_more_is_withdrawn_and_stays_held(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)
    keep(program, asked("self_referral", ann, earned))

    signals.keep(program, [], policy=1, at=LATER, conversions=[earned.conversion_id])

    earned.refresh_from_db()
    assert (Signal.objects.get().state, earned.is_held) == (SignalState.WITHDRAWN, True)


def test_what_a_person_cleared_is_not_brought_up_again(program: Program, ann: Enrollment, olga: User) -> None:
    earned = makers.make_commission(ann)
    (case,) = keep(program, asked("self_referral", ann, earned))
    verdicts.decide(case, Verdict.CLEAR, reason="A family", actor=olga, at=NOON)

    assert keep(program, asked("self_referral", ann, earned), at=LATER) == []

    earned.refresh_from_db()
    assert (earned.is_held, Case.objects.count(), Signal.objects.get().seen_at) == (False, 1, LATER)


def test_what_has_become_graver_is_brought_up_again(program: Program, ann: Enrollment, olga: User) -> None:
    earned = makers.make_commission(ann)
    (first,) = keep(program, asked("self_referral", ann, earned))
    verdicts.decide(first, Verdict.CLEAR, reason="A family", actor=olga, at=NOON)

    (second,) = keep(program, asked("self_referral", ann, earned, value=2.0), at=LATER)

    earned.refresh_from_db()
    assert (earned.is_held, second.pk != first.pk, second.state) == (True, True, CaseState.OPEN)
    assert [(row.case_id, row.state) for row in Signal.objects.order_by("pk")] == [
        (first.pk, SignalState.EXPIRED),
        (second.pk, SignalState.STANDS),
    ]


def test_after_a_verdict_of_fraud_only_new_money_opens_a_case(
    program: Program, ann: Enrollment, olga: User
) -> None:
    earned = makers.make_commission(ann)
    (case,) = keep(program, asked("same_payee", ann))
    verdicts.decide(case, Verdict.DECLINE, reason="Two accounts", actor=olga, at=NOON)
    earned.refresh_from_db()
    assert earned.state == CommissionState.DECLINED

    assert keep(program, asked("same_payee", ann), at=LATER) == []
    fresh = makers.make_commission(ann)
    (second,) = keep(program, asked("same_payee", ann), at=LATER)

    assert [hold.commission_id for hold in second.holds.all()] == [fresh.pk]


def test_on_an_affiliate_it_holds_what_was_not_paid(program: Program, ann: Enrollment) -> None:
    approved, pending = makers.make_commission(ann), makers.make_commission(ann)
    commissions.mark_screened([approved])
    commissions.approve(approved, at=approved.matures_at)
    bob = makers.make_enrollment(program, "Bob Baker")
    other = makers.make_commission(bob)

    (case,) = keep(program, asked("same_payee", ann))

    assert {hold.commission_id for hold in case.holds.all()} == {approved.pk, pending.pk}
    other.refresh_from_db()
    assert not other.is_held


def test_notes_of_another_cause_stay_apart(program: Program, ann: Enrollment) -> None:
    earned = makers.make_commission(ann)

    cases = keep(program, asked("self_referral", ann, earned), asked("near_duplicate", ann, earned, value=0))

    assert sorted(case.cause for case in cases) == ["identity", "orders"]
    assert Hold.objects.filter(commission=earned, lifted_at=None).count() == 2


def test_what_was_not_seen_for_a_month_expires(program: Program, ann: Enrollment) -> None:
    makers.make_commission(ann)
    keep(program, asked("same_payee", ann))

    assert signals.expire(at=NOON + timedelta(days=30)) == 0
    assert signals.expire(at=NOON + timedelta(days=31)) == 1
    assert Signal.objects.get().state == SignalState.EXPIRED


def test_what_a_rule_declines_a_person_can_take_back(program: Program, ann: Enrollment, olga: User) -> None:
    earned, other = makers.make_commission(ann), makers.make_commission(ann)

    keep(program, asked("duplicate_order", ann, earned, action=Action.DECLINE))

    earned.refresh_from_db(), other.refresh_from_db()
    assert (earned.state, other.state) == (CommissionState.DECLINED, CommissionState.PENDING)
    case = Case.objects.get()
    assert (case.state, case.verdict, case.decided_by) == (CaseState.DECIDED, Verdict.DECLINE, None)
    assert keep(program, asked("duplicate_order", ann, earned, action=Action.DECLINE), at=LATER) == []
    assert Case.objects.count() == 1

    case = verdicts.undo(case, reason="Two orders indeed", actor=olga, at=LATER)
    earned.refresh_from_db()
    assert (case.state, earned.state, earned.is_held) == (CaseState.OPEN, CommissionState.PENDING, True)
    keep(program, asked("duplicate_order", ann, earned, action=Action.DECLINE), at=LATER)
    earned.refresh_from_db()
    assert earned.state == CommissionState.PENDING, "a person has it before him"


# --- scores ------------------------------------------------------------------------------------------------------
def test_every_open_case_of_the_affiliate_is_scored_by_all_that_stands(
    program: Program, ann: Enrollment
) -> None:
    first, second = makers.make_commission(ann), makers.make_commission(ann)
    (one,) = keep(program, asked("self_referral", ann, first))

    (other,) = keep(program, asked("duplicate_order", ann, second))

    assert score_of(one) == score_of(other)
    assert score_of(one) > (one.score or 1)


def test_what_goes_away_is_taken_out_of_every_open_case(program: Program, ann: Enrollment) -> None:
    first, second = makers.make_commission(ann), makers.make_commission(ann)
    (one,) = keep(program, asked("self_referral", ann, first))
    (other,) = keep(program, asked("duplicate_order", ann, second))

    signals.keep(program, [], policy=1, at=LATER, conversions=[second.conversion_id])

    assert (score_of(one), score_of(other)) == (one.score, one.score)


def test_a_note_that_comes_or_expires_moves_open_cases_too(program: Program, ann: Enrollment) -> None:
    (one,) = keep(program, asked("self_referral", ann, makers.make_commission(ann)))
    keep(program, asked("same_payee", ann, action=Action.NOTE))
    assert score_of(one) > (one.score or 1)

    signals.expire(at=NOON + timedelta(days=40))

    assert score_of(one) == one.score


def test_decided_cases_keep_the_score_that_they_were_decided_by(
    program: Program, ann: Enrollment, mia: User
) -> None:
    (one,) = keep(program, asked("self_referral", ann, makers.make_commission(ann)))
    verdicts.decide(one, "clear", reason="Fine.", actor=mia, at=NOON)

    keep(program, asked("duplicate_order", ann, makers.make_commission(ann)))
    assert score_of(one) == one.score

    verdicts.undo(one, reason="Wrong.", actor=mia, at=NOON)
    assert score_of(one) > (one.score or 1)


def score_of(case: Case) -> float:
    score = Case.objects.get(pk=case.pk).score
    assert score is not None
    return score
