"""Clicks become rows: one insert and one commit for each group, or the journal where the database is away."""

import logging
import threading
from collections.abc import Sequence
from functools import cache
from time import monotonic

from django.db import connection, transaction

from core.failpoints import failpoint
from tracking.edge.group import own_connection
from tracking.edge.journal import ClickRow, Journal
from tracking.models import Click

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds for which a database that failed is left alone
TYPES = {"id": "uuid", "visitor": "uuid", "at": "timestamp", "sub_ids": "jsonb", "is_bot": "boolean"}


class Writer:
    """Writes a group of clicks durably, wherever that is possible."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.commits = 0
        self._away_until = 0.0

    def write(self, rows: Sequence[ClickRow]) -> list[None]:
        """Return when all rows are on a disk; raise OSError when none takes them."""
        if monotonic() < self._away_until or not self._is_stored(rows):
            self.journal.append(rows)
        return [None] * len(rows)

    def _is_stored(self, rows: Sequence[ClickRow]) -> bool:
        try:
            store(rows)
        except Exception as failure:
            log.warning("clicks go to the journal: %s: %s", type(failure).__name__, failure)
            connection.close()
            self._away_until = monotonic() + PAUSE
            return False
        self.commits += 1
        return True


def store(rows: Sequence[ClickRow]) -> None:
    """Insert rows in one transaction; one that is there already stays as it is."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_insert_columns(), [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(_insert_row(), rows)
        failpoint("click.before_commit")
    failpoint("click.after_commit")


@cache
def _insert_columns() -> str:
    """One text for any number of rows, so that it is prepared once: each column comes as an array."""
    arrays = ", ".join(f"%s::{_type(name)}[]" for name in ClickRow._fields)
    values = ", ".join(
        f"\"{name}\" AT TIME ZONE 'UTC'" if name == "at" else f'"{name}"' for name in ClickRow._fields
    )
    rows = f"unnest({arrays}) AS click({_names()})"
    return (
        f"INSERT INTO {Click._meta.db_table} ({_names()}) SELECT {values} FROM {rows} ON CONFLICT DO NOTHING"  # noqa: S608
    )


@cache
def _insert_row() -> str:
    marks = ", ".join(["%s"] * len(ClickRow._fields))
    return f"INSERT INTO {Click._meta.db_table} ({_names()}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608


def _names() -> str:
    return ", ".join(f'"{name}"' for name in ClickRow._fields)


def _type(name: str) -> str:
    return "bigint" if name.endswith("_id") else TYPES.get(name, "text")


class Replayer:
    """A thread that brings the journal home as soon as the database takes it, looking once a second."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with what an earlier process left behind."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="edge-replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the chunk at hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        with own_connection():
            while True:
                self._replay()
                if self._stop.wait(PAUSE):
                    return

    def _replay(self) -> None:
        try:
            self.journal.replay(self._store)
        except Exception as failure:
            log.info("the journal waits: %s", type(failure).__name__)
            connection.close()

    def _store(self, rows: Sequence[ClickRow]) -> None:
        if self._stop.is_set():
            raise InterruptedError
        store(rows)
