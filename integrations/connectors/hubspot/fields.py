"""HubSpot's properties: which there are, and those of ours that are missing, made."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.hubspot.api import PROPERTIES, Json, Talk, Wrong, inside, rows
from integrations.connectors.hubspot.drafts import EMAIL, OBJECTS
from integrations.connectors.records import RemoteField

GROUP, GROUP_LABEL = "affiliates", "Affiliates"
KINDS = {"number": "number", "date": "date", "datetime": "time", "bool": "yes_no"}
# kind -> HubSpot's type and the form in which people see it
TYPES = {
    "text": ("string", "text"),
    "number": ("number", "number"),
    "money": ("number", "number"),
    "date": ("date", "date"),
    "time": ("datetime", "date"),
    "yes_no": ("bool", "booleancheckbox"),
    "choice": ("enumeration", "select"),
    "choices": ("enumeration", "checkbox"),
}
YES_NO = (("true", "Yes"), ("false", "No"))


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the properties that contacts or deals have, without those that people do not see."""
    return tuple(_field(kind, row) for row in _properties(Talk(store), kind) if not row.get("hidden"))


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Make the properties that are missing, in a group of ours; return the names of those that were made.

    Raises Misconfigured where one that records are to be found by is there, but is not unique.
    """
    talk = Talk(store)
    known = {str(row.get("name")): row for row in _properties(talk, kind)}
    for field in wanted:
        if field.is_key and field.name in known and not _is_key(kind, known[field.name]):
            raise Misconfigured(_not_unique(field.name))
    missing = [field for field in wanted if field.name not in known]
    if missing:
        _make(talk, f"{PROPERTIES}/{OBJECTS[kind]}/groups", {"name": GROUP, "label": GROUP_LABEL})
    return tuple(
        field.name for field in missing if _make(talk, f"{PROPERTIES}/{OBJECTS[kind]}", _property(field))
    )


def missing_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> list[str]:
    """Return the names of those that are not there, or are not what they must be."""
    known = {field.name: field for field in list_fields(store, kind)}
    return [
        field.name
        for field in wanted
        if field.name not in known or (field.is_key and not known[field.name].is_key)
    ]


def _properties(talk: Talk, kind: str) -> list[Json]:
    found = rows(talk.get(f"{PROPERTIES}/{OBJECTS[kind]}"))
    return [row for row in found if isinstance(row.get("name"), str) and not row.get("archived")]


def _make(talk: Talk, path: str, body: Json) -> bool:
    """Make something; False if somebody has made it before."""
    try:
        talk.post(path, body)
    except Wrong as trouble:
        if trouble.status == 409:
            return False
        raise
    return True


def _property(field: RemoteField) -> Json:
    kind, form = TYPES[field.kind]
    body: Json = {
        "name": field.name,
        "label": field.label,
        "type": kind,
        "fieldType": form,
        "groupName": GROUP,
    }
    choices = YES_NO if field.kind == "yes_no" else field.choices
    if choices:
        body["options"] = [
            {"value": value, "label": label, "displayOrder": place, "hidden": False}
            for place, (value, label) in enumerate(choices)
        ]
    return body | ({"hasUniqueValue": True} if field.is_key else {})


def _field(kind: str, row: Json) -> RemoteField:
    metadata = inside(row, "modificationMetadata")
    return RemoteField(
        str(row["name"]),
        str(row.get("label") or row["name"]),
        _kind(row),
        tuple(
            (str(one.get("value")), str(one.get("label") or one.get("value")))
            for one in rows(row, "options")
            if not one.get("hidden")
        ),
        is_writable=not (metadata.get("readOnlyValue") or row.get("calculated")),
        is_key=_is_key(kind, row),
    )


def _kind(row: Json) -> str:
    what, form = row.get("type"), row.get("fieldType")
    if what == "enumeration":
        return {"booleancheckbox": "yes_no", "checkbox": "choices"}.get(str(form), "choice")
    if what == "number" and row.get("showCurrencySymbol"):
        return "money"
    return KINDS.get(str(what), "text")


def _is_key(kind: str, row: Json) -> bool:
    return row.get("hasUniqueValue") is True or (kind == "contact" and row["name"] == EMAIL)


def _not_unique(name: str) -> str:
    return _(
        "HubSpot has a property %(name)s that may stand in several records at once. Archive it in HubSpot > Settings > "
        "Properties; it is then made anew."
    ) % {"name": name}
