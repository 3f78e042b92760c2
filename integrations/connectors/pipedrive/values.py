"""Values as Pipedrive keeps them, by the type of the field; and back, as mappings have them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from integrations.connectors.base import Store
from integrations.connectors.pipedrive.standard import Field
from integrations.mapping import Unfit
from integrations.mapping.plain import moment_of, storable_text

MOST, SHORT = 65_000, 255  # letters of a long text, and of the others
NUMBERED = ("int", "user", "people", "org", "deal", "stage")


def wired(field: Field, value: Any, store: Store) -> Any:
    """Return a value as Pipedrive takes it, None to clear the field; raises Unfit with a sentence."""
    if value is None or value in ("", [], ()):
        return None
    if field.type in ("enum", "set"):
        return _chosen(field, value)
    if field.type == "monetary":
        return {"value": _number(field, value), "currency": store.currency}
    if field.type == "double":
        return _number(field, value)
    if field.type in NUMBERED:
        return _whole(field, value)
    if field.type == "date":
        return _day(field, value, store.time_zone)
    if field.type == "moment":
        return _moment(field, value)
    if field.type == "boolean":
        return str(value).lower() in ("true", "yes", "1")
    return storable_text(_text(value))[: MOST if field.type == "text" else SHORT]


def plain(field: Field, raw: Any) -> Any:
    """Return a value of Pipedrive's as mappings have it: options by their words, amounts without their currency."""
    if raw is None:
        return None
    if field.type in ("enum", "set"):
        words: dict[int | str, str] = dict(field.options)
        many = raw if isinstance(raw, list) else [raw]
        told = [words.get(one, str(one)) for one in many if isinstance(one, int | str)]
        return told if field.type == "set" else next(iter(told), None)
    if isinstance(raw, Mapping):
        return raw.get("value", raw.get("id"))
    return raw


def is_same(raw: Any, theirs: Any) -> bool:
    """Say whether Pipedrive has this value already, however it writes it: 100.00 as 100, options in another order."""
    if raw in (None, "", []) or theirs in (None, "", []):
        return raw in (None, "", []) and theirs in (None, "", [])
    if isinstance(raw, list) and isinstance(theirs, list):
        return sorted(map(str, raw)) == sorted(map(str, theirs))
    if isinstance(raw, dict) and isinstance(theirs, dict):
        return all(is_same(value, theirs.get(name)) for name, value in raw.items())
    if isinstance(raw, int | float) and isinstance(theirs, int | float):
        return Decimal(repr(raw)) == Decimal(repr(theirs))
    return str(raw) == str(theirs) or _same_moment(raw, theirs)


def email_of(text: Any) -> str:
    """Return an address as Pipedrive compares it."""
    return str(text or "").strip().lower()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _chosen(field: Field, value: Any) -> Any:
    """Return the options' numbers for words; a word that is no option is refused, never made one."""
    numbers = {label.casefold(): number for number, label in field.options}
    numbers |= {str(number): number for number, _label in field.options}
    if isinstance(value, bool):
        value = "yes" if value else "no"
    told = value if isinstance(value, list | tuple) else [value]
    words = [_text(one).strip() for one in told]
    if field.type == "set" and not isinstance(value, list | tuple):
        words = [part.strip() for part in words[0].replace(";", ",").split(",") if part.strip()]
    for word in words:
        if word.casefold() not in numbers:
            told_words = {"field": field.label, "value": word[:60]}
            raise Unfit(_("The field “%(field)s” has no option “%(value)s”: add it there.") % told_words)
    found = [numbers[word.casefold()] for word in words]
    return found if field.type == "set" else found[0]


def _number(field: Field, value: Any) -> int | float:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise _unfit(field, value) from None
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= 10**15:
        raise _unfit(field, value)
    return int(number) if number == number.to_integral_value() else float(number)


def _whole(field: Field, value: Any) -> int:
    number = _number(field, value)
    if isinstance(number, float):
        raise _unfit(field, value)
    return number


def _day(field: Field, value: Any, zone: str) -> str:
    """Return a day; of a moment the day that it is for the program."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text = value.isoformat() if isinstance(value, datetime) else str(value).strip()
    try:
        if len(text) == len("2026-11-02"):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment).date().isoformat()
    except (ValueError, OverflowError):
        raise _unfit(field, value) from None


def _moment(field: Field, value: Any) -> str:
    try:
        text = value.isoformat() if isinstance(value, date) else str(value).strip()
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _unfit(field, value) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _same_moment(raw: Any, theirs: Any) -> bool:
    one = moment_of(raw)
    return one is not None and one == moment_of(theirs)


def _unfit(field: Field, value: Any) -> Unfit:
    words = {"field": field.label, "value": str(value)[:60]}
    return Unfit(_("“%(value)s” does not fit into the field “%(field)s”.") % words)
