"""Codes that people read, say and type: random ones, and ones made from a name."""

import re
import secrets

from django.utils.text import slugify
from django.utils.translation import gettext as _

LETTERS = "23456789bcdfghjkmnpqrstvwxz"  # no vowels (no words), nothing that looks like something else
SHORTEST, LONGEST = 3, 30
CHOSEN = re.compile(r"[a-z0-9-]{3,40}")
# what stands, or may come to stand, first in an address of the house, and what would pretend to speak for it
RESERVED_WORDS = (
    "r i t p via tid qr app api admin account accounts login logout signup register password static media brand brands"
    " hooks hook postback links link direct overview program programs earnings payouts payout terms profile setup"
    " start join apply applied healthz readyz robots favicon well-known index home help support contact about legal"
    " privacy imprint security abuse billing payment payments root system null undefined none test www mail email"
    " official staff team track pixel click clicks"
)
RESERVED = frozenset(RESERVED_WORDS.split())
FOLDED = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
    | {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i", "_": "-"}
)


def random_code(length: int = 8) -> str:
    """Return `length` random letters and digits, none of which is mistaken for another; about 4.75 bits each."""
    return "".join(secrets.choice(LETTERS) for _letter in range(length))


class CodeRefused(ValueError):
    """What nobody may choose as a code."""


def chosen_code(text: str) -> str:
    """Return a code that a person chose, in small letters; raise CodeRefused unless it is 3 to 40 of `a-z0-9-`."""
    code = text.strip().lower()
    if code in RESERVED:
        raise CodeRefused(_("“%(code)s” is reserved; choose another word.") % {"code": code})
    if not CHOSEN.fullmatch(code) or not code.strip("-"):
        raise CodeRefused(_("Use 3 to 40 letters a to z, digits and hyphens."))
    return code


def from_name(name: str) -> str:
    """Return 3 to 30 of `a-z0-9-` that resemble the name; random where nothing of it can be written so."""
    slug = slugify(name.translate(FOLDED))[:LONGEST].strip("-")
    return slug if len(slug) >= SHORTEST else random_code()
