"""Shapley values: by hand, and against their definition over all coalitions."""

import numpy as np
import pytest

from tests.tracking.journeys import Row, paths_of, random_rows, slow_shapley
from tracking.attribution.paths import OTHERS, PathCounts, visits
from tracking.attribution.shapley import shapley

PLAYERS = (1, 11, 111, 21, 12, 2, 112, 3)


def by_player(rows: list[Row]) -> tuple[dict[int, float], dict[int, float]]:
    paths = paths_of(rows)
    found = shapley(paths)
    players = paths.players.tolist()
    return (
        dict(zip(players, found.conversions.tolist(), strict=True)),
        dict(zip(players, found.value.tolist(), strict=True)),
    )


def test_order_is_shared_among_those_who_took_part() -> None:
    rows: list[Row] = [((1, 2, 1, 1), 4, 1000, 9), ((2,), 1, 50, 0), ((1, 2, 3), 3, 300, 0), ((3,), 0, 0, 7)]

    orders, value = by_player(rows)

    assert orders == pytest.approx({1: 3, 2: 4, 3: 1}, abs=1e-14)
    assert value == pytest.approx({1: 600, 2: 650, 3: 100}, abs=1e-11)


@pytest.mark.parametrize("seed", range(4))
def test_values_are_those_of_all_coalitions(seed: int) -> None:
    rows = random_rows(seed, PLAYERS)

    orders, value = by_player(rows)

    assert orders == pytest.approx(slow_shapley(rows, 1), abs=1e-9)
    assert value == pytest.approx(slow_shapley(rows, 2), rel=1e-9, abs=1e-9)


def test_credits_add_up_and_are_never_below_nothing() -> None:
    rows = random_rows(9, PLAYERS)

    orders, value = by_player(rows)

    assert sum(orders.values()) == pytest.approx(sum(row[1] for row in rows))
    assert sum(value.values()) == pytest.approx(sum(row[2] for row in rows))
    assert min(orders.values()) >= 0


def test_order_of_the_rows_changes_nothing_at_all() -> None:
    rows = random_rows(8, PLAYERS)

    assert by_player(rows[::-1]) == by_player(rows)


def test_without_journeys_there_is_nobody() -> None:
    assert by_player([]) == ({}, {})


def test_equal_paths_are_counted_once() -> None:
    counts = PathCounts()
    for orders, nulls in ((1, 0), (2, 3)):
        counts.add([5, 4, 5], conversions=orders, value=orders * 100, nulls=nulls)
    counts.add([4], nulls=1)
    counts.add([], conversions=7)

    paths = counts.paths()

    assert (paths.players.tolist(), paths.touches.tolist(), paths.starts.tolist()) == (
        [4, 5],
        [0, 1, 0, 1],
        [0, 1, 4],
    )
    assert (paths.conversions.tolist(), paths.value.tolist(), paths.nulls.tolist()) == (
        [0, 3],
        [0, 300],
        [1, 3],
    )
    assert paths.journeys.tolist() == [7, 6]


def test_smallest_affiliates_become_one_player() -> None:
    paths = paths_of([((9, 3), 5, 0, 0), ((3, 4), 1, 0, 0), ((7,), 1, 0, 0)])

    merged = paths.merged(2)

    assert merged.players.tolist() == [OTHERS, 3, 9]
    assert [merged.players[one] for one in merged.touches] == [3, OTHERS, OTHERS, 9, 3]
    assert paths.merged(4) is paths


def test_visits_are_split_by_visitor_and_by_pauses() -> None:
    visitors = np.array([[1, 1], [0, 9], [1, 1], [1, 1], [1, 2]], dtype=np.uint64)
    at = np.array([100.0, 50.0, 90.0, 111.0, 90.0])

    found = [places.tolist() for places in visits(visitors, at, gap=10)]

    assert found == [[1], [2, 0], [3], [4]]
    assert list(visits(visitors[:0], at[:0], gap=10)) == []
