"""The webhooks at the stores, looked at by the clock: what a store has switched off or lost is repaired, and said."""

import logging
import time
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import events
from core.jobs import Failure, Misconfigured
from integrations.actions.connections import (
    WEBHOOKS_AT,
    connector_of,
    delivery_url,
    note_trouble,
    register_webhooks,
    store_of,
)
from integrations.connectors import CONNECTORS
from integrations.connectors.base import KeepsWebhooks
from integrations.models import Connection
from integrations.states import ConnectionState

log = logging.getLogger(__name__)

SECONDS = 300.0  # then the rest waits for the next turn


def look_at_webhooks(*, at: datetime | None = None) -> int:
    """Look at the webhooks of all active connections with keys, and repair them; return how many needed it.

    Calls the stores: no transaction. Only webhooks that a person has had made for our present address are repaired; of
    others it is said that they are missing. So a copy of this installation never takes its store's webhooks.
    """
    ends_at = time.monotonic() + SECONDS
    keepers = [name for name, connector in CONNECTORS.items() if isinstance(connector, KeepsWebhooks)]
    rows = Connection.objects.filter(state=ConnectionState.ACTIVE, connector__in=keepers)
    repaired = 0
    for row in rows.select_related("program").order_by("?"):  # all have their turn, also when time runs out
        if time.monotonic() >= ends_at:
            break
        try:
            repaired += repair_webhooks(row, at=at)
        except Exception:
            log.exception("the webhooks of connection %s cannot be looked at", row.pk)
    return repaired


def repair_webhooks(connection: Connection, *, at: datetime | None = None) -> bool:
    """Repair what the store has switched off or lost; say so on the connection. Calls the store: no transaction."""
    connector, store, url = connector_of(connection), store_of(connection), delivery_url(connection)
    if not isinstance(connector, KeepsWebhooks) or not connector.has_keys(store):
        return False
    try:
        lost = connector.lost_webhooks(store, url)
    except Misconfigured as trouble:
        note_trouble(connection, str(trouble))
        return False
    except Failure:
        return False  # it is asked again in an hour
    if not lost:
        return False
    names = ", ".join(lost)
    if connection.options.get(WEBHOOKS_AT) != url:
        words = _("These webhooks are missing or switched off: %(names)s. Press “Make or repair webhooks”.")
        note_trouble(connection, words % {"names": names})
        return False
    register_webhooks(connection)
    return _conclude(connection, lost, at)


def _conclude(connection: Connection, lost: tuple[str, ...], at: datetime | None) -> bool:
    """Say what was repaired; where that has failed, its reason stands on the connection already."""
    row: Connection = Connection.objects.select_related("program").get(pk=connection.pk)
    if row.last_error:
        return False
    with transaction.atomic():
        program = row.program
        events.record(
            "connection.repaired",
            row,
            tenant=program.merchant_id,
            scope=program.pk,
            at=at,
            data={"webhooks": list(lost)},
        )
    words = _(
        "Webhooks that the store had switched off or lost were repaired: %(names)s. What was missed is read by the "
        "comparison of orders; “Test” puts this away."
    )
    note_trouble(row, words % {"names": ", ".join(lost)})
    return True
