"""What is evaluated: a conversion with its lines and the people it is credited to, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

WHOLE = ""  # key of the one line that stands for a conversion without lines, such as a lead
EXTRA = "+"  # key of the line that stands for shipping or tax, where the program pays on them


@dataclass(frozen=True, slots=True)
class Line:
    """One order line; `net` is its commissionable amount in minor units, after discounts and before tax.

    `excluded` is the program's own exclusion (gift card, fee); the plan's exclusions are found by evaluate(). The
    categories are in our words; `called` are those that the store calls otherwise, as pairs (ours, theirs).
    """

    key: str
    sku: str
    product: str
    categories: tuple[str, ...]
    quantity: int
    net: int
    excluded: bool = False
    name: str = ""
    brand: str = ""
    called: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Earner:
    """A sponsor above the credited affiliate: 2 is who recruited it, 3 who recruited that one."""

    level: int
    enrollment_id: int
    active: bool = True
    label: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """An affiliate credited with a share of the sale, and its sponsors from level 2 upward."""

    enrollment_id: int
    share: Fraction = Fraction(1)
    chain: tuple[Earner, ...] = ()
    label: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", Fraction(self.share))  # "1/3" from JSON is taken as well
        if not 0 < self.share <= 1:
            raise ValueError("A share is more than 0 and at most 1.")


@dataclass(frozen=True, slots=True)
class Sale:
    """A conversion as the plan sees it, in the program's currency; shares add up to 1.

    `extra_base` is shipping or tax in minor units where the program includes them; `new_customer` None is unknown.
    `payment` is the n-th of its subscription or customer and `months` its age in whole months; `at` is when it
    occurred on the program's clock, without zone; `order_currency` is what the buyer paid in; `partners` are the
    active enrollments that a plan may split with, by referral code.
    """

    goal: str
    currency: str
    lines: tuple[Line, ...]
    credits: tuple[Credit, ...]
    extra_base: int = 0
    new_customer: bool | None = None
    country: str = ""
    coupons: tuple[str, ...] = ()
    sub_ids: tuple[str, ...] = ()
    channel: str = ""
    payment: int | None = None
    months: int | None = None
    at: datetime | None = None
    order_currency: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    partners: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.credits and sum(credit.share for credit in self.credits) != 1:
            raise ValueError("The shares of a sale add up to 1.")
        if len({line.key for line in self.all_lines}) != len(self.all_lines):
            raise ValueError("Every line of a sale has its own key.")

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines that can earn: a sale without lines counts as one, and shipping or tax is one more."""
        lines = self.lines or (Line(WHOLE, "", "", (), 1, 0),)
        return (*lines, Line(EXTRA, "", "", (), 0, self.extra_base)) if self.extra_base else lines

    @property
    def value(self) -> int:
        """What all its lines come to, in minor units, whether they earn or not; shipping and tax apart."""
        return sum(line.net for line in self.lines)
