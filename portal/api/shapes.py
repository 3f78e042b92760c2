"""What answers look like: rows as plain JSON. `portal.api.documents` says the same for the schema."""

from typing import Any

from affiliates.models import DirectLink, Enrollment, Link
from commissions.models import Commission
from commissions.words import explain
from payouts.models import Payout
from portal.api.fields import decimal, moment
from portal.models import ApiKey
from tracking.models import Conversion, Decision, Order, Refund
from tracking.orders import OrderIn
from tracking.states import ConversionState

MONEY_FIELDS = ("total", "tax", "shipping", "discount")


def conversion(row: Conversion) -> dict[str, Any]:
    """A conversion with its decision and its commissions (prefetch them where many are asked)."""
    order = row.order
    return {
        "id": row.pk,
        "source": row.source,
        "external_id": row.external_id,
        "goal": row.goal,
        "state": row.state,
        "parked": {"reason": row.parked_reason} if row.state == ConversionState.PARKED else None,
        "occurred_at": moment(row.occurred_at),
        "captured_at": moment(row.captured_at),
        "currency": order.currency,
        "total": decimal(order.total, order.currency),
        "order_state": order.state,
        "revision": order.revision,
        "is_new_customer": row.is_new_customer,
        "decision": decision(row.decision),
        "commissions": [
            {**commission(earned), "trace": earned.trace}
            for earned in sorted(row.commissions.all(), key=lambda earned: (earned.level, earned.pk))
        ],
    }


def decision(row: Decision | None) -> dict[str, Any] | None:
    """Who is credited, and why."""
    if row is None:
        return None
    return {
        "affiliate": row.enrollment.code if row.enrollment else None,
        "evidence": row.evidence,
        "why": row.get_evidence_display(),
        "click_id": str(row.click_id) if row.click_id else None,
        "coupon": row.coupon.code if row.coupon else None,
        "credits": row.credits,
        "made_at": moment(row.made_at),
        "trace": row.trace,
    }


def commission(row: Commission) -> dict[str, Any]:
    """What one affiliate earned, in plain words too."""
    return {
        "id": row.pk,
        "conversion": row.conversion_id,
        "affiliate": row.enrollment.code,
        "kind": row.kind,
        "level": row.level,
        "amount": decimal(row.amount, row.currency),
        "net": decimal(row.net.amount, row.currency),
        "currency": row.currency,
        "state": row.state,
        "is_held": row.is_held,
        "reason": row.reason,
        "occurred_at": moment(row.occurred_at),
        "matures_at": moment(row.matures_at),
        "approved_at": moment(row.approved_at),
        "explanation": _words(row),
    }


def _words(row: Commission) -> list[str]:
    return [step.text for step in explain(row.trace, row.enrollment_id, row.level)] if row.trace else []


def refund(row: Refund, currency: str) -> dict[str, Any]:
    """A refund; its amounts are of the order's currency."""
    return {
        "id": row.pk,
        "source": row.source,
        "external_id": row.external_id,
        "conversion_external_id": row.order_external_id,
        "kind": row.kind,
        "occurred_at": moment(row.occurred_at),
        "currency": currency,
        "gross": None if row.gross is None else decimal(row.gross, currency),
        "lines": None if row.lines is None else [_refund_line(line, currency) for line in row.lines],
        "reason": row.reason,
        "waiting": row.order_id is None,
    }


def _refund_line(line: dict[str, Any], currency: str) -> dict[str, Any]:
    net = line["net"]
    return {
        "external_id": line["external_id"],
        "quantity": line["quantity"],
        "net": None if net is None else decimal(net, currency),
    }


def affiliate(row: Enrollment) -> dict[str, Any]:
    """An affiliate's membership in the program."""
    person = row.affiliate
    return {
        "id": row.pk,
        "code": row.code,
        "state": row.state,
        "name": person.name,
        "email": person.email,
        "company": person.company,
        "country": person.country,
        "sponsor": row.sponsor.code if row.sponsor else None,
        "group": row.group.name if row.group else None,
        "applied_at": moment(row.applied_at),
        "decided_at": moment(row.decided_at),
    }


def link(row: Link, address: str) -> dict[str, Any]:
    """A link and where it stands."""
    return {
        "id": row.pk,
        "affiliate": row.enrollment.code,
        "code": row.code,
        "url": address,
        "qr_url": f"{address}?via=qr",
        "destination": row.destination,
        "name": row.name,
        "sub_ids": row.sub_ids,
        "expires_at": moment(row.expires_at),
        "rules": row.rules,
        "rotation": row.rotation,
        "is_active": row.is_active,
        "created_at": moment(row.created_at),
    }


def direct_link(row: DirectLink) -> dict[str, Any]:
    """An affiliate's page, and whether it counts."""
    return {
        "id": row.pk,
        "affiliate": row.enrollment.code,
        "link": row.link_id,
        "host": row.host,
        "path": row.path,
        "state": row.state,
        "reason": row.reason,
        "created_at": moment(row.created_at),
        "decided_at": moment(row.decided_at),
    }


def payout(row: Payout) -> dict[str, Any]:
    """A payout of a batch."""
    return {
        "id": row.pk,
        "number": row.number,
        "affiliate": row.enrollment.code,
        "amount": decimal(row.amount, row.currency),
        "currency": row.currency,
        "state": row.state,
        "method": row.method,
        "reference": row.reference,
        "failure": row.failure,
        "created_at": moment(row.created_at),
        "approved_at": moment(row.approved_at),
        "sent_at": moment(row.sent_at),
        "paid_at": moment(row.paid_at),
    }


def key(row: ApiKey, limit: int) -> dict[str, Any]:
    """What a key is and may."""
    program = row.program
    return {
        "key": {
            "name": row.name,
            "prefix": row.prefix,
            "scopes": row.scopes,
            "expires_at": moment(row.expires_at),
        },
        "program": {
            "id": program.pk,
            "name": program.name,
            "currency": program.currency,
            "time_zone": program.time_zone,
        },
        "merchant": program.merchant.name,
        "requests_per_minute": limit,
    }


def differences(order: Order, new: OrderIn, found: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what is known and what was sent, by field, with amounts as decimals."""
    currencies = (order.currency, new.currency)
    return {
        name: [_shown(name, *pair) for pair in zip(both, currencies, strict=True)]
        for name, both in found.items()
    }


def _shown(name: str, value: Any, currency: str) -> Any:
    if name in MONEY_FIELDS and isinstance(value, int):
        return decimal(value, currency)
    if name == "lines" and isinstance(value, list | tuple):
        return [{**line, "net": decimal(line["net"], currency)} for line in value]
    return value
