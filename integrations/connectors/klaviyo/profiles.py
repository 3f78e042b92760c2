"""Profiles at Klaviyo: found by number, our key or the address, then written one by one, never doubled.

What a person agreed to receive (consent, subscriptions) is never read and never written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure, Permanent, Temporary
from integrations.connectors.base import Store, telling
from integrations.connectors.drafts import Draft, drafts_of
from integrations.connectors.klaviyo.api import Json, Talk, Wrong, inside, rows
from integrations.connectors.records import Found, Outcome, RemoteField, Row, Upserted
from integrations.mapping import Unfit
from integrations.mapping.conflicts import is_same

BATCH = 50
KEY = "external_id"  # by which our profiles are known, and their events find them
PATH, IMPORT = "/api/profiles", "/api/profile-import"
LOCATION = "location."
OWN = ("email", "phone_number", "first_name", "last_name", "organization", "title", "locale")
PLACES = ("country", "city", "region", "zip", "address1", "address2", "timezone")
IDENTIFIERS = ("email", "phone_number", KEY)
READ = ",".join((*OWN, KEY, "location", "properties", "updated"))
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # the only form of a telephone number that Klaviyo takes
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,11})\.[0-9]{1,4}", re.ASCII)
CONSENT = re.compile(r"\$|subscri|consent|suppress|opt_?in", re.IGNORECASE)
UNQUOTABLE = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Known:
    """A profile as Klaviyo has it now."""

    id: str
    told: Json

    def value(self, name: str) -> Any:
        """Return what stands in a field, by the name that mappings have for it."""
        if name.startswith(LOCATION):
            return inside(self.told, "location").get(name.removeprefix(LOCATION))
        return self.told.get(name) if name in (*OWN, KEY) else inside(self.told, "properties").get(name)

    @property
    def at(self) -> datetime | None:
        """When it was changed last, if that is told."""
        try:
            moment = datetime.fromisoformat(str(self.told.get("updated")))
        except ValueError:
            return None
        return moment if moment.tzinfo else None


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return Klaviyo's own fields; properties come into being when they are written, and no list tells of them."""
    names = (*OWN, *(f"{LOCATION}{place}" for place in PLACES))
    return RemoteField(KEY, KEY, is_key=True), *(RemoteField(name, name) for name in names)


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Return nothing: a property is there as soon as one profile has it."""
    return ()


def fetch_records(store: Store, kind: str, given: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return those of the rows' profiles that are there, with what stands in these fields; raises a Failure."""
    talk = Talk(store)
    try:
        found = find(talk, drafts_of(given, draft_of))
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return tuple(
        Found(key, known.id, {name: known.value(name) for name in names}, known.at)
        for key, known in found.items()
    )


def upsert(store: Store, kind: str, given: Sequence[Row]) -> Upserted:
    """Write rows, at most BATCH; raises a Failure, with what was asked and answered."""
    if len(given) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
    talk, drafts = Talk(store), drafts_of(given, draft_of)
    try:
        found = find(talk, drafts)
        outcomes = {draft.key: _put(talk, draft, found.get(draft.key)) for draft in drafts}
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return Upserted(tuple(outcomes[row.key] for row in given), talk.exchange())


def draft_of(row: Row) -> Draft:
    """Return a row as Klaviyo can use it."""
    values = {name: _fitting(name, value) for name, value in row.values.items() if name != KEY}
    email = str(row.email or values.get("email") or "").strip().lower()
    return Draft(row.key, values, row.remote_id, email)


def find(talk: Talk, drafts: Sequence[Draft]) -> dict[str, Known]:
    """Return our key -> the profile, for those that there are: three questions at most. Raises a Failure."""
    found: dict[str, Known] = {}

    def look(name: str, told: Callable[[Draft], str], fits: Callable[[Known, str], bool]) -> None:
        wanted = {draft.key: told(draft) for draft in drafts if draft.key not in found and told(draft)}
        profiles = _any_of(talk, name, sorted(set(wanted.values())))
        for key, value in wanted.items():
            known = next((one for one in profiles if fits(one, value)), None)
            if known is not None:
                found[key] = known

    look("id", lambda draft: draft.remote_id, lambda known, number: known.id == number)
    look(KEY, lambda draft: draft.key, lambda known, key: known.told.get(KEY) == key)
    look("email", lambda draft: draft.email if "@" in draft.email else "", _has_email)
    return found


def _has_email(known: Known, email: str) -> bool:
    return str(known.told.get("email") or "").lower() == email


def _any_of(talk: Talk, name: str, values: Sequence[str]) -> list[Known]:
    """Return the profiles that have one of these values; one that cannot be asked for is known by none."""
    askable = [value for value in values if not UNQUOTABLE.search(value)]
    if not askable:
        return []
    listed = ",".join(f'"{value}"' for value in askable)
    query = {"filter": f"any({name},[{listed}])", "fields[profile]": READ, "page[size]": "100"}
    told = rows(talk.get(PATH, query))
    return [
        Known(str(row["id"]), inside(row, "attributes")) for row in told if isinstance(row.get("id"), str)
    ]


def _put(talk: Talk, draft: Draft, known: Known | None) -> Outcome:
    """Write one profile; what is wrong with it is the outcome's sentence."""
    try:
        return _make(talk, draft) if known is None else _update(talk, draft, known)
    except (Unfit, Wrong) as trouble:
        return Outcome(draft.key, refusal=str(trouble))


def _update(talk: Talk, draft: Draft, known: Known) -> Outcome:
    """Write what differs; a number by which another system knows the profile stays, and so does its address there."""
    changed = {name: value for name, value in draft.values.items() if not is_same(value, known.value(name))}
    for name in ("email", "phone_number"):
        if not changed.get(name) or (name == "email" and _has_email(known, draft.email)):
            changed.pop(name, None)
    key = {} if known.told.get(KEY) else {KEY: draft.key}
    data = _data(changed, key)
    if not data["attributes"] and "meta" not in data:
        return Outcome(draft.key, known.id)
    try:
        talk.send("PATCH", f"{PATH}/{known.id}", {**data, "id": known.id})
    except Wrong as trouble:
        if trouble.status == 404:
            return _make(talk, draft)
        if trouble.status != 409:
            raise
        _without_identifiers(talk, known.id, data)
    return Outcome(draft.key, known.id)


def _make(talk: Talk, draft: Draft) -> Outcome:
    """Make a profile, or bring the one up to date that has come meanwhile by the same address or number."""
    values = {"email": draft.email, **draft.values} if draft.email else dict(draft.values)
    data = _data(
        {name: value for name, value in values.items() if value not in (None, "", [])}, {KEY: draft.key}
    )
    if not any(data["attributes"].get(name) for name in ("email", "phone_number")):
        raise Unfit(
            _("Klaviyo keeps no profile without an e-mail address or a telephone number (as +49301234).")
        )
    try:
        number = str(inside(talk.send("POST", IMPORT, data)).get("id") or "")
    except Wrong as trouble:
        if trouble.status != 409 or not trouble.other:
            raise
        _without_identifiers(talk, trouble.other, data)
        return Outcome(draft.key, trouble.other)
    if not number:
        raise Temporary(_("Klaviyo did not say what became of a profile: it is looked for again."))
    return Outcome(draft.key, number, is_new=True)


def _without_identifiers(talk: Talk, number: str, data: Json) -> None:
    """Write to the profile that there is all but what another one has: its address, telephone number or key."""
    attributes = {name: value for name, value in data["attributes"].items() if name not in IDENTIFIERS}
    if attributes or "meta" in data:
        talk.send("PATCH", f"{PATH}/{number}", {**data, "id": number, "attributes": attributes})


def _data(values: Mapping[str, Any], more: Mapping[str, str]) -> Json:
    """Return a profile as Klaviyo takes it; raises Unfit for what would touch a person's consent."""
    attributes: Json = dict(more)
    unset: list[str] = []
    for name, value in values.items():
        if CONSENT.search(name):
            raise Unfit(
                _("“%(name)s” would change what a person has agreed to: map another field.") % {"name": name}
            )
        if name in OWN:
            attributes[name] = value or None
        elif name.startswith(LOCATION):
            attributes.setdefault("location", {})[name.removeprefix(LOCATION)] = value or None
        elif value in (None, "", []):
            unset.append(name)
        else:
            attributes.setdefault("properties", {})[name] = value
    data: Json = {"type": "profile", "attributes": attributes}
    return data | ({"meta": {"patch_properties": {"unset": unset}}} if unset else {})


def _fitting(name: str, value: Any) -> Any:
    """Return a value as Klaviyo can use it: amounts as numbers, a telephone number in its one form or not at all."""
    if name == "phone_number":
        number = re.sub(r"[\s()./-]", "", str(value or ""))
        return number if NUMBER.fullmatch(number) else None
    is_own = name in OWN or name.startswith(LOCATION)
    return float(value) if not is_own and isinstance(value, str) and DECIMAL.fullmatch(value) else value
