"""A deal as CRMs are told of it: one for each order, or one for all that a customer bought."""

from datetime import datetime
from typing import Any

from core.money import Money
from integrations.news.values import moment
from integrations.records.customers import SOLD, customer_record, purchases_of
from integrations.records.reviews import review_of_orders
from tracking.models import Conversion, Customer, Order
from tracking.states import OrderState

LOST = (OrderState.VOID, OrderState.GONE)


def deal_record(
    customer: Customer, order: Order | None, now: datetime, *, told_to: str | None = None
) -> dict[str, Any]:
    """Return the customer's record with a `deal`: that of the order, or without one that of all orders.

    `told_to` is the source that hears its own statuses unchanged.
    """
    record = customer_record(customer, now, told_to=told_to)
    record["deal"] = _of_customer(record) if order is None else _of_order(order)
    return record


def _of_customer(record: dict[str, Any]) -> dict[str, Any]:
    who = record["customer"]
    return {
        "key": who["key"],
        "name": who["email"] or who["external_id"],
        "number": None,
        "amount": record["value"]["lifetime"],
        "currency": record["value"]["currency"],
        "at": record["orders"]["last_at"],
        "is_won": record["orders"]["kept"] > 0,
        "is_lost": record["orders"]["kept"] == 0 and record["orders"]["count"] > 0,
        "review": record["orders"]["review"],
    }


def _of_order(order: Order) -> dict[str, Any]:
    """The order in the program's currency, less what went back; no amount where no rate is known for it."""
    rows = Conversion.objects.filter(order=order).select_related("order").prefetch_related("order__refunds")
    found = list(rows)
    sold = purchases_of(order.customer, found) if order.state in SOLD and order.customer else []
    kept = sold[0].kept if sold else 0
    currency = order.program.currency
    is_known = not sold or sold[0].is_valued
    return {
        "key": f"order:{order.pk}",
        "name": f"{order.source} {order.external_id}",
        "number": order.external_id,
        "amount": f"{Money(kept, currency).decimal:f}" if is_known else None,
        "currency": currency,
        "at": moment(order.captured_at or order.occurred_at),
        "is_won": order.state == OrderState.SALE and bool(sold) and sold[0].is_kept,
        "is_lost": order.state in LOST or (bool(sold) and not sold[0].is_kept),
        "review": review_of_orders([each.pk for each in found]),
    }
