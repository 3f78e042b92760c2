"""evaluate(plan, sale): what everybody earns on one conversion, and why. Pure, exact, one rounding per level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from commissions.earned import EXACT, ZERO, Earned, Worth, plain, portion
from commissions.matching import Pick, match, picks_as_json, rules_as_json
from commissions.plan import Level, Plan, Rule
from commissions.sale import EXTRA, WHOLE, Credit, Earner, Line, Sale
from core.money import CurrencyMismatch, allocate, exponent, round_half_up

__all__ = ["EXTRA", "WHOLE", "Credit", "Earned", "Earner", "Evaluation", "Line", "Sale", "evaluate"]
TRACE = 1
_ALL = Fraction(1)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The commissions of one conversion and the trace that explains them (JSON, versioned by "v").

    The credited affiliates stand in it even with 0; a sponsor only with more than 0.
    """

    commissions: tuple[Earned, ...]
    trace: dict[str, Any]


@dataclass(slots=True)
class _Party:
    """One enrollment at one level while the amounts are divided."""

    level: int
    enrollment_id: int
    label: str
    share: Fraction
    before: int = 0
    amount: int = 0


@dataclass(slots=True)
class _Step:
    """One level: its worth, the sum before and after rounding, and a clamp if a ceiling cut level 1."""

    level: int
    rate: Level | None
    worth: Worth
    unrounded: Decimal
    rounded: int
    paid: int


def evaluate(plan: Plan, sale: Sale) -> Evaluation:
    """Say who earns what, in minor units of the plan's currency; CurrencyMismatch if the sale has another."""
    if plan.currency != sale.currency:
        raise CurrencyMismatch(
            f"The plan pays in {plan.currency}, the sale is in {sale.currency}: convert first."
        )
    with localcontext(EXACT):
        picks, out = match(plan, sale)
        base = sum(pick.base for pick in picks)
        limit = round_half_up(base * plan.max_total_rate.scaleb(-2)) if base else None
        steps = _steps(plan, picks, limit)
        skipped: list[dict[str, Any]] = []
        parties = _parties(plan, sale.credits, steps, skipped)
        ceiling = _keep_under(limit, parties, plan.max_total_rate, steps[0].rounded - steps[0].paid)
        earned = tuple(_earned(party, steps[party.level - 1]) for party in parties if _stands(party))
        trace = _trace(sale, picks, out, steps)
    trace |= {
        "base": base,
        "skipped": skipped,
        "ceiling": ceiling,
        "earned": [_share(party) for party in parties],
    }
    return Evaluation(earned, trace)


def _steps(plan: Plan, picks: list[Pick], limit: int | None) -> list[_Step]:
    worth = _first(picks)
    rounded = round_half_up(total := worth.total)
    steps = [_Step(1, None, worth, total, rounded, rounded if limit is None else min(rounded, limit))]
    for level in plan.levels:
        worth = _basis(level, picks, steps).times(level.factor)
        rounded = round_half_up(total := worth.total)
        steps.append(_Step(level.level, level, worth, total, rounded, rounded))
    return steps


def _first(picks: list[Pick]) -> Worth:
    per_line: list[tuple[str, Decimal]] = []
    per_item: list[tuple[str, int, Decimal]] = []
    per_order: dict[str, int] = {}
    for pick in picks:
        if not pick.rule:
            continue
        line, reward = pick.line, pick.rule.reward
        if reward.type == "percent" or line.key != EXTRA:
            per_line.append((line.key, pick.base * reward.factor))
        if reward.type == "fixed_per_item" and line.quantity:
            per_item.append((line.key, line.quantity, Decimal(reward.amount)))
        if reward.type == "fixed_per_order" and line.key != EXTRA:
            per_order[pick.rule.id] = reward.amount
    based = {pick.line.key for pick in picks if pick.base}  # free items do not keep a refund from being full
    per_line = [pair for pair in per_line if pair[0] in based] or per_line
    return Worth(tuple(per_line), tuple(per_item), Decimal(sum(per_order.values())))


def _basis(level: Level, picks: list[Pick], steps: list[_Step]) -> Worth:
    if level.basis == "base":
        return Worth(tuple((pick.line.key, Decimal(pick.base)) for pick in picks if pick.base))
    return steps[0].worth if level.basis == "level_1" else steps[-1].worth


def _parties(
    plan: Plan, credited: tuple[Credit, ...], steps: list[_Step], skipped: list[dict[str, Any]]
) -> list[_Party]:
    found: dict[tuple[int, int], _Party] = {}
    for credit in credited:
        _add(found, 1, credit.enrollment_id, credit.label, credit.share)
        for level, sponsor in _sponsors(plan, credit, skipped) if plan.levels else ():
            _add(found, level, sponsor.enrollment_id, sponsor.label, credit.share)
    parties = [found[key] for key in sorted(found)]
    for step in steps:
        _divide(step.paid, [party for party in parties if party.level == step.level])
    return parties


def _add(
    found: dict[tuple[int, int], _Party], level: int, enrollment_id: int, label: str, share: Fraction
) -> None:
    """One commission per enrollment and level: who recruited two credited affiliates gets both shares in one."""
    party = found.get((level, enrollment_id))
    if party:
        party.share += share
    else:
        found[level, enrollment_id] = _Party(level, enrollment_id, label, share)


def _sponsors(plan: Plan, credit: Credit, skipped: list[dict[str, Any]]) -> Iterable[tuple[int, Earner]]:
    highest = plan.levels[-1].level
    down = 0
    for sponsor in sorted(credit.chain, key=lambda earner: earner.level):
        level = sponsor.level - down
        if not 2 <= level <= highest:
            continue
        if sponsor.active:
            yield level, sponsor
            continue
        down += plan.compression
        why = "not_active_next_moves_down" if plan.compression else "not_active"
        skipped.append(
            {"level": level, "enrollment": sponsor.enrollment_id, "label": sponsor.label, "why": why}
        )


def _divide(amount: int, parties: list[_Party]) -> None:
    """Shares of a level; what belongs to a skipped or missing sponsor is not paid to the others."""
    if not parties:
        return
    if len(parties) == 1 and parties[0].share == 1:
        parties[0].before = parties[0].amount = amount
        return
    shares = [party.share for party in parties]
    for party, part in zip(parties, allocate(amount, [*shares, _ALL - sum(shares)]), strict=False):
        party.before = party.amount = part


def _keep_under(limit: int | None, parties: list[_Party], rate: Decimal, clamped: int) -> dict[str, Any]:
    total = sum(party.before for party in parties)
    ceiling = {"rate": plain(rate), "limit": limit, "before": total + clamped, "after": total}
    if limit is None or total <= limit:
        return ceiling
    upper = [party for party in parties if party.level > 1]
    room = limit - sum(party.amount for party in parties if party.level == 1)
    for party, part in zip(upper, allocate(room, [party.before for party in upper]), strict=True):
        party.amount = part
    return ceiling | {"after": sum(party.amount for party in parties)}


def _stands(party: _Party) -> bool:
    return party.level == 1 or party.amount > 0


def _earned(party: _Party, step: _Step) -> Earned:
    part = party.share
    if step.paid < step.rounded:
        part *= Fraction(step.paid) / Fraction(step.unrounded)
    if party.amount < party.before:
        part *= Fraction(party.amount, party.before)
    worth = step.worth
    return Earned(
        enrollment_id=party.enrollment_id,
        level=party.level,
        amount=party.amount,
        unrounded=portion(step.unrounded, part),
        per_line=worth.per_line,
        per_item=worth.per_item,
        fixed_order=worth.fixed_order,
        part=part,
    )


def _trace(sale: Sale, picks: list[Pick], out: list[tuple[Rule, str]], steps: list[_Step]) -> dict[str, Any]:
    used = {pick.rule.id: pick.rule for pick in picks if pick.rule}
    return {
        "v": TRACE,
        "goal": sale.goal,
        "currency": sale.currency,
        "exponent": exponent(sale.currency),
        "new_customer": sale.new_customer,
        "rules": {rule.id: _rule(rule) for rule in used.values()},
        "rules_out": rules_as_json(out),
        "lines": _lines(picks, steps[0].worth),
        "per_order": plain(steps[0].worth.fixed_order),
        "levels": [_level(step) for step in steps],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    reward = rule.reward
    return {"name": rule.name, "type": reward.type, "rate": plain(reward.rate), "amount": reward.amount}


def _lines(picks: list[Pick], worth: Worth) -> list[dict[str, Any]]:
    values = dict(worth.per_line)
    for key, quantity, unit in worth.per_item:
        values[key] = values.get(key, ZERO) + unit * quantity
    lines = picks_as_json(picks)
    for line in lines:
        line["unrounded"] = plain(values.get(line["key"], ZERO))
    return lines


def _level(step: _Step) -> dict[str, Any]:
    row: dict[str, Any] = {"level": step.level, "unrounded": plain(step.unrounded), "rounded": step.rounded}
    if step.paid < step.rounded:
        row["clamped"] = step.paid
    return row if step.rate is None else row | {"rate": plain(step.rate.rate), "basis": step.rate.basis}


def _share(party: _Party) -> dict[str, Any]:
    return {
        "level": party.level,
        "enrollment": party.enrollment_id,
        "label": party.label,
        "share": str(party.share),
        "before": party.before,
        "amount": party.amount,
    }
