"""What the edge writes: rows in the order of their tables' columns, for statements and the journal."""

from datetime import datetime, timedelta
from functools import lru_cache
from secrets import token_hex
from typing import NamedTuple

from tracking import clickid

HOUR = 3600


class ClickRow(NamedTuple):
    """A click; ids as hex digits, `at` as naive UTC text, sub ids and UTM as JSON.

    Journals of former versions have lines without what stands after `is_bot`, or after `consent`.
    """

    id: str
    link_id: int
    enrollment_id: int
    program_id: int
    terms_id: int | None
    at: str
    visitor: str | None
    ip: str
    user_agent: str
    referrer: str
    destination: str
    sub_ids: str
    is_bot: bool
    via: str = ""
    utm: str = "{}"
    country: str = ""
    consent: str = "unknown"
    network_kind: str | None = None
    fetch_dest: str | None = None
    fetch_user: bool | None = None


class ImpressionRow(NamedTuple):
    """An advertisement was seen."""

    id: str
    link_id: int
    enrollment_id: int
    program_id: int
    terms_id: int | None
    at: str
    visitor: str | None
    is_bot: bool


class BeaconRow(NamedTuple):
    """A shop's page told something; `data` as JSON."""

    id: str
    program_id: int
    kind: str
    at: str
    visitor: str | None
    tid: str
    consent: str
    page: str
    referrer: str
    data: str


Row = ClickRow | ImpressionRow | BeaconRow
KINDS: dict[str, type[Row]] = {"click": ClickRow, "impression": ImpressionRow, "beacon": BeaconRow}
WORDS: dict[type[Row], str] = {kind: word for word, kind in KINDS.items()}


def line_of(row: Row) -> list[object]:
    """Return a row as the journal keeps it: the word for its kind, then its columns."""
    return [WORDS[type(row)], *row]


def row_of(line: object) -> Row:
    """Return the row of a journal's line; a click of the former version has no word before it. Raise ValueError."""
    if not isinstance(line, list) or not line:
        raise ValueError("no row")
    kind = KINDS.get(line[0]) if isinstance(line[0], str) else None
    try:
        row = kind(*line[1:]) if kind else ClickRow(*line)
    except TypeError as wrong:
        raise ValueError("too many columns, or too few") from wrong
    if not all(isinstance(value, type(row).__annotations__[name]) for name, value in row._asdict().items()):
        raise ValueError("a column of another type")
    return row


def moment(at: datetime) -> str:
    """Return a time in UTC as rows carry it, in whole milliseconds as ids do; SQLite compares its letters."""
    since = at - clickid.EPOCH
    return f"{_second(since.days, since.seconds)}.{since.microseconds // 1000:03d}000"


@lru_cache(maxsize=64)
def _second(days: int, seconds: int) -> str:
    """A busy edge asks for the same one a thousand times."""
    return (clickid.EPOCH + timedelta(days, seconds)).isoformat(" ")[:19]


def new_id(number: int, at: datetime) -> str:
    """Return the id of a row that no visitor carries, in order of time, for a link's or program's number."""
    return clickid.issue(number, at)[0]


def new_visitor(at: datetime) -> str:
    """Return an id for a browser, 32 hex digits: the hour it came, then chance.

    In order of time, newcomers stand at the end of the index by visitor instead of all over it.
    """
    return f"{int(at.timestamp()) // HOUR:08x}{token_hex(12)}"
