"""Where an address is, by a database on this machine; nobody is asked over the network."""

import logging
import re
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Any

from maxminddb import Reader, open_database
from maxminddb.const import MODE_AUTO

from tracking.visits.addresses import whole_address

log = logging.getLogger(__name__)

PAUSE = 60.0  # seconds after which the file is looked at again
CODE = re.compile(r"[A-Z]{2}")


class Countries:
    """Countries by address, from a MaxMind-format file; a missing or broken file knows none, and says so once.

    The file is copied before it is read: whoever writes over it meanwhile must not end this process. A newer one is
    taken up within a minute.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path) if path else None
        self._reader: Reader | None = None
        self._seen: tuple[int, int] | None = None
        self._look_again = 0.0 if path else float("inf")
        self._find = lru_cache(maxsize=16384)(self._look_up)

    def of(self, address: str) -> str:
        """Return the two letters of the country, or "" where it is not known."""
        if self.path is None:
            return ""
        if monotonic() >= self._look_again:
            self._look_again = monotonic() + PAUSE
            self._refresh(self.path)
        return self._find(address) if self._reader else ""

    def _refresh(self, path: Path) -> None:
        stamp = stamp_of(path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._reader = opened(path)
        except Exception as failure:
            known = "the former one stays in use" if self._reader else "no country is known"
            log.error("COUNTRY_DATABASE cannot be read (%s): %s", type(failure).__name__, known)
        self._find.cache_clear()

    def _look_up(self, address: str) -> str:
        found = whole_address(address)
        if found is None or self._reader is None:
            return ""
        try:
            return country_in(self._reader.get(found))
        except Exception:  # what a broken file says is nobody's fault but the file's
            return ""


def stamp_of(path: Path) -> tuple[int, int]:
    """Return what changes when the file does; zeros for a missing one."""
    try:
        now = path.stat()
    except OSError:
        return 0, 0
    return now.st_mtime_ns, now.st_size


def opened(path: Path) -> Reader:
    """Open a copy of the file, which nobody else can cut short; raise OSError or maxminddb's InvalidDatabaseError."""
    with NamedTemporaryFile(suffix=".mmdb") as copy:
        copy.write(path.read_bytes())
        copy.flush()
        return open_database(copy.name, MODE_AUTO)


def country_in(record: Any) -> str:
    """Return the country that a record of one of the usual databases names."""
    if not isinstance(record, dict):
        return ""
    for name in ("country", "registered_country", "country_code"):
        value = record.get(name)
        code = value.get("iso_code") if isinstance(value, dict) else value
        if isinstance(code, str) and CODE.fullmatch(code):
            return code
    return ""
