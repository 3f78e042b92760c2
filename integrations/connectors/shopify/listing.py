"""Orders asked of the shop: one, or those that changed in a period; with all their lines and refunds."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from core.jobs import Permanent
from integrations.connectors.base import OrderPage, Said, Store, Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.pages import next_second, whole_second
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import ask, plain_answers
from integrations.connectors.shopify.graph import (
    Plain,
    gid_of,
    head_of,
    nodes_of,
    one_of,
    order_of,
    refund_of,
)
from integrations.connectors.shopify.order import is_trial, order_in
from integrations.connectors.shopify.refunds import refunds_of, terms_of
from integrations.connectors.shopify.risks import risks_of
from integrations.connectors.shopify.scopes import demand_sight
from tracking.orders import OrderIn, RefundLineIn

COUNTED = 25_000  # Shopify counts no further
LINE_PAGES = 100


def fetch_order(store: Store, order: str) -> OrderIn | None:
    """Return the order as it is now; None when the shop has deleted it, and for a test order, which never counts.

    Raises what `ask` and `demand_sight` raise, and Unreadable for an order that cannot be taken.
    """
    if not (order.isascii() and order.isdigit()):
        raise Unreadable(_("“%(order)s” is not an order number of Shopify.") % {"order": order[:60]})
    asked = ask(store, documents.ORDER, id=gid_of("Order", order), lines=documents.LINES_ASKED)
    node = one_of(asked, "order")
    if node is None:
        demand_sight(store)
        return None
    return read_node(store, node)


@plain_answers()
def fetch_refund_lines(
    store: Store, order: str, refund: str, currency: str
) -> tuple[RefundLineIn, ...] | None:
    """Return the refund's lines, net; None if it has none or is deleted, () if only shipping or duties went back."""
    if not refund.isdigit():
        return None
    node = one_of(ask(store, documents.REFUND, id=gid_of("Refund", refund)), "refund")
    if node is None:
        demand_sight(store)
        return None
    head = node.part("order")
    terms = terms_of(Fields(head_of(head)), head.text("currencyCode", 3))
    told = refunds_of(Fields(refund_of(node)), terms)
    if not told or (told[0].lines is None and told[0].final):
        return None
    return told[0].lines or ()


@plain_answers()
def count_orders(store: Store, since: datetime, until: datetime) -> int | None:
    """Return how many orders changed in [since, until); None where there are more than Shopify counts."""
    found = ask(store, documents.ORDERS_COUNT, query=period_of(since, until)).part("ordersCount")
    count = found.number("count")
    return count if found.text("precision") == "EXACT" and count <= COUNTED else None


@plain_answers()
def list_page(store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
    """Return the next few orders changed in [since, until), oldest change first, without test orders."""
    found = ask(
        store,
        documents.ORDERS,
        first=documents.PAGE,
        after=cursor,
        query=period_of(since, until),
        lines=documents.LINES_LISTED,
    )
    orders: list[OrderIn] = []
    refused: list[tuple[str, str]] = []
    said: list[Said] = []
    for node in nodes_of(found, "orders"):
        try:
            order = read_node(store, node)
        except (Unreadable, Permanent) as trouble:  # of what was asked besides for this one order
            refused.append((node.text("legacyResourceId", 60) or "?", str(trouble)[:300]))
        else:
            orders += [order] if order else []
            said += risks_of(node) if order else ()
    page = found.part("orders").part("pageInfo")
    after = page.text("endCursor", 2000) if page.values.get("hasNextPage") is True else ""
    return OrderPage(tuple(orders), after or None, tuple(refused), said=tuple(said))


def period_of(since: datetime, until: datetime) -> str:
    """Return the search for orders by their last change: Shopify knows whole seconds."""
    begin, end = (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for moment in (whole_second(since), next_second(until))
    )
    return f"updated_at:>='{begin}' AND updated_at:<'{end}'"


def read_node(store: Store, node: Fields) -> OrderIn | None:
    """Return an order of the API, after asking for what its answer had no room for; None for a test order.

    Raises Unreadable, and what `ask` raises.
    """
    return None if is_trial(node) else order_in(Fields(_whole(store, node)), store.source)


def _whole(store: Store, node: Fields) -> Plain:
    """Return an order in the shape of a webhook, after asking for what the first answer had no room for."""
    gid = gid_of("Order", str(node.number("legacyResourceId")))
    refunds = [_refund(store, row.text("id")) for row in node.rows("refunds")]
    return order_of(node, _lines(store, gid, node), refunds)


def _lines(store: Store, gid: str, node: Fields) -> list[Fields]:
    lines, page = nodes_of(node, "lineItems"), node.part("lineItems").part("pageInfo")
    for _page in range(LINE_PAGES):
        if page.values.get("hasNextPage") is not True:
            return lines
        after = page.text("endCursor", 2000)
        more = ask(store, documents.LINES, id=gid, lines=documents.LINES_ASKED, after=after).part("order")
        found = nodes_of(more, "lineItems")
        if not found:
            raise Unreadable(_("The order's lines cannot be read to their end."))
        lines, page = lines + found, more.part("lineItems").part("pageInfo")
    raise Permanent(_("The shop repeats the lines of an order without end."))


def _refund(store: Store, gid: str) -> Plain:
    node = one_of(ask(store, documents.REFUND, id=gid), "refund")
    if node is None:
        raise Unreadable(_("A refund of the order cannot be read."))
    return refund_of(node)
