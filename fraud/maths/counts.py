"""How unusual a count is: of a day against the days before, of a draw against chance. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

LEAST = 1.0  # the least that is expected of a day: four orders after none are no burst
WEEK = 7
WEEKDAYS_FROM = 14  # days of history from which on weekdays are told apart
HOLDS_BACK = 2.0  # a weekday's own days count against so many ordinary ones

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Level:
    """What a day usually brings: `mean`, and `spread`, by which the variance is mean + spread x mean squared.

    A spread near 0 is Poisson's: days that differ no more than chance makes them, over a long history.
    """

    mean: float
    spread: float

    def upper_tail(self, count: int) -> float:
        """Return how likely a day brings `count` or more: the negative binomial's tail."""
        if count <= 0:
            return 1.0
        size = 1 / self.spread
        return float(betainc(count, size, self.mean / (self.mean + size)))


def level_of(history: Sequence[int]) -> Level:
    """Return what is usual for the day after `history`, counts of consecutive days, the oldest first.

    From WEEKDAYS_FROM days on by weekday, drawn towards the mean of all days. The spread is what the days showed beyond
    chance, plus what is unsure of a mean that so few cases tell. Never under LEAST a day.
    """
    counts = np.asarray(history, dtype=np.float64)
    if not len(counts):
        return Level(LEAST, 1.0)
    usual = _by_weekday(counts)
    mean = np.maximum(LEAST, usual)
    beyond = float(((counts - mean[1:]) ** 2 - mean[1:]).sum() / (mean[1:] ** 2).sum())
    unsure = 1 / (float(counts.sum()) + 1)
    return Level(float(mean[0]), max(0.0, beyond) + unsure)


def _by_weekday(counts: Floats) -> Floats:
    """What was to be expected: first of the day after, then of each day of the history."""
    overall = float(counts.mean())
    back = np.arange(len(counts), -1, -1) % WEEK  # days before the day after, which is 0 itself
    days = np.roll(back, 1)
    if len(counts) < WEEKDAYS_FROM:
        return np.full(len(counts) + 1, overall)
    own = days[1:]
    sums, seen = np.bincount(own, counts, WEEK), np.bincount(own, minlength=WEEK)
    return np.asarray(((sums + HOLDS_BACK * overall) / (seen + HOLDS_BACK))[days])


def drawn_tail(marked_drawn: int, drawn: int, marked: int, total: int) -> float:
    """Return how likely `drawn` of `total` hold so many of the `marked` ones or more, if they are drawn blindly.

    It is the exact answer to shuffling everything at random again and again (hypergeometric).
    """
    least, most = max(marked_drawn, drawn + marked - total, 0), min(drawn, marked)
    if marked_drawn <= max(0, drawn + marked - total):
        return 1.0
    count = np.arange(least, most + 1, dtype=np.float64)
    logs = _ways(marked, count) + _ways(total - marked, drawn - count) - _ways(total, drawn)
    return float(min(1.0, np.exp(logs).sum()))


def _ways(of: float, chosen: Floats | float) -> Floats:
    """The log of how many ways there are to choose."""
    return np.asarray(gammaln(of + 1.0) - gammaln(chosen + 1.0) - gammaln(of - chosen + 1.0))
