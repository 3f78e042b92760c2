"""How often a fraud of a given size is held: the numbers that research asks for, drawn against one honest world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fraud.checks import CHECKS
from fraud.checks.statistics import PartnerFacts
from fraud.checks.windows import Share, TrafficFacts
from fraud.maths.discoveries import discovered
from fraud.maths.distances import DELAY_EDGES, binned
from fraud.partners import Tally
from tests.fraud.world import world
from tests.fraud.world.screening import Facts, facts_of, measured
from tests.fraud.world.window_facts import DAY, SOON

SEEDS = (101, 102)
DRAWS = 200
ALONE = 0.01  # the level at which the research measured samples
Floats = NDArray[np.float64]
Drawn = Callable[[np.random.Generator, int], Floats]


@dataclass(frozen=True, slots=True)
class Recall:
    """The share held where only this one is asked (`p` up to ALONE), and where all others of a night are as well."""

    alone: float
    among_all: float


@dataclass(frozen=True, slots=True)
class Night:
    """An honest world's facts and all its tests; `traffic` and `partner` are one content site's, to be filled anew."""

    tests: Mapping[object, float]
    traffic: TrafficFacts
    partner: PartnerFacts


def night_of(seed: int, partners: int = 160) -> Night:
    """Screen a world without any scheme."""
    made = world(seed, partners, schemes=(), similar=())
    facts: Facts = facts_of(made)
    tests = {
        place: measure.p
        for place, (check, _who, _sale, measure) in enumerate(measured(facts))
        if measure.p is not None and measure.sample >= check.limits.sample
    }
    site = next(one.enrollment for one in made.accounts.values() if one.promotion == "content")
    return Night(
        tests,
        next(one for one in facts.traffic if one.enrollment == site),
        next(one for one in facts.partners if one.enrollment == site),
    )


def flooded(part: float) -> Drawn:
    """Delays of orders of which a part came by chance, the rest as a content site's do."""

    def drawn(rng: np.random.Generator, orders: int) -> Floats:
        honest = np.where(
            rng.random(orders) < 0.15,
            6 * 3600 + rng.exponential(3 * DAY, orders),
            1500 * np.exp(rng.normal(0, 1.2, orders)),
        )
        return np.where(rng.random(orders) < part, rng.uniform(0, 30 * DAY, orders), honest)

    return drawn


def injected(part: float) -> Drawn:
    """Delays of orders of which a part were clicked in the last seconds."""

    def drawn(rng: np.random.Generator, orders: int) -> Floats:
        honest = flooded(0)(rng, orders)
        return np.where(rng.random(orders) < part, rng.uniform(1, 14, orders), honest)

    return drawn


def recall_by_delays(night: Night, drawn: Drawn, orders: int) -> Recall:
    """How often one of the checks of delays holds so many orders."""
    rng = np.random.Generator(np.random.PCG64(orders))
    return _mean([_by_delays(night, drawn(rng, orders)) for _draw in range(DRAWS)])


def _by_delays(night: Night, delays: Floats) -> Recall:
    facts, of = night.traffic, len(delays)
    late, short = int((delays > DAY).sum()), int((delays < SOON).sum())
    facts = replace(
        facts,
        delays=binned(delays.tolist(), DELAY_EDGES),
        late=Share(late, of, facts.late.peers if facts.late else None),
        short=Share(short, of, facts.short.peers if facts.short else None),
    )
    each = [_stands(night, name, facts) for name in ("late_orders", "flat_delays", "short_delays")]
    return Recall(max(one.alone for one in each), max(one.among_all for one in each))


def recall_by_rate(night: Night, times: float, clicks: int) -> Recall:
    """How often so many clicks are held whose true rate is so many times the peers'."""
    rng = np.random.Generator(np.random.PCG64(clicks))
    prior = night.partner.baseline.conversion
    assert prior is not None
    held = []
    for _draw in range(DRAWS):
        orders = int(rng.binomial(clicks, min(1.0, times * prior.mean)))
        tally = Tally(clicks=clicks, orders=orders, clicked=orders)
        held.append(_stands(night, "conversion_rate_high", replace(night.partner, tally=tally)))
    return _mean(held)


def _stands(night: Night, name: str, facts: object) -> Recall:
    """Whether the check speaks, by its own `p` and by all of the night."""
    check = CHECKS[name]
    measure = check.measure(facts)
    if measure is None or not check.speaks(measure):
        return Recall(0, 0)
    if measure.p is None:
        return Recall(1, 1)
    return Recall(measure.p <= ALONE, "drawn" in discovered({**night.tests, "drawn": measure.p}))


def _mean(held: Sequence[Recall]) -> Recall:
    return Recall(sum(one.alone for one in held) / len(held), sum(one.among_all for one in held) / len(held))


ASKED: dict[str, Callable[[Night], Recall]] = {
    "flooding, all of 10 orders": lambda night: recall_by_delays(night, flooded(1), 10),
    "flooding, half of 30 orders": lambda night: recall_by_delays(night, flooded(0.5), 30),
    "flooding, half of 60 orders": lambda night: recall_by_delays(night, flooded(0.5), 60),
    "injection, 3 of 10 of 10 orders": lambda night: recall_by_delays(night, injected(0.3), 10),
    "injection, 3 of 10 of 20 orders": lambda night: recall_by_delays(night, injected(0.3), 20),
    "six times the usual rate, 100 clicks": lambda night: recall_by_rate(night, 6, 100),
    "six times the usual rate, 300 clicks": lambda night: recall_by_rate(night, 6, 300),
    "an honest site, 30 orders": lambda night: recall_by_delays(night, flooded(0), 30),
}


def powers(seeds: Sequence[int] = SEEDS) -> dict[str, Recall]:
    """Return each size's recall, the mean over some honest worlds."""
    seen = [night_of(seed) for seed in seeds]
    return {name: _mean([ask(night) for night in seen]) for name, ask in ASKED.items()}


def table(found: Mapping[str, Recall]) -> str:
    """Return the table as the page has it, to the next five per cent."""
    lines = ["| fraud | held, asked alone | held, among all of a night |", "|---|---|---|"]
    for name, one in found.items():
        lines.append(f"| {name} | {5 * round(20 * one.alone)} % | {5 * round(20 * one.among_all)} % |")
    return "\n".join(lines)
