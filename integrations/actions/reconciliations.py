"""Reconciliations: asked for by the clock or a person, paused, resumed, cancelled. `reconciling` does the reading."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from affiliates.models import Program
from core import events
from core.models import Job, JobState, User
from integrations.actions.connections import connector_of, store_of
from integrations.connectors.base import ListsOrders
from integrations.models import Connection, Reconciliation
from integrations.places import Place
from integrations.states import ConnectionState, ReconciliationKind, ReconciliationState

GOING = (ReconciliationState.ASKED, ReconciliationState.RUNNING)
OVERLAP = timedelta(minutes=15)
IN_FLIGHT = timedelta(minutes=1)  # what changed a moment ago is on its way to us by itself
WEEK = timedelta(days=7)
LONGEST_SILENCE = timedelta(days=60)
KEPT = timedelta(days=14)  # of the last minutes, where nothing differed


class CannotReconcile(ValueError):
    """The connection cannot be asked for a period of orders; the text is a sentence for people."""


class StillRunning(ValueError):
    """One of that kind is not finished yet; the text is a sentence for people."""


def can_list(connection: Connection) -> bool:
    """Say whether the system can be asked for a period of orders: it knows how, and we have the keys."""
    connector = connector_of(connection)
    return isinstance(connector, ListsOrders) and connector.has_keys(store_of(connection))


def lives_by_polling(connection: Connection) -> bool:
    """Say whether the system never tells us anything by itself."""
    return bool(getattr(connector_of(connection), "POLLS", False))


def estimate_orders(
    connection: Connection, begins_at: datetime, ends_at: datetime, *, actor: User | None = None
) -> int | None:
    """Ask the store how many orders a backfill would read; None if it does not say. No transaction: the network.

    Raises CannotReconcile, and what the connector raises.
    """
    _demand(connection.program, actor)
    _check(connection, begins_at, ends_at, timezone.now())
    connector = connector_of(connection)
    if not isinstance(connector, ListsOrders):
        return None
    return connector.count_orders(store_of(connection), begins_at, ends_at)


@transaction.atomic
def ask_reconciliation(
    connection: Connection,
    kind: str,
    begins_at: datetime,
    ends_at: datetime,
    *,
    estimate: int | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> Reconciliation:
    """Have a period of orders read and taken in; one at a time of each kind, and the same again is that one.

    Raises CannotReconcile and StillRunning.
    """
    now = at or timezone.now()
    _demand(connection.program, actor)
    rows = Connection.objects.select_for_update(of=("self",)).select_related("program")
    row: Connection = rows.get(pk=connection.pk)
    _check(row, begins_at, ends_at, now)
    running = _unfinished(row, kind, now)
    if running is not None and (running.begins_at, running.ends_at) == (begins_at, ends_at):
        return running
    if running is not None:
        raise StillRunning(_("One of that kind is not finished yet: wait for it, or cancel it."))
    made: Reconciliation = Reconciliation.objects.create(
        connection=row,
        kind=kind,
        begins_at=begins_at,
        ends_at=ends_at,
        estimate=estimate,
        created_by=actor,
        created_at=now,
    )
    record("reconciliation.asked", made, actor, at, step=0)
    return made


def _check(connection: Connection, begins_at: datetime, ends_at: datetime, now: datetime) -> None:
    _check_able(connection)
    if begins_at >= ends_at:
        raise CannotReconcile(_("The period ends before it begins."))
    if ends_at > now + timedelta(minutes=1):
        raise CannotReconcile(_("The period ends in the future."))


def _check_able(connection: Connection) -> None:
    if not can_list(connection):
        raise CannotReconcile(_("Its orders cannot be listed: it has no API keys, or no way to ask."))
    if connection.state != ConnectionState.ACTIVE:
        raise CannotReconcile(_("The connection is not active: resume it first."))


def _unfinished(connection: Connection, kind: str, now: datetime) -> Reconciliation | None:
    """The one that is not over; one whose job was put aside (it took its workers down) would stand in the way."""
    rows = connection.reconciliations.select_for_update().exclude(
        state__in=[
            ReconciliationState.FINISHED,
            ReconciliationState.FAILED,
            ReconciliationState.CANCELLED,
        ]
    )
    found: Reconciliation | None = rows.filter(kind=kind).order_by("pk").first()
    if found is not None and found.is_going and not _has_job(found):
        fail(found, _("It stopped for a reason that nobody foresaw. It is logged."), at=now)
        return None
    return found


def _has_job(row: Reconciliation) -> bool:
    about = {"event__subject_type": row._meta.label_lower, "event__subject_id": str(row.pk)}
    return Job.objects.filter(**about, state=JobState.DUE).exists()


@transaction.atomic
def pause_reconciliation(
    reconciliation: Reconciliation, *, actor: User | None = None, at: datetime | None = None
) -> Reconciliation:
    """Stop reading for a while; a page that is being read just now is not taken in."""
    row = locked(reconciliation)
    _demand(row.connection.program, actor)
    if row.state not in GOING:
        return row
    row.state = ReconciliationState.PAUSED
    row.save(update_fields=["state"])
    record("reconciliation.paused", row, actor, at)
    return row


@transaction.atomic
def resume_reconciliation(
    reconciliation: Reconciliation, *, actor: User | None = None, at: datetime | None = None
) -> Reconciliation:
    """Read on from where it was paused."""
    row = locked(reconciliation)
    _demand(row.connection.program, actor)
    if row.state != ReconciliationState.PAUSED:
        return row
    row.state = ReconciliationState.RUNNING
    row.save(update_fields=["state"])
    record("reconciliation.running", row, actor, at, step=place_of(row).step)
    return row


def awaits_confirmation(reconciliation: Reconciliation) -> bool:
    """Say whether a person must say that the orders which the store does not know are gone."""
    is_finished = reconciliation.state == ReconciliationState.FINISHED
    return is_finished and bool(place_of(reconciliation).gone)


@transaction.atomic
def confirm_gone(
    reconciliation: Reconciliation, *, actor: User | None = None, at: datetime | None = None
) -> Reconciliation:
    """Ask the store again about the orders that it did not know, and take back those that it still does not.

    Raises CannotReconcile and StillRunning.
    """
    connections = Connection.objects.select_for_update(of=("self",)).select_related("program")
    connection: Connection = connections.get(pk=reconciliation.connection_id)
    row = locked(reconciliation)
    _demand(connection.program, actor)
    if not awaits_confirmation(row):
        return row
    _check_able(connection)
    if _unfinished(connection, row.kind, at or timezone.now()) is not None:
        raise StillRunning(_("One of that kind is not finished yet: wait for it, or cancel it."))
    place = place_of(row).confirmed()
    row.state, row.note, row.finished_at, row.cursor = ReconciliationState.RUNNING, "", None, place.as_json()
    row.save(update_fields=["state", "note", "finished_at", "cursor"])
    record("reconciliation.running", row, actor, at, step=place.step)
    return row


@transaction.atomic
def cancel_reconciliation(
    reconciliation: Reconciliation, *, actor: User | None = None, at: datetime | None = None
) -> Reconciliation:
    """Read no further; what was taken in stays."""
    row = locked(reconciliation)
    _demand(row.connection.program, actor)
    if row.is_over:
        return row
    row.state, row.finished_at = ReconciliationState.CANCELLED, at or timezone.now()
    row.save(update_fields=["state", "finished_at"])
    record("reconciliation.cancelled", row, actor, at)
    return row


@transaction.atomic
def fail(reconciliation: Reconciliation, sentence: str, *, at: datetime | None = None) -> Reconciliation:
    """Give up, with a sentence why; what was taken in stays."""
    row = locked(reconciliation)
    if row.is_over:
        return row
    row.state, row.note, row.finished_at = ReconciliationState.FAILED, sentence[:500], at or timezone.now()
    row.save(update_fields=["state", "note", "finished_at"])
    record("reconciliation.failed", row, None, at, note=row.note)
    return row


def ask_overlaps(*, polls: bool, at: datetime | None = None) -> int:
    """Have what changed lately read: of those that live by polling, or of all others; return how many were asked."""
    now = (at or timezone.now()).replace(microsecond=0)
    ends_at = now if polls else now - IN_FLIGHT
    able = [each for each in _active() if lives_by_polling(each) == polls]
    return sum(_ask(each, ReconciliationKind.OVERLAP, _begin(each, now), ends_at, now) for each in able)


def ask_nightly(*, at: datetime | None = None) -> int:
    """Have the last week read again, with a look for what was deleted; return how many were asked."""
    now = (at or timezone.now()).replace(microsecond=0)
    return sum(_ask(each, ReconciliationKind.NIGHTLY, now - WEEK, now - IN_FLIGHT, now) for each in _active())


def _active() -> list[Connection]:
    rows = Connection.objects.filter(state=ConnectionState.ACTIVE).select_related("program").order_by("pk")
    return [row for row in rows if can_list(row)]


def _begin(connection: Connection, now: datetime) -> datetime:
    """A quarter of an hour before the last one that was finished ended, or before the connection was made."""
    finished = connection.reconciliations.filter(
        kind=ReconciliationKind.OVERLAP, state=ReconciliationState.FINISHED
    )
    last = finished.order_by("-ends_at").first()
    known = last.ends_at if last is not None else connection.created_at
    return max(min(known, now) - OVERLAP, now - LONGEST_SILENCE)


def _ask(connection: Connection, kind: str, begins_at: datetime, ends_at: datetime, now: datetime) -> bool:
    try:
        ask_reconciliation(connection, kind, begins_at, ends_at, at=now)
    except (CannotReconcile, StillRunning):
        return False
    return True


def forget_reconciliations(*, at: datetime | None = None) -> int:
    """Forget readings of the last minutes that found nothing, after two weeks; return how many. The newest stays."""
    before = (at or timezone.now()) - KEPT
    rows = Reconciliation.objects.filter(
        kind=ReconciliationKind.OVERLAP, state=ReconciliationState.FINISHED, finished_at__lt=before
    )
    old = [row for row in rows if row.difference == 0 and _has_newer(row)]
    Reconciliation.objects.filter(pk__in=[row.pk for row in old]).delete()
    return len(old)


def _has_newer(row: Reconciliation) -> bool:
    later = {"kind": row.kind, "state": row.state, "ends_at__gt": row.ends_at}
    return Reconciliation.objects.filter(connection=row.connection_id, **later).exists()


def place_of(row: Reconciliation) -> Place:
    """Return where the reading stands."""
    return Place.from_json(row.cursor, row.begins_at)


def locked(reconciliation: Reconciliation) -> Reconciliation:
    """Return the row as it is now, locked."""
    rows = Reconciliation.objects.select_for_update(of=("self",)).select_related("connection__program")
    row: Reconciliation = rows.get(pk=reconciliation.pk)
    return row


def _demand(program: Program, actor: User | None) -> None:
    if actor is not None:
        roles.demand(actor, "manage_integrations", program.merchant_id)


def record(
    kind: str, row: Reconciliation, actor: User | None, at: datetime | None, **data: int | str
) -> None:
    """Write the news of a reconciliation."""
    program = row.connection.program
    events.record(
        kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=dict(data)
    )
