"""A SQLite file below a program's folder, opened read only; and proof that it is the one that was looked at.

SQLite opens by name alone: of a name of a descriptor (/proc/self/fd/7) it reads where it leads to, and opens that. So a
file could be swapped for a link between our look and its opening, and swapped back before we look again. Therefore the
file that was looked at is held, and whether SQLite opened that very one is read from the descriptors of this process.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from core.jobs import Misconfigured, Temporary
from integrations.connectors.folder.place import open_folder
from integrations.connectors.sql.deadline import SECONDS

LONGEST_VALUE = 10_000_000
DESCRIPTORS = Path("/dev/fd")
# a handle that only names the file: closing it cannot take away SQLite's locks, as closing an open one would
HOLD = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW | os.O_CLOEXEC
one_at_a_time = Lock()  # so that a new descriptor of the file can be nobody else's


def hold(own: str, folders: Sequence[str], name: str) -> int:
    """Return a handle of the file, whatever its name means a moment later. Raises Misconfigured."""
    folder = open_folder(own, list(folders))
    try:
        handle = os.open(name, HOLD, dir_fd=folder)
    except OSError as wrong:
        raise Misconfigured(_no_file()) from wrong
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):  # a link, too, where only the name is held
        os.close(handle)
        raise Misconfigured(_no_file())
    return handle


def open_file(own: str, folders: Sequence[str], name: str) -> sqlite3.Connection:
    """Open the file for reading and nothing else, for some seconds. Raises Misconfigured and Temporary."""
    connection = _open_held(own, folders, name)
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    ends_at = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: int(time.monotonic() > ends_at), 10_000)
    connection.set_authorizer(_only_reading)
    return connection


def _open_held(own: str, folders: Sequence[str], name: str) -> sqlite3.Connection:
    path = "/".join((own, *folders, name))
    with one_at_a_time:
        handle = hold(own, folders, name)
        try:
            before = _open_files()
            connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=5)
            opened = [which for number, which in _open_files().items() if before.get(number) != which]
            if _which(handle) in opened:
                return connection
        finally:
            os.close(handle)
    connection.close()
    raise Temporary(_("The file was replaced while it was being opened; it is opened again."))


def _open_files() -> dict[int, tuple[int, int]]:
    """Which file each descriptor of this process is of."""
    found = {}
    for entry in DESCRIPTORS.iterdir():
        try:
            found[int(entry.name)] = _which(int(entry.name))
        except OSError:  # closed meanwhile
            continue
    return found


def _which(handle: int) -> tuple[int, int]:
    state = os.fstat(handle)
    return state.st_dev, state.st_ino


def _no_file() -> str:
    return _("There is no such file in the program’s folder, or it may not be read.")


READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)


FORBIDDEN = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})


def _only_reading(action: int, first: str | None, second: str | None, *_where: Any) -> int:
    """Let a session read and nothing else: no other file can be attached, no setting changed."""
    if action == sqlite3.SQLITE_FUNCTION and second in FORBIDDEN:
        return sqlite3.SQLITE_DENY
    is_asking = (action, first, second) == (
        sqlite3.SQLITE_PRAGMA,
        "read_uncommitted",
        None,
    )  # SQLAlchemy does
    is_fine = action in READING or is_asking
    return sqlite3.SQLITE_OK if is_fine else sqlite3.SQLITE_DENY
