"""What of an order stands in a store's own words, and what those are called here."""

from collections.abc import Iterable, Mapping
from typing import Any

from affiliates.countries import COUNTRIES
from tracking.orders import OrderIn
from tracking.states import Vocabulary
from tracking.vocabulary.units import UNITS

LONGEST = 200
UNIT = "unit"  # the key of an order's metadata
Told = dict[str, list[str]]  # vocabulary -> the store's words, each once
Words = Mapping[
    str, Mapping[str, str | None]
]  # vocabulary -> the store's word -> ours, None while nobody has said


def told_by(value: OrderIn) -> Told:
    """Return the words of an order that the store may call otherwise than others; {} where it tells none.

    A country of ISO 3166 and a unit of ours need no dictionary. What has more than 200 letters is no word.
    """
    country, measured = value.customer.country.strip(), value.metadata.get(UNIT)
    found = {
        Vocabulary.CATEGORY: (name for line in value.lines for name in line.categories),
        Vocabulary.COUNTRY: (country,) if country.upper() not in COUNTRIES else (),
        Vocabulary.UNIT: (measured,) if isinstance(measured, str) and measured not in UNITS else (),
    }
    told = {str(name): _each_once(words) for name, words in found.items()}
    return {name: words for name, words in told.items() if words}


def unheard(told: Told, words: Words) -> Told:
    """Return what is told and does not stand among the words, whether it means something there or not."""
    left = {name: [one for one in said if one not in words.get(name, {})] for name, said in told.items()}
    return {name: said for name, said in left.items() if said}


def in_our_words(said: Iterable[str], words: Mapping[str, str | None]) -> tuple[tuple[str, ...], Any]:
    """Return what is said in our words, each once, and as pairs (ours, theirs) those that are called otherwise here.

    What nobody has given a word stays as it is told.
    """
    ours: dict[str, None] = {}
    called: dict[str, str] = {}
    for theirs in said:
        word = words.get(theirs) or theirs
        ours[word] = None
        if word != theirs:
            called.setdefault(word, theirs)
    return tuple(ours), tuple(called.items())


def _each_once(words: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word and len(word) <= LONGEST))
