"""A far side's fields and one record of it, asked for when a person wants to see them; fields that are made there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from affiliates import roles
from core import events
from core.jobs import Misconfigured
from core.models import User
from integrations.actions.connections import connector_of, store_of
from integrations.connectors.base import Store
from integrations.connectors.records import Found, KeepsRecords, RemoteField, Row
from integrations.models import Connection
from integrations.states import ConnectionState

SLUG = re.compile(r"[^a-z0-9]+")
MOST_NAMES = 200  # fields of one record that are asked for


@dataclass(frozen=True, slots=True)
class There:
    """What a kind of record looks like at the far side: its fields, and our customer's record if there is one."""

    fields: tuple[RemoteField, ...]
    found: Found | None


def look_there(
    connection: Connection,
    kind: str,
    row: Row | None,
    names: Sequence[str] | None = None,
    *,
    actor: User | None = None,
) -> There:
    """Ask for the fields and for one record, with what stands in these fields (in all, if none are named).

    Calls out: no transaction. Raises a Failure.
    """
    connector, store = _keeper(connection, actor)
    fields = connector.list_fields(store, kind)
    if row is None:
        return There(fields, None)
    known = names_there(connection, fields)
    asked = [field.name for field in fields] if names is None else [name for name in names if name in known]
    found = connector.fetch_records(store, kind, [row], list(dict.fromkeys(asked))[:MOST_NAMES])
    return There(fields, next((one for one in found if one.key == row.key), None))


def names_there(connection: Connection, fields: Sequence[RemoteField]) -> frozenset[str]:
    """Return by which names a mapping may call the fields: some systems know them by their labels too."""
    names = {field.name for field in fields}
    if getattr(connector_of(connection), "FINDS_BY_LABEL", False):
        names |= {SLUG.sub("_", field.label.lower()).strip("_") for field in fields}
    return frozenset(names)


def make_fields_there(
    connection: Connection,
    kind: str,
    wanted: Sequence[RemoteField],
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> tuple[str, ...]:
    """Make fields that are missing there; return the names of those that were made. Calls out; raises a Failure."""
    connector, store = _keeper(connection, actor)
    made = connector.make_fields(store, kind, wanted) if wanted else ()
    if made:
        program = connection.program
        events.record(
            "connection.changed",
            connection,
            tenant=program.merchant_id,
            scope=program.pk,
            actor=actor,
            at=at,
            data={"kind": kind, "fields_made": sorted(made)},
        )
    return made


def wanted_there(connection: Connection, kind: str) -> dict[str, RemoteField]:
    """Return the fields that the connector's own mapping needs there, by name, where the connector says them."""
    say = getattr(connector_of(connection), "default_fields", None)
    found: Sequence[RemoteField] = say(store_of(connection), kind) if say is not None else ()
    return {field.name: field for field in found}


def _keeper(connection: Connection, actor: User | None) -> tuple[KeepsRecords, Store]:
    if actor is not None:
        roles.demand(actor, "manage_integrations", connection.program.merchant_id)
    connector, store = connector_of(connection), store_of(connection)
    if not isinstance(connector, KeepsRecords) or connection.state == ConnectionState.DISCONNECTED:
        raise Misconfigured(_("This connection keeps no records of customers."))
    if not connector_of(connection).has_keys(store):
        raise Misconfigured(_("There is no key to ask with: connect, or enter one with “Change keys”."))
    return connector, store
