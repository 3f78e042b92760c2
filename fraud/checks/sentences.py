"""What a finding says, from a check's sentence and its figures; codes become words in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from fraud.checks.base import Check, Figures
from fraud.checks.facts import Mark
from fraud.checks.systems import COLLEAGUE

MARKS = "marks"  # the figure that is a list of Mark codes
SYSTEM = "system"  # the figure that says who says so


def in_words(check: Check[Any], figures: Figures) -> str:
    """Return the sentence for the figures, numbers as the reader writes them; KeyError for a missing one."""
    return str(check.sentence) % {name: _word(name, value) for name, value in figures.items()}


def codes(marks: Iterable[Mark]) -> list[str]:
    """Return marks as figures hold them, the most telling first."""
    known = set(marks)
    return [mark.value for mark in Mark if mark in known]


def percent(share: float) -> float:
    """Return a share as per cent with one decimal, as figures hold it."""
    return round(100 * share, 1)


def _word(name: str, value: Any) -> str:
    if name == MARKS:
        words: Mapping[str, Any] = dict(Mark.choices) | {
            Mark.EMAIL.value: _("mailbox")
        }  # written in many ways
        return get_text_list([str(words.get(code, code)) for code in value], _("and"))
    if name == SYSTEM and value == COLLEAGUE:
        return _("you or a colleague")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number_format(value, use_l10n=True)
