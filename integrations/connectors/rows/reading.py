"""What a row means: the first mapping whose conditions hold fills an order, a refund or a lead.

Amounts and dates are read as people write them into tables; what may mean two things is refused. A row says itself
when it was: the time at which a file happens to come means nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.buyer_facts import with_facts
from integrations.connectors.inbox.body import record_of
from integrations.connectors.inbox.buyers import facts_told
from integrations.connectors.inbox.tables import TOLD_AS
from integrations.connectors.postback.parse import order_of, refund_of
from integrations.connectors.rows.tables import LEAD, ORDER, REFUND, TABLES
from integrations.mapping import BadMapping, Sheet, apply, holds, read_sheet
from integrations.order_cells import moment, plain_amount
from tracking.told import Told, Untold

MOST_PROBLEMS = 5
AMOUNTS = ("order.total", "order.tax", "order.shipping", "lead.value", "refund.amount")
TIMES = ("order.occurred_at", "order.changed_at", "refund.occurred_at", "lead.occurred_at")
CURRENCIES = ("order.currency", "refund.currency", "lead.currency")
WHEN = {ORDER.kind: "order.occurred_at", REFUND.kind: "refund.occurred_at", LEAD.kind: "lead.occurred_at"}
SIGNS = {
    "$": ("USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD"),
    "€": ("EUR",),
    "£": ("GBP",),
    "¥": ("JPY", "CNY"),
}
SECONDS = re.compile(r"[0-9]{9,11}", re.ASCII)
Sheets = Mapping[str, Sheet]
Values = dict[str, Any]


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Say what one record means, as a mapping's page asks; Unreadable names the field that is wrong."""
    record = record_of(body)
    kind, sheet = sheet_for(sheets_of(store.mappings), record)
    received = datetime.fromisoformat(headers["received"])
    return reading_of(kind, values_of(sheet, record, store), store, received)


def sheets_of(mappings: Mapping[tuple[str, str], Any]) -> Sheets:
    """Return the mappings that say something, by kind, those with conditions first; raises Unreadable."""
    found = {}
    for table in TABLES:
        document = mappings.get((table.direction, table.kind))
        try:
            sheet = read_sheet(document) if document is not None else Sheet()
        except BadMapping as wrong:
            raise Unreadable(str(wrong)) from None
        if sheet.rows:
            found[table.kind] = sheet
    return dict(sorted(found.items(), key=lambda one: not one[1].when))


def sheet_for(sheets: Sheets, record: Any) -> tuple[str, Sheet]:
    """Return kind and mapping of a record; raises Unreadable where none is meant."""
    if not sheets:
        raise Unreadable(_("Nothing is mapped yet: say on the connection’s page which fields mean what."))
    for kind, sheet in sheets.items():
        if holds(sheet.when, record):
            return kind, sheet
    raise Unreadable(_("No mapping is meant for it: no conditions hold."))


def values_of(sheet: Sheet, record: Any, store: Store) -> Values:
    """Return what a mapping fills from a record, amounts and times as they are taken; raises Unreadable."""
    result = apply(sheet, record)
    if result.problems:
        words = [f"{target}: {why}" for target, why in list(result.problems.items())[:MOST_PROBLEMS]]
        raise Unreadable(" ".join(words))
    values = dict(result.values)
    try:
        return _cleaned(values, ZoneInfo(store.time_zone), _currency(values, store))
    except Untold as trouble:
        raise Unreadable(str(trouble)) from None


def _currency(values: Values, store: Store) -> str:
    return next((str(values[name]).upper() for name in CURRENCIES if values.get(name)), store.currency)


def _cleaned(values: Values, zone: ZoneInfo, currency: str) -> Values:
    for name in AMOUNTS:
        if isinstance(values.get(name), str):
            values[name] = plain_amount(_unsigned(values[name], currency), currency)
    if isinstance(refund := values.get("refund.amount"), str):
        values["refund.amount"] = refund.removeprefix("-")  # it says in its name which way the money went
    if isinstance(ref := values.get("evidence.ref"), str | int):
        values["evidence.ref"] = str(ref).strip().lower().replace("_", "-")  # as codes are written here
    for name in TIMES:
        told = values.get(name)
        if isinstance(told, str) and not SECONDS.fullmatch(told.strip()):
            values[name] = moment(told, zone).isoformat()
    lines = [line for line in values.get("lines", []) if line]
    for line in lines:
        if isinstance(line.get("net"), str):
            line["net"] = plain_amount(_unsigned(line["net"], currency), currency)
    return {
        **{name: value for name, value in values.items() if name != "lines"},
        **({"lines": lines} if lines else {}),
    }


def _unsigned(text: str, currency: str) -> str:
    """Return an amount without the sign of its currency; another sign stays, and is refused."""
    found = text.strip()
    for sign, currencies in SIGNS.items():
        if currency in currencies:
            found = found.removeprefix(sign).removesuffix(sign).strip()
    return found


def merged(rows: Sequence[tuple[int, Values]]) -> Values:
    """Return what several rows say of one order: each a line of it, the rest said alike; raises Unreadable."""
    (first, head), *others = rows
    whole = dict(head)
    for number, values in others:
        for name, value in values.items():
            if name != "lines" and whole.setdefault(name, value) != value:
                told = {"row": number, "name": name, "first": first}
                raise Unreadable(
                    _("Row %(row)s says another “%(name)s” than row %(first)s of the same order.") % told
                )
        whole["lines"] = [*whole.get("lines", []), *values.get("lines", [])]
    return {name: value for name, value in whole.items() if name != "lines" or value}


def reading_of(
    kind: str,
    values: Values,
    store: Store,
    received: datetime,
    *,
    channel: str = "",
    changed: datetime | None = None,
) -> Reading:
    """Return the order, refund or lead that values tell; raises Unreadable.

    `received` is when they were read: nothing lies after it. An order is as old as the row says that it was changed,
    else as `changed`, else as the sale: the same row always makes the same order.
    """
    told = {TOLD_AS[name]: value for name, value in values.items() if name in TOLD_AS}
    try:
        if not values.get(WHEN[kind]):
            raise Untold(_("“%(name)s” is missing: a row says itself when it was.") % {"name": WHEN[kind]})
        if kind == ORDER.kind and not values.get("order.total"):
            raise Untold(
                _("“%(name)s” is missing: what the customer paid, like 129.90.") % {"name": "order.total"}
            )
        if kind == REFUND.kind:
            return refund_of(Told(told), store, received)
        told.setdefault("currency", store.currency)
        if channel:
            told.setdefault("channel", channel)
        if kind == LEAD.kind:
            told = _named({"goal": LEAD.kind, "total": "0", **told})
        reading = with_facts(order_of(Told(told), store, received), facts_told(values, store.source))
        at = Told(values).time("order.changed_at", received)
        return _aged(reading, at or changed, Told(values).text("customer.phone", 40))
    except Untold as trouble:
        raise Unreadable(str(trouble)) from None


def _named(values: Values) -> Values:
    """Return the values of a lead with its goal before its number: user 5001 who signs up is not order 5001."""
    number, goal = Told(values).text("order", 120), Told(values).word("goal", 40)
    return {**values, "order": f"{goal}:{number}"} if number else values


def _aged(reading: Reading, at: datetime | None, phone: str) -> Reading:
    order = reading.order
    if order is None:
        return reading
    customer = replace(order.customer, phone=phone) if phone else order.customer
    revision = (at or order.occurred_at).astimezone(UTC)
    return replace(reading, order=replace(order, revision_at=revision, customer=customer))
