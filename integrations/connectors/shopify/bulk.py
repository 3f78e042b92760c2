"""Long periods with many orders: Shopify prepares them as a file (a bulk operation), which is taken in page by page.

The cursor keeps the operation and how far its file is read, so that a worker that dies, a pause or another machine
changes nothing. Whatever goes wrong with the file, the orders are listed by pages from where it was left.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors.base import OrderPage, Preparing, Said, Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.shopify import bulk_documents, documents
from integrations.connectors.shopify.api import ask, plain_answers
from integrations.connectors.shopify.bulk_file import Broken, Kept, Scratch, forget, forget_old, scratch_of
from integrations.connectors.shopify.graph import gid_of, nodes_of, number_of, one_of
from integrations.connectors.shopify.listing import count_orders, list_page, period_of, read_node
from integrations.connectors.shopify.risks import risks_of
from tracking.orders import OrderIn

log = logging.getLogger(__name__)

LONG = timedelta(days=3)
MANY = 1000  # orders, from which a file is quicker than pages
PAGE, MOST_ASKED = (
    50,
    10,
)  # orders of a step, and questions after which it ends: refunds, and orders with many lines
FULL = 100  # lines of an order, from which Shopify has been seen to leave the others out of a file
PIECE, SECONDS = 4_000_000, 40.0
WAIT, WAIT_FOR_OTHERS = 20.0, 60.0
PATIENCE = timedelta(hours=12)
MOST_ORPHANS = 200
BUSY = {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}
BULK, FROM = "bulk", "from"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file is read: its operation's number, bytes taken in, last change and number of the last order.

    The bytes are those that all machines took in together, so that each step has a place of its own.
    """

    operation: str
    taken: int = 0
    at: str = ""
    number: int = 0

    def as_text(self) -> str:
        """Return the mark as a cursor."""
        return f"{BULK}|{self.operation}|{self.taken}|{self.at}|{self.number}"


def list_orders(store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
    """Return the next orders changed in [since, until), oldest change first, without test orders.

    Raises Preparing while Shopify prepares a file, and what `list_page` raises.
    """
    if cursor is None:
        forget_old()
    kind, _bar, rest = (cursor or "").partition("|")
    if kind == BULK:
        operation, taken, at, number = rest.split("|")
        return _read_on(store, since, until, Mark(operation, int(taken), at, int(number)))
    if kind == FROM:
        at, _bar, after = rest.partition("|")
        return _by_pages(store, since, until, at, after)
    if cursor is None and until - since > LONG:
        return _begin(store, since, until)
    return list_page(store, since, until, cursor)


def _begin(store: Store, since: datetime, until: datetime) -> OrderPage:
    """Have a file prepared if there are many orders, else return the first page of them."""
    count = count_orders(store, since, until)
    if count is not None and count <= MANY:
        return list_page(store, since, until, None)
    try:
        operation = _run(store, bulk_documents.orders_in(period_of(since, until)))
    except (Broken, Permanent, Misconfigured) as trouble:  # what is wrong with the keys, a page says as well
        log.warning("Shopify prepares no file of orders, so they are listed by pages: %s", trouble)
        return list_page(store, since, until, None)
    return OrderPage((), Mark(operation).as_text(), total=count)


@plain_answers()
def _run(store: Store, query: str) -> str:
    """Return the number of the operation that prepares a query: one of a worker that died meanwhile, or a new one."""
    for row in nodes_of(ask(store, bulk_documents.RECENT), "bulkOperations"):
        if row.text("status", 20) in ("CREATED", "RUNNING") and row.values.get("query") == query:
            return number_of(row.text("id"))
    made = ask(store, bulk_documents.RUN, query=query).part("bulkOperationRunQuery")
    wrongs = made.rows("userErrors")
    if {row.text("code", 60) for row in wrongs} & BUSY:
        raise Preparing(_("Shopify is preparing other lists for this app; ours is next."), WAIT_FOR_OTHERS)
    number = number_of(made.part("bulkOperation").text("id"))
    if not number:
        raise Broken(" ".join(row.text("message") for row in wrongs) or "no operation was made")
    return number


def _read_on(store: Store, since: datetime, until: datetime, mark: Mark) -> OrderPage:
    """Take in the next piece of the file, or return its next orders once it is whole."""
    try:
        with scratch_of(store.base_url, mark.operation) as scratch:
            if not scratch.is_whole:
                return _fetch(store, scratch, mark)
            return _page(store, scratch, mark)
    except (Broken, Permanent) as trouble:
        log.warning("A file of Shopify is given up, and its orders listed by pages: %s", trouble)
        forget(store.base_url, mark.operation)
        return _by_pages(store, since, until, mark.at, "")


def _by_pages(store: Store, since: datetime, until: datetime, at: str, after: str) -> OrderPage:
    """Return a page of what changed since the last order that the file told."""
    page = list_page(store, datetime.fromisoformat(at) if at else since, until, after or None)
    return replace(page, cursor=f"{FROM}|{at}|{page.cursor}") if page.cursor else page


# --- the file ----------------------------------------------------------------------------------------------
@plain_answers()
def _fetch(store: Store, scratch: Scratch, mark: Mark) -> OrderPage:
    """Take in a piece; the page is empty, and its cursor says how much of the file is here."""
    asked = ask(store, bulk_documents.STATE, id=gid_of("BulkOperation", mark.operation))
    state = one_of(asked, "bulkOperation")
    if state is None:
        raise Broken("the operation is gone")
    begun = state.time("createdAt") or timezone.now()
    _demand_done(state, begun)
    url = state.text("url", 4000)
    if not url:
        if state.number("objectCount"):
            raise Broken("the file has no address")
        return OrderPage(())
    try:
        piece, total = _piece(url, scratch.taken)
    except Temporary:
        scratch.fail()
        raise
    if (size := state.text("fileSize", 20)) and size != str(
        total
    ):  # one without a length may be cut at a line's end
        raise Broken(f"the file has {total} bytes instead of {size}")
    before = scratch.taken
    scratch.take(before, piece, total, min(begun, timezone.now()))
    return OrderPage((), replace(mark, taken=mark.taken + scratch.taken - before).as_text())


def _demand_done(state: Fields, begun: datetime) -> None:
    """Raise Preparing while Shopify is at it, and Broken where nothing will come of it."""
    status = state.text("status", 20)
    if status in ("CREATED", "RUNNING"):
        if timezone.now() - begun > PATIENCE:
            raise Broken("Shopify takes too long")
        words = {"count": state.text("objectCount", 20) or "0"}
        raise Preparing(_("Shopify is preparing the list: %(count)s rows so far.") % words, WAIT)
    if status != "COMPLETED":
        raise Broken(f"{status} {state.text('errorCode', 60)}")


def _piece(url: str, place: int) -> tuple[bytes, int]:
    """Return the bytes of the file from a place on, at most PIECE, and how many it has; raises Temporary and Broken.

    The address is signed by itself: our keys are not sent there.
    """
    asked = {"Range": f"bytes={place}-{place + PIECE - 1}"}
    try:
        answer = http.request("GET", url, headers=asked, max_bytes=PIECE, deadline=SECONDS)
    except (http.UnsafeURL, http.TooLarge, ValueError) as trouble:
        raise Broken(f"its address cannot be read: {trouble}") from trouble
    if answer.status in (408, 429) or answer.status >= 500:
        raise Temporary(
            _("Shopify's file cannot be had just now (%(status)s).") % {"status": answer.status}, WAIT
        )
    if answer.status == 200 and place == 0:
        return answer.body, len(answer.body)
    told, _slash, total = answer.headers.get("content-range", "").partition("/")
    end = place + len(answer.body) - 1
    if answer.status != 206 or told != f"bytes {place}-{end}" or not (total.isascii() and total.isdigit()):
        raise Broken(f"its address answers {answer.status} {told}")
    return answer.body, int(total)


# --- its orders --------------------------------------------------------------------------------------------
def _page(store: Store, scratch: Scratch, mark: Mark) -> OrderPage:
    """Return the next orders of a whole file; behind the last one, those of which it has lines alone."""
    orders: list[OrderIn] = []
    refused: list[tuple[str, str]] = []
    said: list[Said] = []
    rows = scratch.orders(mark.at, mark.number, PAGE + 1)
    asked = 0
    for count, row in enumerate(rows):
        if count == PAGE or asked >= MOST_ASKED:
            return OrderPage(
                tuple(orders), mark.as_text(), tuple(refused), as_of=scratch.as_of, said=tuple(said)
            )
        mark = replace(mark, at=row.at, number=row.number)
        try:
            node, questions = _node(store, row)
            asked += questions
            order = read_node(store, node) if node else None
        except (Unreadable, Permanent) as trouble:  # of what was asked besides for this one order
            refused.append((str(row.number), str(trouble)[:300]))
        else:
            orders += [order] if order else []
            said += risks_of(node) if node and order else ()
    sentence = _("Shopify's list has lines of this order, but not the order itself.")
    refused += [(number, sentence) for number in scratch.orphans(MOST_ORPHANS)]
    forget(store.base_url, mark.operation)
    return OrderPage(tuple(orders), None, tuple(refused), as_of=scratch.as_of, said=tuple(said))


def _node(store: Store, row: Kept) -> tuple[Fields | None, int]:
    """Return an order as a page tells it, None if it is deleted, and how many questions all of it takes.

    One with very many lines is asked for by itself, and so is one of which the file has a line twice.
    """
    node = read_object(row.body)
    children = [read_object(body) for body in row.children]
    lines = [child for child in children if "currentQuantity" in child]
    questions = 0
    if len(lines) >= FULL or len({str(line.get("id")) for line in lines}) < len(lines):
        questions = 1 + len(lines) // documents.LINES_ASKED
        gid = gid_of("Order", str(row.number))
        order = one_of(ask(store, documents.ORDER, id=gid, lines=documents.LINES_ASKED), "order")
    else:
        node["lineItems"] = {"pageInfo": {"hasNextPage": False}, "nodes": lines}
        node["shippingLines"] = {"nodes": [child for child in children if "originalPriceSet" in child]}
        order = Fields(node)
    return order, questions + (len(order.rows("refunds")) if order else 0)
