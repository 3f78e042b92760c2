"""What a draft must be before it is a plan: JSON of the right shape, with texts and numbers that databases keep."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

ROWS = ("rules", "levels", "split", "bonuses", "caps")
NAMES = (
    "products",
    "skus",
    "categories",
    "brands",
    "countries",
    "currencies",
    "coupons",
    "groups",
    "sub_ids",
)
RANGES = ("order_value", "payment", "months", "dates")
DEEPEST = 20
MOST_ROWS = 500
Errors = list[tuple[str, str]]


def misshapen(body: object) -> Errors:
    """Return every (JSON path, what is wanted there) where a body is not even shaped like a plan; [] if it may be kept.

    Values may be missing or wrong: a draft is unfinished. But lists are lists, objects objects, and all can be stored.
    """
    if not isinstance(body, dict):
        return [("$", "must be a JSON object: { … }")]
    kept = list(_cannot_be_kept(body))
    return kept or [error for key in ROWS for error in _rows(body, key)] + _exclude(body)


def _cannot_be_kept(body: object) -> Iterator[tuple[str, str]]:
    """Walks without recursion: what is nested too deep must not end the walk itself."""
    waiting: list[tuple[Any, int]] = [(body, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            yield "$", f"must not be nested deeper than {DEEPEST}"
            return
        if isinstance(value, dict):
            waiting += [(one, depth + 1) for pair in value.items() for one in pair]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]
        elif isinstance(value, str) and not _is_text(value):
            yield "$", "must be made of characters that can be written down"
            return
        elif isinstance(value, float) and not isfinite(value):
            yield "$", "must have numbers that end"
            return


def _is_text(value: str) -> bool:
    """No database keeps a zero character, and half of a surrogate pair is no character."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)


def _rows(body: dict[str, Any], key: str) -> Errors:
    rows = body.get(key, [])
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        return [(f"$.{key}", f"must be a list of at most {MOST_ROWS} objects")]
    found: Errors = []
    for index, row in enumerate(rows):
        path = f"$.{key}[{index}]"
        if not isinstance(row, dict):
            found.append((path, "must be an object: { … }"))
        elif key == "rules":
            found += _rule(row, path)
        elif not isinstance(row.get("groups", {}), dict):
            found.append((f"{path}.groups", "must be an object: { … }"))
    return found


def _rule(rule: dict[str, Any], path: str) -> Errors:
    parts = [key for key in ("when", "reward") if not isinstance(rule.get(key, {}), dict)]
    if parts:
        return [(f"{path}.{key}", "must be an object: { … }") for key in parts]
    when, steps = rule.get("when", {}), rule.get("reward", {}).get("steps", [])
    found = [
        (f"{path}.when.{key}", "must be a list of texts")
        for key in NAMES
        if not _are_names(when.get(key, []))
    ]
    found += [
        (f"{path}.when.{key}", "must be an object: { … }")
        for key in RANGES
        if not isinstance(when.get(key) or {}, dict)
    ]
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        found.append((f"{path}.reward.steps", "must be a list of objects"))
    return found


def _exclude(body: dict[str, Any]) -> Errors:
    exclude = body.get("exclude", {})
    if not isinstance(exclude, dict):
        return [("$.exclude", "must be an object: { … }")]
    return [
        (f"$.exclude.{key}", "must be a list of texts")
        for key in NAMES
        if not _are_names(exclude.get(key, []))
    ]


def _are_names(value: object) -> bool:
    return isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)
