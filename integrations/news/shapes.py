"""One row, as outsiders are told of it. Whoever adds a field asks: may the company's middleware keep this for ever?

Left out on purpose: e-mail addresses, telephone numbers and names of buyers, addresses of affiliates, what applicants
wrote, evidence and metadata of orders, payees, traces, and the rules of plans. The API gives them to a key that may.
"""

from typing import Any

from django.conf import settings

from affiliates.models import Affiliate, AttributionTerms, Coupon, DirectLink, Enrollment, Link, Program
from commissions.models import Commission, PlanVersion
from integrations.models import Connection
from integrations.news.values import amount, moment
from integrations.news.words import statements_of
from payouts.models import Batch, Payout
from tracking.models import Conversion, Customer, Order, Refund


def program(row: Program) -> dict[str, Any]:
    """A program and its settings that affiliates know too."""
    return {
        "id": row.pk,
        "name": row.name,
        "slug": row.slug,
        "currency": row.currency,
        "time_zone": row.time_zone,
        "home_url": row.home_url,
        "allowed_hosts": row.allowed_hosts,
        "is_open": row.is_open,
        "approval": row.approval,
        "minimum_payout": amount(row.minimum_payout, row.currency),
    }


def terms(row: AttributionTerms) -> dict[str, Any]:
    """How credit is given from a time on."""
    return {
        "id": row.pk,
        "effective_at": moment(row.effective_at),
        "model": row.model,
        "window_hours": row.window_hours,
        "bound_days": row.bound_days,
        "view_hours": row.view_hours,
        "half_life_hours": row.half_life_hours,
        "fallback": row.fallback,
    }


def plan(row: PlanVersion) -> dict[str, Any]:
    """A version of a plan, without its rules."""
    return {
        "id": row.plan_id,
        "name": row.plan.name,
        "version": row.number,
        "effective_at": moment(row.effective_at),
        "published_at": moment(row.published_at),
    }


def profile(row: Affiliate) -> dict[str, Any]:
    """What an affiliate says of itself, without its addresses."""
    return {
        "id": row.pk,
        "name": row.name,
        "company": row.company,
        "website": row.website,
        "country": row.country,
        "created_at": moment(row.created_at),
    }


def enrollment(row: Enrollment) -> dict[str, Any]:
    """A membership; the sponsor is named by id alone."""
    return {
        "id": row.pk,
        "code": row.code,
        "state": row.state,
        "group": row.group.name if row.group else None,
        "sponsor": row.sponsor_id,
        "reason": row.reason,
        "applied_at": moment(row.applied_at),
        "decided_at": moment(row.decided_at),
    }


def link(row: Link) -> dict[str, Any]:
    """A link and where it leads."""
    return {
        "id": row.pk,
        "code": row.code,
        "url": f"{settings.PUBLIC_URL.rstrip('/')}/r/{row.code}",
        "destination": row.destination,
        "name": row.name,
        "sub_ids": row.sub_ids,
        "is_active": row.is_active,
        "expires_at": moment(row.expires_at),
        "created_at": moment(row.created_at),
    }


def direct_link(row: DirectLink) -> dict[str, Any]:
    """An affiliate's page, and whether it counts."""
    return {
        "id": row.pk,
        "link": row.link_id,
        "host": row.host,
        "path": row.path,
        "state": row.state,
        "reason": row.reason,
        "created_at": moment(row.created_at),
        "decided_at": moment(row.decided_at),
    }


def coupon(row: Coupon) -> dict[str, Any]:
    """A discount code."""
    return {
        "id": row.pk,
        "code": row.code,
        "kind": row.kind,
        "policy": row.policy,
        "note": row.note,
        "is_offline": row.is_offline,
        "is_active": row.is_active,
    }


def order(row: Order) -> dict[str, Any]:
    """An order by its newest revision; the buyer by ids and country only."""
    told, currency = row.as_value(), row.currency
    return {
        **named(row),
        "goal": told.goal,
        "state": row.state,
        "revision": row.revision,
        "total": amount(row.total, currency),
        "tax": amount(told.tax, currency),
        "shipping": amount(told.shipping, currency),
        "discount": amount(told.discount, currency),
        "lines": [
            {
                "id": line.external_id,
                "sku": line.sku,
                "name": line.name,
                "product": line.product,
                "categories": list(line.categories),
                "brand": line.brand,
                "quantity": line.quantity,
                "net": amount(line.net, currency),
            }
            for line in told.lines
        ],
        "customer": {
            "id": row.customer_id,
            "external_id": told.customer.external_id,
            "country": told.customer.country,
            "is_new": told.customer.is_new,
        },
        "coupons": list(told.evidence.coupons),
        "subscription": row.subscription,
        "payment_number": told.payment_number,
        "channel": told.channel,
        "occurred_at": moment(row.occurred_at),
        "captured_at": moment(row.captured_at),
    }


def named(row: Order) -> dict[str, Any]:
    """An order by its names: ours, and the store's number in its source."""
    return {"id": row.pk, "source": row.source, "number": row.external_id}


def refund(row: Refund) -> dict[str, Any]:
    """Money that went back; before its order has come, the order's id is null and the currency the program's."""
    currency = row.order.currency if row.order else row.program.currency
    lines = None if row.lines is None else [_refund_line(line, currency) for line in row.lines]
    return {
        "id": row.pk,
        "number": row.external_id,
        "order": {"id": row.order_id, "source": row.source, "number": row.order_external_id},
        "customer": row.order.customer_id if row.order else None,
        "kind": row.kind,
        "gross": amount(row.gross, currency),
        "lines": lines,
        "reason": row.reason,
        "is_withdrawn": row.is_withdrawn,
        "occurred_at": moment(row.occurred_at),
    }


def _refund_line(line: dict[str, Any], currency: str) -> dict[str, Any]:
    return {
        "id": line["external_id"],
        "quantity": line["quantity"],
        "net": amount(line["net"], currency),
    }


def conversion(row: Conversion) -> dict[str, Any]:
    """An order that counts, and who is credited for it: of several, each by id and share."""
    decision = row.decision
    return {
        "id": row.pk,
        "order": named(row.order),
        "goal": row.goal,
        "state": row.state,
        "parked_reason": row.parked_reason,
        "total": amount(row.order.total, row.order.currency),
        "is_new_customer": row.is_new_customer,
        "customer": row.customer_id,
        "evidence": decision.evidence if decision else None,
        "coupon": decision.coupon.code if decision and decision.coupon else None,
        "credits": [
            {"affiliate": one["enrollment"], "share": one["share"]}
            for one in (decision.credits if decision else ())
        ],
        "decided_at": moment(decision.made_at) if decision else None,
        "occurred_at": moment(row.occurred_at),
        "captured_at": moment(row.captured_at),
    }


def commission(row: Commission) -> dict[str, Any]:
    """What one affiliate earned, and what is left of it."""
    version = row.plan_version
    return {
        "id": row.pk,
        "order": named(row.conversion.order) if row.conversion else None,
        "conversion": row.conversion_id,
        "customer": row.conversion.order.customer_id if row.conversion else None,
        "kind": row.kind,
        "level": row.level,
        "amount": amount(row.amount, row.currency),
        "net": amount(row.net.amount, row.currency),
        "state": row.state,
        "is_held": row.is_held,
        "reason": row.reason,
        "plan": {"id": version.plan_id, "name": version.plan.name, "version": version.number}
        if version
        else None,
        "occurred_at": moment(row.occurred_at),
        "matures_at": moment(row.matures_at),
        "approved_at": moment(row.approved_at),
    }


SPOKEN = (
    "crm.lead_status",
    "crm.lifecycle",
    "crm.segment",
)  # of what CRMs say of a customer; the rest stays inside


def customer(row: Customer) -> dict[str, Any]:
    """A customer by the store's number, and what CRMs say of them, without name or address.

    What they say is in our words, and as it stands there besides.
    """
    facts = sorted(row.facts.all(), key=lambda fact: (fact.at, fact.pk))
    said = statements_of(row.program, [fact for fact in facts if fact.name in SPOKEN])
    return {
        "id": row.pk,
        "source": row.source,
        "number": row.external_id or None,
        "country": row.country or None,
        "says": {one.name: one.ours for one in said},
        "says_there": {one.name: one.theirs for one in said},
    }


def batch(row: Batch) -> dict[str, Any]:
    """A payout run and its sum."""
    return {
        "id": row.pk,
        "state": row.state,
        "total": amount(row.total.amount, row.program.currency),
        "payouts": len(row.payouts.all()),
        "cut_off": moment(row.cut_off),
        "opened_at": moment(row.opened_at),
        "approved_at": moment(row.approved_at),
    }


def payout(row: Payout) -> dict[str, Any]:
    """A payout, without a word on where it goes."""
    return {
        "id": row.pk,
        "number": row.number,
        "batch": row.batch_id,
        "amount": amount(row.amount, row.currency),
        "state": row.state,
        "method": row.method,
        "reference": row.reference,
        "failure": row.failure,
        "created_at": moment(row.created_at),
        "approved_at": moment(row.approved_at),
        "sent_at": moment(row.sent_at),
        "paid_at": moment(row.paid_at),
    }


def connection(row: Connection) -> dict[str, Any]:
    """A connection by its names; where it leads, its keys and its settings stay inside."""
    return {
        "id": row.pk,
        "name": row.name,
        "system": row.connector,
        "source": row.source,
        "state": row.state,
    }
