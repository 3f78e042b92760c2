"""The order of evidence: personal coupon, bound customer, last click, lapsed customer, shared coupon, nobody.

Everything here is values in, values out; the trace names every touch that was considered and why it won or lost.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from affiliates.models import CouponKind, CouponPolicy
from tracking.states import EvidenceKind

SKEW = timedelta(minutes=5)  # a store's clock may run a little behind ours


@dataclass(frozen=True, slots=True)
class Touch:
    """A contact that may be credited; `via` says how it was found: tid, visitor or ref."""

    enrollment: int
    at: datetime
    via: str
    window: timedelta
    click: str = ""
    is_bot: bool = False
    is_active: bool = True
    sub_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CouponUse:
    """A known coupon that the order used."""

    coupon: int
    code: str
    enrollment: int
    kind: str
    policy: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Binding:
    """The affiliate that the customer's latest credited order, at `at`, went to."""

    enrollment: int
    at: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of a program's attribution terms that a decision needs."""

    window: timedelta
    bound: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is credited, on what evidence, and the trace."""

    enrollment: int | None
    evidence: str
    click: str = ""
    coupon: int | None = None
    trace: dict[str, Any] = field(default_factory=dict)


def decide(
    at: datetime,
    touches: tuple[Touch, ...],
    coupons: tuple[CouponUse, ...],
    binding: Binding | None,
    terms: Terms,
) -> Verdict:
    """Return who is credited for an order made at `at`; ties go to the lower enrollment, then the lower click id."""
    judged = [(touch, _why_not(touch, at)) for touch in sorted(touches, key=_age)]
    clicks = [touch for touch, why in judged if not why]
    used = [
        (use, _why_coupon_fails(use, clicks))
        for use in sorted(coupons, key=lambda use: (use.code, use.coupon))
    ]
    winner = _first(at, clicks, [use for use, why in used if not why], binding, terms)
    trace = {
        "v": 1,
        "at": at.isoformat(),
        "touches": [_touch_line(touch, why, winner) for touch, why in judged],
        "coupons": [_coupon_line(use, why, winner) for use, why in used],
        "binding": _binding_line(binding, at, terms, winner),
        "won": winner.evidence,
        "enrollment": winner.enrollment,
        "sub_ids": _sub_ids(touches, winner),
    }
    return Verdict(winner.enrollment, winner.evidence, winner.click, winner.coupon, trace)


def _age(touch: Touch) -> tuple[datetime, int, str]:
    return (touch.at, -touch.enrollment, touch.click)


def _why_not(touch: Touch, at: datetime) -> str:
    """Return why a touch is out of the question, or an empty text."""
    if touch.is_bot:
        return "bot"
    if not touch.is_active:
        return "inactive"
    if touch.at > at + SKEW:
        return "after_order"
    if touch.at < at - touch.window:
        return "window"
    return ""


def _why_coupon_fails(use: CouponUse, clicks: list[Touch]) -> str:
    if not use.is_active:
        return "inactive"
    if use.policy == CouponPolicy.WITH_CLICK and use.enrollment not in {touch.enrollment for touch in clicks}:
        return "no_click"
    if use.policy == CouponPolicy.NEVER_OVER_CLICK and clicks:
        return "over_click"
    return ""


def _first(
    at: datetime, clicks: list[Touch], coupons: list[CouponUse], binding: Binding | None, terms: Terms
) -> Verdict:
    """Walk down the order of evidence."""
    by_kind = {use.kind: use for use in reversed(coupons)}
    bound = binding if binding and binding.is_active and binding.at <= at else None
    if use := by_kind.get(CouponKind.PERSONAL):
        return Verdict(use.enrollment, EvidenceKind.COUPON, coupon=use.coupon)
    if bound and bound.at >= at - terms.bound:
        return Verdict(bound.enrollment, EvidenceKind.BOUND)
    if clicks:
        return Verdict(clicks[-1].enrollment, EvidenceKind.CLICK, click=clicks[-1].click)
    if bound:
        return Verdict(bound.enrollment, EvidenceKind.LAPSED)
    if use := by_kind.get(CouponKind.SHARED):
        return Verdict(use.enrollment, EvidenceKind.SHARED_COUPON, coupon=use.coupon)
    return Verdict(None, EvidenceKind.NOBODY)


def _sub_ids(touches: tuple[Touch, ...], winner: Verdict) -> list[str]:
    """Return the marks on the click that won; a click known by its id alone has none."""
    won = (touch for touch in touches if winner.click and touch.click == winner.click)
    return list(next(won).sub_ids) if winner.click else []


def _touch_line(touch: Touch, why: str, winner: Verdict) -> dict[str, Any]:
    won = winner.evidence == EvidenceKind.CLICK and touch.click == winner.click and not why
    won = won and touch.enrollment == winner.enrollment
    lost = "" if won else why or ("earlier" if winner.evidence == EvidenceKind.CLICK else "weaker")
    return {
        "enrollment": touch.enrollment,
        "at": touch.at.isoformat(),
        "via": touch.via,
        "click": touch.click,
        "won": won,
        "why": lost,
    }


def _coupon_line(use: CouponUse, why: str, winner: Verdict) -> dict[str, Any]:
    won = winner.coupon == use.coupon
    why = "" if won else why or "weaker"
    return {"code": use.code, "enrollment": use.enrollment, "kind": use.kind, "won": won, "why": why}


def _binding_line(
    binding: Binding | None, at: datetime, terms: Terms, winner: Verdict
) -> dict[str, Any] | None:
    if binding is None:
        return None
    won = winner.evidence in {EvidenceKind.BOUND, EvidenceKind.LAPSED}
    lapsed = binding.at < at - terms.bound
    why = "" if won else "inactive" if not binding.is_active else "weaker"
    return {
        "enrollment": binding.enrollment,
        "since": binding.at.isoformat(),
        "lapsed": lapsed,
        "won": won,
        "why": why,
    }
