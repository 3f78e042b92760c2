"""Orders as the naive model sees them, and how much of them went back; its numbers and periods.

Amounts are whole cents, exact values are fractions, people are names, times are the program's, without zone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

NOTHING, ALL = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Item:
    """A line of an order: what it costs in all, how many they are, and what they are."""

    key: str
    net: int
    quantity: int = 1
    category: str = ""


@dataclass(frozen=True)
class Back:
    """Money that went back: of a line, or gross, or (with neither) all of it."""

    number: str
    kind: str = "refund"
    line: str = ""
    quantity: int = 0
    amount: int | None = None


@dataclass(frozen=True)
class Deal:
    """An order as it is known at last, who brought it, and which of its levels were declined."""

    number: int
    seller: str
    at: datetime
    items: tuple[Item, ...]
    total: int
    sponsors: tuple[str, ...] = ()
    is_sale: bool = True
    backs: tuple[Back, ...] = ()
    declined: frozenset[int] = frozenset()

    def gone(self) -> dict[str, Fraction]:
        """Return how much of each line went back, from 0 to 1."""
        backs = self.standing()
        gross = sum(back.amount or 0 for back in backs if not back.line)
        if any(not back.line and back.amount is None for back in backs) or gross >= self.total > 0:
            return {item.key: ALL for item in self.items}
        spread = Fraction(gross, self.total) if self.total else NOTHING
        return {item.key: self._part(item, backs, spread) for item in self.items}

    def _part(self, item: Item, backs: list[Back], spread: Fraction) -> Fraction:
        own = [back for back in backs if back.line == item.key]
        if item.net == 0:
            return ALL if sum(back.quantity for back in own) >= item.quantity else NOTHING
        return min(Fraction(sum(back.amount or 0 for back in own), item.net) + spread, ALL)

    def units_gone(self) -> dict[str, int]:
        """Return how many units of each line went back: those named, or all where the whole line did."""
        gone, units = self.gone(), {}
        for item in self.items:
            named = sum(back.quantity for back in self.standing() if back.line == item.key)
            units[item.key] = item.quantity if gone[item.key] == 1 else min(named, item.quantity)
        return units

    def standing(self) -> list[Back]:
        """Return what went back and stayed away: a dispute that was won gives its chargeback back."""
        won = len([back for back in self.backs if back.kind == "chargeback_won"])
        lost = [back for back in self.backs if back.kind == "chargeback"][won:]
        return [back for back in self.backs if back.kind in ("refund", "cancellation")] + lost

    def is_all_gone(self, lines: list[Item]) -> bool:
        """Say whether every one of these lines that costs something went back whole."""
        gone = self.gone()
        costly = [item for item in lines if item.net] or lines
        return all(gone[item.key] == 1 for item in costly)


def half_up(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


def per_cent(rate: str) -> Fraction:
    return Fraction(rate) / 100


def cents(amount: str) -> int:
    return int(Fraction(amount) * 100)


def measure(metric: str, text: str) -> int:
    return int(text) if metric == "conversions" else cents(text)


def divided(total: int, weights: dict[int, int]) -> dict[int, int]:
    """Divide by largest remainder; of equal remainders the lower gets the cent."""
    among = sum(weights.values())
    if among == 0:
        return dict.fromkeys(weights, 0)
    exact = {key: Fraction(total * weight, among) for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(weights, key=lambda key: (parts[key] - exact[key], key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def period_name(period: str, at: datetime) -> str:
    quarter = f"{at.year}-Q{(at.month + 2) // 3}"
    names = {"month": f"{at:%Y-%m}", "quarter": quarter, "year": f"{at.year}", "all_time": "all"}
    return names[period]


def is_within(period: str, earlier: datetime, at: datetime) -> bool:
    """Say whether what happened then counts for what happens now."""
    if period.startswith("days:"):
        return at - timedelta(days=int(period.removeprefix("days:"))) < earlier <= at
    return period_name(period, earlier) == period_name(period, at)


def period_end(period: str, at: datetime) -> datetime:
    """Return when the period of an instant is over."""
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    ended = (at.year * 12 + at.month - 1) // months * months + months
    return datetime(ended // 12, ended % 12 + 1, 1)  # noqa: DTZ001 - the program's clock, without zone
