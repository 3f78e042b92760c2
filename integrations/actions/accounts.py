"""Which account a connection is with: what changes with its address and keys, and what is forgotten then."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from integrations.connectors import CONNECTORS
from integrations.connectors.oauth import OAuth
from integrations.models import Connection, RemoteRecord

ADDRESSES = ("url", "host")  # what keys are called that are addresses


def is_elsewhere(connection: Connection, base_url: str, changed: Mapping[str, str]) -> bool:
    """Say whether the address, or a key that is one, names another host than before."""
    former = connection.secrets or {}
    pairs = [(connection.base_url, base_url)] if CONNECTORS[connection.connector].HAS_ADDRESS else []
    pairs += [(former.get(name, ""), changed[name]) for name in ADDRESSES if name in changed]
    return any(before and _host(before) != _host(after) for before, after in pairs)


def _host(address: str) -> str:
    """Return host and port of an address, with or without its scheme and user."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    return parts.netloc.rpartition("@")[2].lower()


def is_other_account(row: Connection, base_url: str, keys: Mapping[str, str]) -> bool:
    """Say whether what names the account changes: its address or app, or, without an address, its key."""
    kind, former = CONNECTORS[row.connector], row.secrets or {}
    opening = [key.name for key in kind.KEYS if key.is_secret and key.name != "client_secret"]
    naming = ["client_id"] if kind.HAS_ADDRESS else ["client_id", *opening]
    is_other = any(name in keys and keys[name] != former.get(name, "") for name in naming)
    return base_url != row.base_url or is_other


def forget_records(row: Connection) -> None:
    """Forget what was told to another account and agreed on with it, and up to when it was asked. In a transaction."""
    RemoteRecord.objects.filter(connection=row).delete()
    row.cursor = {name: place for name, place in row.cursor.items() if name != "changes"}
    row.save(update_fields=["cursor"])


def ends_grant(row: Connection, oauth: OAuth, base_url: str, keys: Mapping[str, str]) -> bool:
    """Say whether access by consent ends: it was for another app or address, or a key is entered instead."""
    known = str((row.secrets or {}).get("client_id", ""))
    is_other_app = keys.get("client_id", known) != known
    return base_url != row.base_url or is_other_app or any(keys.get(name) for name in oauth.entered)
