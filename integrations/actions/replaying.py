"""Received messages once more: what would become of one, tried whole and taken back whole; and all of a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from affiliates import roles
from commissions import ledger
from commissions.models import Entry
from core import events
from core.models import Event, User
from core.money import Money
from integrations.actions.inbound import replay
from integrations.models import Connection, Inbound
from integrations.states import ConnectionState

AT_ONCE = 50  # messages a step


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry that would be written: what for, who is concerned ("" for nobody alone), from where to where."""

    kind: str | Promise
    affiliate: str
    debit: str | Promise
    credit: str | Promise
    money: Money


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a message would end: `state` as Inbound's and its words, the sentence of the note, and the postings."""

    state: str
    words: str | Promise
    note: str
    postings: tuple[Posting, ...]


def rehearse(inbound: Inbound, *, at: datetime | None = None) -> Rehearsal:
    """Process a message as `replay` does and undo everything: rows, entries, events and jobs.

    Nobody outside is asked or told: whoever must ask the store first says so in the note.
    """
    with transaction.atomic():
        with ledger.postings() as entries:
            row = replay(inbound, at=at)
        told = Rehearsal(
            row.state,
            row.get_state_display(),
            row.note,
            tuple(_posting(entry) for entry in _that_stand(entries)),
        )
        transaction.set_rollback(True)
    return told


def _that_stand(written: Sequence[Entry]) -> QuerySet[Entry]:
    """Return the entries that the message leaves: what it was refused after, it has taken back itself."""
    named = ("debit__enrollment__affiliate", "credit__enrollment__affiliate")
    rows = Entry.objects.filter(pk__in={entry.pk for entry in written})
    return rows.select_related(*named).order_by("pk")


def _posting(entry: Entry) -> Posting:
    enrollment = entry.credit.enrollment or entry.debit.enrollment
    return Posting(
        entry.get_kind_display(),
        enrollment.affiliate.name if enrollment else "",
        entry.debit.get_kind_display(),
        entry.credit.get_kind_display(),
        Money(entry.amount, entry.currency),
    )


@transaction.atomic
def reprocess(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    is_stuck: bool = True,
    actor: User | None = None,
    at: datetime | None = None,
) -> Connection:
    """Have the messages received in [since, until) processed again in the background; all of them, or the stuck ones.

    Raises ValueError unless the connection is active, and NotAllowed.
    """
    row: Connection = Connection.objects.select_related("program").get(pk=connection.pk)
    if actor is not None:
        roles.demand(actor, "manage_integrations", row.program.merchant_id)
    if row.state != ConnectionState.ACTIVE:
        raise ValueError(_("Resume the connection first: what it receives waits while it is paused."))
    now = at or timezone.now()
    period = {"since": since.isoformat(), "until": min(until, now).isoformat(), "stuck": is_stuck}
    _go_on(row, period, 0, actor, now)
    return row


def reprocess_some(event: Event, *, at: datetime | None = None) -> int:
    """Process the next messages of a period again, each in a transaction of its own; return how many.

    A step that is repeated finds them as it left them: nothing is booked twice. A paused connection ends it.
    """
    connection = Connection.objects.select_related("program").get(pk=event.subject_id)
    if connection.state != ConnectionState.ACTIVE:
        return 0
    told = event.data
    rows = Inbound.objects.stuck() if told["stuck"] else Inbound.objects.all()
    span = {"received_at__gte": told["since"], "received_at__lt": told["until"], "pk__gt": told["after"]}
    found = list(rows.filter(connection=connection, **span).order_by("pk").defer("body", "headers")[:AT_ONCE])
    for row in found:
        replay(row, at=at)
    if len(found) == AT_ONCE:
        period = {name: told[name] for name in ("since", "until", "stuck")}
        _go_on(connection, period, found[-1].pk, event.actor, at)
    return len(found)


def _go_on(
    connection: Connection, period: dict[str, object], after: int, actor: User | None, at: datetime | None
) -> None:
    program = connection.program
    events.record(
        "connection.reprocessing",
        connection,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=at,
        data={**period, "after": after},
    )
