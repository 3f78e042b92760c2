"""What there is to tell of a record: our values as the mapping makes them, beside what was told and agreed before."""

import json
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.actions.records.planning import DEAL, RECORD
from integrations.connectors.base import Store
from integrations.connectors.records import KeepsRecords, Row, is_shop
from integrations.mapping import Sheet, apply, holds, is_same, read_sheet
from integrations.mapping.plain import storable
from integrations.models import Connection, Delivery, RemoteRecord
from integrations.records import customer_record, deal_record
from integrations.states import Direction
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


def kind_of(delivery: Delivery) -> str:
    """Return the kind of record that a delivery is of."""
    return str(delivery.kind).removeprefix(RECORD)


def key_of(delivery: Delivery) -> str:
    """Return by which key the far side knows what a delivery is about."""
    return str(delivery.object_key).removeprefix(DEAL)


def sheet_of(store: Store, connector: KeepsRecords, direction: str, kind: str) -> Sheet:
    """Return the mapping that holds: the one that a person saved last, or the connector's own."""
    defaults = connector.OUT if direction == Direction.OUT else connector.IN
    saved = store.mappings.get((direction, kind))
    return read_sheet(saved if saved is not None else [dict(row) for row in defaults.get(kind, ())])


def draft_of(
    connection: Connection, connector: KeepsRecords, sheet: Sheet, delivery: Delivery, now: datetime
) -> Draft | None:
    """Return what is to be told, None where there is nobody or nothing to tell of (any more)."""
    kind, key = kind_of(delivery), key_of(delivery)
    found = _record(connection, kind, key, now)
    if found is None:
        return None
    customer, record = found
    remote_id = ""
    if is_shop(connector):
        if customer.source != connection.source or not customer.external_id:
            return None
        remote_id = customer.external_id
    known = RemoteRecord.objects.filter(connection=connection, kind=kind, local_key=key).first()
    if known is None and kind != "deal" and customer.source == connection.source:
        remote_id = customer.external_id  # a person whom this very system told us of
    if not holds(sheet.when, record) or is_erased(known):
        return None
    if known is None and kind == "deal" and not record["deal"]["is_won"]:
        return None  # nothing was sold, or all of it went back
    result = apply(sheet, record)
    values = _plain(sheet, result.values)
    lapses_at = record["pattern"]["lapses_at"]
    again_at = datetime.fromisoformat(lapses_at) if lapses_at else None
    return Draft(
        delivery,
        Row(key, values, remote_id or (known.remote_id if known else ""), customer.email),
        sheet,
        _news(values, known),
        known,
        again_at if again_at and again_at >= now else None,
        result.problems,
    )


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


def _record(
    connection: Connection, kind: str, key: str, now: datetime
) -> tuple[Customer, dict[str, Any]] | None:
    """Return the customer and their record; only of the connection's own program, whatever the key says."""
    noun, _colon, number = key.partition(":")
    customers = Customer.objects.select_related("program").filter(program=connection.program_id)
    if noun == "order":
        orders = Order.objects.filter(program=connection.program_id, pk=number)
        order = orders.select_related("customer__program").first()
        if order is None or order.customer is None or order.source == connection.source:
            return None
        return order.customer, deal_record(order.customer, order, now, told_to=connection.source)
    customer = customers.filter(pk=number).first()
    if customer is None:
        return None
    if kind == "deal":
        return customer, deal_record(customer, None, now, told_to=connection.source)
    return customer, customer_record(customer, now, told_to=connection.source)
