"""REST hooks: an automation service subscribes to one kind of news, and goes again."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Program
from core import events
from integrations.actions.connections import connect, disconnect
from integrations.connectors.webhook.choices import has_ended
from integrations.flows import PACE
from integrations.models import Attempt, Connection
from integrations.states import ConnectionState

CONNECTOR = "webhook"
REST_HOOK = "rest hook"
MOST_HOOKS = 100
GONE = 410  # HTTP


class TooManyHooks(ValueError):
    """The program has all the subscriptions that it may have; the text is a sentence for people."""


@transaction.atomic
def subscribe(
    program: Program,
    *,
    target_url: str,
    event: str,
    filters: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    key: str = "",
    at: datetime | None = None,
) -> tuple[Connection, bool]:
    """Tell an address of one kind of news, or of all of a noun ("order.*"); return the connection, and if it is new.

    The caller has looked the address up (`http.check_url`), outside of this transaction. The same again from the same
    `key` is the same subscription, which now ends when the newer one says. Raises TooManyHooks.
    """
    Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    wanted = {"kinds": [event], "filter": dict(filters or {}), "origin": REST_HOOK, "key": key}
    expires = expires_at.isoformat() if expires_at else ""
    live = hooks_of(program).exclude(state=ConnectionState.DISCONNECTED)
    for row in live.filter(base_url=target_url):
        if _as_text(row.options) == _as_text(wanted):
            return _renewed(row, expires, at), False
    if live.count() >= MOST_HOOKS:
        words = _("A program has at most %(most)s subscriptions: delete those that nobody needs.")
        raise TooManyHooks(words % {"most": MOST_HOOKS})
    made = connect(
        program,
        connector=CONNECTOR,
        name=f"{urlsplit(target_url).hostname}: {event}"[:80],
        source=f"hook-{uuid.uuid4().hex[:16]}",
        base_url=target_url,
        options={**wanted, "expires": expires},
        is_checked=True,
        at=at,
    )
    return made, True


def _as_text(options: Mapping[str, Any]) -> str:
    """What is wanted, without how long: as JSON, where true is not 1."""
    wanted = {name: value for name, value in options.items() if name not in PACE}  # a manager's, not theirs
    return json.dumps({**wanted, "expires": ""}, sort_keys=True)


def _renewed(row: Connection, expires: str, at: datetime | None) -> Connection:
    if row.options.get("expires") == expires:
        return row
    row.options = {**row.options, "expires": expires}
    row.save(update_fields=["options"])
    program = row.program
    events.record("connection.changed", row, tenant=program.merchant_id, scope=program.pk, at=at)
    return row


def hooks_of(program: Program) -> Any:
    """Return the connections that came about by subscribing, those that have ended among them."""
    rows = Connection.objects.filter(program=program, connector=CONNECTOR, options__origin=REST_HOOK)
    return rows.select_related("program")


def end_hooks(*, at: datetime | None = None) -> int:
    """Disconnect the subscriptions whose time is over, and those whose address is gone (410); return how many."""
    now = at or timezone.now()
    rows = Connection.objects.filter(connector=CONNECTOR, options__origin=REST_HOOK)
    live = rows.exclude(state=ConnectionState.DISCONNECTED).select_related("program").order_by("pk")
    over = [row for row in live if has_expired(row, now) or is_gone(row)]
    for row in over:
        disconnect(row, at=now)
    return len(over)


def has_expired(row: Connection, at: datetime) -> bool:
    """Say whether a subscription's time was over at an instant."""
    return has_ended(row.options, at)


def is_gone(row: Connection) -> bool:
    """Say whether the address has said that it wants nothing more, so that the connection was paused."""
    if row.state != ConnectionState.PAUSED:
        return False
    tries = Attempt.objects.filter(delivery__connection=row).order_by("-at", "-pk")
    return tries.values_list("status", flat=True).first() == GONE
