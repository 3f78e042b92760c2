"""Numbers, amounts, yes and no: as others write them, and as they are kept."""

from typing import Any

from django.utils.translation import gettext as _

from core.money import Money, MoneyError, exponent
from integrations.mapping.paths import EACH, find, read_path
from integrations.mapping.plain import as_json, number_of, text_of
from integrations.mapping.refusals import Unfit

SIGNS = {"point": ".", "comma": ",", "space": " ", "apostrophe": "'", "none": ""}
ALIKE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"})
YES = frozenset(["1", "true", "yes", "y", "on", "ja", "oui", "si", "sí", "sim", "tak", "da"])
NO = frozenset(["0", "false", "no", "n", "off", "nein", "non", "não", "nie", "net"])


def number(value: Any, record: Any, decimal: str = "point", thousands: str = "none") -> Any:
    """Read a number with these signs; thousands stand in groups of three, or it is refused."""
    if not isinstance(value, str):
        return as_json(number_of(value))
    text = text_of(value).strip().translate(ALIKE)
    whole, point, decimals = text.partition(SIGNS[decimal])
    if sign := SIGNS[thousands]:
        first, *groups = whole.split(sign)
        if any(len(group) != 3 for group in groups) or (groups and not 1 <= len(first.lstrip("+-")) <= 3):
            raise _no_number(value)
        whole = first + "".join(groups)
    if point and not decimals:
        raise _no_number(value)
    try:
        return as_json(number_of(whole + ("." + decimals if point else "")))
    except Unfit:
        raise _no_number(value) from None


def minor(value: Any, record: Any, currency: str) -> int:
    """Turn an amount like 42.41 into minor units (4241)."""
    try:
        return Money.parse(format(number_of(value), "f"), _currency(currency, record), negative=True).amount
    except MoneyError as wrong:
        raise Unfit(str(wrong)) from None


def major(value: Any, record: Any, currency: str) -> str:
    """Turn minor units (4241) into an amount like 42.41."""
    units = number_of(value)
    if units != units.to_integral_value():
        raise Unfit(_("“%(text)s” is no whole number of minor units.") % {"text": text_of(value)[:60]})
    try:
        return format(Money(int(units), _currency(currency, record)).decimal, "f")
    except MoneyError as wrong:
        raise Unfit(str(wrong)) from None


def check_currency(text: str) -> None:
    """Raise Unfit unless it is a currency's code, or the path to one."""
    if not _is_code(text):
        read_path(text)


def yesno(value: Any, record: Any, yes: str = "", no: str = "") -> bool:
    """Read yes or no; other words for them may be given, with / between them."""
    word = text_of(value).strip().casefold()
    if word in (_words(yes) or YES):
        return True
    if word in (_words(no) or NO):
        return False
    raise Unfit(_("“%(text)s” is neither yes nor no.") % {"text": word[:60]})


def _currency(text: str, record: Any) -> str:
    if _is_code(text):
        return text.upper()
    path = read_path(text)
    # of many, none is the currency: they are not even gone through
    found = text_of(find(record, path)).strip().upper() if EACH not in path else ""
    if not _is_code(found):
        raise Unfit(_("“%(text)s” names no currency.") % {"text": text})
    return found


def _is_code(text: str) -> bool:
    try:
        exponent(text.upper())
    except MoneyError:
        return False
    return True


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in text.split("/") if word.strip())


def _no_number(value: Any) -> Unfit:
    return Unfit(_("“%(text)s” is no number that is written this way.") % {"text": text_of(value)[:60]})
