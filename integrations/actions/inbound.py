"""Messages: stored once, understood, replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from commissions.actions import Taken, take_orders, take_refunds
from core import events
from core.failpoints import failpoint
from core.models import User
from integrations.actions.connections import (
    connector_of,
    note_trouble,
    store_of,
    wrong_clock,
    wrong_signature,
)
from integrations.actions.records.asking import ask_soon
from integrations.actions.records.taking import forget_record, is_change, take_change
from integrations.actions.testimonies import hear, hear_earlier, said_in
from integrations.connectors.base import BadSignature, Reading, Received, Said, Stale, Unreadable, Unsigned
from integrations.models import Connection, Inbound
from integrations.states import ConnectionState, InboundState
from tracking.buyers import TOLD
from tracking.hearsay import is_hearsay, without_claim
from tracking.models import Order
from tracking.orders import OrderIn, RefundIn
from tracking.states import OrderState

SEEN_EVERY = timedelta(minutes=1)


def receive(
    connection: Connection, headers: Mapping[str, str], body: bytes, *, at: datetime | None = None
) -> Inbound | None:
    """Store a genuine message once and say so; None for a sign of life. Raises BadSignature, and notes it."""
    now = at or timezone.now()
    try:
        received = connector_of(connection).receive(store_of(connection), headers, body, now)
    except Unsigned:
        raise
    except BadSignature as trouble:
        note_trouble(connection, wrong_clock() if isinstance(trouble, Stale) else wrong_signature())
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
    if connection.last_error in (wrong_signature(), wrong_clock()):
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
        if is_change(row):
            return _take_change(row, actor, at)
        store, body = store_of(connection), bytes(row.body)
        reading = connector_of(connection).read(store, row.topic, body, row.headers)
    except Unreadable as trouble:
        return _close(row, InboundState.QUARANTINED, str(trouble))
    return _act_on(row, reading, actor, at)


def _locked(inbound: Inbound) -> Inbound:
    rows = Inbound.objects.select_for_update(of=("self",)).select_related("connection__program")
    row: Inbound = rows.get(pk=inbound.pk)
    return row


def _take_change(row: Inbound, actor: User | None, at: datetime | None) -> Inbound:
    """A change of a record that we asked for: facts of a customer, perhaps a deal that was won."""
    with transaction.atomic():
        taken = take_change(row, at or timezone.now())
    return _take(row, taken.order, actor, at) if taken.order else _close(row, taken.state, taken.note)


def _act_on(row: Inbound, reading: Reading, actor: User | None, at: datetime | None) -> Inbound:
    if reading.asks_changes or reading.gone or reading.erased:
        for kind, number in {*reading.gone, *reading.erased}:
            erased = (kind, number) in reading.erased
            ended = forget_record(row.connection, kind, number, row.received_at, is_erased=erased).order
            if ended is not None:
                take_orders(row.connection.program, [ended], actor=actor, at=at)
        if reading.asks_changes:
            ask_soon(row.connection, records=reading.changed, at=at)
        return _close(row, InboundState.DONE, reading.note)
    if reading.order is not None:
        return _take(row, _whole(row, reading.order, reading.untold), actor, at, reading.said)
    if reading.refund is not None:
        return _take_refund(row, reading, reading.refund, actor, at)
    if reading.ask:
        row.subject = reading.ask
        return _ask(row, reading.note, at)
    if reading.said:
        return _hear(row, reading, at)
    return _close(row, InboundState.IGNORED, reading.note)


def _hear(row: Inbound, reading: Reading, at: datetime | None) -> Inbound:
    """Keep what is said of an order or a buyer; of an order that is not known, the store is asked if it can be."""
    unknown = hear(row.connection, reading.said, at=row.received_at)
    if not unknown:
        return _close(row, InboundState.DONE, reading.note)
    row.subject = unknown[0]
    waits = _("Order %(order)s is not known here: what is said of it is heard once it comes.")
    return _ask(row, waits % {"order": row.subject}, at)


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
        "add the keys and process this message again, or correct the order by hand."
    )
    return _close(row, InboundState.PARKED, parked % order)


def _take(
    row: Inbound, order: OrderIn, actor: User | None, at: datetime | None, said: Sequence[Said] = ()
) -> Inbound:
    """Hand the order to the engine; what it refuses stays here with the reason, and nothing is booked."""
    try:
        with transaction.atomic():
            taken = take_orders(row.connection.program, [order], actor=actor, at=at)[0]
    except ValueError as trouble:
        return _close(row, InboundState.QUARANTINED, str(trouble))
    if taken.status == "conflict":
        return _close(row, InboundState.QUARANTINED, _conflict(taken))
    hear(row.connection, said, taken.order, at=row.received_at)
    if taken.status == "created":
        hear_earlier(row.connection, taken.order)
    return _close(row, InboundState.DONE, _sentence(taken))


def _whole(row: Inbound, order: OrderIn, untold: frozenset[str]) -> OrderIn:
    """Return the order with what the message did not tell as it is known; an unknown one is as it was told."""
    known = Order.objects.select_for_update().filter(
        program=row.connection.program, source=order.source, external_id=order.external_id
    )
    found = known.first() if untold else None
    # what a browser alone has told fills no gap: it would become the store's word
    if found is None or is_hearsay(found.snapshot["metadata"]):
        return order
    last = without_claim(found.as_value())
    facts = {name: value for name, value in last.metadata.items() if name in TOLD}
    order = replace(order, metadata={**facts, **order.metadata})
    kept = {name: getattr(last, name) for name in untold}
    return replace(order, **kept)


def _take_refund(
    row: Inbound, reading: Reading, refund: RefundIn, actor: User | None, at: datetime | None
) -> Inbound:
    """Hand a refund to the engine; one whose order is not known yet waits for it there."""
    program, source = row.connection.program, row.connection.source
    words = {"order": reading.of, "refund": refund.external_id}
    order = Order.objects.filter(program=program, source=source, external_id=reading.of).first()
    if order is not None and order.currency != (reading.currency or program.currency):
        wrong = _("Order %(order)s is in %(currency)s: say so with the refund's amount.")
        return _close(row, InboundState.QUARANTINED, wrong % {**words, "currency": order.currency})
    if order is None and (reading.currency or program.currency) != program.currency:
        return _ask_for_order(row, reading, at)
    if hear(row.connection, reading.said, order, at=row.received_at):
        row.subject = reading.of  # by which it is found when the order comes
    taken = take_refunds(program, source, reading.of, [refund], actor=actor, at=at)[0]
    if taken.status == "conflict":
        known = _("Refund %(refund)s is known with other content; nothing was booked. Send a further one.")
        return _close(row, InboundState.QUARANTINED, known % words)
    if taken.status == "same":
        return _close(row, InboundState.DONE, _("Refund %(refund)s: nothing new.") % words)
    if taken.waiting:
        waits = _("Refund %(refund)s is kept and waits for order %(order)s.")
        return _close(row, InboundState.DONE, waits % words)
    return _close(row, InboundState.DONE, _("Refund %(refund)s of order %(order)s was taken.") % words)


def _ask_for_order(row: Inbound, reading: Reading, at: datetime | None) -> Inbound:
    """A refund in a foreign currency may not wait by itself: its amount would be taken for the later order's money."""
    row.subject = reading.of
    if connector_of(row.connection).has_keys(store_of(row.connection)):
        return _ask(row, "", at)
    waits = _(
        "The refund is in %(currency)s, and order %(order)s is not known yet: process this again once it is here."
    )
    return _close(row, InboundState.QUARANTINED, waits % {"currency": reading.currency, "order": reading.of})


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
    return _take(row, order, None, at, said_in(row))


def _gone(row: Inbound) -> OrderIn | None:
    """Return the order of a message as deleted."""
    return gone_order(row.connection, row.subject, row.received_at)


def gone_order(connection: Connection, number: str, at: datetime) -> OrderIn | None:
    """Return an order's last known state, marked as deleted, as a revision newer than all others; None if unknown."""
    known = Order.objects.filter(
        program=connection.program, source=connection.source, external_id=number
    ).first()
    if known is None:
        return None
    last: OrderIn = known.as_value()
    if last.state == OrderState.GONE:
        return last
    revision_at = max(at, last.revision_at + timedelta(seconds=1))
    return replace(last, state=OrderState.GONE, revision_at=revision_at)


def _record(kind: str, row: Inbound, *, actor: User | None = None, at: datetime | None = None) -> None:
    program = row.connection.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
