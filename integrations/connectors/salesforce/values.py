"""Values as Salesforce takes them in JSON, and whether it has them already."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.mapping.plain import moment_of, storable_text

MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    re.ASCII,
)
MOST = 131_072  # letters of its longest text


def value_of(value: Any, *, is_number: bool = False) -> Any:
    """Return a value as JSON: lists by semicolons, moments in UTC, nothing as null (which clears).

    A number that a mapping tells as text becomes one if it is exactly the same, else it stays text.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return _written(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return _number_of(format(value, "f"))
    if isinstance(value, list | tuple | set | frozenset):
        return _joined(value) or None
    text = whole_second(storable_text(str(value))[:MOST])
    return _number_of(text) if is_number and text else text or None


def is_same(ours: Any, theirs: Any) -> bool:
    """Say whether Salesforce has this value already, however it writes it: 100.00 as 100.0, an address in small."""
    if ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    one, other = str(ours).strip(), str(theirs).strip()
    if one == other:
        return True
    number, known = _decimal(one), _decimal(other)
    if number is not None and known is not None:
        return number == known
    start, end = moment_of(one), moment_of(other)
    if start is not None and end is not None:
        return start == end
    return "@" in one and one.lower() == other.lower()


def whole_second(told: Any) -> Any:
    """Return a moment as Salesforce keeps it, in whole seconds, written as ours are; anything else as it is."""
    if not isinstance(told, str) or not MOMENT.fullmatch(told):
        return told
    moment = moment_of(told)
    return told if moment is None else _written(moment)


def email_of(text: Any) -> str:
    """Return an address as it is compared; "" for what is none, or longer than Salesforce keeps."""
    found = str(text or "").strip().lower()
    return found if "@" in found and len(found) <= 80 else ""


def same_number(one: str, other: str) -> bool:
    """Say whether two numbers of records are the same: the long ones repeat the short ones."""
    return bool(one) and one[:15] == other[:15]


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _joined(values: Iterable[Any]) -> str:
    return ";".join(str(value_of(one) or "").replace(";", ",") for one in values)


def _number_of(text: str) -> Any:
    number = _decimal(text)
    if number is None:
        return text
    if number == number.to_integral_value():
        return int(number)
    return float(number) if Decimal(repr(float(number))) == number else text


def _decimal(text: str) -> Decimal | None:
    """A number that is not written like a telephone's or an article's: those are equal only letter by letter."""
    if len(text) > 40 or (text[:1] in ("+", "0") and text[:2] not in ("0", "0.")):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 40 else None
