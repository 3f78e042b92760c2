"""The orders that changed in a period, from wc/v3; what lies in the trash is not listed.

Page numbers shift while orders change, so the next page begins at the second in which the last one ended, and only
within one second (a bulk edit) pages are counted: wc/v3 sorts by change, then by number.
"""

from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from core import http
from core.jobs import Permanent
from integrations.connectors.base import OrderPage, Store
from integrations.connectors.pages import PAGE_BYTES, SECOND, next_second, read_each, read_page, whole_second
from integrations.connectors.woocommerce.api import call
from integrations.connectors.woocommerce.parse import order_in

PAGE = 50


def list_orders(store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
    """Return the next page of orders changed in [since, until), oldest change first; raises what `call` raises.

    `cursor` is "second|page|total": the second from which on is asked, and, while that second fills whole pages, the
    page and how many there were; if that number changes, the second is read anew.
    """
    begin, page, total = _place(cursor) if cursor else (whole_second(since), 1, None)
    answer = _ask(store, begin, until, page, PAGE)
    rows = read_page(answer.body)
    if not isinstance(rows, list):
        raise Permanent(_("The store answers with something else than a list of orders."))
    orders, refused = read_each(rows, "id", lambda row: order_in(row, store.source))
    count = _total(answer)
    if page > 1 and count != total:
        following: str | None = _cursor(begin, 1, None)
    elif len(rows) < PAGE:
        following = None
    else:
        last = max((order.revision_at for order in orders), default=begin)
        following = _cursor(last, 1, None) if last > begin else _cursor(begin, page + 1, count)
    return OrderPage(orders, following, refused, count if cursor is None else None)


def count_orders(store: Store, since: datetime, until: datetime) -> int | None:
    """Return how many orders changed in [since, until), or None if the store does not say."""
    return _total(_ask(store, whole_second(since), until, 1, 1))


def _ask(store: Store, begin: datetime, until: datetime, page: int, size: int) -> http.Answer:
    """Both ends are exclusive at the store, and it knows whole seconds only."""
    query = {
        "modified_after": _text(begin - SECOND),
        "modified_before": _text(next_second(until)),
        "dates_are_gmt": "true",
        "status": "any",
        "orderby": "modified",
        "order": "asc",
        "per_page": size,
        "page": page,
    }
    return call(store, "GET", f"orders?{urlencode(query)}", max_bytes=PAGE_BYTES)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _cursor(begin: datetime, page: int, total: int | None) -> str:
    return f"{begin.isoformat()}|{page}|{'' if total is None else total}"


def _place(cursor: str) -> tuple[datetime, int, int | None]:
    begin, page, total = cursor.split("|")
    return datetime.fromisoformat(begin), int(page), int(total) if total else None


def _total(answer: http.Answer) -> int | None:
    text = answer.headers.get("x-wp-total", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
