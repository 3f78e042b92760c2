"""A table of features, and of labels and groups where they are known."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Cell = float | int | bool | Decimal | str | None


class TableError(ValueError):
    """A table cannot be used; the text says why and what to do, for whoever made it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Features of `size` rows: `numbers` with NaN for what is not known, `texts` with None.

    `labels` are 1 for fraud and 0 for not, None where nobody decided. `groups` says which rows belong together (a
    partner's weeks), so that none of them helps to judge another one.
    """

    size: int
    numbers: Mapping[str, Numbers]
    texts: Mapping[str, tuple[str | None, ...]]
    labels: NDArray[np.int64] | None = None
    groups: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all features, in the order of the alphabet."""
        return tuple(sorted([*self.numbers, *self.texts]))

    @property
    def positives(self) -> int:
        """How many rows are fraud."""
        return 0 if self.labels is None else int(self.labels.sum())

    def cell(self, row: int, column: str) -> float | str | None:
        """What stands in a row's column, None where it is not known."""
        if column in self.texts:
            return self.texts[column][row]
        value = float(self.numbers[column][row])
        return None if math.isnan(value) else value

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> "Table":
        """Choose rows, in the order that is named."""
        index = np.asarray(rows, dtype=np.int64)
        return Table(
            len(index),
            {name: values[index] for name, values in self.numbers.items()},
            {name: tuple(values[row] for row in index) for name, values in self.texts.items()},
            None if self.labels is None else self.labels[index],
            None if self.groups is None else tuple(self.groups[row] for row in index),
        )

    def sorted(self) -> "Table":
        """Order the rows by what they hold, so that it does not matter how they were gathered."""
        keys: list[NDArray[Any]] = []
        for name in sorted(self.numbers):
            gaps = np.isnan(self.numbers[name])
            keys.extend([np.where(gaps, 0.0, self.numbers[name]), gaps])
        keys.extend(_ranks(self.texts[name]) for name in sorted(self.texts))
        keys.extend([] if self.labels is None else [self.labels])
        keys.extend([] if self.groups is None else [_ranks(self.groups)])
        # features first, so that naming groups does not change which rows a tree draws
        return self.take(np.lexsort(keys[::-1])) if keys else self


def table_of(
    rows: Sequence[Mapping[str, Cell]],
    labels: Sequence[int | bool] | None = None,
    groups: Sequence[str] | None = None,
) -> Table:
    """Make a table of rows, each a mapping of feature to number, truth value, text or None.

    A column with a text in it is a column of texts; a feature that a row does not name is not known there. Raises
    TableError for a column of texts and numbers and for an infinite number, ValueError for labels or groups of another
    length.
    """
    for what, values in (("labels", labels), ("groups", groups)):
        if values is not None and len(values) != len(rows):
            raise ValueError(f"There are {len(rows)} rows and {len(values)} {what}.")
    numbers: dict[str, Numbers] = {}
    texts: dict[str, tuple[str | None, ...]] = {}
    for name in sorted({name for row in rows for name in row}):
        cells = [row.get(name) for row in rows]
        if any(isinstance(cell, str) for cell in cells):
            texts[name] = tuple(_text(name, cell) for cell in cells)
        else:
            numbers[name] = np.array([_number(name, cell) for cell in cells], dtype=np.float64)
    return Table(
        len(rows),
        numbers,
        texts,
        None if labels is None else np.array([int(bool(label)) for label in labels], dtype=np.int64),
        None if groups is None else tuple(groups),
    )


def _ranks(cells: Sequence[str | None]) -> NDArray[Any]:
    """Each text's place in the alphabet of all."""
    return np.unique(np.array([cell or "" for cell in cells], dtype=object), return_inverse=True)[1]


def _text(column: str, cell: Cell) -> str | None:
    if cell is not None and not isinstance(cell, str):
        raise TableError(
            _("%(column)s holds texts and numbers; make it one or the other.") % {"column": column}
        )
    return cell


def _number(column: str, cell: Any) -> float:
    number = math.nan if cell is None else float(cell)
    if math.isinf(number):
        raise TableError(
            _("%(column)s holds an infinite number; leave empty what is not known.") % {"column": column}
        )
    return number
