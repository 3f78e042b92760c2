"""A click's id says by itself which link was followed and when, and that it is ours: no row is asked.

24 bytes as 32 letters of base64url: 6 of milliseconds since 1970, 4 random, 6 of the link's id (these 16 are the
click's UUID, in order of time), then 8 of an HMAC-SHA256 over them.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import getrandbits
from uuid import UUID

from django.conf import settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MAC_BYTES = 8
SHAPE = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClickId:
    """What a genuine id says; `at` is in whole milliseconds, UTC."""

    uuid: UUID
    link_id: int
    at: datetime


def make(link_id: int, at: datetime) -> str:
    """Return a new id of 32 letters for a click on the link; raise OverflowError for a link id of over 48 bits."""
    return issue(link_id, at)[1]


def issue(link_id: int, at: datetime) -> tuple[str, str]:
    """Return the click's UUID (32 hex digits) and the id that visitors carry."""
    moment = (at - EPOCH) // MILLISECOND
    tie_break = getrandbits(32)  # tells clicks of one millisecond apart; what is secret is the MAC's key
    raw = moment.to_bytes(6, "big") + tie_break.to_bytes(4, "big") + link_id.to_bytes(6, "big")
    return raw.hex(), urlsafe_b64encode(raw + _mac(raw)).decode()


def read(tid: object) -> ClickId | None:
    """Return what the id says, or None for whatever we did not issue; never raises."""
    if not isinstance(tid, str) or not SHAPE.fullmatch(tid):
        return None
    whole = urlsafe_b64decode(tid)
    raw, mac = whole[:-MAC_BYTES], whole[-MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(raw)):
        return None
    try:
        at = EPOCH + int.from_bytes(raw[:6], "big") * MILLISECOND
    except OverflowError:
        return None
    return ClickId(UUID(bytes=raw), int.from_bytes(raw[10:], "big"), at)


def _mac(raw: bytes) -> bytes:
    return hmac.digest(_key(settings.FINGERPRINT_KEY), raw, hashlib.sha256)[:MAC_BYTES]


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"tracking.clickid", hashlib.sha256)
