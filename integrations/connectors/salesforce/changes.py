"""What people changed in Salesforce, asked for by the time of the change, deleted records too.

No page is asked for by its number: the next one begins after the last record of this one, by time and then by number,
so nothing is left out when records change meanwhile. A record may be seen a while after the time that stands in it (a
long transaction): ask again from some minutes before the last change; what is told twice does no harm.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from core.jobs import Misconfigured, Permanent
from integrations.connectors.base import Store
from integrations.connectors.records import Change, ChangePage
from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.api import Talk, Wrong
from integrations.connectors.salesforce.choices import (
    CONTACT,
    LEAD,
    OPPORTUNITY,
    deal_contact,
    deal_object,
    people_objects,
)
from integrations.connectors.salesforce.defaults import IN
from integrations.connectors.salesforce.drafts import Known, known_of
from integrations.connectors.salesforce.finding import MOST_COLUMNS, missing_column
from integrations.connectors.salesforce.names import EMAIL, KEY, name_in
from integrations.connectors.salesforce.users import our_user
from integrations.connectors.salesforce.values import email_of, same_number, whole_second
from integrations.mapping import read_sheet
from integrations.mapping.expressions import paths_of
from integrations.mapping.paths import read_path, write_path
from integrations.mapping.plain import moment_of

PER_PAGE = 500
BASE = ("Id", "SystemModstamp")  # without these nothing can be told
TOUCHED = ("CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate", "OwnerId")
PLACE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\|([A-Za-z0-9]{15,18})", re.ASCII
)
Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Told:
    """One record that changed: where it stands in the order of all changes, and what is told of it."""

    place: Place
    change: Change


def list_changes(store: Store, kind: str, since: datetime, cursor: str | None) -> ChangePage:
    """Return records changed since then, the oldest change first; raises a Failure.

    Of customers that are leads the contacts that some became are told too. `is_ours`: the app's user made the record,
    has it, and nobody has changed it since. Where that user only changed it last, others may have done so before:
    whoever asks compares the values with those last agreed on.
    """
    talk = Talk(store)
    place = _place(cursor)
    objects = people_objects(store) if kind == "contact" else (deal_object(store),)
    user = our_user(talk)
    found: list[Told] = []
    ends: list[Place] = []
    for sobject in objects:
        page, is_full = _page(talk, kind, sobject, since, place, user)
        found += page
        if is_full:
            ends.append(page[-1].place)
    if not ends:
        return ChangePage(_changes(talk, kind, found))
    last = min(ends)
    kept = [one for one in found if one.place <= last]
    return ChangePage(_changes(talk, kind, kept), f"{soql.moment(last[0])}|{last[1]}")


def _changes(talk: Talk, kind: str, found: Sequence[Told]) -> tuple[Change, ...]:
    """Return the changes in their order, deals with the address of their contact."""
    changes = [one.change for one in sorted(found, key=lambda one: one.place)]
    contacts = (
        sorted({one.contact for one in changes if soql.is_number(one.contact)}) if kind == "deal" else []
    )
    emails: dict[str, str] = {}
    for some in soql.in_turns([(number, [number]) for number in contacts]):
        for row in talk.query(soql.select(("Id", EMAIL), CONTACT, soql.among("Id", some))):
            emails[str(row.get("Id"))] = email_of(row.get(EMAIL))
    return tuple(replace(one, email=emails[one.contact]) if one.contact in emails else one for one in changes)


def _place(cursor: str | None) -> Place | None:
    """Return where to go on: after which moment and record."""
    if cursor is None:
        return None
    found = PLACE.fullmatch(cursor)
    if found is None:
        raise Permanent(_("This is no place in Salesforce’s changes."))
    try:
        return datetime.fromisoformat(found[1]), found[2]
    except ValueError:
        raise Permanent(_("This is no place in Salesforce’s changes.")) from None


def _page(
    talk: Talk, kind: str, sobject: str, since: datetime, place: Place | None, user: str
) -> tuple[list[Told], bool]:
    """Return the next changes of an object, and whether there may be more."""
    where = f"SystemModstamp >= {soql.moment(since)}"
    if place is not None:
        at = soql.moment(place[0])
        where = f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > {soql.text(place[1])}))"
    if kind == "contact" and sobject == CONTACT and LEAD in people_objects(talk.store):
        where += f" AND {KEY} != null"
    rows, has_more = _ask(talk, kind, sobject, where)
    watched = _watched(talk.store, kind)
    page = [told for row in rows if (told := _told(talk.store, sobject, row, user, watched)) is not None]
    return page, bool(page) and (has_more or len(rows) >= PER_PAGE)


def _ask(talk: Talk, kind: str, sobject: str, where: str) -> tuple[list[dict[str, object]], bool]:
    """Run the query with the fields that the mapping reads; those that there are not are left out."""
    link = {OPPORTUNITY: "ContactId", LEAD: "IsConverted"}.get(sobject, "")
    person = (EMAIL,) if kind == "contact" else (deal_contact(talk.store) if sobject != OPPORTUNITY else "",)
    watched = [name_in(sobject, name) for name in _watched(talk.store, kind)]
    names = soql.fields(*BASE, *TOUCHED, "IsDeleted", KEY, *person, link, *watched)
    then = f"ORDER BY SystemModstamp, Id LIMIT {PER_PAGE}"
    for _turn in range(MOST_COLUMNS):
        try:
            rows, following = talk.page(soql.select(names, sobject, where, then), with_deleted=True)
        except Wrong as trouble:
            column = missing_column(trouble).lower()
            if column not in {name.lower() for name in names if name not in BASE}:
                raise Misconfigured(str(trouble)) from trouble
            names = [name for name in names if name.lower() != column]
        else:
            return rows, bool(following)
    raise Misconfigured(_("The mapping names too many fields that Salesforce does not have."))


def _watched(store: Store, kind: str) -> list[str]:
    """Return the fields that the mapping in force reads, and those of the default."""
    saved = store.mappings.get(("in", kind))
    sheets = [read_sheet([dict(row) for row in IN[kind]]), *([read_sheet(saved)] if saved else [])]
    sources = [row.source for sheet in sheets for row in sheet.rows if row.source]
    sources += [one.source for sheet in sheets for one in sheet.when]
    paths = [read_path(source) for source in sources]
    for row in (row for sheet in sheets for row in sheet.rows if row.expression):
        paths += paths_of(row.expression)
    return [write_path(path) for path in paths]


def _told(
    store: Store, sobject: str, row: dict[str, object], user: str, watched: Sequence[str]
) -> Told | None:
    known, at = known_of(sobject, row), moment_of(row.get("SystemModstamp"))
    if at is None or not soql.is_number(known.id):
        return None
    link = "ContactId" if sobject == OPPORTUNITY else deal_contact(store)
    change = Change(
        known.id,
        at.astimezone(UTC),
        _values(sobject, row, watched),
        is_ours=_is_ours(known, user),
        is_gone=known.value("IsDeleted") is True,
        key=known.key,
        email=known.email,
        contact=str(known.value(link) or "") if link else "",
    )
    return Told((at.astimezone(UTC), known.id), change)


def _is_ours(known: Known, user: str) -> bool:
    """Whether this is what we made and nobody has touched: neither a person nor a rule that gives records to people."""
    who = (known.value("CreatedById"), known.value("LastModifiedById"), known.value("OwnerId") or user)
    is_untouched = known.value("CreatedDate") == known.value("LastModifiedDate")
    return is_untouched and all(same_number(user, str(one or "")) for one in who)


def _values(sobject: str, row: dict[str, object], watched: Sequence[str]) -> dict[str, object]:
    """Return the record's values by their own names, and by those that the mapping has for them."""
    values = {name: whole_second(value) for name, value in row.items() if name != "attributes"}
    small = {name.lower(): value for name, value in values.items()}
    for name in watched:
        if (own := name_in(sobject, name).lower()) in small:
            values.setdefault(name, small[own])
    return values
