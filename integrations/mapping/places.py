"""Countries, currencies and telephone numbers, by their norms."""

from functools import cache
from typing import Any

import phonenumbers
from babel import Locale
from babel.core import get_global
from django.utils.translation import gettext as _

from core.money import EXPONENTS
from integrations.mapping.plain import text_of
from integrations.mapping.refusals import Unfit

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "cs")
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})


def country(value: Any, record: Any) -> str:
    """Return the two letters of a country that is told by its name, two or three letters or number (CLDR's tables)."""
    text = text_of(value).strip()
    found = _codes().get(text.upper()) or _names().get(text.casefold())
    if not found:
        raise Unfit(_("“%(text)s” is no country that we know.") % {"text": text[:60]})
    return found


def currency(value: Any, record: Any) -> str:
    """Return a currency's code; a sign like $ may mean many and is refused."""
    code = text_of(value).strip().upper()
    if code not in EXPONENTS:
        raise Unfit(_("“%(text)s” is no code of a currency, like EUR.") % {"text": code[:60]})
    return code


def phone(value: Any, record: Any, region: str = "") -> str:
    """Return a telephone number as +4930123456; without a + it is one of the region."""
    text = text_of(value).strip()
    try:
        found = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException:
        found = None
    if found is None or not phonenumbers.is_possible_number(found):
        raise Unfit(
            _("“%(text)s” is no telephone number that can be called from abroad.") % {"text": text[:60]}
        )
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def check_region(text: str) -> None:
    """Raise Unfit unless it is a country's two letters."""
    if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise Unfit(_("“%(text)s” is no country's two letters, like DE.") % {"text": text})


@cache
def _codes() -> dict[str, str]:
    known = map(str, Locale("en").territories)
    own = {code: code for code in known if len(code) == 2 and code not in NO_COUNTRIES}
    others = get_global("territory_aliases").items()
    return {code: new[0] for code, new in others if len(new) == 1 and new[0] in own} | own


@cache
def _names() -> dict[str, str]:
    """Names in some languages; one that means different countries in different languages means none."""
    found: dict[str, set[str]] = {}
    own = set(_codes().values())
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in own:
                found.setdefault(name.casefold(), set()).add(code)
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}
