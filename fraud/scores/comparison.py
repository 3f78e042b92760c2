"""The pipeline beside what is simpler, on rows that neither has seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fraud.scores.encoding import encoding_of
from fraud.scores.forest import Floats, Ints
from fraud.scores.learning import train, train_oddity
from fraud.scores.measures import Figures, average_precision, measured
from fraud.scores.model import Model
from fraud.scores.score import Source
from fraud.scores.table import Table, TableError


@dataclass(frozen=True, slots=True)
class Ranked:
    """How one way of ranking did."""

    title: str
    figures: Figures


def compare(
    known: Table, asked: Table, ks: Sequence[int], trees: int | None = None
) -> tuple[Model, list[Ranked]]:
    """Train on `known`, score `asked`, and measure the pipeline (first) and its baselines.

    Raises TableError if a table holds only fraud or none.
    """
    labels = _labels(asked)
    _labels(known)
    model = train(known, trees)
    ranked = []
    for title, scores, is_likelihood in _rankings(model, known, asked, trees):
        figures = measured(labels, scores, ks, is_likelihood=is_likelihood, groups=asked.groups)
        ranked.append(Ranked(title, figures))
    return model, ranked


def _rankings(
    model: Model, known: Table, asked: Table, trees: int | None
) -> Iterator[tuple[str, Floats, bool]]:
    yield model.recipe, model.values(asked), model.source == Source.LEARNED
    yield "base rate", np.full(asked.size, known.positives / known.size), True
    feature, ranking = best_feature(known, asked)
    yield f"ranked by {feature}", ranking, False
    yield "logistic regression", logistic_regression(known, asked), True
    if model.source == Source.LEARNED:
        yield "IsolationForest", train_oddity(known, trees).values(asked), False


def best_feature(known: Table, asked: Table) -> tuple[str, Floats]:
    """Rank by the one column, high or low end first, that ranks the training rows best."""
    labels = _labels(known)
    encoding = encoding_of(known)
    before, after = encoding.matrix(known), encoding.matrix(asked)
    choices = [
        (average_precision(labels, sign * before[:, place].astype(np.float64)), sign, place)
        for place in range(before.shape[1])
        for sign in (1, -1)
    ]
    _precision, sign, place = max(choices)
    title = encoding.origins[place] + ("" if sign > 0 else ", low first")
    return title, sign * after[:, place].astype(np.float64)


def logistic_regression(known: Table, asked: Table) -> Floats:
    """The likelihood by a weighted sum of the standardized columns."""
    encoding = encoding_of(known)
    scaler = StandardScaler().fit(encoding.matrix(known).astype(np.float64))
    before, after = (scaler.transform(encoding.matrix(table).astype(np.float64)) for table in (known, asked))
    fitted = LogisticRegression(max_iter=5000).fit(before, _labels(known))
    likelihood: Floats = fitted.predict_proba(np.clip(after, -1e6, 1e6))[:, 1]
    return likelihood


def _labels(table: Table) -> Ints:
    if table.labels is None or not 0 < table.positives < table.size:
        raise TableError(_("Measuring needs rows that are fraud and rows that are not, in both tables."))
    return table.labels
