"""Journeys as arrays: equal paths are counted once, and every model works on the counts. Pure.

A path is a sequence of enrollment ids, the oldest touch first. Ids are whole numbers from beginning to end: they are
never put together as text, where one could be found inside another.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Path = tuple[int, ...]
OTHERS = 0  # the player that small ones are merged into; no enrollment has this id


@dataclass(frozen=True)
class Paths:
    """Distinct paths in ascending order with how often each led to an order, to nothing, and to how much value.

    `players` are enrollment ids, ascending; `touches` are places in `players`, path after path; path i is
    `touches[starts[i]:starts[i + 1]]`. `value` is in minor units.
    """

    players: Whole
    touches: Whole
    starts: Whole
    conversions: Floats
    value: Floats
    nulls: Floats

    @property
    def count(self) -> int:
        """How many distinct paths there are."""
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> Whole:
        """Touches of each path."""
        return np.diff(self.starts)

    @cached_property
    def path_of_touch(self) -> Whole:
        """For each touch the place of its path."""
        return np.repeat(np.arange(self.count), self.lengths)

    @property
    def weights(self) -> Floats:
        """Journeys of each path, with and without an order."""
        return self.conversions + self.nulls

    @cached_property
    def membership(self) -> Any:
        """A matrix of paths and players: 1 where the player has a touch in the path."""
        pairs = np.unique(self.path_of_touch * len(self.players) + self.touches)
        rows, columns = np.divmod(pairs, max(1, len(self.players)))
        return csr_array((np.ones(len(pairs)), (rows, columns)), shape=(self.count, len(self.players)))

    @cached_property
    def journeys(self) -> Floats:
        """In how many journeys each player has a touch."""
        return np.asarray(self.membership.T @ self.weights)

    def merged(self, most: int) -> "Paths":
        """These paths with all but the `most` players of most journeys (ties: the lower id) as one, OTHERS."""
        if len(self.players) <= most:
            return self
        order = np.lexsort((self.players, -self.journeys))
        known = np.sort(self.players[order[:most]])
        ids = np.where(np.isin(self.players, known), self.players, OTHERS)
        players, places = np.unique(ids, return_inverse=True)
        return Paths(players, places[self.touches], self.starts, self.conversions, self.value, self.nulls)


@dataclass(frozen=True, slots=True)
class Credits:
    """What each player is credited with, in the order of `Paths.players`; value in minor units."""

    conversions: Floats
    value: Floats


class PathCounts:
    """Counts equal paths while journeys are read; the order in which they come changes nothing."""

    def __init__(self) -> None:
        self._orders: dict[Path, list[int]] = {}
        self._nulls: Counter[Path] = Counter()

    def add(self, path: Iterable[int], *, conversions: int = 0, value: int = 0, nulls: int = 0) -> None:
        """Count journeys along the path; a path without touches says nothing and is left out."""
        key = tuple(path)
        if nulls:
            self._nulls[key] += nulls
        if not conversions:
            return
        sums = self._orders.setdefault(key, [0, 0])
        sums[0] += conversions
        sums[1] += value

    def add_nulls(self, paths: Iterable[Iterable[int]]) -> None:
        """Count journeys without an order, one along each path."""
        self._nulls.update(map(tuple, paths))

    def paths(self) -> Paths:
        """Return what was counted as arrays."""
        keys = sorted((self._orders.keys() | self._nulls.keys()) - {()})
        sums = chain.from_iterable(map(self._orders.get, keys, repeat((0, 0))))
        orders = np.fromiter(sums, dtype=np.float64, count=2 * len(keys)).reshape(-1, 2)
        nulls = np.fromiter(map(self._nulls.__getitem__, keys), dtype=np.float64, count=len(keys))
        lengths = np.fromiter(map(len, keys), dtype=np.int64, count=len(keys))
        flat = np.fromiter(chain.from_iterable(keys), dtype=np.int64, count=int(lengths.sum()))
        players, touches = np.unique(flat, return_inverse=True)
        starts = np.concatenate(([0], np.cumsum(lengths)))
        conversions, value = np.ascontiguousarray(orders.T)
        return Paths(players, touches.astype(np.int64), starts, conversions, value, nulls)


def counted(rows: Iterable[tuple[Sequence[int], int, int, int]]) -> Paths:
    """Count (path, conversions, value, journeys without an order)."""
    counts = PathCounts()
    for path, conversions, value, nulls in rows:
        counts.add(path, conversions=conversions, value=value, nulls=nulls)
    return counts.paths()


def visits(visitors: NDArray[np.uint64], at: Floats, gap: float) -> Iterator[Whole]:
    """Yield each visitor's touches, split where two are more than `gap` seconds apart, as places, the oldest first.

    `visitors` has two columns, the halves of an id; `at` is in seconds. Touches of one moment keep their order.
    """
    if not len(at):
        return
    order = np.lexsort((at, visitors[:, 1], visitors[:, 0]))
    changes = (visitors[order[1:]] != visitors[order[:-1]]).any(axis=1)
    breaks = np.flatnonzero(changes | (np.diff(at[order]) > gap)) + 1
    begins = 0
    for ends in [*breaks.tolist(), len(order)]:
        yield order[begins:ends]
        begins = ends
