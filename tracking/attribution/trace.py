"""The trace of a decision: every touch with its share or why it lost, the model, and what its figures rest on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracking.attribution.sharing import FIRST_CLICK, LAST_CLICK, LEARNED, MARKOV, TIME_DECAY, Shared
from tracking.attribution.touches import VIEW, Binding, CouponUse, Judged, Terms, Touch, Verdict
from tracking.states import EvidenceKind

VERSION = 2
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
LOST = {LAST_CLICK: "earlier", FIRST_CLICK: "later", TIME_DECAY: "faded"}


@dataclass(frozen=True, slots=True)
class Considered:
    """All that a decision looked at; `shared` tells the shares of `clicks`, None where none is eligible."""

    judged: list[Judged]
    clicks: list[Touch]
    views: list[Touch]
    shared: Shared | None
    coupons: list[tuple[CouponUse, str]]
    binding: Binding | None


def trace_of(at: datetime, seen: Considered, terms: Terms, winner: Verdict) -> dict[str, Any]:
    """Return the trace as JSON; shares and weights are texts such as "1/3", windows are seconds."""
    parts = _parts(seen, winner)
    return {
        "v": VERSION,
        "at": at.isoformat(),
        "model": _model(terms, seen, winner),
        "touches": [_touch(touch, why, parts.get(id(touch)), seen, winner) for touch, why in seen.judged],
        "coupons": [_coupon(use, why, winner) for use, why in seen.coupons],
        "binding": _binding(seen.binding, at, terms, winner),
        "won": winner.evidence,
        "enrollment": winner.enrollment,
        "shares": [{"enrollment": one, "share": str(part)} for one, part in winner.shares],
        "sub_ids": _sub_ids(seen.clicks, winner),
    }


def _parts(seen: Considered, winner: Verdict) -> dict[int, tuple[str, str]]:
    """Share and weight of the touches that won, by the identity of the touch."""
    if winner.evidence == EvidenceKind.VIEW:
        return {id(seen.views[-1]): ("1", "1")}
    if winner.evidence != EvidenceKind.CLICK or seen.shared is None:
        return {}
    pairs = zip(seen.shared.shares, seen.shared.weights, strict=True)
    return {
        id(touch): (str(part), str(weight)) for touch, (part, weight) in zip(seen.clicks, pairs, strict=True)
    }


def _model(terms: Terms, seen: Considered, winner: Verdict) -> dict[str, Any]:
    """By which model clicks were shared, or would have been; why another one stood in for it."""
    sharing, shared = terms.sharing, seen.shared
    if shared is None or winner.evidence != EvidenceKind.CLICK:
        return {"name": sharing.model}
    line: dict[str, Any] = {"name": shared.model}
    if shared.model == TIME_DECAY:
        line["half_life_hours"] = sharing.half_life // HOUR
    if shared.why:
        return line | {"instead_of": sharing.model, "why": shared.why}
    if shared.model in LEARNED and sharing.learned:
        line["study"] = sharing.learned.study
        if shared.model == MARKOV:
            known = sharing.learned.weights
            players = sorted({touch.enrollment for touch in seen.clicks} & known.keys())
            line["weights"] = {str(one): str(known[one]) for one in players}
    return line


def _touch(
    touch: Touch, why: str, part: tuple[str, str] | None, seen: Considered, winner: Verdict
) -> dict[str, Any]:
    share, weight = part or ("0", "")
    won = share != "0"
    line: dict[str, Any] = {
        "enrollment": touch.enrollment,
        "at": touch.at.isoformat(),
        "kind": touch.kind,
        "via": touch.via,
        "click": touch.click,
        "window": touch.window // SECOND,
        "won": won,
        "share": share,
        "why": "" if won else why or _why_lost(touch, seen.shared, winner),
    }
    if touch.page:
        line["page"] = touch.page
    if weight and seen.shared and seen.shared.model == TIME_DECAY:
        line["weight"] = weight
    return line


def _why_lost(touch: Touch, shared: Shared | None, winner: Verdict) -> str:
    """Why an eligible touch got nothing."""
    if winner.evidence == EvidenceKind.VIEW:
        return "earlier_view"
    if winner.evidence != EvidenceKind.CLICK or shared is None:
        return "weaker"
    return "only_view" if touch.kind == VIEW else LOST.get(shared.model, "no_weight")


def _sub_ids(clicks: list[Touch], winner: Verdict) -> list[str]:
    """Return the marks on the click that won; a click known by its id alone has none."""
    won = (touch for touch in clicks if winner.click and touch.click == winner.click)
    return next((list(touch.sub_ids) for touch in won), [])


def _coupon(use: CouponUse, why: str, winner: Verdict) -> dict[str, Any]:
    won = winner.coupon == use.coupon
    why = "" if won else why or "weaker"
    return {"code": use.code, "enrollment": use.enrollment, "kind": use.kind, "won": won, "why": why}


def _binding(binding: Binding | None, at: datetime, terms: Terms, winner: Verdict) -> dict[str, Any] | None:
    if binding is None:
        return None
    won = winner.evidence in {EvidenceKind.BOUND, EvidenceKind.LAPSED}
    why = "" if won else "inactive" if not binding.is_active else "weaker"
    return {
        "enrollment": binding.enrollment,
        "since": binding.at.isoformat(),
        "lapsed": binding.at < at - terms.bound,
        "won": won,
        "why": why,
    }
