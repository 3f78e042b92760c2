"""One thing that a card asks: a value of the draft's JSON as people write it, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from commissions.plan_shape import misshapen

Errors = Sequence[tuple[str, str]]
Choices = Sequence[tuple[str, Any]]
_COMMA = re.compile(r"[0-9]*,(?:[0-9]{1,2}|[0-9]{4})", re.ASCII)  # before three digits it may part thousands
_AROUND = re.compile(r"[\s%]+")
_NUMBER = re.compile(r"[0-9.,]+", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a card: `name` in the form, `path` below the card in the JSON, `kind` names how it is drawn."""

    name: str
    path: str
    label: Any
    kind: str = "text"
    value: Any = ""
    choices: Choices = ()
    unit: Any = ""
    help: Any = ""
    example: Any = ""
    known: tuple[str, ...] = ()
    reshapes: bool = False
    errors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What its label points at."""
        return f"in-{self.name.replace('.', '-')}"


def as_text(value: object) -> str:
    """A value as it stands in a field; what no field can hold reads as nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def number(text: str) -> str:
    """A number as plans write it, from what people write: "12,5 %" is "12.5"."""
    bare = _AROUND.sub("", text)
    if not _NUMBER.fullmatch(bare):
        return text.strip()[:60]
    return bare.replace(",", ".") if _COMMA.fullmatch(bare) else bare[:60]


def whole(text: str) -> int | str:
    """A whole number; what is none stays as it was written, for the plan to complain of."""
    bare = _AROUND.sub("", text)
    return int(bare) if _WHOLE.fullmatch(bare) else text.strip()[:60]


def names(text: str) -> list[str]:
    """Names from a field: one a line, or, in a single line, separated by commas; [""] where there are none."""
    parts = text.splitlines() if "\n" in text else text.split(",")
    found = [part.strip() for part in parts if part.strip()]
    return list(dict.fromkeys(found)) or [""]


def names_text(value: object) -> str:
    """Names as `names` reads them again."""
    found = [as_text(one) for one in value] if isinstance(value, list) else []
    if any("," in name for name in found):
        return "\n".join(found) + "\n"
    return ", ".join(name for name in found if name)


def json_text(value: object) -> str:
    """A part of the plan as JSON; a text stands for itself, for it was no JSON when it was written."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def json_value(text: str) -> Any:
    """What a text says as JSON; a text that is none, or none that can be kept, stays a text."""
    try:
        value = json.loads(text) if text.strip() else ""
    except (ValueError, RecursionError):
        return text
    return text if misshapen({"where": value}) else value


def with_errors(entries: Iterable[Entry], errors: Errors, prefix: str) -> list[Entry]:
    """The entries with the complaints about their places; `prefix` is the card's own path, like $.rules[2]."""
    return [replace(entry, errors=_of(entry, errors, prefix)) for entry in entries]


def _of(entry: Entry, errors: Errors, prefix: str) -> tuple[str, ...]:
    path = f"{prefix}.{entry.path}" if entry.path else prefix
    return tuple(dict.fromkeys(in_words(entry, what) for place, what in errors if is_within(place, path)))


def is_within(place: str, path: str) -> bool:
    """Say whether a JSON path is another one or stands below it."""
    return place == path or place.startswith((f"{path}.", f"{path}["))


def in_words(entry: Entry, complaint: str) -> str:
    """A complaint of the plan as people read it who never saw its JSON."""
    if is_empty(entry.value):
        return str(_EMPTY.get(entry.kind, _EMPTY[""])())
    generic = _GENERIC.get(entry.kind)
    if generic is not None and complaint.startswith(generic[0]):
        return str(generic[1]())
    return _("This %(complaint)s.") % {"complaint": complaint.rstrip(".")}


def is_empty(value: object) -> bool:
    """Say whether nothing was entered."""
    return (
        not value
        or (isinstance(value, list) and not any(value))
        or (isinstance(value, str) and not value.strip())
    )


_EMPTY: Mapping[str, Any] = {
    "": lambda: _("Still empty."),
    "names": lambda: _("Still empty: name at least one, or take the condition away."),
    "ticks": lambda: _("Still empty: tick at least one, or take the condition away."),
}
_GENERIC: Mapping[str, tuple[str, Any]] = {
    "rate": (
        "must be per cent as text",
        lambda: _("Write a rate from 0 to 100, with up to 4 decimals, like 12.5."),
    ),
    "amount": (
        "must be an amount",
        lambda: _("Write an amount like 5.00, with a point and no more decimals than the currency has."),
    ),
    "whole": ("must be a whole number", lambda: _("Write a whole number.")),
}
