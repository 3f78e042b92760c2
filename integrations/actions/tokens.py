"""Short-lived keys: fetched by one worker at a time, kept sealed with their end, shared by all."""

import json
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.crypto import fingerprint
from core.jobs import Misconfigured, Temporary
from integrations.connectors.base import FetchToken, Token
from integrations.connectors.oauth import REFRESH, OAuth
from integrations.models import Connection

EARLY = timedelta(minutes=2)  # a key that ends so soon is fetched anew: a call may take a while
LEASE = timedelta(seconds=30)  # longer than one call may take
PATIENCE = 75.0
PAUSE = 0.1
# what stands in a connection's secrets besides its keys: the token kept, who fetches one, the consent asked for, who
# gave it, and why no token could be fetched last
KEPT, FETCHING, BEGUN, GRANT, TROUBLE = "kept_token", "token_lease", "consent_begun", "grant", "token_trouble"
NO_KEYS = (KEPT, FETCHING, BEGUN, GRANT, TROUBLE)


def fresh_token(connection: Connection, fetch: FetchToken, *, refused: str = "") -> str:
    """Return a key that is good now, fetched with the connection's present keys if none is kept.

    `refused` is the key that the far side has just refused: it is fetched anew, unless somebody has done so already.
    Whoever finds another one fetching waits for what that one brings. Calls out: no transaction. Raises what `fetch`
    raises, and Temporary when the others' fetching takes too long.
    """
    ends_at = time.monotonic() + PATIENCE
    lease = uuid.uuid4().hex
    while time.monotonic() < ends_at:
        found, keys = _take(connection, lease, refused)
        if found:
            return found
        if keys is not None:
            return _fetch(connection, fetch, lease, keys)
        time.sleep(PAUSE)
    raise Temporary(_("Another worker is still fetching a key of this connection."))


@transaction.atomic
def _take(connection: Connection, lease: str, refused: str) -> tuple[str, dict[str, Any] | None]:
    """Return the kept key if it is good; else the keys to fetch one with, or None while another worker fetches."""
    now, row = timezone.now(), _locked(connection)
    secrets = dict(row.secrets or {})
    kept = secrets.get(KEPT) or {}
    if _is_good(kept, row, now) and kept["value"] != refused:
        return str(kept["value"]), None
    other = secrets.get(FETCHING)
    if other and datetime.fromisoformat(other["until"]) > now:
        return "", None
    _write(row, {**secrets, FETCHING: {"id": lease, "until": (now + LEASE).isoformat()}})
    return "", _keys(secrets)


def _fetch(connection: Connection, fetch: FetchToken, lease: str, keys: dict[str, Any]) -> str:
    """Fetch a key and keep it; whatever goes wrong, the next one need not wait for the lease's end."""
    try:
        token = fetch(keys)
    except BaseException as trouble:
        _give_up(connection, lease, trouble)
        raise
    _keep(connection, lease, keys, token)
    return token.value


@transaction.atomic
def _give_up(connection: Connection, lease: str, trouble: BaseException) -> None:
    """End the lease; what a person must mend is noted."""
    row = _locked(connection)
    secrets = dict(row.secrets or {})
    if (secrets.get(FETCHING) or {}).get("id") != lease:
        return
    del secrets[FETCHING]
    if isinstance(trouble, Misconfigured):
        secrets[TROUBLE] = {"words": str(trouble)[:400], "at": timezone.now().isoformat()}
    _write(row, secrets)


@transaction.atomic
def _keep(connection: Connection, lease: str, keys: dict[str, Any], token: Token) -> None:
    """End the lease and keep what was fetched, unless the lease or the keys are others by now.

    Keys that the far side replaced are kept even if others changed meanwhile: the former ones are good no more.
    """
    row = _locked(connection)
    secrets = dict(row.secrets or {})
    if (secrets.get(FETCHING) or {}).get("id") != lease:
        return
    del secrets[FETCHING]
    is_same = _keys(secrets) == keys
    secrets |= {name: value for name, value in token.keys.items() if secrets.get(name) == keys.get(name)}
    if is_same:
        secrets.pop(TROUBLE, None)
        secrets[KEPT] = kept_of(row, secrets, token)
    _write(row, secrets)


def kept_of(row: Connection, secrets: Mapping[str, Any], token: Token) -> dict[str, str]:
    """Return how a token is kept that was fetched with these keys from the connection's address."""
    ends_at = token.ends_at.isoformat()
    return {"value": token.value, "ends_at": ends_at, "made_of": _made_of(row.base_url, secrets)}


def without_grant(secrets: Mapping[str, Any], oauth: OAuth) -> dict[str, Any]:
    """Return secrets without the access that a person gave by consent, and without what came with it."""
    ended = {*NO_KEYS, REFRESH, *oauth.keeps}
    return {name: value for name, value in secrets.items() if name not in ended}


def _is_good(kept: Mapping[str, str], row: Connection, now: datetime) -> bool:
    """Whether the kept key lasts, and was fetched with the keys and the address that stand there now."""
    if not kept or datetime.fromisoformat(kept["ends_at"]) <= now + EARLY:
        return False
    return kept["made_of"] == _made_of(row.base_url, row.secrets or {})


def _made_of(base_url: str, secrets: Mapping[str, Any]) -> str:
    plain = json.dumps([base_url, _keys(secrets)], sort_keys=True)
    return fingerprint(plain, purpose="connection token")


def _keys(secrets: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in secrets.items() if name not in NO_KEYS}


def _locked(connection: Connection) -> Connection:
    row: Connection = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    return row


def _write(row: Connection, secrets: dict[str, Any]) -> None:
    row.secrets = secrets
    row.save(update_fields=["secrets"])
