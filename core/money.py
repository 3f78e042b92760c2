"""Money: integer minor units with an ISO 4217 code, exact division, one way of rounding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm

from babel import Locale, UnknownLocaleError
from babel.numbers import NumberPattern, parse_pattern

# ISO 4217, not CLDR: CLDR gives ALL, IQD, RSD and twenty others the digits people use in cash.
_TWO = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

EXPONENTS: dict[str, int] = {
    code: digits
    for digits, codes in ((2, _TWO), (0, _NONE), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
MAX_DIGITS = 18  # of an amount in minor units: it must fit a signed 64-bit column
_PLAIN = re.compile(r"(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?", re.ASCII)
_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])")  # CLDR's currency spacing: "RSD 5", "€5"
_HALF = Fraction(1, 2)


class MoneyError(ValueError):
    """An amount or currency that cannot be taken; the text says why."""


class CurrencyMismatch(MoneyError):
    """Two currencies met in one sum."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units of its currency: Money(12990, "EUR") is 129.90 EUR."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise MoneyError(f"An amount is a whole number of minor units, not {self.amount!r}.")
        exponent(self.currency)

    @classmethod
    def parse(cls, text: str | int | Decimal, currency: str, *, negative: bool = False) -> Money:
        """Read a decimal text in major units ("129.90"); MoneyError says what is wrong with it."""
        return cls(_minor(text, currency, negative), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in a currency."""
        return cls(0, currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added: convert first.")

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with all decimals of the currency."""
        return Decimal(self.amount).scaleb(-EXPONENTS[self.currency])

    def __str__(self) -> str:
        return f"{self.decimal:f} {self.currency}"

    def display(self, locale: str = "en") -> str:
        """As people of a locale write it, with the currency's ISO decimals: "129,90 €"."""
        pattern, parsed = _pattern(locale, EXPONENTS[self.currency])
        text = pattern.apply(self.decimal, parsed, currency=self.currency, currency_digits=False)
        return _LETTER_BEFORE_DIGIT.sub("\xa0", text)


def exponent(currency: str) -> int:
    """How many decimals a currency has; MoneyError if ISO 4217 does not know it."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError):
        raise MoneyError(f"{currency!r} is not a currency code of ISO 4217, like EUR.") from None


def _minor(text: str | int | Decimal, currency: str, negative: bool) -> int:
    sign, whole, decimals = _parts(text)
    if sign and not negative:
        raise MoneyError(f"{text} is negative; an amount of 0 or more is wanted.")
    digits = exponent(currency)
    if len(decimals.rstrip("0")) > digits:
        raise MoneyError(f"{text} has more decimals than {currency} has ({digits}).")
    minor = int(whole + decimals[:digits].ljust(digits, "0"))
    if minor >= 10**MAX_DIGITS:
        raise MoneyError(f"{text} is too large: at most {MAX_DIGITS} digits are kept.")
    return -minor if sign else minor


def _parts(text: object) -> tuple[str, str, str]:
    if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
        raise MoneyError('An amount is written as text, like "129.90".')
    if isinstance(text, int) and abs(text) >= 10**MAX_DIGITS:
        raise MoneyError(f"The amount is too large: at most {MAX_DIGITS} digits are kept.")
    found = _PLAIN.fullmatch(str(text))
    if not found:
        raise MoneyError(f'{str(text)[:40]!r} is not an amount: write digits and a point, like "129.90".')
    return found[1], found[2], found[3] or ""


@lru_cache(maxsize=256)
def _pattern(locale: str, digits: int) -> tuple[NumberPattern, Locale]:
    try:
        parsed = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        parsed = Locale.parse(re.split("[-_]", locale)[0])
    pattern = parse_pattern(parsed.currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern, parsed


def round_half_up(value: Decimal | Fraction) -> int:
    """Round to a whole number, halves away from zero, as with pencil and paper."""
    if isinstance(value, Decimal):
        return int(value.to_integral_value(ROUND_HALF_UP))
    return int(value + _HALF) if value >= 0 else -int(_HALF - value)


def allocate(total: int, weights: Sequence[int | Decimal | Fraction]) -> list[int]:
    """Divide a whole number by weights so that the parts add up: largest remainder, tie to the lower index.

    Weights are 0 or more; all 0 means equal parts. ValueError without weights or with a negative one.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("Weights are 0 or more, and at least one.")
    whole = _whole_weights(weights)
    among = sum(whole)
    shares = [divmod(abs(total) * weight, among) for weight in whole]
    parts = [quotient for quotient, _ in shares]
    by_remainder = sorted(range(len(parts)), key=lambda index: -shares[index][1])
    for index in by_remainder[: abs(total) - sum(parts)]:
        parts[index] += 1
    return [-part for part in parts] if total < 0 else parts


def _whole_weights(weights: Sequence[int | Decimal | Fraction]) -> list[int]:
    if not any(weights):
        return [1] * len(weights)
    exact = [Fraction(weight) for weight in weights]
    common = lcm(*(weight.denominator for weight in exact))
    return [int(weight * common) for weight in exact]
