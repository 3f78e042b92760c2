"""explain(trace): why somebody earned this amount, for every version and kind of trace that was ever kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from commissions.exchange import source_in_words
from commissions.words import earlier
from commissions.words.levels import level_in_words
from commissions.words.sale import sale_in_words
from commissions.words.sums import bonus_in_words, true_up_in_words


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an explanation, in the language that is active."""

    text: str


def explain(trace: Mapping[str, Any], enrollment_id: int, level: int) -> list[Sentence]:
    """Say why an enrollment earned what it did at a level; names no other member. Empty if it has no part."""
    return [Sentence(text) for text in _texts(trace, enrollment_id, level)]


def _texts(trace: Mapping[str, Any], enrollment_id: int, level: int) -> list[str]:
    if trace.get("kind") == "true_up":
        return true_up_in_words(trace)
    if trace.get("kind") == "bonus":
        return bonus_in_words(trace)
    party = _own(trace["earned"], enrollment_id, level)
    if party is None:
        skipped = _own(trace["skipped"], enrollment_id, level)
        return [_not_active(level)] if skipped else []
    if trace["v"] == 1:
        return earlier.sale_in_words(trace, party)
    texts = sale_in_words(trace, party) if level == 1 else level_in_words(trace, party)
    return [*_exchanged(trace), *texts]


def _exchanged(trace: Mapping[str, Any]) -> list[str]:
    """At which rate an order in another currency was counted, and who published it."""
    used = trace.get("exchange")
    if not used:
        return []
    values = {
        "currency": used["currency"],
        "rate": used["rate"],
        "into": trace["currency"],
        "day": used["as_of"],
        "source": source_in_words(used["source"]) if used["source"] else _("entered by the company"),
    }
    text = _(
        "The order was paid in %(currency)s. One %(currency)s counted as %(rate)s %(into)s (%(source)s, %(day)s)."
    )
    return [text % values]


def _own(rows: Iterable[Mapping[str, Any]], enrollment_id: int, level: int) -> Mapping[str, Any] | None:
    own = (row for row in rows if row["enrollment"] == enrollment_id and row["level"] == level)
    return next(own, None)


def _not_active(level: int) -> str:
    return _("Level %(level)s was not paid, because your membership was not active.") % {"level": level}
