"""Rules done for many journeys at once are those of live attribution; and what a study keeps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.makers import NOON
from tests.tracking.journeys import Row, paths_of, random_rows
from tracking.attribution.bootstrap import LEAST_CONVERSIONS, draws_for, evidence, intervals
from tracking.attribution.comparison import RULES, Decay, by_rule, compare, credited
from tracking.attribution.markov import chain_of
from tracking.attribution.sharing import Sharing, share, totals

PLAYERS = (1, 11, 111, 21)
WEEK = 7 * 86400
Path = list[tuple[int, int]]
PATHS = st.lists(
    st.lists(st.tuples(st.sampled_from(PLAYERS), st.integers(0, 60 * 86400)), min_size=1, max_size=8),
    min_size=1,
    max_size=6,
)


@dataclass(frozen=True)
class Contact:
    """A touch, as live attribution wants it."""

    enrollment: int
    at: datetime


def live(model: str, path: Path, hours: int = 168) -> dict[int, Fraction]:
    """What live attribution says of one order."""
    touches = [Contact(who, NOON - timedelta(seconds=age)) for who, age in path]
    shared = share(Sharing(model, timedelta(hours=hours)), touches)
    return dict(totals(touches, shared.shares))


def summed(
    model: str, paths: list[Path], values: list[int], hours: int = 168
) -> dict[int, tuple[float, float]]:
    sums: dict[int, tuple[Fraction, Fraction]] = {}
    for path, value in zip(paths, values, strict=True):
        for who, part in live(model, path, hours).items():
            orders, worth = sums.get(who, (Fraction(0), Fraction(0)))
            sums[who] = orders + part, worth + part * value
    return {who: (float(orders), float(worth)) for who, (orders, worth) in sums.items()}


def sorted_by_age(paths: list[Path]) -> list[Path]:
    return [sorted(path, key=lambda touch: -touch[1]) for path in paths]


def same(found: Any, players: Any, expected: dict[int, tuple[float, float]]) -> bool:
    pairs = zip(players.tolist(), found.conversions.tolist(), found.value.tolist(), strict=True)
    return all(
        orders == pytest.approx(expected.get(who, (0, 0))[0], abs=1e-9)
        and worth == pytest.approx(expected.get(who, (0, 0))[1], abs=1e-5)
        for who, orders, worth in pairs
    )


@pytest.mark.parametrize("model", RULES)
@given(paths=PATHS)
def test_rules_are_those_of_live_attribution(model: str, paths: list[Path]) -> None:
    paths, values = sorted_by_age(paths), [1000 + 7 * place for place in range(len(paths))]
    rows: list[Row] = [
        (tuple(who for who, _age in path), 1, value, 0) for path, value in zip(paths, values, strict=True)
    ]

    counted = paths_of(rows)

    assert same(by_rule(counted, model), counted.players, summed(model, paths, values))


@given(paths=PATHS, hours=st.integers(1, 8760))
def test_time_decay_is_that_of_live_attribution(paths: list[Path], hours: int) -> None:
    paths, values = sorted_by_age(paths), [1000 + 7 * place for place in range(len(paths))]
    decay = Decay(hours * 3600.0)

    decay.add(
        [[who for who, _age in path] for path in paths],
        [[age for _who, age in path] for path in paths],
        values,
    )

    players = np.array(PLAYERS)
    assert same(decay.credits(players), players, summed("time_decay", paths, values, hours))


def test_rules_share_among_clicks_and_only_else_credit_the_last_view() -> None:
    click, view, late = [1, 900, "c"], [2, 600, "v"], [3, 60, "v"]

    assert credited([click, view]) == [click]
    assert credited([view, late]) == [late]
    assert credited([]) == []


def test_minimum_is_300_orders_and_two_affiliates_in_30_journeys() -> None:
    few: list[Row] = [((1, 2), LEAST_CONVERSIONS - 1, 0, 0)]
    alone: list[Row] = [((1,), 400, 0, 0), ((1, 2), 0, 0, 29)]
    enough: list[Row] = [((1,), LEAST_CONVERSIONS, 0, 0), ((1, 2), 0, 0, 30), ((3,), 0, 0, 29)]

    found = [evidence(paths_of(rows)) for rows in (few, alone, enough)]

    assert [(one.is_enough, one.known) for one in found] == [(False, (1, 2)), (False, (1,)), (True, (1, 2))]


def result_of(rows: list[Row]) -> dict[str, Any]:
    decay = Decay(WEEK)
    for path, orders, value, _nulls in rows:
        if path and orders:
            decay.add(
                [list(path)] * orders, [list(range(len(path), 0, -1))] * orders, [value // orders] * orders
            )
    return compare(paths_of(rows), paths_of([row for row in rows if row[1]]), decay)


def test_every_model_credits_every_order_once() -> None:
    rows = random_rows(1, PLAYERS)
    orders, value = sum(row[1] for row in rows), sum(row[2] for row in rows)

    models = result_of(rows)["models"]

    assert set(models) == {*RULES, "time_decay", "markov", "shapley"}
    for rows_of_it in models.values():
        assert sum(row["conversions"] for row in rows_of_it.values()) == pytest.approx(orders, abs=1e-4)
        assert sum(row["value"] for row in rows_of_it.values()) == pytest.approx(value, rel=1e-3)


def test_data_driven_credits_lie_within_their_intervals() -> None:
    models = result_of(random_rows(2, PLAYERS, 400))["models"]

    for name in ("markov", "shapley"):
        assert all(row["low"] < row["conversions"] < row["high"] for row in models[name].values())
        assert all(row["value_low"] < row["value"] < row["value_high"] for row in models[name].values())


def test_weights_are_texts_of_those_in_enough_journeys() -> None:
    rows: list[Row] = [((1, 2), 200, 0, 50), ((2,), 200, 0, 0), ((1,), 0, 0, 100), ((3, 2), 1, 0, 0)]

    result = result_of(rows)

    assert (result["enough"], result["players"], result["known"]) == (True, 3, 2)
    assert set(result["weights"]["markov"]) == set(result["weights"]["shapley"]) == {"1", "2"}
    assert [result["weights"]["shapley"][who] for who in "12"] == ["0.249377", "0.749377"]
    assert 0 < Fraction(result["weights"]["markov"]["1"]) < Fraction(result["weights"]["markov"]["2"]) <= 1


def test_study_of_nothing_says_so() -> None:
    result = result_of([])

    assert (result["journeys"], result["conversions"], result["players"], result["enough"]) == (
        0,
        0,
        0,
        False,
    )
    assert set(map(str, result["models"].values())) == {"{}"}


def test_study_without_orders_credits_nobody() -> None:
    result = result_of([((1, 2), 0, 0, 5)])

    assert (result["journeys"], result["nulls"], result["touches"]) == (5, 5, 10)
    assert set(map(str, result["models"].values())) == {"{}"}


def test_same_journeys_give_the_same_intervals() -> None:
    paths = paths_of(random_rows(3, PLAYERS))
    one, other = (intervals(paths, chain_of(paths), draws=50) for _time in "12")

    assert [one[name].low.tolist() for name in one] == [other[name].low.tolist() for name in other]


def test_intervals_hold_what_they_promise() -> None:
    """Of many samples of one truth, about 95 of 100 intervals hold it."""
    truth = random_rows(4, PLAYERS, 60)
    whole = paths_of(truth)
    from tracking.attribution.shapley import shapley

    parts = shapley(whole).conversions / whole.conversions.sum()
    dice = np.random.default_rng(7)
    held = []
    for _sample in range(60):
        drawn = [(path, int(dice.poisson(5 * orders)), 0, nulls) for path, orders, _value, nulls in truth]
        paths = paths_of([row for row in drawn if row[1] or row[3]])  # type: ignore[list-item]
        found = intervals(paths, chain_of(paths), draws=60)["shapley"]
        held += ((found.low <= parts) & (parts <= found.high)).tolist()

    assert 0.88 <= sum(held) / len(held) <= 0.99


def test_draws_are_fewer_where_each_is_more_work() -> None:
    small, large = (chain_of(paths_of(random_rows(5, range(1, count), 5 * count))) for count in (20, 1200))

    assert draws_for(small) == 200 > draws_for(large) >= 40
