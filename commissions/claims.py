"""Who has a claim to a level, and how the rounded amount of the level is divided among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from commissions.earned import ZERO, Worth, portion
from core.money import allocate

_ALL = Fraction(1)


@dataclass(slots=True)
class Claim:
    """A share of what a level is worth by one credited affiliate's sale; without enrollment it is nobody's.

    `rate` and `of` say for a sponsor what it was taken of, unrounded. `amount` is its part of the rounded level.
    """

    level: int
    enrollment_id: int | None
    label: str
    group: str
    share: Fraction
    worth: Worth
    rate: Decimal = ZERO
    of: Decimal = ZERO
    amount: int = 0

    @property
    def weight(self) -> Fraction:
        """Its unrounded part of the level."""
        return Fraction(self.worth.total) * self.share


@dataclass(slots=True)
class Party:
    """One enrollment at one level with all its claims: it gets one commission."""

    level: int
    enrollment_id: int
    claims: list[Claim] = field(default_factory=list)
    before: int = 0
    under_ceiling: int = 0
    amount: int = 0

    @property
    def label(self) -> str:
        """What it is called, where the caller said so."""
        return self.claims[0].label

    @property
    def share(self) -> Fraction:
        """Its part of the sale, of all its claims."""
        if len(self.claims) == 1:
            return self.claims[0].share
        return sum((claim.share for claim in self.claims), Fraction(0))

    @property
    def worth(self) -> tuple[Worth, Fraction]:
        """What the sale is worth and the part of it that this enrollment gets; claims of different worth in one."""
        first = self.claims[0].worth
        if len(self.claims) == 1 or all(
            claim.worth is first or claim.worth == first for claim in self.claims
        ):
            return first, self.share
        return _together(self.claims), _ALL

    def unrounded(self, part: Fraction) -> Decimal:
        """What a part of its worth is, in minor units."""
        return portion(self.worth[0].total, part)


def divide(amount: int, claims: list[Claim]) -> None:
    """Give each claim its part of a level by largest remainder; what is nobody's is not given to the others."""
    if len(claims) == 1:
        claims[0].amount = amount
        return
    ranked = sorted(claims, key=lambda claim: (claim.enrollment_id is None, claim.enrollment_id or 0))
    weights = [claim.weight for claim in ranked]
    if not any(weights):
        return
    for claim, part in zip(ranked, allocate(amount, weights), strict=True):
        claim.amount = part


def parties_of(claims: Iterable[Claim]) -> list[Party]:
    """One party per level and enrollment, ordered by both: who recruited two credited affiliates gets one sum."""
    found: dict[tuple[int, int], Party] = {}
    for claim in claims:
        assert claim.enrollment_id is not None  # noqa: S101 - the caller left nobody's claims out
        key = claim.level, claim.enrollment_id
        party = found.setdefault(key, Party(*key))
        party.claims.append(claim)
        party.before = party.under_ceiling = party.amount = party.before + claim.amount
    return [found[key] for key in sorted(found)]


def _together(claims: list[Claim]) -> Worth:
    """The sum of claims that differ, each line's part to 12 decimals of a minor unit where it has no end."""
    per_line: dict[str, Decimal] = {}
    per_item: dict[tuple[str, int], Decimal] = {}
    fixed = ZERO
    for claim in claims:
        for key, value in claim.worth.per_line:
            per_line[key] = per_line.get(key, ZERO) + portion(value, claim.share)
        for key, quantity, unit in claim.worth.per_item:
            per_item[key, quantity] = per_item.get((key, quantity), ZERO) + portion(unit, claim.share)
        fixed += portion(claim.worth.fixed_order, claim.share)
    items = tuple((key, quantity, unit) for (key, quantity), unit in per_item.items())
    return Worth(tuple(per_line.items()), items, fixed)
