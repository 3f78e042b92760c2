"""Amounts, rates, names and places as people read them inside a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language, gettext as _, ngettext

from core.money import exponent, round_half_up

MOST = 20  # names that a sentence lists before it says how many more there are
_EXACT, _ABOUT = 6, 2  # decimals of a minor unit: shown whole, or of a value that goes on, such as a third
_WELL_KNOWN = 12  # the smallest part that people know as a fraction


def amount_in_words(minor: Decimal, currency: str, digits: int) -> str:
    """An amount in minor units, rounded or not, in major units with at least the currency's decimals."""
    value = Decimal(minor).scaleb(-digits).normalize()
    if -int(value.as_tuple().exponent) < digits:
        value = value.quantize(Decimal(1).scaleb(-digits))
    return f"{value:f} {currency}"


def money_in_words(trace: Mapping[str, Any], minor: int | str | Fraction) -> str:
    """An amount of a trace, in minor units of its currency: whole where few decimals say all of it, else "about"."""
    value = Fraction(minor)
    is_exact = (value * 10**_EXACT).denominator == 1
    digits = _EXACT if is_exact else _ABOUT
    shown = Decimal(round_half_up(value * 10**digits)).scaleb(-digits)
    text = amount_in_words(shown, trace["currency"], trace["exponent"])
    return text if is_exact else _("about %(amount)s") % {"amount": text}


def share_in_words(share: Fraction) -> str:
    """A part of a whole: "70 %", "1/3"."""
    per_cent = share * 100
    if share.denominator <= _WELL_KNOWN and (per_cent * 100).denominator > 1:
        return str(share)
    shown = Decimal(round_half_up(per_cent * 100)).scaleb(-2)
    text = _("%(rate)s %%") % {"rate": rate_in_words(shown)}
    return text if Fraction(shown) == per_cent else _("about %(amount)s") % {"amount": text}


def major_in_words(amount: str, currency: str) -> str:
    """An amount of a plan, which is in major units: "5.00" is 5.00 EUR."""
    digits = exponent(currency)
    return amount_in_words(Decimal(amount).scaleb(digits), currency, digits)


def rate_in_words(rate: str | Decimal) -> str:
    """A rate in per cent without zeros at its end: "12.50" is 12.5."""
    return f"{Decimal(rate).normalize():f}"


def count_in_words(metric: str, value: int | str, currency: str) -> str:
    """What a counter of a plan stands at or must reach: conversions, or an amount in major units."""
    if metric == "conversions":
        return conversions_in_words(int(value))
    return major_in_words(str(value), currency)


def conversions_in_words(count: int) -> str:
    """How many conversions."""
    return ngettext("%(count)s conversion", "%(count)s conversions", count) % {"count": count}


def quoted(names: Iterable[str]) -> list[str]:
    """Names that people gave, in quotes."""
    return [_("“%(name)s”") % {"name": name} for name in names]


def one_of(names: Iterable[str], most: int = MOST) -> str:
    """Names of which one is meant: "A, B or C"; of many the first and how many more."""
    return _listed(list(names), _("%(first)s or %(last)s"), most)


def all_of(names: Iterable[str], most: int = MOST) -> str:
    """Names of which each is meant: "A, B and C"; of many the first and how many more."""
    return _listed(list(names), _("%(first)s and %(last)s"), most)


def _listed(names: list[str], joined: str, most: int) -> str:
    more = len(names) - most
    if more > 0:
        more_of_them = ngettext("%(count)s more", "%(count)s more", more) % {"count": more}
        names = [*names[:most], more_of_them]
    if len(names) < 2:
        return "".join(names)
    return joined % {"first": ", ".join(names[:-1]), "last": names[-1]}


def countries_in_words(codes: Iterable[str]) -> list[str]:
    """Countries by name in the language that is active; a code that is none stays as it is."""
    try:
        named = Locale.parse((get_language() or "en").replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        named = Locale.parse("en").territories
    return [named.get(code.upper(), code.upper()) for code in codes]
