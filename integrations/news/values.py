"""Amounts, times and short names of rows, as every body writes them."""

from datetime import UTC, datetime
from typing import Any

from core.money import Money


def amount(minor: int | None, currency: str) -> dict[str, Any] | None:
    """Write an amount: minor units, their currency, and both as a decimal text; None stays None."""
    if minor is None:
        return None
    return {"amount": minor, "currency": currency, "text": f"{Money(minor, currency).decimal:f}"}


def moment(value: datetime | None) -> str | None:
    """Write an instant: UTC, with Z."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
