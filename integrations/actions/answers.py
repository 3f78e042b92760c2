"""What a store did not say by itself: asked for, now or again later. The network is never inside a transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from commissions.actions import take_refund_lines
from core.jobs import Failure, Permanent
from integrations.actions.connections import connector_of, note_trouble, store_of
from integrations.actions.hours import asking
from integrations.actions.inbound import settle
from integrations.connectors.base import Unreadable
from integrations.models import Connection, Inbound
from integrations.states import ConnectionState, InboundState
from tracking.models import Refund
from tracking.orders import RefundLineIn

ASK_AGAIN_AFTER = timedelta(minutes=5)
ASK_AGAIN_LIMIT = 100


def ask_store(inbound: Inbound) -> Inbound:
    """Ask the store for the order of a parked message, and act on the answer. No transaction: the network is slow.

    Raises Temporary or Misconfigured, and shows them on the message and the connection.
    """
    row: Inbound = Inbound.objects.select_related("connection__program").get(pk=inbound.pk)
    store, connector = store_of(row.connection), connector_of(row.connection)
    if row.state != InboundState.PARKED or not row.subject or not connector.has_keys(store):
        return row
    try:
        with asking(row.connection):
            order = connector.fetch_order(store, row.subject)
    except (Unreadable, Permanent) as trouble:
        return settle(row, None, trouble=str(trouble))
    except Failure as failure:
        note_trouble(row.connection, str(failure))
        Inbound.objects.filter(pk=row.pk, state=InboundState.PARKED).update(note=str(failure)[:500])
        raise
    note_trouble(row.connection, "")
    return settle(row, order)


def ask_for_refund_lines(refund: Refund) -> bool:
    """Ask the store which lines a refund was for, if it can be asked; say whether it answered. No transaction."""
    connection = Connection.objects.filter(program=refund.program_id, source=refund.source).first()
    if connection is None or refund.order is None or refund.is_withdrawn or not refund.is_estimated:
        return False
    store, connector = store_of(connection), connector_of(connection)
    if not connector.has_keys(store):
        return False
    try:
        with asking(connection):
            lines = connector.fetch_refund_lines(
                store, refund.order_external_id, refund.external_id, refund.order.currency
            )
    except Failure as failure:
        note_trouble(connection, str(failure))
        raise
    note_trouble(connection, "")
    take_refund_lines(refund, _extras(refund) if lines == () else lines)
    return True


def _extras(refund: Refund) -> tuple[RefundLineIn, ...] | None:
    """Of a refund of shipping or fees alone no line went back, unless the program pays on shipping."""
    lines = refund.order.as_value().lines if refund.order else ()
    if refund.program.includes_shipping or not lines:
        return None
    return (RefundLineIn(lines[0].external_id, 0, 0),)


def ask_again(*, at: datetime | None = None) -> int:
    """Ask again about parked messages and estimated refunds older than five minutes; return how many answered.

    At most a hundred of each connection in a turn; a connection that fails is left alone until the next.
    """
    before = (at or timezone.now()) - ASK_AGAIN_AFTER
    connections = Connection.objects.filter(state=ConnectionState.ACTIVE).select_related("program")
    able = [each for each in connections if connector_of(each).has_keys(store_of(each))]
    return sum(_ask_again_of(connection, before) for connection in able)


def _ask_again_of(connection: Connection, before: datetime) -> int:
    parked = connection.inbounds.filter(state=InboundState.PARKED, received_at__lt=before).exclude(subject="")
    estimated = Refund.objects.in_force().filter(
        program=connection.program,
        source=connection.source,
        order__isnull=False,
        lines__isnull=True,
        is_final=False,
        created_at__lt=before,
    )
    asks: list[Callable[[], object]] = [
        partial(ask_store, row) for row in parked.order_by("id")[:ASK_AGAIN_LIMIT]
    ]
    # in any order: refunds that the store never answers for must not stand in the way of the others
    asks += [partial(ask_for_refund_lines, row) for row in estimated.order_by("?")[:ASK_AGAIN_LIMIT]]
    settled = 0
    for ask in asks:
        try:
            ask()
        except Permanent:
            continue
        except Failure:
            break
        settled += 1
    return settled
