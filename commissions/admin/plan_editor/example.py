"""The order beside the cards: what a manager says it is made of, and what it would earn by the draft and today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.cells import money_text
from affiliates.models import Program
from commissions.admin.plan_editor.entries import as_text, names, number
from commissions.admin.plan_editor.example_form import Told
from commissions.admin.plan_editor.fitting import why_not
from commissions.admin.plan_editor.rule_words import GOALS
from commissions.counters import SPENT, Counters, Window
from commissions.earned import Earned
from commissions.models import Plan as PlanRow
from commissions.plan import Plan, PlanError, parse_plan
from commissions.rates import Evaluation, evaluate
from commissions.sale import Credit, Earner, Line, Sale
from commissions.words import explain
from core.money import Money, MoneyError

SELLER, PARTNERS = 1, 100  # ids that the parties of an example go by


@dataclass(frozen=True, slots=True)
class Part:
    """What one party of the order gets, and why."""

    who: str
    money: Money
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the example comes to; `today` is what the version in force pays the seller, None where there is none."""

    total: Money
    said: str
    parts: list[Part] = field(default_factory=list)
    today: Money | None = None
    gain: Money | None = None
    why_not: str = ""
    wrong: str = ""

    @property
    def seller(self) -> Money:
        """What the affiliate who brought the order gets."""
        return self.parts[0].money if self.parts else Money.zero(self.total.currency)


def work_out(
    plan: PlanRow,
    draft: Plan,
    example: Told,
    people: Mapping[str, str],
    rule: Mapping[str, Any] | None = None,
) -> Outcome:
    """Evaluate the example by the draft, and by the version in force to compare.

    `people` are names by referral code, `rule` is the open one: whether it has a part is said.
    """
    program = plan.program
    currency = program.currency
    try:
        lines = _lines(example, currency)
        counters = _counters(example, currency)
    except MoneyError as wrong:
        return Outcome(Money.zero(currency), "", wrong=str(wrong))
    total = Money(sum(line.net for line in lines), currency)
    said = _said(example, lines, total)
    now = _in_force(plan, currency)
    try:
        evaluation = evaluate(draft, _sale(draft, lines, example, program), counters)
        before = evaluate(now, _sale(now, lines, example, program), counters) if now else None
    except (MoneyError, ArithmeticError) as wrong:
        return Outcome(total, said, wrong=str(wrong))
    parts = _parts(draft, evaluation, people)
    today = Money(_seller(before).amount, currency) if before else None
    return Outcome(
        total=total,
        said=said,
        parts=parts,
        today=today,
        gain=parts[0].money - today if today is not None and parts else None,
        why_not=why_not(evaluation.trace, rule) if rule else "",
    )


def _seller(evaluation: Evaluation) -> Earned:
    """What the credited affiliate earns: it stands in every evaluation, even with 0."""
    return next(one for one in evaluation.commissions if (one.enrollment_id, one.level) == (SELLER, 1))


def _in_force(plan: PlanRow, currency: str) -> Plan | None:
    rows = plan.versions.filter(effective_at__lte=timezone.now())
    newest = rows.order_by("effective_at", "number").last()
    try:
        return parse_plan(newest.body, currency) if newest else None
    except PlanError:  # a version of long ago, stricter rules since
        return None


def _lines(example: Told, currency: str) -> tuple[Line, ...]:
    rows = [row for row in example.get("lines", []) if as_text(row.get("amount")).strip()]
    return tuple(
        Line(
            key=str(place + 1),
            sku=as_text(row.get("sku")).strip(),
            product=as_text(row.get("product")).strip(),
            categories=_categories(as_text(row.get("category")).strip()),
            quantity=_count(row.get("quantity")) or 1,
            net=Money.parse(number(as_text(row.get("amount"))), currency).amount,
            name=as_text(row.get("name")).strip(),
            brand=as_text(row.get("brand")).strip(),
        )
        for place, row in enumerate(rows)
    )


def _categories(text: str) -> tuple[str, ...]:
    """The names by comma, and the whole text: a name may have a comma in it."""
    return tuple(name for name in dict.fromkeys([*names(text), text]) if name)


def _count(value: object) -> int | None:
    text = as_text(value).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None


def _sale(plan: Plan, lines: tuple[Line, ...], example: Told, program: Program) -> Sale:
    chain = tuple(
        Earner(level.level, level.level, label=_("Level %(level)s") % {"level": level.level})
        for level in plan.levels
    )
    partners = {part.affiliate: PARTNERS + place for place, part in enumerate(plan.split)}
    customer = as_text(example.get("customer"))
    return Sale(
        goal=as_text(example.get("goal")).strip() or "sale",
        currency=plan.currency,
        lines=lines,
        credits=(Credit(SELLER, chain=chain, group=as_text(example.get("group"))),),
        new_customer={"new": True, "returning": False}.get(customer),
        country=as_text(example.get("country")).strip().upper(),
        coupons=tuple(filter(None, [as_text(example.get("coupon")).strip()])),
        sub_ids=tuple(filter(None, [as_text(example.get("sub_id")).strip()])),
        payment=_count(example.get("payment")) or 1,
        months=_count(example.get("months")) or 0,
        at=_moment(example, program),
        metadata=_metadata(as_text(example.get("metadata"))),
        partners=partners,
    )


def _metadata(text: str) -> dict[str, str]:
    """What the store would tell besides, from "seats=12, region=north"."""
    pairs = (part.partition("=") for part in text.split(","))
    return {key.strip(): value.strip() for key, _sign, value in pairs if key.strip()}


def _moment(example: Told, program: Program) -> datetime:
    try:
        return datetime.fromisoformat(as_text(example.get("at"))).replace(tzinfo=None)
    except ValueError:
        return program.local(timezone.now()).replace(tzinfo=None)


def _counters(example: Told, currency: str) -> Counters:
    before: dict[Window, int] = {}
    spent: dict[Window, int] = {}
    for key, text in example.get("counted", {}).items():
        metric, _bar, period = key.partition("|")
        value = _counted(metric, as_text(text), currency)
        (spent if metric == SPENT else before)[Window(metric, period)] = value
    return Counters({SELLER: before}, spent)


def _counted(metric: str, text: str, currency: str) -> int:
    if metric == "conversions":
        return _count(text) or 0
    return Money.parse(text, currency).amount if text.strip() else 0


def _parts(plan: Plan, evaluation: Evaluation, people: Mapping[str, str]) -> list[Part]:
    partners = {
        PARTNERS + place: people.get(part.affiliate, part.affiliate) for place, part in enumerate(plan.split)
    }
    found = sorted(evaluation.commissions, key=lambda one: (one.level, one.enrollment_id))
    return [
        Part(
            who=_who(one.level, partners.get(one.enrollment_id)),
            money=Money(one.amount, plan.currency),
            sentences=[each.text for each in explain(evaluation.trace, one.enrollment_id, one.level)],
        )
        for one in found
    ]


def _who(level: int, partner: str | None) -> str:
    if partner is not None:
        return _("%(name)s, who gets a part") % {"name": partner}
    if level == 1:
        return _("The affiliate")
    return _("The sponsor, level 2") if level == 2 else _("Level %(level)s above") % {"level": level}


def _said(example: Told, lines: Iterable[Line], total: Money) -> str:
    """The order in a few words: "An order of €120.00 (2 × Trail shoes) earns"."""
    goal = as_text(example.get("goal")).strip() or "sale"
    if goal != "sale":
        known = dict(GOALS).get(goal)
        return _("%(goal)s earns") % {"goal": str(known).partition(":")[0] if known else f"“{goal}”"}
    goods = ", ".join(f"{line.quantity} × {line.name or line.sku or line.product or '–'}" for line in lines)
    values = {"total": money_text(total), "goods": goods}
    return (
        _("An order of %(total)s (%(goods)s) earns") if goods else _("An order of %(total)s earns")
    ) % values
