"""How rankings and likelihoods are measured, and how a table is split."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from fraud.scores.comparison import best_feature, compare, logistic_regression
from fraud.scores.measures import Band, at_k, average_precision, measured, pr_auc, reliability
from fraud.scores.splits import split_by_time
from fraud.scores.table import TableError, table_of
from tests.fraud.scored import made

LABELS = np.array([1, 0, 1, 0, 0, 0, 1, 0, 0, 0])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])


def test_average_precision_is_the_mean_of_precisions_at_each_fraud() -> None:
    assert average_precision(LABELS, SCORES) == pytest.approx((1 / 1 + 2 / 3 + 3 / 7) / 3)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_scikit_learns(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, scores = random.integers(0, 2, 200), random.integers(0, 30, 200).astype(float)

    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))


def test_a_constant_score_gets_the_base_rate() -> None:
    constant = np.full(10, 0.3)

    assert average_precision(LABELS, constant) == pytest.approx(0.3)
    assert pr_auc(LABELS, constant) == pytest.approx(0.3)
    assert at_k(LABELS, constant, 5).precision == pytest.approx(0.3)


def test_pr_auc_is_the_usual_one_where_the_highest_score_is_fraud() -> None:
    precision, recall, _ = precision_recall_curve(LABELS, SCORES)

    assert pr_auc(LABELS, SCORES) == pytest.approx(np.trapezoid(precision[::-1], recall[::-1]))


@pytest.mark.parametrize(
    ("k", "precision", "recall"), [(1, 1, 1 / 3), (2, 1 / 2, 1 / 3), (3, 2 / 3, 2 / 3), (7, 3 / 7, 1)]
)
def test_precision_and_recall_at_k(k: int, precision: float, recall: float) -> None:
    at = at_k(LABELS, SCORES, k)

    assert (at.precision, at.recall) == pytest.approx((precision, recall))


def test_more_than_there_are_is_all() -> None:
    assert at_k(LABELS, SCORES, 50).k == 10


def test_ties_at_the_edge_count_as_a_random_choice_would() -> None:
    at = at_k(np.array([1, 1, 0, 0]), np.array([0.9, 0.5, 0.5, 0.5]), 2)

    assert at.precision == pytest.approx((1 + 1 / 3) / 2)


def test_brier_is_the_mean_squared_distance() -> None:
    figures = measured(LABELS, SCORES, [2], is_likelihood=True, resamples=20)

    assert figures.brier == pytest.approx(np.mean((SCORES - LABELS) ** 2))
    assert measured(LABELS, SCORES, [2], is_likelihood=False, resamples=20).brier is None


def test_reliability_tells_what_was_said_beside_what_was_true() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    said = np.array([0.01] * 80 + [0.5] * 20)

    assert reliability(labels, said) == (Band(80, pytest.approx(0.01), 0.0), Band(20, 0.5, 0.5))


def test_reliability_holds_every_row_once() -> None:
    random = np.random.default_rng(0)
    said = random.random(500)

    assert sum(band.rows for band in reliability((random.random(500) < said).astype(int), said)) == 500


def test_interval_holds_the_estimate_and_narrows_with_more_rows() -> None:
    few, many = (
        measured(np.tile(LABELS, n), np.tile(SCORES, n), [5], is_likelihood=False, resamples=200)
        for n in (3, 30)
    )

    assert few.interval[0] < few.average_precision < few.interval[1]
    assert many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]
    assert many == measured(np.tile(LABELS, 30), np.tile(SCORES, 30), [5], is_likelihood=False, resamples=200)


def test_rows_of_a_group_are_drawn_together_and_say_less() -> None:
    """Thirty copies of a row are one thing seen, not thirty."""
    labels, scores = np.repeat(LABELS, 30), np.repeat(SCORES, 30)
    groups = [f"p{row // 30}" for row in range(300)]

    apart = measured(labels, scores, [5], is_likelihood=False, resamples=200).interval
    together = measured(labels, scores, [5], is_likelihood=False, groups=groups, resamples=200).interval

    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


@pytest.mark.parametrize("labels", [np.zeros(10, dtype=int), np.ones(10, dtype=int), LABELS[:9]])
def test_nothing_is_measured_on_one_kind_of_rows(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Measuring needs"):
        measured(labels, SCORES, [2], is_likelihood=False)


DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4)]


def test_split_puts_what_happened_at_the_moment_on_the_later_side() -> None:
    earlier, later = split_by_time(DAYS, DAYS[2])

    assert (earlier.tolist(), later.tolist()) == ([0, 1], [2, 3])


def test_split_leaves_out_partners_that_were_trained_on() -> None:
    earlier, later = split_by_time(DAYS, DAYS[2], ["ann", "ben", "ann", "cat"])

    assert (earlier.tolist(), later.tolist()) == ([0, 1], [3])


@pytest.mark.parametrize(
    ("at", "groups"), [(DAYS[0], None), (DAYS[3] + timedelta(1), None), (DAYS[2], ["a", "b", "a", "b"])]
)
def test_split_with_an_empty_side_is_refused(at: datetime, groups: list[str] | None) -> None:
    with pytest.raises(TableError, match="rows to train on"):
        split_by_time(DAYS, at, groups)


def test_best_feature_is_chosen_on_the_training_rows_with_its_direction() -> None:
    known = table_of([{"a": float(-row), "b": float(row % 3)} for row in range(20)], [0] * 15 + [1] * 5)

    title, ranking = best_feature(known, table_of([{"a": 1.0, "b": 0.0}, {"a": -1.0, "b": 0.0}]))

    assert title == "a, low first"
    assert ranking.tolist() == [-1.0, 1.0]


def test_baselines_stand_beside_the_pipeline() -> None:
    model, ranked = compare(made(400, 40), made(400, 40, seed=1), [20], trees=30)

    assert [one.title for one in ranked] == [
        model.recipe,
        "base rate",
        ranked[2].title,
        "logistic regression",
        "IsolationForest",
    ]
    assert ranked[1].figures.average_precision == pytest.approx(0.1)
    assert ranked[0].figures.average_precision > ranked[2].figures.average_precision


def test_logistic_regression_bears_what_it_never_saw() -> None:
    known = made(100, 20)
    far = table_of([dict.fromkeys("abcdefgh", 1e30) | {"source": "mail"}])

    assert 0 <= logistic_regression(known, far)[0] <= 1


@pytest.mark.parametrize(("train", "test"), [((50, 0), (50, 5)), ((50, 50), (50, 5)), ((50, 5), (50, 0))])
def test_comparing_needs_both_kinds_of_rows(train: tuple[int, int], test: tuple[int, int]) -> None:
    with pytest.raises(TableError, match="in both tables"):
        compare(made(*train), made(*test), [5], trees=3)
