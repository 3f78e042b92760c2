"""How good a ranking and its likelihoods are, held against what was decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_auc_score

from fraud.scores.forest import Floats, Ints

RESAMPLES = 1000
BANDS = 10  # parts of a reliability table at most


@dataclass(frozen=True, slots=True)
class AtK:
    """Of the `k` highest scores: the share that is fraud, and the share of all fraud that is among them."""

    k: int
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of about one likelihood: how many, what was said on average, and how many were fraud."""

    rows: int
    said: float
    was: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How a ranking did; all from 0 to 1. `brier` and `bands` are None and empty where no likelihood was said."""

    average_precision: float
    interval: tuple[float, float]
    pr_auc: float
    roc_auc: float
    at: tuple[AtK, ...]
    brier: float | None
    bands: tuple[Band, ...]


def measured(
    labels: Ints,
    scores: Floats,
    ks: Sequence[int],
    *,
    is_likelihood: bool,
    groups: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
) -> Figures:
    """Measure a ranking; labels of both kinds must be there (ValueError), scores are of one length with them.

    The interval of average precision is a bootstrap of rows, or of whole groups where they are named.
    """
    if len(labels) != len(scores) or len(set(labels.tolist())) < 2:
        raise ValueError("Measuring needs a score for each row, and rows with and without fraud.")
    return Figures(
        average_precision=average_precision(labels, scores),
        interval=_interval(labels, scores, groups, resamples),
        pr_auc=pr_auc(labels, scores),
        roc_auc=float(roc_auc_score(labels, scores)),
        at=tuple(at_k(labels, scores, k) for k in ks),
        brier=float(np.mean((scores - labels) ** 2)) if is_likelihood else None,
        bands=reliability(labels, scores) if is_likelihood else (),
    )


def average_precision(labels: Ints, scores: Floats) -> float:
    """The mean of the precision at each case of fraud, from the top.

    Ties count as one step, so a constant score gets the base rate.
    """
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # of each tie
    found = hits[last]
    return float(np.sum(np.diff(found, prepend=0) * found / (last + 1)) / hits[-1])


def pr_auc(labels: Ints, scores: Floats) -> float:
    """The area under the straight lines between precisions; where no fraud is found yet, that of the highest scores.

    The usual starting point, precision 1 at recall 0, would give a constant score half of everything.
    """
    precision, recall, _thresholds = precision_recall_curve(labels, scores)
    precision[-1] = precision[-2]
    return float(np.trapezoid(precision[::-1], recall[::-1]))


def at_k(labels: Ints, scores: Floats, k: int) -> AtK:
    """Precision and recall of the k highest scores; where the k-th is tied, as a random choice of the tied ones has."""
    k = min(k, len(scores))
    limit = np.sort(scores)[::-1][k - 1]
    above, tied = scores > limit, scores == limit
    hits = labels[above].sum() + (k - above.sum()) * labels[tied].mean()
    return AtK(k, float(hits / k), float(hits / max(labels.sum(), 1)))


def reliability(labels: Ints, scores: Floats, bands: int = BANDS) -> tuple[Band, ...]:
    """Compare said with true, band by band; bands without a row are left out.

    Edges double from a quarter of the base rate on: of a rare event, most rows would share one of ten equal bands.
    """
    rate = float(labels.mean())
    edges = np.minimum(rate * 2.0 ** np.arange(-2, bands - 3), 1.0)
    place = np.searchsorted(edges[edges < 1], scores, side="right")
    return tuple(
        Band(int(rows.sum()), float(scores[rows].mean()), float(labels[rows].mean()))
        for rows in (place == at for at in range(int(place.max()) + 1))
        if rows.any()
    )


def _interval(
    labels: Ints, scores: Floats, groups: Sequence[str] | None, resamples: int
) -> tuple[float, float]:
    """The middle 95 % of the average precisions of resamples, seeded."""
    values = [
        average_precision(labels[rows], scores[rows])
        for rows in _resamples(len(labels), groups, resamples)
        if labels[rows].any()
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _resamples(rows: int, groups: Sequence[str] | None, times: int) -> Iterator[Ints]:
    random = np.random.default_rng(0)
    if groups is None:
        for _ in range(times):
            yield random.integers(0, rows, rows)
        return
    codes = np.unique(np.array(groups), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    for _ in range(times):
        yield np.concatenate([parts[at] for at in random.integers(0, len(parts), len(parts))])
