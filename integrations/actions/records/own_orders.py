"""A shop's own orders: which of them carry what fraud review came to.

Only orders that this very shop told us of, by the number by which it told them; none is ever made there.
"""

from collections.abc import Iterator

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from fraud.models import Case, Hold, Signal
from integrations.actions.connections import connector_of, store_of
from integrations.actions.records.sheets import sheet_of
from integrations.connectors import shop_options
from integrations.connectors.base import Connector
from integrations.connectors.records import KeepsRecords, is_shop
from integrations.connectors.shop_orders import ORDER
from integrations.mapping.reading import fields_read
from integrations.models import Connection, RemoteRecord
from integrations.records.reviews import HOLDING, OF_ORDER
from integrations.states import Direction
from tracking.models import Conversion, Order

KEY = "order:"  # before our number of an order
AT_ONCE = 500
Pairs = list[tuple[str, str]]


def tells_orders(connection: Connection) -> bool:
    """Say whether a shop is told of its orders: only where its settings say so."""
    return shop_options.tells_orders(connection.options) and keeps_orders(connection) is not None


def keeps_orders(connection: Connection) -> KeepsRecords | None:
    """Return the connector of a shop that can be told of its orders; None for any other."""
    connector: Connector = connector_of(connection)
    if not is_shop(connector) or not isinstance(connector, KeepsRecords):
        return None
    return connector if ORDER in connector.RECORDS else None


def told_orders(connection: Connection) -> QuerySet[Order]:
    """Return the shop's own orders that its mapping may say something of; none where the shop is not told of orders.

    A mapping that tells of review alone has nothing to say of orders that nobody doubts and that were never told of.
    """
    connector = keeps_orders(connection) if tells_orders(connection) else None
    sheet = sheet_of(store_of(connection), connector, Direction.OUT, ORDER) if connector else None
    if sheet is None or not sheet.rows:
        return Order.objects.none()
    rows = orders_of(connection)
    read = fields_read(sheet).keys()
    return rows.filter(in_doubt() | _told_before(connection)) if read and read <= OF_ORDER else rows


def orders_of(connection: Connection) -> QuerySet[Order]:
    """Return the orders that this very shop told us of."""
    rows: QuerySet[Order] = Order.objects.select_related("program").filter(program=connection.program_id)
    return rows.filter(source=connection.source)


def in_doubt() -> Q:
    """Return the test for orders that a case of fraud review is about."""
    odd = Signal.objects.filter(conversion__order=OuterRef("pk"), case__isnull=False, action__in=HOLDING)
    return Q(Exists(Hold.objects.filter(commission__conversion__order=OuterRef("pk")))) | Q(Exists(odd))


def _told_before(connection: Connection) -> Q:
    key = Concat(Value(KEY), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    return Q(Exists(RemoteRecord.objects.filter(connection=connection, kind=ORDER, local_key=key)))


def pairs_of_case(connection: Connection, case: Case) -> Iterator[Pairs]:
    """Yield the orders of this shop that a case is about, some at a time, as what messages are about."""
    about = Q(commissions__fraud_holds__case=case) | Q(signals__case=case, signals__action__in=HOLDING)
    orders = Conversion.objects.filter(about).values("order")
    rows, after = told_orders(connection).filter(pk__in=orders).order_by("pk"), 0
    while pairs := as_pairs(rows.filter(pk__gt=after)[:AT_ONCE]):
        yield pairs
        after = int(pairs[-1][1].removeprefix(KEY))


def as_pairs(rows: QuerySet[Order]) -> Pairs:
    """Return kind and object of the messages about some orders."""
    return [(ORDER, f"{KEY}{number}") for number in rows.values_list("pk", flat=True)]
