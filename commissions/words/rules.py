"""One rule of a plan in words: a whole sentence, and the title of its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from commissions.conditions import read_when
from commissions.rewards import read_reward
from commissions.schema import Reader
from commissions.words.conditions import conditions_as_one, conditions_in_short
from commissions.words.rewards import reward_in_short, reward_in_words, says_goal


def rule_in_words(rule: Mapping[str, Any], currency: str) -> str:
    """Say in one sentence what a rule (JSON of a plan) pays, and when."""
    when, reward = rule.get("when", {}), rule["reward"]
    values = {
        "name": rule["name"],
        "reward": reward_in_words(reward, currency, when.get("goal", "sale")),
        "conditions": when_as_one(rule, currency),
    }
    return _pattern(rule, bool(values["conditions"])) % values


def _pattern(rule: Mapping[str, Any], is_conditional: bool) -> str:
    if rule["reward"]["type"] == "brackets":  # its own sentence ends with a list, so conditions come first
        if rule.get("stackable"):
            plain = _("“%(name)s” adds to what another rule pays, %(reward)s.")
            conditional = _("If %(conditions)s, “%(name)s” adds to what another rule pays, %(reward)s.")
        else:
            plain = _("“%(name)s” pays %(reward)s.")
            conditional = _("If %(conditions)s, “%(name)s” pays %(reward)s.")
    elif rule.get("stackable"):
        plain = _("“%(name)s” adds %(reward)s to what another rule pays.")
        conditional = _("“%(name)s” adds %(reward)s to what another rule pays, if %(conditions)s.")
    else:
        plain = _("“%(name)s” pays %(reward)s.")
        conditional = _("“%(name)s” pays %(reward)s, if %(conditions)s.")
    return conditional if is_conditional else plain


def when_as_one(rule: Mapping[str, Any], currency: str) -> str:
    """All conditions of a rule as one clause, without the goal where its reward names it."""
    when = rule.get("when", {})
    if says_goal(rule["reward"]):
        when = {key: value for key, value in when.items() if key != "goal"}
    return conditions_as_one(when, currency)


def card_title(rule: Mapping[str, Any], currency: str) -> str:
    """A rule in short: "Returning customers · category Shoes · 8 %"; a draft's rule may still be unfinished."""
    if _is_unfinished(rule, currency):
        return _("Not finished yet")
    when = rule.get("when", {})
    goal = when.get("goal", "sale")
    reward = reward_in_short(rule["reward"], currency, goal)
    if rule.get("stackable"):
        reward = _("%(reward)s on top") % {"reward": reward}
    parts = conditions_in_short(when, currency)
    if goal != "sale" and parts:
        parts.insert(0, _several(goal))
    return " · ".join([capfirst(parts[0] if parts else _every(goal)), *parts[1:], reward])


def _is_unfinished(rule: Mapping[str, Any], currency: str) -> bool:
    read = Reader()
    read_when(read, rule.get("when", {}), "", currency)
    read_reward(read, rule.get("reward"), "", currency)
    return bool(read.errors)


def _every(goal: str) -> str:
    known = {
        "sale": _("every sale"),
        "lead": _("every lead"),
        "sign_up": _("every sign-up"),
        "click": _("every click"),
        "install": _("every install"),
    }
    return known.get(goal) or _("every “%(goal)s”") % {"goal": goal}


def _several(goal: str) -> str:
    known = {
        "lead": _("leads"),
        "sign_up": _("sign-ups"),
        "click": _("clicks"),
        "install": _("installs"),
    }
    return known.get(goal) or _("“%(goal)s”") % {"goal": goal}
