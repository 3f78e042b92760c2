"""What systems say of orders and buyers reaches fraud review: by messages, lists of orders, and facts of customers.

A word may come before its order, as the assessment of a risk does: it is heard once the order is here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fraud.actions.testimonies import testify
from fraud.states import TestimonyKind
from integrations.actions.connections import connector_of, store_of
from integrations.connectors.base import Said, Unreadable
from integrations.mapping import Unfit
from integrations.mapping.numbers import YES
from integrations.mapping.plain import is_empty, text_of
from integrations.models import Connection, Inbound
from tracking.models import Conversion, Customer, Order

MOST_EARLIER = 20  # messages about one order that came before it
# facts of a customer that are testimonies; of two of a kind the second is told apart by its name
OF_CUSTOMERS: dict[str, tuple[TestimonyKind, str]] = {
    "crm.lead_status": (TestimonyKind.STATUS, ""),
    "crm.lifecycle": (TestimonyKind.STATUS, "lifecycle"),
    "crm.segment": (TestimonyKind.STATUS, "segment"),
    "crm.blocked": (TestimonyKind.BLOCKED, ""),
}


def vendor_of(connection: Connection) -> str:
    """Return who testifies: the vendor, or what orders call the connection where it is of no vendor."""
    name = connector_of(connection).NAME
    return name if isinstance(name, str) else str(connection.source)


def hear(
    connection: Connection, said: Iterable[Said], order: Order | None = None, *, at: datetime
) -> list[str]:
    """Keep what a system says; return the numbers of orders that are not known yet. In a transaction.

    `order` is the one that the message led to, `at` when it came.
    """
    unknown = []
    for one in said:
        if one.customer:
            _of_customer(connection, one, at)
            continue
        about = (
            order if order is not None and one.order in ("", order.external_id) else _order(connection, one)
        )
        if about is None:
            unknown += [one.order] if one.order else []
            continue
        conversion = Conversion.objects.filter(order=about).first()
        if conversion is not None:
            _testify(connection, one, at, conversion=conversion)
    return list(dict.fromkeys(unknown))


def hear_earlier(connection: Connection, order: Order) -> int:
    """Hear what was said of an order before it came; return how many messages did. In a transaction."""
    topics = getattr(connector_of(connection), "TESTIFIES", ())
    if not topics:
        return 0
    rows = Inbound.objects.filter(connection=connection, subject=order.external_id, topic__in=topics)
    found = list(rows.select_related("connection__program").order_by("pk")[:MOST_EARLIER])
    for row in found:
        hear(connection, said_in(row), order, at=row.received_at)
    return len(found)


def said_in(inbound: Inbound) -> Sequence[Said]:
    """Return what a message testifies, read anew; nothing of one that cannot be read."""
    connection = inbound.connection
    try:
        reading = connector_of(connection).read(
            store_of(connection), inbound.topic, bytes(inbound.body), inbound.headers
        )
    except Unreadable:
        return ()
    return reading.said


def hear_facts(
    connection: Connection, customer: Customer, moved: Mapping[str, Sequence[Any]], at: datetime
) -> None:
    """Keep what a CRM says of a customer now, of the facts that moved: name -> [before, after]. In a transaction."""
    vendor = vendor_of(connection)
    for name, (kind, which) in OF_CUSTOMERS.items():
        if name in moved:
            word = _plain(moved[name][-1])
            if kind == TestimonyKind.BLOCKED:
                word = "yes" if word.casefold() in YES else ""
            by = f"{vendor} ({which})" if which else vendor
            testify(connection.program, kind, word, by=by, customer=customer, at=at)


def _plain(value: Any) -> str:
    if is_empty(value):
        return ""
    if isinstance(value, list):
        return ", ".join(text for one in value if (text := _plain(one)))
    try:
        return text_of(value).strip()
    except Unfit:
        return ""


def _order(connection: Connection, one: Said) -> Order | None:
    if not one.order:
        return None
    rows = Order.objects.filter(program=connection.program_id, source=connection.source)
    found: Order | None = rows.filter(external_id=one.order).first()
    return found


def _of_customer(connection: Connection, one: Said, at: datetime) -> None:
    """Of a buyer who is not known here, there is nothing to say."""
    rows = Customer.objects.filter(program=connection.program_id, source=connection.source)
    customer = rows.filter(external_id=one.customer).first()
    if customer is not None:
        _testify(connection, one, at, customer=customer)


def _testify(connection: Connection, one: Said, at: datetime, **about: Any) -> None:
    by = one.by or vendor_of(connection)
    testify(connection.program, TestimonyKind(one.kind), one.word, by=by, at=min(one.at or at, at), **about)
