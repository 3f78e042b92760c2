"""A second engine, as plain as the text of the rules: what every commission must hold once everything is known.

It shares no code with the real one and knows no counters, events or differences: it goes through all deals in the
order in which they happened and adds up afresh, for each, what the deals before it count now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.commissions.deals import (
    NOTHING,
    Deal,
    Item,
    cents,
    divided,
    half_up,
    is_within,
    measure,
    per_cent,
    period_end,
    period_name,
)

Levels = dict[int, int]
Plan = dict[str, Any]
Part = dict[str, Any]


@dataclass
class Worth:
    """What a level of a deal is worth before any rounding: by line, by unit of a line, and once for the order."""

    by_line: dict[str, Fraction] = field(default_factory=dict)
    by_unit: dict[str, Fraction] = field(default_factory=dict)
    once: Fraction = NOTHING

    def times(self, factor: Fraction) -> "Worth":
        by_line = {key: value * factor for key, value in self.by_line.items()}
        by_unit = {key: value * factor for key, value in self.by_unit.items()}
        return Worth(by_line, by_unit, self.once * factor)

    def total(self, deal: Deal) -> Fraction:
        units = {item.key: item.quantity for item in deal.items}
        by_unit = sum((value * units[key] for key, value in self.by_unit.items()), NOTHING)
        return sum(self.by_line.values(), NOTHING) + by_unit + self.once


@dataclass
class Told:
    """What a deal came to: what each level holds, and what the deal counts for those after it."""

    deal: Deal
    held: Levels
    counts: dict[str, int]


@dataclass
class Books:
    """What must be held: by (deal, level), by true-up (period, seller, level), by bonus (id, period, seller)."""

    deals: dict[tuple[int, int], int] = field(default_factory=dict)
    true_ups: dict[tuple[str, str, int], int] = field(default_factory=dict)
    bonuses: dict[tuple[str, str, str], int] = field(default_factory=dict)


def books(plan: Plan, deals: Iterable[Deal], closed: datetime | None = None) -> Books:
    """Return what must be held once every period that ended by `closed` is over."""
    told = fold(plan, deals)
    result = Books({(one.deal.number, level): left for one in told for level, left in one.held.items()})
    retroactive = {rule["reward"]["period"] for rule in plan["rules"] if is_retroactive(rule["reward"])}
    for period in retroactive:
        result.true_ups |= true_ups(plan, told, period, closed) if closed else {}
    for bonus in plan.get("bonuses", []):
        result.bonuses |= bonuses(bonus, told) if bonus["metric"] != "joining" else {}
    return result


def fold(plan: Plan, deals: Iterable[Deal]) -> list[Told]:
    """Go through the deals in the order in which they happened; each sees what those before it count."""
    told: list[Told] = []
    for deal in sorted(deals, key=lambda one: (one.at, one.number)):
        held = worth_now(plan, deal, told)
        told.append(Told(deal, held, counts(plan, deal, held)))
    return told


def true_ups(plan: Plan, told: list[Told], period: str, closed: datetime) -> dict[tuple[str, str, int], int]:
    """Return what the step that the period reached gives more than was paid meanwhile."""
    sums: dict[tuple[str, str, int], int] = {}
    for place, one in enumerate(told):
        deal = one.deal
        if period_end(period, deal.at) > closed:
            continue
        at_last = worth_now(plan, deal, told[:place], everything=told)
        for level, left in at_last.items():
            if level not in deal.declined:
                key = (period_name(period, deal.at), deal.seller, level)
                sums[key] = sums.get(key, 0) + left - one.held[level]
    return sums


def bonuses(bonus: Part, told: list[Told]) -> dict[tuple[str, str, str], int]:
    """Return the bonus's amount where the target is reached, else 0."""
    reached: dict[tuple[str, str, str], int] = {}
    for one in told:
        key = (bonus["id"], period_name(bonus["period"], one.deal.at), one.deal.seller)
        reached[key] = reached.get(key, 0) + one.counts[bonus["metric"]]
    target = measure(bonus["metric"], bonus["target"])
    return {key: cents(bonus["amount"]) if value >= target else 0 for key, value in reached.items()}


# --- what a deal is worth ----------------------------------------------------------------------------------


def worth_now(plan: Plan, deal: Deal, before: list[Told], everything: list[Told] | None = None) -> Levels:
    """Return level -> cents that are left of it; `everything` is known once the period is over."""
    worths = levels(plan, deal, before, everything)
    rounded = {level: half_up(worth.total(deal)) for level, worth in worths.items()}
    full = capped(plan, deal, rounded, before)
    if not deal.is_sale:
        return dict.fromkeys(full, 0)
    return {level: left_of(deal, worths[level], full[level], rounded[level]) for level in full}


def levels(plan: Plan, deal: Deal, before: list[Told], everything: list[Told] | None) -> dict[int, Worth]:
    """Return what each level is worth that somebody takes."""
    found = {1: level_one(plan, deal, before, everything)}
    base = Worth({item.key: Fraction(item.net) for item in paid_lines(plan, deal)})
    for row in plan.get("levels", []):
        of = {"base": base, "level_1": found[1], "below": found[row["level"] - 1]}[row["basis"]]
        found[row["level"]] = of.times(per_cent(row["rate"]))
    return {level: worth for level, worth in found.items() if level <= 1 + len(deal.sponsors)}


def level_one(plan: Plan, deal: Deal, before: list[Told], everything: list[Told] | None) -> Worth:
    """Return what each line pays by the rule that wins it, and what each such rule pays once."""
    by_line: dict[str, Fraction] = {}
    by_unit: dict[str, Fraction] = {}
    once: dict[str, int] = {}
    place = 0
    for item in paid_lines(plan, deal):
        rule = winner(plan, item)
        assert rule
        reward = settled(rule["reward"], deal, before, everything)
        by_line[item.key] = NOTHING
        if reward["type"] == "fixed_per_order":
            once[rule["id"]] = cents(reward["amount"])
        elif reward["type"] == "fixed_per_item":
            by_unit[item.key] = Fraction(cents(reward["amount"]))
        elif reward["type"] == "percent":
            by_line[item.key] = item.net * per_cent(reward["rate"])
        else:
            by_line[item.key] = by_slices(reward, so_far(reward, deal, before) + place, item.net)
        place += item.net
    return Worth(by_line, by_unit, Fraction(sum(once.values())))


def settled(reward: Part, deal: Deal, before: list[Told], everything: list[Told] | None) -> Part:
    """Return the rate or amount that one step pays for the whole deal; unchanged where slices are paid."""
    if reward["type"] != "brackets":
        return reward
    by_end = everything if is_retroactive(reward) else None
    if reward["metric"] == "base" and "rate" in reward["steps"][0] and by_end is None:
        return reward
    value = so_far(reward, deal, by_end or before)
    step = [step for step in reward["steps"] if measure(reward["metric"], step["from"]) <= value][-1]
    return step | {"type": "fixed_per_order" if "amount" in step else "percent"}


def by_slices(reward: Part, start: int, net: int) -> Fraction:
    """Pay each part of a line that begins at `start` by the step in which it lies."""
    starts = [cents(step["from"]) for step in reward["steps"]]
    ends = [*starts[1:], start + net + starts[-1]]
    paid = NOTHING
    for step, low, high in zip(reward["steps"], starts, ends, strict=True):
        part = min(high, start + net) - max(low, start)
        paid += max(part, 0) * per_cent(step["rate"])
    return paid


def so_far(window: Part, deal: Deal, told: list[Told]) -> int:
    """Add up what these deals of the same seller and period count."""
    own = [one for one in told if one.deal.seller == deal.seller]
    return sum(
        one.counts[window["metric"]] for one in own if is_within(window["period"], one.deal.at, deal.at)
    )


def is_retroactive(reward: Part) -> bool:
    return reward.get("mode") == "retroactive"


def paid_lines(plan: Plan, deal: Deal) -> list[Item]:
    """Return the lines that a rule pays for."""
    return [item for item in deal.items if winner(plan, item)]


def winner(plan: Plan, item: Item) -> Part | None:
    """Return the most specific rule that fits, of these the highest priority, of these the newest."""
    fitting = []
    for order, rule in enumerate(plan["rules"]):
        wanted = rule.get("when", {}).get("categories", [])
        if not wanted or item.category in wanted:
            fitting.append((bool(wanted), rule.get("priority", 0), order))
    return plan["rules"][max(fitting)[2]] if fitting else None


# --- limits, refunds, and what it counts -------------------------------------------------------------------


def capped(plan: Plan, deal: Deal, amounts: Levels, before: list[Told]) -> Levels:
    """Apply the ceiling, then the caps: of who made the sale, for one and for a period; then of the program."""
    base = sum(item.net for item in paid_lines(plan, deal))
    if base > 0:
        amounts = at_most(amounts, half_up(base * per_cent(plan.get("max_total_rate", "50"))))
    for cap in sorted(
        plan.get("caps", []), key=lambda cap: ["conversion", "affiliate", "program"].index(cap["of"])
    ):
        most = cents(cap["amount"])
        if cap["of"] == "conversion":
            amounts = amounts | {1: min(amounts[1], most)}
        elif cap["of"] == "affiliate":
            used = so_far({"metric": "commission", "period": cap["period"]}, deal, before)
            amounts = amounts | {1: min(amounts[1], max(most - used, 0))}
        else:
            same = [one for one in before if is_within(cap["period"], one.deal.at, deal.at)]
            amounts = at_most(amounts, max(most - sum(one.counts["spent"] for one in same), 0))
    return amounts


def at_most(amounts: Levels, limit: int) -> Levels:
    """Scale the upper levels down by largest remainder; level 1 is cut only if it alone is above the limit."""
    if sum(amounts.values()) <= limit:
        return amounts
    first = min(amounts[1], limit)
    upper = {level: amount for level, amount in amounts.items() if level > 1}
    return {1: first} | divided(limit - first, upper)


def left_of(deal: Deal, worth: Worth, full: int, rounded: int) -> int:
    """Return what is left of a level: its amount less what the parts that went back come to, rounded once."""
    gone, units = deal.gone(), deal.units_gone()
    if deal.is_all_gone([item for item in deal.items if item.key in worth.by_line]):
        return 0
    back = sum((value * gone[key] for key, value in worth.by_line.items()), NOTHING)
    back += sum((value * units[key] for key, value in worth.by_unit.items()), NOTHING)
    total = worth.total(deal)
    scaled = back if full == rounded or not total else back * full / total
    return min(full, max(full - half_up(scaled), 0))


def counts(plan: Plan, deal: Deal, held: Levels) -> dict[str, int]:
    """Return what a deal counts for those after it: nothing once it is no sale, or declined at level 1."""
    spent = sum(left for level, left in held.items() if level not in deal.declined)
    if not deal.is_sale or 1 in deal.declined:
        return {"base": 0, "conversions": 0, "commission": 0, "spent": spent}
    lines, gone = paid_lines(plan, deal), deal.gone()
    back = sum((item.net * gone[item.key] for item in lines), NOTHING)
    base = sum(item.net for item in lines) - half_up(back)
    stays = not deal.is_all_gone(
        lines or list(deal.items)
    )  # a sale that earns nothing is a sale all the same
    return {"base": base, "conversions": int(stays), "commission": held[1], "spent": spent}
