"""Scores are learned from what a company decided, measured on what it decided later, and only ever inform."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Merchant, Program
from core.models import Event
from fraud.actions import learning, scoring
from fraud.models import Case, LearnedScore, Policy
from fraud.scores.score import Source
from fraud.states import CaseState, Cause, Verdict
from tests import makers

NOON = makers.NOON

pytestmark = pytest.mark.django_db


def decide(program: Program, count: int, *, guilty: int, first: int = 0) -> None:
    """So many decided cases; of every `count // guilty` one was fraud, and it had sold to itself."""
    people = [makers.make_enrollment(program, f"Person{number}") for number in range(8)]
    every = count // guilty
    rows = []
    for number in range(first, first + count):
        is_guilty = number % every == 0
        strong = {
            "weight:self_referral": 0.1,
            "strength:self_referral": 2.0 + number % 3,
            "count:self_referral": 2,
        }
        weak = {"weight:near_duplicate": 3.0, "strength:near_duplicate": 1.0, "count:near_duplicate": 1}
        rows.append(
            Case(
                program=program,
                enrollment=people[number % 8],
                cause=Cause.IDENTITY,
                state=CaseState.DECIDED,
                due_at=NOON,
                verdict=Verdict.REVERSE if is_guilty else Verdict.CLEAR,
                decided_at=NOON + timedelta(hours=number),
                features={**(strong if is_guilty else weak), "orders": number % 7, "days": 100 + number % 11},
            )
        )
    Case.objects.bulk_create(rows)


@pytest.fixture
def program(merchant: Any) -> Program:
    return makers.make_program(merchant, is_screened=True)


def test_under_twenty_frauds_nothing_is_learned(program: Program) -> None:
    decide(program, 76, guilty=19)

    assert learning.learn_all(at=NOON) == 0
    assert not LearnedScore.objects.exists()


def test_what_is_better_on_later_decisions_comes_into_use(program: Program, merchant: Merchant) -> None:
    Policy.objects.create(program=program, capacity=10)
    decide(program, 160, guilty=40)
    case = Case.objects.create(
        program=program, enrollment=makers.make_enrollment(program), cause=Cause.ORDERS, due_at=NOON
    )

    row = learning.learn(merchant, at=NOON)

    assert row is not None
    assert row.is_current
    assert (row.decided, row.guilty) == (160, 40)
    figures = row.figures
    assert (figures["cases"], figures["guilty"], figures["capacity"]) == (40, 10, 10)
    assert figures["learned"]["average_precision"] > 0.9 > figures["weights"]["average_precision"]
    assert figures["learned"]["at"][0]["precision"] == 1.0
    case.refresh_from_db()
    assert (case.score_source, case.score_version) == (Source.LEARNED, row.version)
    strong = scoring.by_learning(row, {"strength:self_referral": 3.0, "count:self_referral": 2})
    weak = scoring.by_learning(row, {"strength:near_duplicate": 1.0, "count:near_duplicate": 1})
    assert strong.value > 0.7 > 0.3 > weak.value
    assert {"strength:self_referral", "count:self_referral"} <= {move.name for move in strong.moves}
    assert Event.objects.filter(kind="score.learned").count() == 1

    assert learning.learn(merchant, at=NOON) is None, "nothing new was decided"


def test_companies_do_not_learn_from_each_other(program: Program) -> None:
    other = makers.make_program(makers.make_merchant("Southwind"), is_screened=True)
    decide(program, 40, guilty=10)
    decide(other, 40, guilty=10)

    assert learning.learn_all(at=NOON) == 0


def test_without_a_learned_score_weights_count(program: Program) -> None:
    score = scoring.by_weights({"weight:self_referral": 3.0, "strength:self_referral": 1.0, "orders": 4})

    assert score.source == Source.WEIGHTS
    assert [(move.name, move.by) for move in score.moves] == [("self_referral", 3.0)]
