"""The orders of a period, for reconciling and for backfills.

Stripe keeps its events for 30 days: they tell of everything that changed, refunds of old orders too. For an older
period what was made in it is listed as well: paid invoices and finished checkouts; of what changed in it later Stripe
keeps no list. Each order is asked about anew.

Stripe lists the newest first and we want the oldest first, so a period is read in windows, each so narrow that one page
of every list holds it.
"""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from integrations.connectors.base import OrderPage, Store, Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.stripe_billing.api import Pairs, Talk
from integrations.connectors.stripe_billing.asking import fetch_order
from integrations.connectors.stripe_billing.fields import id_of
from integrations.connectors.stripe_billing.reading import EVENTS, asks_about
from tracking.orders import OrderIn

EVENTS_ARE_KEPT = timedelta(days=29)
PER_PAGE = 40
SLACK = timedelta(minutes=1)  # between a change and the event of it
LISTS: dict[str, tuple[tuple[str, ...], Pairs]] = {
    "events": (("events",), tuple(("types[]", kind) for kind in EVENTS)),
    "invoices": (("invoices",), (("status", "paid"),)),
    "sessions": (("checkout", "sessions"), (("status", "complete"),)),
}


def list_orders(store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
    """Return the next page of orders that were made or changed in [since, until), oldest first; raises a Failure.

    Where events tell of all changes, an order that changed again later in the period is left to that page. A cursor is
    where the next window begins and how wide it may be, in seconds.
    """
    end = int(until.timestamp())
    begin, width = map(int, cursor.split(":")) if cursor else (int(since.timestamp()), end)
    has_events = timezone.now() - since < EVENTS_ARE_KEPT
    numbers, to = _window(
        Talk(store), ["events"] if has_events else list(LISTS), begin, min(begin + width, end)
    )
    orders, refused = _asked(store, numbers)
    left = datetime.fromtimestamp(to, UTC) + SLACK
    told = [order for order in orders if not (has_events and left <= order.revision_at < until)]
    told.sort(key=lambda order: (order.revision_at, order.external_id))
    following = f"{to}:{2 * (to - begin)}" if to < end else None
    return OrderPage(tuple(told), following, tuple(refused))


def count_orders(store: Store, since: datetime, until: datetime) -> int | None:
    """Return None: Stripe does not count."""
    return None


def _asked(store: Store, numbers: list[str]) -> tuple[list[OrderIn], list[tuple[str, str]]]:
    """Return the orders, each once however many numbers lead to it, and the numbers of those that cannot be read."""
    orders: dict[str, OrderIn] = {}
    refused = []
    for number in numbers:
        try:
            order = fetch_order(store, number)
        except Unreadable as trouble:
            refused.append((number, str(trouble)))
            continue
        if order is not None:
            orders[order.external_id] = order
    return list(orders.values()), refused


def _window(talk: Talk, lists: list[str], begin: int, end: int) -> tuple[list[str], int]:
    """Return what is named from `begin` on, and the second up to which that is all; at most up to `end`."""
    while end - begin > 1:
        pages = [_page(talk, which, begin, end) for which in lists]
        if not any(has_more for _rows, has_more in pages):
            return _numbers(lists, [rows for rows, _more in pages]), end
        end = begin + (end - begin) // 2
    return _numbers(lists, [_all(talk, which, begin, end) for which in lists]), end


def _all(talk: Talk, which: str, begin: int, end: int) -> list[Fields]:
    """Return all rows of a second, however many they are."""
    rows, has_more = _page(talk, which, begin, end)
    while has_more and rows:
        more, has_more = _page(talk, which, begin, end, rows[-1].text("id", 120))
        rows += more
    return rows


def _page(talk: Talk, which: str, begin: int, end: int, after: str = "") -> tuple[list[Fields], bool]:
    path, only = LISTS[which]
    period = (("created[gte]", str(begin)), ("created[lt]", str(end)), ("limit", str(PER_PAGE)))
    answer = talk.get(*path, params=(*only, *period, *([("starting_after", after)] if after else [])))
    return answer.rows("data"), bool(answer.values.get("has_more"))


def _numbers(lists: list[str], pages: list[list[Fields]]) -> list[str]:
    """Return what to ask about, each once."""
    named = [_number(which, row) for which, rows in zip(lists, pages, strict=True) for row in rows]
    return list(dict.fromkeys(filter(None, named)))


def _number(which: str, row: Fields) -> str:
    """Return what a row leads to; a checkout that has an invoice is asked about as that."""
    if which == "events":
        return asks_about(row.text("type", 60), row.part("data").part("object"))[0]
    return (id_of(row, "invoice") if which == "sessions" else "") or row.text("id", 120)
