"""What is learned from decided cases, how it is calibrated, explained and kept."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, IsolationForest

from fraud.scores import learning
from fraud.scores.calibration import Sigmoid, sigmoid_of
from fraud.scores.encoding import encoding_of
from fraud.scores.learning import train, train_oddity
from fraud.scores.measures import average_precision
from fraud.scores.model import Model, Reason, dumped, loaded
from fraud.scores.recipes import BOOSTED, EXTRA, grow, recipe_for
from fraud.scores.score import Source
from fraud.scores.table import Table, TableError, table_of
from tests.fraud.scored import made

FEW = 40  # trees


def ranked(model: Model, table: Table) -> float:
    assert table.labels is not None
    return average_precision(table.labels, model.levels(table))


@pytest.mark.parametrize(
    ("frauds", "recipe", "reason"),
    [
        (0, "IsolationForest", Reason.FEW),
        (19, "IsolationForest", Reason.FEW),
        (20, "ExtraTrees", Reason.LEARNED),
        (69, "ExtraTrees", Reason.LEARNED),
        (70, "slow gradient boosting", Reason.LEARNED),
    ],
)
def test_number_of_frauds_chooses_the_machinery(frauds: int, recipe: str, reason: Reason) -> None:
    model = train(made(300, frauds), trees=5)

    assert (model.recipe, model.reason) == (recipe, reason)
    assert model.source == (Source.LEARNED if reason == Reason.LEARNED else Source.ODDITY)


def test_too_few_frauds_say_so() -> None:
    assert train(made(100, 19), trees=5).remark.startswith(
        "19 cases were decided as fraud, and nothing is learned"
    )


def test_slow_boosting_is_the_default_of_many_frauds() -> None:
    assert dict(recipe_for(70).parameters) == {
        "n_estimators": 1500,
        "learning_rate": 0.005,
        "max_depth": 4,
        "subsample": 0.5,
        "max_features": 0.3,
        "min_samples_leaf": 5,
    }
    assert recipe_for(69) == EXTRA


@pytest.mark.parametrize("frauds", [40, 90])
def test_learning_ranks_new_rows(frauds: int) -> None:
    later = made(1000, 50, seed=1)

    learned = ranked(train(made(800, frauds), trees=FEW), later)

    assert learned > 0.5  # the base rate is 0.05


@pytest.mark.parametrize("frauds", [40, 90])
def test_shuffled_labels_teach_nothing(frauds: int) -> None:
    table, later = made(800, frauds), made(1000, 100, seed=1)
    assert table.labels is not None
    shuffled = replace(table, labels=np.random.default_rng(3).permutation(table.labels))

    assert ranked(train(shuffled, trees=FEW), later) < 0.2  # the base rate is 0.1, learning has over 0.6


@pytest.mark.parametrize("frauds", [40, 120])
def test_mean_likelihood_is_near_the_true_rate(frauds: int) -> None:
    later = made(2000, 2000 * frauds // 800, seed=1)
    assert later.labels is not None

    said = train(made(800, frauds), trees=FEW).values(later).mean()

    assert said == pytest.approx(later.labels.mean(), rel=0.25)


@pytest.mark.parametrize("frauds", [5, 40, 90])
def test_explanation_adds_up_to_the_score(frauds: int) -> None:
    model, later = train(made(400, frauds, gaps=0.1), trees=FEW), made(30, 10, seed=1, gaps=0.1)

    scores = model.scores(later)

    assert [score.value for score in scores] == pytest.approx(model.values(later))
    assert [score.level for score in scores] == pytest.approx(model.levels(later))
    assert all(len(score.moves) <= 5 for score in scores)
    assert {score.version for score in scores} == {model.version}


def test_what_is_like_fraud_moves_towards_fraud() -> None:
    model = train(made(800, 90), trees=FEW)
    honest = dict.fromkeys("abcdefgh", 0.0) | {"source": "blog"}

    strange = model.scores(table_of([honest | {"a": 3.0, "b": -2.0}]))[0]

    by = {move.name: move.by for move in strange.moves}
    assert by["a"] > 0 > by["b"]
    assert next(move.value for move in strange.moves if move.name == "a") == 3.0


def test_only_what_was_decided_gives_a_likelihood() -> None:
    learned, odd = (train(made(200, frauds), trees=FEW).scores(made(1, 0))[0] for frauds in (30, 5))

    assert (learned.is_likelihood, odd.is_likelihood) == (True, False)
    assert 0 < odd.value <= 1


def test_of_many_rows_some_are_drawn_and_the_likelihoods_stay_true(monkeypatch: pytest.MonkeyPatch) -> None:
    table, later = made(4000, 80), made(4000, 80, seed=1)
    monkeypatch.setattr(learning, "MOST", 500)

    model = train(table, trees=FEW)

    assert model.rows == 4000
    assert model.values(later).mean() == pytest.approx(0.02, rel=0.3)  # of the drawn ones, 0.14 are fraud
    assert model.scores(later.take([0]))[0].level == pytest.approx(model.levels(later)[0])


def test_repeated_training_is_the_same_to_the_last_digit() -> None:
    assert dumped(train(made(300, 30), trees=FEW)) == dumped(train(made(300, 30), trees=FEW))


def test_a_killed_training_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(made(300, 30), trees=FEW)
    with monkeypatch.context() as killed:
        killed.setattr(learning, "grow", _killed)
        with pytest.raises(KeyboardInterrupt):
            train(made(300, 30), trees=FEW)

    assert train(made(300, 30), trees=FEW).version == whole.version


def _killed(*_args: object) -> None:
    raise KeyboardInterrupt


def test_order_of_rows_does_not_matter() -> None:
    table = made(300, 30, groups=60, gaps=0.1)
    order = np.random.default_rng(5).permutation(table.size)

    assert dumped(train(table.take(order), trees=FEW)) == dumped(train(table, trees=FEW))


def test_other_data_parameters_or_groups_are_another_version() -> None:
    table = made(300, 30)
    assert table.labels is not None
    others = [
        train(made(300, 30, seed=1), trees=5),
        train(table, trees=6),
        train(replace(table, labels=1 - table.labels), trees=5),
        train(replace(table, groups=tuple(f"p{row % 50}" for row in range(300))), trees=5),
        train_oddity(table, trees=5),
    ]

    versions = {train(table, trees=5).version, *(model.version for model in others)}

    assert len(versions) == 6


def test_rows_of_a_partner_are_calibrated_together() -> None:
    """Each partner's rows are one row, ten times over: apart, the copies would be recognized and called certain."""
    one = made(200, 20)
    copies = one.take(np.repeat(np.arange(200), 10))
    grouped = replace(copies, groups=tuple(f"p{row // 10}" for row in range(2000)))

    apart, together = (train(table, trees=20).sigmoid.slope for table in (copies, grouped))

    assert apart > 1.5 * together


def test_fraud_of_one_partner_teaches_nothing_about_others() -> None:
    table = replace(made(200, 25), groups=tuple("p0" if row < 25 else f"p{row}" for row in range(200)))

    assert train(table, trees=5).reason == Reason.ALIKE


def test_only_fraud_teaches_nothing() -> None:
    assert train(made(30, 30), trees=5).reason == Reason.ALIKE


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (table_of([{"a": 1.0}]), "of no row"),
        (table_of([], []), "no rows"),
        (table_of([{"a": None}], [1]), "anything to learn from"),
    ],
)
def test_a_table_without_substance_is_refused(table: Table, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        train(table)


def test_our_trees_say_what_scikit_learns_say() -> None:
    table = made(300, 80, gaps=0.1)
    assert table.labels is not None
    matrix = encoding_of(table).matrix(table)
    boosted = replace(BOOSTED, parameters={**BOOSTED.parameters, "n_estimators": 30}, seeds=(4,))
    theirs = GradientBoostingClassifier(random_state=4, **boosted.parameters).fit(matrix, table.labels)
    forest = ExtraTreesClassifier(random_state=0, **EXTRA.parameters).fit(matrix, table.labels)

    assert grow(boosted, matrix, table.labels).sums(matrix) == pytest.approx(theirs.decision_function(matrix))
    assert grow(EXTRA, matrix, table.labels).sums(matrix) == pytest.approx(forest.predict_proba(matrix)[:, 1])


def test_our_oddity_is_scikit_learns() -> None:
    table = made(300, 0).sorted()
    matrix = encoding_of(table).matrix(table)
    theirs = IsolationForest(n_estimators=50, max_samples=256, random_state=0).fit(matrix)

    assert train_oddity(table, trees=50).values(table) == pytest.approx(-theirs.score_samples(matrix))


def test_seeds_are_averaged() -> None:
    table = made(200, 80)
    assert table.labels is not None
    matrix = encoding_of(table).matrix(table)
    small = replace(BOOSTED, parameters={**BOOSTED.parameters, "n_estimators": 5})
    ones = [grow(replace(small, seeds=(seed,)), matrix, table.labels).sums(matrix) for seed in (0, 1, 2)]

    assert grow(small, matrix, table.labels).sums(matrix) == pytest.approx(np.mean(ones, axis=0))


def test_sigmoid_finds_what_was_put_in() -> None:
    random = np.random.default_rng(0)
    raw = random.normal(size=20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(-(2 * raw - 1)))).astype(int)

    sigmoid = sigmoid_of(raw, labels)

    assert (sigmoid.slope, sigmoid.intercept) == pytest.approx((2, -1), abs=0.1)


def test_sigmoid_never_turns_a_ranking_round() -> None:
    labels = np.array([0, 0, 0, 1, 1] * 20)

    backwards = sigmoid_of(-labels + np.arange(100) / 1000, labels)

    assert backwards.slope == 0
    assert backwards(np.array([5.0]))[0] == pytest.approx(np.log(0.4 / 0.6), abs=0.05)
    assert 0 < sigmoid_of(labels.astype(float), labels).slope < np.inf
    assert sigmoid_of(np.zeros(100), labels)(np.zeros(1))[0] == pytest.approx(np.log(0.4 / 0.6), abs=0.05)


def test_sigmoid_of_shares_adds_up_from_any_start() -> None:
    sigmoid = Sigmoid(0.8, -1.0, is_share=True)
    raw = np.array([0.0, 0.03, 0.03 + 1e-12, 0.5, 1.0])

    way = sigmoid.factors(raw, 0.03) * (raw - 0.03)

    assert sigmoid(np.array([0.03])) + way == pytest.approx(sigmoid(raw))
    assert (sigmoid.factors(raw, 0.03) > 0).all()


def test_gaps_and_unknown_texts_are_scored() -> None:
    model = train(made(300, 30, gaps=0.2), trees=FEW)

    values = model.values(table_of([dict.fromkeys("abcdefgh") | {"source": "podcast"}]))

    assert 0 < values[0] < 1


def test_ids_are_left_out_and_frequent_texts_are_not() -> None:
    rows = [{"id": f"r{row}", "kind": "xy"[row % 2], "empty": None, "n": float(row)} for row in range(12)]

    encoding = encoding_of(table_of(rows))

    assert encoding.left_out == ("empty", "id")
    assert encoding.origins == ("n", "kind", "kind")


def test_another_table_than_was_trained_with_is_refused() -> None:
    model = train(made(100, 20), trees=5)
    row = dict.fromkeys("abcdefgh", 0.0) | {"source": "mail"}

    for wrong, sentence in (
        ({"a": "text"}, "a was a number"),
        ({"source": 1.0}, "source was a text"),
    ):
        with pytest.raises(TableError, match=sentence):
            model.values(table_of([row | wrong]))
    del row["b"]
    with pytest.raises(TableError, match="column b is missing"):
        model.values(table_of([row]))


@pytest.mark.parametrize("frauds", [5, 30, 80])
def test_a_kept_model_gives_the_same_scores(frauds: int) -> None:
    model, later = train(made(200, frauds, gaps=0.1), trees=10), made(50, 10, seed=1)

    again = loaded(dumped(model))

    assert again.scores(later) == model.scores(later)
    assert (again.version, again.remark) == (model.version, model.remark)


def test_a_changed_model_is_refused() -> None:
    text = dumped(train(made(100, 20), trees=3))

    for wrong in (text.replace('"rows":100', '"rows":101'), text[:-9], "[]", "{}", "null", ""):
        with pytest.raises(ValueError, match="Train it again"):
            loaded(wrong)


@pytest.mark.parametrize(
    ("part", "value"), [("left", 0), ("left", 10**6), ("column", 99), ("column", -2), ("mean", "x")]
)
def test_a_forged_model_cannot_run_in_circles_or_out_of_bounds(part: str, value: object) -> None:
    """Whoever forges a model can make its digest, too; its walks must still end."""
    model = train(made(100, 20), trees=3)
    whole = json.loads(dumped(model))
    whole["model"]["forest"][part][0] = value
    whole["sha256"] = _digest_of(whole["model"])

    with pytest.raises(ValueError, match=r"damaged|could not convert"):
        loaded(json.dumps(whole))


def _digest_of(body: object) -> str:
    from fraud.scores.model import _digest  # the forger reads our source

    return _digest(body)


def test_a_model_without_slope_ranks_nobody() -> None:
    flat = replace(train(made(100, 20), trees=3), sigmoid=Sigmoid(0.0, -3.0))

    assert set(flat.levels(made(20, 5)).tolist()) == {-3.0}
    assert flat.scores(made(1, 0))[0].moves == ()
