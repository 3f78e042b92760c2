"""Puts together what is known of an order and lets the rules decide; only reads."""

from dataclasses import dataclass, replace

from affiliates.models import AttributionTerms, Coupon
from tracking.attribution import Binding, CouponUse, Terms, Touch, Verdict, decide
from tracking.attribution.touches import CLICK
from tracking.evidence.buyers import binding_of
from tracking.evidence.credits import credits_of
from tracking.evidence.said import evidence_of
from tracking.evidence.terms import limits_of, terms_of
from tracking.evidence.touches import touches_of
from tracking.evidence.visitors import Visitors, visitors_of
from tracking.hearsay import BROWSER, BROWSER_IDENTITY, BROWSER_ORDER, CLAIM, EVIDENCE_BY, is_hearsay
from tracking.models import Decision, Order
from tracking.orders import Evidence


@dataclass(frozen=True, slots=True)
class _Known:
    """What is the same whichever browsers are looked at."""

    order: Order
    said: Evidence
    terms: AttributionTerms
    limits: Terms
    coupons: tuple[CouponUse, ...]
    binding: Binding | None


def weigh(order: Order, before: Decision | None = None, *, hears_claims: bool = True) -> Verdict:
    """Return who is to be credited for the order by everything known now.

    Its trace also holds the terms, the chains of sponsors and everybody's group, as they stand now; `is_cut` says that
    there were more touches than are looked at, `awaits` which click's row was still on its way. What the decision
    `before` froze stays: the time of repeats, and chain and group of whoever it credits. `claim` says that somebody is
    credited only because a browser alone says so; `hears_claims` off, whose browser it is needs proof.
    """
    value = order.as_value()
    said, terms = evidence_of(value), terms_of(order)
    repeat = _repeat(order, before)
    limits = limits_of(order, terms, repeat)
    known = _Known(order, said, terms, limits, _coupons(order, said.coupons), binding_of(order))
    whose = visitors_of(order, value, said)
    verdict = _decided(known, whose)
    claim = BROWSER_ORDER if is_hearsay(value.metadata) else ""
    if value.metadata.get(EVIDENCE_BY) == BROWSER:
        bare = _decided(replace(known, said=replace(said, tid="")), whose.without_click())
        claim = "" if bare.shares == verdict.shares else BROWSER_ORDER
    if hears_claims and whose.claimed and not any(kind == CLICK for _who, _before, kind in verdict.path):
        wider = _decided(known, whose.with_claimed())
        if wider.shares != verdict.shares:
            verdict, claim = wider, claim or BROWSER_IDENTITY
    verdict.trace["terms"] = terms.pk
    verdict.trace["repeat"] = repeat
    if verdict.shares and claim:
        verdict.trace[CLAIM] = claim
    if verdict.shares:
        verdict.trace["credits"] = credits_of(order, value, verdict, before.credits if before else ())
        verdict.trace["self_referral"] = verdict.trace["credits"][0].get("own", "")
    return verdict


def _decided(known: _Known, whose: Visitors) -> Verdict:
    """The rules' verdict on what was seen of some browsers."""
    order = known.order
    touches, is_cut = touches_of(order, known.said, whose, known.terms)
    verdict = decide(order.occurred_at, touches, known.coupons, known.binding, known.limits)
    verdict.trace["is_cut"] = is_cut or whose.is_cut
    verdict.trace["awaits"] = _awaited(whose, touches)
    return verdict


def sub_ids_of(decision: Decision) -> tuple[str, ...]:
    """Return the sub ids (s1 to s5, by position) of the principal's click that won; () where none did.

    They are frozen in the trace when the decision is made. A click whose row was still on its way then has none, also
    after it has come, unless that changes the shares. So it is with decisions that are older than this note.
    """
    return tuple(decision.trace.get("sub_ids", ()))


def _repeat(order: Order, before: Decision | None) -> int:
    """In how many seconds a second click is a repeat; decisions that say nothing of it knew no repeats."""
    return int(before.trace.get("repeat", 0)) if before else order.program.duplicate_seconds


def _awaited(whose: Visitors, touches: tuple[Touch, ...]) -> str:
    """Return the named click that counts by its id alone, because its row has not come yet."""
    if whose.named is None or whose.click is not None:
        return ""
    named = str(whose.named.uuid)
    return named if any(touch.click == named for touch in touches) else ""


def _coupons(order: Order, codes: tuple[str, ...]) -> tuple[CouponUse, ...]:
    known = Coupon.objects.filter(program=order.program_id, code__in=[Coupon.normal(code) for code in codes])
    return tuple(
        CouponUse(c.pk, c.code, c.enrollment_id, c.kind, c.policy, _counts(c, order))
        for c in known.select_related("enrollment")
    )


def _counts(coupon: Coupon, order: Order) -> bool:
    """Whether a code speaks for an order: it was retired after it at most, and its affiliate may promote."""
    return coupon.counted_at(order.occurred_at) and coupon.enrollment.is_active
