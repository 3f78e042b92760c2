"""The conditions of a rule as the editor offers them: in groups, each with its words and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from commissions.admin.plan_editor.entries import (
    Entry,
    as_text,
    json_text,
    json_value,
    names,
    names_text,
    number,
    whole,
)
from commissions.admin.plan_editor.known import Known

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Condition:
    """A key of a rule's `when`: what it is called, how it is asked, what an example of it looks like."""

    key: str
    label: Words
    kind: str
    help: Words = ""
    example: str = ""


GROUPS: tuple[tuple[Words, tuple[Condition, ...]], ...] = (
    (
        gettext_lazy("What is sold"),
        (
            Condition("categories", gettext_lazy("Category"), "names", example="Shoes, Boots"),
            Condition("products", gettext_lazy("Product"), "names", example="1042, 1043"),
            Condition("skus", gettext_lazy("SKU"), "names", example="BOOT-42"),
            Condition("brands", gettext_lazy("Brand"), "names", example="Alpine"),
            Condition(
                "order_value",
                gettext_lazy("Value of the order"),
                "amounts",
                gettext_lazy("All lines together, after discounts. “Below” is not included."),
            ),
        ),
    ),
    (
        gettext_lazy("Who buys"),
        (
            Condition("customer", gettext_lazy("New or returning customer"), "customer"),
            Condition(
                "countries", gettext_lazy("Country"), "names", gettext_lazy("Two letters each."), "DE, AT"
            ),
            Condition(
                "currencies",
                gettext_lazy("Currency paid in"),
                "names",
                gettext_lazy("Three letters each."),
                "EUR",
            ),
            Condition(
                "payment",
                gettext_lazy("Which payment or order"),
                "wholes",
                gettext_lazy(
                    "The how-manieth payment of the subscription, or order of the customer. Both ends count."
                ),
            ),
            Condition(
                "months",
                gettext_lazy("Age in months"),
                "wholes",
                gettext_lazy("Whole months since the first payment: 0 to 11 is the first year."),
            ),
        ),
    ),
    (
        gettext_lazy("How it came"),
        (
            Condition("coupons", gettext_lazy("Coupon used"), "names", example="SUMMER"),
            Condition("groups", gettext_lazy("Group of the affiliate"), "groups"),
            Condition("sub_ids", gettext_lazy("Sub id of the link"), "names", example="newsletter"),
        ),
    ),
    (
        gettext_lazy("When"),
        (
            Condition(
                "dates",
                gettext_lazy("Dates of a campaign"),
                "dates",
                gettext_lazy(
                    "On the program’s clock. Without a time the whole day counts; a time in “to” means before it."
                ),
            ),
        ),
    ),
    (
        gettext_lazy("For experts"),
        (
            Condition(
                "where",
                gettext_lazy("Expert condition"),
                "json",
                gettext_lazy(
                    "Any comparison, as JSON: all, any, and tests of a field. It is read back in words on the card."
                ),
                '{"field": "metadata.seats", "op": "at_least", "value": "10"}',
            ),
        ),
    ),
)
CONDITIONS: Mapping[str, Condition] = {one.key: one for _group, some in GROUPS for one in some}
CUSTOMERS = (("new", gettext_lazy("New customers")), ("returning", gettext_lazy("Returning customers")))


def used(when: Mapping[str, Any]) -> list[Condition]:
    """The conditions that a rule has, in the order in which they are offered; empty ones ask for nothing."""
    return [one for key, one in CONDITIONS.items() if when.get(key) not in (None, [], {})]


def empty(condition: Condition) -> Any:
    """What a condition holds that was added and not filled in; a plan complains of it."""
    if condition.kind in ("names", "groups"):
        return [""]
    return {"from": ""} if condition.kind in ("amounts", "wholes", "dates") else ""


def entries(condition: Condition, value: Any, known: Known) -> list[Entry]:
    """The fields of a condition."""
    key, path = f"when.{condition.key}", f"when.{condition.key}"
    if condition.kind in ("amounts", "wholes", "dates"):
        bounds = value if isinstance(value, dict) else {}
        return _bounds(condition, bounds, known)
    if condition.kind == "customer":
        return [Entry(key, path, condition.label, "radios", as_text(value), CUSTOMERS)]
    if condition.kind == "groups":
        return [_groups(key, path, condition, value, known)]
    if condition.kind == "json":
        return [
            Entry(
                key,
                path,
                condition.label,
                "json",
                json_text(value),
                help=condition.help,
                example=condition.example,
            )
        ]
    return [
        Entry(
            key,
            path,
            condition.label,
            "names",
            names_text(value),
            help=condition.help,
            example=condition.example,
            known=known.of(condition.key),
        )
    ]


def _groups(key: str, path: str, condition: Condition, value: Any, known: Known) -> Entry:
    chosen = [as_text(one) for one in value] if isinstance(value, list) else []
    offered = list(dict.fromkeys([*known.of("groups"), *(name for name in chosen if name)]))
    if not offered:
        return Entry(
            key, path, condition.label, "names", "", help=_("This program has no groups yet: make one first.")
        )
    return Entry(key, path, condition.label, "ticks", chosen, [(name, name) for name in offered])


def _bounds(condition: Condition, bounds: Mapping[str, Any], known: Known) -> list[Entry]:
    key = f"when.{condition.key}"
    words = {
        "amounts": (_("From"), _("Below")),
        "wholes": (_("From"), _("To")),
        "dates": (_("From"), _("To")),
    }[condition.kind]
    kind = {"amounts": "amount", "wholes": "whole", "dates": "moment"}[condition.kind]
    unit = known.currency if condition.kind == "amounts" else ""
    first, last = (
        Entry(f"{key}.{end}", f"{key}.{end}", label, kind, as_text(bounds.get(end)), unit=unit)
        for end, label in zip(("from", "to"), words, strict=True)
    )
    return [first, last]


def read(condition: Condition, post: QueryDict) -> Any:
    """The value of a condition from the form."""
    key = f"when.{condition.key}"
    text = post.get(key, "")
    if condition.kind == "names":
        return names(text)
    if condition.kind == "groups":
        return [name for name in post.getlist(key) if name.strip()] or [""]
    if condition.kind == "json":
        return json_value(text)
    if condition.kind == "customer":
        return text
    ends = {end: _bound(condition, post, f"{key}.{end}") for end in ("from", "to")}
    return {end: value for end, value in ends.items() if value != ""} or {"from": ""}


def _bound(condition: Condition, post: QueryDict, name: str) -> Any:
    text = post.get(name, "").strip()
    if condition.kind == "amounts":
        return number(text)
    if condition.kind == "wholes":
        return whole(text)
    clock = post.get(f"{name}.time", "").strip()
    return f"{text}T{clock}"[:40] if text and clock else text[:40]
