"""What people changed in Pipedrive, asked for by the time of the change, the oldest first.

Deleted deals are told for 30 days. Of deleted persons no list tells: who was deleted is noticed when something is to be
written, or when the webhook tells of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Permanent
from integrations.connectors.base import Store
from integrations.connectors.pipedrive.api import V2, Talk, next_of, rows
from integrations.connectors.pipedrive.drafts import Known
from integrations.connectors.pipedrive.fields import Fields, fields_of
from integrations.connectors.pipedrive.finding import Finder
from integrations.connectors.pipedrive.standard import KEY, PATHS
from integrations.connectors.records import Change, ChangePage

PER_PAGE = 100
LONGEST_CURSOR = 2_000
EVERY_STATUS = "open,won,lost,deleted"  # without it, deleted deals are left out
NAMED = {"stage": "stages", "pipeline": "pipelines"}  # what a deal tells by number alone


@dataclass
class _Words:
    """What is needed to tell records in words: the fields, and of deals the names of stages and pipelines."""

    fields: Fields
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def values(self, known: Known) -> dict[str, Any]:
        """Return all that is told of a record."""
        told = known.values(self.fields)
        for name, words in self.names.items():
            number = told.get(f"{name}_id")
            told[name] = words.get(str(number), None if number is None else str(number))
        return {**told, KEY: known.key(self.fields) or None}


def list_changes(store: Store, kind: str, since: datetime, cursor: str | None) -> ChangePage:
    """Return records changed since then; raises a Failure.

    Nothing is ours: a record does not tell who wrote it last, so whoever asks compares the values with those last
    agreed on.
    """
    if cursor is not None and (len(cursor) > LONGEST_CURSOR or not cursor.isprintable()):
        raise Permanent(_("This is no place in Pipedrive’s changes."))
    talk = Talk(store)
    answer = talk.get(
        f"{V2}/{PATHS[kind]}",
        updated_since=since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        sort_by="update_time",
        sort_direction="asc",
        status=EVERY_STATUS if kind == "deal" else None,
        limit=PER_PAGE,
        cursor=cursor,
    )
    told = [known for row in rows(answer) if (known := Known(row)).id]
    return ChangePage(_changes(talk, kind, told), next_of(answer))


def fetch_changed(store: Store, kind: str, numbers: Sequence[str]) -> tuple[Change, ...]:
    """Return these records as they are now; what is no number, or is there no more, is left out. Raises a Failure."""
    talk = Talk(store)
    asked = [number for number in numbers if number.isascii() and number.isdigit() and len(number) < 19]
    return _changes(talk, kind, list(Finder(talk, kind).read(asked).values()))


def _changes(talk: Talk, kind: str, told: Sequence[Known]) -> tuple[Change, ...]:
    if not told:
        return ()
    words = _words(talk, kind)
    people = Finder(talk, "contact").read(known.person for known in told if known.person)
    return tuple(_change(words, known, people) for known in told)


def _words(talk: Talk, kind: str) -> _Words:
    if kind != "deal":
        return _Words(fields_of(talk, kind))
    names = {
        name: {str(row.get("id")): str(row.get("name")) for row in talk.all(f"{V2}/{path}")}
        for name, path in NAMED.items()
    }
    return _Words(fields_of(talk, kind), names)


def _change(words: _Words, known: Known, people: Mapping[str, Known]) -> Change:
    values = words.values(known)
    person = people.get(known.person, known)
    return Change(
        known.id,
        known.at,
        values,
        is_gone=known.is_gone,
        key=str(values.get(KEY) or ""),
        email=next(iter(person.emails), ""),
        contact=known.person,
    )
