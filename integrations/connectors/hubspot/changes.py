"""What people changed in HubSpot, asked for by the time of the change.

A search gives 10,000 results at most and knows one order only, so no page is asked for by its number: the next one
begins after the last change of this one, and where many records were changed in one thousandth of a second, they are
gone through by number. Nothing is left out when records change meanwhile. The index lags a few seconds: ask again from
a minute before the last change; what is told twice does no harm. Deleted records are not found so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Permanent
from integrations.connectors.base import Store
from integrations.connectors.hubspot.api import (
    ASSOCIATIONS,
    OBJECTS as PATH,
    Json,
    Talk,
    Wrong,
    inside,
    option,
    rows,
)
from integrations.connectors.hubspot.defaults import IN
from integrations.connectors.hubspot.drafts import CHANGED, EMAIL, KEY, OBJECTS
from integrations.connectors.hubspot.finding import known_of
from integrations.connectors.records import Change, ChangePage
from integrations.mapping import read_sheet
from integrations.mapping.plain import moment_of
from integrations.mapping.reading import fields_read

BEGINNING = datetime.min.replace(tzinfo=UTC)
EPOCH, THOUSANDTH = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
PER_PAGE = 100
HISTORIES = 50  # records whose history one call brings
FROM, AFTER, AT = "from", "after", "at"
PLACE = re.compile(r"(after|at):([0-9]{1,16})(?::([0-9]{0,20}))?", re.ASCII)
OURS = ("INTEGRATION", "API")  # as HubSpot calls the source of a value that an app wrote


def list_changes(store: Store, kind: str, since: datetime, cursor: str | None) -> ChangePage:
    """Return records changed since then, the oldest change first; raises a Failure.

    `is_ours`: nobody but us has written a property that the mapping reads since then. It needs the setting `app_id`,
    the number under which HubSpot notes what our key writes. Without it nothing is ours, and whoever asks compares the
    values with those last agreed on.
    """
    talk = Talk(store)
    mode, moment, last = _place(cursor, since)
    names = [*dict.fromkeys((KEY, EMAIL, CHANGED[kind], *_watched(store, kind)))]
    found = rows(talk.post(f"{PATH}/{OBJECTS[kind]}/search", _question(kind, names, mode, moment, last)))
    page, following = _cut(kind, found, mode, moment)
    own = _written_by_us(talk, kind, [str(row["id"]) for row in page], since)
    changes = tuple(_change(kind, row, own) for row in page)
    return ChangePage(_with_people(talk, changes) if kind == "deal" else changes, following)


def _with_people(talk: Talk, deals: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return deals with their contact and its address; of several contacts that with the lowest number."""
    if not deals:
        return deals
    body = {"inputs": [{"id": deal.remote_id} for deal in deals]}
    answer = talk.post(f"{ASSOCIATIONS}/deals/contacts/batch/read", body)
    contacts = {
        str(inside(row, "from").get("id")): min(numbers, key=int)
        for row in rows(answer)
        if (numbers := [str(one["toObjectId"]) for one in rows(row, "to") if "toObjectId" in one])
    }
    if not contacts:
        return deals
    wanted = {"properties": [EMAIL], "inputs": [{"id": one} for one in sorted(set(contacts.values()))]}
    people = rows(talk.post(f"{PATH}/{OBJECTS['contact']}/batch/read", wanted))
    emails = {known.id: str(known.values.get(EMAIL) or "") for known in map(known_of, people)}
    return tuple(
        replace(deal, contact=contact, email=emails.get(contact, ""))
        if (contact := contacts.get(deal.remote_id, ""))
        else deal
        for deal in deals
    )


def fetch_changed(store: Store, kind: str, numbers: Sequence[str]) -> tuple[Change, ...]:
    """Return records by their numbers as they are now, whatever the search knows of them; raises a Failure."""
    talk = Talk(store)
    names = [*dict.fromkeys((KEY, EMAIL, CHANGED[kind], *_watched(store, kind)))]
    body = {"properties": names, "inputs": [{"id": number} for number in numbers]}
    try:
        found = rows(talk.post(f"{PATH}/{OBJECTS[kind]}/batch/read", body))
    except Wrong as trouble:
        if trouble.status == 404:
            return ()
        raise
    changes = tuple(_change(kind, row, frozenset()) for row in found)
    return _with_people(talk, changes) if kind == "deal" else changes


def _watched(store: Store, kind: str) -> tuple[str, ...]:
    """Return the properties that the mapping in force reads, and those of the default."""
    document = store.mappings.get(("in", kind)) or {"rows": [], "schema": 1}
    read = fields_read(read_sheet(document))
    return tuple(dict.fromkeys([*(str(row["source"]) for row in IN[kind]), *read]))


def _place(cursor: str | None, since: datetime) -> tuple[str, int, str]:
    """Return where to go on: how, from which thousandth of a second, and after which record."""
    if cursor is None:
        return FROM, _milliseconds(since), ""
    found = PLACE.fullmatch(cursor)
    if found is None:
        raise Permanent(_("This is no place in HubSpot’s changes."))
    return found[1], int(found[2]), found[3] or ""


def _question(kind: str, names: Sequence[str], mode: str, moment: int, last: str) -> Json:
    when = CHANGED[kind]
    operator = {FROM: "GTE", AFTER: "GT", AT: "EQ"}[mode]
    filters = [{"propertyName": when, "operator": operator, "value": str(moment)}]
    if mode == AT and last:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": last})
    order = "hs_object_id" if mode == AT else when
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
        "properties": list(names),
        "limit": PER_PAGE,
    }


def _cut(kind: str, found: list[Json], mode: str, moment: int) -> tuple[list[Json], str | None]:
    """Return the rows of a page that are complete, and where to go on."""
    if mode == AT:
        is_full = len(found) >= PER_PAGE
        return found, f"{AT}:{moment}:{found[-1]['id']}" if is_full else f"{AFTER}:{moment}"
    if len(found) < PER_PAGE:
        return found, None
    last = _changed_at(kind, found[-1])
    whole = [row for row in found if _changed_at(kind, row) < last]
    if not whole:
        return [], f"{AT}:{_milliseconds(last)}:"
    return whole, f"{AFTER}:{_milliseconds(_changed_at(kind, whole[-1]))}"


def _change(kind: str, row: Json, own: frozenset[str]) -> Change:
    known = known_of(row)
    email = str(known.values.get(EMAIL) or "")
    return Change(
        known.id,
        _changed_at(kind, row),
        dict(known.values),
        is_ours=known.id in own,
        key=known.key,
        email=email,
    )


def _changed_at(kind: str, row: Json) -> datetime:
    text = inside(row, "properties").get(CHANGED[kind]) or row.get("updatedAt")
    return _at(text)


def _written_by_us(talk: Talk, kind: str, ids: Sequence[str], since: datetime) -> frozenset[str]:
    """Return the records in which nobody else has written a watched property since then, by their histories."""
    app = option(talk.store, "app_id")
    own: set[str] = set()
    for start in range(0, len(ids) if app else 0, HISTORIES):
        body = {
            "properties": [KEY],
            "propertiesWithHistory": list(_watched(talk.store, kind)),
            "inputs": [{"id": one} for one in ids[start : start + HISTORIES]],
        }
        for row in rows(talk.post(f"{PATH}/{OBJECTS[kind]}/batch/read", body)):
            histories = inside(row, "propertiesWithHistory")
            newest = [_newest(rows(histories, name)) for name in histories]
            if not any(_is_foreign(one, app, since) for one in newest):
                own.add(str(row.get("id")))
    return frozenset(own)


def _newest(history: list[Json]) -> Json:
    return max(history, key=lambda one: _at(one.get("timestamp")), default={})


def _is_foreign(entry: Json, app: str, since: datetime) -> bool:
    is_ours = entry.get("sourceType") in OURS and str(entry.get("sourceId")) == app
    return not is_ours and _at(entry.get("timestamp")) >= since


def _at(text: Any) -> datetime:
    """A moment as HubSpot writes it; what is none lies at the beginning of time."""
    return moment_of(text) or BEGINNING


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // THOUSANDTH
