"""Is an event genuine and of now? Signed are its time and its very bytes; nothing is read before that is known."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from integrations.connectors.base import (
    BadSignature,
    Keys,
    Received,
    Stale,
    Store,
    Unreadable,
    Unsigned,
    webhook_secrets,
)
from integrations.connectors.body import Fields, read_object
from integrations.connectors.signatures import in_hex

TOLERANCE = timedelta(seconds=300)
SECONDS = re.compile(r"[0-9]{9,11}", re.ASCII)
MOST_PARTS = 20


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine event; raises BadSignature (Unsigned, Stale)."""
    header = headers.get("Stripe-Signature", "")
    if not header:
        raise Unsigned(_("The request carries no Stripe-Signature."))
    time, given = _parts(header)
    signed = time.encode() + b"." + body
    wanted = [in_hex(signed, secret) for secret in signing_secrets(store.keys)]
    if not any(hmac.compare_digest(one, each.encode(errors="replace")) for one in wanted for each in given):
        raise BadSignature
    if not SECONDS.fullmatch(time) or abs(datetime.fromtimestamp(int(time), UTC) - at) > TOLERANCE:
        raise Stale
    return _name(body)


def signing_secrets(keys: Keys) -> list[str]:
    """Return the secrets that may sign: the one that Stripe has shown, and those that the house has made."""
    return [str(secret) for secret in (keys.get("signing_secret"), *webhook_secrets(keys)) if secret]


def _parts(header: str) -> tuple[str, list[str]]:
    """Return the time and the signatures of the scheme v1; while a secret is replaced there are several."""
    pairs = [part.strip().partition("=") for part in header.split(",", MOST_PARTS)]
    times = [value for name, _is, value in pairs if name == "t"]
    return times[0] if len(times) == 1 else "", [value for name, _is, value in pairs if name == "v1"]


def _name(body: bytes) -> Received:
    """Name an event by its own id and mode; one that cannot be read is stored by its content."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        event = Fields(read_object(body))
        number, kind = event.text("id", 80), event.text("type", 60)
        about = event.part("data").part("object").text("id", 120)
    except Unreadable:
        return Received("", "", digest, {})
    mode = "live" if event.values.get("livemode") is True else "test"
    return Received(_printable(kind), _printable(about), f"{mode}:{number}" if number else digest, {})


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
