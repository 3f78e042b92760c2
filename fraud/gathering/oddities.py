"""Sets affiliates apart by all their figures together, without looking at any decision."""

from collections.abc import Sequence

from fraud.checks.oddity import CHECKS, OddityFacts
from fraud.checks.statistics import PartnerFacts
from fraud.checks.windows import Share, TrafficFacts
from fraud.maths.medians import middle_of
from fraud.scores.table import Cell, table_of

FEWEST_ORDERS = 10  # of fewer, everybody is unlike the others
SHARES = ("machines", "unlanded", "unasked", "repeated", "short", "late", "foreign", "late_refunds")


def oddities(partners: Sequence[PartnerFacts], traffic: Sequence[TrafficFacts]) -> list[OddityFacts]:
    """Return how unlike the others each affiliate with some orders is; [] where there are too few to say."""
    clicks = {one.enrollment: one for one in traffic}
    some = [one for one in partners if one.tally.orders >= FEWEST_ORDERS]
    if len(some) < CHECKS[0].limits.sample:
        return []
    from fraud.scores.learning import (
        train_oddity,
    )  # where it is used: it takes a second and much memory, and most processes never need it

    table = table_of([_figures(one, clicks.get(one.enrollment)) for one in some])
    values = train_oddity(table).values(table)
    order = sorted(range(len(some)), key=lambda place: -values[place])
    return [
        OddityFacts(some[place].enrollment, float(values[place]), rank, len(some))
        for rank, place in enumerate(order, start=1)
    ]


def _figures(one: PartnerFacts, clicks: TrafficFacts | None) -> dict[str, Cell]:
    """Shares and middles, so that size alone makes nobody odd."""
    tally = one.tally
    middle = middle_of(tally.baskets)
    figures: dict[str, Cell] = {
        "conversion": _part(tally.clicked, tally.clicks),
        "first_buyers": _part(tally.first_buyers, tally.buyers),
        "refunded": _part(tally.refunded, tally.matured),
        "charged_back": _part(tally.charged_back, tally.matured),
        "clicked": _part(tally.clicked, tally.orders),
        "basket": middle.log if middle else None,
    }
    shares: dict[str, Share | None] = {name: getattr(clicks, name, None) for name in SHARES}
    return figures | {name: share.value if share and share.of else None for name, share in shares.items()}


def _part(count: int, of: int) -> float | None:
    return count / of if of else None
