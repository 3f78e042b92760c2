"""The score before anything is learned."""

import ast
import math
from dataclasses import fields
from pathlib import Path

import pytest

import fraud.scores
from fraud.scores.score import SHOWN, Move, Score, Source, explained, logistic
from fraud.scores.weights import BASE, CAP, Evidence, weighted_score


def test_nothing_found_is_the_base_rate() -> None:
    assert weighted_score([]).value == pytest.approx(0.03)


def test_score_is_the_logistic_of_the_weighted_sum() -> None:
    score = weighted_score([Evidence("ctc", 2.0), Evidence("geo", -0.5)], {"ctc": 0.5}, base=0.0)

    assert score.value == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert score.moves == (Move("ctc", 1.0, 2.0), Move("geo", -0.5, -0.5))


@pytest.mark.parametrize(
    ("llr", "counted"), [(2.99, 2.99), (3.0, 3.0), (3.01, 3.0), (math.inf, 3.0), (-9.0, -3.0), (0.0, 0.0)]
)
def test_one_finding_counts_three_at_most(llr: float, counted: float) -> None:
    assert weighted_score([Evidence("a", llr)]).level == pytest.approx(BASE + counted)


def test_the_same_check_counts_once_by_its_strongest_finding() -> None:
    once = weighted_score([Evidence("a", 2.0)])

    assert weighted_score([Evidence("a", 1.0), Evidence("a", 2.0), Evidence("a", -1.5)]) == once


def test_order_of_findings_does_not_matter() -> None:
    found = [Evidence("a", 1.0), Evidence("b", 2.0), Evidence("a", -1.0)]

    assert weighted_score(found) == weighted_score(found[::-1])


def test_weight_of_zero_leaves_a_check_out() -> None:
    assert weighted_score([Evidence("a", CAP)], {"a": 0.0}) == weighted_score([])


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_a_weight_below_zero_or_without_end_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight of a"):
        weighted_score([Evidence("a", 1.0)], {"a": weight})


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        weighted_score([Evidence("a", math.nan)])


def test_explanation_names_the_strongest_and_sums_up_the_rest() -> None:
    score = explained(Source.WEIGHTS, -1.0, [Move(str(by), by) for by in (1, -6, 3, 2, 5, 4, 0)])

    assert [move.by for move in score.moves] == [-6, 5, 4, 3, 2]
    assert len(score.moves) == SHOWN
    assert score.rest == 1
    assert score.level == -1 + 1 - 6 + 3 + 2 + 5 + 4


@pytest.mark.parametrize(("odds", "likelihood"), [(0, 0.5), (-800, 0.0), (800, 1.0), (2, 0.8807970779778823)])
def test_logistic_has_no_overflow(odds: float, likelihood: float) -> None:
    assert logistic(odds) == pytest.approx(likelihood)


def test_a_score_carries_no_action() -> None:
    assert {field.name for field in fields(Score)} == {"source", "base", "moves", "rest", "version"}


def test_scores_know_nothing_that_acts() -> None:
    """A score cannot decline: its package imports neither Action nor any verb nor any model."""
    imported = set()
    for file in Path(str(fraud.scores.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)

    ours = {name for name in imported if name and name.partition(".")[0] in ("fraud", "commissions", "core")}
    assert {name for name in ours if not name.startswith("fraud.scores.")} == set()
