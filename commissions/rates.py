"""evaluate(plan, sale, counters): what everybody earns on one conversion, and why. Pure; one rounding a level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from commissions.claims import Claim, Party, divide, parties_of
from commissions.counters import NONE, Counters, Window, span
from commissions.earned import EXACT, ZERO, Earned, Worth, plain, portion
from commissions.limits import Cut, keep_under_caps, keep_under_ceiling
from commissions.matching import Pick, match, picks_as_json, rules_as_json
from commissions.plan import Level, Plan, Rule
from commissions.sale import EXTRA, WHOLE, Credit, Earner, Line, Sale
from commissions.worth import Reckoned, reckon, reckoned_as_json, step_as_json
from core.money import MAX_DIGITS, CurrencyMismatch, MoneyError, exponent, round_half_up

__all__ = [
    "EXTRA",
    "WHOLE",
    "Credit",
    "Credited",
    "Earned",
    "Earner",
    "Evaluation",
    "Line",
    "Sale",
    "evaluate",
]
TRACE = 2
_NOBODY = Credit(0)  # a sale that is credited to nobody is reckoned all the same, for its trace


@dataclass(frozen=True, slots=True)
class Credited:
    """The base that a conversion adds to a credited affiliate's counters: (line key, base) and its share of them."""

    enrollment_id: int
    share: Fraction
    bases: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The commissions of one conversion and the trace that explains them (JSON, versioned by "v").

    The credited affiliates stand in it even with 0; anybody else only with more than 0.
    """

    commissions: tuple[Earned, ...]
    trace: dict[str, Any]
    base: int
    credited: tuple[Credited, ...]


@dataclass(slots=True)
class _Step:
    """One level: the sum before and after rounding, and who has a claim to it."""

    level: int
    rate: Level | None
    unrounded: Decimal | Fraction
    rounded: int
    claims: list[Claim]


def evaluate(plan: Plan, sale: Sale, counters: Counters = NONE) -> Evaluation:
    """Say who earns what, in minor units of the plan's currency; CurrencyMismatch if the sale has another.

    MoneyError for an amount that cannot be kept.

    `counters` say how far the credited affiliates, those a plan splits with and the program had come before it.
    """
    if plan.currency != sale.currency:
        raise CurrencyMismatch(
            f"The plan pays in {plan.currency}, the sale is in {sale.currency}: convert first."
        )
    with localcontext(EXACT):
        reckoned = _reckoned(plan, sale, counters)
        base = _base(reckoned)
        skipped: list[dict[str, Any]] = []
        steps = _steps(plan, sale, reckoned, skipped)
        parties = parties_of(
            claim for step in steps for claim in step.claims if claim.enrollment_id is not None
        )
        ceiling = keep_under_ceiling(base, plan.max_total_rate, parties)
        cuts = keep_under_caps(plan.caps, counters, parties)
        if any(party.amount >= 10**MAX_DIGITS for party in parties):
            raise MoneyError(f"A commission of it is too large: at most {MAX_DIGITS} digits are kept.")
        credited = {credit.enrollment_id for credit in sale.credits}
        earned = tuple(_earned(party) for party in parties if _stands(party, credited))
        trace = _trace(plan, sale, reckoned, steps, parties)
    trace |= {
        "base": base,
        "skipped": skipped,
        "ceiling": ceiling,
        "earned": [_share(party) for party in parties],
    }
    if cuts:
        trace["caps"] = [_cut(cut, sale) for cut in cuts]
    own = [found for found in reckoned if found.credit is not _NOBODY]
    added = tuple(Credited(found.credit.enrollment_id, found.credit.share, found.bases) for found in own)
    return Evaluation(earned, trace, base, added)


def _reckoned(plan: Plan, sale: Sale, counters: Counters) -> list[Reckoned]:
    """The sale for each affiliate credited; whom no rule asks for its group is matched together with all others."""
    matched: dict[str, tuple[list[Pick], list[tuple[Rule, str]]]] = {}
    found = []
    for credit in sale.credits or (_NOBODY,):
        group = credit.group if plan.asks_group else ""
        if group not in matched:
            matched[group] = match(plan, sale, group)
        found.append(reckon(credit, *matched[group], counters))
    return found


def _base(reckoned: list[Reckoned]) -> int:
    bases = {found.base for found in reckoned}
    if len(bases) <= 1:
        return next(iter(bases), 0)
    return round_half_up(sum((found.base * found.credit.share for found in reckoned), Fraction(0)))


def _steps(plan: Plan, sale: Sale, reckoned: list[Reckoned], skipped: list[dict[str, Any]]) -> list[_Step]:
    first = [claim for found in reckoned for claim in _first(plan, sale, found)]
    steps = [_step(1, None, first)]
    chains = [_sponsors(plan, found.credit, skipped) if plan.levels else {} for found in reckoned]
    below = [found.worth for found in reckoned]
    for level in plan.levels:
        claims = []
        for place, found in enumerate(reckoned):
            claim = _above(level, found, chains[place].get(level.level), below[place])
            below[place] = claim.worth
            claims.append(claim)
        steps.append(_step(level.level, level, claims))
    return steps


def _first(plan: Plan, sale: Sale, found: Reckoned) -> list[Claim]:
    """The credited affiliate's claim, less what the plan splits off it."""
    credit, claims = found.credit, []
    left = credit.share
    for split in plan.split:
        partner = sale.partners.get(split.affiliate)
        if partner is None or partner == credit.enrollment_id:
            continue
        share = credit.share * Fraction(split.share) / 100
        left -= share
        claims.append(Claim(1, partner, "", "", share, found.worth))
    if credit is _NOBODY:
        return [Claim(1, None, "", "", left, found.worth)]
    return [Claim(1, credit.enrollment_id, credit.label, credit.group, left, found.worth), *claims]


def _above(level: Level, found: Reckoned, sponsor: Earner | None, below: Worth) -> Claim:
    """A sponsor's claim; without a sponsor it is nobody's, and keeps its place so that nobody else gets it."""
    rate = level.rate_for(sponsor.group if sponsor else "")
    if level.basis == "base":
        of = Worth(tuple((key, Decimal(base)) for key, base in found.bases))
    else:
        of = found.worth if level.basis == "level_1" else below
    worth, share = of.times(rate.scaleb(-2)), found.credit.share
    if sponsor is None:
        return Claim(level.level, None, "", "", share, worth)
    return Claim(
        level.level, sponsor.enrollment_id, sponsor.label, sponsor.group, share, worth, rate, of.total
    )


def _step(number: int, level: Level | None, claims: list[Claim]) -> _Step:
    if len(claims) == 1 and claims[0].share == 1:
        total: Decimal | Fraction = claims[0].worth.total
    else:
        total = sum((claim.weight for claim in claims), Fraction(0))
    rounded = round_half_up(total)
    divide(rounded, claims)
    return _Step(number, level, total, rounded, claims)


def _sponsors(plan: Plan, credit: Credit, skipped: list[dict[str, Any]]) -> dict[int, Earner]:
    """The sponsor of each level by its number; one that is not active is noted in `skipped`."""
    return dict(_walk(plan, credit, skipped))


def _walk(plan: Plan, credit: Credit, skipped: list[dict[str, Any]]) -> Iterable[tuple[int, Earner]]:
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


def _stands(party: Party, credited: set[int]) -> bool:
    return party.amount > 0 or (party.level == 1 and party.enrollment_id in credited)


def _earned(party: Party) -> Earned:
    worth, part = party.worth
    if party.amount < party.before:
        total = Fraction(worth.total)
        part = Fraction(party.amount) / total if total else part
    return Earned(
        enrollment_id=party.enrollment_id,
        level=party.level,
        amount=party.amount,
        unrounded=party.unrounded(part),
        per_line=worth.per_line,
        per_item=worth.per_item,
        fixed_order=worth.fixed_order,
        part=part,
    )


def _trace(
    plan: Plan, sale: Sale, reckoned: list[Reckoned], steps: list[_Step], parties: list[Party]
) -> dict[str, Any]:
    first = reckoned[0]
    used = {rule.id: rule for found in reckoned for pick in found.picks for rule in pick.paying}
    trace: dict[str, Any] = {
        "v": TRACE,
        "goal": sale.goal,
        "currency": sale.currency,
        "exponent": exponent(sale.currency),
        "new_customer": sale.new_customer,
        "rules": {rule.id: _rule(rule) for rule in used.values()},
        "rules_out": rules_as_json(first.out),
        "lines": _lines(first.picks, first.worth),
        "per_order": plain(first.worth.fixed_order),
        "levels": [_level(step, parties) for step in steps],
        "credited": [_credited(found, first, sale) for found in reckoned if found.credit is not _NOBODY],
    }
    if plan.split:
        trace["split"] = [
            {
                "affiliate": one.affiliate,
                "enrollment": sale.partners.get(one.affiliate),
                "share": plain(one.share),
            }
            for one in plan.split
        ]
    if any(found.is_final for found in reckoned):
        trace["final"] = True
    return trace


def _credited(found: Reckoned, first: Reckoned, sale: Sale) -> dict[str, Any]:
    """What is another affiliate's own, with its lines where they were paid otherwise than those of the first."""
    row = reckoned_as_json(found, _names(found.windows, sale))
    if found.worth == first.worth and found.picks is first.picks:
        return row
    return row | {"lines": _lines(found.picks, found.worth)}


def _names(windows: Iterable[Window], sale: Sale) -> dict[Window, str]:
    return {window: _name(window, sale) for window in windows}


def _name(window: Window, sale: Sale) -> str:
    return span(window.period, sale.at).name if sale.at else ""


def _rule(rule: Rule) -> dict[str, Any]:
    reward = rule.reward
    row: dict[str, Any] = {
        "name": rule.name,
        "type": reward.type,
        "rate": plain(reward.rate),
        "amount": reward.amount,
        "stackable": rule.stackable,
    }
    if reward.window is not None:
        row |= {"metric": reward.window.metric, "period": reward.window.period, "mode": reward.mode}
        row["steps"] = [step_as_json(step) for step in reward.steps]
    return row


def _lines(picks: list[Pick], worth: Worth) -> list[dict[str, Any]]:
    values = dict(worth.per_line)
    for key, quantity, unit in worth.per_item:
        values[key] = values.get(key, ZERO) + unit * quantity
    lines = picks_as_json(picks)
    for line in lines:
        line["unrounded"] = plain(values.get(line["key"], ZERO))
    return lines


def _level(step: _Step, parties: list[Party]) -> dict[str, Any]:
    total = step.unrounded if isinstance(step.unrounded, Decimal) else _as_decimal(step.unrounded)
    row: dict[str, Any] = {"level": step.level, "unrounded": plain(total), "rounded": step.rounded}
    if step.rate is not None:
        return row | {"rate": plain(step.rate.rate), "basis": step.rate.basis}
    under = sum(party.under_ceiling for party in parties if party.level == 1)
    return row | {"clamped": under} if under < step.rounded else row


def _as_decimal(value: Fraction) -> Decimal:
    return portion(Decimal(1), value)


def _share(party: Party) -> dict[str, Any]:
    row: dict[str, Any] = {
        "level": party.level,
        "enrollment": party.enrollment_id,
        "label": party.label,
        "share": str(party.share),
        "unrounded": plain(party.unrounded(party.worth[1])),
        "before": party.before,
        "amount": party.amount,
    }
    if party.level > 1:
        claim = party.claims[0]
        row |= {"rate": plain(claim.rate), "of": plain(claim.of), "group": claim.group}
    return row


def _cut(cut: Cut, sale: Sale) -> dict[str, Any]:
    window = cut.cap.window
    return {
        "of": cut.cap.of,
        "period": window.period if window else None,
        "name": _name(window, sale) if window else None,
        "amount": cut.cap.amount,
        "used": cut.used,
        "enrollment": cut.enrollment_id,
        "before": cut.before,
        "after": cut.after,
    }
