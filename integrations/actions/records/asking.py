"""Asking: what people changed in the records that a system keeps, kept byte for byte before it is understood.

A message of the system makes us ask at once, the clock each minute. Questions overlap by some minutes, for such
systems find changes late; what was told before is known by its content and kept once.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import events
from core.jobs import Failure, Permanent
from core.models import Job, JobState
from integrations.actions.connections import connector_of, note_trouble, store_of
from integrations.actions.hours import asking
from integrations.actions.pacing import is_held_back
from integrations.actions.records import people
from integrations.actions.records.sheets import sheet_of
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Store
from integrations.connectors.records import Change, FetchesRecords, KeepsRecords, TellsChanges
from integrations.mapping import Sheet, is_same
from integrations.mapping.paths import Steps, find
from integrations.mapping.plain import storable
from integrations.mapping.reading import fields_read
from integrations.models import Connection, Inbound, RemoteRecord
from integrations.states import ConnectionState, Direction

ASK = "integrations.tasks.take_changes"
OVERLAP = timedelta(minutes=5)  # long transactions there, and lagging indexes
MOST_PAGES = 50  # at one time; the next minute goes on
CHANGED = "record."  # what messages of changes are called, before the kind of record


def ask_all(at: datetime | None = None) -> int:
    """Have each system asked that can tell what changed in its records; return how many."""
    telling = [name for name, connector in CONNECTORS.items() if isinstance(connector, TellsChanges)]
    rows = Connection.objects.filter(state=ConnectionState.ACTIVE, connector__in=telling)
    now = at or timezone.now()
    due = [row for row in rows.select_related("program") if _is_due(row, now) and has_keys(row)]
    return sum(ask_soon(row, at=at) for row in due)


def _is_due(connection: Connection, now: datetime) -> bool:
    """Whether a system whose calls are dear, and whose messages tell of changes, was not asked for a while."""
    pause: timedelta = getattr(connector_of(connection), "ASKED_EVERY", timedelta(0))
    places = connection.cursor.get("changes", {}).values()
    asked = [datetime.fromisoformat(place["since"]) + OVERLAP for place in places if "since" in place]
    is_midway = any("page" in place for place in places)
    return is_midway or not asked or now - min(asked) >= pause


def has_keys(connection: Connection) -> bool:
    """Say whether the system can be asked."""
    return connector_of(connection).has_keys(store_of(connection))


@transaction.atomic
def ask_soon(
    connection: Connection, *, records: Sequence[tuple[str, str]] = (), at: datetime | None = None
) -> bool:
    """Have a system asked at the next moment, unless it is about to be asked anyway; say whether it is news.

    `records` are kind and number of those that it named; without any it is asked for all that changed.
    """
    waiting = Job.objects.filter(
        task=ASK,
        state=JobState.DUE,
        attempts=0,
        event__subject_type="integrations.connection",
        event__subject_id=str(connection.pk),
    )
    if not records and any(
        "records" not in (job.event.data or {}) for job in waiting.select_related("event")
    ):
        return False
    program = connection.program
    events.record(
        "connection.changes_asked",
        connection,
        tenant=program.merchant_id,
        scope=program.pk,
        at=at,
        data={"records": [list(record) for record in records]} if records else None,
    )
    return True


def take_changes(
    connection: Connection, *, records: Sequence[Sequence[str]] = (), at: datetime | None = None
) -> int:
    """Ask what changed since the last time, and keep what is news; return how many. Calls out: no transaction.

    `records` are kind and number of those that are asked about instead. What goes wrong outside stands on the
    connection; the next minute asks for the same again.
    """
    connector, now = connector_of(connection), at or timezone.now()
    if connection.state != ConnectionState.ACTIVE or is_held_back(connection.pk, now):
        return 0
    if not isinstance(connector, KeepsRecords) or not isinstance(connector, TellsChanges):
        return 0
    store, count = store_of(connection), 0
    for kind in connector.RECORDS:
        sheet = sheet_of(store, connector, Direction.IN, kind)
        numbers = sorted({number for name, number in records if name == kind})
        if not sheet.rows:
            continue
        if not records or not isinstance(connector, FetchesRecords):
            count += _take_kind(connection, connector, store, kind, sheet, now)
        elif numbers:
            count += _take_named(connection, connector, store, kind, numbers, sheet, now)
    return count


def _take_named(
    connection: Connection,
    connector: FetchesRecords,
    store: Store,
    kind: str,
    numbers: Sequence[str],
    sheet: Sheet,
    now: datetime,
) -> int:
    """Keep what is news of some records. What cannot be asked now is found by the next minute's question."""
    try:
        with asking(connection, now):
            changes = connector.fetch_changed(store, kind, numbers)
    except Failure as failure:
        note_trouble(connection, str(failure))
        return 0
    return keep_changes(connection, kind, changes, sheet, now)


def _take_kind(
    connection: Connection, connector: TellsChanges, store: Store, kind: str, sheet: Sheet, now: datetime
) -> int:
    place = connection.cursor.get("changes", {}).get(kind) or {}
    since = datetime.fromisoformat(place["since"]) if place else connection.created_at
    cursor, begun = place.get("page"), place.get("begun") or now.isoformat()
    count = 0
    for _page in range(MOST_PAGES):
        try:
            with asking(connection, now):
                page = connector.list_changes(store, kind, since, cursor)
        except Failure as failure:
            if cursor is not None and isinstance(failure, Permanent):  # a place that is good no more
                _go_on(connection, kind, {"since": since.isoformat()})
            _note(connection, str(failure))
            return count
        count += keep_changes(connection, kind, page.changes, sheet, now)
        cursor = page.cursor
        if cursor is None:
            break
        _go_on(connection, kind, {"since": since.isoformat(), "page": cursor, "begun": begun})
    if cursor is None:
        next_since = max(since, datetime.fromisoformat(begun) - OVERLAP)
        _go_on(connection, kind, {"since": next_since.isoformat()})
        _note(connection, "")
    return count


def _note(connection: Connection, trouble: str) -> None:
    """Show what stands in the way of asking, and no longer once it is gone; other troubles stay."""
    row = Connection.objects.get(pk=connection.pk)
    ours = row.cursor.get("trouble", "")
    if trouble or (ours and row.last_error == ours):
        note_trouble(connection, trouble)
    if trouble[:300] != ours:
        _write(connection, "trouble", trouble[:300])


def _go_on(connection: Connection, kind: str, place: Mapping[str, str]) -> None:
    _write(connection, "changes", {kind: dict(place)})


@transaction.atomic
def _write(connection: Connection, name: str, value: Any) -> None:
    """Write a part of the connection's cursor; places of other kinds stay."""
    row = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    merged = {**row.cursor.get(name, {}), **value} if isinstance(value, dict) else value
    row.cursor = {**row.cursor, name: merged}
    row.save(update_fields=["cursor"])
    connection.cursor = row.cursor


@transaction.atomic
def keep_changes(
    connection: Connection, kind: str, changes: Sequence[Change], sheet: Sheet, now: datetime
) -> int:
    """Keep those changes that say something new of our customers, each once; return how many.

    Of people who are none of ours nothing is kept, but where won deals count: those may be anybody's.
    """
    watched = fields_read(sheet)
    told = [clean(change) for change in changes]
    rows = RemoteRecord.objects.filter(
        connection=connection, kind=kind, remote_id__in=[change.remote_id for change in told]
    )
    known = {row.remote_id: row for row in rows}
    news = [change for change in told if is_news(change, known.get(change.remote_id), watched)]
    strangers = [change for change in news if change.remote_id not in known]
    ours = set(people.owners_of(connection, strangers))
    if kind == "deal" and connection.options.get("won_deals"):
        ours |= {change.remote_id for change in strangers if _is_other_word(connection, change, watched)}
    return sum(
        keep_change(connection, kind, change, now)
        for change in news
        if change.remote_id in known or change.remote_id in ours
    )


def clean(change: Change) -> Change:
    """Return a change without what no database keeps."""
    texts = {name: storable(getattr(change, name)) for name in ("remote_id", "key", "email", "contact")}
    return replace(change, values=storable(dict(change.values)), **texts)


def is_news(change: Change, known: RemoteRecord | None, watched: Mapping[str, Steps]) -> bool:
    """Say whether a person changed something that we read: what came from us, or is agreed on, is no news."""
    if known is None:  # what we have just made, its name not kept yet, is looked at the next time
        return not change.is_gone and not change.is_ours
    if change.is_gone:
        return True
    if change.is_ours and all(name in known.agreed for name in watched):
        return False
    return any(not _is_expected(find(change.values, path), name, known) for name, path in watched.items())


def _is_expected(value: Any, name: str, known: RemoteRecord) -> bool:
    """Whether both sides agree on a value, or we are just writing it."""
    is_pending = name in known.pending and is_same(value, known.pending[name])
    return is_pending or is_same(value, known.agreed.get(name))


def _is_other_word(connection: Connection, change: Change, watched: Mapping[str, Steps]) -> bool:
    """Whether a deal that is none of ours says something else than when it was kept last."""
    rows = Inbound.objects.filter(connection=connection, topic=CHANGED + "deal", subject=change.remote_id)
    last = rows.order_by("-pk").first()
    if last is None:
        return True
    values = json.loads(bytes(last.body)).get("values", {})
    return any(not is_same(find(change.values, path), find(values, path)) for path in watched.values())


def keep_change(connection: Connection, kind: str, change: Change, now: datetime) -> bool:
    """Keep one change among the received messages, once; say whether it is new. In a transaction."""
    body = json.dumps(asdict(change), default=_plain, ensure_ascii=False, sort_keys=True).encode()
    key = hashlib.sha256(kind.encode() + b"\n" + body).hexdigest()
    inbound, is_new = Inbound.objects.get_or_create(
        connection=connection,
        dedupe_key=key,
        defaults={
            "topic": CHANGED + kind,
            "subject": change.remote_id[:120],
            "body": body,
            "received_at": now,
        },
    )
    if is_new:
        program = connection.program
        events.record("inbound.received", inbound, tenant=program.merchant_id, scope=program.pk, at=now)
    return is_new


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else dict(value)
