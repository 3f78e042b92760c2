"""How far the shape of a partner's orders is from its peers': distances of binned counts. Pure.

A distance is compared with the distances that peers have among themselves. A p-value of the same distance (Kolmogorov
and Smirnov's) asks whether two shapes are exactly equal, and calls 9 % of honest partners unusual at 20 orders and 92 %
at 1,000. Bins make histograms that are added day by day; with these bins a distance is at most a few hundredths less.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MINUTE, HOUR, DAY = 60, 3600, 86_400

# From click to order in seconds, about doubling, at times that have a name: under 5 s, 5 to 10 s ... over 60 days.
DELAY_EDGES: tuple[float, ...] = (
    *(5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR),
    *(DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 60 * DAY),
)
HOUR_EDGES: tuple[float, ...] = tuple(range(1, 24))  # of the day on the program's clock: 24 bins

ENOUGH = 20  # orders from which on a peer's shape takes part
MANY = 20  # peers from which on their own distances say what is usual
FLOOR = 0.4  # no distance under it is called unusual: honest 99th percentiles were measured at 0.41 to 0.54
FALLBACK = 0.5  # the limit while peers are few
HONEST = 2.326  # standard deviations that 99 % stay under
TO_DEVIATION = 1.4826  # from the median absolute deviation to the standard deviation of a normal

Counts = tuple[int, ...]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Profile:
    """The usual shape: the mean of `peers` peers' shares by bin, and the distance 99 % of honest ones stay under."""

    shares: tuple[float, ...]
    limit: float
    peers: int


def binned(values: Iterable[float], edges: Sequence[float]) -> Counts:
    """Return how many values stand under the first edge, from the first to under the second ... from the last on."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return tuple(counts)


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the greatest difference of the two cumulative shares, 0 to 1; ValueError where one is empty."""
    return float(np.abs(_cumulative(one) - _cumulative(other)).max())


def limit_of(distances: Sequence[float]) -> float:
    """Return the distance that 99 % of honest peers stay under, by peers' distances among whom some may be frauds.

    The 99th percentile itself would be the distance of the greatest fraud; median and median deviation of the square
    roots, which are about normal, hardly move while fewer than a tenth are frauds. Never under FLOOR.
    """
    if len(distances) < MANY:
        return FALLBACK
    roots = np.sqrt(np.asarray(distances, dtype=np.float64))
    middle = float(np.median(roots))
    deviation = TO_DEVIATION * float(np.median(np.abs(roots - middle)))
    return max(FLOOR, (middle + HONEST * deviation) ** 2)


def profiles(histograms: Sequence[Counts]) -> list[Profile | None]:
    """Return for each partner what is usual among all the others; None where no other has ENOUGH orders.

    Each peer weighs the same, however many orders it has, so that a big one does not decide what is usual.
    """
    if not histograms:
        return []
    table = np.asarray(histograms, dtype=np.float64)
    sizes = table.sum(axis=1)
    counts_as_peer = sizes >= ENOUGH
    shares = table / np.maximum(sizes, 1)[:, None]
    whole = shares[counts_as_peer].sum(axis=0)
    others = int(counts_as_peer.sum()) - counts_as_peer.astype(np.int64)
    usual = (whole - shares * counts_as_peer[:, None]) / np.maximum(others, 1)[:, None]
    apart = np.abs(np.cumsum(shares, axis=1) - np.cumsum(usual, axis=1)).max(axis=1)
    limits = _limits(apart, counts_as_peer)
    rows = zip(usual, limits, others, strict=True)
    return [Profile(tuple(row.tolist()), limit, int(peers)) if peers else None for row, limit, peers in rows]


def _limits(apart: Floats, counts_as_peer: NDArray[np.bool_]) -> list[float]:
    """One limit for all where peers are many, as one more hardly moves it; else each one's by the others alone."""
    peers = apart[counts_as_peer]
    if len(peers) > 5 * MANY:
        return [limit_of(peers.tolist())] * len(apart)
    without = [counts_as_peer & (np.arange(len(apart)) != place) for place in range(len(apart))]
    return [limit_of(apart[others].tolist()) for others in without]


def _cumulative(counts: Sequence[float]) -> Floats:
    array = np.asarray(counts, dtype=np.float64)
    total = float(array.sum())
    if total <= 0:
        raise ValueError("An empty histogram has no shape.")
    return np.cumsum(array) / total
