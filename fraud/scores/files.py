"""Reads two CSV files, one to train on and one to measure on, as tables of the same columns."""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from fraud.scores.labels import Reading, labels_of, reading_of
from fraud.scores.table import Cell, Table, TableError, table_of

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns are no features: `label` and `group` (if any) by name, `ignored` ones; `categories` are texts."""

    label: str
    positive: str | None = None
    group: str | None = None
    ignored: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read: its name, its columns, and each row with the number of its line."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def cells(self, column: str) -> list[str]:
        """What stands in a column, from the first row to the last."""
        place = self.columns.index(column)
        return [row[place] for _line, row in self.rows]


def read_tables(train: Path, test: Path, roles: Roles) -> tuple[Table, Table]:
    """Read both files; what is a number and which label is fraud is read off the training file.

    Raises TableError with the file, the line and what to do: an unreadable or empty file, a missing column, other
    columns in the two files, a text among numbers, a label that is not understood, no fraud.
    """
    known, asked = read_sheet(train), read_sheet(test)
    for sheet in (known, asked):
        _check_roles(sheet, roles)
    features = _shared_features(known, asked, roles)
    readers = {column: _reader(known, column, roles) for column in features}
    reading = reading_of(known.cells(roles.label), roles.positive, roles.label)
    return _table(known, roles, readers, reading), _table(asked, roles, readers, reading)


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file of UTF-8 text with a line of names; separated by comma, semicolon or tab."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start = file.read(64 * 1024).lstrip().splitlines()
            if not start:
                raise TableError(_("%(file)s is empty.") % {"file": path.name})
            file.seek(0)
            reader = csv.reader(file, delimiter=max(DELIMITERS, key=start[0].count))
            lines = [(reader.line_num, tuple(cell.strip() for cell in row)) for row in reader if any(row)]
    except OSError as wrong:
        raise TableError(
            _("%(file)s cannot be read: %(why)s") % {"file": path, "why": wrong.strerror}
        ) from wrong
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise TableError(
            _("%(file)s is not a CSV file in UTF-8: %(why)s") % {"file": path.name, "why": wrong}
        ) from wrong
    return _sheet(path.name, lines)


def _sheet(name: str, lines: Sequence[tuple[int, tuple[str, ...]]]) -> Sheet:
    columns, rows = lines[0][1], tuple(lines[1:])
    if not rows:
        raise TableError(_("%(file)s has a line of names and no row below it.") % {"file": name})
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise TableError(
            _("%(file)s has more than one column called %(column)s.") % {"file": name, "column": twice[0]}
        )
    for line, row in rows:
        if len(row) != len(columns):
            raise TableError(
                _("%(file)s, line %(line)d: %(cells)d cells under %(columns)d names.")
                % {"file": name, "line": line, "cells": len(row), "columns": len(columns)}
            )
    return Sheet(name, columns, rows)


def _check_roles(sheet: Sheet, roles: Roles) -> None:
    for column in filter(None, (roles.label, roles.group, *sorted(roles.categories))):
        if column not in sheet.columns:
            raise TableError(
                _("%(file)s has no column %(column)s; it has %(columns)s.")
                % {"file": sheet.name, "column": column, "columns": _named(sheet.columns)}
            )


def _shared_features(known: Sheet, asked: Sheet, roles: Roles) -> tuple[str, ...]:
    """The features, the same ones in both files."""
    unknown = roles.ignored - set(known.columns) - set(asked.columns)
    if unknown:
        raise TableError(_("There is no column %(column)s to ignore.") % {"column": _named(sorted(unknown))})
    taken = {roles.label, roles.group} | roles.ignored
    features, others = set(known.columns) - taken, set(asked.columns) - taken
    if features != others:
        told = [
            _("only %(file)s has %(columns)s") % {"file": sheet.name, "columns": _named(sorted(only))}
            for sheet, only in ((known, features - others), (asked, others - features))
            if only
        ]
        raise TableError(
            _("The two files have other columns: %(told)s. Ignore these, or add them to the other file.")
            % {"told": "; ".join(told)}
        )
    if not features:
        raise TableError(_("No column is left to learn from."))
    return tuple(sorted(features))


def _reader(sheet: Sheet, column: str, roles: Roles) -> Callable[[str], Cell]:
    """How to read a column's cells: as numbers if the training file holds nothing else there, else as texts."""
    if column in roles.categories:
        return _text
    known = [cell for cell in sheet.cells(column) if cell.casefold() not in MISSING]
    numbers = sum(_is_number(cell) for cell in known)
    return _number if numbers or not known else _text


def _table(sheet: Sheet, roles: Roles, readers: dict[str, Callable[[str], Cell]], reading: Reading) -> Table:
    places = {column: sheet.columns.index(column) for column in readers}
    rows: list[dict[str, Cell]] = []
    for line, row in sheet.rows:
        cells: dict[str, Cell] = {}
        for column, reader in readers.items():
            try:
                cells[column] = reader(row[places[column]])
            except ValueError as wrong:
                raise TableError(
                    _(
                        "%(file)s, line %(line)d, %(column)s: %(cell)s is not a number, as others there are. "
                        "Correct it, or leave the column out with --ignore or read it as texts with --category."
                    )
                    % {"file": sheet.name, "line": line, "column": column, "cell": row[places[column]][:40]}
                ) from wrong
        rows.append(cells)
    labels = labels_of(
        [(line, row[sheet.columns.index(roles.label)]) for line, row in sheet.rows], reading, sheet.name
    )
    return table_of(rows, labels, None if roles.group is None else _groups(sheet, roles.group))


def _groups(sheet: Sheet, column: str) -> list[str]:
    """Each row's group; a row without one is a group of its own."""
    return [cell or f"\0{line}" for cell, (line, _row) in zip(sheet.cells(column), sheet.rows, strict=True)]


def _text(cell: str) -> str | None:
    return None if cell.casefold() in MISSING else cell


def _number(cell: str) -> float | None:
    if cell.casefold() in MISSING:
        return None
    number = float(cell)
    if not math.isfinite(number) or "_" in cell:
        raise ValueError(cell)
    return number


def _is_number(cell: str) -> bool:
    try:
        return _number(cell) is not None
    except ValueError:
        return False


def _named(columns: Sequence[str], most: int = 8) -> str:
    more = _(" and %(more)d more") % {"more": len(columns) - most} if len(columns) > most else ""
    return ", ".join(columns[:most]) + more
