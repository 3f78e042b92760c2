"""Batches written so that one bad record never fails the others.

HubSpot answers a batch as a whole (400, 409), or record by record (207). What is refused as a whole is halved until the
bad one stands alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.connectors.hubspot.api import Json, Talk, Wrong, inside, rows, sentence_of
from integrations.connectors.hubspot.drafts import KEY

TRACE = "objectWriteTraceId"
EXISTING = re.compile(r"Existing ID: ?([0-9]{1,20})")
NAMELESS = ("PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE")  # wrong whatever the record is
NAME = re.compile(
    r'"name"\s*:\s*"([A-Za-z0-9_]{1,200})"|Property \\?"([A-Za-z0-9_]{1,200})\\?" does not exist'
)


@dataclass(slots=True)
class Told:
    """What became of each input, by its trace: the record; a sentence why not; or it must be looked up again.

    Of the last, the number of the record that stands in the way, "" where it is not told.
    """

    done: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)


def write(talk: Talk, path: str, inputs: Sequence[Json], size: int) -> Told:
    """Send inputs, each with its trace, at most `size` in a call; raises a Failure for what hits them all."""
    told = Told()
    for start in range(0, len(inputs), size):
        _write(talk, path, inputs[start : start + size], told)
    return told


def _write(talk: Talk, path: str, inputs: Sequence[Json], told: Told) -> None:
    if not inputs:
        return
    try:
        answer = talk.post(path, {"inputs": list(inputs)})
    except Wrong as trouble:
        _divide(talk, path, inputs, told, trouble)
    else:
        _sort(answer, inputs, told)


def _divide(talk: Talk, path: str, inputs: Sequence[Json], told: Told, trouble: Wrong) -> None:
    """Set aside what cannot be written; what is left is written by halves."""
    wrong = _names(trouble.said)
    bad = [one for one in inputs if wrong & set(one["properties"])] if wrong else []
    if not bad and len(inputs) == 1:
        _note(inputs[0][TRACE], trouble.said, trouble.status, told)
        return
    if bad:
        told.refused |= {one[TRACE]: sentence_of(trouble.said) or str(trouble) for one in bad}
        _write(talk, path, [one for one in inputs if one not in bad], told)
        return
    half = len(inputs) // 2
    _write(talk, path, inputs[:half], told)
    _write(talk, path, inputs[half:], told)


def _names(said: Json) -> set[str]:
    """Return the properties that are wrong in every record that has them."""
    if not any(code in str(said) for code in NAMELESS):
        return set()
    named = {
        name for error in rows(said, "errors") for name in _listed(inside(error, "context"), "propertyName")
    }
    found = NAME.findall(str(said.get("message") or ""))
    return named or {one or other for one, other in found}


def _sort(answer: Json, inputs: Sequence[Json], told: Told) -> None:
    """Say of each input what an answer of status 2xx tells; one that it does not tell of is looked up again."""
    sent = {one[TRACE] for one in inputs}
    by_id = {str(one["id"]): one[TRACE] for one in inputs if "id" in one}
    by_key = {str(one["properties"].get(KEY)): one[TRACE] for one in inputs if one["properties"].get(KEY)}
    for record in rows(answer):
        number, key = str(record.get("id") or ""), str(inside(record, "properties").get(KEY))
        named = (record.get(TRACE), by_id.get(number), by_key.get(key))
        trace = next((one for one in named if isinstance(one, str) and one in sent), None)
        if trace is not None and number:
            told.done[trace] = record
    for error in rows(answer, "errors"):
        context = inside(error, "context")
        named_here = {
            *_listed(context, TRACE),
            *(by_id.get(one, "") for one in _listed(context, "ids")),
        } & sent
        for trace in named_here or (sent - told.done.keys() if len(sent) == 1 else ()):
            _note(trace, error, 0, told)
    for one in inputs:
        if one[TRACE] not in {*told.done, *told.refused, *told.again}:
            told.again[one[TRACE]] = ""


def _note(trace: str, error: Json, status: int, told: Told) -> None:
    """Note one input that was not written, by the words that HubSpot has for it."""
    existing = EXISTING.search(str(error.get("message") or ""))
    category = str(error.get("category") or "").upper()
    if existing:
        told.again[trace] = existing.group(1)
    elif status in (404, 409) or category in ("CONFLICT", "OBJECT_NOT_FOUND"):
        told.again[trace] = ""
    else:
        told.refused[trace] = sentence_of(error) or category or str(status)


def _listed(context: dict[str, Any], name: str) -> list[str]:
    found = context.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []
