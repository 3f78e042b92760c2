"""Periods in words: a named one of a trace, and the kinds that a plan counts over."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])", re.ASCII)
_DAYS = re.compile(r"days:([0-9]{1,3})", re.ASCII)


def period_in_words(name: str) -> str:
    """A period by its name in a trace: "2026-11" is November 2026."""
    if found := _MONTH.fullmatch(name):
        return date_format(date(int(found[1]), int(found[2]), 1), "F Y")
    if found := _QUARTER.fullmatch(name):
        texts = {
            "1": _("the 1st quarter of %(year)s"),
            "2": _("the 2nd quarter of %(year)s"),
            "3": _("the 3rd quarter of %(year)s"),
            "4": _("the 4th quarter of %(year)s"),
        }
        return texts[found[2]] % {"year": found[1]}
    if found := _DAYS.fullmatch(name):
        days = int(found[1])
        return ngettext("the last day", "the last %(days)s days", days) % {"days": days}
    return _("the whole time") if name == "all" else name


def during(name: str) -> str:
    """When something was counted, by the period's name in a trace: in November 2026, since the beginning."""
    if name in ("all", ""):
        return _("since the beginning")
    return _("in %(period)s") % {"period": period_in_words(name)}


def each(period: str) -> str:
    """When a plan counts, by the kind of its period: in a calendar month, in the last 30 days."""
    kinds = {
        "month": _("in a calendar month"),
        "quarter": _("in a calendar quarter"),
        "year": _("in a calendar year"),
        "all_time": _("since the beginning"),
    }
    return kinds.get(period) or during(period)


def over(period: str) -> str:
    """The moment at which a period of a plan ends."""
    kinds = {
        "month": _("when the month is over"),
        "quarter": _("when the quarter is over"),
        "year": _("when the year is over"),
    }
    return kinds.get(period) or _("when the period is over")


def moment_in_words(text: str) -> str:
    """A date or moment of a plan: "2026-11-27T18:00" is 27 November 2026, 18:00."""
    moment = datetime.fromisoformat(text)
    return date_format(moment, "j F Y" if is_day(text) else "j F Y, H:i")


def is_day(text: str) -> bool:
    """Whether a text of a plan is a whole day, not a moment."""
    return len(text) == len("2026-11-27")
