"""What an enrollment did, day by day, as counts that can be added; values only."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from fraud.maths.distances import DELAY_EDGES, HOUR_EDGES, Counts
from fraud.maths.medians import AMOUNT_EDGES

WINDOW = 90  # days that are looked at together
HISTORY = 28  # days before that one day is held against


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one enrollment over one day or many; histograms are counts by bin.

    `clicks` are without bots and repeats. `orders` are counted conversions of which the enrollment is the principal of
    the current decision, `clicked` those decided by a click: a code that was read out has orders and no clicks.
    `buyers` are orders of which it is known whether they are the customer's first, `first_buyers` those that are.
    `matured` are orders whose return window is over, `refunded` and `charged_back` those of them that came back, in
    whole or in part. `baskets` are order totals by AMOUNT_EDGES, only those in the program's currency; `hours` of the
    day on the program's clock by HOUR_EDGES; `delays` from click to order by DELAY_EDGES.
    """

    clicks: int = 0
    orders: int = 0
    clicked: int = 0
    buyers: int = 0
    first_buyers: int = 0
    matured: int = 0
    refunded: int = 0
    charged_back: int = 0
    baskets: Counts = (0,) * (len(AMOUNT_EDGES) + 1)
    hours: Counts = (0,) * (len(HOUR_EDGES) + 1)
    delays: Counts = (0,) * (len(DELAY_EDGES) + 1)

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(
            **{one.name: _sum(getattr(self, one.name), getattr(other, one.name)) for one in fields(self)}
        )


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """What one enrollment did on one day of the program's clock: the row that is kept for each of the two.

    Everything of an order is counted on the day it was made. What comes later, a refund or the end of the return
    window, changes that day's row: such days are counted anew, all others stand.
    """

    enrollment: int
    day: date
    tally: Tally


def summed(days: Iterable[PartnerDay]) -> Tally:
    """Return the days together."""
    total = Tally()
    for day in days:
        total += day.tally
    return total


def orders_by_day(days: Iterable[PartnerDay], first: date, count: int) -> tuple[int, ...]:
    """Return the orders of `count` days from `first` on, 0 where there is no row."""
    counts = [0] * count
    for day in days:
        place = (day.day - first).days
        if 0 <= place < count:
            counts[place] += day.tally.orders
    return tuple(counts)


def _sum(one: Any, other: Any) -> Any:
    """Numbers are added, histograms bin by bin."""
    if isinstance(one, tuple):
        return tuple(left + right for left, right in zip(one, other, strict=True))
    return one + other
