"""How unusual a rate is among rates that differ honestly: beta-binomial, fitted to peers. Pure.

Honest partners do not share one rate: a plain binomial test calls 4 % of them unusual at 100 clicks and 28 % at 3,000.
Here each peer's own rate is drawn from Beta(a, b), and a count is compared with what such peers would show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, betaln, digamma, expit, gammaln, logit

MANY = 20  # peers from which on their own spread is believed: with fewer, likelihood flags up to 8 % of honest ones
# Successes of all peers but the one with the most, and failures of all, before which the same holds: of something rare,
# as chargebacks, one fraud has more than all others, and would pass for their spread.
CASES = 20
SPREAD = 0.7  # assumed standard deviation of honest rates on the logit scale; Beta(2, 48) around 4 %
LEAST, MOST = 2.0, 10_000.0  # a + b: how many trials the peers' experience may weigh
OUTLIER = 0.001  # peers less likely than this under the others' fit do not shape it
ROUNDS = 3  # how often outliers are looked for
KEPT = 0.8  # the part of peers that shapes the fit whatever they show

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prior:
    """Beta(a, b): how the rates of `peers` peers are spread."""

    a: float
    b: float
    peers: int = 0

    @property
    def mean(self) -> float:
        """The usual rate, 0 to 1."""
        return self.a / (self.a + self.b)


def upper_tail(successes: int, trials: int, prior: Prior) -> float:
    """Return how likely an honest peer has so many successes of `trials` or more."""
    return _mass(successes, trials, trials, prior) if successes > 0 else 1.0


def lower_tail(successes: int, trials: int, prior: Prior) -> float:
    """Return how likely an honest peer has so many successes of `trials` or fewer."""
    return _mass(0, successes, trials, prior) if successes < trials else 1.0


def shrunk(successes: int, trials: int, prior: Prior) -> float:
    """Return the rate as peers and own trials together tell it: near the peers' while trials are few."""
    return (successes + prior.a) / (trials + prior.a + prior.b)


def interval(successes: int, trials: int, prior: Prior, level: float = 0.95) -> tuple[float, float]:
    """Return between which rates the true one lies with probability `level`."""
    a, b = prior.a + successes, prior.b + trials - successes
    return float(betaincinv(a, b, (1 - level) / 2)), float(betaincinv(a, b, (1 + level) / 2))


def fit(successes: Sequence[int], trials: Sequence[int]) -> Prior:
    """Return the Beta under which the peers' successes of their trials are most likely.

    With fewer than MANY peers, or CASES, their spread cannot be told from chance: then it is assumed (SPREAD, and what
    is unsure of a mean that so few tell) around their common rate. Peers without trials do not count; ValueError
    without any.
    """
    hits, tries = _counted(successes, trials)
    most = float(hits.max())
    is_enough = len(tries) >= MANY and CASES + most <= hits.sum() <= tries.sum() - CASES
    return _likeliest(hits, tries) if is_enough else _assumed(hits, tries)


def usual(successes: Sequence[int], trials: Sequence[int]) -> list[bool]:
    """Say of each peer whether it may shape the fit of the others, so that one fraud does not hide the next.

    Not where its count is less likely than OUTLIER under the fit of those that may; at most a fifth is left out, among
    MANY peers or fewer nobody. Every peer has trials.
    """
    may = [True] * len(trials)
    for _round in range(ROUNDS if len(trials) > MANY else 0):
        prior = fit(*zip(*_chosen(successes, trials, may), strict=True))
        again = [_is_usual(prior, hits, tries) for hits, tries in zip(successes, trials, strict=True)]
        if again == may or sum(again) < max(MANY, KEPT * len(trials)):
            break
        may = again
    return may


def _chosen(successes: Sequence[int], trials: Sequence[int], may: Sequence[bool]) -> list[tuple[int, int]]:
    return [(hits, tries) for hits, tries, chosen in zip(successes, trials, may, strict=True) if chosen]


def _counted(successes: Sequence[int], trials: Sequence[int]) -> tuple[Floats, Floats]:
    hits, tries = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if not (tries > 0).any():
        raise ValueError("No peer has a trial.")
    return hits[tries > 0], tries[tries > 0]


def _is_usual(prior: Prior, successes: int, trials: int) -> bool:
    tail = upper_tail if successes >= prior.mean * trials else lower_tail
    return tail(successes, trials, prior) >= OUTLIER


def _mass(least: int, most: int, trials: int, prior: Prior) -> float:
    """The tail itself is added up, not its complement: a p-value of 1e-12 stays one."""
    count = np.arange(least, most + 1, dtype=np.float64)
    ways = gammaln(trials + 1.0) - gammaln(count + 1) - gammaln(trials - count + 1)
    chances = betaln(count + prior.a, trials - count + prior.b) - betaln(prior.a, prior.b)
    return float(min(1.0, np.exp(ways + chances).sum()))


def _pooled(hits: Floats, tries: Floats) -> float:
    """The common rate, never exactly 0 or 1."""
    return float((hits.sum() + 0.5) / (tries.sum() + 1))


def _assumed(hits: Floats, tries: Floats) -> Prior:
    mean, peers = _pooled(hits, tries), len(tries)
    unsure = 1 / (min(hits.sum(), tries.sum() - hits.sum()) + 0.5)
    spread = SPREAD**2 * (1 + 1 / peers) + float(unsure)
    strength = max(LEAST, 1 / (spread * mean * (1 - mean)) - 1)
    return Prior(mean * strength, (1 - mean) * strength, peers)


def _likeliest(hits: Floats, tries: Floats) -> Prior:
    """Maximum likelihood over the logit of the mean and the log of a + b, with its gradient."""
    from scipy.optimize import (
        minimize,
    )  # where it is used: it takes a second and much memory, and most processes never need it

    def cost(at: Floats) -> tuple[float, Floats]:
        mean, strength = float(expit(at[0])), float(np.exp(at[1]))
        a, b = mean * strength, (1 - mean) * strength
        value = float(np.sum(betaln(hits + a, tries - hits + b) - betaln(a, b)))
        rest = digamma(strength) - digamma(tries + strength)
        by_a = float(np.sum(digamma(hits + a) - digamma(a) + rest))
        by_b = float(np.sum(digamma(tries - hits + b) - digamma(b) + rest))
        slope = np.array([(by_a - by_b) * strength * mean * (1 - mean), by_a * a + by_b * b])
        return -value, -slope

    start = [float(logit(_pooled(hits, tries))), float(np.log(50))]
    bounds = [(-14, 14), (float(np.log(LEAST)), float(np.log(MOST)))]
    best = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    mean, strength = float(expit(best[0])), float(np.exp(best[1]))
    return Prior(mean * strength, (1 - mean) * strength, len(tries))
