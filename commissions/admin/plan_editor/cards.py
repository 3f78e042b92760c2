"""A draft as cards: each rule and each section with its title, its sentence, and what is still wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from affiliates.models import Program
from commissions.actions.plans import read_plan
from commissions.admin.plan_editor.changes import rules_of
from commissions.admin.plan_editor.entries import Errors, as_text, is_within
from commissions.admin.plan_editor.sections import SECTIONS, Section
from commissions.plan import Plan, PlanError
from commissions.words import card_title
from commissions.words.conditions import conditions_in_short
from commissions.words.figures import count_in_words
from commissions.words.plans import (
    CEILING,
    MATURITY,
    bonus_in_words,
    cap_in_words,
    ceiling_in_words,
    compression_in_words,
    excluded,
    level_pays,
    maturity_in_words,
)
from commissions.words.rewards import reward_in_short
from commissions.words.rules import rule_in_words

Body = dict[str, Any]
STAIRS_WIDE, STAIRS_HIGH = 100, 40


@dataclass(frozen=True, slots=True)
class Stair:
    """A bracket as it is drawn: a bar on a field of 100 by 40, and its words."""

    x: float
    y: float
    width: float
    height: float
    pays: str
    start: str


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule, closed: `reward` stands large, `conditions` before it; both empty while the rule is unfinished."""

    key: str
    number: int
    name: str
    title: str
    conditions: list[str]
    reward: str
    sentence: str
    stairs: list[Stair]
    is_stackable: bool
    problems: int
    is_first: bool
    is_last: bool

    @property
    def focus_id(self) -> str:
        """The id of what opens it."""
        return f"open-{self.key}"

    @property
    def up_id(self) -> str:
        """The id of what moves it up."""
        return f"up-{self.key}"

    @property
    def down_id(self) -> str:
        """The id of what moves it down."""
        return f"down-{self.key}"


@dataclass(frozen=True, slots=True)
class SectionCard:
    """A section, closed: its sentences, or that there is nothing."""

    key: str
    title: Any
    lead: Any
    sentences: list[str]
    is_none: bool
    problems: int

    @property
    def focus_id(self) -> str:
        """The id of what opens it."""
        return f"open-{self.key}"


def read_body(program: Program, body: Body) -> tuple[Plan | None, Errors]:
    """The plan that a draft is, or every (path, complaint) that keeps it from being one."""
    try:
        return read_plan(program, body), []
    except PlanError as wrong:
        return None, wrong.errors


def rule_cards(body: Body, errors: Errors, currency: str) -> list[RuleCard]:
    """The rules in reading order."""
    rules = rules_of(body)
    return [_rule_card(place, rule, errors, currency, len(rules)) for place, rule in enumerate(rules)]


def _rule_card(place: int, rule: Body, errors: Errors, currency: str, count: int) -> RuleCard:
    path = f"$.rules[{place}]"
    problems = sum(is_within(where, path) for where, _what in errors)
    name = as_text(rule.get("name")) or _("A rule without a name")
    said = rule_said(rule, currency) if not problems else None
    return RuleCard(
        key=f"rule-{place}",
        number=place + 1,
        name=name,
        title=said.title if said else name,
        conditions=said.conditions if said else [],
        reward=said.reward if said else "",
        sentence=said.sentence if said else "",
        stairs=stairs(rule["reward"], currency) if said else [],
        is_stackable=rule.get("stackable") is True,
        problems=problems,
        is_first=place == 0,
        is_last=place == count - 1,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A finished rule in words."""

    title: str
    conditions: list[str]
    reward: str
    sentence: str


def rule_said(rule: Body, currency: str) -> Said:
    """Say a rule that a plan would take."""
    when, goal = rule.get("when", {}), rule.get("when", {}).get("goal", "sale")
    title, conditions = card_title(rule, currency), conditions_in_short(when, currency)
    if goal != "sale" or not conditions:
        conditions = [title.split(" · ", 1)[0], *conditions]
    return Said(
        title=title,
        conditions=conditions,
        reward=reward_in_short(rule["reward"], currency, goal),
        sentence=rule_in_words(rule, currency),
    )


def stairs(reward: Mapping[str, Any], currency: str) -> list[Stair]:
    """The brackets of a reward as a staircase; nothing for a reward without."""
    steps = reward.get("steps", []) if reward.get("type") == "brackets" else []
    if len(steps) < 2:
        return []
    paid = [Decimal(step.get("rate") or step.get("amount") or 0) for step in steps]
    highest, width = max(paid) or Decimal(1), STAIRS_WIDE / len(steps)
    found = []
    for place, (step, value) in enumerate(zip(steps, paid, strict=True)):
        height = 6 + float(value / highest) * (STAIRS_HIGH - 6)
        found.append(
            Stair(
                x=round(place * width, 2),
                y=round(STAIRS_HIGH - height, 2),
                width=round(width - 1.5, 2),
                height=round(height, 2),
                pays=reward_in_short(_as_flat(step), currency),
                start=count_in_words(reward.get("metric", "base"), step["from"], currency)
                if place
                else _("at first"),
            )
        )
    return found


def _as_flat(step: Mapping[str, Any]) -> Body:
    if "rate" in step:
        return {"type": "percent", "rate": step["rate"]}
    return {"type": "fixed_per_order", "amount": step["amount"]}


def section_cards(body: Body, errors: Errors, program: Program) -> list[SectionCard]:
    """The sections in their order."""
    return [_section_card(section, body, errors, program) for section in SECTIONS.values()]


def _section_card(section: Section, body: Body, errors: Errors, program: Program) -> SectionCard:
    problems = count_problems(section, errors)
    said = [] if problems else _SAID[section.key](body, program)
    return SectionCard(
        key=section.key,
        title=section.title,
        lead=section.lead,
        sentences=said or ([] if problems else [str(section.none)]),
        is_none=not said and not problems,
        problems=problems,
    )


def count_problems(section: Section, errors: Errors) -> int:
    """How many complaints there are about a section."""
    return sum(is_within(where, f"$.{key}") for where, _what in errors for key in section.keys)


def _levels(body: Body, program: Program) -> list[str]:
    found = [
        _("Level %(level)s: %(pays)s.") % {"level": row["level"], "pays": level_pays(row)}
        for row in body.get("levels", [])
    ]
    return [*found, compression_in_words()] if found and body.get("compression") else found


def _split(body: Body, program: Program) -> list[str]:
    rows = {row["affiliate"].lower(): row["share"] for row in body.get("split", [])}
    known = program.enrollments.filter(code__in=rows).select_related("affiliate") if rows else []
    people = {row.code.lower(): row.affiliate.name for row in known}
    return [
        _("%(share)s %% of each commission goes to %(name)s.")
        % {"share": share, "name": people.get(code, code)}
        for code, share in rows.items()
    ]


def _bonuses(body: Body, program: Program) -> list[str]:
    return [bonus_in_words(row, program.currency) for row in body.get("bonuses", [])]


def _caps(body: Body, program: Program) -> list[str]:
    return [cap_in_words(row, program.currency) for row in body.get("caps", [])]


def _exclude(body: Body, program: Program) -> list[str]:
    return [_("Nothing is paid for %(what)s.") % {"what": what} for what in excluded(body.get("exclude", {}))]


_SAID: Mapping[str, Callable[[Body, Program], list[str]]] = {
    "levels": _levels,
    "split": _split,
    "bonuses": _bonuses,
    "caps": _caps,
    "ceiling": lambda body, program: [ceiling_in_words(body.get("max_total_rate", CEILING))],
    "maturity": lambda body, program: [maturity_in_words(body.get("maturity_days", MATURITY))],
    "exclude": _exclude,
}


def at_large(errors: Errors) -> list[str]:
    """Complaints that belong to no card: keys that no plan has, and the plan as a whole."""
    keys = [f"$.{key}" for section in SECTIONS.values() for key in section.keys]
    return [
        f"{where} {what}"
        for where, what in errors
        if not where.startswith("$.rules[") and not any(is_within(where, key) for key in keys)
    ]
