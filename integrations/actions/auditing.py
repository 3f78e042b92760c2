"""Audits: all customers of a program held against the records that a system keeps of them.

A page is read under the lane's lease, so limits hold and nobody sends meanwhile; between two pages the lane is free for
what waits. A place is kept, so that an audit goes on where it was cut off, and rests when its calls are used up.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.jobs import Permanent, Temporary
from core.models import Job, JobState, User
from integrations.actions.connections import connector_of, store_of
from integrations.actions.deal_audits import Spent, is_through, look_at_deals
from integrations.actions.deliveries import lanes
from integrations.actions.findings import note_findings
from integrations.actions.hours import asking
from integrations.actions.mappings import table_of
from integrations.actions.pacing import hold_back
from integrations.actions.records import people
from integrations.actions.records.asking import has_keys
from integrations.actions.records.drafts import is_erased
from integrations.actions.records.everyone import keeps_records
from integrations.actions.records.sheets import sheet_of
from integrations.audits import Fault, Looked, Subject, faults_of
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Store
from integrations.connectors.records import Found, KeepsRecords, Row, is_shop
from integrations.gate import keeping
from integrations.mapping import Sheet
from integrations.mapping.reading import fields_read
from integrations.models import Audit, Connection, RemoteRecord
from integrations.states import AuditState, ConnectionState, Direction
from tracking.models import Customer

TASK = "integrations.tasks.audit"
PAGES = 20  # of one job
MOST_CALLS = 2000  # of one night
BUSY = 20.0  # seconds until the lane is asked for again
PROBE = "audit:"  # before keys that no record carries: such a row is found by its address or number alone
IN_FLIGHT = timedelta(minutes=5)  # what changed there a moment ago is on its way to us by itself
UNFINISHED = (AuditState.ASKED, AuditState.RUNNING, AuditState.RESTING)


class CannotAudit(ValueError):
    """The connection keeps no records of customers that could be read; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What an audit of one connection needs at each page."""

    connection: Connection
    connector: KeepsRecords
    store: Store
    kind: str
    names: tuple[str, ...]
    needed: frozenset[str]
    watched: frozenset[str]

    @property
    def is_shop(self) -> bool:
        """Whether its records are the shop's own customers, found by their number alone."""
        return is_shop(self.connector)


def can_audit(connection: Connection) -> bool:
    """Say whether a connection keeps records of customers, and can be asked for them now."""
    is_active = connection.state == ConnectionState.ACTIVE
    return is_active and keeps_records(connection) and has_keys(connection)


def ask_audits(*, at: datetime | None = None) -> int:
    """Have every system audited that keeps records of customers; return how many."""
    rows = Connection.objects.filter(state=ConnectionState.ACTIVE, connector__in=keeping())
    able = [row for row in rows.select_related("program").order_by("pk") if can_audit(row)]
    for row in able:
        ask_audit(row, at=at)
    return len(able)


@transaction.atomic
def ask_audit(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> Audit:
    """Have a system audited; one that is not finished goes on where it stands. Raises CannotAudit."""
    rows = Connection.objects.select_for_update(of=("self",)).select_related("program")
    row: Connection = rows.get(pk=connection.pk)
    if actor is not None:
        roles.demand(actor, "manage_integrations", row.program.merchant_id)
    if not can_audit(row):
        raise CannotAudit(_("Its records cannot be read: it is not active, has no keys, or keeps none."))
    now = at or timezone.now()
    going: Audit | None = row.audits.filter(state__in=UNFINISHED).first()
    if going is not None:
        if going.state == AuditState.RESTING or not _has_job(going):
            going.counts = {**going.counts, "calls_tonight": 0}
            going.save(update_fields=["counts"])
            _go_on(going, now)
        return going
    made: Audit = Audit.objects.create(connection=row, created_by=actor, created_at=now)
    _record("audit.asked", made, actor, now)
    return made


def audit(row: Audit, *, at: datetime | None = None) -> Audit:
    """Look at the next pages; raises Temporary while somebody else has the lane. Calls out: no transaction.

    What the far side refuses for good ends the audit with its sentence; other trouble is raised, and the place stays.
    """
    row = Audit.objects.select_related("connection__program").get(pk=row.pk)
    if not row.is_going:
        return row
    if not can_audit(row.connection):
        return _end(row, AuditState.FAILED, _("The connection cannot be read any more."), at)
    desk = _desk(row.connection)
    for _page in range(PAGES):
        customers = _customers(row)
        if not customers and is_through(row):
            return _end(row, AuditState.FINISHED, "", at)
        if row.counts.get("calls_tonight", 0) >= MOST_CALLS:
            return _rest(row)
        try:
            if customers:
                _look_at(row, desk, customers, at)
            else:
                look_at_deals(row, at)
        except Spent:
            return _rest(row)
        except Permanent as refusal:
            return _end(row, AuditState.FAILED, str(refusal), at)
    _go_on(row, at or timezone.now())
    return row


def _desk(connection: Connection) -> Desk:
    connector = connector_of(connection)
    assert isinstance(connector, KeepsRecords)  # noqa: S101 - can_audit has said so
    kind = connector.RECORDS[0]
    store = store_of(connection)
    out = sheet_of(store, connector, Direction.OUT, kind)
    watched = frozenset(fields_read(sheet_of(store, connector, Direction.IN, kind)))
    needed = _needed(connection, kind, out)
    links = set(getattr(connector, "LINKS", ()))
    names = sorted(({row.target for row in out.rows} | needed | watched) - links)
    return Desk(connection, connector, store, kind, tuple(names), needed, watched)


def _needed(connection: Connection, kind: str, out: Sheet) -> frozenset[str]:
    """The fields without which a record is worth nothing: our key, and those that the far side requires."""
    table = table_of(connection, Direction.OUT, kind)
    required = {target.name for target in table.targets if target.is_required} if table else set()
    return frozenset({row.target for row in out.rows if row.is_key} | required)


def _customers(row: Audit) -> list[Customer]:
    connector = CONNECTORS[row.connection.connector]
    rows = people.kept_at(row.connection).filter(pk__gt=row.place).order_by("pk")
    return list(rows[: min(100, getattr(connector, "BATCH", 100))])


def _look_at(row: Audit, desk: Desk, customers: Sequence[Customer], at: datetime | None) -> None:
    """Read a page while the lane is ours, then write what was found, and the place, in one transaction."""
    hold = lanes.take(desk.connection.pk, at or timezone.now())
    if hold is None:
        raise Temporary(_("Somebody else speaks with the system just now."), retry_after=BUSY)
    asked = _Asked(desk, at)
    try:
        if hold_back(desk.connection, at or timezone.now()):
            raise Spent
        subjects = _subjects(desk, customers)
        looked = _read(asked, subjects)
        faults = {one.key: faults_of(one, looked[one.key], desk.needed) for one in subjects}
        now = at or timezone.now()
        with transaction.atomic():
            lanes.keep(hold, now)
            note_findings(desk.connection, _settled(faults, looked, now), _seen(desk, looked), now)
            _count(row, asked.calls, subjects, faults, customers[-1].pk)
    except lanes.Lost:
        raise Temporary(_("Somebody else took the lane over."), retry_after=BUSY) from None
    finally:
        lanes.let_go(hold)


class _Asked:
    """The calls of one page, counted, and spaced as the connector wants it."""

    def __init__(self, desk: Desk, at: datetime | None) -> None:
        self.desk, self.at, self.calls = desk, at, 0

    def fetch(self, rows: Sequence[Row]) -> dict[str, Found]:
        """Return our key -> the record, for those that are there."""
        if not rows:
            return {}
        desk, begun = self.desk, time.monotonic()
        most = getattr(desk.connector, "PER_SECOND", 0)
        with asking(desk.connection, self.at):
            found = desk.connector.fetch_records(desk.store, desk.kind, rows, desk.names)
        self.calls += 1
        if most:
            time.sleep(max(0.0, begun + 1 / most - time.monotonic()))
        return {one.key: one for one in found}


def _subjects(desk: Desk, customers: Sequence[Customer]) -> list[Subject]:
    keys = [f"customer:{customer.pk}" for customer in customers]
    rows = RemoteRecord.objects.filter(connection=desk.connection, kind=desk.kind, local_key__in=keys)
    known = {record.local_key: record for record in rows}
    return [
        Subject(
            key,
            customer.email,
            known[key].remote_id if key in known else "",
            {name: value for name, value in known[key].agreed.items() if name in desk.names}
            if key in known
            else {},
        )
        for key, customer in zip(keys, customers, strict=True)
        if not is_erased(known.get(key))
    ]


def _read(asked: _Asked, subjects: Sequence[Subject]) -> dict[str, Looked]:
    """Ask by our names for the records, by the addresses, and, where two answers differ, whether both live."""
    told = [one for one in subjects if one.remote_id]
    found = asked.fetch([Row(one.key, {}, one.remote_id, one.email) for one in told])
    mailed = [one for one in subjects if one.email and not asked.desk.is_shop]
    by_email = asked.fetch([Row(f"{PROBE}{one.key}", {}, "", one.email) for one in mailed])
    looked = {one.key: Looked(found.get(one.key), by_email.get(f"{PROBE}{one.key}")) for one in subjects}
    alive = _alive(asked, subjects, looked)
    owners = _owners(asked.desk, looked)
    return {
        key: replace(one, alive=alive.get(key, frozenset()), owners=owners) for key, one in looked.items()
    }


def _ids(subject: Subject, looked: Looked) -> set[str]:
    told = {one.remote_id for one in (looked.found, looked.by_email) if one is not None}
    return (told | {subject.remote_id}) - {""} if subject.remote_id else told


def _alive(
    asked: _Asked, subjects: Sequence[Subject], looked: Mapping[str, Looked]
) -> dict[str, frozenset[str]]:
    """A number that leads to another record was merged into it; only what answers by its own number lives."""
    doubtful = {one.key: _ids(one, looked[one.key]) for one in subjects}
    doubtful = {key: ids for key, ids in doubtful.items() if len(ids) > 1}
    numbers = sorted({number for ids in doubtful.values() for number in ids})
    living: set[str] = set()
    for start in range(0, len(numbers), asked.desk.connector.BATCH):
        some = numbers[start : start + asked.desk.connector.BATCH]
        found = asked.fetch([Row(f"{PROBE}{number}", {}, number) for number in some])
        living |= {one.remote_id for one in found.values()}
    return {key: frozenset(ids & living) for key, ids in doubtful.items()}


def _owners(desk: Desk, looked: Mapping[str, Looked]) -> dict[str, str]:
    """To which customers of ours the records belong, as far as we know."""
    ids = {
        one.remote_id for pair in looked.values() for one in (pair.found, pair.by_email) if one is not None
    }
    rows = RemoteRecord.objects.filter(connection=desk.connection, kind=desk.kind, remote_id__in=ids)
    return dict(rows.values_list("remote_id", "local_key"))


def _settled(
    faults: Mapping[str, list[Fault]], looked: Mapping[str, Looked], now: datetime
) -> dict[str, list[Fault]]:
    """Leave out what changed there a moment ago: it comes by itself. None of its findings is closed for that."""
    return {key: some for key, some in faults.items() if not _is_in_flight(looked[key].found, now)}


def _is_in_flight(found: Found | None, now: datetime) -> bool:
    return found is not None and found.at is not None and found.at > now - IN_FLIGHT


def _seen(desk: Desk, looked: Mapping[str, Looked]) -> dict[str, dict[str, Any]]:
    """What stands in the fields that we read, for whoever takes theirs."""
    return {
        key: {name: value for name, value in one.found.values.items() if name in desk.watched}
        for key, one in looked.items()
        if one.found is not None
    }


def _count(
    row: Audit, calls: int, subjects: Sequence[Subject], faults: Mapping[str, list[Fault]], place: int
) -> None:
    stands_at = Audit.objects.select_for_update().values_list("place", flat=True).get(pk=row.pk)
    if stands_at != row.place:
        raise lanes.Lost  # a second worker went on with it meanwhile
    counts = dict(row.counts)
    for name, more in (
        ("calls", calls),
        ("calls_tonight", calls),
        ("seen", len(subjects)),
        ("found", sum(len(some) for some in faults.values())),
    ):
        counts[name] = counts.get(name, 0) + more
    row.counts, row.place, row.state, row.note = counts, place, AuditState.RUNNING, ""
    row.save(update_fields=["counts", "place", "state", "note"])


@transaction.atomic
def _go_on(row: Audit, now: datetime) -> None:
    row.state = AuditState.RUNNING
    row.save(update_fields=["state"])
    _record("audit.running", row, None, now, place=row.place)


@transaction.atomic
def _rest(row: Audit) -> Audit:
    row.state = AuditState.RESTING
    row.note = _("Its calls are used up for today: it goes on tomorrow.")
    row.save(update_fields=["state", "note"])
    return row


@transaction.atomic
def _end(row: Audit, state: str, note: str, at: datetime | None) -> Audit:
    row.state, row.note, row.finished_at = state, note[:500], at or timezone.now()
    row.save(update_fields=["state", "note", "finished_at"])
    counts = {name: row.counts.get(name, 0) for name in ("seen", "found", "calls")}
    kind = "audit.finished" if state == AuditState.FINISHED else "audit.failed"
    _record(kind, row, None, at, **counts)
    return row


def _has_job(row: Audit) -> bool:
    """Whether it will go on by itself; one whose job was put aside would stand still for ever."""
    about = {"event__subject_type": Audit._meta.label_lower, "event__subject_id": str(row.pk)}
    return Job.objects.filter(task=TASK, state=JobState.DUE, **about).exists()


def _record(kind: str, row: Audit, actor: User | None, at: datetime | None, **data: Any) -> None:
    program = row.connection.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
