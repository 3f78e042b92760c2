"""A score: how likely something is fraud and what moved it; it carries no action, so it can only inform."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

SHOWN = 5  # what an explanation names at most; the rest is summed up


class Source(models.TextChoices):
    """How a score came about."""

    WEIGHTS = "weights", _("weights of what was found")
    LEARNED = "learned", _("learned from decisions")
    ODDITY = "oddity", _("how unlike the others, learned from no decision")


@dataclass(frozen=True, slots=True)
class Move:
    """What one finding or feature did to a score: `by` in natural log units, positive towards fraud.

    `value` is what was seen: a number, a text, or None where it is not known.
    """

    name: str
    by: float
    value: float | str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How likely a case is fraud, from 0 to 1, and why: `level` = `base` + the moves + `rest`.

    `level` is in log-odds; of an oddity, which is no likelihood, it is the logarithm of the value. `moves` are the
    SHOWN largest, the strongest first; `rest` is what all others did together. `version` names the model that said so.
    Nothing here says what is to be done: holding and declining are for findings and people.
    """

    source: Source
    base: float
    moves: tuple[Move, ...]
    rest: float = 0.0
    version: str = ""

    @property
    def level(self) -> float:
        """Where base and moves lead, in natural log units."""
        return self.base + math.fsum(move.by for move in self.moves) + self.rest

    @property
    def value(self) -> float:
        """The score from 0 to 1."""
        if self.source == Source.ODDITY:
            return min(math.exp(self.level), 1.0)
        return logistic(self.level)

    @property
    def is_likelihood(self) -> bool:
        """Whether 0.3 means that 3 of 10 such cases were decided as fraud."""
        return self.source == Source.LEARNED


def explained(source: Source, base: float, moves: Iterable[Move], version: str = "") -> Score:
    """Make a score that names the strongest moves and sums up the rest; moves of 0 are left out."""
    ranked = sorted((move for move in moves if move.by), key=lambda move: (-abs(move.by), move.name))
    rest = math.fsum(move.by for move in ranked[SHOWN:])
    return Score(source, base, tuple(ranked[:SHOWN]), rest, version)


def logistic(log_odds: float) -> float:
    """Turn log-odds into a probability, without overflow at either end."""
    if log_odds < 0:
        return math.exp(log_odds) / (1 + math.exp(log_odds)) if log_odds > -700 else 0.0
    return 1 / (1 + math.exp(-min(log_odds, 700)))
