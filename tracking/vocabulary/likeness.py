"""Which of our words is most like a store's: a suggestion for a person, never a decision."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from heapq import nsmallest

LEVELS = re.compile(r"\s*(?:>|»|›|/|\\|\||::)\s*")
APART = re.compile(r"[^\w]+|_+")
ENOUGH = 0.8  # of the letters, in the same order
SHORTEST, LONGEST = 4, 60  # letters: of others only the same word is suggested
DEEPEST = 6  # levels of a path that are looked at
MOST_COMPARED = 10  # words of ours with one of theirs, letter by letter
HIGHER = 0.95  # a level above the deepest says less of the goods
LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
PLURALS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("s", ""))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a word without case, accents, separators and plural; of a path the deepest level."""
    return _bare((_levels(text) or [text])[0])


class Choice:
    """Words of ours to choose from, in their plain forms and by the alphabet: made once, asked for many of theirs."""

    def __init__(self, words: Iterable[str]) -> None:
        pairs = [(plain(word), word) for word in sorted(set(words))]
        self._same: dict[str, str] = {}
        for form, word in pairs:
            self._same.setdefault(form, word)
        self._like = [(form, word) for form, word in pairs if _is_comparable(form)]

    def best(self, theirs: str) -> tuple[str, int]:
        """Return our word that is most like theirs and how much, in per cent; ("", 0) where none is alike enough.

        Of equals the first by the alphabet is taken, so that the same question has the same answer.
        """
        asked = [_bare(level) for level in _levels(theirs)[:DEEPEST]]
        found = (0.0, "")
        for place, one in enumerate(asked):
            if one and (same := self._same.get(one)):
                found = (HIGHER if place else 1.0, same)
                break
        for place, one in enumerate(asked):
            weight = HIGHER if place else 1.0
            if found[0] < weight and _is_comparable(one):
                found = self._better(found, one, weight)
        likeness, word = found
        return (word, round(likeness * 100)) if likeness >= ENOUGH else ("", 0)

    def _better(self, found: tuple[float, str], one: str, weight: float) -> tuple[float, str]:
        """Compare letter by letter only the few that can be alike enough by their length and their letters."""
        matcher = SequenceMatcher(None, "", one, autojunk=False)
        least = max(found[0], ENOUGH)
        near = []
        for form, word in self._like:
            matcher.set_seq1(form)
            if (
                matcher.real_quick_ratio() * weight >= least
                and (most := matcher.quick_ratio() * weight) >= least
            ):
                near.append((-most, word, form))
        for most, word, form in nsmallest(MOST_COMPARED, near):
            if -most < found[0]:
                break
            matcher.set_seq1(form)
            found = min(found, (matcher.ratio() * weight, word), key=lambda each: (-each[0], each[1]))
        return found


def best(theirs: str, words: Iterable[str]) -> tuple[str, int]:
    """Return our word that is most like theirs and how much; for many words of theirs make one Choice."""
    return Choice(words).best(theirs)


def _levels(text: str) -> list[str]:
    """The deepest first."""
    return [level for level in reversed(LEVELS.split(text)) if level.strip()]


def _bare(text: str) -> str:
    low = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    letters = "".join(letter for letter in low if not unicodedata.combining(letter))
    return " ".join(_singular(word) for word in APART.split(letters) if word)


def _is_comparable(form: str) -> bool:
    """Short words are alike by chance; to compare long ones letter by letter costs too much."""
    return SHORTEST <= len(form) <= LONGEST


def _singular(word: str) -> str:
    """English plurals, and others in s: enough for a suggestion."""
    if word.endswith("ss"):
        return word
    for end, instead in PLURALS:
        if word.endswith(end) and len(word) > len(end) + 2:
            return word.removesuffix(end) + instead
    return word
