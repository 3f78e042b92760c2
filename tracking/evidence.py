"""Gathers what is known about an order: clicks, coupons, the customer's history; the rules decide."""

from datetime import timedelta
from typing import Any

from affiliates.models import AttributionTerms, Coupon, Enrollment, Group, Link
from tracking.attribution import Binding, CouponUse, Terms, Touch, Verdict, decide
from tracking.clickid import ClickId, read
from tracking.identity import normal_email, normal_phone
from tracking.models import Click, Conversion, Decision, Order
from tracking.orders import OrderIn

MOST_TOUCHES = 50


def weigh(order: Order) -> Verdict:
    """Return who is to be credited for the order by everything known now.

    Its trace also holds the terms, the chain of sponsors and everybody's group, as they stand now.
    """
    value = order.as_value()
    terms = terms_of(order)
    limits = Terms(terms.window, timedelta(days=terms.bound_days))
    verdict = decide(
        order.occurred_at, _touches(order, value, terms), _coupons(order, value), _binding(order), limits
    )
    verdict.trace["terms"] = terms.pk
    if verdict.enrollment is not None:
        winner = Enrollment.objects.select_related("affiliate", "sponsor").get(pk=verdict.enrollment)
        verdict.trace["credits"] = [_credit(winner)]
        verdict.trace["self_referral"] = self_referral(winner, value)
    return verdict


def terms_of(order: Order) -> AttributionTerms:
    """Return the attribution terms in force when the order was made, or else the first there were."""
    dated = AttributionTerms.objects.filter(program=order.program_id).order_by("effective_at")
    in_force: AttributionTerms | None = dated.filter(effective_at__lte=order.occurred_at).last()
    return in_force or dated[0]


def is_new_customer(order: Order) -> bool | None:
    """Say whether this is the buyer's first order: by the store's word, else by our records; None if unknown."""
    told: bool | None = order.snapshot["customer"]["is_new"]
    if told is not None or order.customer_id is None:
        return told
    earlier = Conversion.objects.filter(customer=order.customer_id, occurred_at__lt=order.occurred_at)
    return not earlier.exclude(order=order).exists()


def self_referral(winner: Enrollment, value: OrderIn) -> str:
    """Return by what the buyer is the affiliate itself (email, phone), or an empty text."""
    affiliate = winner.affiliate
    email = normal_email(value.customer.email)
    if email and email == normal_email(affiliate.email):
        return "email"
    phone = normal_phone(value.customer.phone)
    if phone and phone == normal_phone(affiliate.phone):
        return "phone"
    return ""


def sub_ids_of(decision: Decision) -> tuple[str, ...]:
    """Return the sub ids (s1 to s5, by position) of the click that won; () where none did.

    They are frozen in the trace when the decision is made. A click whose row was still on its way then has none,
    also after it has come: what an order is worth must not depend on when we look. So it is with decisions that are
    older than this note.
    """
    return tuple(decision.trace.get("sub_ids", ()))


def _credit(winner: Enrollment) -> dict[str, Any]:
    """Return the whole share of the winner, with its sponsors from level 2 upward; frozen with the decision."""
    above = list(winner.upline(9))
    names = _names_of_groups([winner, *above])
    chain = [
        {"level": level, "enrollment": one.pk, "active": one.is_active, "group": names.get(one.group_id, "")}
        for level, one in enumerate(above, start=2)
    ]
    return {
        "enrollment": winner.pk,
        "share": "1",
        "group": names.get(winner.group_id, ""),
        "chain": chain,
    }


def _names_of_groups(enrollments: list[Enrollment]) -> dict[int | None, str]:
    ids = {one.group_id for one in enrollments if one.group_id is not None}
    return dict(Group.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def _touches(order: Order, value: OrderIn, terms: AttributionTerms) -> tuple[Touch, ...]:
    """Clicks by the id that the store gave and by the same visitor; a referral code only where there is no click."""
    named = read(value.evidence.tid) if value.evidence.tid else None
    clicks = _clicks(order, named)
    found = [_from_row(click, named) for click in clicks]
    if named and named.uuid not in {click.pk for click in clicks}:
        found += _from_id(order, named, terms)
    return tuple(found or _from_ref(order, value, terms))


def _clicks(order: Order, named: ClickId | None) -> list[Click]:
    if named is None:
        return []
    base = Click.objects.filter(program=order.program_id).select_related("terms", "enrollment")
    first = base.filter(pk=named.uuid).first()
    if first is None or first.visitor is None:
        return [first] if first else []
    return list(base.filter(visitor=first.visitor).order_by("-at")[:MOST_TOUCHES])


def _from_row(click: Click, named: ClickId | None) -> Touch:
    window = click.terms.window if click.terms else timedelta(days=30)
    via = "tid" if named and click.pk == named.uuid else "visitor"
    active = click.enrollment.is_active
    marks = tuple(map(str, click.sub_ids))
    return Touch(click.enrollment_id, click.at, via, window, str(click.pk), click.is_bot, active, marks)


def _from_id(order: Order, named: ClickId, terms: AttributionTerms) -> list[Touch]:
    """The click's row is still on its way: its id says enough."""
    link = Link.objects.filter(pk=named.link_id, enrollment__program=order.program_id).first()
    if link is None:
        return []
    return [
        Touch(
            link.enrollment_id,
            named.at,
            "tid",
            terms.window,
            str(named.uuid),
            False,
            link.enrollment.is_active,
        )
    ]


def _from_ref(order: Order, value: OrderIn, terms: AttributionTerms) -> list[Touch]:
    if not value.evidence.ref:
        return []
    named = Enrollment.objects.filter(program=order.program_id, code=value.evidence.ref.lower()).first()
    if named is None:
        return []
    return [Touch(named.pk, order.occurred_at, "ref", terms.window, "", False, named.is_active)]


def _coupons(order: Order, value: OrderIn) -> tuple[CouponUse, ...]:
    codes = [Coupon.normal(code) for code in value.evidence.coupons]
    known = Coupon.objects.filter(program=order.program_id, code__in=codes).select_related("enrollment")
    return tuple(
        CouponUse(c.pk, c.code, c.enrollment_id, c.kind, c.policy, c.is_active and c.enrollment.is_active)
        for c in known
    )


def _binding(order: Order) -> Binding | None:
    """Return whom the buyer's latest credited order before this one went to."""
    if order.customer_id is None:
        return None
    latest = (
        Decision.objects.filter(
            conversion__customer=order.customer_id,
            conversion__occurred_at__lt=order.occurred_at,
            is_current=True,
            enrollment__isnull=False,
        )
        .exclude(conversion__order=order)
        .select_related("conversion", "enrollment")
        .order_by("conversion__occurred_at", "conversion_id")
        .last()
    )
    if latest is None:
        return None
    return Binding(latest.enrollment_id, latest.conversion.occurred_at, latest.enrollment.is_active)
