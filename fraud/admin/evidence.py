"""What speaks for fraud and what speaks against it, in sentences; pure but for the rows that are handed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.text import get_text_list
from django.utils.timesince import timesince
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from fraud.checks import CHECKS
from fraud.figures.standings import Standing
from fraud.models import Case, Policy, Signal
from fraud.states import Action, SignalState

SHOWN = 4  # sentences of one check
LONG = timedelta(days=30)  # who has been in the program for less has no past that speaks for it


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found in a case: its sentences, on how many sales, when, and from where on it speaks."""

    title: str
    sentences: list[str]
    more: int
    sales: int
    first: datetime
    last: datetime
    limits: str
    is_note: bool
    is_over: bool


def findings(signals: Iterable[Signal]) -> list[Finding]:
    """Group signals by check, the weightiest first, notes after what holds."""
    order = sorted(signals, key=lambda row: (row.action == Action.NOTE, -row.weight, row.check_name, row.pk))
    return [_finding(list(rows)) for _name, rows in groupby(order, key=lambda row: row.check_name)]


def _finding(rows: Sequence[Signal]) -> Finding:
    newest = max(rows, key=lambda row: (row.seen_at, row.pk))
    sentences = list(dict.fromkeys(_sentence(row) for row in rows))
    return Finding(
        title=title_of(newest.check_name),
        sentences=sentences[:SHOWN],
        more=max(0, len(sentences) - SHOWN),
        sales=len({row.conversion_id for row in rows if row.conversion_id}),
        first=min(row.found_at for row in rows),
        last=newest.seen_at,
        limits=_limits(newest),
        is_note=all(row.action == Action.NOTE for row in rows),
        is_over=all(row.state != SignalState.STANDS for row in rows),
    )


def _sentence(row: Signal) -> str:
    """What was found; its title where an older version had noted other figures than the sentence wants now."""
    try:
        return row.sentence
    except (KeyError, TypeError, ValueError):
        return title_of(row.check_name)


def title_of(name: str) -> str:
    """What a check is called; the name of one that this version does not have any more."""
    check = CHECKS.get(name)
    return str(check.title) if check else name


def _limits(row: Signal) -> str:
    """From where on the check spoke when this was found."""
    check, limits = row.check_itself, row.limits
    if check is None or "threshold" not in limits:
        return ""
    threshold = round(float(limits["threshold"]), 4)
    number = number_format(int(threshold) if threshold.is_integer() else threshold)
    told = {"n": number, "what": str(check.statistic)}
    words = _("at or under %(n)s: %(what)s") if check.is_low_bad else _("from %(n)s on: %(what)s")
    sample = int(limits.get("sample", 1))
    seen = _("%(words)s; of at least %(count)s") % {"words": words % told, "count": sample}
    return seen if sample > 1 else words % told


def against(standing: Standing, signals: Sequence[Signal], at: datetime) -> list[str]:
    """What speaks for the affiliate: its own past, and what was found and is not so any more."""
    return [
        *_known_since(standing, at),
        *_came_through(standing),
        *_earlier_cases(standing),
        *_declared(standing),
        *_withdrawn(signals),
    ]


def earlier(standing: Standing) -> list[str]:
    """What of the affiliate's own past speaks for fraud."""
    if not standing.guilty:
        return []
    words = ngettext(
        "%(n)s earlier case was decided as fraud.",
        "%(n)s earlier cases were decided as fraud.",
        standing.guilty,
    )
    return [words % {"n": standing.guilty}]


def silent(case: Case, signals: Iterable[Signal], policy: Policy) -> list[str]:
    """Titles of the checks of the same cause that are on and found nothing, or had too little to go by."""
    spoke = {row.check_name for row in signals if row.state == SignalState.STANDS}
    names = [name for name, check in CHECKS.items() if check.cause == case.cause and name not in spoke]
    return [title_of(name) for name in names if policy.rule(name).is_on]


def lookalikes(signals: Iterable[Signal]) -> list[tuple[str, str]]:
    """Title of each check that spoke, and which honest partners look alike."""
    checks = dict.fromkeys(row.check_itself for row in signals if row.state == SignalState.STANDS)
    return [(str(check.title), str(check.honest)) for check in checks if check and check.honest]


def _known_since(standing: Standing, at: datetime) -> list[str]:
    told = {"day": date_format(standing.since, "j F Y"), "time": timesince(standing.since, at, depth=1)}
    if at - standing.since < LONG:
        return []
    return [_("In the program since %(day)s (%(time)s).") % told]


def _came_through(standing: Standing) -> list[str]:
    if 2 * standing.smooth <= standing.approved:
        return []
    words = ngettext(
        "%(n)s order was approved before, %(smooth)s of them without any money going back.",
        "%(n)s orders were approved before, %(smooth)s of them without any money going back.",
        standing.approved,
    )
    return [words % {"n": standing.approved, "smooth": standing.smooth}]


def _earlier_cases(standing: Standing) -> list[str]:
    if not standing.cleared:
        return []
    words = ngettext("%(n)s earlier case was cleared.", "%(n)s earlier cases were cleared.", standing.cleared)
    return [words % {"n": standing.cleared}]


def _declared(standing: Standing) -> list[str]:
    found = []
    if standing.related:
        names = get_text_list([row.affiliate.name for row in standing.related], _("and"))
        found.append(_("Declared to belong together with %(names)s.") % {"names": names})
    for exemption in standing.exemptions:
        told = {
            "check": title_of(exemption.check_name) if exemption.check_name else _("all checks"),
            "day": date_format(exemption.last_day, "j F Y"),
            "reason": exemption.reason,
        }
        found.append(_("Exempt from “%(check)s” until %(day)s: %(reason)s") % told)
    return found


def _withdrawn(signals: Iterable[Signal]) -> list[str]:
    gone = [row for row in signals if row.state == SignalState.WITHDRAWN]
    titles = dict.fromkeys(title_of(row.check_name) for row in gone)
    return [_("Found before, and not so any more: %(what)s.") % {"what": title} for title in titles]


FEATURES = {
    "orders": gettext_lazy("orders so far"),
    "approved": gettext_lazy("orders approved before"),
    "declined": gettext_lazy("orders declined before"),
    "days": gettext_lazy("days in the program"),
}


@dataclass(frozen=True, slots=True)
class Push:
    """What moved a score, and how a bar is drawn for it on a line of 0 to 100 with its zero in the middle."""

    words: str
    by: float
    x: float
    width: float


def pushes(case: Case) -> list[Push]:
    """What moved the score of a case, the strongest first."""
    most = max((abs(float(by)) for _name, by, _value in case.moves), default=0.0)
    return [_push(str(name), float(by), most) for name, by, _value in case.moves if by]


def _push(name: str, by: float, most: float) -> Push:
    width = 50 * abs(by) / most
    return Push(_feature(name), by, 50.0 if by > 0 else 50.0 - width, width)


def _feature(name: str) -> str:
    what, colon, check = name.partition(":")
    if not colon:
        return str(FEATURES.get(name, title_of(name)))
    words: dict[str, Any] = {
        "strength": _("%(check)s (how strong)"),
        "count": _("%(check)s (on how many sales)"),
    }
    return str(words.get(what, "%(check)s") % {"check": title_of(check)})
