"""Salesforce's fields: which there are, and those of ours that are missing, made."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.records import RemoteField
from integrations.connectors.salesforce.api import DATA, Json, Talk, Wrong, rows
from integrations.connectors.salesforce.choices import object_of, people_objects
from integrations.connectors.salesforce.granting import PERMISSION_SET, grant
from integrations.connectors.salesforce.names import EMAIL

KINDS = {
    "boolean": "yes_no",
    "currency": "money",
    "int": "number",
    "double": "number",
    "percent": "number",
    "long": "number",
    "date": "date",
    "datetime": "time",
    "picklist": "choice",
    "multipicklist": "choices",
}
NOT_SHOWN = ("base64", "address", "location", "complexvalue", "anyType")  # parts of others, or files
LONGEST_LABEL, LONGEST_KEY, LONGEST_TEXT = 40, 80, 255
TYPES: Mapping[str, Json] = {  # kind -> how Salesforce's metadata says it
    "text": {"type": "Text", "length": LONGEST_TEXT},
    "number": {"type": "Number", "precision": 18, "scale": 2},
    "money": {"type": "Currency", "precision": 18, "scale": 2},
    "date": {"type": "Date"},
    "time": {"type": "DateTime"},
    "yes_no": {"type": "Checkbox", "defaultValue": "false"},
    "choice": {"type": "Picklist"},
    "choices": {"type": "MultiselectPicklist", "visibleLines": 4},
}
FOR_PEOPLE = {  # as the setup pages call the types
    "text": gettext_lazy("text of 255 letters"),
    "number": gettext_lazy("number with 16 and 2 digits"),
    "money": gettext_lazy("currency with 16 and 2 digits"),
    "date": gettext_lazy("date"),
    "time": gettext_lazy("date/time"),
    "yes_no": gettext_lazy("checkbox"),
    "choice": gettext_lazy("picklist"),
    "choices": gettext_lazy("multi-select picklist"),
}


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the fields of the object that new records of a kind become; raises a Failure."""
    return tuple(_field(row) for row in _described(Talk(store), object_of(store, kind)))


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Make the fields that are missing and let the app's user fill them; return the names of those that were made.

    Customers that are leads become contacts one day: their fields are made in both. Raises Misconfigured, which names
    what an administrator must make, where Salesforce does not let us, and for a key that may stand in several records.
    """
    talk = Talk(store)
    made: list[str] = []
    for sobject in objects_of(store, kind):
        known = {field.name: field for field in (_field(row) for row in _described(talk, sobject))}
        for field in wanted:
            if field.is_key and field.name in known and not known[field.name].is_key:
                raise Misconfigured(_not_unique(sobject, field.name))
        missing = [field for field in wanted if field.name not in known]
        made += _make(talk, sobject, missing)
        if missing:
            _let(talk, sobject, missing)
    return tuple(dict.fromkeys(made))


def missing_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> list[str]:
    """Return the fields that are not there, or are not what they must be, as Contact.Name__c."""
    talk = Talk(store)
    missing = []
    for sobject in objects_of(store, kind):
        known = {field.name: field for field in (_field(row) for row in _described(talk, sobject))}
        missing += [
            f"{sobject}.{field.name}"
            for field in wanted
            if field.name not in known or (field.is_key and not known[field.name].is_key)
        ]
    return missing


def objects_of(store: Store, kind: str) -> tuple[str, ...]:
    """Return in which objects a kind of record needs our fields."""
    return people_objects(store) if kind == "contact" else (object_of(store, kind),)


def _described(talk: Talk, sobject: str) -> list[Json]:
    try:
        said = talk.get(f"{DATA}/sobjects/{sobject}/describe")
    except Wrong as trouble:
        words = {"object": sobject}
        raise Misconfigured(
            _("Salesforce has no object %(object)s, or does not show it to the app’s user.") % words
        ) from trouble
    return [
        row
        for row in rows(said, "fields")
        if isinstance(row.get("name"), str) and row.get("type") not in NOT_SHOWN
    ]


def _make(talk: Talk, sobject: str, missing: Sequence[RemoteField]) -> list[str]:
    """Make fields one by one; one that is there but not shown to us counts as not made."""
    made = []
    for place, field in enumerate(missing):
        body = {"FullName": f"{sobject}.{field.name}", "Metadata": _metadata(field)}
        try:
            talk.post(f"{DATA}/tooling/sobjects/CustomField", body)
        except Wrong as trouble:
            if "DUPLICATE_DEVELOPER_NAME" in trouble.codes:
                continue
            raise Misconfigured(_by_hand(sobject, missing[place:], str(trouble))) from trouble
        except Misconfigured as trouble:
            raise Misconfigured(_by_hand(sobject, missing[place:], str(trouble))) from trouble
        made.append(field.name)
    return made


def _let(talk: Talk, sobject: str, fields: Sequence[RemoteField]) -> None:
    names = [f"{sobject}.{field.name}" for field in fields]
    try:
        left = grant(talk, sobject, names)
    except (Wrong, Misconfigured) as trouble:
        raise Misconfigured(_let_by_hand(names, str(trouble))) from trouble
    if left:
        raise Misconfigured(_let_by_hand(list(left), next(iter(left.values()))))


def _metadata(field: RemoteField) -> Json:
    body: Json = {"label": field.label[:LONGEST_LABEL], **TYPES[field.kind]}
    if field.is_key:
        return body | {"length": LONGEST_KEY, "externalId": True, "unique": True, "caseSensitive": False}
    if field.kind in ("choice", "choices"):
        values = [{"fullName": value, "label": label, "default": False} for value, label in field.choices]
        body["valueSet"] = {"restricted": False, "valueSetDefinition": {"sorted": False, "value": values}}
    return body


def _field(row: Mapping[str, Any]) -> RemoteField:
    name = str(row["name"])
    return RemoteField(
        name,
        str(row.get("label") or name),
        KINDS.get(str(row.get("type")), "text"),
        tuple(
            (str(one.get("value")), str(one.get("label") or one.get("value")))
            for one in rows(row, "picklistValues")
            if one.get("active") is not False
        ),
        is_writable=row.get("updateable") is True or row.get("createable") is True,
        is_key=(row.get("externalId") is True and row.get("unique") is True) or name == EMAIL,
    )


def _not_unique(sobject: str, name: str) -> str:
    words = {"object": sobject, "name": name}
    return (
        _(
            "Salesforce has a field %(object)s.%(name)s that is no external id, or may stand in several records at "
            "once. Tick “External ID” and “Unique” in Setup > Object Manager, or delete it; it is then made anew."
        )
        % words
    )


def _by_hand(sobject: str, missing: Sequence[RemoteField], said: str) -> str:
    """Name the fields that an administrator must make, and how."""
    fields = "; ".join(f"{field.name} ({_kind_for_people(field)})" for field in missing)
    return _(
        "The app’s user may not make fields. In Setup > Object Manager > %(object)s > Fields & Relationships, an "
        "administrator makes: %(fields)s. Or give the user “Customize Application” for as long as this takes. %(said)s"
    ) % {"object": sobject, "fields": fields, "said": said}


def _kind_for_people(field: RemoteField) -> str:
    if field.is_key:
        return _("text of 80 letters, external id, unique")
    return str(FOR_PEOPLE[field.kind])


def _let_by_hand(names: Sequence[str], said: str) -> str:
    words = {"fields": ", ".join(names), "set": PERMISSION_SET, "said": said}
    return (
        _(
            "The fields are there, but the app’s user may not fill them. In Setup > Permission Sets, an administrator "
            "gives a set with “Edit Access” to %(fields)s to that user. %(said)s"
        )
        % words
    )
