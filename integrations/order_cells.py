"""What people write into the cells of a table: amounts and dates, read by rule; what may mean two things is refused."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from core.money import EXPONENTS
from tracking.told import Untold

END_OF_DAY = time(23, 59, 59)  # so that a click of the same day comes before the sale
_SPACES = re.compile(r"(?<=[0-9])[\s\u00a0\u202f'’](?=[0-9]{3}(?![0-9]))")
_SINGLE = re.compile(r"[+-]?([0-9]*)[.,]([0-9]+)", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*", re.ASCII)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]+(.+))?", re.ASCII)
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:[ T]+(.+))?", re.ASCII)
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?:[ T]+(.+))?", re.ASCII)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?", re.ASCII)
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$", re.ASCII)


def plain_amount(text: str, currency: str) -> str:
    """Return an amount with a decimal point and no other marks: "1.234,50" and "1,234.50" are 1234.50.

    Of two kinds of marks the last is the decimal one. A single mark before exactly three digits ("1.234") may be either
    and raises Untold, except in a currency of three decimals, where a point is one. What is no amount is returned as it
    was written, for whoever parses it to say so.
    """
    written = text.strip()
    found = _SPACES.sub("", written)
    marks = [mark for mark in found if mark in ".,"]
    if not marks:
        return found
    if len(set(marks)) == 2:
        whole, _mark, decimals = found.rpartition(marks[-1])
        grouped = _GROUPED.fullmatch(whole)
        return f"{re.sub('[.,]', '', whole)}.{decimals}" if grouped and marks[-1] not in whole else written
    if len(marks) > 1:
        return re.sub("[.,]", "", found) if _GROUPED.fullmatch(found) else written
    single = _SINGLE.fullmatch(found)
    if single is None:
        return written
    pointed = found.replace(",", ".")
    is_exact = len(single[2]) != 3 or len(single[1]) > 3 or single[1] in ("", "0")
    if is_exact or (marks[0] == "." and EXPONENTS.get(currency) == 3):
        return pointed
    raise Untold(_two_meanings(written, pointed, EXPONENTS.get(currency, 2)))


def _two_meanings(written: str, pointed: str, exponent: int) -> str:
    """Say how to write each meaning so that it is taken: with all decimals of the currency, and no more."""
    smallest = Decimal(1).scaleb(-exponent)
    thousands, fraction = (
        f"{Decimal(each).quantize(smallest):f}" for each in (pointed.replace(".", ""), pointed)
    )
    told = {"text": written[:40], "thousands": thousands, "fraction": fraction}
    if exponent < 3:
        return _("“%(text)s” may mean two amounts: write %(thousands)s, or round it to %(fraction)s.") % told
    return _("“%(text)s” may mean two amounts: write %(thousands)s, or %(fraction)s.") % told


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Return when something was, in UTC; a time without an offset is one of `zone`, a day alone is its end.

    Read are 2026-11-20, 20.11.2026 and 20/11/2026 or 11/20/2026 where only one of them can be; raises Untold.
    """
    text = text.strip()
    year, month, day, rest = _date(text)
    try:
        clock, offset = _clock(rest)
        local = datetime.combine(datetime(year, month, day), clock)  # noqa: DTZ001 - its zone follows
        if offset:
            return datetime.fromisoformat(local.isoformat() + offset.replace("Z", "+00:00")).astimezone(UTC)
        found = local.replace(tzinfo=zone).astimezone(UTC)
        shown = found.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise Untold(_("“%(text)s” is no date that there is.") % {"text": text[:40]}) from None
    if shown != local:
        raise Untold(_("“%(text)s” was skipped when the clocks went forward.") % {"text": text[:40]})
    return found


def _date(text: str) -> tuple[int, int, int, str]:
    """Return year, month, day and what stands behind them."""
    if found := _ISO.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3]), found[4] or ""
    if found := _DOTTED.fullmatch(text):
        return int(found[3]), int(found[2]), int(found[1]), found[4] or ""
    if found := _SLASHED.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        if first <= 12 and second <= 12 and first != second:
            raise Untold(
                _("“%(text)s” may be two days: write the year first, like 2026-11-20.") % {"text": text[:40]}
            )
        month, day = (second, first) if first > 12 else (first, second)
        return int(found[3]), month, day, found[4] or ""
    raise Untold(
        _("“%(text)s” is no date: write it like 2026-11-20 or 2026-11-20 14:02.") % {"text": text[:40]}
    )


def _clock(text: str) -> tuple[time, str]:
    """Return the time of day and its offset; ValueError for what is none."""
    text = text.strip()
    if not text:
        return END_OF_DAY, ""
    offset = found[1] if (found := _OFFSET.search(text)) else ""
    read = _CLOCK.fullmatch(text.removesuffix(offset).strip())
    if read is None:
        raise ValueError(text)
    if offset and offset != "Z" and ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    return time(int(read[1]), int(read[2]), int(read[3] or 0)), offset
