"""What of a plan its readers may see: an affiliate what concerns it, strangers what holds for everybody. Pure.

Splits stay: the words that say them name nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
PERSONAL = ("groups", "coupons", "sub_ids")  # conditions that single affiliates out
_TESTED = {"group": "groups", "coupon": "coupons", "sub_id": "sub_ids"}
_EQUAL = frozenset({"is", "in"})
_UNEQUAL = frozenset({"is_not", "not_in"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes: the group it is in (its name, or ""), and the coupons of other affiliates, in capitals."""

    group: str = ""
    foreign_coupons: frozenset[str] = frozenset()


def body_for(body: Body, reader: Reader) -> dict[str, Any]:
    """Return the parts of a plan's JSON that concern one affiliate, without other affiliates and groups.

    Rules that it can never fulfil are left out, and levels carry the rate of its group.
    """
    rules = [_rule_for(rule, reader) for rule in body["rules"] if _concerns(rule, reader)]
    levels = [_level_for(level, reader.group) for level in body.get("levels", [])]
    return {**body, "rules": rules, "levels": levels}


def body_for_all(body: Body) -> dict[str, Any]:
    """Return the parts of a plan's JSON that hold for everybody: no rule for groups, coupons or sub ids."""
    rules = [rule for rule in body["rules"] if not _singles_out(rule.get("when", {}))]
    levels = [_level_for(level, "") for level in body.get("levels", [])]
    return {**body, "rules": rules, "levels": levels}


def coupons_in(body: Body) -> frozenset[str]:
    """Return the coupons that a plan's rules ask for, in capitals."""
    found: set[str] = set()
    for rule in body["rules"]:
        when = rule.get("when", {})
        found |= {code.upper() for code in when.get("coupons", [])}
        found |= {code.upper() for test in _tests(when) if test["field"] == "coupon" for code in _asked(test)}
    return frozenset(found)


def _rule_for(rule: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """A rule for one's own group is simply one's rule: which other groups share it is nobody's business."""
    when = dict(rule.get("when", {}))
    if when.get("groups"):
        when["groups"] = [reader.group]
    if when.get("coupons"):
        when["coupons"] = [code for code in when["coupons"] if code.upper() not in reader.foreign_coupons]
    return {**rule, "when": when}


def _level_for(level: Mapping[str, Any], group: str) -> dict[str, Any]:
    shown = {key: value for key, value in level.items() if key != "groups"}
    return shown | {"rate": level.get("groups", {}).get(group, level["rate"])}


def _concerns(rule: Mapping[str, Any], reader: Reader) -> bool:
    when = rule.get("when", {})
    if when.get("groups") and reader.group not in when["groups"]:
        return False
    if when.get("coupons") and all(code.upper() in reader.foreign_coupons for code in when["coupons"]):
        return False
    return "where" not in when or _may_hold(when["where"], lambda test: _may_fit(test, reader))


def _may_fit(test: Mapping[str, Any], reader: Reader) -> bool:
    """Whether a test may hold for a sale of this affiliate; True also where only the sale can tell."""
    if test["field"] == "group":
        own = reader.group.casefold()
        among = own in {value.casefold() for value in _asked(test)}
        if test["op"] in _EQUAL:
            return among
        return not among if test["op"] in _UNEQUAL else bool(own)
    if test["field"] == "coupon" and test["op"] in _EQUAL:
        return not all(code.upper() in reader.foreign_coupons for code in _asked(test))
    return True


def _may_hold(node: Mapping[str, Any], may_fit: Callable[[Mapping[str, Any]], bool]) -> bool:
    if "all" in node:
        return all(_may_hold(part, may_fit) for part in node["all"])
    if "any" in node:
        return any(_may_hold(part, may_fit) for part in node["any"])
    return may_fit(node)


def _singles_out(when: Mapping[str, Any]) -> bool:
    return any(when.get(key) for key in PERSONAL) or any(test["field"] in _TESTED for test in _tests(when))


def _tests(when: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The comparisons of a rule's nested condition, at any depth."""
    nodes, found = [when["where"]] if when.get("where") else [], []
    while nodes:
        node = nodes.pop()
        parts = node.get("all") or node.get("any")
        if parts:
            nodes += parts
        else:
            found.append(node)
    return found


def _asked(test: Mapping[str, Any]) -> list[str]:
    value = test.get("value", [])
    return [value] if isinstance(value, str) else list(value)
