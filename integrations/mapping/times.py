"""Days and moments: as others write them, and in ISO 8601."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from integrations.mapping.plain import number_of, text_of
from integrations.mapping.refusals import Unfit

EPOCHS = {"epoch": 1, "epoch_ms": 1000}
ISO = "iso"
DIRECTIVES = frozenset("YymdBbHIMSfpzjAa%")
MOST_LETTERS, MOST_TEXT = 60, 100
DAY_ONLY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def time(value: Any, record: Any, form: str = ISO, zone: str = "") -> str:
    """Read a moment written in a form, in a zone where it names none; it is told in UTC."""
    return _moment(value, form, zone).astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(value: Any, record: Any, form: str = ISO, zone: str = "") -> str:
    """Read a day written in a form; of a moment the day that it is in the zone."""
    text = text_of(value).strip()
    if form == ISO and DAY_ONLY.fullmatch(text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise _no_time(value, form) from None
    if form not in (ISO, *EPOCHS) and "%H" not in form and "%I" not in form:
        return _parsed(text, form).date().isoformat()
    moment = _moment(value, form, zone)
    return _in_range(lambda: moment.astimezone(ZoneInfo(zone)) if zone else moment).date().isoformat()


def as_day(value: Any, record: Any, form: str, zone: str = "UTC") -> str:
    """Write a day or moment of ISO 8601 in a form; a moment as the clocks of the zone show it."""
    text = text_of(value).strip()
    if DAY_ONLY.fullmatch(text):
        return _parsed(text, "%Y-%m-%d").strftime(form)
    moment = _moment(text, ISO, zone)
    return _in_range(lambda: moment.astimezone(ZoneInfo(zone))).strftime(form)


def as_epoch(value: Any, record: Any, unit: str = "s") -> int:
    """Write a moment of ISO 8601 in seconds (s) or milliseconds (ms) since 1970."""
    seconds = number_of(repr(_moment(value, ISO, "").timestamp()))
    return int(seconds * (1000 if unit == "ms" else 1))


def check_form(text: str) -> None:
    """Raise Unfit unless it is iso, epoch, epoch_ms, or a pattern like %d.%m.%Y with each part once."""
    if text in (ISO, *EPOCHS):
        return
    found = re.findall("%(.?)", text)
    parts = [letter for letter in found if letter != "%"]
    if (
        not parts
        or len(text) > MOST_LETTERS
        or not DIRECTIVES.issuperset(found)
        or len(set(parts)) != len(parts)
    ):
        raise Unfit(
            _("“%(form)s” is no form of a date: write iso, epoch, epoch_ms or like %%d.%%m.%%Y.")
            % {"form": text}
        )


def check_pattern(text: str) -> None:
    """Raise Unfit unless it is a pattern to write with."""
    check_form("" if text in (ISO, *EPOCHS) else text)


def check_zone(text: str) -> None:
    """Raise Unfit unless it is a time zone like Europe/Berlin."""
    if text not in available_timezones():
        raise Unfit(_("“%(zone)s” is no time zone like Europe/Berlin.") % {"zone": text})


def _moment(value: Any, form: str, zone: str) -> datetime:
    if form in EPOCHS:
        found = _in_range(lambda: datetime.fromtimestamp(float(number_of(value) / EPOCHS[form]), UTC))
    elif form == ISO:
        found = _iso(value)
    else:
        found = _parsed(text_of(value).strip(), form)
    if found.tzinfo is None:
        if not zone:
            raise Unfit(
                _("“%(text)s” names no time zone: say which one it is in, like Europe/Berlin.")
                % {"text": text_of(value)[:60]}
            )
        found = found.replace(tzinfo=ZoneInfo(zone))
    return _in_range(lambda: found.astimezone(UTC))


def _iso(value: Any) -> datetime:
    text = text_of(value).strip()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _no_time(value, ISO) from None


def _parsed(text: str, form: str) -> datetime:
    try:
        if len(text) > MOST_TEXT:
            raise ValueError
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is looked at by the caller
    except (ValueError, OverflowError):
        raise _no_time(text, form) from None


def _in_range(make: Callable[[], datetime]) -> datetime:
    try:
        return make()
    except (ValueError, OverflowError, OSError):
        raise Unfit(_("The time lies too far away.")) from None


def _no_time(value: Any, form: str) -> Unfit:
    return Unfit(
        _("“%(text)s” is no time of the form %(form)s.") % {"text": text_of(value)[:60], "form": form}
    )
