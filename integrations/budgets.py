"""How many calls a day a connection may make, and what the far side's own limits leave. Values in, values out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

WARN_AT = 80  # per cent of the day's calls
LOW = 10  # per cent left of the far side's own limit
LEFT = "_left"


@dataclass(frozen=True, slots=True)
class Budget:
    """The day's calls: how many may be made (0: any number), and how many were."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        """How many calls are left; 0 where nothing limits them."""
        return max(0, self.limit - self.used)

    @property
    def is_near(self) -> bool:
        """Whether it is time to warn."""
        return bool(self.limit) and self.used * 100 >= self.limit * WARN_AT

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is sent today."""
        return bool(self.limit) and self.used >= self.limit


@dataclass(frozen=True, slots=True)
class Quota:
    """One of the far side's own limits; `most` is 0 where it does not say how many there are in all."""

    name: str
    left: int
    most: int

    @property
    def is_low(self) -> bool:
        """Whether less than a tenth is left."""
        return self.most > 0 and self.left * 100 < self.most * LOW


def limit_of(options: Mapping[str, Any]) -> int:
    """Return the calls a day that a manager allows; 0 for any number."""
    found = options.get("budget")
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def day_of(at: datetime) -> datetime:
    """Return the midnight, UTC, at which the day of an instant began."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_day(at: datetime) -> datetime:
    """Return the next midnight, UTC."""
    return day_of(at) + timedelta(days=1)


def quotas(told: Mapping[str, Any]) -> list[Quota]:
    """Read what a connector told: {"daily_left": 12, "daily": 1000} is one limit, by its name."""
    names = sorted(name.removesuffix(LEFT) for name in told if name.endswith(LEFT))
    return [Quota(name, _number(told.get(name + LEFT)), _number(told.get(name))) for name in names]


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
