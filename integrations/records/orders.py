"""Reads the record of one order, as shops are told of their own: what it is, who was credited, what review came to."""

from typing import Any

from core.money import Money
from integrations.news.values import moment
from integrations.records.reviews import gravest_review
from tracking.models import Conversion, Order


def order_record(order: Order) -> dict[str, Any]:
    """Return the record; four queries at most. The amount is a decimal text in the order's own currency."""
    rows = Conversion.objects.filter(order=order).order_by("-pk")
    conversions = list(rows.prefetch_related("decisions__enrollment__affiliate", "decisions__coupon"))
    word, code = gravest_review([row.pk for row in conversions]) or (None, None)
    return {
        "order": {
            "key": f"order:{order.pk}",
            "number": order.external_id,
            "source": order.source,
            "state": order.state,
            "at": moment(order.occurred_at),
            "paid_at": moment(order.captured_at),
            "currency": order.currency,
            "total": f"{Money(order.total, order.currency).decimal:f}",
            "review": word,
            "review_of": code,
        },
        "affiliate": next(filter(None, map(_credited, conversions)), None),
        "program": {"id": order.program_id, "name": order.program.name},
    }


def _credited(conversion: Conversion) -> dict[str, Any] | None:
    """Who is credited for it now, the principal of several."""
    decision = conversion.decision
    if decision is None or decision.enrollment is None:
        return None
    return {
        "name": decision.enrollment.affiliate.name,
        "code": decision.enrollment.code,
        "by": decision.evidence,
        "coupon": decision.coupon.code if decision.coupon else None,
    }
