"""Addresses that the click's id is put into, and pages below them that a link may name: pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_plus, unquote_to_bytes, urlsplit, urlunsplit

from tracking.visits.texts import UNFIT

LONGEST = 4000
ENCODED_AGAIN = re.compile(r"%[0-9A-Fa-f]{2}")
BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")
HIDDEN = re.compile(rb"%(?:2f|5c)", re.IGNORECASE)
PLAIN = "!$&'()*+,;=:@/%-._~"
Passed = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Way:
    """An address in ASCII; the click's id goes between `before` and `after`."""

    address: str
    before: str
    after: str


def way_to(address: str) -> Way:
    """Return the way to an address."""
    return Way(address, *around_tid(address))


def around_tid(destination: str) -> tuple[str, str]:
    """Split an address into what stands before and after the click's id; a tid of its own is left out."""
    parts = urlsplit(destination)
    query = "&".join([*_without(parts.query, {"tid"}), "tid="])
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")), fragment


def with_campaign(way: Way, passed: Passed) -> Way:
    """Return the way with the campaign's parameters, which replace those of the same name; or as it is if too long."""
    parts = urlsplit(way.address)
    kept = _without(parts.query, {name for name, _text in passed})
    query = "&".join([*kept, *(text for _name, text in passed)])
    address = urlunsplit(parts._replace(query=query))
    return way_to(address) if len(address) <= LONGEST else way


def _without(query: str, names: set[str]) -> list[str]:
    return [
        piece for piece in query.split("&") if piece and unquote_plus(piece.partition("=")[0]) not in names
    ]


def deep_way(origin: str, raw: bytes, passed: Passed) -> Way | None:
    """Return the way to a page of the origin that a link's address names, as bytes; None for what tries to leave it."""
    path = page_in(raw)
    if path is None:
        return None
    query = "&".join(text for _name, text in passed)
    address = f"{origin}/{path}?{query}" if query else f"{origin}/{path}"
    return way_to(address) if len(address) <= LONGEST else None


def page_in(raw: bytes) -> str | None:
    """Return a path (without its first slash) in ASCII, or None.

    Whatever some browser or server could take for another host, another folder or another line is refused: an empty
    part, `.` and `..`, a backslash, a control character, a scheme or a user's name in the first part, an encoded slash,
    and what is encoded twice.
    """
    if BROKEN.search(raw) or HIDDEN.search(raw):
        return None
    try:
        seen = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:  # longer forms of a slash among them
        return None
    if "\\" in seen or UNFIT.search(seen) or ENCODED_AGAIN.search(seen):
        return None
    parts = seen.split("/")
    if any(part.partition(";")[0].strip() in {".", ".."} for part in parts) or "" in parts[:-1]:
        return None
    if not parts[0] or any(sign in parts[0] for sign in ":@"):
        return None
    return quote_from_bytes(raw, PLAIN)
