"""The score before anything is learned: what was found, each finding with its weight."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fraud.scores.score import Move, Score, Source, explained

CAP = 3.0  # natural log units: no single finding makes fraud more than 20 times as likely
BASE = math.log(0.03 / 0.97)  # with nothing found: of BuzzCity's publishers 2.7 % were fraud (FDMA 2012)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a finding says: `llr`, how many natural log units likelier it is of fraud than of honest business."""

    check: str
    llr: float


def weighted_score(
    found: Iterable[Evidence], weights: Mapping[str, float] | None = None, base: float = BASE
) -> Score:
    """Add up what was found: logistic(base + sum of weight × llr, each llr cut to ±CAP).

    `weights` are factors by check, 1 where nothing is said, 0 to leave a check out. Of several findings of one check
    the strongest counts: the same thing seen twice is not twice the evidence. Raises ValueError for a weight below 0
    and for what is not a number.
    """
    strongest: dict[str, float] = {}
    for evidence in found:
        llr = capped(evidence.llr)
        if abs(llr) >= abs(strongest.get(evidence.check, 0.0)):
            strongest[evidence.check] = _graver(llr, strongest.get(evidence.check))
    moves = [Move(check, _weight(check, weights or {}) * llr, llr) for check, llr in strongest.items()]
    return explained(Source.WEIGHTS, base, moves)


def capped(llr: float) -> float:
    """Cut a log-likelihood ratio to ±CAP; ValueError unless it is a number."""
    if math.isnan(llr):
        raise ValueError("A finding's weight of evidence is not a number.")
    return max(-CAP, min(CAP, llr))


def _graver(llr: float, other: float | None) -> float:
    """Of two as strong the one towards fraud, whichever came first."""
    return llr if other is None or abs(llr) > abs(other) else max(llr, other)


def _weight(check: str, weights: Mapping[str, float]) -> float:
    weight = weights.get(check, 1.0)
    if not 0 <= weight < math.inf:
        raise ValueError(f"The weight of {check} must be 0 or more; it is {weight}.")
    return weight
