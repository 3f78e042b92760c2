"""How much of a commission is left after refunds and chargebacks: cumulative, so their order does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from commissions.earned import Earned
from commissions.sale import Line
from core.money import round_half_up

KINDS = ("refund", "chargeback", "chargeback_won", "cancellation")
_ALL = Fraction(1)
_NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class RefundFact:
    """Money that went back (or came back, for a dispute won), as the store tells it; amounts in minor units.

    `lines` are (line key, quantity, net); `gross` is what the customer got, tax included, and counts where
    there are no lines. A dispute won names its chargeback in `wins`, or has the same key.
    """

    key: str
    kind: str
    lines: tuple[tuple[str, int, int], ...] | None = None
    gross: int | None = None
    wins: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"A refund is one of {', '.join(KINDS)}, not {self.kind!r}.")
        if self.kind == "refund" and not self.lines and self.gross is None:
            raise ValueError("A refund has lines or a gross amount.")
        if (self.gross or 0) < 0 or any(quantity < 0 or net < 0 for _, quantity, net in self.lines or ()):
            raise ValueError("What was refunded is 0 or more.")


def fractions(
    lines: Iterable[Line], order_total_gross: int, facts: Iterable[RefundFact]
) -> dict[str, Fraction]:
    """How much of each line is refunded in all, from 0 to 1, by line key; pass `sale.all_lines`.

    Amounts by line count for their line; a gross amount without lines counts for every line in proportion to the
    order's total. Once the gross amounts reach the order's total everything is refunded.
    """
    lines = tuple(lines)
    standing = _standing(facts)
    if any(_is_total(fact) for fact in standing) or 0 < order_total_gross <= _gross(standing):
        return {line.key: _ALL for line in lines}
    without = sum(fact.gross or 0 for fact in standing if not fact.lines)
    spread = Fraction(without, order_total_gross) if order_total_gross > 0 else _NONE
    quantity, net = _by_line(standing)
    return {line.key: _fraction(line, quantity, net, spread) for line in lines}


def quantities(lines: Iterable[Line], order_total_gross: int, facts: Iterable[RefundFact]) -> dict[str, int]:
    """How many units of each line are refunded in all: those named, or all where the whole line is refunded."""
    lines, facts = tuple(lines), tuple(facts)
    parts = fractions(lines, order_total_gross, facts)
    named, _ = _by_line(_standing(facts))
    return {
        line.key: line.quantity if parts[line.key] == 1 else min(named.get(line.key, 0), line.quantity)
        for line in lines
    }


def due(earned: Earned, refunded: Mapping[str, Fraction], units: Mapping[str, int] | None = None) -> int:
    """What the commission is still worth, in minor units, from 0 to its amount.

    `refunded` comes from `fractions`, `units` from `quantities` (needed where a rule pays per item).
    """
    if all(refunded.get(key, _NONE) >= 1 for key, _ in earned.per_line):
        return 0
    worth = sum((Fraction(value) * refunded.get(key, _NONE) for key, value in earned.per_line), _NONE)
    for key, quantity, unit in earned.per_item:
        worth += Fraction(unit) * _units(key, quantity, refunded, units or {})
    reversed_so_far = round_half_up(worth * earned.part)
    return max(0, min(earned.amount, earned.amount - reversed_so_far))


def _units(key: str, of: int, refunded: Mapping[str, Fraction], units: Mapping[str, int]) -> int:
    return of if refunded.get(key, _NONE) >= 1 else min(of, units.get(key, 0))


def _standing(facts: Iterable[RefundFact]) -> list[RefundFact]:
    """Each fact once, the one whose lines are known before the one that was a gross amount, less disputes won."""
    latest: dict[tuple[str, str], RefundFact] = {}
    won: set[str] = set()
    for fact in facts:
        if fact.kind == "chargeback_won":
            won.add(fact.wins or fact.key)
        elif fact.lines or not (known := latest.get((fact.kind, fact.key))) or not known.lines:
            latest[fact.kind, fact.key] = fact
    return [fact for fact in latest.values() if fact.kind != "chargeback" or fact.key not in won]


def _is_total(fact: RefundFact) -> bool:
    return fact.kind == "cancellation" or (
        fact.kind == "chargeback" and not fact.lines and fact.gross is None
    )


def _gross(facts: list[RefundFact]) -> int:
    return sum(fact.gross or 0 for fact in facts)


def _by_line(facts: list[RefundFact]) -> tuple[dict[str, int], dict[str, int]]:
    quantities_: dict[str, int] = {}
    nets: dict[str, int] = {}
    for fact in facts:
        for key, quantity, net in fact.lines or ():
            quantities_[key] = quantities_.get(key, 0) + quantity
            nets[key] = nets.get(key, 0) + net
    return quantities_, nets


def _fraction(line: Line, quantity: dict[str, int], net: dict[str, int], spread: Fraction) -> Fraction:
    if line.net <= 0:
        whole = line.quantity > 0 and quantity.get(line.key, 0) >= line.quantity
        return _ALL if whole else _NONE
    return min(_ALL, Fraction(net.get(line.key, 0), line.net) + spread)
