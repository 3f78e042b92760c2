"""Salesforce's query language, written so that no value and no name can say more than itself."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,4}", re.ASCII)
NUMBER = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
LONGEST = 11_000  # letters of values in one address: with the rest it stays below Salesforce's 16 KB

Item = TypeVar("Item")


def text(value: str) -> str:
    """Return a value in quotes; signs that end or change a text are escaped, those that no text has are left out."""
    kept = (
        sign for sign in value if sign in ESCAPES or (sign.isprintable() and not "\ud800" <= sign <= "\udfff")
    )
    return "'" + "".join(ESCAPES.get(sign, sign) for sign in kept) + "'"


def moment(value: datetime) -> str:
    """Return a moment, which stands without quotes: whole seconds in UTC, as Salesforce keeps them."""
    return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def among(name: str, values: Iterable[str]) -> str:
    """Return the condition that a field has one of these values."""
    return f"{name} IN ({','.join(text(value) for value in values)})"


def is_name(name: str) -> bool:
    """Say whether this can be the name of a field, or of one of a record that it leads to (Owner.Email)."""
    return bool(NAME.fullmatch(name))


def is_number(value: str) -> bool:
    """Say whether this can be a record's number: 15 or 18 letters and digits."""
    return bool(NUMBER.fullmatch(value))


def select(names: Iterable[str], sobject: str, where: str, then: str = "") -> str:
    """Return a query; `where` is made of the conditions of this module, `then` says order and limit.

    Raises ValueError for a name that is none: no setting and no mapping says more than a name.
    """
    named = list(names)
    if wrong := [name for name in (*named, sobject) if not is_name(name)]:
        raise ValueError(f"No name: {wrong[0][:60]!r}")
    return f"SELECT {','.join(named)} FROM {sobject} WHERE {where} {then}".rstrip()  # noqa: S608 - names and texts


def fields(*names: str) -> list[str]:
    """Return the names to be selected: each once whatever its capitals, and nothing that is no name."""
    kept: dict[str, str] = {}
    for name in names:
        if is_name(name):
            kept.setdefault(name.lower(), name)
    return list(kept.values())


def in_turns(items: Sequence[tuple[Item, Sequence[str]]], most: int = 200) -> Iterator[list[Item]]:
    """Yield items, at most so many at once, and so many that their values fit into one address."""
    turn: list[Item] = []
    length = 0
    for item, values in items:
        size = sum(len(quote(text(value), safe="")) + 3 for value in values)
        if turn and (length + size > LONGEST or len(turn) >= most):
            yield turn
            turn, length = [], 0
        turn.append(item)
        length += size
    if turn:
        yield turn
