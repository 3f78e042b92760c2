"""How unusual a typical amount is, by medians of binned amounts: one huge order moves none of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from fraud.maths.distances import TO_DEVIATION, Counts

STEP = 10 ** (1 / 8)  # each bin ends a third above the last
AMOUNT_EDGES: tuple[float, ...] = tuple(
    round(100 * STEP**step) for step in range(49)
)  # 100 to 100,000,000 minor units
LEAST_SCALE = 0.15  # peers closer to each other than this (logs) are taken to be as far apart
ENOUGH = 20  # orders from which on a peer's median takes part
FEW = 5  # peers that say nothing yet
TO_NORMAL = 1.349  # from the distance of the quartiles to the standard deviation of a normal
OF_MEDIAN = 1.2533  # how much surer a mean is than a median


@dataclass(frozen=True, slots=True)
class Middle:
    """The median of amounts and how unsure it is, both of the natural log of minor units."""

    log: float
    error: float

    @property
    def amount(self) -> float:
        """The median in minor units."""
        return float(np.exp(self.log))


@dataclass(frozen=True, slots=True)
class Usual:
    """Where the medians of `peers` peers stand (log), and how far apart from each other."""

    log: float
    scale: float
    peers: int

    def score(self, middle: Middle) -> float:
        """Return how many usual deviations a median is above (or, below 0, under) the peers'."""
        return (middle.log - self.log) / float(np.hypot(self.scale, middle.error))

    def tail(self, score: float) -> float:
        """Return how likely an honest peer is as far off on either side (Student's t, as peers are few)."""
        return float(2 * stdtr(self.peers - 1, -abs(score)))


def middle_of(counts: Counts, edges: Sequence[float] = AMOUNT_EDGES) -> Middle | None:
    """Return the median of binned amounts; None where there are none."""
    total = sum(counts)
    if not total:
        return None
    low, middle, high = (_quantile(counts, edges, part) for part in (0.25, 0.5, 0.75))
    return Middle(middle, OF_MEDIAN * (high - low) / TO_NORMAL / total**0.5)


def usual_of(middles: Sequence[Middle]) -> Usual | None:
    """Return what is usual among peers by their medians' median and median deviation; None for FEW and less."""
    if len(middles) <= FEW:
        return None
    logs = np.array([middle.log for middle in middles])
    center = float(np.median(logs))
    scale = TO_DEVIATION * float(np.median(np.abs(logs - center)))
    return Usual(center, max(LEAST_SCALE, scale), len(logs))


def _quantile(counts: Counts, edges: Sequence[float], part: float) -> float:
    """The log of the amount that `part` of all stay under, as if amounts stood evenly in their bin."""
    logs = np.log([edges[0] / STEP, *edges, edges[-1] * STEP])
    cumulative = np.concatenate(([0.0], np.cumsum(counts))) / sum(counts)
    place = int(np.searchsorted(cumulative, part))
    before, after = cumulative[place - 1], cumulative[place]
    return float(logs[place - 1] + (part - before) / (after - before) * (logs[place] - logs[place - 1]))
