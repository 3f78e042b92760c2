"""JSON values as texts and numbers: never a float, nothing guessed."""

import math
import re
from datetime import UTC, datetime
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from django.utils.translation import gettext as _

from integrations.mapping.refusals import Unfit

NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
DIGITS = 40
EXACT = Context(prec=DIGITS, Emax=DIGITS, Emin=-DIGITS, traps=[DivisionByZero, InvalidOperation, Overflow])
LONGEST = 10_000


def is_empty(value: Any) -> bool:
    """Say whether a value says nothing: none, an empty text or list; 0 and false say something."""
    return value is None or value in ("", [], {})


def text_of(value: Any) -> str:
    """Return a value as a text; a list or an object is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise Unfit(_("The text is longer than %(most)s letters.") % {"most": LONGEST})
        return value
    if isinstance(value, int | float | Decimal):
        return format(number_of(value), "f")
    if value is None:
        return ""
    raise Unfit(_("That is a list or an object, and a single value is needed."))


def number_of(value: Any) -> Decimal:
    """Return a number, or a text that is one (1234.5); a float as the digits it was written with."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unfit(_("That is no number."))
    if isinstance(value, float):
        if not math.isfinite(value) or not 1e-30 < abs(value or 1) < 1e30:
            raise Unfit(_("The number is too large or too small."))
        return Decimal(repr(value))
    if isinstance(value, int) and abs(value) >= 10**DIGITS:
        raise Unfit(_("The number is too large or too small."))
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        raise Unfit(_("“%(text)s” is no number like 1234.5.") % {"text": value[:60]})
    return Decimal(value)


def is_number(value: Any) -> bool:
    """Say whether `number_of` can read it."""
    try:
        number_of(value)
    except Unfit:
        return False
    return True


def as_json(value: Any) -> Any:
    """Return a value as JSON keeps it: a whole number as one, any other as its digits in a text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and _is_whole(value) else format(value, "f")
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value


def moment_of(text: Any) -> datetime | None:
    """Return the moment that a text in ISO 8601 is, None for any other; a day is its beginning, no zone is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def storable_text(text: str) -> str:
    """Return a text without what no database keeps, and no JSON: NUL, and halves of characters."""
    return "".join(sign for sign in text if sign != "\0" and not "\ud800" <= sign <= "\udfff")


def storable(value: Any) -> Any:
    """Return JSON whose texts can be kept, see `storable_text`."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable(name): storable(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [storable(below) for below in value]
    return value


def _is_whole(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0
