"""Planning: for each system that keeps a customer's record, one message that it has changed.

The message says nothing itself: the record is read when it is sent. So while one waits, the next change needs none.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from core.models import Event
from integrations.actions.records.own_orders import as_pairs, told_orders
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Connector
from integrations.connectors.record_options import PER_CUSTOMER, PER_ORDER
from integrations.connectors.records import KeepsRecords, is_shop
from integrations.flows import next_slot
from integrations.gate import LISTENING, keeping
from integrations.models import Connection, Delivery
from integrations.records import concerned_by
from integrations.states import DeliveryState
from tracking.models import Order

RECORD = "record."  # what deliveries of records are called, before the kind of record
DEAL = "deal:"  # before the object of a deal: it is told after the customer it belongs to


def is_record(kind: str) -> bool:
    """Say whether a delivery is one of a record."""
    return kind.startswith(RECORD)


def plan_records(event: Event, now: datetime) -> list[int]:
    """Line up the records that an event changes, wherever they are kept; return the connections. In a transaction."""
    if event.scope_id is None or event.tenant_id is None:
        return []
    keepers = Connection.objects.filter(
        program_id=event.scope_id,
        program__merchant_id=event.tenant_id,
        connector__in=keeping(),
        state__in=LISTENING,
    )
    connections = list(keepers.select_related("program").order_by("pk"))
    concerned = concerned_by(event) if connections else None
    if concerned is None:
        return []
    told = []
    for connection in connections:
        orders = [concerned.order] if concerned.order else []
        pairs = wanted(connection, concerned.customer, orders)
        pairs += as_pairs(told_orders(connection).filter(pk__in=orders)) if orders else []
        if line_up(connection, pairs, event.at, now):
            told.append(connection.pk)
    return told


def is_let(connection: Connection) -> bool:
    """Say whether a connection may be told of customers: a shop only where its settings say so."""
    return not is_shop(CONNECTORS[connection.connector]) or bool(connection.options.get("tells_customers"))


def wanted(connection: Connection, customer: int | None, orders: Iterable[int] = ()) -> list[tuple[str, str]]:
    """Return kind and object of the records that a connection keeps of a customer and of what is sold to them.

    A shop's own orders are no deals: which of them are told of, `own_orders` says.
    """
    connector: Connector = CONNECTORS[connection.connector]
    if not isinstance(connector, KeepsRecords) or not is_let(connection) or customer is None:
        return []
    person, deals = connector.RECORDS[0], connection.options.get("deals")
    pairs = [(person, f"customer:{customer}")]
    if "deal" in connector.RECORDS and deals == PER_CUSTOMER:
        pairs.append(("deal", f"{DEAL}customer:{customer}"))
    if "deal" in connector.RECORDS and deals == PER_ORDER:
        # what was won there is a deal there already
        told = Order.objects.filter(pk__in=list(orders)).exclude(source=connection.source)
        pairs += [("deal", f"{DEAL}order:{order}") for order in told.values_list("pk", flat=True)]
    return pairs


def line_up(
    connection: Connection, pairs: Iterable[tuple[str, str]], occurred_at: datetime, now: datetime
) -> int:
    """Make a message for each record that none waits for yet; return how many.

    One that is under way may have read the record before the change: it counts only if its next try is still to come.
    """
    rows = [
        Delivery(
            connection=connection,
            kind=RECORD + kind,
            object_key=about,
            occurred_at=occurred_at,
            created_at=now,
            next_at=next_slot(connection, now),
        )
        for kind, about in pairs
    ]
    to_come = Q(attempts=0) | Q(next_at__gt=now)
    waiting = Delivery.objects.filter(
        to_come,
        connection=connection,
        state=DeliveryState.DUE,
        object_key__in=[row.object_key for row in rows],
    )
    known = set(waiting.values_list("kind", "object_key"))
    waiting.filter(kind__startswith=RECORD, occurred_at__lt=occurred_at).update(occurred_at=occurred_at)
    return len(Delivery.objects.bulk_create([row for row in rows if (row.kind, row.object_key) not in known]))
