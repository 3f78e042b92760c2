"""Records that are read row by row, from files and databases: what their fields mean is mapped as for messages."""

from integrations.connectors.rows.reading import (
    merged,
    read,
    reading_of,
    sheet_for,
    sheets_of,
    values_of,
)
from integrations.connectors.rows.tables import LEAD, ORDER, REFUND, TABLES

__all__ = [
    "LEAD",
    "ORDER",
    "REFUND",
    "TABLES",
    "merged",
    "read",
    "reading_of",
    "sheet_for",
    "sheets_of",
    "values_of",
]
