"""How sure a data-driven model is: the same journeys drawn again and again, and what each draw would have said. Pure.

Each draw counts every path a Poisson number of times around what was counted. The draws follow from a seed and their
number from the size of the question, so the same journeys always give the same intervals.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracking.attribution.markov import DENSE, Chain, removal
from tracking.attribution.paths import Floats, Paths
from tracking.attribution.shapley import equal_parts

LEAST_CONVERSIONS = 300
LEAST_JOURNEYS = 30
LEAST_PLAYERS = 2
MOST_DRAWS, LEAST_DRAWS = 200, 40
WORK = 4e9  # steps of arithmetic that all draws together may take
SURE = (2.5, 97.5)  # per cent: 95 of 100 draws lie between


@dataclass(frozen=True, slots=True)
class Interval:
    """The parts of all orders, and of all value, between which a player's credit lies in 95 of 100 draws."""

    low: Floats
    high: Floats
    value_low: Floats
    value_high: Floats


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to go by: orders, players, and those that are in enough journeys to be judged."""

    conversions: int
    players: int
    known: tuple[int, ...]

    @property
    def is_enough(self) -> bool:
        """Whether a data-driven model may be relied on."""
        return self.conversions >= LEAST_CONVERSIONS and len(self.known) >= LEAST_PLAYERS


def evidence(paths: Paths) -> Evidence:
    """Return what there is to go by in these journeys; the minimum is in LEAST_..."""
    known = paths.players[paths.journeys >= LEAST_JOURNEYS]
    return Evidence(int(paths.conversions.sum()), len(paths.players), tuple(known.tolist()))


def draws_for(chain: Chain) -> int:
    """Return how many draws fit into the bounded work."""
    solved = chain.states**3 if chain.order == 1 and chain.states <= DENSE else 100 * chain.edges.nnz
    once = 20 * (chain.edges.nnz + 2 * chain.edges.shape[1]) + solved
    return int(min(MOST_DRAWS, max(LEAST_DRAWS, WORK // once)))


def intervals(
    paths: Paths,
    chain: Chain,
    *,
    seed: int = 1,
    draws: int | None = None,
    beat: Callable[[], None] = lambda: None,
) -> dict[str, Interval]:
    """Return by model ("markov", "shapley") the intervals of the parts of all orders and value.

    `beat` is called at each draw. An order of a path is worth what the path's orders are worth on average.
    """
    dice = np.random.default_rng(seed)
    worth = paths.value / np.maximum(paths.conversions, 1.0)
    found: dict[str, list[Floats]] = {"markov": [], "shapley": []}
    for _draw in range(draws or draws_for(chain)):
        beat()
        conversions = dice.poisson(paths.conversions).astype(np.float64)
        nulls = dice.poisson(paths.nulls).astype(np.float64)
        lost = removal(chain, conversions, conversions * worth, nulls)
        found["markov"].append(_parts(np.stack([lost.effects, lost.value_effects])))
        parts = [equal_parts(paths, each) for each in (conversions, conversions * worth)]
        found["shapley"].append(_parts(np.stack(parts)))
    return {name: _between(parts) for name, parts in found.items()}


def _parts(found: Floats) -> Floats:
    """Each row as parts of its sum; a row of nothing as it is."""
    whole = found.sum(axis=1, keepdims=True)
    return found / np.where(whole > 0, whole, 1.0)


def _between(parts: list[Floats]) -> Interval:
    low, high = np.percentile(np.stack(parts), SURE, axis=0)
    return Interval(low[0], high[0], low[1], high[1])
