"""Both sides have a value of a field: which one stays, and whether that is worth a note."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from integrations.mapping.plain import is_empty, is_number, moment_of, number_of

OURS, THEIRS, NEWEST, FILLED = "ours", "theirs", "newest", "filled"
NEITHER = "same"
MARKS = (", ", ",", ";", "; ")  # between the items of a list that is written as a text
THOUSANDTH = timedelta(milliseconds=1)  # many systems keep no smaller parts of a second
RULES = {
    THEIRS: gettext_lazy("theirs wins"),
    OURS: gettext_lazy("ours wins"),
    NEWEST: gettext_lazy("the newest wins"),
    FILLED: gettext_lazy("a filled field is never overwritten"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a field is to be, whose value that is (ours, theirs, same), and whether a rule put the other one aside."""

    value: Any
    kept: str
    is_logged: bool = False


def decide(
    rule: str,
    ours: Any,
    theirs: Any,
    agreed: Any = None,
    ours_at: datetime | None = None,
    theirs_at: datetime | None = None,
) -> Choice:
    """Choose between our value and theirs; `agreed` is what both sides last had, None if they never did.

    A value that equals the agreed one is no change, so what comes back from a far side after we told it moves nothing.
    An empty side is filled by the other. Where only they changed a value and the rule lets them, theirs is simply
    taken; what is logged is a value of theirs or ours that a rule put aside.
    """
    if is_same(ours, theirs):
        return Choice(ours, NEITHER)
    if is_same(theirs, agreed):
        return Choice(ours, OURS)
    if is_empty(ours):
        return Choice(theirs, THEIRS)
    unchanged = not is_empty(agreed) and is_same(ours, agreed)
    if _wins(rule, ours_at, theirs_at) or (unchanged and rule == NEWEST):
        return Choice(theirs, THEIRS, is_logged=not unchanged and not is_empty(theirs))
    return Choice(ours, OURS, is_logged=not is_empty(theirs))


def is_same(one: Any, other: Any) -> bool:
    """Say whether two values say the same: 5 is "5" and true is "true", for many systems send texts back."""
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _is_written_otherwise(one, other)
    if isinstance(one, list) and isinstance(other, str):
        return _is_joined(one, other)
    if isinstance(one, str) and isinstance(other, list):
        return _is_joined(other, one)
    if type(one) is type(other) or isinstance(one, list | dict) or isinstance(other, list | dict):
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return _word(one) == _word(other)
    return is_number(one) and is_number(other) and number_of(one) == number_of(other)


def _is_written_otherwise(one: str, other: str) -> bool:
    """Whether two texts are one number (195.00, 195.0) or one moment (with and without thousandths)."""
    numbers = _amount(one), _amount(other)
    if None not in numbers:
        return numbers[0] == numbers[1]
    begin, end = moment_of(one), moment_of(other)
    return begin is not None and end is not None and abs(begin - end) < THOUSANDTH


def _is_joined(items: list[Any], text: str) -> bool:
    """Whether a text is a list as systems without lists write it."""
    return all(isinstance(item, str) for item in items) and text in [mark.join(items) for mark in MARKS]


def _amount(text: str) -> Decimal | None:
    """A number that is not written like a telephone's or an article's: those are the same only letter by letter."""
    is_code = text[:1] == "+" or (text[:1] == "0" and text[:2] not in ("0", "0."))
    return None if is_code or not is_number(text) else number_of(text)


def _word(value: Any) -> str:
    return str(value).lower()


def _wins(rule: str, ours_at: datetime | None, theirs_at: datetime | None) -> bool:
    if rule == NEWEST:
        return theirs_at is not None and (ours_at is None or theirs_at > ours_at)
    return rule == THEIRS
