"""The part of a draft that a card is about: found by the card's key, read from its form, put back into the body."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from commissions.admin.plan_editor import changes, rule_entry, sections
from commissions.admin.plan_editor.rule_entry import new_rule
from commissions.admin.plan_editor.sections import SECTIONS

Body = dict[str, Any]
NEW = "rule-new"
SHAPES = frozenset({"shape", "with", "without", "row", "unrow"})


@dataclass(frozen=True, slots=True)
class Open:
    """A card that is open: its key, what its form says, and whether complaints stand beside the fields already."""

    key: str
    piece: Body
    complains: bool = True


def place_of(key: str) -> int | None:
    """The place of a rule's card among the rules; None for a new one and for sections."""
    number = key.removeprefix("rule-")
    return int(number) if key.startswith("rule-") and number.isdecimal() and len(number) < 5 else None


def opened(body: Body, key: str, condition: str = "") -> Open | None:
    """The card as it stands in the draft; None if there is none of that key."""
    if key == NEW:
        return Open(key, new_rule(condition), complains=False)
    if key in SECTIONS:
        section = SECTIONS[key]
        parts = {one: deepcopy(body[one]) for one in section.keys if one in body}
        if section.row and not parts.get(key):
            return Open(key, section.reshape(parts, "row", ""), complains=False)
        return Open(key, parts)
    place, rules = place_of(key), changes.rules_of(body)
    return Open(key, deepcopy(rules[place])) if place is not None and place < len(rules) else None


def read(post: QueryDict, body: Body) -> Open | None:
    """The open card that a form brings; None if no card was open."""
    key = post.get("card", "")
    if key in SECTIONS:
        return Open(key, SECTIONS[key].read(post))
    if key != NEW and place_of(key) is None:
        return None
    known = post.get("id", "")
    old = next((rule for rule in changes.rules_of(body) if known and rule.get("id") == known), {})
    return Open(key, rule_entry.read(post, old))


def reshaped(card: Open, do: str, what: str) -> Open:
    """The card with a field more or less; what is still empty is not complained of yet."""
    if card.key in SECTIONS:
        return Open(card.key, SECTIONS[card.key].reshape(card.piece, do, what), complains=False)
    return Open(card.key, rule_entry.reshape(card.piece, do, what), complains=False)


def put(body: Body, card: Open | None) -> Body:
    """The body with the card's piece in its place."""
    if card is None:
        return body
    if card.key in SECTIONS:
        return sections.put(body, SECTIONS[card.key], card.piece)
    return changes.put_rule(body, place_of(card.key), card.piece)


def moved(body: Body, card: Open) -> Open:
    """The card where it stands in a body that somebody else changed: by its rule's id, else as a new rule."""
    if card.key in SECTIONS:
        return card
    own = card.piece.get("id")
    found = [place for place, rule in enumerate(changes.rules_of(body)) if own and rule.get("id") == own]
    if found:
        return Open(f"rule-{found[0]}", card.piece)
    return Open(NEW, card.piece | {"id": ""})


def act(body: Body, do: str, what: str, undo: Mapping[str, Any] | None) -> Body:
    """Do what a button of a closed card says; unknown wishes change nothing."""
    place = place_of(what)
    if do == "restore" and undo:
        return changes.restore(body, int(undo["place"]), dict(undo["rule"]))
    if place is None:
        return body
    if do in ("up", "down"):
        return changes.move(body, place, -1 if do == "up" else 1)
    if do == "copy":
        return changes.duplicate(body, place)
    return changes.remove(body, place) if do == "remove" else body
