"""Pipedrive's fields: its own, and custom ones, which it calls by 40 letters that differ in each account.

So a mapping names a custom field by those letters, or by a name that stays: that of the field in Pipedrive, in small
letters with _ for whatever is no letter (“Lead source” is `lead_source`). Ours are made with names that give it back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.pipedrive.api import V2, Json, Talk, rows
from integrations.connectors.pipedrive.defaults import wanted_fields
from integrations.connectors.pipedrive.standard import KEY, STANDARD, Field
from integrations.connectors.records import RemoteField

PATHS = {"contact": f"{V2}/personFields", "deal": f"{V2}/dealFields"}
SEARCHED = ("varchar", "varchar_auto", "text")  # kinds of texts by which a record can be found
# kind -> the type that a field of it is made with; times of the day alone are no moments
TYPES = {
    "text": "varchar",
    "number": "double",
    "money": "monetary",
    "date": "date",
    "time": "date",
    "yes_no": "enum",
    "choice": "enum",
    "choices": "set",
}
KINDS = {
    "double": "number",
    "int": "number",
    "monetary": "money",
    "date": "date",
    "enum": "choice",
    "set": "choices",
    "boolean": "yes_no",
}
YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Fields:
    """The fields of one kind of record: Pipedrive's own by their names there, and the custom ones."""

    kind: str
    custom: tuple[Field, ...]
    labels: tuple[tuple[int, str], ...] = ()

    @cached_property
    def standard(self) -> dict[str, Field]:
        """Pipedrive's own fields that are read or written, by name."""
        own = {field.code: field for field in STANDARD[self.kind]}
        own["label_ids"] = Field("label_ids", "Labels", "set", self.labels)
        return own

    @cached_property
    def by_code(self) -> dict[str, Field]:
        """The custom fields by Pipedrive's 40 letters."""
        return {field.code: field for field in self.custom}

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The custom fields by the names that stay; of two with one name, the first."""
        return {slug(field.label): field for field in reversed(self.custom)}

    def find(self, name: str) -> Field | None:
        """Return the field that a mapping calls so."""
        return self.standard.get(name) or self.by_code.get(name) or self.by_name.get(name)

    def key(self) -> Field:
        """Return the field by which our records are known; raises Misconfigured if it is not there."""
        found = self.by_name.get(KEY)
        if found is None or found.type not in SEARCHED:
            raise Misconfigured(
                _(
                    "Pipedrive has no text field “%(name)s”, by which our records are known. Press “Make or repair "
                    "webhooks”, which makes it; a field of that name and another type is renamed first."
                )
                % {"name": title(KEY)}
            )
        return found


def fields_of(talk: Talk, kind: str) -> Fields:
    """Ask for the fields of a kind."""
    told = [row for row in talk.all(PATHS[kind]) if isinstance(row.get("field_code"), str)]
    custom = tuple(_field(row) for row in told if row.get("is_custom_field"))
    labels = next((_field(row).options for row in told if row["field_code"] in ("label_ids", "label")), ())
    return Fields(kind, custom, labels)


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the fields that persons or deals have: ours by their names that stay, others by their 40 letters."""
    fields = fields_of(Talk(store), kind)
    ours = {field.name for field in wanted_fields(kind)}
    custom = (
        _remote(slug(field.label) if slug(field.label) in ours else field.code, field)
        for field in fields.custom
    )
    return (*(_remote(name, field) for name, field in fields.standard.items()), *custom)


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Make the custom fields that are missing; return the names of those that were made.

    Raises Misconfigured where the one that records are to be found by is there, but is no text.
    """
    talk = Talk(store)
    fields = fields_of(talk, kind)
    if KEY in fields.by_name:
        fields.key()
    missing = [field for field in wanted if fields.find(field.name) is None]
    for field in missing:
        talk.send("POST", PATHS[kind], _asked(field))
    return tuple(field.name for field in missing)


def missing_fields(fields: Fields, wanted: Iterable[RemoteField]) -> list[str]:
    """Return the names of those that are not there, or cannot be what they must be."""
    key = fields.by_name.get(KEY)
    is_odd = key is not None and key.type not in SEARCHED
    return [
        field.name for field in wanted if fields.find(field.name) is None or (field.name == KEY and is_odd)
    ]


def slug(label: str) -> str:
    """Return a field's name in small letters, with one _ for whatever is neither letter nor digit."""
    return re.sub(r"[\W_]+", "_", label.casefold()).strip("_")


def title(name: str) -> str:
    """Return how a field is called in Pipedrive, in every language alike, so that `slug` gives its name back."""
    return name.replace("_", " ").strip().capitalize()


def _asked(field: RemoteField) -> Json:
    body: Json = {"field_name": title(field.name), "field_type": TYPES[field.kind]}
    labels = YES_NO if field.kind == "yes_no" else [value for value, _label in field.choices]
    return body | (
        {"options": [{"label": one} for one in labels]} if body["field_type"] in ("enum", "set") else {}
    )


def _remote(name: str, field: Field) -> RemoteField:
    return RemoteField(
        name,
        field.label,
        KINDS.get(field.type, "text"),
        tuple((label, label) for _number, label in field.options),
        is_writable=field.is_writable,
        is_key=name == KEY,
    )


def _field(row: Mapping[str, Any]) -> Field:
    code = str(row["field_code"])
    options = tuple(
        (one["id"], str(one.get("label") or one["id"]))
        for one in rows(row, "options")
        if isinstance(one.get("id"), int) and not isinstance(one.get("id"), bool)
    )
    return Field(code, str(row.get("field_name") or code), str(row.get("field_type")), options)
