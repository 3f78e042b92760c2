"""Plans and traces in plain words: what a rule pays, and why somebody earned this amount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from commissions.sale import EXTRA, WHOLE
from core.money import exponent


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an explanation, in the language that is active."""

    text: str


def explain(trace: Mapping[str, Any], enrollment_id: int, level: int) -> list[Sentence]:
    """Say why an enrollment earned what it did at a level; names no other member. Empty if it has no part."""
    party = _own(trace["earned"], enrollment_id, level)
    if party is None:
        skipped = _own(trace["skipped"], enrollment_id, level)
        return [Sentence(_not_active(level))] if skipped else []
    step = trace["levels"][level - 1]
    texts = [*(_sale(trace) if level == 1 else _level(trace, step)), *_rounding(trace, step)]
    texts += [*_clamp(trace, step), *_share(trace, party), *_ceiling(trace, party)]
    return [Sentence(text) for text in texts]


def reason_in_words(reason: str) -> str:
    """Say a reason to managers; those that the house itself gives are kept as codes, people's own stay as they are."""
    own = {
        "self_referral:email": _("The buyer has the affiliate’s own e-mail address."),
        "self_referral:phone": _("The buyer has the affiliate’s own phone number."),
    }
    return own.get(reason, reason)


def _own(rows: Iterable[Mapping[str, Any]], enrollment_id: int, level: int) -> Mapping[str, Any] | None:
    own = (row for row in rows if row["enrollment"] == enrollment_id and row["level"] == level)
    return next(own, None)


def _not_active(level: int) -> str:
    return _("Level %(level)s was not paid, because your membership was not active.") % {"level": level}


def _sale(trace: Mapping[str, Any]) -> list[str]:
    texts = [_line(trace, line) for line in trace["lines"]]
    used = (trace["rules"][line["rule"]] for line in trace["lines"] if line["rule"] and line["key"] != EXTRA)
    fixed = {rule["name"]: rule["amount"] for rule in used if rule["type"] == "fixed_per_order"}
    for name, amount in fixed.items():
        values = {"rule": name, "amount": _money(trace, amount)}
        texts.append(_("Rule “%(rule)s” pays %(amount)s for the whole order.") % values)
    return [text for text in texts if text]


def _line(trace: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    reward = _nothing(line) if line["why"] else _reward(trace, line)
    return f"{_what(trace, line)} {reward}".strip()


def _what(trace: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    if line["key"] == WHOLE:
        return ""
    net = _money(trace, line["net"])
    if line["key"] == EXTRA:
        return _("Shipping or tax that this program pays on, %(net)s.") % {"net": net}
    values = {"quantity": line["quantity"], "name": line["name"], "net": net}
    return _("%(quantity)s x %(name)s, %(net)s after discounts and before tax.") % values


def _reward(trace: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    rule = trace["rules"][line["rule"]]
    values = {"rule": rule["name"], "sum": _money(trace, line["unrounded"])}
    if rule["type"] == "percent":
        values["rate"] = _rate(rule["rate"])
        return _("Rule “%(rule)s” pays %(rate)s %%: %(sum)s.") % values
    if rule["type"] == "fixed_per_item" and line["quantity"]:
        values["amount"] = _money(trace, rule["amount"])
        return _("Rule “%(rule)s” pays %(amount)s per item: %(sum)s.") % values
    return ""


def _nothing(line: Mapping[str, Any]) -> str:
    if line["why"] == "no_rule":
        return _("No rule of the plan pays for it.")
    kind, value = line["by"]
    texts = {
        "program": _("It earns nothing: the program excludes it."),
        "sku": _("It earns nothing: the plan excludes the SKU “%(value)s”."),
        "product": _("It earns nothing: the plan excludes the product “%(value)s”."),
        "category": _("It earns nothing: the plan excludes the category “%(value)s”."),
    }
    return texts[kind] % {"value": value}


def _level(trace: Mapping[str, Any], step: Mapping[str, Any]) -> list[str]:
    level = step["level"]
    below = trace["levels"][level - 2]["unrounded"]
    of = {"base": trace["base"], "level_1": trace["levels"][0]["unrounded"], "below": below}[step["basis"]]
    values = {"level": level, "rate": _rate(step["rate"]), "of": _money(trace, of)}
    values["sum"] = _money(trace, step["unrounded"])
    bases = {
        "base": _("Level %(level)s pays %(rate)s %% of the commissionable base of %(of)s: %(sum)s."),
        "level_1": _("Level %(level)s pays %(rate)s %% of level 1, %(of)s before rounding: %(sum)s."),
        "below": _("Level %(level)s pays %(rate)s %% of the level below, %(of)s before rounding: %(sum)s."),
    }
    return [_who(level), bases[step["basis"]] % values]


def _who(level: int) -> str:
    if level == 2:
        return _("A partner you recruited made this sale.")
    return _("A partner %(steps)s steps below you made this sale.") % {"steps": level - 1}


def _rounding(trace: Mapping[str, Any], step: Mapping[str, Any]) -> list[str]:
    exact, rounded = _money(trace, step["unrounded"]), _money(trace, step["rounded"])
    if exact == rounded:
        return [_("Together %(sum)s.") % {"sum": exact}]
    return [_("Together %(sum)s, rounded to %(rounded)s.") % {"sum": exact, "rounded": rounded}]


def _clamp(trace: Mapping[str, Any], step: Mapping[str, Any]) -> list[str]:
    if "clamped" not in step:
        return []
    values = {"rate": _rate(trace["ceiling"]["rate"]), "amount": _money(trace, step["clamped"])}
    return [_("The plan pays at most %(rate)s %% of the commissionable base, so it is %(amount)s.") % values]


def _share(trace: Mapping[str, Any], party: Mapping[str, Any]) -> list[str]:
    if party["share"] == "1":
        return []
    values = {"share": party["share"], "amount": _money(trace, party["before"])}
    if party["level"] == 1:
        return [_("The sale is shared. Your share is %(share)s: %(amount)s.") % values]
    return [_("The sale is shared. The share of partners below you is %(share)s: %(amount)s.") % values]


def _ceiling(trace: Mapping[str, Any], party: Mapping[str, Any]) -> list[str]:
    if party["before"] == party["amount"]:
        return []
    values = {
        "rate": _rate(trace["ceiling"]["rate"]),
        "limit": _money(trace, trace["ceiling"]["limit"]),
        "before": _money(trace, party["before"]),
        "amount": _money(trace, party["amount"]),
    }
    text = _(
        "All commissions of one sale together are at most %(rate)s %% of its base, here %(limit)s. "
        "Therefore %(before)s became %(amount)s."
    )
    return [text % values]


def _money(trace: Mapping[str, Any], minor: int | str) -> str:
    return amount_in_words(Decimal(minor), trace["currency"], trace["exponent"])


def amount_in_words(minor: Decimal, currency: str, digits: int) -> str:
    """An amount in minor units, rounded or not, in major units with at least the currency's decimals."""
    value = Decimal(minor).scaleb(-digits).normalize()
    if -int(value.as_tuple().exponent) < digits:
        value = value.quantize(Decimal(1).scaleb(-digits))
    return f"{value:f} {currency}"


def _rate(rate: str) -> str:
    return f"{Decimal(rate).normalize():f}"


def plan_in_words(body: Mapping[str, Any], currency: str) -> list[str]:
    """Say what a plan (its parsed JSON body) pays: rules, levels, ceiling, exclusions, maturity."""
    texts = [_rule_in_words(rule, currency) for rule in body["rules"]]
    texts += [_level_in_words(level) for level in body.get("levels", [])]
    ceiling = {"rate": _rate(body.get("max_total_rate", "50"))}
    texts.append(_("All commissions of one sale together are at most %(rate)s %% of its base.") % ceiling)
    texts += [
        _("Nothing is paid for %(what)s.") % {"what": what} for what in _things(body.get("exclude", {}))
    ]
    if body.get("levels") and body.get("compression"):
        texts.append(_("If a sponsor is not active, the next active one above takes the level."))
    days = {"days": body.get("maturity_days", 30)}
    return [*texts, _("A commission can be approved %(days)s days after the order was paid.") % days]


def _rule_in_words(rule: Mapping[str, Any], currency: str) -> str:
    values = {"name": rule["name"], "reward": _reward_in_words(rule["reward"], currency)}
    conditions = _conditions(rule.get("when", {}))
    if not conditions:
        return _("“%(name)s” pays %(reward)s.") % values
    values["conditions"] = _(" and ").join(conditions)
    return _("“%(name)s” pays %(reward)s, for %(conditions)s.") % values


def _reward_in_words(reward: Mapping[str, Any], currency: str) -> str:
    if reward["type"] == "percent":
        return _("%(rate)s %% of each line after discounts and before tax") % {"rate": _rate(reward["rate"])}
    digits = exponent(currency)
    amount = {"amount": amount_in_words(Decimal(reward["amount"]).scaleb(digits), currency, digits)}
    if reward["type"] == "fixed_per_order":
        return _("%(amount)s per order") % amount
    return _("%(amount)s per item") % amount


def _conditions(when: Mapping[str, Any]) -> list[str]:
    texts = _things(when)
    if when.get("goal", "sale") != "sale":
        texts.insert(0, _("the goal “%(goal)s”") % {"goal": when["goal"]})
    if when.get("customer") == "new":
        texts.append(_("new customers"))
    if when.get("customer") == "returning":
        texts.append(_("returning customers"))
    return texts


def _things(named: Mapping[str, Any]) -> list[str]:
    labels = {
        "products": _("the products %(names)s"),
        "skus": _("the SKUs %(names)s"),
        "categories": _("the categories %(names)s"),
    }
    return [label % {"names": ", ".join(named[key])} for key, label in labels.items() if named.get(key)]


def _level_in_words(level: Mapping[str, Any]) -> str:
    bases = {
        "base": _("Level %(level)s: %(rate)s %% of the commissionable base of sales by recruited partners."),
        "level_1": _("Level %(level)s: %(rate)s %% of the commission of the partner who made the sale."),
        "below": _("Level %(level)s: %(rate)s %% of what the level below earns."),
    }
    return bases[level.get("basis", "base")] % {"level": level["level"], "rate": _rate(level["rate"])}
