"""What an enrollment did, day by day, as counts that can be added; values only."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Self

from fraud.maths.distances import DELAY_EDGES, HOUR_EDGES, Counts
from fraud.maths.medians import AMOUNT_EDGES

WINDOW = 90  # days that are looked at together
HISTORY = 28  # days before that one day is held against
SOON, LATE = 15, 86_400  # seconds from click to order: too soon, and on another day
AT_CHECKOUT = 300  # seconds before the order, when its buyer is about to send it
MOST_EXAMPLES = 60  # ids that stand behind one count of a sum

Named = Mapping[str, int]  # what was counted -> how often
Examples = Mapping[str, tuple[Any, ...]]  # count's name -> ids of clicks (texts), or of conversions


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one enrollment over one day or many; histograms are counts by bin.

    `clicks` are without bots and repeats. `orders` are counted conversions of which the enrollment is the principal of
    the current decision, `clicked` those decided by a click: a code that was read out has orders and no clicks.
    `buyers` are orders of which it is known whether they are the customer's first, `first_buyers` those that are.
    `matured` are orders whose return window is over, `refunded` and `charged_back` those of them that came back, in
    whole or in part. `baskets` are order totals by AMOUNT_EDGES, only those in the program's currency; `hours` of the
    day on the program's clock by HOUR_EDGES; `delays` from click to order by DELAY_EDGES.

    Of clicks: `seen` are all, `bots` those by programs, and what follows is counted without these. `looked_up` are
    clicks of which the network was looked up, `machines` those of them from data centers, VPNs and Tor; `landed` those
    after which the tag saw a page; `telling` those of browsers that say whether a person asked, `unasked` those where
    none did; `saying` those of browsers that say what for, `hidden` those that a page made by itself; `repeated` those
    that repeat one just before. `busiest` and `tellable` are of days with BUSY_DAY clicks or more, as TrafficFacts has
    them. `ads` are clicks by "key campaign" of an advertisement's marker, `searches` by what was searched for or the
    campaign is called, `referrers` by host, or by an entry of the program's list that names a page.

    Of orders with a click: `soon` came within SOON of it, `late` after LATE, `snatched` within AT_CHECKOUT of a click
    on a visitor whom somebody else had brought; `placed` are those where both countries are known, `foreign` those
    where they differ. `approved` are orders whose commission was approved with nothing sent back by then,
    `late_refunds` those of them that came back after. `with_click` and `without_click` are orders with a coupon of the
    enrollment's by the coupon's id, with and without a click of its; `sites` are "coupon host" that buyers came from.
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
    seen: int = 0
    bots: int = 0
    looked_up: int = 0
    machines: int = 0
    landed: int = 0
    telling: int = 0
    unasked: int = 0
    saying: int = 0
    hidden: int = 0
    repeated: int = 0
    busiest: int = 0
    tellable: int = 0
    ads: Named = field(default_factory=dict)
    searches: Named = field(default_factory=dict)
    referrers: Named = field(default_factory=dict)
    soon: int = 0
    late: int = 0
    snatched: int = 0
    placed: int = 0
    foreign: int = 0
    approved: int = 0
    late_refunds: int = 0
    with_click: Named = field(default_factory=dict)
    without_click: Named = field(default_factory=dict)
    sites: Named = field(default_factory=dict)
    click_examples: Examples = field(default_factory=dict)
    order_examples: Examples = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return total([self, other])

    @property
    def people(self) -> int:
        """Clicks that no program made."""
        return self.seen - self.bots

    def with_clicks(self, clicks: "Tally") -> "Tally":
        """Return it with what another one says of clicks, instead of what it said itself."""
        return replace(self, **{name: getattr(clicks, name) for name in OF_CLICKS})

    def as_json(self) -> dict[str, Any]:
        """Return what is not nothing, as JSON; histograms as bin -> count."""
        return {
            name: _plain(value)
            for name in NAMES
            if (value := getattr(self, name)) and not (isinstance(value, tuple) and not any(value))
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote, of this or an earlier version; what it lacks is nothing."""
        return cls(**{name: _read(name, value) for name, value in plain.items() if name in NAMES})


NAMES: dict[str, Any] = {one.name: getattr(Tally(), one.name) for one in fields(Tally)}  # -> what is nothing
OF_CLICKS = frozenset(
    {
        *(
            "clicks",
            "seen",
            "bots",
            "looked_up",
            "machines",
            "landed",
            "telling",
            "unasked",
            "saying",
            "hidden",
        ),
        *("repeated", "busiest", "tellable", "ads", "searches", "referrers", "click_examples"),
    }
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
    return total([day.tally for day in days])


def total(tallies: Sequence[Tally]) -> Tally:
    """Return tallies together: numbers are added, histograms bin by bin, names by name; ids are put one after other."""
    if len(tallies) == 1:
        return tallies[0]
    sums = {}
    for name, nothing in NAMES.items():
        told = [value for one in tallies if (value := getattr(one, name)) and value != nothing]
        if told:
            sums[name] = _sum(told) if len(told) > 1 else told[0]
    return Tally(**sums)


def orders_by_day(days: Iterable[PartnerDay], first: date, count: int) -> tuple[int, ...]:
    """Return the orders of `count` days from `first` on, 0 where there is no row."""
    return by_day(days, "orders", first, count)


def by_day(days: Iterable[PartnerDay], name: str, first: date, count: int) -> tuple[int, ...]:
    """Return one of the numbers for `count` days from `first` on, 0 where there is no row."""
    counts = [0] * count
    for day in days:
        place = (day.day - first).days
        if 0 <= place < count:
            counts[place] += getattr(day.tally, name)
    return tuple(counts)


def _sum(values: Sequence[Any]) -> Any:
    if isinstance(values[0], int):
        return sum(values)
    if isinstance(values[0], tuple):
        return tuple(map(sum, zip(*values, strict=True)))
    if any(isinstance(one, tuple) for one in values[0].values()):
        return _joined(values)
    counts: Counter[str] = Counter()
    for value in values:
        counts.update(value)
    return dict(counts)


def _joined(examples: Sequence[Examples]) -> dict[str, tuple[Any, ...]]:
    """The newest ids, each once."""
    found: dict[str, dict[Any, None]] = {}
    for one in examples:
        for name, ids in one.items():
            found.setdefault(name, {}).update(dict.fromkeys(ids))
    return {name: tuple(ids)[-MOST_EXAMPLES:] for name, ids in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, int):
        return value
    if isinstance(value, tuple):
        return {str(place): count for place, count in enumerate(value) if count}
    return {name: list(one) if isinstance(one, tuple) else one for name, one in value.items()}


def _read(name: str, value: Any) -> Any:
    nothing = NAMES[name]
    if isinstance(nothing, int):
        return value
    if isinstance(nothing, tuple):
        return tuple(value.get(str(place), 0) for place in range(len(nothing)))
    return {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}
