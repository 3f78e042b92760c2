"""Many records in one call, of which one bad one never fails the others (sObject collections, allOrNone off).

Salesforce tells of each row what became of it, in their order. What it refuses as a whole is halved until the bad one
stands alone. A row that its rules for duplicates refuse goes once more by itself: only then is the record named that
there is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from core.jobs import Misconfigured
from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.api import (
    DATA,
    Json,
    Talk,
    Wrong,
    code_of,
    is_locked,
    rows,
    sentence_of,
)
from integrations.connectors.salesforce.names import KEY

COLLECTIONS = f"{DATA}/composite/sobjects"
MOST, MOST_ALONE = 200, 25  # rows of a collection, parts of a composite request
DUPLICATE = "DUPLICATES_DETECTED"
AGAIN = frozenset(  # the record changed meanwhile: it is looked up once more
    {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD", "NOT_FOUND"}
)
PASSING = frozenset({"SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "UNKNOWN_EXCEPTION"})
TAKEN = re.compile(r"record with id: ?([A-Za-z0-9]{15,18})\b")


@dataclass(frozen=True, slots=True)
class Input:
    """One record to write: `trace` tells it apart, `id` is its number there; without one it is made by our key."""

    trace: str
    sobject: str
    values: dict[str, Any]
    id: str = ""
    key: str = ""


@dataclass(slots=True)
class Told:
    """What became of each input, by its trace.

    Written: its number, and whether it was made. Refused: a sentence. `again`: it must be looked up once more, by this
    number if one is told, and `words` is what was said of it. `locked`: somebody held it, or Salesforce had an error.
    """

    done: dict[str, tuple[str, bool]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)


def write(talk: Talk, inputs: Sequence[Input]) -> Told:
    """Write records, those of one object together; raises a Failure for what hits them all."""
    told = Told()
    for is_new in (False, True):
        some = sorted((one for one in inputs if bool(one.id) != is_new), key=lambda one: one.sobject)
        for start in range(0, len(some), MOST):
            _write(talk, some[start : start + MOST], told)
    return told


def create(talk: Talk, sobject: str, records: Sequence[tuple[str, Json]]) -> Told:
    """Make records that have no key of ours (the link between two others); each has its trace."""
    told = Told()
    for start in range(0, len(records), MOST):
        some = records[start : start + MOST]
        body = {
            "allOrNone": False,
            "records": [{"attributes": {"type": sobject}, **values} for _trace, values in some],
        }
        _sort(rows(talk.post(COLLECTIONS, body)), [trace for trace, _values in some], told)
    return told


def _write(talk: Talk, inputs: Sequence[Input], told: Told) -> None:
    if not inputs:
        return
    path, records = _request(inputs)
    try:
        answer = talk.patch(path, {"allOrNone": False, "records": records}, may_double=bool(inputs[0].id))
    except Wrong as trouble:
        if trouble.status == 404:
            raise Misconfigured(str(trouble)) from trouble
        if len(inputs) == 1:
            _note(inputs[0].trace, trouble.errors or [{"message": str(trouble)}], told)
            return
        half = len(inputs) // 2
        _write(talk, inputs[:half], told)
        _write(talk, inputs[half:], told)
        return
    duplicates = _sort(rows(answer), [one.trace for one in inputs], told)
    _ask_alone(talk, [one for one in inputs if one.trace in duplicates and not one.id], told)


def _request(inputs: Sequence[Input]) -> tuple[str, list[Json]]:
    """Return where these go and as what: known ones by their number, new ones by our key."""
    kind = inputs[0]
    path = COLLECTIONS if kind.id else f"{COLLECTIONS}/{kind.sobject}/{KEY}"
    names = [{"id": one.id} if one.id else {KEY: one.key} for one in inputs]
    return path, [
        {"attributes": {"type": one.sobject}, **named, **one.values}
        for one, named in zip(inputs, names, strict=True)
    ]


def _sort(results: Sequence[Json], traces: Sequence[str], told: Told) -> set[str]:
    """Note of each input what its result tells; return those that are refused as duplicates without a number.

    Where not every input has its result, none can be told apart: all are looked up once more.
    """
    if len(results) != len(traces):
        told.again |= dict.fromkeys(traces, "")
        told.words |= dict.fromkeys(traces, "")
        return set()
    duplicates = set()
    for trace, result in zip(traces, results, strict=True):
        number = str(result.get("id") or "")
        errors = rows(result, "errors")
        if result.get("success") is True and soql.is_number(number):
            told.done[trace] = (number, result.get("created") is True)
        elif not _note(trace, errors, told):
            duplicates.add(trace)
    return duplicates


def _note(trace: str, errors: Sequence[Json], told: Told) -> bool:
    """Note one input that was not written; False where Salesforce took it for a record that it has not named."""
    codes = {code_of(error) for error in errors}
    text = " ".join(str(error.get("message")) for error in errors)
    taken = TAKEN.search(text) if "DUPLICATE_VALUE" in codes else None
    told.words[trace] = sentence_of(errors) if errors else ""
    if is_locked(errors) or codes & PASSING:
        told.locked[trace] = sentence_of(errors)
    elif number := next(_named(errors), "") or (taken[1] if taken else ""):
        told.again[trace] = number
    elif not errors or codes & AGAIN:
        told.again[trace] = ""
    else:
        told.refused[trace] = sentence_of(errors)
        return DUPLICATE not in codes
    return True


def _named(errors: Sequence[Json]) -> Iterator[str]:
    """Yield the numbers of the records that a rule for duplicates names, contacts first."""
    found = [
        str(record.get("Id") or "")
        for error in errors
        if code_of(error) == DUPLICATE and isinstance(error.get("duplicateResult"), dict)
        for result in rows(error["duplicateResult"], "matchResults")
        for match in rows(result, "matchRecords")
        if isinstance(record := match.get("record"), dict)
    ]
    yield from sorted((one for one in found if soql.is_number(one)), key=lambda one: not is_contact(one))


def is_contact(number: str) -> bool:
    """Say whether a number is a contact's, by how it begins."""
    return number.startswith("003")


def _ask_alone(talk: Talk, inputs: Sequence[Input], told: Told) -> None:
    """Write rows one by one, though in one call: the answer to a single row names the record that is in the way."""
    for start in range(0, len(inputs), MOST_ALONE):
        some = inputs[start : start + MOST_ALONE]
        parts = [
            {
                "method": "PATCH",
                "url": f"{DATA}/sobjects/{one.sobject}/{KEY}/{quote(one.key, safe='')}",
                "referenceId": f"row{place}",
                "body": one.values,
            }
            for place, one in enumerate(some)
        ]
        said = talk.post(f"{DATA}/composite", {"allOrNone": False, "compositeRequest": parts})
        answers = {str(part.get("referenceId")): part for part in rows(said, "compositeResponse")}
        for place, one in enumerate(some):
            part = answers.get(f"row{place}", {})
            told.refused.pop(one.trace, None)
            body, errors = part.get("body"), rows(part.get("body"))
            if isinstance(body, dict) and body.get("success") is True:
                errors = []
                told.done[one.trace] = (str(body.get("id") or ""), body.get("created") is True)
            else:
                _note(one.trace, errors, told)
