"""Paths into a record: `customer.email`, `order.lines[0].sku`, `order.lines[].sku` (each of them), `meta["a.b"]`."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from integrations.mapping.refusals import Unfit

EACH = None  # the step of a path that stands for every item of a list
LONGEST, DEEPEST, MOST_LEAVES, MOST_ITEMS = 300, 30, 400, 10_000
ITEMS_SHOWN = 3
Steps = tuple[str | int | None, ...]
_PART = re.compile(
    r'(?:(?:^|\.)(?P<name>[^.\[\]{}"\s][^.\[\]{}"]*))|\[(?:(?P<at>[0-9]{1,6})|(?P<each>)|(?P<quoted>"(?:[^"\\]|\\.)*"))\]'
)
_PLAIN = re.compile(r'[^.\[\]{}"\s](?:[^.\[\]{}"]*[^.\[\]{}"\s])?')


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of a record and the path to it; `depth` is how far it is indented when the record is shown."""

    path: str
    value: Any
    depth: int


def read_path(text: str) -> Steps:
    """Return the steps of a path: names, numbers, and EACH for []; Unfit says what is wrong with it."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Unfit(_("A path has between 1 and %(most)s letters.") % {"most": LONGEST})
    return _read(text)


@lru_cache(maxsize=2048)
def _read(text: str) -> Steps:
    steps: list[str | int | None] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at) if at == 0 or text[at] in ".[" else None
        if found is None or len(steps) == DEEPEST:
            raise Unfit(_("“%(path)s” is no path: write it like order.lines[0].sku.") % {"path": text})
        steps.append(_step(found))
        at = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> str | int | None:
    if (name := found["name"]) is not None:
        return name.rstrip()
    if found["quoted"] is not None:
        try:
            return str(json.loads(found["quoted"]))
        except ValueError:
            raise Unfit(_("“%(name)s” is not quoted rightly.") % {"name": found["quoted"]}) from None
    return EACH if found["each"] is not None else int(found["at"])


def write_path(steps: Steps) -> str:
    """Return the text of a path; `read_path` reads it back."""
    text = ""
    for step in steps:
        if isinstance(step, str) and _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        elif isinstance(step, str):
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
        else:
            text += "[]" if step is EACH else f"[{step}]"
    return text


def find(record: Any, steps: Steps, spend: Callable[[int], None] | None = None) -> Any:
    """Return what stands at a path, None for nothing; with an EACH a list of what its items have there.

    `spend` is told how many items are gone through, before they are.
    """
    for number, step in enumerate(steps):
        if step is EACH:
            items = record[:MOST_ITEMS] if isinstance(record, list) else []
            if spend is not None:
                spend(len(items))
            found = [find(item, steps[number + 1 :], spend) for item in items]
            inner = any(isinstance(one, list) for one in found) and EACH in steps[number + 1 :]
            whole = [one for some in found for one in (some or [])] if inner else found
            return [one for one in whole if one is not None]
        if isinstance(step, int):
            record = record[step] if isinstance(record, list) and step < len(record) else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record


def leaves(record: Any) -> list[Leaf]:
    """Return what a record says, value by value, of lists the first three items; at most 400."""
    return [leaf for leaf, _number in zip(_leaves(record, (), 0), range(MOST_LEAVES), strict=False)]


def _leaves(record: Any, steps: Steps, depth: int) -> Iterator[Leaf]:
    if depth >= DEEPEST:
        return
    if isinstance(record, dict) and record:
        for name, value in record.items():
            yield from _leaves(value, (*steps, str(name)), depth + 1)
    elif isinstance(record, list) and record:
        for number, value in enumerate(record[:ITEMS_SHOWN]):
            yield from _leaves(value, (*steps, number), depth + 1)
    elif steps and len(path := write_path(steps)) <= LONGEST:
        yield Leaf(path, record, depth)


def with_item(steps: Steps, number: int) -> Steps:
    """Return the path with its first EACH replaced by the number of an item."""
    if EACH not in steps:
        return steps
    at = steps.index(EACH)
    return (*steps[:at], number, *steps[at + 1 :])


def list_of(steps: Steps) -> Steps | None:
    """Return the path of the list that a path goes through, or None where it goes through none."""
    return steps[: steps.index(EACH)] if EACH in steps else None
