"""What there is to tell of a record: our values as the mapping makes them, beside what was told and agreed before."""

import json
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.actions.records import people
from integrations.actions.records.own_orders import tells_orders
from integrations.actions.records.planning import DEAL, RECORD
from integrations.connectors.records import KeepsRecords, Row, is_shop
from integrations.connectors.shop_orders import ORDER
from integrations.mapping import Sheet, apply, holds, is_same
from integrations.mapping.plain import is_empty, storable
from integrations.models import Connection, Delivery, RemoteRecord
from integrations.records import customer_record, deal_record, order_record
from tracking.models import Customer, Order

ERASED = "erased:"  # stands before the number that an erased record had there


@dataclass(slots=True)
class Draft:
    """One record on its way: `row` as it would be sent whole, `news` the fields that we have not told like this before.

    `problems` are fields that the mapping could not fill.
    """

    delivery: Delivery
    row: Row
    sheet: Sheet
    news: dict[str, Any]
    known: RemoteRecord | None
    again_at: datetime | None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def agreed(self) -> Rows[str, Any]:
        """What both sides last had."""
        return self.known.agreed if self.known else {}


@dataclass(frozen=True, slots=True)
class Meant:
    """What a message is about: our record of it, which system told us of it, its number and its person there."""

    record: dict[str, Any]
    source: str
    number: str
    email: str = ""


def kind_of(delivery: Delivery) -> str:
    """Return the kind of record that a delivery is of."""
    return str(delivery.kind).removeprefix(RECORD)


def key_of(delivery: Delivery) -> str:
    """Return by which key the far side knows what a delivery is about."""
    return str(delivery.object_key).removeprefix(DEAL)


def draft_of(
    connection: Connection, connector: KeepsRecords, sheet: Sheet, delivery: Delivery, now: datetime
) -> Draft | None:
    """Return what is to be told, None where there is nobody or nothing to tell of (any more)."""
    kind, key = kind_of(delivery), key_of(delivery)
    known = RemoteRecord.objects.filter(connection=connection, kind=kind, local_key=key).first()
    meant = _own_order(connection, key) if kind == ORDER else _record(connection, kind, key, now)
    remote_id = _number_there(connection, connector, meant, kind, known) if meant is not None else None
    if meant is None or remote_id is None or not holds(sheet.when, meant.record) or is_erased(known):
        return None
    if known is None and kind == "deal" and not meant.record["deal"]["is_won"]:
        return None  # nothing was sold, or all of it went back
    result = apply(sheet, meant.record)
    values = _plain(sheet, result.values)
    if kind == ORDER:
        # what is no more is taken back there; of an order of which nothing was said, nothing is
        filled = (row.target for row in sheet.rows if not row.is_key and row.target not in result.problems)
        values = {name: values.get(name) for name in filled}
        if known is None and all(is_empty(value) for value in values.values()):
            return None
    lapses_at = meant.record.get("pattern", {}).get("lapses_at")
    again_at = datetime.fromisoformat(lapses_at) if lapses_at else None
    return Draft(
        delivery,
        Row(key, values, remote_id or (known.remote_id if known else ""), meant.email),
        sheet,
        _news(values, known),
        known,
        again_at if again_at and again_at >= now else None,
        result.problems,
    )


def _number_there(
    connection: Connection, connector: KeepsRecords, meant: Meant, kind: str, known: RemoteRecord | None
) -> str | None:
    """Return by which number this very system told us of what is meant, "" if it did not; None where it must have."""
    is_its_own = meant.source == connection.source
    if is_shop(connector):
        return meant.number or None if is_its_own else None
    return meant.number if known is None and kind != "deal" and is_its_own else ""


def is_erased(known: RemoteRecord | None) -> bool:
    """Say whether somebody asked for a record to be erased there: nobody is told of them any more."""
    return known is not None and str(known.remote_id).startswith(ERASED)


def _plain(sheet: Sheet, values: Rows[str, Any]) -> dict[str, Any]:
    """Return values as JSON keeps them; our key is told by the row itself."""
    keys = {row.target for row in sheet.rows if row.is_key}
    told = {name: value for name, value in values.items() if name not in keys}
    plain: dict[str, Any] = storable(json.loads(json.dumps(told, default=str)))
    return plain


def _news(values: Rows[str, Any], known: RemoteRecord | None) -> dict[str, Any]:
    if known is None:
        return dict(values)
    return {name: value for name, value in values.items() if not is_same(value, known.offered.get(name))}


def _own_order(connection: Connection, key: str) -> Meant | None:
    """Return an order of the connection's own program, whatever the key says; None once orders are not told of."""
    if not tells_orders(connection):
        return None
    number = people.number_of(key, "order")
    orders = Order.objects.select_related("program").filter(program=connection.program_id, pk=number)
    order = orders.first() if number is not None else None
    return Meant(order_record(order), order.source, order.external_id) if order is not None else None


def _record(connection: Connection, kind: str, key: str, now: datetime) -> Meant | None:
    """Return the customer's record; only of the connection's own program, whatever the key says."""
    noun, _colon, number = key.partition(":")
    customers = Customer.objects.select_related("program").filter(program=connection.program_id)
    if noun == "order":
        orders = Order.objects.filter(program=connection.program_id, pk=number)
        order = orders.select_related("customer__program").first()
        if order is None or order.customer is None or order.source == connection.source:
            return None
        buyer = order.customer
        return _of(buyer, deal_record(buyer, order, now, told_to=connection.source))
    customer = customers.filter(pk=number).first()
    if customer is None:
        return None
    if kind == "deal":
        return _of(customer, deal_record(customer, None, now, told_to=connection.source))
    return _of(customer, customer_record(customer, now, told_to=connection.source))


def _of(customer: Customer, record: dict[str, Any]) -> Meant:
    return Meant(record, customer.source, customer.external_id, customer.email)
