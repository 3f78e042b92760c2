"""What people do to a draft, as pure functions from body to body; a place that is not there changes nothing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from commissions.admin.plan_editor.rule_entry import Rule, finished, fresh_id

Body = dict[str, Any]
MOST_RULES = 500


def rules_of(body: Body) -> list[Rule]:
    """The rules of a draft."""
    rules: list[Rule] = body.get("rules", [])
    return rules


def ids(body: Body) -> set[str]:
    """The ids that rules have."""
    return {str(rule.get("id", "")) for rule in rules_of(body)}


def put_rule(body: Body, place: int | None, rule: Rule) -> Body:
    """Replace the rule at a place, or add it as the last one."""
    rules = list(rules_of(body))
    own = finished(rule, ids(body))
    if place is not None and place < len(rules):
        rules[place] = own
    elif len(rules) < MOST_RULES:
        rules.append(own)
    return body | {"rules": rules}


def move(body: Body, place: int, by: int) -> Body:
    """Let a rule change places with its neighbor above (-1) or below (1)."""
    rules, other = list(rules_of(body)), place + by
    if 0 <= place < len(rules) and 0 <= other < len(rules):
        rules[place], rules[other] = rules[other], rules[place]
    return body | {"rules": rules}


def duplicate(body: Body, place: int) -> Body:
    """Put a copy of a rule, under a name and id of its own, behind it."""
    rules = list(rules_of(body))
    if not 0 <= place < len(rules) < MOST_RULES:
        return body
    name = _("%(name)s, copy") % {"name": str(rules[place].get("name", ""))[:180]}
    rules.insert(place + 1, rules[place] | {"name": name, "id": fresh_id(name, ids(body))})
    return body | {"rules": rules}


def remove(body: Body, place: int) -> Body:
    """Take a rule out."""
    return body | {"rules": [rule for index, rule in enumerate(rules_of(body)) if index != place]}


def restore(body: Body, place: int, rule: Rule) -> Body:
    """Put a rule that was taken out back to its place."""
    rules = list(rules_of(body))
    if len(rules) >= MOST_RULES:
        return body
    taken = str(rule.get("id", "")) in ids(body)
    back = rule | {"id": fresh_id(str(rule.get("name", "")), ids(body))} if taken else rule
    rules.insert(min(max(place, 0), len(rules)), back)
    return body | {"rules": rules}
