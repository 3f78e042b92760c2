"""All models over the same journeys, side by side; the rules are those of live attribution, for many at once. Pure.

A rule gives each touch a weight, and the weights of a path add up to 1. All but time decay depend on the path alone, so
equal paths are worked out once; time decay needs the ages of touches and is summed while journeys are read.
Rules share among clicks, as in live attribution, where a view counts only if there was no click; data-driven models see
views as well, where the program counts them.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from tracking.attribution.bootstrap import Evidence, Interval, evidence, intervals
from tracking.attribution.markov import chain_of, credits_of, removal
from tracking.attribution.paths import OTHERS, Credits, Floats, Paths, Whole
from tracking.attribution.shapley import shapley
from tracking.attribution.touches import VIEW

ENDS = 0.4  # what position based gives the first and the last touch
MOST_PLAYERS = 2000  # data-driven models see the rest as one player
ORDER = 1  # of the Markov chain: more needs more journeys than most programs have
Beat = Callable[[], None]


def last_click(lengths: Whole) -> Floats:
    """All to the newest touch."""
    weights = np.zeros(int(lengths.sum()))
    weights[np.cumsum(lengths) - 1] = 1.0
    return weights


def first_click(lengths: Whole) -> Floats:
    """All to the oldest touch."""
    weights = np.zeros(int(lengths.sum()))
    weights[np.cumsum(lengths) - lengths] = 1.0
    return weights


def linear(lengths: Whole) -> Floats:
    """The same to every touch."""
    return np.repeat(1.0 / lengths, lengths)


def position(lengths: Whole) -> Floats:
    """40 per cent to the first and the last touch, the rest to those between; halves where there are only two."""
    between = (1.0 - 2 * ENDS) / np.maximum(lengths - 2, 1)
    weights = np.repeat(np.where(lengths > 2, between, 1.0 / lengths), lengths)
    longer = lengths > 2
    last = np.cumsum(lengths)[longer] - 1
    weights[last], weights[last - lengths[longer] + 1] = ENDS, ENDS
    return weights


def time_decay(lengths: Whole, ages: Floats, half_life: float) -> Floats:
    """Half for every `half_life` seconds that a touch is older than the newest one of its path."""
    newest = np.minimum.reduceat(ages, np.cumsum(lengths) - lengths) if len(lengths) else ages
    raw = np.exp2(-(ages - np.repeat(newest, lengths)) / half_life)
    path_of_touch = np.repeat(np.arange(len(lengths)), lengths)
    return np.asarray(raw / np.bincount(path_of_touch, raw, len(lengths))[path_of_touch])


RULES: dict[str, Callable[[Whole], Floats]] = {
    "last_click": last_click,
    "first_click": first_click,
    "linear": linear,
    "position": position,
}


def by_rule(paths: Paths, name: str) -> Credits:
    """Return what each player is credited with by a rule that depends on the path alone (a key of RULES)."""
    weights, count = RULES[name](paths.lengths), len(paths.players)

    def credit(amounts: Floats) -> Floats:
        return np.bincount(paths.touches, weights * amounts[paths.path_of_touch], count).astype(np.float64)

    return Credits(credit(paths.conversions), credit(paths.value))


class Decay:
    """Time decay, summed while journeys are read; `half_life` is in seconds."""

    def __init__(self, half_life: float) -> None:
        self.half_life = half_life
        self._sums: dict[int, list[float]] = {}

    def add(self, paths: list[list[int]], ages: list[list[float]], values: list[int]) -> None:
        """Credit one order for each of the paths, which have touches; ages are seconds before the order."""
        if not paths:
            return
        lengths = np.fromiter(map(len, paths), dtype=np.int64, count=len(paths))
        players, places = np.unique(np.concatenate(paths), return_inverse=True)
        weights = time_decay(lengths, np.concatenate(ages).astype(np.float64), self.half_life)
        orders = np.bincount(places, weights)
        value = np.bincount(places, weights * np.repeat(np.asarray(values, dtype=np.float64), lengths))
        for player, one, amount in zip(players.tolist(), orders.tolist(), value.tolist(), strict=True):
            sums = self._sums.setdefault(player, [0.0, 0.0])
            sums[0] += one
            sums[1] += amount

    def credits(self, players: Whole) -> Credits:
        """Return what was credited, in the order of the players."""
        sums = np.array([self._sums.get(player, (0.0, 0.0)) for player in players.tolist()]).reshape(-1, 2)
        return Credits(sums[:, 0], sums[:, 1])


def compare(paths: Paths, clicked: Paths, decay: Decay, *, beat: Beat = lambda: None) -> dict[str, Any]:
    """Return every model's credits of these journeys as a study keeps them, but for the sentence on what is missing.

    `clicked` are the paths that rules share among. Models -> enrollment -> conversions and value (minor units),
    data-driven ones with the 95 per cent intervals of both; `weights` are what data-driven attribution
    shares by, of players in enough journeys to be judged.
    """
    found = {name: _rows(clicked.players, by_rule(clicked, name)) for name in RULES}
    found["time_decay"] = _rows(clicked.players, decay.credits(clicked.players))
    known = evidence(paths)
    fitted, weights = _data_driven(paths.merged(MOST_PLAYERS), known, beat)
    return {
        "v": 1,
        "journeys": int(paths.weights.sum()),
        "conversions": int(paths.conversions.sum()),
        "nulls": int(paths.nulls.sum()),
        "touches": int((paths.weights * paths.lengths).sum()),
        "value": round(float(paths.value.sum())),
        "players": len(paths.players),
        "known": len(known.known),
        "enough": known.is_enough,
        "models": found | fitted,
        "weights": weights,
    }


def credited(path: list[list[Any]]) -> list[list[Any]]:
    """Return what of a journey rules share among: its clicks, or the last view; [enrollment, seconds, kind] each."""
    return [touch for touch in path if touch[2] != VIEW] or path[-1:]


def _data_driven(paths: Paths, known: Evidence, beat: Beat) -> tuple[dict[str, Any], dict[str, Any]]:
    chain = chain_of(paths, ORDER)
    effects = removal(chain, paths.conversions, paths.value, paths.nulls)
    conversions, value = float(paths.conversions.sum()), float(paths.value.sum())
    found = {"markov": credits_of(effects, conversions, value), "shapley": shapley(paths)}
    sure = intervals(paths, chain, beat=beat) if conversions else {}
    models = {
        name: _rows(paths.players, one, sure.get(name), (conversions, value)) for name, one in found.items()
    }
    parts = {
        "markov": effects.effects,
        "shapley": found["shapley"].conversions / conversions if conversions else effects.effects,
    }
    return models, {name: _weights(paths.players, each, known) for name, each in parts.items()}


def _rows(
    players: Whole, found: Credits, sure: Interval | None = None, whole: tuple[float, float] = (0.0, 0.0)
) -> dict[str, dict[str, float]]:
    """Enrollment -> its figures, where there are any."""
    rows: dict[str, dict[str, float]] = {}
    for place, player in enumerate(players.tolist()):
        row = {
            "conversions": round(float(found.conversions[place]), 6),
            "value": round(float(found.value[place]), 2),
        }
        if sure is not None:
            row |= {"low": round(float(sure.low[place]) * whole[0], 3)}
            row |= {"high": round(float(sure.high[place]) * whole[0], 3)}
            row |= {"value_low": round(float(sure.value_low[place]) * whole[1], 2)}
            row |= {"value_high": round(float(sure.value_high[place]) * whole[1], 2)}
        if any(row.values()):
            rows[str(player)] = row
    return rows


def _weights(players: Whole, parts: Floats, known: Evidence) -> dict[str, str]:
    """Enrollment -> its weight as a decimal of six digits that count; only of players in enough journeys."""
    judged = set(known.known) - {OTHERS}
    return {
        str(player): format(Decimal(f"{part:.6g}"), "f")
        for player, part in zip(players.tolist(), parts.tolist(), strict=True)
        if player in judged
    }
