"""Orders of a period with their credit memos, and one order as it is now.

Page numbers shift while orders change, and older versions repeat their last page for ever: so the next page begins at
the second in which the last one ended, and inside one second at the number behind the last. `total_count` ends it.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Permanent
from integrations.connectors.base import OrderPage, Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.magento.api import Filter, search
from integrations.connectors.magento.disputes import disputes_in
from integrations.connectors.magento.parse import Amounts, currency_of, order_in, parents_of, refund_lines
from integrations.connectors.pages import SECOND, next_second, read_each, whole_second
from tracking.orders import OrderIn, RefundLineIn

PAGE = 50
MEMOS = 100  # a page of credit memos
MEMO_PAGES = 20
NOTHING = (None, 0, "0", "0.0", "0.0000")
BY_CHANGE = ("updated_at", "entity_id")


def list_orders(store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
    """Return the next page of orders changed in [since, until), oldest change first; raises what `search` raises.

    `cursor` is "second|number": the second from which on is asked, and, while that second fills whole pages, the
    number behind which is asked within it.
    """
    begin, behind = _place(cursor) if cursor else (whole_second(since), 0)
    if behind:
        filters = [("updated_at", "eq", _text(begin)), ("entity_id", "gt", str(behind))]
    else:
        filters = [("updated_at", "gteq", _text(begin)), ("updated_at", "lt", _text(next_second(until)))]
    rows, total = search(store, "orders", filters, sort=BY_CHANGE, size=PAGE)
    orders, refused = _read(store, rows)
    following = None
    if total > len(rows) and rows:
        following = _behind(rows, begin)
    elif behind and begin + SECOND < until:
        following = f"{(begin + SECOND).isoformat()}|0"
    taken = {order.external_id for order in orders}
    told = [_fields(row) for row in rows if str(_number(row, "entity_id")) in taken]
    return OrderPage(orders, following, refused, total if cursor is None else None, said=disputes_in(told))


def _behind(rows: list[Any], begin: datetime) -> str:
    """Return the place behind the last row, whether or not it could be read as an order."""
    last = max([begin, *(moment for row in rows if (moment := _changed(row)) is not None)])
    if last > begin:
        return f"{last.isoformat()}|0"
    return f"{begin.isoformat()}|{max(_number(row, 'entity_id') for row in rows)}"


def _changed(row: Any) -> datetime | None:
    """Return when a row was last changed; None for one that does not say."""
    try:
        return Fields({"at": row.get("updated_at")}).time("at") if isinstance(row, dict) else None
    except (Unreadable, ValueError):
        return None


def count_orders(store: Store, since: datetime, until: datetime) -> int | None:
    """Return how many orders changed in [since, until)."""
    begin, end = _text(whole_second(since)), _text(next_second(until))
    return search(store, "orders", [("updated_at", "gteq", begin), ("updated_at", "lt", end)], size=1)[1]


def fetch_order(store: Store, order: str) -> OrderIn | None:
    """Return the order as it is now; None when the store has it no more. Raises what `search` does, and Unreadable.

    It is searched for: an empty list says that there is none, while a 404 may be anybody's.
    """
    if not _is_number(order):
        raise Unreadable(_("“%(order)s” is not an order number of Magento.") % {"order": order[:60]})
    rows, total = search(store, "orders", [("entity_id", "eq", order)], size=1)
    if total == 0:
        return None
    orders, refused = _read(store, rows[:1])
    if refused:
        raise Unreadable(refused[0][1])
    if not orders or orders[0].external_id != order:
        raise Unreadable(_("The store answers for another order than %(order)s.") % {"order": order})
    return orders[0]


def fetch_refund_lines(
    store: Store, order: str, refund: str, currency: str
) -> tuple[RefundLineIn, ...] | None:
    """Return a credit memo's lines, net; () if only shipping or fees went back, None if there is no such memo."""
    if not _is_number(refund):
        return None
    rows, total = search(store, "creditmemos", [("entity_id", "eq", refund)], size=1)
    if not total or not rows:
        return None
    memo = _fields(rows[0])
    _chosen, is_base = currency_of(memo, store)
    return refund_lines(memo, Amounts(memo, currency, is_base=is_base), _parents(store, order, memo))


def _parents(store: Store, order: str, memo: Fields) -> dict[str, str]:
    """Return which items are parts of which: a credit memo does not say it, its order does."""
    if not memo.rows("items") or not _is_number(order):
        return {}
    rows, _total = search(store, "orders", [("entity_id", "eq", order)], size=1)
    return parents_of(_fields(rows[0])) if rows else {}


def _read(store: Store, rows: list[Any]) -> tuple[tuple[OrderIn, ...], tuple[tuple[str, str], ...]]:
    memos = _memos(store, [_number(row, "entity_id") for row in rows if _may_have_memos(row)])

    def read(order: Fields) -> OrderIn:
        return order_in(order, [_fields(row) for row in memos.get(order.number("entity_id"), [])], store)

    return read_each(rows, "entity_id", read)


def _may_have_memos(row: Any) -> bool:
    """Most orders never see a credit memo: the store sums them up in the order itself."""
    if not isinstance(row, dict) or not _number(row, "entity_id"):
        return False
    return any(row.get(name) not in NOTHING for name in ("total_refunded", "base_total_refunded"))


def _memos(store: Store, numbers: Iterable[int]) -> dict[int, list[Any]]:
    """Return the credit memos of some orders, by the order's number; raises Permanent for more than can be."""
    wanted = sorted(set(numbers))
    found: dict[int, list[Any]] = {number: [] for number in wanted}
    behind, of = 0, ",".join(map(str, wanted))
    for _page in range(MEMO_PAGES if wanted else 0):
        filters: list[Filter] = [("order_id", "in", of), ("entity_id", "gt", str(behind))]
        rows, total = search(store, "creditmemos", filters, sort=("entity_id",), size=MEMOS)
        for row in rows:
            found.get(_number(row, "order_id"), []).append(row)
        highest = max((_number(row, "entity_id") for row in rows), default=behind)
        if total <= len(rows):
            return found
        if highest <= behind:
            break
        behind = highest
    if wanted:
        raise Permanent(_("The store repeats its list of credit memos without end."))
    return found


def _number(row: Any, name: str) -> int:
    """Return a number of a row, 0 for none."""
    value = row.get(name) if isinstance(row, dict) else None
    return int(value) if isinstance(value, str | int) and _is_number(str(value)) else 0


def _fields(row: Any) -> Fields:
    return Fields(read_object(json.dumps(row).encode()))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _place(cursor: str) -> tuple[datetime, int]:
    begin, behind = cursor.split("|")
    return datetime.fromisoformat(begin), int(behind)
