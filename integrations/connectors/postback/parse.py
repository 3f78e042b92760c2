"""What a postback means: an order in one of its states, or money that went back."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.money import MoneyError, exponent
from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.body import read_object
from integrations.connectors.postback.parameters import pairs_of
from integrations.connectors.postback.verify import is_json
from tracking.orders import OrderIn, RefundIn
from tracking.states import OrderState, RefundKind
from tracking.told import Told, Untold, order_in

STATES = {
    state.value: state for state in (OrderState.SALE, OrderState.OPEN, OrderState.VOID, OrderState.REFUNDED)
}
CHANNEL = "postback"
# the fields of an order that stay as they are known, unless one of these parameters is sent
TOLD_BY = {
    "occurred_at": ("occurred_at",),
    "captured_at": ("occurred_at",),
    "customer": ("customer", "email", "country"),
    "evidence": ("tid", "ref", "coupon", "coupons"),
    "channel": ("channel",),
}
NAMED = frozenset({"source", "external_id", "state", "revision_at"})  # what a change of state alone tells


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Say what a postback means; it is as old as its signature. Unreadable says why it cannot be told."""
    told = Told(_values(body))
    at = datetime.fromtimestamp(int(headers["ts"]), UTC)
    try:
        event = told.word("event", 20)
        if event == "refund":
            return refund_of(told, store, at)
        if event not in ("", "order"):
            return Reading(note=_("News of this kind (%(topic)s) is not needed.") % {"topic": event})
        return order_of(told, store, at)
    except Untold as trouble:
        raise Unreadable(str(trouble)) from None


def _values(body: bytes) -> dict[str, Any]:
    if is_json(body):
        return read_object(body)
    try:
        values: dict[str, Any] = {name.decode(): value.decode() for name, value in pairs_of(body)}
    except UnicodeDecodeError:
        raise Unreadable(_("The message is not text in UTF-8.")) from None
    if values.get("lines"):
        values["lines"] = _lines(values["lines"])
    return values


def _lines(text: str) -> Any:
    """Return the JSON that stands in a parameter, read as strictly as a body."""
    values = read_object(b'{"lines":%b}' % text.encode())
    if set(values) != {"lines"}:
        raise Unreadable(_("“lines” is a list of objects with sku, name, quantity and net."))
    return values["lines"]


def order_of(told: Told, store: Store, at: datetime) -> Reading:
    """Return the order that was told, in its state; what was not told of it stays as it is known. Raises Untold."""
    status = told.word("status", 20) or OrderState.SALE.value
    if status not in STATES:
        raise Untold(_("“status” is one of: %(words)s.") % {"words": ", ".join(STATES)})
    if told.has("total") or status == OrderState.SALE:
        order = _told_order(told, store, at)
        untold = frozenset(name for name, by in TOLD_BY.items() if not any(map(told.has, by)))
    else:
        # of an order that is not known yet, nothing but its end is kept: a sale that was signed before stays ended
        order = _told_order(Told({**told.values, "total": "0", "lines": None}), store, at)
        untold = frozenset(field.name for field in fields(OrderIn)) - NAMED
    return Reading(order=replace(order, state=STATES[status]), untold=untold)


def _told_order(told: Told, store: Store, at: datetime) -> OrderIn:
    channel = told.word("channel", 40) or CHANNEL
    return order_in(told, source=store.source, currency=store.currency, at=at, channel=channel)


def refund_of(told: Told, store: Store, at: datetime) -> Reading:
    """Return the refund that was told, by its gross amount; raises Untold."""
    order, number = told.text("order", 120), told.text("refund", 120)
    if not order or not number:
        raise Untold(_("A refund names its order (“order”) and has a number of its own (“refund”)."))
    kind = told.word("kind", 20) or RefundKind.REFUND.value
    if kind not in RefundKind.values:
        raise Untold(_("“kind” is one of: %(words)s.") % {"words": ", ".join(RefundKind.values)})
    if kind == RefundKind.REFUND and not told.has("amount"):
        raise Untold(_("“amount” is missing: what the customer got back, like 42.41."))
    currency = told.text("currency", 3).upper()
    try:
        exponent(currency or store.currency)
    except MoneyError as wrong:
        raise Untold(str(wrong)) from None
    refund = RefundIn(
        external_id=number,
        kind=kind,
        occurred_at=told.time("occurred_at", at) or at,
        gross=told.amount("amount", currency or store.currency) if told.has("amount") else None,
        final=True,  # no lines will ever come
        reason=told.text("reason", 200),
    )
    return Reading(refund=refund, of=order, currency=currency)
