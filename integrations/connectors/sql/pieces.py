"""The rows of an answer, fetched a few at a time: one that has no end, or is far too large, is not kept whole."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from core.jobs import Permanent

PIECE = 10
MOST_BYTES = 50_000_000
ROW_BYTES, CELL_BYTES = 200, 50  # what a row and a cell cost beside their texts
Record = dict[str, Any]


def fetch_rows(connection: Connection, question: Select[Any], bound: Mapping[str, Any]) -> list[Record]:
    """Return the rows of a question; raises Permanent beyond so many bytes."""
    found: list[Record] = []
    size = 0
    answer = connection.execute(question, dict(bound), execution_options={"yield_per": PIECE})
    for piece in answer.mappings().partitions():
        rows = [dict(row) for row in piece]
        size += sum(map(_size, rows))
        if size > MOST_BYTES:
            words = _("The query answers with more than %(size)s MB at once: ask for fewer columns.")
            raise Permanent(words % {"size": MOST_BYTES // 1_000_000})
        found += rows
    return found


def _size(row: Record) -> int:
    return ROW_BYTES + sum(CELL_BYTES + _length(value) for value in row.values())


def _length(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    return len(str(value)) if isinstance(value, list | dict) else 0
