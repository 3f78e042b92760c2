"""What is earned: unrounded worth by line, and one rounded amount per enrollment and level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

EXACT = Context(prec=120)  # 18 digits times ten rates of 6 decimals each stay exact
ZERO = Decimal(0)
_SHOWN = 12  # decimals of a minor unit that are kept where a value has no end, such as a third


def plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    return f"{value.normalize(EXACT):f}"


@dataclass(frozen=True, slots=True)
class Worth:
    """What a level is worth before rounding, shares and ceiling, in minor units.

    `per_line` names every line that a rule pays for, with 0 where only a fixed amount is paid.
    """

    per_line: tuple[tuple[str, Decimal], ...] = ()
    per_item: tuple[tuple[str, int, Decimal], ...] = ()
    fixed_order: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The sum of all lines, items and fixed amounts; exact inside a context of enough digits."""
        by_line = sum((value for _, value in self.per_line), self.fixed_order)
        return sum((unit * quantity for _, quantity, unit in self.per_item), by_line)

    def times(self, factor: Decimal) -> Worth:
        """A part of every value in it."""
        return Worth(
            tuple((key, value * factor) for key, value in self.per_line),
            tuple((key, quantity, unit * factor) for key, quantity, unit in self.per_item),
            self.fixed_order * factor,
        )


@dataclass(frozen=True, slots=True)
class Earned:
    """One commission: `amount` in minor units, and the unrounded values that refunds are counted from.

    The values by line, by item and per order are those of the whole level; `part` is how much of them this
    enrollment gets (its share, and what a ceiling left of it). `unrounded` is their sum times `part`.
    """

    enrollment_id: int
    level: int
    amount: int
    unrounded: Decimal
    per_line: tuple[tuple[str, Decimal], ...]
    per_item: tuple[tuple[str, int, Decimal], ...] = ()
    fixed_order: Decimal = ZERO
    part: Fraction = Fraction(1)

    def as_json(self) -> dict[str, Any]:
        """Values that JSON keeps exactly: decimals and fractions as text."""
        return {
            "enrollment_id": self.enrollment_id,
            "level": self.level,
            "amount": self.amount,
            "unrounded": plain(self.unrounded),
            "per_line": [[key, plain(value)] for key, value in self.per_line],
            "per_item": [[key, quantity, plain(unit)] for key, quantity, unit in self.per_item],
            "fixed_order": plain(self.fixed_order),
            "part": str(self.part),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Earned:
        """The same value back from `as_json`."""
        return cls(
            enrollment_id=data["enrollment_id"],
            level=data["level"],
            amount=data["amount"],
            unrounded=Decimal(data["unrounded"]),
            per_line=tuple((key, Decimal(value)) for key, value in data["per_line"]),
            per_item=tuple((key, quantity, Decimal(unit)) for key, quantity, unit in data["per_item"]),
            fixed_order=Decimal(data["fixed_order"]),
            part=Fraction(data["part"]),
        )


def portion(total: Decimal, part: Fraction) -> Decimal:
    """A part of an unrounded value: exact where it has an end, else to 12 decimals of a minor unit."""
    if part == 1:
        return total
    with localcontext(EXACT):
        value = total * part.numerator / part.denominator
        exact = value * part.denominator == total * part.numerator
        return value.normalize() if exact else value.quantize(Decimal(1).scaleb(-_SHOWN))
