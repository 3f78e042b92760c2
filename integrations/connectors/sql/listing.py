"""Orders of a period by a person's query, in pages that go on behind the last row; the query stands inside ours.

A page begins behind the last change and number that were read, so that rows which change meanwhile are neither lost nor
met without end. All values are bound, none is written into a statement.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from sqlalchemy import String, and_, bindparam, cast, column, func, literal_column, or_, select, text
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement, TextClause

from core.jobs import Misconfigured
from integrations.connectors.base import OrderPage, Reading, Store, Unreadable
from integrations.connectors.inbox.body import record_of
from integrations.connectors.rows import ORDER, REFUND, reading_of, sheet_for, sheets_of, values_of
from integrations.connectors.rows.reading import Sheets
from integrations.connectors.sql.cells import packed, plain, record, unpacked
from integrations.connectors.sql.choices import SECONDS, TEXT, TEXT_T
from integrations.connectors.sql.engine import opened
from integrations.connectors.sql.pieces import Record, fetch_rows
from integrations.connectors.sql.query import TIMES, BadQuery, check_query
from integrations.mapping import value_of
from integrations.mapping.refusals import Unfit
from tracking.orders import OrderIn, RefundIn, RefundLineIn

PAGE, FIRST = 200, 10
BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
FORMS = {TEXT: "%Y-%m-%d %H:%M:%S", TEXT_T: "%Y-%m-%dT%H:%M:%S"}
Refunds = dict[str, list[RefundIn | str]]


def has_keys(store: Store) -> bool:
    """Say whether the database can be asked: its address and a query are known."""
    return bool(store.keys.get("url") and store.options.get("query"))


def list_orders(store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
    """Return the next page of orders changed in [since, until), oldest change first; raises a Failure.

    `cursor` names the change and the number of the last row that was read.
    """
    sheets = _sheets(store)
    question = _question(store, since, until)
    if cursor:
        changed, number = (unpacked(one) for one in json.loads(cursor))
        question = question.where(
            or_(_changed(store) > changed, and_(_changed(store) == changed, _number(store) > number))
        )
    question = question.order_by(_changed(store), _number(store)).limit(PAGE)
    with opened(store) as connection:
        rows = fetch_rows(connection, question, _bound(store, since, until))
        refunds = _refunds(store, connection, sheets, rows)
    _demand_columns(store, rows)
    orders, refused = _read(store, sheets, rows, refunds, until)
    following = json.dumps(_place(store, rows[-1])) if len(rows) == PAGE else None
    return OrderPage(orders, following, refused + _strays(refunds))


def count_orders(store: Store, since: datetime, until: datetime) -> int | None:
    """Return how many orders changed in [since, until)."""
    inner = _question(store, since, until).subquery("counted")
    with opened(store) as connection:
        question = select(func.count().label("found")).select_from(inner)
        (row,) = fetch_rows(connection, question, _bound(store, since, until))
    return int(row["found"])


def fetch_order(store: Store, order: str) -> OrderIn | None:
    """Return the order as it is now; None when the query knows it no more."""
    until = datetime.now(UTC) + timedelta(days=1)
    question = (
        _question(store, BEGINNING, until)
        .where(cast(_number(store), String(200)) == bindparam("wanted"))
        .limit(2)
    )
    sheets = _sheets(store)
    with opened(store) as connection:
        bound = {**_bound(store, BEGINNING, until), "wanted": order}
        rows = fetch_rows(connection, question, bound)
        refunds = _refunds(store, connection, sheets, rows)
    _demand_columns(store, rows)
    orders, refused = _read(store, sheets, rows, refunds, until)
    if refused := refused + _strays(refunds):
        raise Unreadable(refused[0][1])
    return orders[0] if orders else None


def fetch_refund_lines(
    store: Store, order: str, refund: str, currency: str
) -> tuple[RefundLineIn, ...] | None:
    """Return nothing: refunds are told by their amounts."""
    return None


def first_rows(store: Store, count: int = FIRST, kind: str = ORDER.kind) -> list[Record]:
    """Return the newest rows of the query, as its mapping's page shows them; raises a Failure.

    For refunds they are rows of the query for refunds, of the newest orders.
    """
    of_refunds = kind == REFUND.kind and bool(store.options.get("refunds_query"))
    until = datetime.now(UTC) + timedelta(days=1)
    question = (
        _question(store, BEGINNING, until)
        .order_by(_changed(store).desc(), _number(store).desc())
        .limit(PAGE if of_refunds else count)
    )
    with opened(store) as connection:
        rows = fetch_rows(connection, question, _bound(store, BEGINNING, until))
        if of_refunds:
            return [record(row) for row in _refund_rows(store, connection, rows)[:count]]
    return [record(row, {_name(store, "number_column")}) for row in rows]


def check(store: Store, delivery_url: str) -> str:
    """Ask for a row and say how things stand; raises a Failure."""
    if not has_keys(store):
        raise Misconfigured(_("The address or the query is missing."))
    rows = first_rows(store, 1)
    _demand_columns(store, rows)
    if not rows:
        return _("The database answers; the query finds no row.")
    return _("The database answers. Its columns: %(names)s.") % {"names": ", ".join(rows[0])[:200]}


# --- the question ------------------------------------------------------------------------------------------
def _question(store: Store, since: datetime, until: datetime) -> Select[Any]:
    """Return our question, in which the person's query stands as a table of its own."""
    inner = _inner(store.options.get("query"), TIMES)
    named = inner.columns(column(_name(store, "changed_column")), column(_name(store, "number_column")))
    rows = named.subquery("rows_of_query")
    changed = _changed(store)
    begin: Any = bindparam("period_begin")
    end: Any = bindparam("period_end")
    has_number = _number(store).is_not(None)  # a row without one is no order, and no place to go on from
    return select(literal_column("*")).select_from(rows).where(changed >= begin, changed < end, has_number)


def _inner(query: Any, parameters: frozenset[str], needed: frozenset[str] = frozenset()) -> TextClause:
    """Return the person's query, looked at again: what is kept may be older than the rules."""
    try:
        return text(check_query(str(query or ""), parameters, needed))
    except BadQuery as wrong:
        raise Misconfigured(str(wrong)) from None


def _name(store: Store, option: str) -> str:
    return str(store.options.get(option) or "")


def _changed(store: Store) -> ColumnElement[Any]:
    return column(_name(store, "changed_column"))


def _number(store: Store) -> ColumnElement[Any]:
    return column(_name(store, "number_column"))


def _bound(store: Store, since: datetime, until: datetime) -> dict[str, Any]:
    """Return the period in the form in which the column of changes tells times.

    A clock on the wall that is set back says an hour twice: the period is wide enough for both.
    """
    begin, end = _told(store, since, until)
    used = str(store.options.get("query") or "")
    given = {"since": begin, "until": end}
    named = {name: value for name, value in given.items() if f":{name}" in used}
    return {"period_begin": begin, "period_end": end, **named}


def _told(store: Store, since: datetime, until: datetime) -> tuple[Any, Any]:
    kind = store.options.get("changed_as")
    if kind == SECONDS:
        return since.timestamp() // 1, -(-until.timestamp() // 1)
    zone = _zone(store)
    offsets = [moment.astimezone(zone).utcoffset() or timedelta(0) for moment in (since, until)]
    begin = min(since.astimezone(UTC) + offset for offset in offsets).replace(tzinfo=None)
    end = max(until.astimezone(UTC) + offset for offset in offsets).replace(tzinfo=None)
    if kind in FORMS or str(store.keys.get("url")).startswith("sqlite"):  # which has no times of its own
        form = FORMS.get(str(kind), FORMS[TEXT])
        return begin.strftime(form), (end + timedelta(seconds=1)).strftime(form)
    return begin, end


def _zone(store: Store) -> ZoneInfo:
    return ZoneInfo(str(store.options.get("time_zone") or "UTC"))


# --- the rows ----------------------------------------------------------------------------------------------
def _sheets(store: Store) -> Sheets:
    try:
        sheets = sheets_of(store.mappings)
    except Unreadable as wrong:
        raise Misconfigured(str(wrong)) from None
    if ORDER.kind not in sheets:
        raise Misconfigured(
            _("No orders are mapped yet: say on the connection’s page which columns mean what.")
        )
    return sheets


def _demand_columns(store: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    for option in ("number_column", "changed_column"):
        if rows and _name(store, option) not in rows[0]:
            told = {"name": _name(store, option), "names": ", ".join(rows[0])[:200]}
            raise Misconfigured(_("The query has no column “%(name)s”; it has %(names)s.") % told)


def _read(
    store: Store, sheets: Sheets, rows: list[Record], refunds: Refunds | None, until: datetime
) -> tuple[tuple[OrderIn, ...], tuple[tuple[str, str], ...]]:
    orders: dict[str, OrderIn] = {}
    refused: list[tuple[str, str]] = []
    for row in rows:
        number = plain(row[_name(store, "number_column")])
        told = str(number)[:120]
        try:
            if told in orders:
                raise Unreadable(
                    _("Two rows have the number %(number)s: a row for each order.") % {"number": told}
                )
            order = _order(store, sheets, row, until).order
            if order is None or order.external_id != told:
                raise Unreadable(
                    _("order.number must be filled from the column of the order’s number, as it is.")
                )
            orders[told] = order if refunds is None else replace(order, refunds=_of(refunds, told))
        except Unreadable as trouble:
            refused.append((told[:60].replace("\0", "?"), str(trouble)[:300].replace("\0", "?")))
    return tuple(orders.values()), tuple(refused)


def _order(store: Store, sheets: Sheets, row: Record, until: datetime) -> Reading:
    told = record_of(json.dumps(record(row, {_name(store, "number_column")})).encode())
    kind, sheet = sheet_for(sheets, told)
    if kind == REFUND.kind:
        raise Unreadable(_("Refunds come by the query for refunds, or as a column of the order."))
    changed = _moment(store, row[_name(store, "changed_column")])
    received = max(until, datetime.now(UTC))
    return reading_of(kind, values_of(sheet, told, store), store, received, channel="sql", changed=changed)


def _refunds(store: Store, connection: Any, sheets: Sheets, rows: list[Record]) -> Refunds | None:
    """Return what went back for the orders of a page, by their numbers; None where nobody asks for refunds."""
    if not store.options.get("refunds_query"):
        return None
    found: Refunds = {}
    for row in _refund_rows(store, connection, rows):
        number, refund = _refund(store, sheets, row)
        found.setdefault(number, []).append(refund)
    return found


def _refund_rows(store: Store, connection: Any, rows: list[Record]) -> list[Record]:
    """Return the rows of the query for refunds that are about these orders."""
    numbers = [row[_name(store, "number_column")] for row in rows if _name(store, "number_column") in row]
    if not numbers:
        return []
    inner = _inner(store.options["refunds_query"], frozenset({"orders"}), frozenset({"orders"}))
    inner = inner.bindparams(bindparam("orders", expanding=True))
    outer: Select[Any] = select(literal_column("*")).select_from(inner.columns().subquery("refunds_of_query"))
    return fetch_rows(connection, outer, {"orders": numbers})


def _refund(store: Store, sheets: Sheets, row: Record) -> tuple[str, RefundIn | str]:
    """Return the order's number and the refund, or why it cannot be read: then its order is put aside.

    One that does not say its order has the number "".
    """
    sheet = sheets.get(REFUND.kind)
    of = sheet.row_of("refund.order") if sheet is not None else None
    if sheet is None or of is None:
        raise Misconfigured(_("Refunds are asked for, but not mapped yet."))
    try:
        number = str(value_of(of, record(row, row)) or "")
    except Unfit as wrong:
        return "", _("A refund does not say its order: %(why)s") % {"why": wrong}
    if not number:
        return "", _("A refund does not say its order.")
    try:
        values = values_of(sheet, record_of(json.dumps(record(row)).encode()), store)
        refund = reading_of(REFUND.kind, values, store, datetime.now(UTC) + timedelta(days=1)).refund
    except Unreadable as wrong:
        return number, str(wrong)
    return number, refund or _("Refunds are asked for, but not mapped yet.")


def _strays(refunds: Refunds | None) -> tuple[tuple[str, str], ...]:
    """Return the refunds that do not say their orders, as rows that were refused."""
    return tuple((_("a refund"), str(why)[:300].replace("\0", "?")) for why in (refunds or {}).get("", ()))


def _of(refunds: Refunds, number: str) -> tuple[RefundIn, ...]:
    found = refunds.get(number, [])
    if odd := next((one for one in found if isinstance(one, str)), ""):
        raise Unreadable(_("A refund of it cannot be read: %(why)s") % {"why": odd})
    return tuple(sorted((one for one in found if not isinstance(one, str)), key=lambda one: one.external_id))


def _moment(store: Store, value: Any) -> datetime:
    """Return when a row was changed, in UTC; raises Unreadable."""
    try:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value), UTC)
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        raise Unreadable(
            _("The column of the last change says no moment: %(text)s") % {"text": str(value)[:40]}
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=_zone(store))).astimezone(UTC)


# --- the place ---------------------------------------------------------------------------------------------
def _place(store: Store, row: Record) -> list[list[Any]]:
    return [packed(row[_name(store, "changed_column")]), packed(row[_name(store, "number_column")])]
