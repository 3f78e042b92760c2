"""A deal that sales people won is an order here, if the company wants it so; one that they lost afterwards is none."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core.money import Money, MoneyError
from integrations.actions.records import people
from integrations.connectors.base import Unreadable
from integrations.connectors.records import Change
from integrations.mapping import Result, Unfit
from integrations.mapping.plain import is_empty, number_of, text_of
from integrations.models import Connection
from tracking.identity import normal_email
from tracking.models import Customer, Order
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn
from tracking.states import OrderState

CHANNEL = "crm"
DECIDING = ("deal.is_won", "deal.amount", "deal.currency")
YES = ("true", "yes", "1", "won", "closedwon")


def deal_of(
    connection: Connection, change: Change, result: Result, customer: Customer | None
) -> OrderIn | None:
    """Return the order that a deal is, None for one that is none; Unreadable says what the deal lacks.

    A deal is known by its number there, whatever people enter. One that was closed before the connection was made
    counts nothing. Whether it is won must be told: where it is not, what is known of it stays.
    """
    if not connection.options.get("won_deals") or change.key:
        return None
    _check(result)
    known, values = _known(connection, change.remote_id), result.values
    told = _text(values, "deal.is_won").lower()
    if not told or (known is None and told not in YES):
        return None
    if told not in YES:
        return ended_deal(connection, change.remote_id, change.at)
    at = min(_time(values, "deal.closed_at") or change.at, change.at)
    if known is None and at < connection.created_at:
        return None
    currency = (_text(values, "deal.currency") or connection.program.currency).upper()
    total, number = _total(values, currency), _text(values, "deal.number") or change.remote_id
    return OrderIn(
        connection.source,
        change.remote_id,
        known.occurred_at if known else at,
        change.at,
        currency,
        total,
        captured_at=known.captured_at if known else at,
        lines=(LineIn("1", total, name=_text(values, "deal.name")[:200] or number),),
        customer=_buyer(connection, change, values, customer),
        evidence=Evidence(
            tid=_text(values, "evidence.tid"),
            ref=_text(values, "evidence.ref"),
            coupons=tuple(one.strip() for one in _text(values, "evidence.coupon").split(",") if one.strip()),
        ),
        channel=CHANNEL,
        metadata={"deal": number},
    )


def _buyer(
    connection: Connection, change: Change, values: Mapping[str, Any], customer: Customer | None
) -> CustomerIn:
    """Whose the order is: a customer of ours, whoever has the address, else the deal's person by their number there.

    An address says more than a number that people have typed, and that more than a phone that a family shares.
    """
    email, phone = change.email or _text(values, "customer.email"), _text(values, "customer.phone")
    if customer is None and not normal_email(email):
        customer = people.named_by(connection, _text(values, "customer.number"), phone)
    if customer is not None:
        return CustomerIn(email=customer.email, ours=customer.pk)
    if normal_email(email):
        return CustomerIn(email=email, phone=phone)
    return CustomerIn(external_id=change.contact[:120], phone=phone)


def ended_deal(connection: Connection, remote_id: str, at: datetime) -> OrderIn | None:
    """Return the order of a deal that is won no more, or there no more; None where it never was one here."""
    known = _known(connection, remote_id)
    if known is None or not connection.options.get("won_deals") or known.state == OrderState.VOID:
        return None
    last: OrderIn = known.as_value()
    return replace(last, state=OrderState.VOID, revision_at=max(at, last.revision_at + timedelta(seconds=1)))


def _known(connection: Connection, remote_id: str) -> Order | None:
    rows = Order.objects.filter(program=connection.program_id, source=connection.source)
    found: Order | None = rows.filter(external_id=remote_id).first()
    return found


def _check(result: Result) -> None:
    """What of a deal decides about money must be readable."""
    wrong = [f"{name}: {result.problems[name]}" for name in DECIDING if name in result.problems]
    if wrong:
        raise Unreadable(_("The deal cannot be read: %(why)s") % {"why": "; ".join(wrong)})


def _total(values: Mapping[str, Any], currency: str) -> int:
    told = values.get("deal.amount")
    if is_empty(told):
        raise Unreadable(_("The deal is won and has no amount: enter one there."))
    try:
        return Money.parse(number_of(told), currency).amount
    except (Unfit, MoneyError) as trouble:
        raise Unreadable(_("The deal’s amount cannot be read: %(why)s") % {"why": trouble}) from trouble


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if is_empty(value):
        return ""
    try:
        return str(text_of(value)).strip()
    except Unfit:
        return ""


def _time(values: Mapping[str, Any], name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(values, name))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
