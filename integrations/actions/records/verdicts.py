"""Telling verdicts: systems whose mapping asks for what fraud review came to are told again once a case is decided.

Of the orders that the case is about at once, a shop's own orders among them; of the affiliate's customers, where a
mapping tells the affiliate's own word, some at a time. The records are read when they are sent, so whoever hears
nothing new is not called.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import events
from core.models import Event
from fraud.models import Case
from integrations import bell
from integrations.actions.connections import connector_of, store_of
from integrations.actions.records import people
from integrations.actions.records.own_orders import pairs_of_case
from integrations.actions.records.planning import DEAL, line_up, wanted
from integrations.actions.records.sheets import sheet_of
from integrations.connectors.records import KeepsRecords
from integrations.connectors.shop_orders import ORDER
from integrations.gate import LISTENING, keeping
from integrations.mapping.reading import fields_read
from integrations.models import Connection, RemoteRecord
from integrations.records.reviews import HOLDING, OF_AFFILIATES, OF_ORDERS
from integrations.states import Direction
from tracking.models import Conversion

AT_ONCE = 500
Orders = Mapping[int, list[int]]  # customer -> orders


@transaction.atomic
def tell_verdict(event: Event, *, at: datetime | None = None) -> int:
    """Line up what a case has changed in records that mappings fill with its verdict; return how many messages."""
    case = Case.objects.select_related("program").filter(pk=event.subject_id).first()
    if case is None:
        return 0
    now, count = at or timezone.now(), 0
    rows = Connection.objects.filter(program=case.program_id, connector__in=keeping(), state__in=LISTENING)
    told = []
    for connection in rows.select_related("program").order_by("pk"):
        kinds = kinds_telling(connection, OF_ORDERS)
        lined_up = (
            sum(_line_up(connection, kinds, some, event.at, now) for some in _orders_of(case)) if kinds else 0
        ) + sum(line_up(connection, pairs, event.at, now) for pairs in pairs_of_case(connection, case))
        if kinds_telling(connection, OF_AFFILIATES):
            _go_on(connection, case.enrollment_id, 0, at)
        if lined_up:
            told.append(connection.pk)
        count += lined_up
    transaction.on_commit(lambda: bell.ring(told))
    return count


def kinds_telling(connection: Connection, fields: frozenset[str]) -> frozenset[str]:
    """Return the kinds of customers' records whose mapping in force reads one of these fields of ours."""
    connector = connector_of(connection)
    if not isinstance(connector, KeepsRecords):
        return frozenset()
    store = store_of(connection)
    kinds = [kind for kind in connector.RECORDS if kind != ORDER]
    sheets = {kind: sheet_of(store, connector, Direction.OUT, kind) for kind in kinds}
    return frozenset(kind for kind, sheet in sheets.items() if not fields.isdisjoint(fields_read(sheet)))


@transaction.atomic
def tell_reviewed(
    connection: Connection, enrollment: int, *, after: int = 0, at: datetime | None = None
) -> int:
    """Line up the next customers whom an affiliate brought, and have it gone on with; return how many they are."""
    now, kinds = at or timezone.now(), kinds_telling(connection, OF_AFFILIATES)
    if not kinds:
        return 0
    brought = Conversion.objects.filter(decisions__is_current=True, decisions__enrollment=enrollment)
    rows = people.kept_at(connection).filter(pk__in=brought.values("customer"), pk__gt=after).order_by("pk")
    customers = list(rows[:AT_ONCE].prefetch_related("orders"))
    orders = {row.pk: [order.pk for order in row.orders.all()] for row in customers}
    _line_up(connection, kinds, orders, now, now)
    if len(customers) == AT_ONCE:
        _go_on(connection, enrollment, customers[-1].pk, at)
    transaction.on_commit(lambda: bell.ring([connection.pk]))
    return len(customers)


def _orders_of(case: Case) -> Iterable[Orders]:
    """The orders that are held for a case, or were found odd, with their customers: some at a time."""
    about = Q(commissions__fraud_holds__case=case) | Q(signals__case=case, signals__action__in=HOLDING)
    rows = Conversion.objects.filter(about, customer__isnull=False).order_by("customer").distinct()
    found: dict[int, list[int]] = defaultdict(list)
    for customer, order in rows.values_list("customer", "order"):
        if len(found) == AT_ONCE and customer not in found:
            yield found
            found = defaultdict(list)
        found[customer].append(order)
    if found:
        yield found


def _line_up(
    connection: Connection, kinds: frozenset[str], orders: Orders, occurred_at: datetime, now: datetime
) -> int:
    """Line up the records that the far side has of them; nobody is made there because of a verdict."""
    pairs = [
        pair
        for customer, numbers in orders.items()
        for pair in wanted(connection, customer, numbers)
        if pair[0] in kinds
    ]
    keys = {about.removeprefix(DEAL) for _kind, about in pairs}
    rows = RemoteRecord.objects.filter(connection=connection, local_key__in=keys)
    known = set(rows.values_list("kind", "local_key"))
    return line_up(
        connection,
        [(kind, about) for kind, about in pairs if (kind, about.removeprefix(DEAL)) in known],
        occurred_at,
        now,
    )


def _go_on(connection: Connection, enrollment: int, after: int, at: datetime | None) -> None:
    program = connection.program
    events.record(
        "connection.telling",
        connection,
        tenant=program.merchant_id,
        scope=program.pk,
        at=at,
        data={"after": after, "enrollment": enrollment},
    )
