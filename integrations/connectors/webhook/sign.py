"""Signatures after Standard Webhooks: HMAC-SHA256 of id, time and body, in base64, with the secret's bytes."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

from integrations.connectors.base import Keys

PREFIX = "whsec_"
BOTH_FOR = timedelta(hours=24)  # the former secret signs too, while receivers change theirs


def secret_text(secret: str) -> str:
    """Return a stored secret in the form that receivers' libraries take: whsec_ and base64."""
    return PREFIX + base64.b64encode(_bytes(secret)).decode()


def sign(secret: str, message_id: str, seconds: int, body: bytes) -> str:
    """Return one signature, with its version: v1,<base64>."""
    signed = b"%s.%d.%s" % (message_id.encode(), seconds, body)
    return "v1," + base64.b64encode(hmac.digest(_bytes(secret), signed, hashlib.sha256)).decode()


def headers(keys: Keys, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers; for a day after a change of the secret both sign, with a space between them."""
    seconds = int(at.timestamp())
    signatures = [sign(secret, message_id, seconds, body) for secret in _secrets(keys, at)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }


def _secrets(keys: Keys, at: datetime) -> list[str]:
    found = [keys.get("webhook_secret", "")]
    rotated_at = keys.get("rotated_at", "")
    if rotated_at and at < datetime.fromisoformat(rotated_at) + BOTH_FOR:
        found.append(keys.get("previous_secret", ""))
    return [secret for secret in found if secret]


def _bytes(secret: str) -> bytes:
    """Secrets of ours are URL-safe base64 without padding; any other text stands for its own bytes."""
    text = secret.removeprefix(PREFIX).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
