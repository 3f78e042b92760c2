"""What comes in becomes rows: one insert and one commit for each group, or the journal where the database is away."""

import logging
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from time import monotonic

from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from core.failpoints import failpoint
from tracking.edge.group import own_connection
from tracking.edge.journal import Journal
from tracking.edge.rows import BeaconRow, ClickRow, ImpressionRow, Row
from tracking.models import Beacon, Click, Impression

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds for which a database that failed is left alone
MODELS: dict[type[Row], type[Model]] = {ClickRow: Click, ImpressionRow: Impression, BeaconRow: Beacon}
COLUMNS = {kind: ", ".join(f'"{name}"' for name in kind._fields) for kind in MODELS}


class Writer:
    """Writes a group of rows durably, wherever that is possible."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.commits = 0
        self._away_until = 0.0

    def write(self, rows: Sequence[Row]) -> list[None]:
        """Return when all rows are on a disk; raise OSError when none takes them."""
        if monotonic() < self._away_until or not self._is_stored(rows):
            self.journal.append(rows)
        return [None] * len(rows)

    def _is_stored(self, rows: Sequence[Row]) -> bool:
        try:
            store(rows)
        except Exception as failure:
            log.warning("rows go to the journal: %s: %s", type(failure).__name__, failure)
            connection.close()
            self._away_until = monotonic() + PAUSE
            return False
        self.commits += 1
        return True


def store(rows: Sequence[Row]) -> None:
    """Write rows of any kinds in one transaction; one that is there already stays as it is."""
    kinds = _sorted(rows)
    if connection.vendor != "postgresql" or not _are_copied(kinds):
        with transaction.atomic():
            for kind, alike in kinds.items():
                _insert(kind, alike)
            failpoint("click.before_commit")
    failpoint("click.after_commit")


def _sorted(rows: Sequence[Row]) -> dict[type[Row], list[Row]]:
    kinds: dict[type[Row], list[Row]] = {}
    for row in rows:
        kinds.setdefault(type(row), []).append(row)
    return kinds


def _are_copied(kinds: dict[type[Row], list[Row]]) -> bool:
    """Copy the rows in, at half of what inserting them costs the server; False where one of them is there already.

    One kind alone, which is the usual case, is one statement: a transaction by itself.
    """
    try:
        with nullcontext() if len(kinds) == 1 else transaction.atomic():
            for kind, alike in kinds.items():
                _copy(kind, alike)
    except IntegrityError:
        return False
    return True


def _copy(kind: type[Row], rows: Sequence[Row]) -> None:
    """Times are written without a zone: Django's connections speak UTC."""
    statement = f"COPY {MODELS[kind]._meta.db_table} ({COLUMNS[kind]}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
        failpoint("click.before_commit")


def _insert(kind: type[Row], rows: Sequence[Row]) -> None:
    marks = ", ".join(["%s"] * len(kind._fields))
    into = f"{MODELS[kind]._meta.db_table} ({COLUMNS[kind]})"
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {into} VALUES ({marks}) ON CONFLICT DO NOTHING", rows)  # noqa: S608


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

    def _store(self, rows: Sequence[Row]) -> None:
        if self._stop.is_set():
            raise InterruptedError
        store(rows)
