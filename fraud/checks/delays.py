"""How long after the click the orders of one affiliate come, and from where. Limits: rules 2, 3, 6 and 14.

Too soon is injection: the click was made when the visitor was about to buy. Too late and even is flooding: clicks are
strewn over everybody, and some of them buy one day.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import Check, Limits, Measure
from fraud.checks.windows import TrafficFacts, excess, over_peers
from fraud.states import Cause, Subject

LEAST_SHORT = 0.002  # rule 2: the least share of orders within 15 seconds that is taken for usual


def short_delays(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of orders within 15 seconds of the click exceeds the peers', or 0.002."""
    return over_peers(facts.short, facts.rows("short", "conversions"), usual=LEAST_SHORT, least=LEAST_SHORT)


def late_orders(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of orders after 24 hours exceeds the peers'."""
    return over_peers(facts.late, facts.rows("late", "conversions"))


def flat_delays(facts: TrafficFacts) -> Measure | None:
    """Return how far the curve of delays lies on the late side of the peers', in parts of what honest peers reach.

    The Kolmogorov-Smirnov distance, not its p-value: honest affiliates differ, and of those with a thousand orders p
    flags 92 %.
    """
    orders, usual = sum(facts.delays), facts.usual_delays
    if not orders or usual is None:
        return None
    distance = _later(facts.delays, usual.shares)
    figures = {"of": orders, "distance": round(distance, 2), "peers": usual.peers}
    return Measure(excess(distance / usual.limit, 0), orders, figures, facts.rows("late", "conversions"))


def foreign_orders(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of orders from another country than their click exceeds the peers'."""
    return over_peers(facts.foreign, facts.rows("foreign", "conversions"))


def late_clicks(facts: TrafficFacts) -> Measure | None:
    """Return by how much, of orders within 5 minutes of the click, the share of others' visitors exceeds the peers'.

    Without a `p`: few peers have so many of such orders that their spread were known, and where it is only guessed half
    of all thieves pass for it. The sample is larger instead.
    """
    measure = over_peers(facts.snatched, facts.rows("snatched", "conversions"))
    return None if measure is None else replace(measure, p=None)


def late_refunds(facts: TrafficFacts) -> Measure | None:
    """Return by how much the share of orders refunded after their commission was approved exceeds the peers'."""
    return over_peers(facts.late_refunds, facts.rows("late_refunds", "conversions"))


CHECKS: tuple[Check[TrafficFacts], ...] = (
    Check(
        name="short_delays",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks made just before the order"),
        statistic=_("share of orders within 15 seconds of the click, above the peers’ share"),
        sentence=_(
            "Within 15 seconds of the click: %(count)s of %(of)s orders (%(percent)s %%), usual are %(usual)s %%."
        ),
        plain=_("Many of your orders come unusually soon after the click."),
        honest=_("Short forms, and customers who return with a full cart: then peers show the same."),
        measure=short_delays,
        limits=Limits(0.1, sample=10),  # sample: rule 2; one in ten is chance, two are not
        weight=2.0,
    ),
    Check(
        name="late_orders",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Orders long after the click"),
        statistic=_("share of orders more than 24 hours after the click, above the peers’ share"),
        sentence=_(
            "After more than 24 hours: %(count)s of %(of)s orders (%(percent)s %%), usual are %(usual)s %%."
        ),
        plain=_("Many of your orders come unusually long after the click."),
        honest=_(
            "Expensive things that are slept over, newsletters that are read later, a spot on television."
        ),
        measure=late_orders,
        # Sample: rule 3, full flooding is to be found from 10 orders on (1.3); `p` keeps honest small ones out.
        # Everflow: 30 % after 24 hours may be click spam; where peers have 10 %, that is 0.2 above.
        limits=Limits(0.2, sample=10),
        weight=1.5,
    ),
    Check(
        name="flat_delays",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Orders at any time after the click"),
        statistic=_(
            "distance of delays from the peers’, late side, in parts of what 99 % of honest peers stay under"
        ),
        sentence=_(
            "The delays of %(of)s orders lie %(distance)s (of 1) away from those of %(peers)s peers, on the late side."
        ),
        plain=_("Your orders come unusually evenly over the days after the click."),
        honest=_("Affiliates who prepare a purchase: tests, advice, comparisons."),
        measure=flat_delays,
        # Rule 3: the limit is what peers reach (0.41-0.54 were measured), flooding ones 0.84; 0.5 while peers are few.
        limits=Limits(1.0, sample=20),
        between=(0.1, 10.0),
        weight=2.0,
    ),
    Check(
        name="foreign_orders",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks and orders from different countries"),
        statistic=_("share of orders from another country than their click, above the peers’ share"),
        sentence=_(
            "From another country than the click: %(count)s of %(of)s orders (%(percent)s %%), usual are %(usual)s %%."
        ),
        plain=_("Many of your clicks come from other countries than the orders."),
        honest=_("Travel, expatriates, gifts, and readers who use VPNs."),
        measure=foreign_orders,
        # Sample: rule 6. The excess is our choice: at 0.3, two of six simulated blogs for people abroad were held.
        limits=Limits(0.5, sample=30),
        weight=1.2,
    ),
    Check(
        name="late_clicks",
        cause=Cause.TRAFFIC,
        subject=Subject.AFFILIATE,
        title=_("Clicks at the checkout of others’ visitors"),
        statistic=_(
            "of orders within 5 minutes of the click, the share of visitors whom another affiliate had brought, above "
            "the peers’ share"
        ),
        sentence=_(
            "Of %(of)s orders within 5 minutes of the click, another affiliate had brought %(count)s (%(percent)s %%); "
            "usual are %(usual)s %%."
        ),
        plain=_("Many of your clicks come just before the order, of visitors who were in the shop already."),
        honest=_(
            "Coupon sites that buyers look at before they pay: then peers of the same group show the same."
        ),
        measure=late_clicks,
        # Minutes: rule 8. Of honest coupon sites with 14 such orders some were 0.3 above peers, with more hardly any.
        limits=Limits(0.25, sample=15),
        weight=1.5,
    ),
    Check(
        name="late_refunds",
        cause=Cause.ORDERS,
        subject=Subject.AFFILIATE,
        title=_("Refunds once the commission is approved"),
        statistic=_("share of orders refunded after their commission was approved, above the peers’ share"),
        sentence=_(
            "Refunded after approval: %(count)s of %(of)s orders (%(percent)s %%), usual are %(usual)s %%."
        ),
        plain=_("Many of your orders are refunded after their commission was approved."),
        honest=_("Trades with long trial times: make the program’s waiting time longer."),
        measure=late_refunds,
        limits=Limits(
            0.1, sample=20
        ),  # sample: rule 14; the excess is our choice: approval waits for the return time
        weight=2.0,
    ),
)


def _later(own: Sequence[float], usual: Sequence[float]) -> float:
    """The largest lead that the peers' curve has: how much later this one's orders come."""
    ours, theirs = sum(own), sum(usual)
    pairs = zip(accumulate(own), accumulate(usual), strict=True)
    return max(second / theirs - first / ours for first, second in pairs)
