"""Exchange rates as values: which one holds at a time, what two make across the euro, and what amounts become."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from core.money import MAX_DIGITS, MoneyError, allocate, exponent, round_half_up

EURO = "EUR"
FRESH = timedelta(hours=72)
FIFTEEN = Context(
    prec=15, rounding=ROUND_HALF_UP
)  # SQLite keeps no more digits, and both databases must agree
LAST_DECIMAL = Decimal("1E-15")
SMALLEST, LARGEST = (
    Decimal("0.00001"),
    Decimal(10_000_000),
)  # of units for one euro: their ratios can be stored
BY_HAND = "manual"


@dataclass(frozen=True, slots=True)
class Published:
    """How many units of a currency one euro bought, as a source said it."""

    currency: str
    rate: Decimal
    as_of: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of `into` for one unit of `currency`, both from one publication."""

    currency: str
    into: str
    rate: Decimal
    as_of: datetime
    source: str


def choose(published: Iterable[Published], currency: str, into: str, at: datetime) -> Rate | None:
    """Return the rate that holds at a time: the newest not older than 72 h, else the first of the 72 h after it.

    Both legs of a cross rate come from one publication (same time, same source); None if there is no such rate.
    """
    sheets: dict[tuple[datetime, str], dict[str, Decimal]] = {}
    for each in published:
        sheets.setdefault((each.as_of, each.source), {})[each.currency] = each.rate
    before = sorted((key for key in sheets if at - FRESH <= key[0] <= at), key=_newest_first)
    after = sorted((key for key in sheets if at < key[0] <= at + FRESH), key=_oldest_first)
    for as_of, source in (*before, *after):
        rate = cross(sheets[as_of, source], currency, into)
        if rate is not None:
            return Rate(currency, into, rate, as_of, source)
    return None


def _newest_first(key: tuple[datetime, str]) -> tuple[float, bool, str]:
    """Of the same time, what the world publishes stands before what somebody typed."""
    return (-key[0].timestamp(), is_by_hand(key[1]), key[1])


def _oldest_first(key: tuple[datetime, str]) -> tuple[float, bool, str]:
    return (key[0].timestamp(), is_by_hand(key[1]), key[1])


def cross(for_one_euro: Mapping[str, Decimal], currency: str, into: str) -> Decimal | None:
    """Return units of `into` for one of `currency`, in 15 digits, half up; None while one of the two is missing."""
    known = {**for_one_euro, EURO: Decimal(1)}
    if currency not in known or into not in known:
        return None
    rate = FIFTEEN.divide(known[into], known[currency])
    return rate.quantize(LAST_DECIMAL, ROUND_HALF_UP) if rate.as_tuple().exponent < -15 else rate  # type: ignore[operator]


def convert(amounts: Sequence[int], rate: Decimal, from_currency: str, into: str) -> list[int]:
    """Return minor units of `into`: the sum is converted once, half up, and divided by largest remainder.

    Amounts below 0 are converted as one sum, too, and those above 0 take the rest, so that the parts always add up.
    MoneyError for an unknown currency or a sum that is too large to be kept; ValueError for a rate of 0 or less.
    """
    if rate <= 0:
        raise ValueError("A rate is above zero.")
    units = Fraction(rate) * Fraction(10) ** (exponent(into) - exponent(from_currency))
    given = [max(amount, 0) for amount in amounts]
    taken = [max(-amount, 0) for amount in amounts]
    less = round_half_up(sum(taken) * units)
    more = round_half_up((sum(given) - sum(taken)) * units) + less
    if max(more, less) >= 10**MAX_DIGITS:
        raise MoneyError(f"The amount is too large in {into}: at most {MAX_DIGITS} digits are kept.")
    parts = zip(_divided(more, given), _divided(less, taken), strict=True)
    return [plus - minus for plus, minus in parts]


def _divided(total: int, weights: list[int]) -> list[int]:
    return allocate(total, weights) if any(weights) else [0] * len(weights)


def missing_rate_reason(currency: str, into: str, at: datetime) -> str:
    """Return the sentence that a parked conversion shows: what is missing and what to do; under 300 letters."""
    said = {"currency": currency, "into": into, "day": f"{at.astimezone(UTC):%Y-%m-%d}"}
    return (
        _(
            "The order is in %(currency)s, commissions are in %(into)s: no exchange rate within 72 hours of %(day)s is "
            "stored. It is valued by itself when the next one is published; a currency that nobody publishes is "
            "entered under Exchange rates."
        )
        % said
    )


def wrong_rate(rate: Decimal) -> str:
    """Return the sentence that says why a number cannot be units for one euro, or an empty text."""
    if not rate.is_finite() or not SMALLEST <= rate <= LARGEST:
        return _("%(rate)s is not a rate: write how many units one euro buys, from 0.00001 to 10000000.") % {
            "rate": rate
        }
    if rate != rate.quantize(Decimal(1).scaleb(-8), ROUND_HALF_UP):
        return _("%(rate)s has more than 8 decimals.") % {"rate": rate}
    return ""


def entered_by(merchant: int, who: object = "") -> str:
    """Return how the source of a rate begins that somebody of a merchant typed, and whose it is.

    A rate is installation-wide unless its source begins so: then it holds for this merchant alone.
    """
    return f"{BY_HAND} {merchant}: {who}"[:40]


def is_by_hand(source: str) -> bool:
    """Say whether a person typed the rate; whatever its case, as databases differ in that."""
    return source.casefold().startswith(BY_HAND)


def typed_for(source: str) -> int | None:
    """Return the id of the merchant for whom a rate was entered by hand; None for a published one."""
    found = re.match(rf"{BY_HAND} ([0-9]+): ", source, re.IGNORECASE | re.ASCII)
    return int(found[1]) if found else None


def source_in_words(source: str) -> str:
    """Return who said it, for people: the merchant's number is no business of theirs."""
    if is_by_hand(source):
        return _("entered by %(who)s") % {"who": source.partition(": ")[2]}
    return _("European Central Bank") if source == "ECB" else source
