"""When a message goes out: at once, or with all others at the connection's next slot. Values in, values out."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from integrations.models import Connection

REAL_TIME, BATCH = "real-time", "batch"
HOURLY = "hourly"
PACE = ("budget", "flow", "schedule")  # what a connection's options say of it, whatever its connector
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class NoSchedule(ValueError):
    """What was entered is no schedule; the text is a sentence for people."""


def is_batch(options: Mapping[str, Any]) -> bool:
    """Say whether messages wait for a slot."""
    return options.get("flow") == BATCH


def read_schedule(text: str) -> str:
    """Return a schedule as it is kept: "hourly", or a time of the day ("06:30"); raises NoSchedule."""
    entered = text.strip().lower()
    if entered in ("", HOURLY):
        return HOURLY
    found = _CLOCK.fullmatch(entered)
    if found is None:
        raise NoSchedule(_("A schedule is “hourly” or a time of the day, as 06:30."))
    return f"{int(found[1]):02d}:{found[2]}"


def next_slot(connection: Connection, now: datetime) -> datetime:
    """Return when a message that is planned now may go out: now, or the first slot after now of a batch."""
    if not is_batch(connection.options):
        return now
    return slot_after(_schedule(connection), connection.program.time_zone, now)


def last_slot(connection: Connection, now: datetime) -> datetime:
    """Return the newest slot of a batch connection that has come: what was planned before it should be out."""
    return slot_before(_schedule(connection), connection.program.time_zone, now)


def slot_after(schedule: str, time_zone: str, now: datetime) -> datetime:
    """Return the first slot after an instant, in UTC; "hourly" or HH:MM on the clocks of the time zone."""
    if schedule == HOURLY:
        return _full_hour(now) + _HOUR
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date()
    slots = (_on(day + step * _DAY, schedule, zone) for step in range(3))
    return next(slot for slot in slots if slot > now)


def slot_before(schedule: str, time_zone: str, now: datetime) -> datetime:
    """Return the last slot at or before an instant, in UTC."""
    if schedule == HOURLY:
        return _full_hour(now)
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date()
    slots = (_on(day - step * _DAY, schedule, zone) for step in range(-1, 3))
    return next(slot for slot in slots if slot <= now)


def _schedule(connection: Connection) -> str:
    try:
        return read_schedule(str(connection.options.get("schedule") or HOURLY))
    except NoSchedule:
        return HOURLY


def _full_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _on(day: Any, schedule: str, zone: ZoneInfo) -> datetime:
    """A time of the day as an instant; one that clocks leave out in spring is an hour later by the clock."""
    hour, minute = map(int, schedule.split(":"))
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
