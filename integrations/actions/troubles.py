"""Looked after each minute: what is wrong with a connection is told once, and once more when it is over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core import events
from integrations.connectors import CONNECTORS
from integrations.models import Connection, ConnectionHour, Trouble
from integrations.states import ConnectionState
from integrations.watch.figures import Figures, figures_of, missed_by_webhooks
from integrations.watch.judging import limits, troubles_of

QUIET = timedelta(minutes=5)  # it is over when it was not found for so long: no storm by what comes and goes
LOOKS_BACK = timedelta(hours=6)
AT_ONCE = 500
KEPT = timedelta(days=90)


def watch(*, at: datetime | None = None) -> int:
    """Look at every connection; return how many troubles began or ended. Safe to repeat."""
    now = at or timezone.now()
    rows = list(Connection.objects.select_related("program").order_by("pk"))
    return sum(_watch(rows[start : start + AT_ONCE], now) for start in range(0, len(rows), AT_ONCE))


def _watch(rows: list[Connection], now: datetime) -> int:
    found = figures_of(rows, now)
    knock = [row.pk for row in rows if CONNECTORS[row.connector].ROUTE and not _polls(row)]
    missed = missed_by_webhooks(knock, now - LOOKS_BACK)
    turns = 0
    for row in rows:
        own = found[row.pk]
        is_active = row.state == ConnectionState.ACTIVE
        now_wrong = troubles_of(row, own, missed.get(row.pk), now, limits()) if is_active else {}
        if now_wrong or own.troubles:
            turns += _note(row, own, now_wrong, now)
    return turns


def _polls(row: Connection) -> bool:
    return bool(getattr(CONNECTORS[row.connector], "POLLS", False))


def _note(row: Connection, found: Figures, wrong: dict[str, str], now: datetime) -> int:
    known = {trouble.kind: trouble for trouble in found.troubles}
    turns = sum(_begin(row, kind, sentence, now) for kind, sentence in wrong.items() if kind not in known)
    for kind, trouble in known.items():
        if kind in wrong:
            Trouble.objects.filter(pk=trouble.pk).update(seen_at=now, sentence=wrong[kind][:300])
        elif row.state != ConnectionState.ACTIVE or now - trouble.seen_at >= QUIET:
            turns += _end(row, trouble, now)
    return turns


@transaction.atomic
def _begin(row: Connection, kind: str, sentence: str, now: datetime) -> bool:
    """Say it once: whoever looks at the same moment finds that it is said."""
    Connection.objects.select_for_update().get(pk=row.pk)
    if Trouble.objects.filter(connection=row, kind=kind, ended_at=None).exists():
        return False
    trouble = Trouble.objects.create(
        connection=row, kind=kind, sentence=sentence[:300], since=now, seen_at=now
    )
    _record("connection.troubled", row, trouble, now)
    return True


@transaction.atomic
def _end(row: Connection, trouble: Trouble, now: datetime) -> bool:
    """A connection that a person has stopped has no troubles, and nothing to tell of."""
    ended = Trouble.objects.filter(pk=trouble.pk, ended_at=None).update(ended_at=now)
    if ended and row.state == ConnectionState.ACTIVE:
        _record("connection.recovered", row, trouble, now)
    return bool(ended)


def _record(kind: str, row: Connection, trouble: Trouble, now: datetime) -> None:
    program = row.program
    data = {
        "trouble": trouble.kind,
        "number": trouble.pk,
        "sentence": trouble.sentence,
        "since": trouble.since.isoformat(),
    }
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, at=now, data=data)


def forget_hours(*, at: datetime | None = None) -> int:
    """Delete hours and ended troubles older than 90 days; return how many. The newest hour of each stays."""
    old = (at or timezone.now()) - KEPT
    newer = ConnectionHour.objects.filter(connection=OuterRef("connection"), hour__gt=OuterRef("hour"))
    hours = ConnectionHour.objects.filter(Exists(newer), hour__lt=old)
    troubles = Trouble.objects.filter(ended_at__lt=old)
    return sum(rows.delete()[0] for rows in (hours, troubles))
