"""What stands in the cells of a database, as JSON: exact numbers stay numbers, and a place is known again."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

LONGEST_CELL = 100_000
NOISE = Decimal("1e-9")  # what adding and multiplying floats leaves behind
SMALLEST = Decimal("1e-8")
LARGEST = Decimal(10**15)  # beyond it a float has no such decimals
AMBIGUOUS = 3  # decimals of a text that may be thousands


def record(row: dict[str, Any], as_told: Collection[str] = ()) -> dict[str, Any]:
    """Return a row as JSON would tell it: nothing in it is a float, a long text is cut off nowhere but refused.

    Columns in `as_told` are names of something: their numbers keep all decimals that they are told with.
    """
    return {str(name): plain(value) if name in as_told else _cell(value) for name, value in row.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, float | Decimal):
        return _unambiguous(plain(_denoised(value)))
    return plain(value)


def plain(value: Any) -> Any:
    """Return a cell as JSON tells it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST_CELL else None
    if isinstance(value, float | Decimal):
        found = Decimal(repr(value)) if isinstance(value, float) else value
        return f"{found:f}" if found.is_finite() else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()[:LONGEST_CELL]
    if isinstance(value, list):
        return [_cell(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _cell(one) for name, one in value.items()}
    return str(value)


def _denoised(value: float | Decimal) -> float | Decimal:
    """Return a float without what adding left behind: 0.30000000000000004 is 0.3."""
    if not isinstance(value, float):
        return value
    found = Decimal(repr(value))
    if not found.is_finite() or abs(found) >= LARGEST:
        return value
    rounded = found.quantize(SMALLEST)
    return rounded if rounded and abs(rounded - found) < NOISE else value


def _unambiguous(text: str | None) -> str | None:
    """Return a number of the database so that its point is no mark of thousands: 19.125 is 19.1250 here.

    Zeros that a column pads with go: 129.900 is 129.90.
    """
    whole, point, decimals = (text or "").partition(".")
    if not point:
        return text
    kept = decimals.rstrip("0").ljust(2, "0") if len(decimals) > 2 else decimals
    return f"{whole}.{kept}{'0' if len(kept) == AMBIGUOUS else ''}"


def packed(value: Any) -> list[Any]:
    """Return a value of a column as JSON, with what it is."""
    kinds: tuple[tuple[type, str], ...] = (
        (datetime, "moment"),
        (date, "day"),
        (Decimal, "decimal"),
        (UUID, "uuid"),
        (float, "float"),
    )
    for kind, name in kinds:
        if isinstance(value, kind):
            return [name, _text(value)]
    return ["plain", value if isinstance(value, int) else str(value)]


def _text(value: Any) -> str:
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def unpacked(told: Sequence[Any]) -> Any:
    """Return the value that was packed."""
    kind, value = told
    makers: dict[str, Any] = {
        "moment": datetime.fromisoformat,
        "day": date.fromisoformat,
        "decimal": Decimal,
        "uuid": UUID,
        "float": float,
    }
    return makers[kind](value) if kind in makers else value
