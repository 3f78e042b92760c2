"""Values as HubSpot writes them: always texts."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.mapping.plain import moment_of, storable_text

MOST = 65_000  # letters of a text property


def text_of(value: Any) -> str:
    """Return a value as HubSpot takes it: lists by semicolons, moments in UTC, nothing as "" (which clears)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple | set | frozenset):
        return _joined(value)
    return storable_text(str(value))[:MOST]


def is_same(ours: str, theirs: Any) -> bool:
    """Say whether HubSpot has this value already, however it writes it: 100.00 as 100, a moment with thousandths."""
    known = "" if theirs is None else str(theirs)
    if ours == known:
        return True
    if not ours or not known:
        return False
    one, other = _number(ours), _number(known)
    if one is not None and other is not None:
        return one == other
    start, end = moment_of(ours), moment_of(known)
    return start is not None and start == end


def email_of(text: Any) -> str:
    """Return an address as HubSpot compares it."""
    return str(text or "").strip().lower()


def _joined(values: Iterable[Any]) -> str:
    return ";".join(text_of(one).replace(";", ",") for one in values)


def _number(text: str) -> Decimal | None:
    """A number that is not written like a telephone's or an article's: those are equal only letter by letter."""
    if text[:1] in ("+", "0") and text[:2] not in ("0", "0."):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
