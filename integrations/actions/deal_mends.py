"""Mending what an audit found of deals: a deal is taken in as it stands there, by the road that its messages come."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from integrations.actions.inbound import replay
from integrations.actions.records.asking import CHANGED, keep_change
from integrations.actions.records.taking import read_change
from integrations.connectors.records import Change
from integrations.models import Finding, Inbound
from tracking.models import Order

SECOND = timedelta(seconds=1)


def take_deal(row: Finding, now: datetime) -> None:
    """Have the deal taken in as the audit saw it: it becomes an order, or is one no more. In a transaction.

    It counts as newer than what is known of the order, and as older than whatever is changed there afterwards. A
    message that has said the same before is understood anew: what stood in its way may be gone.
    """
    change = read_change(json.dumps(row.seen_values).encode())
    orders = Order.objects.filter(program=row.connection.program_id, source=row.connection.source)
    known: Order | None = orders.filter(external_id=change.remote_id).first()
    if known is not None:
        change = replace(change, at=max(change.at, known.as_value().revision_at + SECOND))
    elif (last := _last(row, change)) is not None:
        replay(last, at=now)
        return
    keep_change(row.connection, "deal", change, now)


def is_told_since(row: Finding) -> bool:
    """Say whether the system has told of the deal after the audit saw it: the finding may be of yesterday."""
    return _messages(row, row.remote_id).filter(received_at__gt=row.last_seen_at).exists()


def _messages(row: Finding, remote_id: str) -> QuerySet[Inbound]:
    return Inbound.objects.filter(connection=row.connection, topic=f"{CHANGED}deal", subject=remote_id)


def _last(row: Finding, change: Change) -> Inbound | None:
    """The newest message of the deal, if it says what stands there now."""
    last: Inbound | None = _messages(row, change.remote_id).order_by("-pk").first()
    if last is None or json.loads(bytes(last.body)).get("values") != dict(change.values):
        return None
    return last
