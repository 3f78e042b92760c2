"""The countries of ISO 3166 by their two letters."""

from babel import Locale

NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def names_of_countries(language: str) -> dict[str, str]:
    """Return code -> name in a language (as Babel names it)."""
    named = Locale.parse(language.replace("-", "_")).territories
    return {code: name for code, name in named.items() if len(code) == 2 and code not in NO_COUNTRIES}


COUNTRIES = frozenset(code for code in names_of_countries("en") if code.isalpha())
