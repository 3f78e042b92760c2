"""Is a postback genuine and of now? Signed are its parameters, or a JSON body with the time before it."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from integrations.connectors.base import (
    BadSignature,
    Received,
    Stale,
    Store,
    Unreadable,
    Unsigned,
    webhook_secrets,
)
from integrations.connectors.body import read_object
from integrations.connectors.postback.parameters import canonical, pairs_of
from integrations.connectors.signatures import in_hex

TOLERANCE = timedelta(minutes=10)
SECONDS = re.compile(rb"[0-9]{9,11}")
TIME_HEADER, SIGNATURE_HEADER = "X-Timestamp", "X-Signature"
PREFIX = b"sha256="


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine postback; raises BadSignature (Unsigned, Stale), or Unreadable where nothing can be checked."""
    if is_json(body):
        ts = headers.get(TIME_HEADER, "").strip().encode(errors="replace")
        given = headers.get(SIGNATURE_HEADER, "").strip().encode(errors="replace").removeprefix(PREFIX)
        signed, said = ts + b"." + body, _told
    else:
        pairs = pairs_of(body)
        found = dict(pairs)
        ts, given, signed, said = found.get(b"ts", b""), found.get(b"sig", b""), canonical(pairs), _named
    _check(signed, given, ts, store, at)
    told = said(body)
    topic = "refund" if told["event"] == "refund" else "order"
    key = hashlib.sha256(ts + b"\0" + signed).hexdigest()
    return Received(topic, _printable(told["order"], 120), key, {"ts": ts.decode()})


def is_json(body: bytes) -> bool:
    """Say whether a body is a JSON object; parameters never begin with a brace."""
    return body.lstrip()[:1] == b"{"


def _check(signed: bytes, given: bytes, ts: bytes, store: Store, at: datetime) -> None:
    if not given or not ts:
        raise Unsigned(
            _(
                "The request is not signed: send the time (ts) and the signature (sig) with it, see the connection."
            )
        )
    secrets = webhook_secrets(store.keys)
    if not any(hmac.compare_digest(in_hex(signed, secret), given.lower()) for secret in secrets):
        raise BadSignature(
            _(
                "The signature is wrong: sign every parameter that you send but sig, sorted and percent-encoded "
                "(for JSON: the time, a point and the very bytes of the body), with this connection's secret."
            )
        )
    if not SECONDS.fullmatch(ts) or abs(datetime.fromtimestamp(int(ts), UTC) - at) > TOLERANCE:
        raise Stale(
            _("The time (ts) is more than ten minutes off: send the present one, in seconds since 1970.")
        )


def _told(body: bytes) -> dict[str, str]:
    """Return what a JSON body is about; it is stored even if it cannot be read."""
    try:
        values = read_object(body)
    except Unreadable:
        values = {}
    told = {name: values.get(name, "") for name in ("event", "order")}
    return {name: str(value) if isinstance(value, str | int) else "" for name, value in told.items()}


def _named(body: bytes) -> dict[str, str]:
    """Return what parameters are about."""
    found = dict(pairs_of(body))
    return {name: found.get(name.encode(), b"").decode("utf-8", "replace") for name in ("event", "order")}


def _printable(text: str, limit: int) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:limit]
