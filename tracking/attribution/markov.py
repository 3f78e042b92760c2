"""Removal effects of players in a Markov chain of touches, solved as an absorbing chain, never simulated. Pure.

A state is what the visitor touched last, up to `order` touches; equal states that follow each other are one. From its
last state a journey goes to an order or to nothing. A player's removal effect is the part of all orders that is lost
if every state with that player leads to nothing: 1 - P(order without the player) / P(order). Credits are shared by
removal effects. For value, each order counts with the mean value of those that end in the same state.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from tracking.attribution.paths import Credits, Floats, Paths, Whole

MOST_ORDER = 4
DENSE = 2500  # states up to which a chain of order 1 is inverted as a whole
CELLS = 4_000_000  # numbers that one batch of the iteration holds
ALIVE = 1e-13  # the part of all journeys still under way at which the iteration ends
MOST_ROUNDS = 100_000


@dataclass(frozen=True)
class Chain:
    """The states of all paths and the steps between them, still without weights.

    `edges` has a row for each distinct step and a column for each path: how often the path takes it. `holds` is a
    matrix of states and players: 1 where the state has a touch of the player.
    """

    order: int
    states: int
    origin: Whole
    target: Whole
    edges: Any
    first: Whole
    last: Whole
    holds: Any


@dataclass(frozen=True, slots=True)
class Removal:
    """The part of orders and of value that would be lost without each player, and the part of journeys that order."""

    effects: Floats
    value_effects: Floats
    rate: float


def chain_of(paths: Paths, order: int = 1) -> Chain:
    """Return the states and steps of the paths; `order` is 1 to 4."""
    if not 1 <= order <= MOST_ORDER:
        raise ValueError(f"The order of the chain is 1 to {MOST_ORDER}.")
    states, grams = _states(paths, order)
    count = len(grams)
    follows = np.flatnonzero(paths.path_of_touch[1:] == paths.path_of_touch[:-1])
    follows = follows[states[follows] != states[follows + 1]]
    codes, places = np.unique(states[follows] * count + states[follows + 1], return_inverse=True)
    origin, target = np.divmod(codes, max(1, count))
    shape = (len(codes), paths.count)
    edges = csr_array((np.ones(len(follows)), (places, paths.path_of_touch[follows])), shape=shape)
    first, last = states[paths.starts[:-1]], states[paths.starts[1:] - 1]
    return Chain(order, count, origin, target, edges, first, last, _holds(grams, len(paths.players)))


def _states(paths: Paths, order: int) -> tuple[Whole, Whole]:
    """For each touch the number of the state it leads to; and what each state is made of, -1 where it is shorter."""
    columns = [paths.touches]
    position = np.arange(len(paths.touches)) - np.repeat(paths.starts[:-1], paths.lengths)
    for back in range(1, order):
        earlier = np.concatenate((np.full(back, -1), paths.touches[: max(0, len(paths.touches) - back)]))
        columns.append(np.where(position >= back, earlier[: len(position)], -1))
    numbers = columns[0]
    for column in columns[1:]:
        _same, numbers = np.unique(numbers * (len(paths.players) + 1) + column + 1, return_inverse=True)
    _numbers, where, states = np.unique(numbers, return_index=True, return_inverse=True)
    return states, np.stack([column[where] for column in columns], axis=1)


def _holds(grams: Whole, players: int) -> Any:
    rows = np.repeat(np.arange(len(grams)), grams.shape[1])
    there = grams.ravel() >= 0
    pairs = np.unique(rows[there] * max(1, players) + grams.ravel()[there])
    rows, columns = np.divmod(pairs, max(1, players))
    return csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(grams), players))


def markov(paths: Paths, order: int = 1) -> tuple[Credits, Removal]:
    """Return what each player is credited with, and the removal effects it is shared by."""
    found = removal(chain_of(paths, order), paths.conversions, paths.value, paths.nulls)
    return credits_of(found, float(paths.conversions.sum()), float(paths.value.sum())), found


def credits_of(found: Removal, conversions: float, value: float) -> Credits:
    """Share orders and value by removal effects; where nothing orders, nobody is credited."""
    return Credits(_by(found.effects, conversions), _by(found.value_effects, value))


def _by(effects: Floats, total: float) -> Floats:
    whole = effects.sum()
    return effects * (total / whole) if whole > 0 else np.zeros_like(effects)


def removal(chain: Chain, conversions: Floats, value: Floats, nulls: Floats, dense: int = DENSE) -> Removal:
    """Return the removal effects for these counts of each path; states up to `dense` are inverted at order 1."""
    weights = conversions + nulls
    players = chain.holds.shape[1]
    if not conversions.sum() > 0:
        return Removal(np.zeros(players), np.zeros(players), 0.0)
    steps = _Steps(chain, weights, conversions, value)
    if chain.order == 1 and chain.states <= dense:
        lost, all_of_it = _inverted(steps)
    else:
        lost, all_of_it = _iterated(steps, chain.holds)
    parts = np.clip(lost / np.where(all_of_it > 0, all_of_it, 1.0)[:, None], 0.0, 1.0)
    return Removal(parts[0], parts[1] if all_of_it[1] > 0 else np.zeros(players), float(all_of_it[0]))


class _Steps:
    """Probabilities: where journeys begin, how they go on, and what each state yields (orders, then value)."""

    def __init__(self, chain: Chain, weights: Floats, conversions: Floats, value: Floats) -> None:
        flows = chain.edges @ weights
        leaving = np.bincount(chain.last, weights, chain.states)
        leaving += np.bincount(chain.origin, flows, chain.states)
        leaving = np.where(leaving > 0, leaving, 1.0)
        shares = flows / leaving[chain.origin]
        shape = (chain.states, chain.states)
        self.back = csr_array((shares, (chain.target, chain.origin)), shape=shape)  # one step, transposed
        self.start = np.bincount(chain.first, weights, chain.states) / weights.sum()
        ends = [np.bincount(chain.last, amounts, chain.states) for amounts in (conversions, value)]
        self.yields = np.stack(ends) / leaving


def _inverted(steps: _Steps) -> tuple[Floats, Floats]:
    """What is lost without each state, and what there is: P(ever there) x what is to come from there."""
    visits = np.linalg.inv(np.eye(len(steps.start)) - steps.back.toarray().T)
    from_start = steps.start @ visits
    to_come = steps.yields @ visits.T
    return from_start / np.diagonal(visits) * to_come, steps.yields @ from_start


def _iterated(steps: _Steps, holds: Any) -> tuple[Floats, Floats]:
    """The same by following all journeys step by step, for many players at a time; every removed state swallows."""
    states, players = holds.shape
    all_of_it = _followed(steps, np.ones((states, 1)))[:, 0]
    size = max(1, CELLS // max(1, states))
    kept = [
        _followed(steps, 1.0 - holds[:, begins : begins + size].toarray())
        for begins in range(0, players, size)
    ]
    return all_of_it[:, None] - np.concatenate(kept, axis=1), all_of_it


def _followed(steps: _Steps, open_to: Floats) -> Floats:
    """What the journeys yield that only meet states that are open (1); one column for each question."""
    yields = csr_array(steps.yields)  # so few rows are not worth the threads that a dense product starts
    here = steps.start[:, None] * open_to
    found = yields @ here
    for _round in range(MOST_ROUNDS):
        here = steps.back @ here
        here *= open_to
        found += yields @ here
        if here.sum(axis=0).max() < ALIVE:
            return np.asarray(found)
    raise ArithmeticError("The journeys do not come to an end.")
