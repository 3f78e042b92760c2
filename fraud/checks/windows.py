"""What one enrollment, or one coupon, did within a window of days; values only.

Everything but the peers is a sum of days, so a window is added up from days and never counted anew. `peers` is how
the same share is spread over the other affiliates of the program that work alike (coupon sites, newsletters ...), those
under review apart, over the last 90 days; None where there are too few of them to tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fraud.checks.base import ROWS, Measure
from fraud.checks.sentences import percent
from fraud.maths.distances import Counts, Profile
from fraud.maths.rates import Prior, upper_tail

# Clicks of a day from which on its busiest person says anything: of a single click, one person made all. Without it the
# simulated world holds a quarter of its honest partners, the small ones.
BUSY_DAY = 20


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of` cases, and how that share is spread among peers."""

    count: int
    of: int
    peers: Prior | None = None

    @property
    def value(self) -> float:
        """The share, 0 where there is no case."""
        return self.count / self.of if self.of else 0.0

    @property
    def usual(self) -> float | None:
        """The peers' share, None without peers."""
        return None if self.peers is None else self.peers.mean

    @property
    def p(self) -> float | None:
        """How likely an honest peer has as many cases or more; None without peers."""
        return None if self.peers is None else upper_tail(self.count, self.of, self.peers)


def excess(share: float, usual: float) -> float:
    """Return the difference as a threshold is written: 0.7 is 0.3 above 0.4, though not in binary fractions."""
    return round(share - usual, 9)


def over_peers(
    share: Share | None,
    rows: Mapping[str, tuple[Any, ...]],
    *,
    usual: float | None = None,
    least: float = 0.0,
) -> Measure | None:
    """Measure by how much a share exceeds the peers'; their share counts as `least` at least, as `usual` if unknown.

    None where the share is not known or has no case, or where there is nothing to compare it with.
    """
    if share is None or not share.of:
        return None
    expected = share.usual if share.usual is not None else usual
    if expected is None:
        return None
    expected = max(expected, least)
    figures = {
        "count": share.count,
        "of": share.of,
        "percent": percent(share.value),
        "usual": percent(expected),
    }
    return Measure(excess(share.value, expected), share.of, figures, rows, share.p)


@dataclass(frozen=True, slots=True)
class TrafficFacts:
    """Clicks and conversions of one enrollment within the window; None is what is not known or not kept.

    `bots`, `machines` (clicks from networks of data centers, VPNs and Tor), `unlanded` (the tag saw no page within 60
    seconds), `unasked` (navigations without Sec-Fetch-User, of browsers that send it) and `repeated` are shares of
    clicks; `short` (order within 15 seconds of the click), `late` (after 24 hours) and `foreign` (click and order in
    different countries, both known) are shares of conversions; `snatched`, of those within 5 minutes of the click, are
    the ones whose visitor another affiliate had brought before. `delays` are conversions by seconds from click to order
    (DELAY_EDGES), `usual_delays` the peers' shape. Bots are left out of all but `bots`.

    `busiest` are, added up over days of BUSY_DAY clicks or more, the clicks by the busiest hundredth of each day's
    people (at least one): a person is a visitor's id, else network and browser together; whoever is in a carrier's
    network and has no id is left out, for hundreds share one address there. `people_clicks` are the clicks of those
    days by all who were not left out.

    `hidden` are clicks that a page made by itself (see fraud.checks.clicks.is_hidden), None where nothing of it is
    kept. `ads` are clicks by (key, campaign) of a marker, `brand` those by protected term, `banned` those by pattern of
    the program's list. `campaigns` are the allowed ones. `late_refunds` are orders refunded after their commission was
    approved, of those approved. `examples` are ids by the field's name: clicks, or conversions for shares of those.
    """

    enrollment: int
    bots: Share | None = None
    machines: Share | None = None
    unlanded: Share | None = None
    unasked: Share | None = None
    repeated: Share | None = None
    busiest: int | None = None
    people_clicks: int = 0
    hidden: int | None = None
    ads: Mapping[tuple[str, str], int] | None = None
    campaigns: frozenset[str] = frozenset()
    brand: Mapping[str, int] | None = None
    banned: Mapping[str, int] | None = None
    short: Share | None = None
    late: Share | None = None
    foreign: Share | None = None
    snatched: Share | None = None
    delays: Counts = ()
    usual_delays: Profile | None = None
    late_refunds: Share | None = None
    examples: Mapping[str, tuple[Any, ...]] | None = None

    def rows(self, name: str, kind: str = "clicks") -> dict[str, tuple[Any, ...]]:
        """Return the examples that were kept for a field, by what they are examples of."""
        kept = (self.examples or {}).get(name, ())
        return {kind: kept[:ROWS]} if kept else {}


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """The orders with one coupon within the window, those of the owner's own clicks and others.

    `unclicked` is the share of orders with no click of the coupon's owner in the attribution window, `before` the same
    share in the 28 days that came earlier. `sites` counts the distinct foreign sites that visitors with the coupon came
    from, the owner's own, search engines and social networks apart; None where referrers are not kept. An `is_offline`
    coupon is read out or printed: it has no clicks by nature.
    """

    coupon: int
    enrollment: int
    unclicked: Share
    before: Share = Share(0, 0)
    sites: int | None = None
    is_offline: bool = False
    conversions: tuple[int, ...] = ()
