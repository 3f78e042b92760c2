"""Codes that wander off: found on sites that never sent a visitor. Limits: rule 8 of the research."""

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import ROWS, Check, Limits, Measure
from fraud.checks.sentences import percent
from fraud.checks.windows import CouponFacts, excess
from fraud.states import Action, Cause, Subject

LEAST_BEFORE = 10  # coded orders that make a history, as many as the check itself needs


def leaked_coupon(facts: CouponFacts) -> Measure | None:
    """Return by how much more of the orders have no click than before, or than with the codes of peers.

    Many codes are spoken or pictured and never clicked, so a high share alone says nothing: it is the jump.
    """
    now, before = facts.unclicked, facts.before
    usual = before.value if before.of >= LEAST_BEFORE else None
    if usual is None:
        usual = now.usual
    if facts.is_offline or usual is None or not now.of:
        return None
    figures = {
        "count": now.count,
        "of": now.of,
        "percent": percent(now.value),
        "usual": percent(usual),
    }
    return Measure(excess(now.value, usual), now.of, figures, _rows(facts), now.p)


def wandering_coupon(facts: CouponFacts) -> Measure | None:
    """Count the foreign sites that visitors with the code came from."""
    if facts.is_offline or facts.sites is None:
        return None
    figures = {"count": facts.sites, "of": facts.unclicked.of}
    return Measure(facts.sites, facts.unclicked.of, figures, _rows(facts))


def _rows(facts: CouponFacts) -> dict[str, tuple[int, ...]]:
    return {"conversions": facts.conversions[:ROWS]}


CHECKS: tuple[Check[CouponFacts], ...] = (
    Check(
        name="leaked_coupon",
        cause=Cause.ORDERS,
        subject=Subject.COUPON,
        title=_("A code that is used without its affiliate"),
        statistic=_("share of the code’s orders without a click of its owner, above the usual share"),
        sentence=_(
            "%(count)s of %(of)s orders with the code (%(percent)s %%) have no click of its owner; "
            "usual are %(usual)s %%."
        ),
        plain=_("Your code is used by many visitors who did not come from you."),
        honest=_(
            "Podcasts, print and stage: mark the code as offline. An influencer whose followers type the code "
            "after a video."
        ),
        measure=leaked_coupon,
        limits=Limits(0.3, sample=10),  # sample: rule 8; three in ten more than usual is our choice
        weight=1.2,
    ),
    Check(
        name="wandering_coupon",
        cause=Cause.ORDERS,
        subject=Subject.COUPON,
        title=_("A code on other people’s sites"),
        statistic=_("foreign sites that visitors with the code came from"),
        sentence=_(
            "Visitors with the code came from %(count)s sites that are not the owner’s (%(of)s orders)."
        ),
        plain=_("Your code stands on sites that are not yours."),
        honest=_("Followers who pass a code on; the owner need not know of it."),
        measure=wandering_coupon,
        limits=Limits(3, sample=10),  # our choice: one or two friends' blogs are no coupon sites
        weight=1.0,
        action=Action.NOTE,
    ),
)
