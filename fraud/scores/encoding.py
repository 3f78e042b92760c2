"""How a table becomes the matrix that trees are grown on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from fraud.scores.table import Table, TableError

Matrix = NDArray[np.float32]  # what scikit-learn's trees compare with
LARGEST = 1e38  # float32 ends at 3.4e38
OFTEN, VALUES = 5, 30  # a text is told apart if it stands in 5 rows; at most the 30 most frequent ones


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A number: its median stands in where it is not known, and a second column says so if training had gaps."""

    name: str
    median: float
    has_gaps: bool


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A text: a column for each frequent value; any other one is none of them."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the columns of the training table were; every later table is read the same way."""

    numbers: tuple[NumberColumn, ...]
    texts: tuple[TextColumn, ...]
    left_out: tuple[str, ...] = ()

    @property
    def origins(self) -> tuple[str, ...]:
        """Which feature each column of the matrix comes from."""
        names = [name for column in self.numbers for name in [column.name] * (1 + column.has_gaps)]
        return tuple(names + [column.name for column in self.texts for _ in column.values])

    def matrix(self, table: Table) -> Matrix:
        """Encode a table: rows × len(origins). Raises TableError for a column that is missing or of another kind."""
        columns: list[NDArray[Any]] = []
        for number in self.numbers:
            values = _numbers(table, number.name)
            gaps = np.isnan(values)
            columns.append(np.where(gaps, number.median, values))
            columns.extend([gaps] if number.has_gaps else [])
        for text in self.texts:
            cells = np.array([cell or "" for cell in _texts(table, text.name)], dtype=object)
            columns.extend(cells == value for value in text.values)
        if not columns:
            return np.zeros((table.size, 0), dtype=np.float32)
        return np.clip(np.column_stack(columns).astype(np.float64), -LARGEST, LARGEST).astype(np.float32)


def encoding_of(table: Table) -> Encoding:
    """Read off a training table how its columns are encoded; what holds nothing to learn from is left out.

    Left out are numbers that nobody knows and texts of which none is frequent (names, ids).
    """
    numbers, texts, left_out = [], [], []
    for name in table.columns:
        if name in table.texts:
            values = _frequent(table.texts[name])
            texts.append(TextColumn(name, values))
            left_out.extend([] if values else [name])
            continue
        known = table.numbers[name][~np.isnan(table.numbers[name])]
        if known.size:
            numbers.append(NumberColumn(name, float(np.median(known)), known.size < table.size))
        else:
            left_out.append(name)
    return Encoding(tuple(numbers), tuple(text for text in texts if text.values), tuple(left_out))


def _frequent(cells: Sequence[str | None]) -> tuple[str, ...]:
    ranked = sorted(Counter(cell or "" for cell in cells).items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(value for value, times in ranked[:VALUES] if times >= OFTEN)


def _numbers(table: Table, name: str) -> NDArray[np.float64]:
    if name in table.texts:
        raise TableError(
            _("%(column)s was a number when the model was trained and holds texts here.") % {"column": name}
        )
    if name not in table.numbers:
        raise _missing(name)
    return table.numbers[name]


def _texts(table: Table, name: str) -> Sequence[str | None]:
    if name in table.texts:
        return table.texts[name]
    if name not in table.numbers:
        raise _missing(name)
    if np.isnan(table.numbers[name]).all():
        return [None] * table.size  # a column without any value is of either kind
    raise TableError(
        _("%(column)s was a text when the model was trained and holds numbers here.") % {"column": name}
    )


def _missing(name: str) -> TableError:
    return TableError(
        _("The column %(column)s is missing; the model was trained with it.") % {"column": name}
    )
