"""How a sale is shared among the touches before it: five rules, and two models that were learned from journeys.

Shares are fractions that add up to exactly 1, the same on every machine: no float takes part in them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Protocol

LAST_CLICK, FIRST_CLICK, LINEAR = "last_click", "first_click", "linear"
TIME_DECAY, POSITION = "time_decay", "position"
MARKOV, SHAPLEY = "markov", "shapley"
LEARNED = frozenset({MARKOV, SHAPLEY})
ENDS = Fraction(2, 5)  # what the first and the last of several touches get each, by position
UNIT = 10**12  # the weight of the newest touch under time decay; others are rounded to whole units
_EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)
_MICROSECOND = timedelta(microseconds=1)


class Contact(Protocol):
    """What of a touch decides about its share."""

    @property
    def enrollment(self) -> int: ...

    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Learned:
    """What a study learned: a weight for each affiliate that stood in its journeys."""

    study: int
    weights: Mapping[int, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sharing:
    """By which model a program shares; `learned` is None while a data-driven one has too little to go by."""

    model: str = LAST_CLICK
    half_life: timedelta = timedelta(days=7)
    learned: Learned | None = None
    fallback: str = LAST_CLICK


@dataclass(frozen=True, slots=True)
class Shared:
    """One share a touch, by the model that was used in the end; `why` says why it was not the program's.

    `weights` are whole numbers or fractions that the shares are proportional to.
    """

    model: str
    shares: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]
    why: str = ""


def share(sharing: Sharing, touches: Sequence[Contact]) -> Shared:
    """Share a sale among touches, the oldest first; ValueError for none or for an unknown model."""
    if not touches:
        raise ValueError("Without touches there is nothing to share.")
    if sharing.model not in LEARNED:
        return _by_rule(sharing.model, sharing, touches)
    why = _why_not_learned(sharing, touches)
    if why:
        rule = LAST_CLICK if sharing.fallback in LEARNED else sharing.fallback
        found = _by_rule(rule, sharing, touches)
        return Shared(found.model, found.shares, found.weights, why)
    return _proportional(sharing.model, _learned(sharing, touches))


def totals(touches: Sequence[Contact], shares: Sequence[Fraction]) -> tuple[tuple[int, Fraction], ...]:
    """Return (enrollment, share), the principal first; of equal shares the later touch, then the lower id.

    Who has no share is left out. An affiliate's touches count together.
    """
    sums: dict[int, Fraction] = {}
    latest: dict[int, datetime] = {}
    for touch, part in zip(touches, shares, strict=True):
        if part:
            sums[touch.enrollment] = sums.get(touch.enrollment, Fraction(0)) + part
            latest[touch.enrollment] = max(touch.at, latest.get(touch.enrollment, touch.at))
    by_id = sorted(sums)
    by_touch = sorted(by_id, key=lambda one: latest[one], reverse=True)
    return tuple((one, sums[one]) for one in sorted(by_touch, key=lambda one: sums[one], reverse=True))


def _by_rule(name: str, sharing: Sharing, touches: Sequence[Contact]) -> Shared:
    if name not in RULES:
        raise ValueError(f"There is no model {name!r}.")
    return _proportional(name, RULES[name](sharing, touches))


def _proportional(name: str, weights: Sequence[Fraction]) -> Shared:
    among = sum(weights)
    return Shared(name, tuple(weight / among for weight in weights), tuple(weights))


# --- rules: one weight a touch -----------------------------------------------------------------------------
def _last(_sharing: Sharing, touches: Sequence[Contact]) -> list[Fraction]:
    return [Fraction(place == len(touches) - 1) for place in range(len(touches))]


def _first(_sharing: Sharing, touches: Sequence[Contact]) -> list[Fraction]:
    return [Fraction(place == 0) for place in range(len(touches))]


def _evenly(_sharing: Sharing, touches: Sequence[Contact]) -> list[Fraction]:
    return [Fraction(1)] * len(touches)


def _by_position(_sharing: Sharing, touches: Sequence[Contact]) -> list[Fraction]:
    """40/20/40, the 20 shared among those between; of two 50/50; one has all."""
    if len(touches) <= 2:
        return [Fraction(1)] * len(touches)
    between = len(touches) - 2
    return [ENDS, *[(1 - 2 * ENDS) / between] * between, ENDS]


def _by_age(sharing: Sharing, touches: Sequence[Contact]) -> list[Fraction]:
    """2 to the power of -age/half-life, the age counted from the newest touch, as whole parts of UNIT."""
    newest = max(touch.at for touch in touches)
    half_life = sharing.half_life // _MICROSECOND
    return [_decayed((newest - touch.at) // _MICROSECOND, half_life) for touch in touches]


def _decayed(age: int, half_life: int) -> Fraction:
    """What is left of UNIT after `age`: halved for every whole half-life, the rest of the way by exp, at 50 digits.

    Decimal's exp and ln are rounded correctly by definition, so that every machine finds the same digits.
    """
    halvings, rest = divmod(age, half_life)
    if halvings > 64:  # less than one part of UNIT
        return Fraction(0)
    part = _EXACT.exp(
        _EXACT.multiply(_EXACT.divide(Decimal(-rest), Decimal(half_life)), _EXACT.ln(Decimal(2)))
    )
    left = _EXACT.divide(_EXACT.multiply(part, Decimal(UNIT)), Decimal(2**halvings))
    return Fraction(int(left.to_integral_value(ROUND_HALF_EVEN)))


RULES: dict[str, Callable[[Sharing, Sequence[Contact]], list[Fraction]]] = {
    LAST_CLICK: _last,
    FIRST_CLICK: _first,
    LINEAR: _evenly,
    TIME_DECAY: _by_age,
    POSITION: _by_position,
}


# --- learned from journeys: one weight a partner, divided among its touches ----------------------------------
def _why_not_learned(sharing: Sharing, touches: Sequence[Contact]) -> str:
    """Return why the data-driven model cannot share this sale, or an empty text."""
    if sharing.learned is None:
        return "no_study"
    players = {touch.enrollment for touch in touches}
    known = sharing.learned.weights
    if len(players) == 1 or sharing.model == SHAPLEY:
        return ""
    if not players <= known.keys():
        return "unknown_partner"
    return "" if any(known[player] > 0 for player in players) else "no_weight"


def _learned(sharing: Sharing, touches: Sequence[Contact]) -> list[Fraction]:
    """Markov: by the weight of each partner; Shapley: every partner of the journey alike, as the values of a coalition
    game are in which the sale needs all who took part.
    """
    assert sharing.learned is not None  # noqa: S101 - _why_not_learned has said so otherwise
    own: dict[int, int] = {}
    for touch in touches:
        own[touch.enrollment] = own.get(touch.enrollment, 0) + 1
    known = sharing.learned.weights
    alike = len(own) == 1 or sharing.model == SHAPLEY
    weights = {one: Fraction(1) if alike else max(known[one], Fraction(0)) for one in own}
    return [weights[touch.enrollment] / own[touch.enrollment] for touch in touches]
