"""Orders that a store listed long ago, as in a prepared file, and has deleted since: nobody here would hear of it."""

from dataclasses import replace

from core.jobs import Permanent
from integrations.actions.connections import connector_of, store_of
from integrations.actions.hours import asking
from integrations.connectors.base import OrderPage, Unreadable
from integrations.models import Connection
from integrations.states import InboundState
from tracking.models import Order


def without_deleted(connection: Connection, page: OrderPage) -> OrderPage:
    """Return a page of a store that looked long ago, without those of its unknown orders that are deleted by now.

    The news of a deletion is ignored where the order was never here; so whichever the store has told of since, and
    nothing came of it, is asked about once more. Calls out: no transaction; raises Temporary and Misconfigured.
    """
    doubtful = _doubtful(connection, page)
    if not doubtful:
        return page
    connector, store = connector_of(connection), store_of(connection)
    orders, refused = [], list(page.refused)
    for order in page.orders:
        if order.external_id not in doubtful:
            orders.append(order)
            continue
        try:
            with asking(connection):
                now = connector.fetch_order(store, order.external_id)
        except (Unreadable, Permanent) as trouble:
            refused.append((order.external_id, str(trouble)[:300]))
        else:
            orders += [now] if now else []
    return replace(page, orders=tuple(orders), refused=tuple(refused))


def _doubtful(connection: Connection, page: OrderPage) -> set[str]:
    if page.as_of is None:
        return set()
    numbers = [order.external_id for order in page.orders]
    told = connection.inbounds.filter(
        state=InboundState.IGNORED, subject__in=numbers, received_at__gt=page.as_of
    )
    found = set(told.values_list("subject", flat=True))
    known = Order.objects.filter(
        program=connection.program_id, source=connection.source, external_id__in=found
    )
    return found - set(known.values_list("external_id", flat=True))
