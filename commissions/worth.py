"""What a sale is worth to one credited affiliate before shares, rounding and limits: rates, amounts, brackets."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from commissions.counters import Counters, Window
from commissions.earned import ZERO, Worth, plain, portion
from commissions.matching import Pick
from commissions.plan import Rule
from commissions.rewards import Step
from commissions.sale import EXTRA, Credit

_ALL = Fraction(1)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a line that lies in one bracket; `base` is the affiliate's share of it, in minor units."""

    line: str
    rule: Rule
    base: Fraction | int
    step: Step


@dataclass(slots=True)
class Reckoned:
    """The sale as it is for one credited affiliate: who won which line, what that is worth, and how it was found."""

    credit: Credit
    picks: list[Pick]
    out: list[tuple[Rule, str]]
    worth: Worth = field(default_factory=Worth)
    slices: list[Slice] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    windows: dict[Window, int] = field(default_factory=dict)
    is_final: bool = False

    @property
    def base(self) -> int:
        """The commissionable base, in minor units."""
        return sum(pick.base for pick in self.picks)

    @property
    def bases(self) -> tuple[tuple[str, int], ...]:
        """(line key, base) of every line that earns."""
        return tuple((pick.line.key, pick.base) for pick in self.picks if pick.base)


def reckon(credit: Credit, picks: list[Pick], out: list[tuple[Rule, str]], counters: Counters) -> Reckoned:
    """Value a sale for one credited affiliate by the rules picked; inside a context of enough digits."""
    found = Reckoned(credit, picks, out)
    per_line: list[tuple[str, Decimal]] = []
    per_item: list[tuple[str, int, Decimal]] = []
    per_order: dict[str, int] = {}
    offset: Fraction | int = 0  # how much of the affiliate's share of this sale stands before the line
    for pick in picks:
        value, is_paid = ZERO, False
        for rule in pick.paying:
            kind = rule.reward.type
            is_paid = is_paid or kind in ("percent", "brackets") or pick.line.key != EXTRA
            if kind == "percent":
                value += pick.base * rule.reward.factor
            elif kind == "brackets":
                value += _bracket(found, pick, rule, counters, offset, per_order)
            elif kind == "fixed_per_item" and pick.line.quantity:
                per_item.append((pick.line.key, pick.line.quantity, Decimal(rule.reward.amount)))
            elif kind == "fixed_per_order" and pick.line.key != EXTRA:
                per_order[rule.id] = rule.reward.amount
        if is_paid:
            per_line.append((pick.line.key, value))
        offset += pick.base if credit.share == 1 else pick.base * credit.share
    based = {pick.line.key for pick in picks if pick.base}  # free items do not keep a refund from being full
    per_line = [pair for pair in per_line if pair[0] in based] or per_line
    found.worth = Worth(tuple(per_line), tuple(_by_line(per_item)), Decimal(sum(per_order.values())))
    return found


def _by_line(per_item: list[tuple[str, int, Decimal]]) -> list[tuple[str, int, Decimal]]:
    """One row a line: several rules per item pay one sum per item."""
    found: dict[str, tuple[str, int, Decimal]] = {}
    for key, quantity, unit in per_item:
        found[key] = (key, quantity, unit + (found[key][2] if key in found else ZERO))
    return list(found.values())


def _bracket(
    found: Reckoned,
    pick: Pick,
    rule: Rule,
    counters: Counters,
    offset: Fraction | int,
    per_order: dict[str, int],
) -> Decimal:
    reward, who = rule.reward, found.credit.enrollment_id
    assert reward.window is not None  # noqa: S101 - every bracket reads a counter
    before = found.windows.setdefault(reward.window, counters.of(who, reward.window))
    final = counters.at_close(who, reward.window) if reward.is_retroactive else None
    if final is None and reward.is_split_at_steps:
        return _sliced(found, pick, rule, before + offset)
    step = found.steps.setdefault(rule.id, reward.step_at(before if final is None else final))
    found.is_final = found.is_final or final is not None
    if step.amount is None:
        return pick.base * step.factor
    if pick.line.key != EXTRA:
        per_order[rule.id] = step.amount
    return ZERO


def _sliced(found: Reckoned, pick: Pick, rule: Rule, start: Fraction | int) -> Decimal:
    """Split a line's base at the steps that it crosses, beginning at `start`; return its worth for a whole share."""
    share = found.credit.share
    end = start + (pick.base if share == 1 else pick.base * share)
    total: Fraction | Decimal = ZERO if share == 1 else Fraction(0)
    steps = rule.reward.steps
    for step, after in pairwise((*steps, None)):
        assert step is not None  # noqa: S101 - only the last of the pair is
        low = max(step.start, start)
        high = end if after is None or end < after.start else after.start
        if high <= low:
            continue
        part = high - low
        found.slices.append(Slice(pick.line.key, rule, part, step))
        total += part * step.factor if share == 1 else part * Fraction(step.factor)  # type: ignore[operator]
    if isinstance(total, Decimal):
        return total
    return portion(Decimal(1), Fraction(total) / share)


def reckoned_as_json(found: Reckoned, name_of: dict[Window, str]) -> dict[str, Any]:
    """A credited affiliate's part of the trace: its counters, and the brackets that the sale lay in."""
    return {
        "enrollment": found.credit.enrollment_id,
        "share": str(found.credit.share),
        "unrounded": plain(portion(found.worth.total, found.credit.share)),
        "counters": [
            {"metric": window.metric, "period": window.period, "name": name_of[window], "before": before}
            for window, before in sorted(found.windows.items())
        ],
        "slices": [_slice(one) for one in found.slices],
        "steps": [{"rule": rule} | step_as_json(step) for rule, step in found.steps.items()],
    }


def _slice(one: Slice) -> dict[str, Any]:
    whole = isinstance(one.base, int)
    base = Decimal(one.base) if isinstance(one.base, int) else portion(Decimal(1), one.base)
    return {
        "line": one.line,
        "rule": one.rule.id,
        "base": one.base if whole else plain(base),
        "rate": plain(one.step.rate),
        "from": one.step.start,
        "unrounded": plain(base * one.step.factor),
    }


def step_as_json(step: Step) -> dict[str, Any]:
    """A step as it stands in a trace: from where on, and a rate or an amount."""
    rate = plain(step.rate) if step.amount is None else None
    return {"from": step.start, "rate": rate, "amount": step.amount}
