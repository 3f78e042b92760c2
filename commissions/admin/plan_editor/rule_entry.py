"""A rule from its form, and what a click does to it before it is saved."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _

from commissions.admin.plan_editor import conditions
from commissions.admin.plan_editor.conditions import CONDITIONS
from commissions.admin.plan_editor.entries import as_text, number, whole
from commissions.admin.plan_editor.rule_words import GOALS, OTHER_GOAL

Rule = dict[str, Any]
KNOWN_KEYS = ("id", "name", "priority", "stackable", "when", "reward")


def new_rule(condition: str = "") -> Rule:
    """A rule to begin with, with one condition already asked for."""
    found = CONDITIONS.get(condition)
    return {
        "id": "",
        "name": "",
        "when": {found.key: conditions.empty(found)} if found else {},
        "reward": {"type": "percent", "rate": ""},
    }


def read(post: QueryDict, old: Rule) -> Rule:
    """The rule that the form says; keys that the form does not know stay as they were."""
    rule = {key: value for key, value in old.items() if key not in KNOWN_KEYS}
    when = {key: conditions.read(CONDITIONS[key], post) for key in CONDITIONS if key in post.getlist("has")}
    goal = post.get("goal", "sale").strip()
    goal = post.get("goal_other", "").strip()[:64] if goal == OTHER_GOAL else goal[:64]
    if goal != "sale":
        when["goal"] = goal
    rule |= {"id": post.get("id", "")[:64], "name": " ".join(post.get("name", "").split())[:200]}
    if (priority := whole(post.get("priority", "") or "0")) != 0:
        rule["priority"] = priority
    if "stackable" in post:
        rule["stackable"] = True
    if when:
        rule["when"] = when
    return rule | {"reward": _reward(post)}


def _reward(post: QueryDict) -> dict[str, Any]:
    kind = post.get("reward.type", "percent")
    rate, amount = number(post.get("reward.rate", "")), number(post.get("reward.amount", ""))
    if kind in ("fixed_per_order", "fixed_per_item"):
        return {"type": kind, "amount": amount}
    if kind != "brackets":
        return {"type": "percent", "rate": rate}
    period = post.get("reward.period", "month")[:20]
    if period == "days":
        period = f"days:{whole(post.get('reward.days', '') or '30')}"
    pays = "amount" if post.get("reward.pays") == "amount" else "rate"
    starts, paid = post.getlist("step.from"), post.getlist("step.pays")
    steps = [{"from": number(start), pays: number(value)} for start, value in zip(starts, paid, strict=False)]
    return {
        "type": "brackets",
        "metric": post.get("reward.metric", "base")[:20],
        "period": period,
        "mode": post.get("reward.mode", "marginal")[:20],
        "steps": steps or [{"from": "0", pays: rate}, {"from": "", pays: ""}],
    }


def reshape(rule: Rule, do: str, what: str) -> Rule:
    """The rule with a condition or step more or less; unknown wishes change nothing."""
    when, reward = dict(rule.get("when", {})), dict(rule["reward"])
    steps = list(reward.get("steps", []))
    if do == "with" and what in CONDITIONS:
        when[what] = conditions.empty(CONDITIONS[what])
    elif do == "without":
        when.pop(what, None)
    elif do == "row" and steps:
        reward["steps"] = [*steps, dict.fromkeys(steps[-1], "")]
    elif do == "unrow" and what.isdecimal() and int(what) < len(steps) > 1:
        reward["steps"] = [step for place, step in enumerate(steps) if place != int(what)]
    return rule | {"when": when, "reward": reward}


def finished(rule: Rule, taken: set[str]) -> Rule:
    """The rule with a name and an id of its own, where it was left without."""
    name = rule["name"] or _name_from(rule)
    return rule | {"id": rule["id"] or fresh_id(name, taken), "name": name}


def fresh_id(name: str, taken: set[str]) -> str:
    """A short id that no other rule has, made of the name."""
    stem = slugify(name)[:40] or "rule"
    return next(
        found for found in (stem, *(f"{stem}-{place}" for place in range(2, 1000))) if found not in taken
    )


def _name_from(rule: Rule) -> str:
    """A rule that nobody named is called by its conditions."""
    when = rule.get("when", {})
    goal = dict(GOALS).get(when.get("goal", "sale"))
    parts = [str(goal).partition(":")[0] if goal else str(when.get("goal"))] if "goal" in when else []
    for condition in conditions.used(when):
        value = when[condition.key]
        if condition.kind == "customer":
            parts.append(str(dict(conditions.CUSTOMERS).get(value, condition.label)))
        elif isinstance(value, list) and any(value):
            parts.append(", ".join(as_text(one) for one in value[:3]))
        else:
            parts.append(str(condition.label))
    return " · ".join(parts)[:200] or _("Every sale")
