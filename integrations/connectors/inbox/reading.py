"""What a message means: the first mapping whose conditions hold fills an order, a refund, a lead or a note."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.buyer_facts import with_facts
from integrations.connectors.inbox.body import record_of
from integrations.connectors.inbox.buyers import facts_told
from integrations.connectors.inbox.tables import LEAD, NOTE, REFUND, TABLES, TOLD_AS
from integrations.connectors.postback.parse import order_of, refund_of
from integrations.mapping import BadMapping, Sheet, apply, holds, read_sheet
from tracking.told import Told, Untold

CHANNEL = "webhook"
MOST_PROBLEMS, LONGEST_NOTE = 5, 500


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Say what a message means, by the mappings of its connection; Unreadable names the field that is wrong."""
    record = record_of(body)
    sheets = _sheets(store)
    if not sheets:
        raise Unreadable(_("Nothing is mapped yet: say on the connection’s page which fields mean what."))
    for kind, sheet in sheets:
        if holds(sheet.when, record):
            return _reading(store, kind, sheet, record, datetime.fromisoformat(headers["received"]))
    return _for_nobody()


def _sheets(store: Store) -> list[tuple[str, Sheet]]:
    """Return kind and mapping, those with conditions first."""
    found = []
    for table in TABLES:
        document = store.mappings.get((table.direction, table.kind))
        if document is None:
            continue
        try:
            sheet = read_sheet(document)
        except BadMapping as wrong:
            raise Unreadable(str(wrong)) from None
        if sheet.rows:
            found.append((table.kind, sheet))
    return sorted(found, key=lambda one: not one[1].when)


def _reading(store: Store, kind: str, sheet: Sheet, record: dict[str, Any], received: datetime) -> Reading:
    result = apply(sheet, record)
    if result.problems:
        words = [
            f"{target}: {sentence}" for target, sentence in list(result.problems.items())[:MOST_PROBLEMS]
        ]
        raise Unreadable(" ".join(words))
    values = {TOLD_AS[name]: value for name, value in result.values.items() if name in TOLD_AS}
    try:
        if kind == NOTE.kind:
            said = Told(result.values).text("note.text", LONGEST_NOTE)
            return Reading(note=said) if said else _for_nobody()
        if kind == REFUND.kind:
            return refund_of(Told(values), store, received)
        if kind == LEAD.kind:
            values = _named({"goal": LEAD.kind, "total": "0", **values})
        reading = order_of(Told({"channel": CHANNEL, **values}), store, _changed_at(result.values, received))
        reading = with_facts(reading, facts_told(result.values, store.source))
        return _with_phone(reading, Told(result.values).text("customer.phone", 40))
    except Untold as trouble:
        raise Unreadable(str(trouble)) from None


def _for_nobody() -> Reading:
    return Reading(note=_("No mapping is meant for it: no conditions hold."))


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a lead with its goal before its number: user 5001 who signs up is not order 5001."""
    number, goal = Told(values).text("order", 120), Told(values).word("goal", 40)
    return {**values, "order": f"{goal}:{number}"} if number else values


def _changed_at(values: dict[str, Any], received: datetime) -> datetime:
    """Return how old the message's word is: when the order was changed, or when it came."""
    told = Told(values).time("order.changed_at", received)
    return told.astimezone(UTC) if told else received


def _with_phone(reading: Reading, phone: str) -> Reading:
    if not phone or reading.order is None:
        return reading
    order = reading.order
    return replace(reading, order=replace(order, customer=replace(order.customer, phone=phone)))
