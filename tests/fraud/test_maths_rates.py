"""Beta-binomial tails and their fit: published numbers come out again, and honest affiliates stay unflagged."""

import numpy as np
import pytest
from scipy import stats

from fraud.maths.rates import MANY, Prior, fit, interval, lower_tail, shrunk, upper_tail, usual

HONEST = Prior(2, 48)  # the honest partners of the measured warnings: 4 % on average
ALPHA = 0.001


def critical(trials: int, prior: Prior, alpha: float = ALPHA) -> int:
    """The fewest successes that are as unlikely as alpha."""
    return next(count for count in range(trials + 1) if upper_tail(count, trials, prior) < alpha)


def honest_rates(random: np.random.Generator, count: int, spread: float = 0.5) -> np.ndarray:
    """Log-normal conversion rates around 4 %."""
    return np.minimum(0.5, 0.04 * np.exp(random.normal(-spread * spread / 2, spread, count)))


@pytest.mark.parametrize(("count", "trials"), [(0, 10), (3, 10), (10, 10), (12, 100), (400, 3000)])
def test_tails_are_those_of_the_textbook(count: int, trials: int) -> None:
    expected = stats.betabinom(trials, 2, 48)

    assert upper_tail(count, trials, HONEST) == pytest.approx(expected.sf(count - 1), rel=1e-6)
    assert lower_tail(count, trials, HONEST) == pytest.approx(expected.cdf(count), rel=1e-6)


def test_a_tail_far_out_is_not_rounded_away() -> None:
    assert 0 < upper_tail(290, 300, HONEST) < 1e-30


@pytest.mark.parametrize(
    ("clicks", "published"), [(100, 0.04), (300, 0.08), (1000, 0.21), (3000, 0.28)], ids=str
)
def test_a_plain_binomial_flags_as_many_honest_ones_as_was_measured(clicks: int, published: float) -> None:
    plain = int(stats.binom.isf(ALPHA, clicks, 0.04)) + 1

    assert upper_tail(plain, clicks, HONEST) == pytest.approx(published, abs=0.02)
    assert upper_tail(critical(clicks, HONEST), clicks, HONEST) <= ALPHA


@pytest.mark.parametrize(("clicks", "published"), [(50, 0.51), (100, 0.85), (300, 0.998)], ids=str)
def test_power_on_the_high_side_is_as_measured(clicks: int, published: float) -> None:
    power = stats.binom.sf(critical(clicks, HONEST) - 1, clicks, 0.25)

    assert power == pytest.approx(published, abs=0.03)


@pytest.mark.parametrize(("clicks", "published"), [(300, 0.0), (1000, 0.76), (3000, 0.99)], ids=str)
def test_power_on_the_low_side_is_as_measured(clicks: int, published: float) -> None:
    flagged = sum(
        stats.binom.pmf(count, clicks, 0.001)
        for count in range(30)
        if lower_tail(count, clicks, HONEST) < 0.01
    )

    assert flagged == pytest.approx(published, abs=0.03)


def test_honest_differences_are_flagged_by_a_plain_test_and_not_by_ours() -> None:
    random = np.random.default_rng(7)
    ours, plain = [], []

    for _program in range(10):
        clicks = random.integers(100, 3000, 200)
        prior = fit(random.binomial(clicks, honest_rates(random, 200)).tolist(), clicks.tolist())
        counts = random.binomial(1000, honest_rates(random, 1000))
        ours.append((counts >= critical(1000, prior)).mean())
        plain.append((stats.binom.sf(counts - 1, 1000, 0.04) < ALPHA).mean())

    assert np.mean(ours) <= 0.01
    assert np.mean(plain) > 0.10


def test_six_times_the_usual_rate_is_seen_at_300_clicks() -> None:
    random = np.random.default_rng(8)
    clicks = random.integers(100, 3000, 200)
    prior = fit(random.binomial(clicks, honest_rates(random, 200)).tolist(), clicks.tolist())

    assert stats.binom.sf(critical(300, prior) - 1, 300, 0.25) >= 0.95


def test_the_fit_finds_how_rates_are_spread() -> None:
    random = np.random.default_rng(9)
    clicks = np.full(2000, 500)

    prior = fit(random.binomial(clicks, random.beta(2, 48, 2000)).tolist(), clicks.tolist())

    assert prior.peers == 2000
    assert prior.a == pytest.approx(2, rel=0.1)
    assert prior.b == pytest.approx(48, rel=0.1)


def test_a_few_peers_are_not_taken_to_be_all_alike() -> None:
    prior = fit([40, 40, 40], [1000, 1000, 1000])

    assert prior.mean == pytest.approx(0.04, abs=0.005)
    assert prior.a + prior.b < 60  # likelihood alone would say 10,000


def test_peers_exactly_alike_and_many_weigh_much() -> None:
    assert sum((fit([40] * MANY, [1000] * MANY).a, fit([40] * MANY, [1000] * MANY).b)) > 1000


def test_a_rate_that_nobody_shows_is_small_and_not_nothing() -> None:
    prior = fit([0] * 50, [100] * 50)

    assert 0 < prior.mean < 0.001


def test_where_nobody_sold_yet_the_first_order_is_no_wonder() -> None:
    prior = fit([0] * 30, [10] * 30)

    assert upper_tail(1, 100, prior) > 0.05
    assert upper_tail(30, 100, prior) < ALPHA


def test_where_nobody_failed_yet_the_first_failure_is_no_wonder() -> None:
    prior = fit([100] * 30, [100] * 30)

    assert prior.mean < 1
    assert lower_tail(99, 100, prior) > 0.005


def test_without_trials_nothing_is_usual() -> None:
    with pytest.raises(ValueError, match="trial"):
        fit([0, 0], [0, 0])


def test_one_fraud_does_not_hide_the_next() -> None:
    random = np.random.default_rng(10)
    clicks = [1000] * 60
    counts = random.binomial(1000, honest_rates(random, 57, spread=0.4)).tolist()
    counts += [250, 260, 270]

    may = usual(counts, clicks)

    assert may[-3:] == [False, False, False]
    assert sum(may) >= 56


def test_a_rate_of_few_trials_is_drawn_towards_the_peers() -> None:
    assert shrunk(1, 2, HONEST) == pytest.approx(3 / 52)
    assert shrunk(0, 0, HONEST) == HONEST.mean


def test_the_interval_holds_95_of_100() -> None:
    low, high = interval(12, 100, HONEST)

    assert stats.beta(14, 136).cdf(high) - stats.beta(14, 136).cdf(low) == pytest.approx(0.95)
    assert low < 14 / 150 < high


def test_one_with_most_of_something_rare_does_not_pass_for_the_spread_of_all() -> None:
    """Chargebacks: a hundred peers have ten in 3,000 orders, and one fraud has 25 of its 47."""
    successes, trials = [*([1, 0, 0, 0, 0, 0, 0, 0, 0, 0] * 10), 25], [*([30] * 100), 47]

    assert upper_tail(25, 47, fit(successes, trials)) < 1e-9
