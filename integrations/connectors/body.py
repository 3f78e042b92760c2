"""A JSON body of another system, read with suspicion: whatever is odd is a sentence, never a crash."""

import json
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from core.money import Money, MoneyError
from integrations.connectors.base import Unreadable

INT_DIGITS = 18
YEARS = range(2000, 2101)


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` is; Unreadable if it is none, or says one thing twice."""
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_int=_int,
            parse_constant=_constant,
            parse_float=str,
        )
    except UnicodeDecodeError:
        raise Unreadable(_("The message is not text in UTF-8.")) from None
    except RecursionError:
        raise Unreadable(_("The message is nested too deeply.")) from None
    except json.JSONDecodeError as error:
        raise Unreadable(_("The message is not whole JSON: %(what)s.") % {"what": error}) from None
    if not isinstance(value, dict):
        raise Unreadable(_("The message is JSON, but not an object."))
    if b"\\u0000" in body or b"\\ud" in body.lower():
        _check_texts(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable(_("The message names the same field twice."))
    return found


def _int(digits: str) -> int:
    if len(digits) > INT_DIGITS:
        raise Unreadable(_("The message has a number that is too large."))
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise Unreadable(_("The message has a number that is none: %(name)s.") % {"name": name})


def _check_texts(value: Any) -> None:
    """Refuse what no database keeps: NUL and half characters, which JSON can only write with an escape."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str) and any(
            letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in part
        ):
            raise Unreadable(_("The message has a broken character (NUL, or half of one)."))


class Fields:
    """A JSON object whose fields are taken by kind; raises Unreadable, naming the field."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def text(self, name: str, limit: int = 200) -> str:
        """Return a text or number as text, cut to `limit` letters; missing or null is ""."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise _odd(name)
        return str(value).strip()[:limit]

    def number(self, name: str) -> int:
        """Return a whole number of 0 or more."""
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > INT_DIGITS:
            raise _odd(name)
        return int(text)

    def amount(self, name: str, currency: str, *, negative: bool = False) -> int:
        """Return an amount in minor units of `currency`."""
        try:
            return Money.parse(self.values.get(name, "0"), currency, negative=negative).amount
        except MoneyError as error:
            raise Unreadable(f"{name}: {error}") from None

    def time(self, name: str) -> datetime | None:
        """Return a moment, read as UTC where it names no zone; None for missing, null or empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise _odd(name) from None
        if moment.year not in YEARS:
            raise _odd(name)
        return moment

    def part(self, name: str) -> "Fields":
        """Return an object inside; missing or null is an empty one (PHP writes an empty one as [])."""
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise _odd(name)
        return Fields(value)

    def rows(self, name: str) -> list["Fields"]:
        """Return a list of objects; missing or null is an empty one."""
        value = self.values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise _odd(name)
        return [Fields(row) for row in value]


def _odd(name: str) -> Unreadable:
    return Unreadable(_("The field “%(name)s” is not what it should be.") % {"name": name})
