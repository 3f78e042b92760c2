"""Where rows wait on this machine's disk while the database is away."""

import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO
from uuid import uuid4

from django.db import DataError, IntegrityError

from tracking.edge.rows import Row, line_of, row_of

log = logging.getLogger(__name__)

CHUNK = 500
# What a database says of a row that it will never take, whatever its driver; not that it is away.
REFUSALS = (DataError, IntegrityError, OverflowError, TypeError, ValueError)
_sync = getattr(os, "fdatasync", os.fsync)


Store = Callable[[Sequence[Row]], None]


class Journal:
    """Files of JSON lines, one file per process, which holds a lock on it while it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows and return when the disk has them; raise OSError if it does not take them."""
        lines = b"".join(json.dumps(line_of(row)).encode() + b"\n" for row in rows)
        with self._lock:
            if self._file is None:
                self._file = self._open()
            before = self._file.tell()
            try:
                _write(self._file, lines)
            except OSError:
                self._take_back(self._file, before)
                raise

    def _take_back(self, file: IO[bytes], size: int) -> None:
        """Cut off what was written in part, so that nothing comes home that was answered as lost."""
        try:
            file.truncate(size)
            file.seek(size)
        except OSError:
            self._close()  # a half line may stand at its end; the next rows begin a new file

    def _open(self) -> IO[bytes]:
        """Begin a file that nobody else has taken up before it is locked."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = self.folder / f"{uuid4().hex}.jsonl"
            file = path.open("xb", buffering=0)
            os.fchmod(file.fileno(), 0o600)  # by its number: its name may be gone, with whoever replays
            if _is_ours(file):
                self._sync_folder()
                return file
            file.close()

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Let go of the file; whoever replays next may take it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def replay(self, store: Store) -> int:
        """Hand what waits to `store` and remove it; return how many rows. What `store` raises ends it: nothing is lost.

        A crash in the middle begins the file anew: `store` leaves rows that are there already as they are.
        """
        replayed = self._replay_closed(store)
        if self._file is not None:
            self.close()
            replayed += self._replay_closed(store)
        return replayed

    def _replay_closed(self, store: Store) -> int:
        return sum(self._replay_file(path, store) for path in sorted(self.folder.glob("*.jsonl")))

    def _replay_file(self, path: Path, store: Store) -> int:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return 0
        with file:
            if not _is_ours(file):  # a living process still writes it, or another one replays it
                return 0
            rows, count = self._rows(file), 0
            while chunk := list(islice(rows, CHUNK)):
                self._store(chunk, store)
                count += len(chunk)
            path.unlink()
        log.info("%d rows went from the journal to the database", count)
        return count

    def _rows(self, file: IO[bytes]) -> Iterator[Row]:
        """Yield whole lines; a torn one was never answered."""
        for line in file:
            try:
                row = row_of(json.loads(line))
            except (ValueError, RecursionError):
                log.warning("left out a torn line of the journal")
                continue
            yield row

    def _store(self, rows: Sequence[Row], store: Store) -> None:
        try:
            store(rows)
        except REFUSALS:
            for row in rows:
                self._store_one(row, store)

    def _store_one(self, row: Row, store: Store) -> None:
        """Put a row that the database will never take aside, so that it keeps no others waiting."""
        try:
            store([row])
        except REFUSALS as refusal:
            log.error("the database refused a row (%s); it stands in refused.txt", type(refusal).__name__)
            with (self.folder / "refused.txt").open("ab", buffering=0) as aside:
                os.fchmod(aside.fileno(), 0o600)
                _write(aside, json.dumps(line_of(row)).encode() + b"\n")


def _write(file: IO[bytes], lines: bytes) -> None:
    """Write all of it and wait for the disk."""
    rest = memoryview(lines)
    while rest:
        rest = rest[file.write(rest) :]
    _sync(file.fileno())


def _is_ours(file: IO[bytes]) -> bool:
    """Lock the file and say whether it still stands in its folder."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file.fileno()).st_nlink > 0
