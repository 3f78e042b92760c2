"""Which records HubSpot has already: asked by our key, by its own number, by the e-mail address; never by a search.

A search looks into an index that lags, so that who has just been made would be made twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from core.jobs import Failure, Misconfigured
from integrations.connectors.base import Store, telling
from integrations.connectors.drafts import Draft, drafts_of
from integrations.connectors.hubspot.api import OBJECTS as PATH, Talk, Wrong, inside, rows
from integrations.connectors.hubspot.drafts import CHANGED, CONTACT, EMAIL, KEY, OBJECTS, Known, draft_of
from integrations.connectors.records import Found, Row
from integrations.mapping.plain import moment_of

ALWAYS = {
    "contact": (KEY, EMAIL, "hs_additional_emails", "hs_merged_object_ids"),
    "deal": (KEY, "hs_merged_object_ids", "num_associated_contacts"),
}


def find(talk: Talk, kind: str, drafts: Sequence[Draft]) -> dict[str, Known]:
    """Return our key -> the record, for those that there are; raises a Failure."""
    names = sorted({*ALWAYS[kind], *(name for draft in drafts for name in draft.values)} - {CONTACT})
    found: dict[str, Known] = {}

    def look(
        name: str, told: Callable[[Draft], str], fits: Callable[[Known, str], bool], *, is_odd: bool = False
    ) -> None:
        wanted = {draft.key: told(draft) for draft in drafts if draft.key not in found and told(draft)}
        records = _read(talk, kind, name, sorted(set(wanted.values())), names, is_odd)
        for key, value in wanted.items():
            record = next((one for one in records if fits(one, value)), None)
            if record is not None:
                found[key] = record

    look(KEY, lambda draft: draft.key, lambda record, key: record.key == key)
    look("", lambda draft: draft.remote_id, _is_called, is_odd=True)
    if kind == "contact":
        look(
            EMAIL,
            lambda draft: draft.email if "@" in draft.email else "",
            lambda record, email: email in record.emails,
            is_odd=True,
        )
    return found


def _is_called(record: Known, number: str) -> bool:
    """Whether a record has this number, or had it before it was merged into another one."""
    return number in (record.id, *str(record.values.get("hs_merged_object_ids") or "").split(";"))


def _read(
    talk: Talk, kind: str, name: str, values: Sequence[str], names: Iterable[str], is_odd: bool
) -> list[Known]:
    """Return the records that are known by these values of a property (of none: by HubSpot's own numbers).

    `is_odd`: a value may be one that HubSpot cannot look for at all; it is not known there, and fails no other.
    """
    if not values:
        return []
    body = {"properties": list(names), "inputs": [{"id": value} for value in values]}
    if name:
        body["idProperty"] = name
    try:
        answer = talk.post(f"{PATH}/{OBJECTS[kind]}/batch/read", body)
    except Wrong as trouble:
        if trouble.status == 404:
            return []
        if not is_odd:
            raise Misconfigured(_without_key(trouble)) from trouble
        if len(values) == 1:
            return []
        half = len(values) // 2
        return [
            record
            for some in (values[:half], values[half:])
            for record in _read(talk, kind, name, some, names, is_odd)
        ]
    return [known for row in rows(answer) if (known := known_of(row)).id]


def fetch_records(store: Store, kind: str, wanted: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return those of the rows' records that HubSpot has, with what stands in these properties; raises a Failure."""
    talk = Talk(store)
    asked = dict.fromkeys([*names, CHANGED[kind]], "")
    drafts = [replace(draft, values=asked) for draft in drafts_of(wanted, draft_of)]
    try:
        found = find(talk, kind, drafts)
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return tuple(
        Found(
            key,
            record.id,
            {name: record.values.get(name) for name in names},
            moment_of(record.values.get(CHANGED[kind])),
        )
        for key, record in found.items()
    )


def known_of(row: dict[str, object]) -> Known:
    """Return a record as an answer tells it."""
    return Known(str(row.get("id") or ""), inside(row, "properties"))


def _without_key(trouble: Wrong) -> str:
    return _(
        "HubSpot cannot look for our records: the property %(name)s is missing or is not unique. Press “Make or repair "
        "webhooks”, which makes it. HubSpot says: %(said)s"
    ) % {"name": KEY, "said": trouble}
