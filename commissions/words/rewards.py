"""What a rule pays, in words: a rate, an amount, or brackets one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from commissions.words.figures import count_in_words, major_in_words, rate_in_words
from commissions.words.periods import each, over


def reward_in_words(reward: Mapping[str, Any], currency: str, goal: str = "sale") -> str:
    """What a reward pays, to follow "pays": "10 % of each line after discounts and before tax"."""
    if reward["type"] == "percent":
        return _("%(rate)s %% of each line after discounts and before tax") % {
            "rate": rate_in_words(reward["rate"])
        }
    if reward["type"] == "brackets":
        return _brackets(reward, currency, goal)
    if reward["type"] == "fixed_per_order":
        return per_order(reward["amount"], currency, goal)
    text = _("%(amount)s per click") if goal == "click" else _("%(amount)s per item")
    return text % {"amount": major_in_words(reward["amount"], currency)}


def reward_in_short(reward: Mapping[str, Any], currency: str, goal: str = "sale") -> str:
    """What a reward pays, as the title of a card has it: "8 %"."""
    if reward["type"] == "percent":
        return _("%(rate)s %%") % {"rate": rate_in_words(reward["rate"])}
    if reward["type"] == "fixed_per_order" and goal != "sale":
        return major_in_words(reward["amount"], currency)  # the title says already what it is for
    if reward["type"] != "brackets":
        return reward_in_words(reward, currency, goal)
    texts = {
        "base": _("%(steps)s by volume %(period)s"),
        "conversions": _("%(steps)s by conversions %(period)s"),
        "commission": _("%(steps)s by commission %(period)s"),
    }
    steps = " / ".join(_in_short(step, currency) for step in reward["steps"])
    values = {"steps": steps, "period": each(reward.get("period", "month"))}
    return texts[reward.get("metric", "base")] % values


def _in_short(step: Mapping[str, Any], currency: str) -> str:
    return _step(step, currency, "sale") if "rate" in step else major_in_words(step["amount"], currency)


def per_order(amount: str, currency: str, goal: str) -> str:
    """A fixed amount for each conversion, by its goal: "5.00 EUR per lead"."""
    texts = {
        "sale": _("%(amount)s per order"),
        "lead": _("%(amount)s per lead"),
        "sign_up": _("%(amount)s per sign-up"),
        "install": _("%(amount)s per install"),
    }
    values = {"amount": major_in_words(amount, currency), "goal": goal}
    return (texts.get(goal) or _("%(amount)s per “%(goal)s”")) % values


def says_goal(reward: Mapping[str, Any]) -> bool:
    """Whether the reward's own words name the goal, so that the conditions need not."""
    return reward["type"] == "fixed_per_order" or "amount" in (reward.get("steps") or [{}])[0]


def _brackets(reward: Mapping[str, Any], currency: str, goal: str) -> str:
    metric, period = reward.get("metric", "base"), reward.get("period", "month")
    by = {
        "base": _("by the affiliate’s volume %(period)s: %(steps)s"),
        "conversions": _("by the number of the affiliate’s conversions %(period)s: %(steps)s"),
        "commission": _("by the affiliate’s commission %(period)s: %(steps)s"),
    }
    text = by[metric] % {"period": each(period), "steps": _steps(reward["steps"], metric, currency, goal)}
    if metric == "base" and "rate" in reward["steps"][0]:
        text = _("%(brackets)s; a sale that crosses into the next bracket is split there") % {
            "brackets": text
        }
    else:
        text = _("%(brackets)s; each is paid by the bracket that was reached before it") % {"brackets": text}
    if reward.get("mode") != "retroactive":
        return text
    values = {"brackets": text, "over": over(period)}
    return (
        _(
            "%(brackets)s; %(over)s, the bracket reached by then counts for all of it and the difference is paid"
        )
        % values
    )


def _steps(steps: list[Mapping[str, Any]], metric: str, currency: str, goal: str) -> str:
    text = _step(steps[0], currency, goal)
    for step in steps[1:]:
        values = {"before": text, "reach": count_in_words(metric, step["from"], currency)}
        values["next"] = _step(step, currency, goal)
        text = _("%(before)s up to %(reach)s, then %(next)s") % values
    return text


def _step(step: Mapping[str, Any], currency: str, goal: str) -> str:
    if "rate" in step:
        return _("%(rate)s %%") % {"rate": rate_in_words(step["rate"])}
    return per_order(step["amount"], currency, goal)
