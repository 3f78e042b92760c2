"""A table of sales made in a shop or by telephone: bytes in, orders out, each with its rows; pure.

The columns are found by their heads, in any order and spelling that COLUMNS names. Rows with the same order number are
lines of one order, where the table has columns for lines. Whatever is odd is a sentence about its row.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from core.money import Money, MoneyError
from integrations.order_cells import moment, plain_amount
from tracking.orders import OrderIn
from tracking.told import Told, Untold, keepable, order_in

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
COLUMNS: dict[str, tuple[str, ...]] = {
    "order": ("order number", "order id", "order no", "number", "receipt", "receipt number", "id"),
    "date": ("time", "ordered at", "order date", "sold at", "day"),
    "total": ("amount", "gross", "sum", "paid"),
    "currency": (),
    "code": ("coupon", "coupon code", "coupons", "spoken code", "voucher"),
    "ref": ("affiliate", "referral", "referral code"),
    "tid": ("click", "click id"),
    "email": ("e-mail", "mail", "customer e-mail", "customer email"),
    "customer": ("customer id", "customer number", "customer no"),
    "tax": ("vat",),
    "shipping": ("delivery",),
    "goal": (),
    "sku": ("article", "article number"),
    "name": ("product", "title", "article name"),
    "quantity": ("qty", "pieces"),
    "net": ("net amount", "line net"),
}
NEEDED = ("order", "date", "total")
OF_A_LINE = ("sku", "name", "quantity", "net")
SEPARATORS = ";\t,|"
TEMPLATE = (
    "order,date,total,currency,code,ref,email,customer,tax,shipping,sku,name,quantity,net\r\n"
    "S-1001,2026-11-20 14:02,129.90,EUR,ANNA15,,buyer@example.com,,20.74,0.00,MUG-1,Enamel mug,2,109.16\r\n"
    "S-1002,2026-11-20,49.00,EUR,,anna,,c-77,,,,,,\r\n"
)
_NAMES = {alias: name for name, aliases in COLUMNS.items() for alias in (name, *aliases)}


class OrderFileError(ValueError):
    """The file cannot be read at all; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, numbered as a spreadsheet does (the heads are row 1); `spare` holds cells that no head is above.

    `key` is what it is about: the order's number.
    """

    number: int
    cells: Mapping[str, Any]
    raw: tuple[str, ...]
    spare: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Heads and rows; `ignored` are heads that mean nothing here, `groups` the rows of one order each."""

    heads: tuple[str, ...]
    ignored: tuple[str, ...]
    row_count: int
    groups: tuple[tuple[Row, ...], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all rows: whose sales they are, the program's currency and clock, and when they were uploaded."""

    source: str
    channel: str
    currency: str
    zone: ZoneInfo
    at: datetime


def read_text(content: bytes) -> str:
    """Return the file's text: UTF-8 with or without its mark, else Latin-1; raises OrderFileError."""
    if len(content) > MAX_BYTES:
        raise OrderFileError(
            _("The file is larger than %(size)s MB: split it.") % {"size": MAX_BYTES // 1_000_000}
        )
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise OrderFileError(_("This is a workbook: save it as CSV first."))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise OrderFileError(_("The file is written in UTF-16: save it as CSV in UTF-8."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if not keepable(text):
        raise OrderFileError(_("The file has characters that no table has: save it as CSV in UTF-8."))
    if not text.strip():
        raise OrderFileError(_("The file is empty."))
    return text


def read_table(text: str) -> Table:
    """Return the rows by order, each cell under the name of its column; raises OrderFileError."""
    records = _records(text)
    heads = tuple(head.strip() for head in records[0])
    named = [_NAMES.get(" ".join(head.casefold().replace("_", " ").split()), "") for head in heads]
    for name in filter(None, named):
        if named.count(name) > 1:
            raise OrderFileError(_("Two columns mean “%(name)s”: leave one out.") % {"name": name})
    missing = [name for name in NEEDED if name not in named]
    if missing:
        raise OrderFileError(
            _("These columns are missing: %(names)s. The first row must name the columns.")
            % {"names": ", ".join(missing)}
        )
    rows = [
        _row(number, record, named)
        for number, record in enumerate(records[1:], start=2)
        if any(cell.strip() for cell in record)
    ]
    if not rows:
        raise OrderFileError(_("There is no row below the heads."))
    if len(rows) > MAX_ROWS:
        raise OrderFileError(_("There are more than %(most)s rows: split the file.") % {"most": MAX_ROWS})
    ignored = tuple(head for head, name in zip(heads, named, strict=True) if not name and head)
    return Table(heads, ignored, len(rows), _groups(rows, has_lines=any(map(named.count, OF_A_LINE))))


def _records(text: str) -> list[list[str]]:
    """Cut the text into cells, at the separator that gives the first row the most heads that are known."""
    first = text.lstrip("\r\n").splitlines()[0]
    separator = max(SEPARATORS, key=lambda mark: _known_heads(first, mark))
    try:
        reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=separator, strict=True)
        return list(reader)
    except csv.Error as wrong:
        raise OrderFileError(
            _("Row %(number)s cannot be cut into cells: look at its quotation marks.")
            % {"number": reader.line_num}
        ) from wrong


def _known_heads(line: str, separator: str) -> int:
    heads = (head.strip(' "').casefold().replace("_", " ") for head in line.split(separator))
    return sum(head in _NAMES for head in heads)


def _row(number: int, record: list[str], named: list[str]) -> Row:
    filled = zip_longest(named, record[: len(named)], fillvalue="")  # a row may be shorter than the heads
    cells = {name: cell.strip() for name, cell in filled if name}
    spare = any(cell.strip() for cell in record[len(named) :])
    return Row(number, cells, tuple(record), spare, cells["order"])


def _groups(rows: list[Row], *, has_lines: bool) -> tuple[tuple[Row, ...], ...]:
    """Put the rows of an order together; a number that stands twice without lines is two groups, the second refused."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        number = row.cells["order"]
        alone = not number or (not has_lines and number in groups)
        groups.setdefault(row.number if alone else number, []).append(row)
    return tuple(map(tuple, groups.values()))


def order_of(group: tuple[Row, ...], rules: Rules, first_rows: Mapping[str, int]) -> OrderIn:
    """Return the order that its rows tell; raises Untold. `first_rows` is where each order number stands first.

    The same rows always make the same order: it is as old as the sale, whenever the file comes.
    """
    if any(row.spare for row in group):
        raise Untold(_("It has more cells than there are columns: is there a separator in a text?"))
    head = _head(group)
    if head["order"] and first_rows[head["order"]] != group[0].number:
        raise Untold(
            _("Order %(order)s stands in row %(row)s already.")
            % {"order": head["order"], "row": first_rows[head["order"]]}
        )
    if not head.get("date"):
        raise Untold(_("“date” is missing."))
    currency = head.get("currency", "").upper() or rules.currency
    amounts = {
        name: plain_amount(head[name], currency) for name in ("total", "tax", "shipping") if head.get(name)
    }
    told = Told(
        {
            **head,
            **amounts,
            **_evidence(head),
            "currency": currency,
            "lines": _lines(group, currency, amounts),
        }
    )
    at = moment(head["date"], rules.zone)
    order = order_in(
        Told({**told.values, "occurred_at": at.isoformat()}),
        source=rules.source,
        currency=rules.currency,
        at=rules.at,
        channel=rules.channel,
    )
    return replace(order, revision_at=order.occurred_at)


def _head(group: tuple[Row, ...]) -> dict[str, str]:
    """Return what the rows say of the whole order: later ones may repeat it or leave it out."""
    head: dict[str, str] = {}
    for row in group:
        for name, cell in row.cells.items():
            if name in OF_A_LINE or not cell:
                continue
            if head.setdefault(name, cell) != cell:
                raise Untold(
                    _("Row %(row)s says another “%(name)s” than row %(first)s of the same order.")
                    % {"row": row.number, "name": name, "first": group[0].number}
                )
    return {"order": "", **head}


def _evidence(head: Mapping[str, str]) -> dict[str, object]:
    """A code may be a coupon, or the affiliate's own, which was spoken at the till."""
    code = head.get("code", "")
    codes = [part.strip() for part in code.replace("|", ",").replace(";", ",").split(",") if part.strip()]
    spoken = codes[0] if len(codes) == 1 else ""
    return {"coupons": codes, "ref": head.get("ref", "") or spoken[:80]}


def _lines(
    group: tuple[Row, ...], currency: str, amounts: Mapping[str, str]
) -> list[dict[str, object]] | None:
    """Return the lines; of a single one without a net, the order's own is taken."""
    cells = [{name: row.cells[name] for name in OF_A_LINE if row.cells.get(name)} for row in group]
    if not any(cells):
        return None
    if len(cells) == 1 and "net" not in cells[0]:
        net = _net(currency, amounts)
        return [{**cells[0], "net": net}] if net is not None else None
    return [
        {**line, "net": plain_amount(line["net"], currency)} if "net" in line else dict(line)
        for line in cells
    ]


def _net(currency: str, amounts: Mapping[str, str]) -> str | None:
    """What is left of the total without tax and shipping; None while it cannot be told, which is said elsewhere."""
    told = Told(amounts)
    try:
        left = (
            told.amount("total", currency) - told.amount("tax", currency) - told.amount("shipping", currency)
        )
        return f"{Money(left, currency).decimal:f}" if left >= 0 else None
    except (Untold, MoneyError):
        return None


def first_rows(table: Table) -> dict[str, int]:
    """Return where each key stands first."""
    found: dict[str, int] = {}
    for group in table.groups:
        found.setdefault(group[0].key, group[0].number)
    return found
