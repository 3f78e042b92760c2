"""What a model's raw answer means in log-odds, read off answers about rows that it had not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fraud.scores.encoding import Matrix
from fraud.scores.forest import Floats, Ints
from fraud.scores.recipes import Recipe, grow

FOLDS = 5
STEEPEST = 1000.0  # keeps the slope finite where fraud and the rest are apart without exception


AT_EDGE = 0.01  # a share of 0 or 1 is not certain: it reads as odds of 1 to 101


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Log-odds = intercept + slope × raw; the slope is never negative, so no ranking is turned round.

    Where the raw answer `is_share`, a share of trees, its own log-odds are taken: shares crowd near 0, where a straight
    line would say 4 % of what is 7, and 8 % of what is 25.
    """

    slope: float = 1.0
    intercept: float = 0.0
    is_share: bool = False

    def __call__(self, raw: Floats) -> Floats:
        """Turn raw answers into log-odds."""
        return self.intercept + self.slope * self.read(raw)

    def read(self, raw: Floats) -> Floats:
        """The raw answer as the line takes it."""
        return np.log((raw + AT_EDGE) / (1 - raw + AT_EDGE)) if self.is_share else raw

    def factors(self, raw: Floats, start: float) -> Floats:
        """What a raw step between start and raw is worth in log-odds, for each row: the same for all its steps."""
        if not self.is_share:
            return np.full(len(raw), self.slope)
        way = raw - start
        is_long = np.abs(way) > 1e-9
        at_start = 1 / (start + AT_EDGE) + 1 / (1 - start + AT_EDGE)
        rise = self.read(raw) - self.read(np.array([start]))
        return self.slope * np.where(is_long, rise / np.where(is_long, way, 1.0), at_start)


def calibrated(
    recipe: Recipe, matrix: Matrix, labels: Ints, groups: Sequence[str] | None = None
) -> Sigmoid | None:
    """Grow the recipe's first seed on four of five parts and fit its answers on the fifth, each part in turn.

    Rows of one group fall into one part. None if no two parts can be made that both hold fraud.
    """
    raws, truths = [], []
    once = replace(recipe, seeds=recipe.seeds[:1])
    for known, asked in _parts(labels, groups):
        if len(set(labels[known].tolist())) < 2:
            continue
        raws.append(grow(once, matrix[known], labels[known]).sums(matrix[asked]))
        truths.append(labels[asked])
    truth = np.concatenate(truths) if truths else np.zeros(0, dtype=np.int64)
    if len(set(truth.tolist())) < 2:
        return None
    return sigmoid_of(np.concatenate(raws), truth, is_share=recipe.is_share)


def sigmoid_of(raw: Floats, labels: Ints, *, is_share: bool = False) -> Sigmoid:
    """Fit Platt's sigmoid (1999) with his cautious targets; raw and labels are of one length, both labels present."""
    from scipy.optimize import (
        minimize,
    )  # where it is used: it takes a second and much memory, and most processes never need it

    raw = Sigmoid(is_share=is_share).read(raw)
    positives, negatives = int(labels.sum()), int((1 - labels).sum())
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    middle, width = float(raw.mean()), float(raw.std()) or 1.0
    scaled = (raw - middle) / width

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = at[0] + at[1] * scaled
        wrong = 1 / (1 + np.exp(-np.clip(odds, -500, 500))) - target
        return float((np.logaddexp(0, odds) - target * odds).sum()), np.array([wrong.sum(), wrong @ scaled])

    start = np.array([np.log(target.mean() / (1 - target.mean())), 1.0])
    bounds = [(None, None), (0.0, STEEPEST)]
    intercept, slope = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return Sigmoid(float(slope / width), float(intercept - slope * middle / width), is_share)


def _parts(labels: Ints, groups: Sequence[str] | None) -> Iterator[tuple[Ints, Ints]]:
    """Parts with as equal a share of fraud as can be; as many as FOLDS, or as there is fraud to share out."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # as above

    index = np.arange(len(labels))
    kinds = [index[labels == label] for label in (0, 1)]
    units = [len({groups[row] for row in rows}) if groups else len(rows) for rows in kinds]
    folds = min(FOLDS, *units)
    if folds < 2:
        return
    if groups is None:
        yield from StratifiedKFold(folds, shuffle=True, random_state=0).split(index, labels)
        return
    codes = np.unique(np.array(groups), return_inverse=True)[1]
    yield from StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(index, labels, codes)
