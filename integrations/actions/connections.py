"""Connections: made, tried, repaired, paused."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from affiliates.models import Program
from core import events, http
from core.jobs import Failure
from core.models import User
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Connector, Store
from integrations.models import Connection
from integrations.states import ConnectionState, InboundState

SECRET_BYTES = 32


class AlreadyConnected(ValueError):
    """The program has a connection of that source; the text is a sentence for people."""


def store_of(connection: Connection) -> Store:
    """Return the far side as its connector needs it."""
    return Store(connection.base_url, connection.source, connection.secrets or {})


def connector_of(connection: Connection) -> Connector:
    """Return the module that speaks the connection's language."""
    return CONNECTORS[connection.connector]


def delivery_url(connection: Connection) -> str:
    """Return the address to which the system must send its news."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("hook", args=[connection.public_id])


def wrong_signature() -> str:
    """Return the sentence that stands on a connection while somebody signs with another secret."""
    return _("A message came with a wrong signature: compare the secret in the store.")


def note_trouble(connection: Connection, trouble: str) -> None:
    """Show on the connection what is wrong with it now, or that nothing is ("")."""
    Connection.objects.filter(pk=connection.pk).exclude(last_error=trouble[:300]).update(
        last_error=trouble[:300]
    )


def connect_woocommerce(
    program: Program,
    *,
    name: str,
    source: str,
    base_url: str = "",
    consumer_key: str = "",
    consumer_secret: str = "",
    actor: User | None = None,
    at: datetime | None = None,
) -> Connection:
    """Connect a WooCommerce store; without keys it works by webhooks alone.

    Raises http.UnsafeURL for an address that may not be called and AlreadyConnected for a source in use.
    """
    if actor is not None:
        roles.demand(actor, "manage_integrations", program.merchant_id)
    if base_url:
        http.check_url(base_url)
    keys = {"consumer_key": consumer_key.strip(), "consumer_secret": consumer_secret.strip()}
    return _connect(
        program, actor, at, connector="woocommerce", name=name, source=source, base_url=base_url, keys=keys
    )


@transaction.atomic
def _connect(
    program: Program,
    actor: User | None,
    at: datetime | None,
    *,
    source: str,
    keys: dict[str, str],
    **values: Any,
) -> Connection:
    Program.objects.select_for_update().get(pk=program.pk)
    if Connection.objects.filter(program=program, source=source).exists():
        raise AlreadyConnected(_("There is a connection called “%(source)s” already.") % {"source": source})
    values["secrets"] = {**keys, "webhook_secret": secrets.token_urlsafe(SECRET_BYTES)}
    connection: Connection = Connection.objects.create(
        program=program, source=source, created_by=actor, created_at=at or timezone.now(), **values
    )
    _record("connection.created", connection, actor, at)
    return connection


def register_webhooks(connection: Connection, *, actor: User | None = None) -> list[str]:
    """Make or repair the webhooks at the store; return what is left to do by hand, in sentences.

    Calls the store: no transaction. A store that refuses or does not answer is a sentence too.
    """
    _demand(connection, actor)
    try:
        left = connector_of(connection).register(store_of(connection), delivery_url(connection))
    except Failure as failure:
        note_trouble(connection, str(failure))
        return [str(failure)]
    note_trouble(connection, "")
    return left


def test_connection(connection: Connection, *, actor: User | None = None) -> str:  # noqa: PT028 - a verb, no test
    """Try the address and the keys; return a sentence that says how things stand. Calls the store."""
    _demand(connection, actor)
    try:
        sentence = connector_of(connection).check(store_of(connection), delivery_url(connection))
    except Failure as failure:
        note_trouble(connection, str(failure))
        return str(failure)
    note_trouble(connection, "")
    return sentence


def change_keys(
    connection: Connection,
    *,
    base_url: str,
    consumer_key: str,
    consumer_secret: str,
    actor: User | None = None,
) -> Connection:
    """Set the store's address and API keys anew; raises http.UnsafeURL. Parked messages are asked about later."""
    _demand(connection, actor)
    http.check_url(base_url)
    keys = {"consumer_key": consumer_key.strip(), "consumer_secret": consumer_secret.strip()}
    return _change(connection, actor, base_url=base_url, keys=keys)


@transaction.atomic
def rotate_secret(connection: Connection, *, actor: User | None = None) -> Connection:
    """Make a new webhook secret; the former one stays good until the next rotation, so that nothing is lost."""
    _demand(connection, actor)
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    former = (row.secrets or {}).get("webhook_secret", "")
    keys = {"webhook_secret": secrets.token_urlsafe(SECRET_BYTES), "previous_secret": former}
    return _change(row, actor, base_url=row.base_url, keys=keys)


@transaction.atomic
def _change(connection: Connection, actor: User | None, *, base_url: str, keys: dict[str, str]) -> Connection:
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    row.base_url, row.secrets = base_url, {**(row.secrets or {}), **keys}
    row.save(update_fields=["base_url", "secrets"])
    _record("connection.changed", row, actor)
    return row


@transaction.atomic
def pause(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> Connection:
    """Go on storing what comes, but take no orders from it."""
    return _move(connection, ConnectionState.PAUSED, actor, at)


@transaction.atomic
def resume(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> Connection:
    """Take orders again, first those that came meanwhile."""
    was_paused = connection.state == ConnectionState.PAUSED
    row = _move(connection, ConnectionState.ACTIVE, actor, at)
    if was_paused:
        for inbound in row.inbounds.filter(state=InboundState.RECEIVED).order_by("id"):
            events.record(
                "inbound.received",
                inbound,
                tenant=row.program.merchant_id,
                scope=row.program_id,
                actor=actor,
                at=at,
            )
    return row


def _move(connection: Connection, state: str, actor: User | None, at: datetime | None) -> Connection:
    _demand(connection, actor)
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    if row.state == state:
        return row
    row.state = state
    row.save(update_fields=["state"])
    _record("connection.changed", row, actor, at, {"state": state})
    return row


def _demand(connection: Connection, actor: User | None) -> None:
    if actor is not None:
        roles.demand(actor, "manage_integrations", connection.program.merchant_id)


def _record(
    kind: str,
    row: Connection,
    actor: User | None,
    at: datetime | None = None,
    data: dict[str, str] | None = None,
) -> None:
    program = row.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
