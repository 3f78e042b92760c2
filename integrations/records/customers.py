"""Reads a customer's record: who they are, what they bought, who brought them, and what that earned."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from affiliates.models import Enrollment, Program
from commissions.actions.exchange import rate_at
from commissions.exchange import convert
from commissions.models import Commission, Exchange
from commissions.states import CommissionState
from core.money import Money, round_half_up
from integrations.models import CustomerFact
from integrations.news.values import moment
from integrations.news.words import statements_of
from integrations.records.profiles import Profile, Purchase, profile_of
from integrations.records.reviews import review_of_orders, reviews_of_affiliates
from tracking import actions as tracking
from tracking.models import Conversion, Customer, Decision, Journey, Order, Refund
from tracking.states import OrderState, RefundKind, Vocabulary

SOLD = (OrderState.SALE, OrderState.REFUNDED)
MOST_ORDERS = 1000  # of one customer; the newest are told of
CRM = "crm."  # what facts are called that CRMs say


def merge_key(customer: Customer) -> str:
    """Return the name by which far sides tell our customers apart."""
    return f"customer:{customer.pk}"


def customer_record(customer: Customer, now: datetime, *, told_to: str | None = None) -> dict[str, Any]:
    """Return the record; a constant number of queries, but one for each order in another currency without a credit.

    Amounts are decimal texts in the program's currency, times ISO 8601 in UTC, what is not known is None. Orders in a
    currency that no rate was found for are counted but have no value yet (`value.unvalued_orders`). Categories and
    statuses are in our words as the dictionary is now; `told_to` is the source that hears its own statuses unchanged.
    """
    conversions = _conversions(customer)
    purchases = purchases_of(customer, conversions, categories_here(customer, conversions))
    unvalued = sum(not each.is_valued for each in purchases)
    figures = profile_of(purchases, now)
    decisions = [each for each in (row.decision for row in conversions) if each is not None]
    affiliate = _affiliates(decisions, conversions)
    return {
        "customer": _who(customer, conversions),
        "referred_customer_id": (customer.external_id or merge_key(customer))
        if affiliate["is_referred"]
        else None,
        "orders": _orders(figures) | {"review": review_of_orders([each.pk for each in conversions])},
        "value": _value(figures, customer.program.currency, unvalued),
        "pattern": {
            "segment": str(figures.segment),
            "segment_since": moment(figures.entered_at),
            "lapses_at": moment(figures.lapses_at),
            "recency_days": figures.recency_days,
            "pause_days": figures.pause_days,
            "favourite_categories": list(figures.favourites),
        },
        "affiliate": affiliate,
        "touches": _touches(conversions),
        "commission": _commission(customer),
        **_said(customer, told_to),
        "program": {"id": customer.program_id, "name": customer.program.name},
    }


def _conversions(customer: Customer) -> list[Conversion]:
    rows: QuerySet[Conversion] = Conversion.objects.filter(customer=customer, order__state__in=SOLD)
    rows = rows.select_related("order").prefetch_related(
        "order__refunds", "decisions__enrollment__affiliate", "decisions__coupon"
    )
    newest = list(rows.order_by("-occurred_at", "-pk")[:MOST_ORDERS])
    return newest[::-1]


def _who(customer: Customer, conversions: Sequence[Conversion]) -> dict[str, Any]:
    return {
        "id": customer.pk,
        "key": merge_key(customer),
        "source": customer.source,
        "sources": sorted({customer.source, *(each.source for each in conversions)}),
        "external_id": customer.external_id or None,
        "email": customer.email or None,
        "phone": customer.phone or None,
        "country": customer.country or None,
        "known_since": moment(customer.created_at),
    }


def purchases_of(
    customer: Customer, conversions: Sequence[Conversion], words: Mapping[tuple[str, str], str] | None = None
) -> list[Purchase]:
    """Return the orders in the program's currency; those whose currency no rate is known for have no value yet.

    `words` are what categories are called here: (source, the store's word) -> ours.
    """
    into = customer.program.currency
    rows = Exchange.objects.filter(conversion__customer=customer)
    rates = {each.conversion_id: each.rate for each in rows}
    found = []
    for each in conversions:
        order = each.order
        back = order.total if order.state == OrderState.REFUNDED else _returned(order)
        lines = [line for line in order.snapshot["lines"] if line["categories"] and line["net"] > 0]
        amounts = [order.total, back, *(line["net"] for line in lines)]
        if order.currency != into:
            rate = rates.get(each.pk) or _published(order, customer.program)
            if rate is None:
                found.append(_unvalued(order, is_lost=back >= order.total > 0))
                continue
            amounts = [convert([amount], rate, order.currency, into)[0] for amount in amounts]
        categories: dict[str, int] = defaultdict(int)
        for line, net in zip(lines, amounts[2:], strict=True):
            theirs = line["categories"][0]
            categories[(words or {}).get((order.source, theirs), theirs)] += net
        found.append(Purchase(order.external_id, order.occurred_at, amounts[0], amounts[1], categories))
    return found


def categories_here(customer: Customer, conversions: Sequence[Conversion]) -> dict[tuple[str, str], str]:
    """Return (source, the store's category) -> ours, as the dictionary is now; one question, none without any."""
    said = {
        (each.source, Vocabulary.CATEGORY.value, line["categories"][0])
        for each in conversions
        for line in each.order.snapshot["lines"]
        if line["categories"]
    }
    found = tracking.called_here(customer.program, said)
    return {(source, theirs): word for (source, _name, theirs), word in found.items()}


def _published(order: Order, program: Program) -> Decimal | None:
    """The rate that would hold: nobody was credited for the order, so none was fixed."""
    rate = rate_at(order.currency, program.currency, order.occurred_at, merchant=program.merchant_id)
    return rate.rate if rate else None


def _unvalued(order: Order, *, is_lost: bool) -> Purchase:
    return Purchase(order.external_id, order.occurred_at, 0, is_valued=False, is_lost=is_lost)


def _returned(order: Order) -> int:
    """What went back of an order, with tax; money that a chargeback took and the shop won again did not."""
    back = Fraction(0)
    for each in order.refunds.all():
        if not each.is_withdrawn:
            back += -_gross(each, order) if each.kind == RefundKind.CHARGEBACK_WON else _gross(each, order)
    return min(max(0, round_half_up(back)), order.total)


def _gross(refund: Refund, order: Order) -> Fraction:
    """The amount, or the share of the order that its lines are; one that names neither is for all of it."""
    if refund.gross is not None:
        return Fraction(refund.gross)
    lines = {line["external_id"]: line for line in order.snapshot["lines"]}
    whole = sum(line["net"] for line in lines.values())
    if not refund.lines or whole <= 0:
        return Fraction(order.total)
    net = sum(_net(row, lines.get(row["external_id"])) for row in refund.lines)
    return order.total * Fraction(net, whole)


def _net(row: dict[str, Any], line: dict[str, Any] | None) -> Fraction:
    if row["net"] is not None or line is None:
        return Fraction(row["net"] or 0)
    return Fraction(line["net"] * row["quantity"], line["quantity"] or 1)


def _orders(figures: Profile) -> dict[str, Any]:
    first, last = figures.first, figures.last
    return {
        "count": figures.orders,
        "kept": figures.kept_orders,
        "first_at": moment(first.at) if first else None,
        "first_number": first.number if first else None,
        "last_at": moment(last.at) if last else None,
        "last_number": last.number if last else None,
    }


def _value(figures: Profile, currency: str, unvalued: int) -> dict[str, Any]:
    last = figures.last
    return {
        "currency": currency,
        "lifetime": _major(figures.lifetime, currency),
        "returned": _major(figures.returned, currency),
        "average_order": _major(figures.average, currency),
        "last_order": _major(last.paid, currency) if last and last.is_valued else None,
        "unvalued_orders": unvalued,
    }


def _affiliates(decisions: Sequence[Decision], conversions: Sequence[Conversion]) -> dict[str, Any]:
    """Who brought the first and the last order that somebody was credited for."""
    orders = {row.pk: row.order for row in conversions}
    credited = [(each, each.enrollment, orders[each.conversion_id]) for each in decisions if each.enrollment]
    words = reviews_of_affiliates({one.pk for _decision, one, _order in (*credited[:1], *credited[-1:])})
    return {
        "first": _credit(*credited[0], words) if credited else None,
        "last": _credit(*credited[-1], words) if credited else None,
        "referred_orders": len(credited),
        "is_referred": bool(credited),
    }


def _credit(
    decision: Decision, enrollment: Enrollment, order: Order, reviews: Mapping[int, str]
) -> dict[str, Any]:
    return {
        "name": enrollment.affiliate.name,
        "code": enrollment.code,
        "by": decision.evidence,
        "coupon": decision.coupon.code if decision.coupon else None,
        "order": order.external_id,
        "at": moment(order.occurred_at),
        "review": reviews.get(enrollment.pk),
    }


def _touches(conversions: Sequence[Conversion]) -> dict[str, Any]:
    """The clicks and views that led to orders, whoever was credited: how many, the first and the last one."""
    rows = Journey.objects.filter(conversion__in=[each.pk for each in conversions]).order_by("at")
    steps = [
        (row.at - timedelta(seconds=seconds), enrollment, kind)
        for row in rows
        for enrollment, seconds, kind in row.path
    ]
    if not steps:
        return {"count": 0, "first": None, "last": None}
    first, last = min(steps), max(steps)
    named = Enrollment.objects.select_related("affiliate").in_bulk({first[1], last[1]})
    return {"count": len(steps), "first": _touch(first, named), "last": _touch(last, named)}


def _touch(step: tuple[datetime, int, str], named: dict[int, Enrollment]) -> dict[str, Any]:
    at, number, kind = step
    enrollment = named.get(number)
    return {
        "name": enrollment.affiliate.name if enrollment else None,
        "code": enrollment.code if enrollment else None,
        "kind": "view" if kind == "v" else "click",
        "at": moment(at),
    }


def _said(customer: Customer, told_to: str | None) -> dict[str, Any]:
    """What CRMs say of the customer: of each thing the newest word, whichever system it comes from.

    `crm` has it in our words, `crm_there` as the system says it; `crm_undecided` names what the dictionary waits for.
    """
    rows = CustomerFact.objects.filter(customer=customer, name__startswith=CRM).select_related("connection")
    said = statements_of(customer.program, rows.order_by("at", "pk"), told_to=told_to)
    newest = {one.name.removeprefix(CRM): one for one in said}
    return {
        "crm": {name: one.ours for name, one in newest.items()},
        "crm_there": {name: one.theirs for name, one in newest.items()},
        "crm_undecided": sorted(name for name, one in newest.items() if one.is_undecided),
    }


def _commission(customer: Customer) -> dict[str, Any]:
    """What affiliates earned by this customer, less what was taken back."""
    currency = customer.program.currency
    rows = Commission.objects.filter(conversion__customer=customer).exclude(state=CommissionState.DECLINED)
    earned = rows.aggregate(sum=Coalesce(Sum("amount"), 0))["sum"]
    taken = rows.aggregate(sum=Coalesce(Sum("reversals__amount"), 0))["sum"]
    return {"currency": currency, "total": _major(earned - taken, currency)}


def _major(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal:f}"
