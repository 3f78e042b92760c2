"""Removal effects: worked out by hand, against dense linear algebra, and at the edges."""

import numpy as np
import pytest

from tests.tracking.journeys import Row, paths_of, random_rows, slow_removal
from tracking.attribution.markov import chain_of, markov, removal

PLAYERS = (1, 11, 111, 21, 12)  # as texts, some lie within others
SMALL: list[Row] = [((1, 2), 1, 100, 0), ((1,), 0, 0, 1), ((2,), 1, 300, 0)]


def by_player(rows: list[Row], order: int = 1) -> dict[int, tuple[float, float]]:
    paths = paths_of(rows)
    _given, found = markov(paths, order)
    pairs = zip(found.effects.tolist(), found.value_effects.tolist(), strict=True)
    return dict(zip(paths.players.tolist(), pairs, strict=True))


def apart(one: dict[int, tuple[float, float]], other: dict[int, tuple[float, float]]) -> float:
    """The largest difference of two players' effects; both must know the same players."""
    assert list(one) == list(other)
    return float(np.abs(np.array(list(one.values())) - np.array(list(other.values()))).max())


def test_removal_effects_by_hand() -> None:
    """2/3 begin with 1, half of them go on to 2, and 2 always leads to an order: 2/3; without 1 it is 1/3."""
    given, found = markov(paths_of(SMALL))

    assert found.rate == pytest.approx(2 / 3, abs=1e-15)
    assert found.effects.tolist() == pytest.approx([1 / 2, 1], abs=1e-15)
    assert given.conversions.tolist() == pytest.approx([2 / 3, 4 / 3], abs=1e-14)
    assert given.value.tolist() == pytest.approx([400 / 3, 800 / 3], abs=1e-11)


def test_textbook_example() -> None:
    """C1 C2 C3 with an order, C1 alone and C2 C3 without: 1/3 orders; effects 1/2, 1, 1 (analyzecore.com, 2016)."""
    given, found = markov(paths_of([((1, 2, 3), 1, 0, 0), ((1,), 0, 0, 1), ((2, 3), 0, 0, 1)]))

    assert found.rate == pytest.approx(1 / 3, abs=1e-15)
    assert given.conversions.tolist() == pytest.approx([0.2, 0.4, 0.4], abs=1e-15)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_effects_are_those_of_dense_linear_algebra(order: int, seed: int) -> None:
    rows = random_rows(seed, PLAYERS)

    assert apart(by_player(rows, order), slow_removal(rows, order)) < 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_iteration_finds_what_the_inverse_finds(seed: int) -> None:
    paths = paths_of(random_rows(seed, range(30, 60), 400))
    counts = paths.conversions, paths.value, paths.nulls

    one, other = (removal(chain_of(paths), *counts, dense=dense) for dense in (0, 1000))

    assert np.abs(one.effects - other.effects).max() < 1e-12
    assert np.abs(one.value_effects - other.value_effects).max() < 1e-12


def test_batches_of_players_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows(3, PLAYERS)
    whole = by_player(rows, 2)

    monkeypatch.setattr("tracking.attribution.markov.CELLS", 1)

    assert apart(by_player(rows, 2), whole) < 1e-12


def test_journeys_without_an_order_count() -> None:
    rows: list[Row] = [((1,), 1, 0, 0), ((2,), 1, 0, 0), ((1, 2), 0, 0, 5)]

    assert by_player(rows)[1] != by_player(rows[:2])[1]


def test_touches_of_one_affiliate_in_a_row_are_one_state() -> None:
    rows = random_rows(4, PLAYERS)
    repeated = [(tuple(one for one in path for _twice in "12"), *rest) for path, *rest in rows]

    assert apart(by_player(repeated), by_player(rows)) < 1e-12  # type: ignore[arg-type]


def test_order_of_the_rows_changes_nothing_at_all() -> None:
    rows = random_rows(5, PLAYERS)

    assert by_player(rows[::-1]) == by_player(rows)


def test_numbers_are_never_compared_as_text() -> None:
    rows = random_rows(6, PLAYERS)
    names = dict(zip(sorted(PLAYERS), (5, 6, 7, 8, 9), strict=True))
    renamed = [(tuple(names[one] for one in path), *rest) for path, *rest in rows]

    found = {names[player]: pair for player, pair in by_player(rows, 2).items()}

    assert apart(found, by_player(renamed, 2)) < 1e-12  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_credits_add_up_to_all_orders_and_all_value(order: int) -> None:
    paths = paths_of(random_rows(7, PLAYERS))

    given, _found = markov(paths, order)

    assert given.conversions.sum() == pytest.approx(paths.conversions.sum(), rel=1e-12)
    assert given.value.sum() == pytest.approx(paths.value.sum(), rel=1e-12)
    assert given.conversions.min() >= 0


def test_only_affiliate_has_everything() -> None:
    given, found = markov(paths_of([((7,), 3, 900, 5)]))

    assert (given.conversions.tolist(), given.value.tolist(), found.effects.tolist()) == ([3], [900], [1])


@pytest.mark.parametrize("rows", [[], [((1, 2), 0, 0, 4)], [((), 5, 100, 0)]])
@pytest.mark.parametrize("order", [1, 2])
def test_without_any_order_nobody_is_credited(rows: list[Row], order: int) -> None:
    paths = paths_of(rows)

    given, found = markov(paths, order)

    assert given.conversions.sum() == given.value.sum() == found.rate == 0
    assert len(given.conversions) == len(paths.players)


def test_orders_without_value_have_no_value_to_lose() -> None:
    given, found = markov(paths_of([((1, 2), 2, 0, 1), ((2,), 1, 0, 0)]))

    assert (found.value_effects.tolist(), given.value.tolist()) == ([0, 0], [0, 0])
    assert given.conversions.sum() == pytest.approx(3)


@pytest.mark.parametrize("order", [0, 5, -1])
def test_chain_has_an_order_of_1_to_4(order: int) -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        chain_of(paths_of(SMALL), order)


def test_long_journeys_to_and_fro_come_to_an_end() -> None:
    rows: list[Row] = [((1, 2) * 200, 1, 100, 1), ((2, 1) * 200 + (3,), 1, 100, 0)]
    paths = paths_of(rows)
    counts = paths.conversions, paths.value, paths.nulls

    found = removal(chain_of(paths), *counts, dense=0)

    assert found.effects.tolist() == pytest.approx(
        [pair[0] for pair in slow_removal(rows, 1).values()], abs=1e-9
    )
