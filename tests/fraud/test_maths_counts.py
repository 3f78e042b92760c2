"""A day against the days before, a draw against chance, many tests against each other, medians of binned amounts."""

import numpy as np
import pytest
from scipy import stats

from fraud.maths.counts import Level, drawn_tail, level_of
from fraud.maths.discoveries import discovered
from fraud.maths.distances import binned
from fraud.maths.medians import AMOUNT_EDGES, LEAST_SCALE, Middle, middle_of, usual_of


def test_the_tail_is_the_negative_binomial() -> None:
    expected = stats.nbinom(4, 4 / (4 + 10))

    assert Level(10, 0.25).upper_tail(25) == pytest.approx(expected.sf(24))
    assert Level(10, 0.25).upper_tail(0) == 1


def test_long_and_steady_days_are_poisson() -> None:
    level = level_of(np.random.default_rng(1).poisson(50, 28).tolist())

    assert level.spread < 0.01
    assert level.upper_tail(80) == pytest.approx(stats.poisson.sf(79, level.mean), rel=1)
    assert Level(50, 1e-9).upper_tail(80) == pytest.approx(stats.poisson.sf(79, 50), rel=1e-3)


def test_after_quiet_days_one_order_is_expected() -> None:
    level = level_of([0] * 28)

    assert level.mean == 1
    assert level.upper_tail(4) > 0.05


def test_a_day_is_held_against_its_own_weekday() -> None:
    week = [2, 2, 2, 2, 2, 2, 30]  # the day after four such weeks is like the first of a week

    assert level_of(week * 4).mean < 6
    assert level_of((week * 4)[-1:] + (week * 4)[:-1]).mean > 20


def test_weekdays_are_counted_back_from_the_day_itself() -> None:
    days = [2, 2, 2, 2, 2, 2, 30] * 4

    assert level_of(days[3:]).mean < 6
    assert level_of(days[3:-1]).mean > 20


def test_less_than_two_weeks_know_no_weekdays() -> None:
    assert level_of([2, 2, 2, 2, 2, 2, 30]).mean == pytest.approx(6)


def test_bursts_of_before_make_a_burst_ordinary() -> None:
    steady, bursting = [10] * 28, [2, 2, 40, 2, 2, 2, 2, 40, 2, 2, 2, 2, 2, 40] * 2

    assert level_of(steady).upper_tail(40) < 1e-6
    assert level_of(bursting).upper_tail(40) > 0.01


@pytest.mark.parametrize("days", [7, 28])
def test_honest_days_are_seldom_bursts(days: int) -> None:
    random = np.random.default_rng(2)
    levels = np.exp(random.normal(1, 1, 1500))

    tails = [
        level_of(random.poisson(level, days).tolist()).upper_tail(int(random.poisson(level)))
        for level in levels
    ]

    assert np.mean([tail < 0.001 for tail in tails]) <= 0.003


def test_a_blind_draw_is_hypergeometric() -> None:
    expected = stats.hypergeom(100, 20, 10)

    assert drawn_tail(6, 10, 20, 100) == pytest.approx(expected.sf(5))
    assert drawn_tail(0, 10, 20, 100) == 1
    assert drawn_tail(5, 10, 95, 100) == 1  # no draw holds fewer


def test_a_blind_draw_is_what_shuffling_shows() -> None:
    random = np.random.default_rng(3)
    shuffled = [(random.permutation(50)[:8] < 10).sum() >= 4 for _ in range(4000)]

    assert drawn_tail(4, 8, 10, 50) == pytest.approx(np.mean(shuffled), abs=0.01)


def test_chance_findings_among_many_do_not_stand() -> None:
    chance = {number: (number + 1) / 1000 for number in range(1000)}

    assert discovered(chance) == frozenset()
    assert discovered({**chance, "fraud": 1e-9}) == {"fraud"}
    assert discovered({}) == frozenset()


def test_a_finding_stands_up_to_q_and_not_over() -> None:
    assert discovered({"one": 0.05}) == {"one"}
    assert discovered({"one": 0.0501}) == frozenset()
    assert discovered({"one": 0.025, "other": 1.0}) == {"one"}


def test_the_median_of_bins_is_near_the_true_one() -> None:
    amounts = np.exp(np.random.default_rng(4).normal(np.log(5000), 0.8, 2000))

    middle = middle_of(binned(amounts.tolist(), AMOUNT_EDGES))

    assert middle is not None
    assert middle.amount == pytest.approx(float(np.median(amounts)), rel=0.05)
    assert middle.error == pytest.approx(1.2533 * 0.8 / 2000**0.5, rel=0.15)


@pytest.mark.parametrize("amount", [0, 99, 100, 10**8, 10**10])
def test_amounts_at_the_ends_have_a_median(amount: int) -> None:
    assert middle_of(binned([amount] * 3, AMOUNT_EDGES)) is not None


def test_no_orders_have_no_median_and_few_peers_no_usual_one() -> None:
    assert middle_of(binned([], AMOUNT_EDGES)) is None
    assert usual_of([Middle(8, 0.1)] * 5) is None


def test_peers_that_are_all_alike_leave_some_room() -> None:
    usual = usual_of([Middle(8, 0.1)] * 6)

    assert usual is not None
    assert usual.scale == LEAST_SCALE
    assert usual.score(Middle(8 + LEAST_SCALE, 0)) == pytest.approx(1)
    assert usual.tail(-3) == pytest.approx(2 * stats.t(5).sf(3))
