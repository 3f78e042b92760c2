"""A file of orders that Shopify prepared, taken in piece by piece and kept on this machine until it is read.

Its lines stand in no order: a line of an order may come anywhere, and orders come in any sequence. So they are put
into a scratch database (SQLite, in the machine's folder for temporary files, for this user alone), from which orders
come out by their last change, each with all its lines. Another machine that goes on simply takes the file in anew.
"""

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from integrations.connectors.shopify.graph import number_of

KEPT = 86_400  # seconds since it was used last: personal data stays no longer than it is needed
MOST_FAILURES = 8  # pieces in a row that could not be fetched
TABLES = """
    CREATE TABLE IF NOT EXISTS line (
        place INTEGER PRIMARY KEY, parent TEXT, gid TEXT, at TEXT, number INTEGER, body BLOB
    );
    CREATE INDEX IF NOT EXISTS children ON line (parent);
    CREATE INDEX IF NOT EXISTS orders ON line (at, number) WHERE parent = '';
    CREATE TABLE IF NOT EXISTS mark (taken INTEGER, total INTEGER, failures INTEGER, as_of TEXT);
    INSERT INTO mark SELECT 0, NULL, 0, '' WHERE NOT EXISTS (SELECT 1 FROM mark);
"""


class Broken(Exception):
    """The file cannot be had or is not what it should be; the text says why. The orders are listed by pages then."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An order of the file: its last change (UTC, to be compared as text), its number, its line and those under it."""

    at: str
    number: int
    body: bytes
    children: tuple[bytes, ...]


class Scratch:
    """What is known of one file so far; `taken` bytes of its `total`, which is None before the first piece."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        rows.executescript(TABLES)
        self.taken, self.total, self.failures, as_of = rows.execute("SELECT * FROM mark").fetchone()
        self.as_of = datetime.fromisoformat(as_of) if as_of else None

    @property
    def is_whole(self) -> bool:
        """Say whether all of the file is here."""
        return self.total is not None and self.taken >= self.total

    def fail(self) -> None:
        """Note that a piece could not be fetched; raises Broken for one too many in a row."""
        self.failures += 1
        with self._rows:
            self._rows.execute("UPDATE mark SET failures = ?", [self.failures])
        if self.failures >= MOST_FAILURES:
            raise Broken("the file cannot be fetched")

    def take(self, place: int, piece: bytes, total: int, as_of: datetime) -> None:
        """Take in the whole lines of a piece that begins at `place` of `total` bytes; raises Broken.

        `as_of` is when Shopify began to read its orders.
        """
        end = len(piece) if place + len(piece) >= total else piece.rfind(b"\n") + 1
        if not end and total:
            raise Broken("a line of the file is longer than a piece")
        lines = list(_lines(place, piece[:end]))
        with self._rows:
            self._rows.execute("BEGIN IMMEDIATE")
            if self._rows.execute("SELECT taken FROM mark").fetchone()[0] == place:
                self._rows.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", lines)
                new = (place + end, total, as_of.isoformat())
                self._rows.execute("UPDATE mark SET taken = ?, total = ?, failures = 0, as_of = ?", new)
        self.taken, self.total, self.as_of = place + end, total, as_of

    def orders(self, at: str, number: int, limit: int) -> list[Kept]:
        """Return the orders behind (at, number), oldest change first."""
        rows = self._rows.execute(
            "SELECT at, number, gid, body FROM line WHERE parent = '' AND (at, number) > (?, ?) "
            "ORDER BY at, number LIMIT ?",
            [at, number, limit],
        )
        return [Kept(at, number, body, self._children(gid)) for at, number, gid, body in rows.fetchall()]

    def orphans(self, limit: int) -> list[str]:
        """Return the numbers of orders of which the file has lines, but not the order itself."""
        rows = self._rows.execute(
            "SELECT DISTINCT parent FROM line WHERE parent != '' AND parent NOT IN "
            "(SELECT gid FROM line WHERE parent = '') ORDER BY parent LIMIT ?",
            [limit],
        )
        return [number_of(parent) or "?" for (parent,) in rows.fetchall()]

    def _children(self, gid: str) -> tuple[bytes, ...]:
        rows = self._rows.execute("SELECT body FROM line WHERE parent = ? ORDER BY place", [gid])
        return tuple(body for (body,) in rows.fetchall())


def _lines(place: int, piece: bytes) -> Iterator[tuple[int, str, str, str, int, bytes]]:
    """Yield what the table keeps of each line."""
    for line in piece.splitlines(keepends=True):
        if line.strip():
            try:
                yield (place, *_known(json.loads(line)), line.strip())
            except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as trouble:
                raise Broken(f"the file has an odd line at byte {place}") from trouble
        place += len(line)


def _known(row: dict[str, Any]) -> tuple[str, str, str, int]:
    """Return parent, global id, last change and number of a line; only orders stand under nothing."""
    if "__parentId" in row:
        return str(row["__parentId"]), "", "", 0
    gid, changed = row["id"], datetime.fromisoformat(row["updatedAt"])
    if not gid.startswith("gid://shopify/Order/"):
        raise ValueError(gid)
    return "", gid, changed.astimezone(UTC).isoformat(timespec="microseconds"), int(number_of(gid))


@contextmanager
def scratch_of(shop: str, operation: str) -> Iterator[Scratch]:
    """Open what is here of the file of an operation, and begin it if there is nothing; raises Broken."""
    try:
        path = _path(shop, operation)
        rows = sqlite3.connect(path, timeout=10, isolation_level=None)
        try:
            os.utime(path)
            yield Scratch(rows)
        finally:
            rows.close()
    except (sqlite3.Error, OSError) as trouble:
        forget(shop, operation)
        raise Broken(f"the file cannot be kept: {trouble}") from trouble


def forget(shop: str, operation: str) -> None:
    """Delete what is here of the file."""
    with suppress(OSError):
        _path(shop, operation).unlink(missing_ok=True)


def forget_old() -> None:
    """Delete the files of this machine that nobody has read for a day, as those of a reading that was cancelled."""
    with suppress(OSError):
        _sweep(_folder(), None)


def _path(shop: str, operation: str) -> Path:
    """Return where the file of an operation is kept; others that nobody has read for a day are deleted."""
    _place().mkdir(mode=0o700, exist_ok=True)
    folder = _folder()
    path = folder / f"{sha256(f'{shop} {operation}'.encode()).hexdigest()[:32]}.sqlite3"
    _sweep(folder, path)
    return path


def _folder() -> Path:
    """Return the folder; raises OSError if there is none, or it is somebody else's."""
    folder = _place()
    found = folder.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise OSError(f"{folder} belongs to somebody else")
    return folder


def _place() -> Path:
    return Path(tempfile.gettempdir()) / f"tributary-lists-{os.geteuid()}"


def _sweep(folder: Path, own: Path | None) -> None:
    for other in folder.iterdir():
        with suppress(OSError):
            if other != own and other.stat().st_mtime < time.time() - KEPT:
                other.unlink()
