"""Codes that people read, say and type: random ones, and ones made from a name."""

import secrets

from django.utils.text import slugify

LETTERS = "23456789bcdfghjkmnpqrstvwxz"  # no vowels (no words), nothing that looks like something else
SHORTEST, LONGEST = 3, 30
FOLDED = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
    | {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i", "_": "-"}
)


def random_code(length: int = 8) -> str:
    """Return `length` random letters and digits, none of which is mistaken for another; about 4.75 bits each."""
    return "".join(secrets.choice(LETTERS) for _letter in range(length))


def from_name(name: str) -> str:
    """Return 3 to 30 of `a-z0-9-` that resemble the name; random where nothing of it can be written so."""
    slug = slugify(name.translate(FOLDED))[:LONGEST].strip("-")
    return slug if len(slug) >= SHORTEST else random_code()
