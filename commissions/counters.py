"""How far an affiliate has come: counters over calendar or rolling periods, as values; the rows are Volume's."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

METRICS = ("base", "conversions", "commission")
CALENDAR = ("month", "quarter", "year")
# a day's clicks come as one conversion: they are paid, and do not make anybody a better seller
CLICK = "click"
SPENT = "spent"  # the metric of a program's budget: what all levels cost
MOST_DAYS = 366
_ROLLING = re.compile(r"days:([1-9][0-9]{0,2})", re.ASCII)


class Window(NamedTuple):
    """What is counted (base, conversions, commission, spent) and over which period."""

    metric: str
    period: str


class Span(NamedTuple):
    """A period around an instant, on the program's clock: from `start` on and before `end`; None is open."""

    name: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Counters:
    """What stood on the counters before a sale: minor units, or a number of conversions.

    `before` and `final` go by enrollment; `final` is what a period that is over came to, for retroactive brackets.
    """

    before: Mapping[int, Mapping[Window, int]]
    spent: Mapping[Window, int] = field(default_factory=dict)
    final: Mapping[int, Mapping[Window, int]] = field(default_factory=dict)

    def of(self, enrollment_id: int, window: Window) -> int:
        """What an enrollment had reached; 0 where nothing was counted."""
        return self.before.get(enrollment_id, {}).get(window, 0)

    def at_close(self, enrollment_id: int, window: Window) -> int | None:
        """What the period came to, or None while it is open."""
        return self.final.get(enrollment_id, {}).get(window)


NONE = Counters({})


def days_of(period: str) -> int | None:
    """The length of a rolling period such as "days:30"; None for any other text."""
    found = _ROLLING.fullmatch(period)
    return int(found[1]) if found and int(found[1]) <= MOST_DAYS else None


def is_period(period: str) -> bool:
    """Say whether a text names a period: month, quarter, year, all_time or days:N with N up to 366."""
    return period in CALENDAR or period == "all_time" or days_of(period) is not None


def span(period: str, local: datetime) -> Span:
    """Return the period that an instant (without zone, on the program's clock) falls into; ValueError if unknown.

    A rolling period ends with the instant itself: its start is exclusive, so that a sale counts for N whole days.
    """
    if period == "all_time":
        return Span("all", None, None)
    if (days := days_of(period)) is not None:
        return Span(period, local - timedelta(days=days), None)
    if period not in CALENDAR:
        raise ValueError(f"{period!r} is no period.")
    return _calendar(period, local.year, local.month)


@lru_cache(maxsize=1024)
def _calendar(period: str, year: int, month: int) -> Span:
    if period == "year":
        return Span(f"{year}", _first(year, 1), _first(year + 1, 1))
    months = 1 if period == "month" else 3
    begins = month - (month - 1) % months
    years, index = divmod(begins - 1 + months, 12)
    name = f"{year}-{month:02}" if months == 1 else f"{year}-Q{(month + 2) // 3}"
    return Span(name, _first(year, begins), _first(year + years, index + 1))


def _first(year: int, month: int) -> datetime:
    return datetime(year, month, 1)  # noqa: DTZ001 - the program's clock is told without zone


class Tally:
    """Counters in memory, for whoever replays conversions in the order of their time.

    `Tally(windows)` counts what these windows ask for; a window of the metric `spent` is the whole program's.
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        self.windows = tuple(sorted(windows))
        self._sums: dict[tuple[int, Window, str], int] = {}
        self._rolling: dict[tuple[int, Window], deque[tuple[datetime, int]]] = {}

    def before(self, enrollment_ids: Iterable[int], local: datetime) -> Counters:
        """What these enrollments and the program had reached at an instant of the program's clock."""
        own = [window for window in self.windows if window.metric != SPENT]
        budgets = [window for window in self.windows if window.metric == SPENT]
        return Counters(
            {
                number: {window: self._sum(number, window, local) for window in own}
                for number in enrollment_ids
            },
            {window: self._sum(0, window, local) for window in budgets},
        )

    def add(
        self,
        local: datetime,
        enrollment_id: int,
        *,
        base: int = 0,
        conversions: int = 0,
        commission: int = 0,
        spent: int = 0,
    ) -> None:
        """Count what a conversion is worth for one enrollment; `spent` goes to the program's budget."""
        values = {"base": base, "conversions": conversions, "commission": commission, SPENT: spent}
        for window in self.windows:
            if value := values[window.metric]:
                self._add(0 if window.metric == SPENT else enrollment_id, window, local, value)

    def _sum(self, number: int, window: Window, local: datetime) -> int:
        within = span(window.period, local)
        if days_of(window.period) is None:
            return self._sums.get((number, window, within.name), 0)
        kept = self._rolling.get((number, window))
        while kept and within.start is not None and kept[0][0] <= within.start:
            self._sums[number, window, within.name] -= kept.popleft()[1]
        return self._sums.get((number, window, within.name), 0)

    def _add(self, number: int, window: Window, local: datetime, value: int) -> None:
        name = span(window.period, local).name
        self._sums[number, window, name] = self._sums.get((number, window, name), 0) + value
        if days_of(window.period) is not None:
            self._rolling.setdefault((number, window), deque()).append((local, value))
