"""A rule as a form: the same JSON is drawn and read back (rule_entry), so nothing typed is lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from commissions.admin.plan_editor import conditions
from commissions.admin.plan_editor.conditions import Condition
from commissions.admin.plan_editor.entries import (
    Entry,
    Errors,
    as_text,
    is_within,
    with_errors,
)
from commissions.admin.plan_editor.known import Known
from commissions.admin.plan_editor.rule_entry import Rule
from commissions.admin.plan_editor.rule_words import (
    GOALS,
    METRICS,
    MODES,
    OTHER_GOAL,
    PAYS,
    PERIODS,
    REWARDS,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition of the rule with its fields."""

    key: str
    label: Any
    help: Any
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Step:
    """A bracket's two fields."""

    number: int
    start: Entry
    pays: Entry
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleForm:
    """All that an open rule shows."""

    id: str
    head: list[Entry]
    asked: list[Asked]
    menu: list[tuple[Any, list[Condition]]]
    kind: Entry
    reward: list[Entry]
    steps: list[Step]
    mode: Entry | None
    more: list[Entry]
    more_is_open: bool


def form(rule: Rule, path: str, errors: Errors, known: Known) -> RuleForm:
    """Draw a rule; `path` is its place in the plan, like $.rules[2]."""
    reward = rule.get("reward", {})
    when = rule.get("when", {})
    more = [*_more(rule)]
    drawn = with_errors(more, errors, path)
    return RuleForm(
        id=as_text(rule.get("id")),
        head=with_errors(_head(rule), errors, path),
        asked=[_asked(one, when, path, errors, known) for one in conditions.used(when)],
        menu=[
            (label, free)
            for label, some in conditions.GROUPS
            if (free := [one for one in some if when.get(one.key) in (None, [], {})])
        ],
        kind=with_errors([_kind(reward)], errors, path)[0],
        reward=with_errors(_reward_entries(reward, known), errors, path),
        steps=_steps(reward, path, errors, known),
        mode=with_errors([_mode(reward)], errors, path)[0] if reward.get("type") == "brackets" else None,
        more=drawn,
        more_is_open=bool(rule.get("priority") or rule.get("stackable") or any(one.errors for one in drawn)),
    )


def _head(rule: Rule) -> list[Entry]:
    goal = as_text(rule.get("when", {}).get("goal", "sale"))
    is_known = goal in dict(GOALS)
    found = [
        Entry(
            "name",
            "name",
            _("Name"),
            value=as_text(rule.get("name")),
            help=_("Affiliates read it. Left empty, it is named after its conditions."),
            example=_("Shoes"),
        ),
        Entry(
            "goal",
            "when.goal",
            _("Pays for"),
            "choice",
            goal if is_known else OTHER_GOAL,
            [*GOALS, (OTHER_GOAL, _("Another goal that your store tells us"))],
            reshapes=True,
        ),
    ]
    if not is_known:
        found.append(
            Entry("goal_other", "when.goal", _("Name of the goal"), value=goal, example="demo_booked")
        )
    return found


def _asked(condition: Condition, when: Mapping[str, Any], path: str, errors: Errors, known: Known) -> Asked:
    drawn = with_errors(conditions.entries(condition, when[condition.key], known), errors, path)
    return Asked(condition.key, condition.label, condition.help if len(drawn) > 1 else "", drawn)


def _kind(reward: Mapping[str, Any]) -> Entry:
    return Entry(
        "reward.type",
        "reward.type",
        _("It pays"),
        "tabs",
        as_text(reward.get("type")),
        REWARDS,
        reshapes=True,
    )


def _mode(reward: Mapping[str, Any]) -> Entry:
    value = as_text(reward.get("mode", "marginal"))
    return Entry("reward.mode", "reward.mode", _("How steps are paid"), "radios", value, MODES)


def _reward_entries(reward: Mapping[str, Any], known: Known) -> list[Entry]:
    kind = reward.get("type")
    if kind in ("fixed_per_order", "fixed_per_item"):
        amount = as_text(reward.get("amount"))
        return [Entry("reward.amount", "reward.amount", _("Amount"), "amount", amount, unit=known.currency)]
    if kind != "brackets":
        rate = as_text(reward.get("rate"))
        words = _("Of the lines’ price after discounts and before tax.")
        return [Entry("reward.rate", "reward.rate", _("Rate"), "rate", rate, unit="%", help=words)]
    period = as_text(reward.get("period", "month"))
    days = period.removeprefix("days:") if period.startswith("days:") else ""
    metric = as_text(reward.get("metric", "base"))
    pays = "amount" if "amount" in (reward.get("steps") or [{}])[0] else "rate"
    path = "reward.period"
    found = [
        Entry("reward.metric", "reward.metric", _("By"), "choice", metric, METRICS, reshapes=True),
        Entry(
            "reward.period", path, _("Counted"), "choice", "days" if days else period, PERIODS, reshapes=True
        ),
        Entry("reward.pays", "reward.pays", _("Each step pays"), "choice", pays, PAYS, reshapes=True),
    ]
    if days:
        found.insert(2, Entry("reward.days", path, _("Days"), "whole", days, unit=_("days")))
    return found


def _steps(reward: Mapping[str, Any], path: str, errors: Errors, known: Known) -> list[Step]:
    if reward.get("type") != "brackets":
        return []
    counts = reward.get("metric") == "conversions"
    found = []
    for place, step in enumerate(reward.get("steps", [])):
        pays = "amount" if "amount" in step else "rate"
        at = f"reward.steps[{place}]"
        start = Entry(
            "step.from",
            f"{at}.from",
            _("From"),
            "whole" if counts else "amount",
            as_text(step.get("from")),
            unit=_("orders") if counts else known.currency,
        )
        paid = Entry(
            "step.pays",
            f"{at}.{pays}",
            _("pays"),
            pays,
            as_text(step.get(pays)),
            unit="%" if pays == "rate" else known.currency,
        )
        own = [start, paid]
        drawn = with_errors(own, errors, path)
        whole_step = tuple(what for where, what in errors if where == f"{path}.{at}")
        found.append(Step(place, drawn[0], drawn[1], whole_step))
    return found


def _more(rule: Rule) -> list[Entry]:
    return [
        Entry(
            "stackable",
            "stackable",
            _("On top of the others"),
            "flag",
            rule.get("stackable") is True,
            help=_("It does not compete with other rules: what it pays is added to the winner’s."),
        ),
        Entry(
            "priority",
            "priority",
            _("Priority"),
            "whole",
            as_text(rule.get("priority", 0)),
            help=_("Of rules that are equally specific, the higher number wins."),
        ),
    ]


def unplaced(rule_form: RuleForm, path: str, errors: Errors) -> list[str]:
    """Complaints about the rule that no field of its form shows."""
    paths = [entry.path for entry in (*rule_form.head, rule_form.kind, *rule_form.reward, *rule_form.more)]
    paths += [entry.path for asked in rule_form.asked for entry in asked.entries]
    paths += [f"reward.steps[{step.number}]" for step in rule_form.steps]
    if rule_form.mode:
        paths.append(rule_form.mode.path)
    shown = [f"{path}.{one}" for one in paths]
    return [
        f"{where.removeprefix(path).lstrip('.')} {what}"
        for where, what in errors
        if is_within(where, path) and not any(is_within(where, one) for one in shown)
    ]
