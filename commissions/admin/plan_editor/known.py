"""What a program knows that a manager may want to name: its groups, affiliates, coupons, and what it sold lately."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from affiliates.models import Program
from tracking.models import Order, Term
from tracking.states import Vocabulary

ORDERS = 150
OFFERED = 12
_OF_LINE = {"skus": "sku", "products": "product", "brands": "brand"}


@dataclass
class Known:
    """Names of a program, asked of the database when a card wants them."""

    program: Program
    _lines: list[dict[str, Any]] | None = field(default=None, repr=False)

    @property
    def currency(self) -> str:
        """What amounts are in."""
        return self.program.currency

    def of(self, key: str) -> tuple[str, ...]:
        """Names to offer for a condition, the most frequent first; none where the program knows none."""
        if key == "groups":
            return self.groups
        if key == "coupons":
            rows = self.program.coupons.filter(is_active=True).order_by("-pk")
            return tuple(code.upper() for code in rows.values_list("code", flat=True)[:OFFERED])
        if key == "categories":
            return self.categories
        if key in _OF_LINE:
            return _frequent(line.get(_OF_LINE[key]) for line in self.lines)
        return ()

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The dictionary's own words, then what stores say that has none."""
        rows = Term.objects.decided().filter(program=self.program, vocabulary=Vocabulary.CATEGORY)
        ours = dict(rows.order_by("-seen", "pk").values_list("theirs", "word"))
        told = _frequent(name for line in self.lines for name in line.get("categories") or ())
        return tuple(dict.fromkeys([*ours.values(), *(name for name in told if name not in ours)]))[:OFFERED]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The program's groups."""
        return tuple(self.program.groups.order_by("name").values_list("name", flat=True))

    @cached_property
    def affiliates(self) -> list[tuple[str, str]]:
        """Referral code and name of those who may get a part of others' sales."""
        rows = self.program.enrollments.active().select_related("affiliate").order_by("affiliate__name")
        return [(row.code, row.affiliate.name) for row in rows[:500]]

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the newest orders, as the store told them."""
        rows = Order.objects.filter(program=self.program).order_by("-pk").values_list("snapshot", flat=True)
        return [line for snapshot in rows[:ORDERS] for line in snapshot.get("lines", ())]


def _frequent(values: Any) -> tuple[str, ...]:
    counted = Counter(str(value) for value in values if value)
    return tuple(name for name, _count in counted.most_common(OFFERED))
