"""Which events a receiver wants: kinds, and equality conditions on what they say."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.news.kinds import kinds_of

EVERYTHING = "*"
MOST_CONDITIONS = 10
PATH = re.compile(r"[a-z_]+(\.[a-z_]+)*")


class Unclear(ValueError):
    """What was entered cannot be meant; the text is a sentence for people."""


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return `kinds` and `filter` as they are kept; raises Unclear for an unknown kind or a condition without =."""
    kinds = re.split(r"[\s,]+", given.get("kinds", "").strip()) if given.get("kinds", "").strip() else []
    for kind in kinds:
        if kind != EVERYTHING and not kinds_of(kind):
            raise Unclear(_("There are no events of the kind “%(kind)s”.") % {"kind": kind[:60]})
    lines = [line.strip() for line in re.split(r"[\n,;]", given.get("filter", "")) if line.strip()]
    if len(lines) > MOST_CONDITIONS:
        raise Unclear(_("There are more than %(most)s conditions.") % {"most": MOST_CONDITIONS})
    return {"kinds": kinds or [EVERYTHING], "filter": dict(_condition(line) for line in lines)}


def _condition(line: str) -> tuple[str, str]:
    path, is_equal, value = (part.strip() for part in line.partition("="))
    if not is_equal or not value or not PATH.fullmatch(path):
        raise Unclear(_("A condition reads like program=3; this does not: %(line)s") % {"line": line[:60]})
    return path, value


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    conditions = options.get("filter") or {}
    return {
        "kinds": ", ".join(options.get("kinds") or [EVERYTHING]),
        "filter": ", ".join(f"{path}={value}" for path, value in conditions.items()),
    }


def wants(options: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether the receiver chose this kind and every condition holds."""
    if has_ended(options, timezone.now()):
        return False
    kinds = options.get("kinds") or [EVERYTHING]
    if not any(_fits(wanted, kind) for wanted in kinds):
        return False
    conditions: Mapping[str, Any] = options.get("filter") or {}
    return all(_found(body, path) == _text(value) for path, value in conditions.items())


def has_ended(options: Mapping[str, Any], at: datetime) -> bool:
    """Say whether the time that a subscription asked for is over."""
    expires = options.get("expires")
    return isinstance(expires, str) and expires != "" and datetime.fromisoformat(expires) <= at


def _fits(wanted: str, kind: str) -> bool:
    return wanted in (EVERYTHING, kind) or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))


def _found(body: Mapping[str, Any], path: str) -> str | None:
    """Return what stands at a path as text; an object stands for its id."""
    value: Any = body
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        value = value.get("id")
    return _text(value) if isinstance(value, str | int) else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
