"""Signatures over bytes, and what may be kept of a message that nobody has read yet."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from integrations.connectors.base import Unreadable
from integrations.connectors.body import read_object


def in_base64(signed: bytes, secret: str) -> bytes:
    """Return HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))


def in_hex(signed: bytes, secret: str) -> bytes:
    """Return HMAC-SHA256 in hexadecimal."""
    return hmac.digest(secret.encode(), signed, hashlib.sha256).hex().encode()


def is_genuine(body: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Say whether one of the secrets signed these very bytes (HMAC-SHA256 in base64), in constant time."""
    given = signature.encode(errors="replace")
    return any(hmac.compare_digest(in_base64(body, secret), given) for secret in secrets)


def clean(text: str, limit: int) -> str:
    """Return a header's text without what cannot be shown, cut to `limit` letters."""
    return "".join(letter for letter in text if letter.isprintable())[:limit]


def content_of(body: bytes) -> dict[str, Any]:
    """Return what a body says, or nothing: it is stored even if it cannot be read."""
    try:
        return read_object(body)
    except Unreadable:
        return {}
