"""Telling of many: all customers of a program, and a shop's own orders, when a system is new; those whom time moved."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.models import User
from integrations import bell
from integrations.actions.records import people
from integrations.actions.records.own_orders import KEY, as_pairs, tells_orders, told_orders
from integrations.actions.records.planning import is_let, line_up, wanted
from integrations.connectors import CONNECTORS
from integrations.connectors.records import KeepsRecords
from integrations.models import Connection, RemoteRecord
from integrations.states import ConnectionState

AT_ONCE = 500
ORDERS = "orders"


class TellsNobody(ValueError):
    """The connection keeps no records of customers, or is cut; the text is a sentence for people."""


def keeps_records(connection: Connection) -> bool:
    """Say whether a connection is told of customers now."""
    is_keeper = isinstance(CONNECTORS[connection.connector], KeepsRecords)
    return is_keeper and is_let(connection) and connection.state != ConnectionState.DISCONNECTED


def tells_many(connection: Connection) -> bool:
    """Say whether a connection is told of customers, or a shop of its own orders, now."""
    is_cut = connection.state == ConnectionState.DISCONNECTED
    return keeps_records(connection) or (tells_orders(connection) and not is_cut)


@transaction.atomic
def tell_everyone(
    connection: Connection, *, actor: User | None = None, at: datetime | None = None
) -> Connection:
    """Have a system told of all customers of its program, some at a time; what stands there like this is not written.

    A shop is told of its own orders as well, where its settings say so.

    What was told before is compared with what stands there by now. Raises TellsNobody.
    """
    if actor is not None:
        roles.demand(actor, "manage_integrations", connection.program.merchant_id)
    if not tells_many(connection):
        raise TellsNobody(_("This connection is not told of customers."))
    RemoteRecord.objects.filter(connection=connection).update(offered={})
    if keeps_records(connection):
        _go_on(connection, 0, at, actor)
    if tells_orders(connection):
        _go_on(connection, 0, at, actor, of=ORDERS)
    return connection


@transaction.atomic
def line_up_customers(connection: Connection, *, after: int = 0, at: datetime | None = None) -> int:
    """Line up the next customers, each once, and have it gone on with; return how many were looked at."""
    now = at or timezone.now()
    if not keeps_records(connection):
        return 0
    rows = people.kept_at(connection).filter(pk__gt=after).order_by("pk")[:AT_ONCE]
    customers = list(rows.prefetch_related("orders"))
    pairs = [
        pair
        for row in customers
        for pair in wanted(connection, row.pk, [order.pk for order in row.orders.all()])
    ]
    line_up(connection, pairs, now, now)
    if len(customers) == AT_ONCE:
        _go_on(connection, customers[-1].pk, at, None)
    transaction.on_commit(lambda: bell.ring([connection.pk]))
    return len(customers)


@transaction.atomic
def line_up_orders(connection: Connection, *, after: int = 0, at: datetime | None = None) -> int:
    """Line up the next of a shop's own orders, each once, and have it gone on with; return how many they are."""
    now = at or timezone.now()
    pairs = as_pairs(told_orders(connection).filter(pk__gt=after).order_by("pk")[:AT_ONCE])
    line_up(connection, pairs, now, now)
    if len(pairs) == AT_ONCE:
        _go_on(connection, int(pairs[-1][1].removeprefix(KEY)), at, None, of=ORDERS)
    transaction.on_commit(lambda: bell.ring([connection.pk]))
    return len(pairs)


def tell_again(at: datetime | None = None) -> int:
    """Tell anew of customers whom the clock alone has moved to another segment; return how many."""
    now, count = at or timezone.now(), 0
    due = RemoteRecord.objects.filter(again_at__lt=now, connection__state=ConnectionState.ACTIVE)
    for connection in Connection.objects.filter(pk__in=due.values("connection")).order_by("pk"):
        while rows := list(due.filter(connection=connection).order_by("pk")[:AT_ONCE]):
            count += _tell_again(connection, rows, now)
    return count


@transaction.atomic
def _tell_again(connection: Connection, rows: list[RemoteRecord], now: datetime) -> int:
    # a customer's contact and deal are two records, and each leads to both
    keys = dict.fromkeys(row.local_key for row in rows if row.local_key.startswith("customer:"))
    pairs = [pair for key in keys for pair in wanted(connection, int(key.partition(":")[2]))]
    RemoteRecord.objects.filter(pk__in=[row.pk for row in rows]).update(again_at=None)
    return line_up(connection, pairs, now, now)


def _go_on(connection: Connection, after: int, at: datetime | None, actor: User | None, of: str = "") -> None:
    program = connection.program
    events.record(
        "connection.telling",
        connection,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data={"after": after, "of": of} if of else {"after": after},
    )
