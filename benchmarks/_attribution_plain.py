"""The same models with dictionaries and loops, as one writes them first; one process of `benchmarks.attribution`."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks._journeys import WEEK, read, timed

START, ORDER, NOTHING = -1, -2, -3
Credits = dict[int, float]


def main(name: str, data: str) -> None:
    """Run one method: rules, markov1 or shapley."""
    paths, ages, ordered, value = read(data)
    methods = {
        "rules": lambda: _rules(paths, ages, ordered, value),
        "markov1": lambda: _markov(paths, ordered, value),
        "shapley": lambda: _shapley(paths, ordered, value),
    }
    timed(methods[name])


def _rules(
    paths: list[list[int]], ages: list[list[int]], ordered: list[bool], value: list[int]
) -> dict[str, Any]:
    sums: list[Credits] = [defaultdict(float) for _model in range(10)]
    for path, old, order, worth in zip(paths, ages, ordered, value, strict=True):
        if not order:
            continue
        for model, weights in enumerate(_weights(path, old)):
            whole = sum(weights)
            for player, weight in zip(path, weights, strict=True):
                sums[2 * model][player] += weight / whole
                sums[2 * model + 1][player] += worth * weight / whole
    return {}


def _weights(path: list[int], ages: list[int]) -> list[Sequence[float]]:
    """Last, first, linear, position based, time decay."""
    count = len(path)
    between = 0.2 / max(1, count - 2)
    return [
        [0.0] * (count - 1) + [1.0],
        [1.0] + [0.0] * (count - 1),
        [1.0] * count,
        [1.0] * count if count < 3 else [0.4, *[between] * (count - 2), 0.4],
        [2 ** ((ages[-1] - age) / WEEK) for age in ages],
    ]


def _shapley(paths: list[list[int]], ordered: list[bool], value: list[int]) -> dict[str, Any]:
    orders: Credits = defaultdict(float)
    worths: Credits = defaultdict(float)
    for path, order, worth in zip(paths, ordered, value, strict=True):
        if order:
            players = set(path)
            for player in players:
                orders[player] += 1 / len(players)
                worths[player] += worth / len(players)
    return {}


def _markov(paths: list[list[int]], ordered: list[bool], value: list[int]) -> dict[str, Any]:
    steps: Counter[tuple[int, int]] = Counter()
    worth: Counter[int] = Counter()
    for path, order, amount in zip(paths, ordered, value, strict=True):
        before = START
        for player in path:
            if player != before:
                steps[before, player] += 1
                before = player
        steps[before, ORDER if order else NOTHING] += 1
        worth[before] += amount
    players = sorted({one for one, _other in steps} - {START})
    whole = _yields(steps, worth, players)
    lost = {out: _yields(steps, worth, [one for one in players if one != out]) for out in players}
    return {
        "effects": {str(out): 1 - found[0] / whole[0] for out, found in lost.items()},
        "value_effects": {str(out): 1 - found[1] / whole[1] for out, found in lost.items()},
    }


def _yields(steps: Counter[tuple[int, int]], worth: Counter[int], players: list[int]) -> tuple[float, float]:
    """Orders and value of a journey if only these players are met: Gauss's elimination."""
    leaving: Counter[int] = Counter()
    for (one, _other), count in steps.items():
        leaving[one] += count
    states = [START, *players]
    rows = [
        [float(one == other) - steps[one, other] / leaving[one] for other in states]
        + [steps[one, ORDER] / leaving[one], worth[one] / leaving[one]]
        for one in states
    ]
    for place in range(len(states) - 1, 0, -1):  # the last unknown first: START is left
        pivot = rows[place]
        for row in rows[:place]:
            if factor := row[place] / pivot[place]:
                for column in (*range(place), -2, -1):
                    row[column] -= factor * pivot[column]
    return rows[0][-2] / rows[0][0], rows[0][-1] / rows[0][0]


if __name__ == "__main__":
    main(*sys.argv[1:])
