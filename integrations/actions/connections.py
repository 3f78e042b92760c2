"""Connections: made, tried, repaired, paused."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import partial
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
from integrations import gate
from integrations.actions.accounts import ends_grant, forget_records, is_elsewhere, is_other_account
from integrations.actions.deliveries import lanes
from integrations.actions.mappings import current_rows
from integrations.actions.tokens import fresh_token, without_grant
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Connector, KnowsAddresses, Mapped, Store
from integrations.connectors.oauth import oauth_of
from integrations.drop_root import folder_of
from integrations.models import Connection
from integrations.states import ConnectionState, DeliveryState, InboundState
from tracking.told import OWN_SOURCE

SECRET_BYTES = 32
WEBHOOKS_AT = "webhooks_at"  # among the options


class AlreadyConnected(ValueError):
    """The program has a connection of that source; the text is a sentence for people."""


class KeysMissing(ValueError):
    """A connector needs keys that were not given; the text says which."""


def store_of(connection: Connection) -> Store:
    """Return the far side as its connector needs it."""
    program = connection.program
    return Store(
        connection.base_url,
        connection.source,
        connection.secrets or {},
        program.currency,
        connection.options,
        program.time_zone,
        partial(fresh_token, connection),
        current_rows(connection) if isinstance(connector_of(connection), Mapped) else {},
        delivery_url(connection),
        folder_of(program),
    )


def connector_of(connection: Connection) -> Connector:
    """Return the module that speaks the connection's language."""
    return CONNECTORS[connection.connector]


def delivery_url(connection: Connection) -> str:
    """Return the address to which the system must send its news; "" for one that never does."""
    route = connector_of(connection).ROUTE
    if not route:
        return ""
    return settings.PUBLIC_URL.rstrip("/") + reverse(route, args=[connection.public_id])


def wrong_signature() -> str:
    """Return the sentence that stands on a connection while somebody signs with another secret."""
    return _("A message came with a wrong signature: compare the secret there with the one here.")


def wrong_clock() -> str:
    """Return the sentence that stands on a connection while its messages are signed with another time than ours."""
    return _("A message came with a time that is not now: set the clock of the system that sends.")


def note_trouble(connection: Connection, trouble: str) -> None:
    """Show on the connection what is wrong with it now, or that nothing is ("")."""
    Connection.objects.filter(pk=connection.pk).exclude(last_error=trouble[:300]).update(
        last_error=trouble[:300]
    )


def connect(
    program: Program,
    *,
    connector: str,
    name: str,
    source: str,
    base_url: str = "",
    keys: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    is_checked: bool = False,
    actor: User | None = None,
    at: datetime | None = None,
) -> Connection:
    """Connect a system; `keys` and `options` are what its connector asks for.

    `is_checked`: the caller has looked the address up, because it is inside a transaction by now.
    Raises KeyError for an unknown connector, http.UnsafeURL for an address that may not be called, KeysMissing, and
    AlreadyConnected for a source in use.
    """
    if actor is not None:
        roles.demand(actor, "manage_integrations", program.merchant_id)
    kind = CONNECTORS[connector]
    base_url = _address(kind, base_url)
    if base_url and not is_checked:
        http.check_url(base_url)
    given = {name: str(value).strip() for name, value in (keys or {}).items()}
    if missing := [key.label for key in kind.KEYS if key.is_required and not given.get(key.name)]:
        raise KeysMissing(_("Still needed: %(keys)s.") % {"keys": ", ".join(map(str, missing))})
    return _connect(
        program,
        actor,
        at,
        connector=connector,
        name=name,
        source=source,
        base_url=base_url if kind.HAS_ADDRESS else "",
        keys={key.name: given.get(key.name, "") for key in kind.KEYS},
        options=dict(options or {}),
    )


def _address(kind: Connector, entered: str) -> str:
    return kind.address_of(entered) if isinstance(kind, KnowsAddresses) else entered


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
    if source == OWN_SOURCE:
        raise AlreadyConnected(_("The source “%(source)s” is reserved.") % {"source": source})
    values["secrets"] = {**keys, "webhook_secret": secrets.token_urlsafe(SECRET_BYTES)}
    known = Connection.objects.select_for_update().filter(program=program, source=source).first()
    if known is not None:
        return _connect_again(known, actor, at, values)
    connection: Connection = Connection.objects.create(
        program=program, source=source, created_by=actor, created_at=at or timezone.now(), **values
    )
    _record("connection.created", connection, actor, at)
    gate.forget()
    return connection


def _connect_again(
    known: Connection, actor: User | None, at: datetime | None, values: dict[str, Any]
) -> Connection:
    """A system that was cut off comes back to its own row: its orders and messages go by the same name."""
    if known.state != ConnectionState.DISCONNECTED or known.connector != values["connector"]:
        words = {"source": known.source}
        raise AlreadyConnected(_("There is a connection called “%(source)s” already.") % words)
    for name, value in values.items():
        setattr(known, name, value)
    known.state, known.last_error = ConnectionState.ACTIVE, ""
    known.save(update_fields=[*values, "state", "last_error"])
    forget_records(known)  # by which keys it was reached is forgotten, so this may be another account
    _record("connection.changed", known, actor, at, {"state": known.state})
    gate.forget()
    return known


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
    _note_webhooks(connection)
    return left


@transaction.atomic
def _note_webhooks(connection: Connection) -> None:
    """Remember for which address of ours webhooks were made: the clock repairs them for no other one."""
    row: Connection = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    row.options = {**row.options, WEBHOOKS_AT: delivery_url(row)}
    row.save(update_fields=["options"])


def test_connection(connection: Connection, *, actor: User | None = None) -> str:  # noqa: PT028 - a verb, no test
    """Try the address and the keys; return a sentence that says how things stand. Calls the store."""
    _demand(connection, actor)
    try:
        sentence = connector_of(connection).check(store_of(connection), delivery_url(connection))
    except Failure as failure:
        note_trouble(connection, str(failure))
        return str(failure)
    note_trouble(connection, "")
    lanes.wake(connection, timezone.now())
    return sentence


def change_keys(
    connection: Connection, *, base_url: str = "", actor: User | None = None, **keys: str
) -> Connection:
    """Set the system's address and keys anew; raises http.UnsafeURL. An empty secret leaves the former one.

    Parked messages are asked about later.
    """
    _demand(connection, actor)
    kind = connector_of(connection)
    base_url = _address(kind, base_url)
    if kind.HAS_ADDRESS:
        http.check_url(base_url)
    known = {key.name: key for key in kind.KEYS}
    given = {name: value.strip() for name, value in keys.items() if name in known}
    changed = {name: value for name, value in given.items() if value or not known[name].is_secret}
    if is_elsewhere(connection, base_url, changed):
        # a secret that was entered for one host is never told to another
        changed |= {name: given.get(name, "") for name, key in known.items() if key.is_secret}
        if missing := [
            key.label for name, key in known.items() if key.is_required and changed.get(name) == ""
        ]:
            raise KeysMissing(
                _("The address is another host’s: enter the keys for it, too. Still needed: %(keys)s.")
                % {"keys": ", ".join(map(str, missing))}
            )
    return _change(
        connection, actor, base_url=base_url if kind.HAS_ADDRESS else connection.base_url, keys=changed
    )


@transaction.atomic
def change_options(
    connection: Connection,
    *,
    options: Mapping[str, Any],
    actor: User | None = None,
    at: datetime | None = None,
) -> Connection:
    """Set some of the connector's own settings anew; the others stay."""
    _demand(connection, actor)
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    changed = {**row.options, **options}
    if changed == row.options:
        return row
    row.options = changed
    row.save(update_fields=["options"])
    _record("connection.changed", row, actor, at, {"options": sorted(options)})
    gate.forget()
    return row


@transaction.atomic
def rotate_secret(
    connection: Connection, *, actor: User | None = None, at: datetime | None = None
) -> Connection:
    """Make a new webhook secret; the former one stays good until the next rotation, so that nothing is lost.

    What we sign ourselves carries both signatures for a day.
    """
    _demand(connection, actor)
    row = Connection.objects.select_for_update().get(pk=connection.pk)
    former = (row.secrets or {}).get("webhook_secret", "")
    keys = {
        "webhook_secret": secrets.token_urlsafe(SECRET_BYTES),
        "previous_secret": former,
        "rotated_at": (at or timezone.now()).isoformat(),
    }
    return _change(row, actor, base_url=row.base_url, keys=keys)


@transaction.atomic
def _change(connection: Connection, actor: User | None, *, base_url: str, keys: dict[str, str]) -> Connection:
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    former = row.secrets or {}
    if (oauth := oauth_of(connector_of(row))) and ends_grant(row, oauth, base_url, keys):
        former = without_grant(former, oauth)
    if is_other_account(row, base_url, keys):
        forget_records(row)
    row.base_url, row.secrets = base_url, {**former, **keys}
    row.save(update_fields=["base_url", "secrets"])
    _record("connection.changed", row, actor)
    lanes.wake(row, timezone.now())
    return row


@transaction.atomic
def pause(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> Connection:
    """Go on storing what comes and what is to be told, but take no orders from it and send it nothing."""
    return _move(connection, ConnectionState.PAUSED, actor, at, unless=ConnectionState.DISCONNECTED)


@transaction.atomic
def resume(connection: Connection, *, actor: User | None = None, at: datetime | None = None) -> Connection:
    """Take orders again, first those that came meanwhile; send what waits. Raises ValueError for one that is cut."""
    row = _move(connection, ConnectionState.ACTIVE, actor, at, unless=ConnectionState.DISCONNECTED)
    was_paused = connection.state == ConnectionState.PAUSED
    lanes.wake(row, at or timezone.now())
    if was_paused:
        Connection.objects.filter(pk=row.pk).update(last_error="")
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


@transaction.atomic
def disconnect(
    connection: Connection, *, actor: User | None = None, at: datetime | None = None
) -> Connection:
    """Cut a system off for good: its keys are forgotten, and what waits to be told is told no more."""
    row = _move(connection, ConnectionState.DISCONNECTED, actor, at)
    dropped = row.deliveries.filter(state=DeliveryState.DUE)
    note = _("The connection was cut before this was sent.")
    dropped.update(state=DeliveryState.SKIPPED, note=note, done_at=at or timezone.now())
    row.secrets, row.last_error = {}, ""
    row.save(update_fields=["secrets", "last_error"])
    return row


def _move(
    connection: Connection, state: str, actor: User | None, at: datetime | None, *, unless: str = ""
) -> Connection:
    _demand(connection, actor)
    row: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("program").get(pk=connection.pk)
    )
    if row.state == state:
        return row
    if row.state == unless:
        raise ValueError(_("This connection was cut: connect the system again."))
    row.state = state
    row.save(update_fields=["state"])
    _record("connection.changed", row, actor, at, {"state": state})
    gate.forget()
    return row


def _demand(connection: Connection, actor: User | None) -> None:
    if actor is not None:
        roles.demand(actor, "manage_integrations", connection.program.merchant_id)


def _record(
    kind: str,
    row: Connection,
    actor: User | None,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    program = row.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
