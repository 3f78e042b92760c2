"""Stretches of time: those that are offered by name, and the steps in which one is drawn. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

DAY = timedelta(days=1)
MOST_DAYS, MOST_WEEKS = 45, 62  # a longer stretch is drawn by weeks, a still longer one by months
LAST = ("month", "quarter", "year")


def stride(starts: datetime, ends: datetime) -> str:
    """Return the step for a stretch: "day", "week" or "month"."""
    length = ends - starts
    if length <= MOST_DAYS * DAY:
        return "day"
    return "week" if length <= MOST_WEEKS * 7 * DAY else "month"


def begin(by: str, day: date) -> date:
    """Return the first day of the step that a day falls into; weeks begin on Monday."""
    if by == "day":
        return day
    return day - day.weekday() * DAY if by == "week" else day.replace(day=1)


def begins(by: str, starts: datetime, ends: datetime) -> Iterator[date]:
    """Yield the first day of every step between two instants of one clock, the end exclusive."""
    day, last = begin(by, starts.date()), (ends - timedelta.resolution).date()
    while day <= last:
        yield day
        if by == "month":
            day = (day + 31 * DAY).replace(day=1)
        else:
            day += DAY if by == "day" else 7 * DAY


def last(name: str, today: date) -> tuple[date, date]:
    """Return the first day of the last whole month, quarter or twelve months ("year"), and the first day after it."""
    end = today.replace(day=1)
    if name == "quarter":
        end = end.replace(month=end.month - (end.month - 1) % 3)
    return _months_before(end, {"month": 1, "quarter": 3, "year": 12}[name]), end


def _months_before(first: date, months: int) -> date:
    years, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return first.replace(year=years, month=month + 1)
