"""Messages: stored once, understood, replayed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from commissions.actions import Taken, take_orders
from core import events
from core.failpoints import failpoint
from core.models import User
from integrations.actions.connections import connector_of, note_trouble, store_of, wrong_signature
from integrations.connectors.base import BadSignature, Reading, Received, Unreadable
from integrations.models import Connection, Inbound
from integrations.states import ConnectionState, InboundState
from tracking.models import Order
from tracking.orders import OrderIn
from tracking.states import OrderState

SEEN_EVERY = timedelta(minutes=1)


def receive(
    connection: Connection, headers: Mapping[str, str], body: bytes, *, at: datetime | None = None
) -> Inbound | None:
    """Store a genuine message once and say so; None for a sign of life. Raises BadSignature, and notes it."""
    now = at or timezone.now()
    try:
        received = connector_of(connection).receive(store_of(connection), headers, body, now)
    except BadSignature:
        note_trouble(connection, wrong_signature())
        raise
    inbound = _keep(connection, received, body, now)
    failpoint("inbound.after_commit")
    return inbound


@transaction.atomic
def _keep(connection: Connection, received: Received | None, body: bytes, now: datetime) -> Inbound | None:
    _mark_seen(connection, now)
    if received is None:
        return None
    values = {
        "topic": received.topic,
        "subject": received.subject,
        "headers": received.headers,
        "body": body,
        "received_at": now,
    }
    inbound, is_new = Inbound.objects.get_or_create(
        connection=connection, dedupe_key=received.dedupe_key, defaults=values
    )
    if is_new:
        _record("inbound.received", inbound, at=now)
    else:
        Inbound.objects.filter(pk=inbound.pk).update(repeats=F("repeats") + 1)
    failpoint("inbound.before_commit")
    return inbound


def _mark_seen(connection: Connection, now: datetime) -> None:
    """Note that the store is alive, at most once a minute: each message would else queue for this one row."""
    row = Connection.objects.filter(pk=connection.pk)
    row.filter(Q(last_received_at=None) | Q(last_received_at__lt=now - SEEN_EVERY)).update(
        last_received_at=now
    )
    if connection.last_error == wrong_signature():
        row.update(last_error="")


@transaction.atomic
def process(inbound: Inbound, *, actor: User | None = None, at: datetime | None = None) -> Inbound:
    """Understand a received message and take its order; the row's state and note say what became of it."""
    row = _locked(inbound)
    connection = row.connection
    if row.state != InboundState.RECEIVED:
        return row
    if connection.state == ConnectionState.PAUSED:
        return _note(row, _("It waits: the connection is paused."))
    try:
        reading = connector_of(connection).read(store_of(connection), row.topic, bytes(row.body))
    except Unreadable as trouble:
        return _close(row, InboundState.QUARANTINED, str(trouble))
    return _act_on(row, reading, actor, at)


def _locked(inbound: Inbound) -> Inbound:
    rows = Inbound.objects.select_for_update(of=("self",)).select_related("connection__program")
    row: Inbound = rows.get(pk=inbound.pk)
    return row


def _act_on(row: Inbound, reading: Reading, actor: User | None, at: datetime | None) -> Inbound:
    if reading.order is not None:
        return _take(row, reading.order, actor, at)
    if reading.ask:
        row.subject = reading.ask
        return _ask(row, reading.note, at)
    return _close(row, InboundState.IGNORED, reading.note)


def _ask(row: Inbound, note: str, at: datetime | None) -> Inbound:
    """Park a message that names an order without telling of it, until the store has answered."""
    order = {"order": row.subject}
    if connector_of(row.connection).has_keys(store_of(row.connection)):
        _record("inbound.asked", row, at=at)
        return _close(row, InboundState.PARKED, _("The store is being asked about order %(order)s.") % order)
    if note:
        return _close(row, InboundState.IGNORED, note)
    parked = _(
        "Order %(order)s was deleted in the store, which cannot be asked without API keys: "
        "add the keys and replay this message, or correct the order by hand."
    )
    return _close(row, InboundState.PARKED, parked % order)


def _take(row: Inbound, order: OrderIn, actor: User | None, at: datetime | None) -> Inbound:
    """Hand the order to the engine; what it refuses stays here with the reason, and nothing is booked."""
    try:
        with transaction.atomic():
            taken = take_orders(row.connection.program, [order], actor=actor, at=at)[0]
    except ValueError as trouble:
        return _close(row, InboundState.QUARANTINED, str(trouble))
    if taken.status == "conflict":
        return _close(row, InboundState.QUARANTINED, _conflict(taken))
    return _close(row, InboundState.DONE, _sentence(taken))


def _sentence(taken: Taken) -> str:
    """Say in words what the engine made of an order."""
    words = {"order": taken.order.external_id, "state": taken.order.get_state_display()}
    if taken.status == "same":
        return _("Order %(order)s: nothing new.") % words
    if taken.status == "older":
        return _("Order %(order)s: a newer state of it is known already.") % words
    if taken.conversion is not None and taken.conversion.parked_reason:
        return _("Order %(order)s is kept and waits: %(reason)s") % {
            **words,
            "reason": taken.conversion.parked_reason,
        }
    if taken.status == "revised":
        return _("Order %(order)s was revised (%(state)s).") % words
    return _("Order %(order)s was taken (%(state)s).") % words


def _conflict(taken: Taken) -> str:
    names = ", ".join(sorted(taken.differences or {}))
    return _("Order %(order)s is known with other content (%(names)s); nothing was booked.") % {
        "order": taken.order.external_id,
        "names": names,
    }


def _close(row: Inbound, state: str, note: str) -> Inbound:
    row.state, row.processed_at = state, timezone.now()
    return _note(row, note)


def _note(row: Inbound, note: str) -> Inbound:
    row.note = note[:500]
    row.save(update_fields=["state", "note", "subject", "processed_at"])
    return row


@transaction.atomic
def replay(inbound: Inbound, *, actor: User | None = None, at: datetime | None = None) -> Inbound:
    """Understand a message again, for instance after a repair; what it said before is not booked twice."""
    row = _locked(inbound)
    if actor is not None:
        roles.demand(actor, "manage_integrations", row.connection.program.merchant_id)
    row.state = InboundState.RECEIVED
    row.save(update_fields=["state"])
    _record("inbound.replayed", row, actor=actor, at=at)
    return process(row, actor=actor, at=at)


@transaction.atomic
def settle(
    inbound: Inbound, order: OrderIn | None, *, trouble: str = "", at: datetime | None = None
) -> Inbound:
    """Act on the store's answer: the order as it is now, None for one that it has no more, or what is wrong."""
    row = _locked(inbound)
    if row.state != InboundState.PARKED:
        return row
    if trouble:
        return _close(row, InboundState.QUARANTINED, trouble)
    order = order or _gone(row)
    if order is None:
        return _close(row, InboundState.IGNORED, _("The store has deleted an order that never came here."))
    return _take(row, order, None, at)


def _gone(row: Inbound) -> OrderIn | None:
    """Return the order's last known state, marked as deleted, as a revision newer than all others."""
    connection = row.connection
    known = Order.objects.filter(
        program=connection.program, source=connection.source, external_id=row.subject
    ).first()
    if known is None:
        return None
    last: OrderIn = known.as_value()
    if last.state == OrderState.GONE:
        return last
    revision_at = max(row.received_at, last.revision_at + timedelta(seconds=1))
    return replace(last, state=OrderState.GONE, revision_at=revision_at)


def _record(kind: str, row: Inbound, *, actor: User | None = None, at: datetime | None = None) -> None:
    program = row.connection.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
