"""What is usual among the peers of an enrollment: rates, baskets and shapes, never with its own numbers in them.

Peers are the enrollments of a program, or of one group of it where groups are of a kind (coupon sites, newsletters):
the caller chooses, as it leaves out whoever is under review.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fraud.maths.distances import Counts, Profile, profiles
from fraud.maths.medians import ENOUGH, Middle, Usual, middle_of, usual_of
from fraud.maths.rates import Prior, fit, usual
from fraud.partners import Tally

FEWEST = 3  # peers with trials; before, nothing is usual
ALONE = 100  # up to so many peers each one's rates are fitted without it; beyond, one hardly moves the fit
TRIALS: dict[str, tuple[str, str]] = {
    "conversion": ("clicked", "clicks"),
    "first_buyers": ("first_buyers", "buyers"),
    "refunds": ("refunded", "matured"),
    "chargebacks": ("charged_back", "matured"),
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual among the others; None where they are too few to say."""

    conversion: Prior | None = None
    first_buyers: Prior | None = None
    refunds: Prior | None = None
    chargebacks: Prior | None = None
    baskets: Usual | None = None
    hours: Profile | None = None
    delays: Profile | None = None


def baselines(
    tallies: Mapping[int, Tally], under_review: frozenset[int] = frozenset()
) -> dict[int, Baseline]:
    """Return for each enrollment what is usual among the others, leaving out those under review.

    `tallies` are sums over the same days, usually partners.WINDOW. Those under review get a baseline as well.
    """
    names = sorted(tallies)
    ordered, is_peer = [tallies[name] for name in names], [name not in under_review for name in names]
    columns: dict[str, list[Any]] = {
        rate: _priors([trial(tally, rate) for tally in ordered], is_peer) for rate in TRIALS
    }
    columns["baskets"] = _baskets(ordered, is_peer)
    columns["hours"] = _profiles([tally.hours for tally in ordered], is_peer)
    columns["delays"] = _profiles([tally.delays for tally in ordered], is_peer)
    return {
        name: Baseline(**{field: column[place] for field, column in columns.items()})
        for place, name in enumerate(names)
    }


def trial(tally: Tally, rate: str) -> tuple[int, int]:
    """Return successes and trials of a rate of TRIALS; an order whose click was forgotten makes no rate over one."""
    successes, trials = (int(getattr(tally, name)) for name in TRIALS[rate])
    return min(successes, trials), trials


def _priors(trials: Sequence[tuple[int, int]], is_peer: Sequence[bool]) -> list[Prior | None]:
    peers = [place for place, (_hits, total) in enumerate(trials) if total and is_peer[place]]
    may = usual(*_columns(trials, peers))
    shapers = [place for place, chosen in zip(peers, may, strict=True) if chosen]
    shared = _prior(trials, shapers)
    if len(shapers) > ALONE:
        return [shared] * len(trials)
    alone = {place: _prior(trials, [other for other in shapers if other != place]) for place in shapers}
    return [alone.get(place, shared) for place in range(len(trials))]


def _columns(trials: Sequence[tuple[int, int]], places: Sequence[int]) -> tuple[list[int], list[int]]:
    return [trials[place][0] for place in places], [trials[place][1] for place in places]


def _prior(trials: Sequence[tuple[int, int]], peers: Sequence[int]) -> Prior | None:
    return None if len(peers) < FEWEST else fit(*_columns(trials, peers))


def _baskets(tallies: Sequence[Tally], is_peer: Sequence[bool]) -> list[Usual | None]:
    middles: dict[int, Middle] = {}
    for place, tally in enumerate(tallies):
        middle = middle_of(tally.baskets)
        if middle is not None and is_peer[place] and sum(tally.baskets) >= ENOUGH:
            middles[place] = middle
    if len(middles) > ALONE:
        return [usual_of(list(middles.values()))] * len(tallies)
    return [
        usual_of([middle for other, middle in middles.items() if other != place])
        for place in range(len(tallies))
    ]


def _profiles(histograms: Sequence[Counts], is_peer: Sequence[bool]) -> list[Profile | None]:
    """Those under review stand in no other's usual shape, and are held against that of all peers."""
    if not histograms:
        return []
    peers = [place for place, counts in enumerate(is_peer) if counts]
    nobody: Counts = (0,) * len(histograms[0])
    *of_each, of_all = profiles([*(histograms[place] for place in peers), nobody])
    found = dict(zip(peers, of_each, strict=True))
    return [found.get(place, of_all) for place in range(len(histograms))]
