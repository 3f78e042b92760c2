"""How much one record may ask of a mapping: what is done is counted, and one piece more than the most is refused."""

from typing import Any

from django.utils.translation import gettext as _

from integrations.mapping.refusals import Unfit

MOST_WORK = 200_000
LETTERS = 500  # a text counts once more for each so many letters


class TooMuch(Unfit):
    """The record asks for more than a mapping may do with one."""


class Work:
    """What may still be done for a record: conversions, items of lists, parts of formulas."""

    __slots__ = ("left", "most")

    def __init__(self, most: int | None = None) -> None:
        self.left = self.most = MOST_WORK if most is None else most

    def spend(self, pieces: int = 1) -> None:
        """Count pieces of work; TooMuch once there are more than may be, and for each further one."""
        self.left -= pieces
        if self.left < 0:
            raise TooMuch(
                _("The message is too large for this mapping: it would take more than %(most)s steps.")
                % {"most": self.most}
            )


def weight(value: Any) -> int:
    """Return for how many pieces of work a value counts: a list by its items, a text by its letters."""
    if isinstance(value, str):
        return 1 + len(value) // LETTERS
    return 1 + len(value) if isinstance(value, list | dict) else 1
