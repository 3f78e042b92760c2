"""A file whose columns are mapped: text in, rows out, each a record by the names of its columns; pure.

CSV in any of the usual separators, or JSON as an API exports it: a list of objects, or an object that holds one.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import Unreadable
from integrations.connectors.body import read_object
from integrations.connectors.rows import ORDER, sheet_for
from integrations.connectors.rows.reading import Sheets
from integrations.mapping import Sheet, value_of
from integrations.mapping.refusals import Unfit
from integrations.mapping.rows import group_of
from integrations.order_files import MAX_ROWS, SEPARATORS, OrderFileError, Row, Table

NUMBERS = {"order": "order.number", "refund": "refund.number", "lead": "lead.number"}
RECORD = "record"  # the only column of a JSON file, as it is written out again
HINT = "sep="  # the first line that some spreadsheets write
MOST_COLUMNS = 500


def read_mapped(text: str, sheets: Sheets) -> Table:
    """Return the rows by what they are about; raises OrderFileError for a file that cannot be cut into rows."""
    heads, rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text)
    if not rows:
        raise OrderFileError(_("There is no row below the heads."))
    if len(rows) > MAX_ROWS:
        raise OrderFileError(_("There are more than %(most)s rows: split the file.") % {"most": MAX_ROWS})
    named = [replace(row, key=_key(row, sheets)) for row in rows]
    return Table(heads, (), len(rows), _groups(named, sheets))


def first_records(text: str, count: int) -> list[dict[str, Any]]:
    """Return the first rows as records, for whoever maps them; none where the file cannot be cut into rows."""
    try:
        table = read_mapped(text, {})
    except OrderFileError:
        return []
    return [dict(group[0].cells) for group in table.groups[:count]]


def _csv_rows(text: str) -> tuple[tuple[str, ...], list[Row]]:
    body = text.lstrip("\r\n")
    first, _end, rest = body.partition("\n")
    separator = ""
    if first.lower().startswith(HINT) and len(first.strip()) == len(HINT) + 1:
        separator, body = first.strip()[-1], rest
    if not body.strip():  # only the line that names the separator
        raise OrderFileError(_("There is no row below the heads."))
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator or _separator(body), strict=True)
    try:
        records = list(reader)
    except csv.Error as wrong:
        raise OrderFileError(
            _("Row %(number)s cannot be cut into cells: look at its quotation marks.")
            % {"number": reader.line_num}
        ) from wrong
    heads = _heads(records[0])
    return heads, list(_rows(heads, records[1:]))


def _separator(body: str) -> str:
    """Return the separator that cuts the first row into most cells."""
    first = body.splitlines()[0]
    counts = {}
    for mark in SEPARATORS:
        try:
            counts[mark] = len(next(csv.reader([first], delimiter=mark)))
        except (csv.Error, StopIteration):
            counts[mark] = 0
    return max(counts, key=lambda mark: counts[mark])


def _heads(record: list[str]) -> tuple[str, ...]:
    if len(record) > MOST_COLUMNS:
        raise OrderFileError(_("There are more than %(most)s columns.") % {"most": MOST_COLUMNS})
    heads = tuple(
        head.strip() or _("column %(n)s") % {"n": place} for place, head in enumerate(record, start=1)
    )
    for head in heads:
        if heads.count(head) > 1:
            raise OrderFileError(_("Two columns are called “%(name)s”: rename one.") % {"name": head[:60]})
    return heads


def _rows(heads: tuple[str, ...], records: list[list[str]]) -> Iterator[Row]:
    for number, record in enumerate(records, start=2):
        if not any(cell.strip() for cell in record):
            continue
        cells = {head: cell.strip() for head, cell in zip(heads, record, strict=False)}
        spare = any(cell.strip() for cell in record[len(heads) :])
        yield Row(number, cells, tuple(record), spare)


def _json_rows(text: str) -> tuple[tuple[str, ...], list[Row]]:
    body = text.strip()
    try:
        told = read_object(f'{{"rows":{body}}}'.encode() if body.startswith("[") else body.encode())
    except (Unreadable, UnicodeEncodeError) as wrong:
        raise OrderFileError(str(wrong)) from None
    inner = told.get("data")
    told = inner if isinstance(inner, dict) else told
    lists = [value for value in told.values() if isinstance(value, list)]
    found = lists[0] if len(lists) == 1 else None
    if found is None or not all(isinstance(one, dict) for one in found):
        raise OrderFileError(_("The file is JSON, but not a list of objects, nor an object that holds one."))
    rows = [
        Row(number, one, (json.dumps(one, ensure_ascii=False),)) for number, one in enumerate(found, start=1)
    ]
    return (RECORD,), rows


def _key(row: Row, sheets: Sheets) -> str:
    """Return what a row is about, "" where it cannot be told: the reading says why."""
    try:
        kind, sheet = sheet_for(sheets, row.cells)
        number = sheet.row_of(NUMBERS[kind])
        value = value_of(number, row.cells) if number is not None else None
    except (Unreadable, Unfit):
        return ""
    return (
        f"{kind}:{value}"
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
        else ""
    )


def _groups(rows: list[Row], sheets: Sheets) -> tuple[tuple[Row, ...], ...]:
    """Put the rows of an order together where rows are lines; else a number that stands twice is two groups."""
    has_lines = any(group_of(row.target) for row in sheets.get(ORDER.kind, Sheet()).rows)
    groups: dict[object, list[Row]] = {}
    for row in rows:
        joins = has_lines and row.key.startswith(f"{ORDER.kind}:")
        alone = not row.key or (row.key in groups and not joins)
        groups.setdefault(row.number if alone else row.key, []).append(row)
    return tuple(map(tuple, groups.values()))
