"""One vocabulary for stores that say the same thing in different words; pure: values in, values out."""

from tracking.vocabulary.likeness import Choice, best, plain
from tracking.vocabulary.telling import LONGEST, UNIT, Told, Words, in_our_words, told_by, unheard
from tracking.vocabulary.units import UNITS, unit

__all__ = [
    "LONGEST",
    "UNIT",
    "UNITS",
    "Choice",
    "Told",
    "Words",
    "best",
    "in_our_words",
    "plain",
    "told_by",
    "unheard",
    "unit",
]
