"""Is a message genuine? Its bytes are signed with the secret, or it brings the secret along as a token."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from integrations.connectors.base import (
    QUERY,
    BadSignature,
    Received,
    Store,
    Unreadable,
    Unsigned,
    webhook_secrets,
)
from integrations.connectors.inbox.body import record_of
from integrations.mapping import Unfit
from integrations.mapping.paths import Steps, find, read_path

SIGNATURES = ("X-Signature", "X-Hub-Signature-256", "X-Signature-256", "X-Webhook-Signature")
TOKENS = ("Authorization", "X-Token", "X-Webhook-Token")
PARAMETER = "token"
TOPICS, SUBJECTS = (
    ("type", "event", "topic", "event_type", "action"),
    ("order_number", "order_id", "number", "id"),
)
MOST_PARAMETERS = 50


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine message; raises BadSignature, or Unsigned where it brings nothing to look at."""
    shown = [(value, True) for value in _in_headers(store, headers)]
    shown += [(value, False) for value in _in_address(headers)]
    if not shown:
        raise Unsigned(_("The message is not signed and brings no token: see the connection."))
    secrets = [*webhook_secrets(store.keys), *filter(None, [store.keys.get("their_secret", "")])]
    if not any(
        _is_genuine(value, body, secret, is_header) for value, is_header in shown for secret in secrets
    ):
        raise BadSignature(
            _("The signature or the token is wrong: compare the secret in the system that sends.")
        )
    record = _record(body)
    topic, subject = _first(record, TOPICS, 60), _first(record, SUBJECTS, 120)
    return Received(topic, subject, _dedupe_key(store, record, body), {"received": at.isoformat()})


def sign(body: bytes, secret: str) -> bytes:
    """Return the signature: HMAC-SHA256 of the bytes."""
    return hmac.digest(secret.encode(), body, hashlib.sha256)


def id_path(store: Store) -> Steps | None:
    """Return the path to the message's id; None where none is named that could be followed."""
    path = str(store.options.get("message_id") or store.keys.get("message_id") or "").strip()
    try:
        return read_path(path) if path else None
    except Unfit:
        return None


def header_named(store: Store) -> str:
    """Return the header that the system was said to use; "" for the usual ones."""
    return str(store.options.get("header") or store.keys.get("header") or "").strip()


def _in_headers(store: Store, headers: Mapping[str, str]) -> Iterator[str]:
    """What the header named by the options says, or else the usual ones."""
    named = header_named(store)
    for name in (named,) if named else (*SIGNATURES, *TOKENS):
        if value := headers.get(name, "").strip():
            yield value


def _in_address(headers: Mapping[str, str]) -> Iterator[str]:
    query = headers.get(QUERY, "")
    try:
        pairs = parse_qsl(query, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        pairs = []
    yield from (value for name, value in pairs if name == PARAMETER)


def _is_genuine(shown: str, body: bytes, secret: str, is_header: bool) -> bool:
    """Say in constant time whether this is the token, or (in a header) the signature in hexadecimal or base64."""
    given = shown.encode(errors="replace")
    bare = given.rpartition(b"sha256=")[2] if is_header else given
    bearer = given[7:].strip() if given[:7].lower() == b"bearer " else given
    signature = sign(body, secret)
    fits = [hmac.compare_digest(bearer, secret.encode())]
    if is_header:
        fits.append(hmac.compare_digest(bare.lower(), signature.hex().encode()))
        fits.append(hmac.compare_digest(bare, base64.b64encode(signature)))
    return any(fits)


def _record(body: bytes) -> dict[str, Any]:
    """Return what the body says, or nothing: it is stored even if it cannot be read."""
    try:
        return record_of(body)
    except Unreadable:
        return {}


def _first(record: dict[str, Any], names: tuple[str, ...], limit: int) -> str:
    values = (record.get(name) for name in names)
    found = next((str(one) for one in values if isinstance(one, str | int) and not isinstance(one, bool)), "")
    return "".join(letter for letter in found if letter.isprintable())[:limit]


def _dedupe_key(store: Store, record: dict[str, Any], body: bytes) -> str:
    """Return a digest of the message's id, where one is named and told, or else of its bytes."""
    path = id_path(store)
    told = find(record, path) if path is not None else None
    is_told = isinstance(told, str | int) and not isinstance(told, bool) and told != ""
    return hashlib.sha256(f"id:{told}".encode() if is_told else b"body:" + body).hexdigest()
