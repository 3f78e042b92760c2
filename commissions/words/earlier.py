"""Traces of version 1 in words: one value for each line and level, shares taken of the rounded level."""

from __future__ import annotations

from fractions import Fraction

from django.utils.translation import gettext as _

from commissions.sale import EXTRA
from commissions.words.figures import money_in_words, rate_in_words
from commissions.words.levels import level_pays_in_words, whose_sale
from commissions.words.lines import Trace, line_in_words, together, why_nothing


def sale_in_words(trace: Trace, party: Trace) -> list[str]:
    """Say what a conversion earned for one enrollment at one level."""
    step = trace["levels"][party["level"] - 1]
    texts = _sale(trace) if party["level"] == 1 else _level(trace, step)
    texts.append(together(trace, step["unrounded"], step["rounded"]))
    return [*texts, *_clamp(trace, step), *_share(trace, party), *_ceiling(trace, party)]


def _sale(trace: Trace) -> list[str]:
    texts = [_line(trace, line) for line in trace["lines"]]
    used = (trace["rules"][line["rule"]] for line in trace["lines"] if line["rule"] and line["key"] != EXTRA)
    fixed = {rule["name"]: rule["amount"] for rule in used if rule["type"] == "fixed_per_order"}
    for name, amount in fixed.items():
        values = {"rule": name, "amount": money_in_words(trace, amount)}
        texts.append(_("Rule “%(rule)s” pays %(amount)s for the whole order.") % values)
    return [text for text in texts if text]


def _line(trace: Trace, line: Trace) -> str:
    reward = why_nothing(line) if line["why"] else _reward(trace, line)
    return f"{line_in_words(trace, line)} {reward}".strip()


def _reward(trace: Trace, line: Trace) -> str:
    rule = trace["rules"][line["rule"]]
    values = {"rule": rule["name"], "sum": money_in_words(trace, line["unrounded"])}
    if rule["type"] == "percent":
        values["rate"] = rate_in_words(rule["rate"])
        return _("Rule “%(rule)s” pays %(rate)s %%: %(sum)s.") % values
    if rule["type"] == "fixed_per_item" and line["quantity"]:
        values["amount"] = money_in_words(trace, rule["amount"])
        return _("Rule “%(rule)s” pays %(amount)s per item: %(sum)s.") % values
    return ""


def _level(trace: Trace, step: Trace) -> list[str]:
    below = trace["levels"][step["level"] - 2]["unrounded"]
    of = {"base": trace["base"], "level_1": trace["levels"][0]["unrounded"], "below": below}[step["basis"]]
    party = {"level": step["level"], "rate": step["rate"], "of": of}
    return [
        whose_sale(step["level"]),
        level_pays_in_words(trace, step, party, Fraction(step["unrounded"])),
    ]


def _clamp(trace: Trace, step: Trace) -> list[str]:
    if "clamped" not in step:
        return []
    values = {
        "rate": rate_in_words(trace["ceiling"]["rate"]),
        "amount": money_in_words(trace, step["clamped"]),
    }
    return [_("The plan pays at most %(rate)s %% of the commissionable base, so it is %(amount)s.") % values]


def _share(trace: Trace, party: Trace) -> list[str]:
    if party["share"] == "1":
        return []
    values = {"share": party["share"], "amount": money_in_words(trace, party["before"])}
    if party["level"] == 1:
        return [_("The sale is shared. Your share is %(share)s: %(amount)s.") % values]
    return [_("The sale is shared. The share of partners below you is %(share)s: %(amount)s.") % values]


def _ceiling(trace: Trace, party: Trace) -> list[str]:
    if party["before"] == party["amount"]:
        return []
    values = {
        "rate": rate_in_words(trace["ceiling"]["rate"]),
        "limit": money_in_words(trace, trace["ceiling"]["limit"]),
        "before": money_in_words(trace, party["before"]),
        "amount": money_in_words(trace, party["amount"]),
    }
    text = _(
        "All commissions of one sale together are at most %(rate)s %% of its base, here %(limit)s. "
        "Therefore %(before)s became %(amount)s."
    )
    return [text % values]
