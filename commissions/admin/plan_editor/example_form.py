"""The form of the example order: what it asks, what it begins with, and what a manager told it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from commissions.admin.plan_editor.entries import Entry, as_text, number
from commissions.admin.plan_editor.rule_words import GOALS
from core.money import Money

LINE_FIELDS = ("name", "product", "sku", "category", "brand", "quantity", "amount")
TEXTS = ("goal", "customer", "coupon", "country", "group", "sub_id", "payment", "months", "at", "metadata")
MOST_LINES, MOST_FIELDS = 12, 200
Told = dict[str, Any]


def told(post: QueryDict) -> Told:
    """The example as the form says it."""
    columns = {key: post.getlist(f"ex.{key}") for key in LINE_FIELDS}
    count = min(len(columns["amount"]), MOST_LINES)
    lines = [
        {key: values[place][:120] if place < len(values) else "" for key, values in columns.items()}
        for place in range(count)
    ]
    counted = {
        name.removeprefix("ex.count."): number(str(value))[:20]
        for name, value in list(post.items())[:MOST_FIELDS]
        if name.startswith("ex.count.")
    }
    return {"lines": lines, "counted": counted} | {key: post.get(f"ex.{key}", "")[:60] for key in TEXTS}


def reshaped(example: Told, do: str, what: str) -> Told:
    """The example with a line more or less."""
    lines = list(example["lines"])
    if do == "line" and len(lines) < MOST_LINES:
        lines.append(dict.fromkeys(LINE_FIELDS, "") | {"quantity": "1"})
    elif do == "unline" and what.isdecimal() and len(lines) > 1:
        lines = [line for place, line in enumerate(lines) if place != int(what)]
    return example | {"lines": lines}


def begin(body: Mapping[str, Any], currency: str) -> Told:
    """An example to begin with: two pairs of shoes, or of whatever the first rule about goods names."""
    whens = [rule.get("when", {}) for rule in body.get("rules", [])]
    category, sku, product = (
        next((as_text(when[key][0]) for when in whens if when.get(key)), "")
        for key in ("categories", "skus", "products")
    )
    amount = f"{Money.parse('120', currency).decimal:f}"
    line = {
        "name": _("Trail shoes"),
        "quantity": "2",
        "amount": amount,
        "category": category or _("Shoes"),
        "sku": "" if category else sku,
        "product": "" if category or sku else product,
        "brand": "",
    }
    return (
        {"lines": [line], "counted": {}, "customer": "new"} | dict.fromkeys(TEXTS, "") | {"customer": "new"}
    )


ASKED_BY = {
    "customer": "customer",
    "coupon": "coupons",
    "country": "countries",
    "group": "groups",
    "sub_id": "sub_ids",
}
ASKED_BY |= {"payment": "payment", "months": "months", "at": "dates", "metadata": "where", "goal": "goal"}


def questions(told_so_far: Told, asks: set[str], groups: tuple[str, ...]) -> tuple[list[Entry], list[Entry]]:
    """What the form asks of the order besides its lines: what rules depend on, and the rest."""
    customers = (
        ("new", _("new")),
        ("returning", _("returning")),
        ("", _("not known")),
    )
    goals = (("", _("a sale")), *((key, label) for key, label in GOALS if key != "sale"))
    goal = as_text(told_so_far.get("goal"))
    if goal and goal not in dict(GOALS):
        goals = (*goals, (goal, goal))
    in_groups = (("", _("none")), *((name, name) for name in groups))
    drawn: dict[str, tuple[str, Any, Any, str]] = {
        "customer": ("choice", _("Customer"), customers, ""),
        "coupon": ("text", _("Coupon"), (), "SUMMER"),
        "country": ("text", _("Country"), (), "DE"),
        "group": ("choice", _("Affiliate’s group"), in_groups, ""),
        "payment": ("whole", _("Which payment or order"), (), "1"),
        "months": ("whole", _("Months since the first"), (), "0"),
        "goal": ("choice", _("What it is"), goals, ""),
        "at": ("clock", _("Day and time"), (), ""),
        "sub_id": ("text", _("Sub id"), (), "newsletter"),
        "metadata": ("text", _("Other data"), (), "seats=12"),
    }
    entries = {
        key: Entry(f"ex.{key}", "", label, kind, as_text(told_so_far.get(key)), choices, example=hint)
        for key, (kind, label, choices, hint) in drawn.items()
    }
    first = [key for key in drawn if key == "customer" or ASKED_BY[key] in asks]
    return [entries[key] for key in first], [entries[key] for key in drawn if key not in first]
