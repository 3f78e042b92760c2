"""Nested conditions as clauses: "“seats” is at least 10 and (the country is Germany or the coupon is “SUMMER”)"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from commissions.words.figures import all_of, countries_in_words, major_in_words, one_of, quoted

_AMOUNTS = ("line_value", "order_value")
_PLAIN = ("currency", "quantity", "payment", "months")
_UNLIMITED = 10_000
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,6})?", re.ASCII)


def where_in_words(where: Mapping[str, Any], currency: str) -> list[str]:
    """A tree of comparisons as clauses that must all hold; alternatives are one clause."""
    flat = _flat(where)
    if "all" in flat:
        return [_clause(part, currency, len(flat["all"]) > 1) for part in flat["all"]]
    return [_clause(flat, currency, nested=False)]


def is_alternative(where: Mapping[str, Any]) -> bool:
    """Whether the tree is one clause that holds an "or", so that beside others it needs brackets."""
    return "any" in _flat(where)


def _flat(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tree without levels that say nothing: all in all, any in any, one alone."""
    for key in ("all", "any"):
        if key not in node:
            continue
        parts: list[Mapping[str, Any]] = []
        for part in map(_flat, node[key]):
            parts += part.get(key, [part])
        return parts[0] if len(parts) == 1 else {key: parts}
    return node


def _clause(node: Mapping[str, Any], currency: str, nested: bool) -> str:
    for key, joined in (("all", all_of), ("any", one_of)):
        if key in node:
            text = joined([_clause(part, currency, nested=True) for part in node[key]], _UNLIMITED)
            return f"({text})" if nested else text
    return _test(node, currency)


def _test(test: Mapping[str, Any], currency: str) -> str:
    name, op = test["field"], test["op"]
    given = test.get("value", [])
    values = [given] if isinstance(given, str) else list(given)
    if name == "customer" and op in ("is", "in") and len(values) == 1 and values[0] in ("new", "returning"):
        return _("the customer is new") if values[0] == "new" else _("the customer has bought before")
    words = {"field": _field(name), "value": one_of(_values(name, op, values, currency), _UNLIMITED)}
    return _comparisons()[op] % words


def _comparisons() -> dict[str, str]:
    return {
        "is": _("%(field)s is %(value)s"),
        "in": _("%(field)s is %(value)s"),
        "is_not": _("%(field)s is not %(value)s"),
        "not_in": _("%(field)s is not %(value)s"),
        "above": _("%(field)s is more than %(value)s"),
        "at_least": _("%(field)s is at least %(value)s"),
        "below": _("%(field)s is less than %(value)s"),
        "at_most": _("%(field)s is at most %(value)s"),
        "contains": _("%(field)s contains %(value)s"),
        "starts_with": _("%(field)s begins with %(value)s"),
        "exists": _("%(field)s is given"),
    }


def _field(name: str) -> str:
    known = {
        "goal": _("the goal"),
        "product": _("the product"),
        "sku": _("the SKU"),
        "category": _("the category"),
        "brand": _("the brand"),
        "line_value": _("the value of the line"),
        "quantity": _("the number of items in the line"),
        "customer": _("the customer"),
        "country": _("the country"),
        "currency": _("the currency of the order"),
        "coupon": _("the coupon"),
        "group": _("the affiliate’s group"),
        "sub_id": _("the sub id"),
        "order_value": _("the value of the order"),
        "payment": _("the number of the customer’s payment"),
        "months": _("the number of months since the customer’s first payment"),
        "channel": _("the channel"),
    }
    return known.get(name) or _("“%(name)s”") % {"name": name.removeprefix("metadata.")}


def _values(name: str, op: str, values: list[str], currency: str) -> list[str]:
    if name in _AMOUNTS:
        return [_amount(value, currency) for value in values]
    if name == "country" and op in ("is", "in", "is_not", "not_in"):
        return countries_in_words(values)
    if name in _PLAIN or op in ("above", "at_least", "below", "at_most"):
        return values
    return quoted(values)


def _amount(value: str, currency: str) -> str:
    """An amount as a plan writes it; a number in another notation stays as it was typed."""
    return major_in_words(value, currency) if _DECIMAL.fullmatch(value) else value
