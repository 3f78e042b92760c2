"""The order of evidence: personal coupon, bound customer, clicks, view, lapsed customer, shared coupon, nobody.

Everything here is values in, values out; the trace names every touch that was considered and why it won or lost.
"""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from affiliates.models import CouponKind, CouponPolicy
from tracking.attribution.eligible import judge
from tracking.attribution.journeys import path_of
from tracking.attribution.sharing import Shared, share, totals
from tracking.attribution.touches import VIEW, Binding, CouponUse, Terms, Touch, Verdict
from tracking.attribution.trace import Considered, trace_of
from tracking.states import EvidenceKind

ALL = Fraction(1)


def decide(
    at: datetime,
    touches: tuple[Touch, ...],
    coupons: tuple[CouponUse, ...],
    binding: Binding | None,
    terms: Terms,
) -> Verdict:
    """Return who is credited with what share of an order made at `at`; the order of the arguments changes nothing."""
    judged = judge(at, touches, terms)
    eligible = [touch for touch, why in judged if not why]
    clicks = [touch for touch in eligible if touch.kind != VIEW]
    used = [
        (use, _why_coupon_fails(use, clicks))
        for use in sorted(coupons, key=lambda use: (use.code, use.coupon))
    ]
    shared = share(terms.sharing, clicks) if clicks else None
    seen = Considered(
        judged, clicks, [touch for touch in eligible if touch.kind == VIEW], shared, used, binding
    )
    winner = _first(at, seen, terms)
    return replace(winner, path=path_of(at, eligible), trace=trace_of(at, seen, terms, winner))


def _why_coupon_fails(use: CouponUse, clicks: list[Touch]) -> str:
    if not use.is_active:
        return "inactive"
    # a code that was said, or stood in an address, is no click; nor is a page that only the order names
    clicked = {touch.enrollment for touch in clicks if not touch.is_hint}
    if use.policy == CouponPolicy.WITH_CLICK and use.enrollment not in clicked:
        return "no_click"
    if use.policy == CouponPolicy.NEVER_OVER_CLICK and clicks:
        return "over_click"
    return ""


def _first(at: datetime, seen: Considered, terms: Terms) -> Verdict:
    """Walk down the order of evidence."""
    by_kind = {use.kind: use for use, why in reversed(seen.coupons) if not why}
    binding = seen.binding
    bound = binding if binding and binding.is_active and binding.at <= at else None
    if use := by_kind.get(CouponKind.PERSONAL):
        return _whole(use.enrollment, EvidenceKind.COUPON, coupon=use.coupon)
    if bound and bound.at >= at - terms.bound:
        return _whole(bound.enrollment, EvidenceKind.BOUND)
    if seen.shared is not None:
        return _by_clicks(seen.clicks, seen.shared)
    if seen.views:
        return _whole(seen.views[-1].enrollment, EvidenceKind.VIEW)
    if bound:
        return _whole(bound.enrollment, EvidenceKind.LAPSED)
    if use := by_kind.get(CouponKind.SHARED):
        return _whole(use.enrollment, EvidenceKind.SHARED_COUPON, coupon=use.coupon)
    return Verdict(None, EvidenceKind.NOBODY)


def _whole(enrollment: int, evidence: str, *, coupon: int | None = None) -> Verdict:
    return Verdict(enrollment, evidence, coupon=coupon, shares=((enrollment, ALL),))


def _by_clicks(clicks: list[Touch], shared: Shared) -> Verdict:
    """The principal's click is the one with most of the share, of equal ones the last."""
    shares = totals(clicks, shared.shares)
    principal = shares[0][0]
    own = [(part, place) for place, part in enumerate(shared.shares) if clicks[place].enrollment == principal]
    click = clicks[max(own)[1]].click
    return Verdict(principal, EvidenceKind.CLICK, click, shares=shares)
