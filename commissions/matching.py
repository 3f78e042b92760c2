"""Which rules of a plan pay for which line of a sale, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from commissions.plan import Exclude, Plan, Rule
from commissions.sale import Line, Sale


@dataclass(frozen=True, slots=True)
class Pick:
    """A line with the rule that won it and those that add to it; without any, `why` says why it earns nothing."""

    line: Line
    rule: Rule | None
    losers: tuple[tuple[Rule, str], ...] = ()
    why: str | None = None
    by: tuple[str, str] | None = None
    added: tuple[Rule, ...] = ()

    @property
    def paying(self) -> tuple[Rule, ...]:
        """The winner, then the stackable rules."""
        return (self.rule, *self.added) if self.rule else self.added

    @property
    def base(self) -> int:
        """What the line adds to the commissionable base, in minor units."""
        return self.line.net if (self.rule or self.added) and self.line.net > 0 else 0


def match(plan: Plan, sale: Sale, group: str = "") -> tuple[list[Pick], list[tuple[Rule, str]]]:
    """Pick the rules for every line, for an affiliate of a group.

    The second list holds the rules that no line could get, with the reason.
    """
    candidates: list[Rule] = []
    out: list[tuple[Rule, str]] = []
    for rule in plan.ranked:
        reason = rule.when.refuses(sale, group)
        if reason:
            out.append((rule, reason))
        else:
            candidates.append(rule)
    return [_pick(plan.exclude, candidates, sale, group, line) for line in sale.all_lines], out


def _pick(exclude: Exclude, candidates: list[Rule], sale: Sale, group: str, line: Line) -> Pick:
    by = _excluded_by(exclude, line)
    if by:
        return Pick(line, None, why="excluded", by=by)
    matching = [rule for rule in candidates if rule.when.fits(sale, group, line)]
    added = tuple(rule for rule in matching if rule.stackable)
    rivals = [rule for rule in matching if not rule.stackable] if added else matching
    if not rivals:
        return Pick(line, None, why=None if added else "no_rule", added=added)
    winner = rivals[0]
    return Pick(line, winner, tuple((rule, _lost(winner, rule)) for rule in rivals[1:]), added=added)


def _excluded_by(exclude: Exclude, line: Line) -> tuple[str, str] | None:
    if line.excluded:
        return "program", ""
    if line.sku in exclude.skus:
        return "sku", line.sku
    if line.product in exclude.products:
        return "product", line.product
    if line.brand in exclude.brands:
        return "brand", line.brand
    category = next((name for name in line.categories if name in exclude.categories), None)
    return None if category is None else ("category", category)


def _lost(winner: Rule, loser: Rule) -> str:
    if loser.when.specificity < winner.when.specificity:
        return "less_specific"
    return "lower_priority" if loser.priority < winner.priority else "older"


def picks_as_json(picks: list[Pick]) -> list[dict[str, Any]]:
    """The lines of a trace: base, why it is 0, the winning rule and the losers."""
    return [_pick_as_json(pick) for pick in picks]


def _pick_as_json(pick: Pick) -> dict[str, Any]:
    line = pick.line
    row = {
        "key": line.key,
        "name": line.name or line.product or line.sku,
        "quantity": line.quantity,
        "net": line.net,
        "base": pick.base,
        "why": pick.why,
        "by": list(pick.by) if pick.by else None,
        "rule": pick.rule.id if pick.rule else None,
        "losers": rules_as_json(pick.losers),
        "bonuses": [rule.id for rule in pick.added],
    }
    return row | {"called": [list(pair) for pair in line.called]} if line.called else row


def rules_as_json(rules: tuple[tuple[Rule, str], ...] | list[tuple[Rule, str]]) -> list[dict[str, str]]:
    """Rules that did not win, with the reason."""
    return [{"rule": rule.id, "name": rule.name, "why": why} for rule, why in rules]
