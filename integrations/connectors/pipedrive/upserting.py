"""Records of ours at Pipedrive, one by one: updated where they are known, made where they are not.

Every record is looked up first, also when the whole is tried again after an answer that never came: what was made
meanwhile is found and not made twice. What is wrong with one record stands in its outcome and fails no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Failure, Permanent, Temporary
from integrations.connectors.base import Store, telling
from integrations.connectors.drafts import Draft, drafts_of
from integrations.connectors.pipedrive.api import V2, Json, Talk, Wrong, inside
from integrations.connectors.pipedrive.drafts import LISTS, Known, draft_of
from integrations.connectors.pipedrive.fields import Fields, title
from integrations.connectors.pipedrive.finding import Finder
from integrations.connectors.pipedrive.setup import begin
from integrations.connectors.pipedrive.standard import CONTACT, KEY, PATHS, Field
from integrations.connectors.pipedrive.values import email_of, is_same, wired
from integrations.connectors.records import Found, Outcome, Row, Upserted
from integrations.mapping import Unfit
from integrations.mapping.plain import storable_text

BATCH = 20
# how those of Pipedrive's own fields are cleared that can be
EMPTIED: dict[str, Any] = {"varchar": "", "set": []}
NEVER_EMPTY = ("name", "title", "currency", "status")
NAMES = {"contact": "name", "deal": "title"}  # what a record must have


@dataclass
class Desk:
    """Works through drafts of one kind; people are looked up for deals only if one has none."""

    talk: Talk
    kind: str
    finder: Finder = field(init=False)
    people: Finder = field(init=False)

    def __post_init__(self) -> None:
        self.finder = Finder(self.talk, self.kind)
        self.people = Finder(self.talk, "contact")

    def put(self, draft: Draft) -> Outcome:
        """Write one record; what Pipedrive or the field refuses is the outcome's sentence."""
        try:
            return self._put(draft)
        except (Unfit, Wrong) as trouble:
            return Outcome(draft.key, refusal=str(trouble))

    def _put(self, draft: Draft) -> Outcome:
        known = self.finder.find(draft)
        if known is None:
            return self._create(draft)
        changed = self._changed(draft, known)
        if not changed:
            return Outcome(draft.key, known.id)
        try:
            told = self.talk.send("PATCH", f"{V2}/{PATHS[self.kind]}/{known.id}", changed)
        except Wrong as trouble:
            if trouble.status not in (404, 410):
                raise
            self.finder.forget(known)  # somebody has deleted or merged it in this moment
            return self._put(draft)
        self._note(told, known)
        return Outcome(draft.key, known.id)

    def _create(self, draft: Draft) -> Outcome:
        body = {**(begin(self.talk.store) if self.kind == "deal" else {}), **self._first(draft)}
        told = self.talk.send("POST", f"{V2}/{PATHS[self.kind]}", body)
        number = self.finder.note(Known(inside(told)))
        if not number:
            raise Temporary(_("Pipedrive did not say what became of a record: it is looked for again."))
        return Outcome(draft.key, number, is_new=True)

    def _note(self, told: Json, known: Known) -> None:
        """Remember what an update made of a record; a half answer leaves it as it was."""
        after = Known(inside(told))
        self.finder.note(after if after.id == known.id else known)

    def _changed(self, draft: Draft, known: Known) -> Json:
        """Return what Pipedrive does not have yet."""
        fields = self.finder.fields
        body = body_of(fields, draft.values, known, self.talk.store)
        if not known.key(fields):
            body.setdefault("custom_fields", {})[fields.key().code] = draft.key
        if self.kind == "deal" and not known.person and (person := self._person(draft)):
            body["person_id"] = person
        return body

    def _first(self, draft: Draft) -> Json:
        """Return what a new record begins with; raises Unfit for one that cannot be named."""
        fields = self.finder.fields
        values = {name: value for name, value in draft.values.items() if value not in (None, "", [])}
        if self.kind == "contact" and draft.email:
            values = {"email": draft.email, **values}
        body = body_of(fields, values, None, self.talk.store)
        body.setdefault("custom_fields", {})[fields.key().code] = draft.key
        name = NAMES[self.kind]
        body[name] = body.get(name) or (storable_text(draft.email) if self.kind == "contact" else draft.key)
        if not body[name]:
            raise Unfit(
                _("Pipedrive keeps no person without a name: this customer has not even an e-mail address.")
            )
        if self.kind == "deal" and (person := self._person(draft)):
            body["person_id"] = person
        return body

    def _person(self, draft: Draft) -> int | None:
        """Return the number of a deal's person; who is not known there yet is joined another time."""
        if not (draft.contact or draft.email):
            return None
        found = self.people.find(Draft(draft.contact, {}, email=draft.email))
        return int(found.id) if found else None


def upsert(store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
    """Write rows, at most BATCH; raises a Failure, with what was asked and answered."""
    if len(rows) > BATCH:
        raise Permanent(f"At most {BATCH} rows go in one call.")
    talk = Talk(store)
    try:
        desk, drafts = Desk(talk, kind), drafts_of(rows, draft_of)
        desk.finder.prime(drafts)
        outcomes = {draft.key: desk.put(draft) for draft in drafts}
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    return Upserted(tuple(outcomes[row.key] for row in rows), talk.exchange())


def fetch_records(store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]) -> tuple[Found, ...]:
    """Return those of the rows' records that are there, with what stands in these fields; raises a Failure."""
    talk = Talk(store)
    finder = Finder(talk, kind)
    try:
        drafts = drafts_of(rows, draft_of)
        finder.prime(drafts)
        found = [(draft, known) for draft in drafts if (known := finder.find(draft)) is not None]
        return tuple(
            Found(draft.key, known.id, _asked(finder.fields, draft, known, names), known.at)
            for draft, known in found
        )
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble


def _asked(fields: Fields, draft: Draft, known: Known, names: Sequence[str]) -> dict[str, Any]:
    told = known.values(fields)
    told |= {KEY: known.key(fields) or None, CONTACT: draft.contact if known.person else None}
    return {name: told.get(name) for name in names}


def body_of(fields: Fields, values: Mapping[str, Any], known: Known | None, store: Store) -> Json:
    """Return the values as Pipedrive takes them, without those that a known record has; raises Unfit."""
    body: Json = {}
    for name, value in values.items():
        found = _field(fields, name)
        if found.code in LISTS:
            _list(body, found.code, value, known)
            continue
        raw = wired(found, value, store)
        theirs = (
            None if known is None else (known.custom if found.is_custom else known.record).get(found.code)
        )
        if is_same(raw, theirs):
            continue
        if found.is_custom:
            body.setdefault("custom_fields", {})[found.code] = raw
        elif raw is not None:
            body[found.code] = raw
        elif found.code not in NEVER_EMPTY and found.type in EMPTIED:
            body[found.code] = EMPTIED[found.type]
    return body


def _field(fields: Fields, name: str) -> Field:
    found = fields.find(name)
    if found is None or not found.is_writable:
        raise Unfit(
            _(
                "Pipedrive has no field “%(name)s” that can be written. Press “Make or repair webhooks” if it is "
                "one of ours, or map another one."
            )
            % {"name": title(name)[:60]}
        )
    return found


def _list(body: Json, code: str, value: Any, known: Known | None) -> None:
    """Set a person's main address or number; the others stay behind it, and an empty one takes none away."""
    told = storable_text(str(value or "")).strip()
    standing = known.listed(code) if known else []
    if not told or email_of(told) in [email_of(one) for one in standing]:
        return
    kept = [{"value": one, "primary": False, "label": "other"} for one in standing]
    body[LISTS[code]] = [{"value": told, "primary": True, "label": "work"}, *kept]
