"""What an affiliate's numbers look like beside its peers' and beside its own days before; asked once a night.

A rate is drawn towards the peers' while it rests on little (`shrunk`), and its `p` is a beta-binomial tail. The value
says how great a difference is, `p` how unlikely: both must speak, `p` after fraud.maths.discoveries. The hour profile
has no `p`: its limit is itself what 99 % of honest peers stay under, and peers are too few to tell more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from typing import Any

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import Check, Limits, Measure
from fraud.checks.sentences import percent
from fraud.maths.counts import level_of
from fraud.maths.distances import distance
from fraud.maths.medians import middle_of
from fraud.maths.rates import Prior, interval, lower_tail, shrunk, upper_tail
from fraud.partners import Tally
from fraud.peers import Baseline, trial
from fraud.states import Action, Cause, Subject

PLAIN = _("Your figures differ from what is usual in this program, and we are looking at why.")
PAST = _("Your figures differed from what is usual in this program.")


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """One enrollment over the window: its sums, what is usual among its peers, and its orders by day.

    `history` holds the orders of the up to 28 days before `today`, the oldest first, from the day on which it joined;
    `today` those of the last full day, `clicks_today` and `clicks_history` the same of clicks, without bots
    and repeats.
    """

    enrollment: int
    tally: Tally
    baseline: Baseline
    history: tuple[int, ...] = ()
    today: int = 0
    clicks_history: tuple[int, ...] = ()
    clicks_today: int = 0


def _written(value: float) -> float:
    """A value as a threshold is written: three times 0.1 is 0.3, though not in binary fractions."""
    return round(value, 6)


def _odds(share: float) -> float:
    return share / (1 - share)


def _rate(rate: str, is_low: bool = False, by_odds: bool = False) -> Callable[[PartnerFacts], Measure | None]:
    """Return a measure of one rate: how many times the peers' it is (their odds, where it is a share near the half)."""

    def measure(facts: PartnerFacts) -> Measure | None:
        prior: Prior | None = getattr(facts.baseline, rate)
        successes, trials = trial(facts.tally, rate)
        if prior is None or not trials:
            return None
        own = shrunk(successes, trials, prior)
        times = _odds(own) / _odds(prior.mean) if by_odds else own / prior.mean
        p = (lower_tail if is_low else upper_tail)(successes, trials, prior)
        return Measure(_written(times), trials, _rate_figures(prior, successes, trials), _rows(facts), p)

    return measure


def _rate_figures(prior: Prior, successes: int, trials: int) -> dict[str, Any]:
    low, high = interval(successes, trials, prior)
    return {
        "count": successes,
        "of": trials,
        "rate": percent(successes / trials),
        "low": percent(low),
        "high": percent(high),
        "usual": percent(prior.mean),
        "peers": prior.peers,
    }


def _rows(facts: PartnerFacts) -> dict[str, tuple[int, ...]]:
    return {"enrollments": (facts.enrollment,)}


def _basket(facts: PartnerFacts) -> Measure | None:
    """How far the median order is from the peers' medians, on either side."""
    middle, usual = middle_of(facts.tally.baskets), facts.baseline.baskets
    if middle is None or usual is None:
        return None
    score = usual.score(middle)
    figures = {
        "orders": sum(facts.tally.baskets),
        "median": round(middle.amount),
        "usual": round(exp(usual.log)),
        "times": round(exp(middle.log - usual.log), 1),
        "peers": usual.peers,
    }
    return Measure(_written(abs(score)), sum(facts.tally.baskets), figures, _rows(facts), p=usual.tail(score))


def _hours(facts: PartnerFacts) -> Measure | None:
    """The distance of the orders' hours from the peers', in parts of what honest ones reach at most."""
    counts, profile = facts.tally.hours, facts.baseline.hours
    total = sum(counts)
    if profile is None or not total:
        return None
    more = [count / total - usual for count, usual in zip(counts, profile.shares, strict=True)]
    hour = more.index(max(more))  # the one that has most more than the peers'
    figures = {
        "orders": total,
        "hour": hour,
        "next": hour + 1,
        "share": percent(counts[hour] / total),
        "usual": percent(profile.shares[hour]),
        "peers": profile.peers,
    }
    return Measure(_written(distance(counts, profile.shares) / profile.limit), total, figures, _rows(facts))


def _burst(facts: PartnerFacts) -> Measure | None:
    """How many times what its weekday brings the last day brought; clicks that rose alike are told beside."""
    if not facts.history:
        return None
    level = level_of(facts.history)
    figures = {
        "orders": facts.today,
        "usual": round(level.mean, 1),
        "days": len(facts.history),
        "times": round(facts.today / level.mean, 1),
    }
    if facts.clicks_history:
        clicks = level_of(facts.clicks_history)
        figures |= {"clicks": facts.clicks_today, "usual_clicks": round(clicks.mean, 1)}
    p = level.upper_tail(facts.today)
    return Measure(_written(facts.today / level.mean), len(facts.history), figures, _rows(facts), p=p)


def _check(name: str, **words: Any) -> Check[PartnerFacts]:
    rest = {"plain": PLAIN, "past": PAST, **words}
    return Check(name=name, cause=Cause.STATISTICS, subject=Subject.AFFILIATE, **rest)


CONVERSION_HIGH = _check(
    "conversion_rate_high",
    title=_("Far more clicks lead to orders than usual"),
    statistic=_("times the peers’ conversion rate, drawn towards theirs while clicks are few"),
    sentence=_(
        "%(count)s of %(of)s clicks led to an order: %(rate)s %% (%(low)s to %(high)s %%), while %(usual)s %% are usual"
        " among %(peers)s peers."
    ),
    honest=_(
        "Coupon sites, newsletters and people who recommend to their own circle meet visitors who have decided already."
    ),
    measure=_rate("conversion"),
    # 1.2 no. 4: power for 25 % where 4 % are usual is 85 % at 100 clicks, 99.8 % at 300. Twice is honest now and then;
    # `p` sorts these out.
    limits=Limits(2.0, sample=100),
    weight=1.5,
)
CONVERSION_LOW = _check(
    "conversion_rate_low",
    title=_("Hardly any click leads to an order"),
    statistic=_("times the peers’ conversion rate, drawn towards theirs while clicks are few"),
    sentence=_(
        "Only %(count)s of %(of)s clicks led to an order: %(rate)s %% (%(low)s to %(high)s %%), while %(usual)s %% are"
        " usual among %(peers)s peers."
    ),
    honest=_("Reach without intent, as from a widely read article or a display campaign, looks the same."),
    measure=_rate("conversion", is_low=True),
    # 1.2 no. 4: a rate of 0.1 % cannot be told from 4 % before 1,000 clicks (76 %), and is at 3,000 (99 %).
    limits=Limits(0.3, sample=1000),
    weight=0.8,
    action=Action.NOTE,
    is_low_bad=True,
)
BASKET = _check(
    "basket_value",
    title=_("Orders are of an unusual size"),
    statistic=_("usual deviations of the median order from the peers’ medians, on either side"),
    sentence=_("The middle one of %(orders)s orders is %(times)s times the usual one among %(peers)s peers."),
    honest=_("An affiliate for one product line, or for trade customers, sells other baskets than the rest."),
    measure=_basket,
    # 3.5 is the customary bound of a score by median deviations (Iglewicz and Hoaglin); 20 orders as for other rates.
    limits=Limits(3.5, sample=20),
    weight=0.7,
    action=Action.NOTE,
)
HOURS = _check(
    "hour_profile",
    title=_("Orders come at unusual hours"),
    statistic=_(
        "distance of orders by hour of the day from the peers’, in parts of what 99 % of honest peers stay under"
    ),
    sentence=_(
        "%(share)s %% of %(orders)s orders came between %(hour)s and %(next)s o’clock, where %(usual)s %% are usual"
        " among %(peers)s peers."
    ),
    honest=_("Buyers in another time zone, a television spot, or a newsletter that goes out at one hour."),
    measure=_hours,
    # 1.2, measured warnings: the distance with a limit from peers, never its p-value. 30 orders, as for flooding.
    limits=Limits(1.0, sample=30),
    between=(0.1, 10.0),
    weight=0.5,
    action=Action.NOTE,
)
FEW_FIRST = _check(
    "few_first_buyers",
    title=_("Nearly all buyers were customers before"),
    statistic=_("times the peers’ odds that an order is a customer’s first"),
    sentence=_(
        "Only %(count)s of %(of)s orders were a customer’s first: %(rate)s %% (%(low)s to %(high)s %%), while"
        " %(usual)s %% are usual among %(peers)s peers."
    ),
    honest=_("Loyalty, cashback and newsletter partners speak to people who buy there anyway."),
    measure=_rate("first_buyers", is_low=True, by_odds=True),
    limits=Limits(0.25, sample=30),  # where 60 % are usual, 27 %; our choice, sample as in no. 6
    weight=0.5,
    action=Action.NOTE,
    is_low_bad=True,
)
MANY_FIRST = _check(
    "many_first_buyers",
    title=_("Nearly all buyers are new"),
    statistic=_("times the peers’ odds that an order is a customer’s first"),
    sentence=_(
        "%(count)s of %(of)s orders were a customer’s first: %(rate)s %% (%(low)s to %(high)s %%), while %(usual)s %%"
        " are usual among %(peers)s peers."
    ),
    honest=_(
        "Whoever reaches people that do not know the shop is worth the more; bought accounts look the same."
    ),
    measure=_rate("first_buyers", by_odds=True),
    limits=Limits(4.0, sample=30),  # where 60 % are usual, 86 %; our choice, sample as in no. 6
    weight=0.5,
    action=Action.NOTE,
)
REFUNDS = _check(
    "refund_rate",
    title=_("Many orders are sent back"),
    statistic=_("times the peers’ share of orders with a refund, among orders past their return window"),
    sentence=_(
        "%(count)s of %(of)s orders past their return window were refunded in whole or in part: %(rate)s %% (%(low)s to"
        " %(high)s %%), while %(usual)s %% are usual among %(peers)s peers."
    ),
    plain=_("More of the orders you brought were returned than is usual, and we are looking at why."),
    past=_("More of the orders you brought were returned than is usual."),
    honest=_("Clothes come back by size; a peer group of the same goods tells more."),
    measure=_rate("refunds"),
    limits=Limits(2.0, sample=20),  # 1.2 no. 14: 20 matured orders
    weight=1.0,
)
CHARGEBACKS = _check(
    "chargeback_rate",
    title=_("Many payments are charged back"),
    statistic=_("times the peers’ share of orders with a chargeback, among orders past their return window"),
    sentence=_(
        "%(count)s of %(of)s orders past their return window were charged back: %(rate)s %% (%(low)s to %(high)s %%),"
        " while %(usual)s %% are usual among %(peers)s peers."
    ),
    plain=_("More of the orders you brought were charged back than is usual, and we are looking at why."),
    past=_("More of the orders you brought were charged back than is usual."),
    honest=_("A shop that delivers late or bills under an unknown name is charged back for all alike."),
    measure=_rate("chargebacks"),
    limits=Limits(3.0, sample=20),  # 1.2 no. 14; rarer than refunds, so a few must not do
    weight=2.0,
)
BURST = _check(
    "order_burst",
    title=_("Many orders on one day"),
    statistic=_("times the orders that this weekday usually brings the affiliate"),
    sentence=_(
        "The day brought %(orders)s orders, %(times)s times what is usual for it on this weekday (%(usual)s, by"
        " %(days)s days before)."
    ),
    plain=_("Many orders came in a short time, and we are looking at them."),
    past=_("Many orders came in a short time."),
    honest=_("A newsletter, a viral post or a television spot: then clicks rise as well."),
    measure=_burst,
    limits=Limits(
        3.0, sample=7
    ),  # 1.2 no. 13: seven days of history; three times is our choice, `p` does the rest
    weight=0.8,
    action=Action.NOTE,
)

CHECKS: tuple[Check[Any], ...] = (
    CONVERSION_HIGH,
    CONVERSION_LOW,
    BASKET,
    HOURS,
    FEW_FIRST,
    MANY_FIRST,
    REFUNDS,
    CHARGEBACKS,
    BURST,
)
