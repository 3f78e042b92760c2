"""Stripe's way of writing things: seconds, ids that may be whole objects, and amounts in its own minor units."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from core.money import MAX_DIGITS, MoneyError, exponent
from integrations.connectors.base import Unreadable
from integrations.connectors.body import YEARS, Fields

# Stripe's own decimals (docs.stripe.com/currencies); all others have two, ISK and UGX too, which ISO says have none.
NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def currency_of(values: Fields) -> str:
    """Return the currency in capitals; raises Unreadable for one that ISO 4217 does not know."""
    currency = values.text("currency", 3).upper()
    try:
        exponent(currency)
    except MoneyError as error:
        raise Unreadable(str(error)) from None
    return currency


def whole(values: Fields, name: str) -> int:
    """Return a whole number that may be below 0; missing or null is 0."""
    value = values.values.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**MAX_DIGITS:
        raise Unreadable(_("The field “%(name)s” is not what it should be.") % {"name": name})
    return value


def amount_of(values: Fields, name: str, currency: str) -> int:
    """Return an amount in minor units of ISO 4217; raises Unreadable where Stripe's has more decimals."""
    return minor(whole(values, name), currency)


def minor(amount: int, currency: str) -> int:
    """Turn Stripe's minor units into those of ISO 4217, exactly."""
    by: int = exponent(currency) - (0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2)
    if by >= 0:
        return amount * int(10**by)
    units, rest = divmod(amount, int(10**-by))
    if rest:
        raise Unreadable(
            _("%(amount)s is no whole number of %(currency)s.") % {"amount": amount, "currency": currency}
        )
    return units


def moment(values: Fields, name: str) -> datetime | None:
    """Return a moment that is written in seconds since 1970; None for missing or null."""
    seconds = whole(values, name)
    if not seconds:
        return None
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        found = None
    if found is None or found.year not in YEARS:
        raise Unreadable(_("The field “%(name)s” is not what it should be.") % {"name": name})
    return found


def id_of(values: Fields, name: str) -> str:
    """Return the id of what a field names, be it the id alone or the whole object."""
    value = values.values.get(name)
    return values.part(name).text("id", 120) if isinstance(value, dict) else values.text(name, 120)
