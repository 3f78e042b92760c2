"""The open rule and the example order: why it does not pay for it, and an order that it pays for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from commissions.admin.plan_editor.entries import as_text

Told = dict[str, Any]
Rule = Mapping[str, Any]
OF_LINE = {"categories": "category", "products": "product", "skus": "sku", "brands": "brand"}
OF_ORDER = {"countries": "country", "coupons": "coupon", "groups": "group", "sub_ids": "sub_id"}
TESTED = {*OF_LINE.values(), *OF_ORDER.values(), "customer", "payment", "months", "goal"}


def why_not(trace: Mapping[str, Any], rule: Rule) -> str:
    """Say why a rule has no part in what an evaluation (its trace) came to; nothing if it has one."""
    own, lines = rule.get("id"), trace["lines"]
    if any(own == line["rule"] or own in line.get("bonuses", ()) for line in lines):
        return ""
    out = next((row["why"] for row in trace["rules_out"] if row["rule"] == own), None)
    if out is not None:
        return str(_REASONS.get(out, lambda: _("it does not hold for this order."))())
    lost = next((line for line in lines if any(row["rule"] == own for row in line["losers"])), None)
    if lost is not None:
        return _("“%(name)s” pays instead.") % {"name": trace["rules"][lost["rule"]]["name"]}
    return _("no line of the order meets it.")


_REASONS: Mapping[str, Any] = {
    "other_goal": lambda: _("the order is of another goal."),
    "other_customer": lambda: _("the customer is another one."),
    "customer_unknown": lambda: _("the store does not say whether the customer is new."),
    "other_country": lambda: _("the country is another one."),
    "other_currency": lambda: _("the currency is another one."),
    "no_coupon": lambda: _("the coupon was not used."),
    "other_group": lambda: _("the affiliate is in another group."),
    "other_sub_id": lambda: _("the sub id is another one."),
    "order_value": lambda: _("the value of the order is outside its range."),
    "payment": lambda: _("it is another payment or order."),
    "months": lambda: _("the relation is older or younger."),
    "dates": lambda: _("the day is outside its dates."),
}


def fitted(told: Told, rule: Rule) -> Told:
    """The example with what the rule's conditions ask for; what cannot be guessed stays."""
    when = rule.get("when", {})
    lines = told.get("lines") or [{}]
    line = dict(lines[0])
    order: Told = {"goal": "" if as_text(when.get("goal", "sale")) == "sale" else as_text(when["goal"])}
    for key, name in OF_LINE.items():  # what it does not ask for may make a more specific rule win
        line[name] = _first(when.get(key))
    for key, name in OF_ORDER.items():
        if first := _first(when.get(key)):
            order[name] = first
    if when.get("customer"):
        order["customer"] = as_text(when["customer"])
    for key in ("payment", "months"):
        if isinstance(when.get(key), dict):
            order[key] = as_text(when[key].get("from")) or as_text(when[key].get("to"))
    if day := as_text((when.get("dates") or {}).get("from"))[:16]:
        order["at"] = day if len(day) > len("2026-11-27") else f"{day}T12:00"
    for test in _tests(when.get("where")):
        _meet(test, line, order)
    _reach(when.get("order_value"), line, lines)
    return told | order | {"lines": [line, *lines[1:]]}


def _first(value: object) -> str:
    return as_text(value[0]) if isinstance(value, list) and value else ""


def _tests(where: object) -> Iterator[Mapping[str, Any]]:
    """The comparisons that must hold: of alternatives the first will do."""
    if not isinstance(where, dict):
        return
    if "field" in where:
        yield where
    for part in where.get("all") or ():
        yield from _tests(part)
    for part in (where.get("any") or ())[:1]:
        yield from _tests(part)


def _meet(test: Mapping[str, Any], line: Told, order: Told) -> None:
    field, value = as_text(test.get("field")), test.get("value")
    wanted = _first(value) if isinstance(value, list) else as_text(value)
    if test.get("op") == "exists":
        wanted = "1" if field.startswith("metadata.") else "CODE"
    if test.get("op") not in ("is", "in", "at_least", "at_most", "contains", "starts_with", "exists"):
        return
    if field.startswith("metadata."):
        pair = f"{field.removeprefix('metadata.')}={wanted}"
        order["metadata"] = ", ".join(filter(None, [order.get("metadata", ""), pair]))
    elif field in TESTED:
        (line if field in OF_LINE.values() else order)[field] = wanted


def _reach(span: object, line: Told, lines: list[Told]) -> None:
    """Put the order's value into a range: at its lower end, else at half of the upper one."""
    if not isinstance(span, dict):
        return
    least, most = _decimal(span.get("from")), _decimal(span.get("to"))
    rest = sum((_decimal(each.get("amount")) or Decimal(0) for each in lines[1:]), Decimal(0))
    total = rest + (_decimal(line.get("amount")) or Decimal(0))
    if (least is None or total >= least) and (most is None or total < most):
        return
    wanted = least if least is not None else (most or Decimal(0)) / 2
    line["amount"] = f"{max(wanted - rest, Decimal(0)):f}"


def _decimal(value: object) -> Decimal | None:
    try:
        found = Decimal(as_text(value).replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
