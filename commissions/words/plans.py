"""A whole plan in words, for its owner and for the affiliates who work by it; names no member."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _, ngettext

from commissions.words.figures import all_of, count_in_words, major_in_words, quoted, rate_in_words
from commissions.words.periods import each
from commissions.words.rules import rule_in_words

CEILING, MATURITY = "50", 30  # what holds where a plan says nothing


def plan_in_words(body: Mapping[str, Any], currency: str) -> list[str]:
    """Say what a plan (its parsed JSON body) pays: a sentence for every rule, then all that holds beside them."""
    rules = body["rules"]
    texts = [rule_in_words(rule, currency) for rule in rules]
    texts += [*_volume(body), *_precedence(rules)]
    texts += [_level(level) for level in body.get("levels", [])]
    if body.get("levels") and body.get("compression"):
        texts.append(compression_in_words())
    texts += split_in_words(body)
    texts += [bonus_in_words(bonus, currency) for bonus in body.get("bonuses", [])]
    texts += [cap_in_words(cap, currency) for cap in body.get("caps", [])]
    texts.append(ceiling_in_words(body.get("max_total_rate", CEILING)))
    texts += [
        _("Nothing is paid for %(what)s.") % {"what": what} for what in excluded(body.get("exclude", {}))
    ]
    return [*texts, maturity_in_words(body.get("maturity_days", MATURITY))]


def _volume(body: Mapping[str, Any]) -> list[str]:
    """What "volume" means, where a sentence says it."""
    rewards = [rule["reward"] for rule in body["rules"] if rule["reward"]["type"] == "brackets"]
    if all(one.get("metric", "base") != "base" for one in [*rewards, *body.get("bonuses", [])]):
        return []
    return [_("Volume is what sales are worth after discounts and refunds and before tax.")]


def _precedence(rules: list[Mapping[str, Any]]) -> list[str]:
    """Which rule pays, where two may hold for the same line."""
    goals = [rule.get("when", {}).get("goal", "sale") for rule in rules if not rule.get("stackable")]
    if len(goals) == len(set(goals)):
        return []
    return [_("If several rules hold for a line, the most specific one pays.")]


def _level(level: Mapping[str, Any]) -> str:
    return _("Level %(level)s: %(pays)s.") % {"level": level["level"], "pays": level_pays(level)}


def level_pays(level: Mapping[str, Any]) -> str:
    """What a sponsor of a level gets: "5 % of the commissionable base of sales by recruited partners"."""
    bases = {
        "base": _("%(rate)s %% of the commissionable base of sales by recruited partners"),
        "level_1": _("%(rate)s %% of the commission of the partner who made the sale"),
        "below": _("%(rate)s %% of what the level below earns"),
    }
    text = bases[level.get("basis", "base")] % {"rate": rate_in_words(level["rate"])}
    for group, rate in level.get("groups", {}).items():
        values = {"pays": text, "rate": rate_in_words(rate), "group": group}
        text = _("%(pays)s, %(rate)s %% for sponsors in the group “%(group)s”") % values
    return text


def compression_in_words() -> str:
    """Who takes the level of a sponsor that is not active."""
    return _("If a sponsor is not active, the next active one above takes the level.")


def split_in_words(body: Mapping[str, Any]) -> list[str]:
    """How level 1 is shared with others, whom it does not name; [] if it is not."""
    shares = [Decimal(split["share"]) for split in body.get("split", [])]
    if not shares:
        return []
    text = ngettext(
        "The commission of a sale is shared: %(own)s %% is for the affiliate who made it and %(others)s for a partner.",
        "The commission of a sale is shared: %(own)s %% is for the affiliate who made it, %(others)s for partners.",
        len(shares),
    )
    others = all_of([_("%(rate)s %%") % {"rate": rate_in_words(share)} for share in shares])
    return [text % {"own": rate_in_words(Decimal(100) - sum(shares)), "others": others}]


def bonus_in_words(bonus: Mapping[str, Any], currency: str) -> str:
    """A bonus with its name."""
    return _("“%(name)s” is a bonus of %(pays)s.") % {
        "name": bonus["name"],
        "pays": bonus_pays(bonus, currency),
    }


def bonus_pays(bonus: Mapping[str, Any], currency: str) -> str:
    """What a bonus pays, and for what: "100.00 EUR once the volume in a calendar month reaches 5000.00 EUR"."""
    metric = bonus.get("metric", "base")
    values = {"amount": major_in_words(bonus["amount"], currency)}
    if metric == "joining":
        return _("%(amount)s, paid once when an affiliate joins the program") % values
    texts = {
        "base": _("%(amount)s, paid when an affiliate’s volume %(period)s reaches %(target)s"),
        "conversions": _("%(amount)s, paid when an affiliate reaches %(target)s %(period)s"),
        "commission": _("%(amount)s, paid when an affiliate’s commission %(period)s reaches %(target)s"),
    }
    values["period"] = each(bonus.get("period", "month"))
    values["target"] = count_in_words(metric, bonus["target"], currency)
    return texts[metric] % values


def cap_in_words(cap: Mapping[str, Any], currency: str) -> str:
    """The most that is paid for a sale, to an affiliate, or by the program."""
    texts = {
        "conversion": _("One sale pays the affiliate who made it at most %(amount)s."),
        "affiliate": _("An affiliate earns at most %(amount)s by own sales %(period)s."),
        "program": _("The program pays at most %(amount)s to all affiliates together %(period)s."),
    }
    values = {"amount": major_in_words(cap["amount"], currency), "period": each(cap.get("period", "month"))}
    return texts[cap["of"]] % values


def ceiling_in_words(rate: str) -> str:
    """The most that all commissions of one sale may be."""
    return _("All commissions of one sale together are at most %(rate)s %% of its base.") % {
        "rate": rate_in_words(rate)
    }


def excluded(exclude: Mapping[str, Any]) -> list[str]:
    """What never earns, a kind each: "the categories “gifts” and “vouchers”"."""
    kinds = ("products", "skus", "categories", "brands")
    return [_excluded(kind, exclude[kind]) for kind in kinds if exclude.get(kind)]


def _excluded(kind: str, names: list[str]) -> str:
    count = len(names)
    texts = {
        "products": ngettext("the product %(names)s", "the products %(names)s", count),
        "skus": ngettext("the SKU %(names)s", "the SKUs %(names)s", count),
        "categories": ngettext("the category %(names)s", "the categories %(names)s", count),
        "brands": ngettext("the brand %(names)s", "the brands %(names)s", count),
    }
    return texts[kind] % {"names": all_of(quoted(names))}


def maturity_in_words(days: int) -> str:
    """How long a commission waits."""
    text = ngettext(
        "A commission can be approved %(days)s day after the order was paid.",
        "A commission can be approved %(days)s days after the order was paid.",
        days,
    )
    return text % {"days": days}
