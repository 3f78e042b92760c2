"""The lines of a sale in words: what was bought, and what a rule or the lack of one made of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from commissions.sale import EXTRA, WHOLE
from commissions.words.figures import money_in_words
from core.money import round_half_up

Trace = Mapping[str, Any]


def line_in_words(trace: Trace, line: Trace, share: Fraction = Fraction(1)) -> str:
    """What a line is and what it counts; "" for the one that stands for a conversion without lines."""
    if line["key"] == WHOLE:
        return ""
    values = {"quantity": line["quantity"], "name": line["name"], "net": money_in_words(trace, line["net"])}
    if share == 1:
        if line["key"] == EXTRA:
            return _("Shipping or tax that this program pays on, %(net)s.") % values
        return _("%(quantity)s x %(name)s, %(net)s after discounts and before tax.") % values
    values["own"] = money_in_words(trace, line["net"] * share)
    if line["key"] == EXTRA:
        return _("Shipping or tax that this program pays on, %(net)s; your share is %(own)s.") % values
    return (
        _("%(quantity)s x %(name)s, %(net)s after discounts and before tax; your share is %(own)s.") % values
    )


def called_in_words(line: Trace) -> list[str]:
    """What the store calls the categories of a line otherwise than the plan does."""
    pairs = line.get("called", ())
    if not pairs:
        return []
    names = [_("%(word)s, which the store calls “%(theirs)s”") % {"word": w, "theirs": t} for w, t in pairs]
    return [_("Its category is %(names)s.") % {"names": "; ".join(names)}]


def why_nothing(line: Trace) -> str:
    """Why a line earns nothing."""
    if line["why"] == "no_rule":
        return _("No rule of the plan pays for it.")
    kind, value = line["by"]
    texts = {
        "program": _("It earns nothing: the program excludes it."),
        "sku": _("It earns nothing: the plan excludes the SKU “%(value)s”."),
        "product": _("It earns nothing: the plan excludes the product “%(value)s”."),
        "category": _("It earns nothing: the plan excludes the category “%(value)s”."),
        "brand": _("It earns nothing: the plan excludes the brand “%(value)s”."),
    }
    return texts[kind] % {"value": value}


def together(trace: Trace, exact: str | Fraction, rounded: int) -> str:
    """The sum, and what it is rounded to where that is another amount."""
    values = {"sum": money_in_words(trace, exact), "rounded": money_in_words(trace, rounded)}
    if Fraction(exact) == rounded:
        return _("Together %(sum)s.") % values
    return _("Together %(sum)s, rounded to %(rounded)s.") % values


def own_part(trace: Trace, party: Trace) -> list[str]:
    """The sum of an enrollment's own part and its rounding, which keeps in mind that all parts add up."""
    exact = Fraction(party["unrounded"])
    if party["before"] == round_half_up(exact):
        return [together(trace, exact, party["before"])]
    return [_("Together %(sum)s.") % {"sum": money_in_words(trace, exact)}, *rounding(trace, party)]


def rounding(trace: Trace, party: Trace) -> list[str]:
    """What an enrollment's part is rounded to, where that is another amount."""
    exact, whole = Fraction(party["unrounded"]), trace["levels"][party["level"] - 1]["rounded"]
    values = {"amount": money_in_words(trace, party["before"]), "whole": money_in_words(trace, whole)}
    if exact == party["before"]:
        return []
    if round_half_up(exact) == party["before"]:
        return [_("Rounded, that is %(amount)s.") % values]
    return [_("Rounded so that all parts add up to %(whole)s, that is %(amount)s.") % values]
