"""Made-up journeys, and the slow ways to find what the fast ones must find: written apart from the code they try."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from math import factorial
from random import Random
from typing import Any

import numpy as np

from tracking.attribution.paths import Paths, counted

Row = tuple[tuple[int, ...], int, int, int]  # path, orders, value, journeys without an order
START, ORDER, NOTHING = "start", "order", "nothing"


def random_rows(seed: int, players: Sequence[int], count: int = 200, longest: int = 7) -> list[Row]:
    """Journeys of whoever, some with repeats, some that never lead to an order."""
    dice = Random(seed)
    rows = []
    for _row in range(count):
        path = tuple(dice.choice(players) for _touch in range(dice.randrange(1, longest + 1)))
        orders = dice.randrange(0, 4) if dice.random() < 0.6 else 0
        rows.append(
            (path, orders, sum(dice.randrange(100, 20_000) for _order in range(orders)), dice.randrange(0, 6))
        )
    return [row for row in rows if row[1] or row[3]]


def paths_of(rows: Sequence[Row]) -> Paths:
    return counted(rows)


def slow_removal(rows: Sequence[Row], order: int) -> dict[int, tuple[float, float]]:
    """Player -> removal effect in orders and in value, each by solving the whole chain once more without the player."""
    steps: dict[Any, dict[Any, float]] = defaultdict(lambda: defaultdict(float))
    value: dict[Any, float] = defaultdict(float)
    for path, orders, worth, nulls in rows:
        states = [path[max(0, place + 1 - order) : place + 1] for place in range(len(path))]
        states = [state for place, state in enumerate(states) if place == 0 or state != states[place - 1]]
        for one, other in zip([START, *states[:-1]], states, strict=True):
            steps[one][other] += orders + nulls
        steps[states[-1]][ORDER] += orders
        steps[states[-1]][NOTHING] += nulls
        value[states[-1]] += worth
    means = {state: value[state] / to[ORDER] for state, to in steps.items() if to.get(ORDER)}
    whole = _solved(steps, means, None)
    players = sorted({player for path, *_rest in rows for player in path})
    lost = {player: _solved(steps, means, player) for player in players}
    return {
        player: (1 - found[0] / whole[0], 1 - found[1] / whole[1] if whole[1] else 0.0)
        for player, found in lost.items()
    }


def _solved(steps: Any, means: Any, without: int | None) -> tuple[float, float]:
    states = [state for state in steps if state == START or without not in state]
    place = {state: number for number, state in enumerate(states)}
    matrix, orders, worth = np.eye(len(states)), np.zeros(len(states)), np.zeros(len(states))
    for state in states:
        leaving = sum(steps[state].values())
        for target, weight in steps[state].items():
            if target in place:
                matrix[place[state], place[target]] -= weight / leaving
        orders[place[state]] = steps[state].get(ORDER, 0) / leaving
        worth[place[state]] = orders[place[state]] * means.get(state, 0)
    return tuple(np.linalg.solve(matrix, each)[place[START]] for each in (orders, worth))  # type: ignore[return-value]


def slow_shapley(rows: Sequence[Row], column: int = 1) -> dict[int, float]:
    """Player -> Shapley value by its definition: what it adds to each of the 2^n coalitions of the others."""
    players = sorted({player for path, *_rest in rows for player in path})
    worth = {
        frozenset(some): sum(row[column] for row in rows if set(row[0]) <= set(some))
        for size in range(len(players) + 1)
        for some in combinations(players, size)
    }
    count = len(players)
    return {
        player: sum(
            factorial(len(some))
            * factorial(count - len(some) - 1)
            / factorial(count)
            * (worth[some | {player}] - base)
            for some, base in worth.items()
            if player not in some
        )
        for player in players
    }
