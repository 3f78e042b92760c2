"""Distances of shapes with a limit from peers: honest differences pass, flooding does not."""

import numpy as np
import pytest
from scipy import special, stats

from fraud.maths.distances import (
    DELAY_EDGES,
    FALLBACK,
    FLOOR,
    HOUR_EDGES,
    Counts,
    Profile,
    binned,
    distance,
    limit_of,
    profiles,
)

DAYS_30 = 30 * 86_400


def delays(random: np.random.Generator, orders: int, flooded: float = 0.0) -> Counts:
    """Times to order around 20 minutes, of an affiliate whose median differs honestly; a part comes at any time."""
    seconds = np.exp(random.normal(np.log(1200) + random.normal(0, 0.6), 1.6, orders))
    strewn = round(flooded * orders)
    seconds[:strewn] = random.uniform(0, DAYS_30, strewn)
    return binned(seconds.tolist(), DELAY_EDGES)


def usual(random: np.random.Generator, floods: int = 0) -> Profile:
    """What 100 peers with 20 to 1,000 orders show, some of whom flood."""
    sizes = np.exp(random.uniform(np.log(20), np.log(1000), 100)).astype(int)
    peers = [delays(random, int(size), float(place < floods)) for place, size in enumerate(sizes)]
    profile = profiles([*peers, (0,) * len(peers[0])])[-1]
    assert profile is not None
    return profile


def flagged(profile: Profile, shapes: list[Counts]) -> float:
    return float(np.mean([distance(shape, profile.shares) >= profile.limit for shape in shapes]))


def test_values_stand_in_the_bin_that_they_begin() -> None:
    assert binned([0, 4.9, 5, 60 * 86_400], (5, 10, 60 * 86_400)) == (2, 1, 0, 1)
    assert sum(binned(range(24), HOUR_EDGES)) == 24
    assert set(binned(range(24), HOUR_EDGES)) == {1}


def test_the_times_that_rules_name_are_edges() -> None:
    assert {15, 3600, 86_400} <= set(DELAY_EDGES)
    assert list(DELAY_EDGES) == sorted(set(DELAY_EDGES))


def test_bins_lose_little_of_the_distance() -> None:
    random = np.random.default_rng(1)
    one, other = np.exp(random.normal(7, 1.6, 500)), np.exp(random.normal(8, 1.6, 500))

    ours = distance(binned(one.tolist(), DELAY_EDGES), binned(other.tolist(), DELAY_EDGES))

    exact = stats.ks_2samp(one, other).statistic
    assert exact - 0.05 < ours <= exact


def test_distance_is_from_none_to_one() -> None:
    assert distance((1, 2, 3), (10, 20, 30)) == pytest.approx(0)
    assert distance((5, 0, 0), (0, 0, 7)) == 1


def test_what_is_empty_has_no_shape() -> None:
    with pytest.raises(ValueError, match="empty"):
        distance((0, 0), (1, 1))


def test_honest_differences_pass_by_distance_and_not_by_p_value() -> None:
    random = np.random.default_rng(2)
    profile = usual(random)
    shapes = [delays(random, 1000) for _ in range(500)]

    apart = np.array([distance(shape, profile.shares) for shape in shapes])

    assert flagged(profile, shapes) <= 0.01
    assert float((special.kolmogorov(apart * 1000**0.5) < 0.01).mean()) > 0.7


def test_small_honest_ones_pass_as_well() -> None:
    random = np.random.default_rng(3)

    assert flagged(usual(random), [delays(random, 30) for _ in range(500)]) <= 0.02


def test_flooding_is_seen_where_some_peers_flood_too() -> None:
    random = np.random.default_rng(4)
    profile = usual(random, floods=5)

    assert flagged(profile, [delays(random, 20, 1.0) for _ in range(200)]) >= 0.99
    assert flagged(profile, [delays(random, 1000) for _ in range(200)]) <= 0.02


def test_half_flooding_is_seen_mostly() -> None:
    random = np.random.default_rng(5)

    assert flagged(usual(random), [delays(random, 30, 0.5) for _ in range(200)]) >= 0.75


def test_frauds_do_not_move_the_limit() -> None:
    honest = [0.1 + 0.002 * step for step in range(95)]

    assert limit_of([*honest, *[0.9] * 5]) == pytest.approx(limit_of(honest), abs=0.05)


def test_the_limit_has_a_floor_and_needs_peers() -> None:
    assert limit_of([0.1] * 20) == FLOOR
    assert limit_of([0.1] * 19) == FALLBACK


def test_nobody_is_held_against_its_own_orders() -> None:
    early, late = (30, 0), (0, 30)

    mine, theirs, small = profiles([early, late, (1, 0)])

    assert mine is not None
    assert mine.shares == (0.0, 1.0)
    assert theirs is not None
    assert theirs.shares == (1.0, 0.0)
    assert small is not None
    assert small.shares == (0.5, 0.5)
    assert small.peers == 2


def test_alone_nothing_is_usual() -> None:
    assert profiles([]) == []
    assert profiles([(30, 5)]) == [None]
