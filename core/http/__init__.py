"""Outgoing HTTP that cannot be turned against the house: checked, pinned addresses and hard limits of time and size."""

import json as json_format
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from core.http.targets import (
    READ_SECONDS,
    Unreachable,
    UnsafeURL,
    addresses_of,
    check_url,
    checked_addresses,
    is_public,
    target_of,
)
from core.http.wire import Pinned, TooLarge, Wire, body_of, translated

CONNECT_SECONDS = 3.0
FRAMING = 65_536  # bytes of heads and chunk sizes beside the body

__all__ = [
    "Answer",
    "TooLarge",
    "Unreachable",
    "UnsafeURL",
    "check_url",
    "checked_addresses",
    "is_public",
    "request",
]


@dataclass(frozen=True)
class Answer:
    """What the other side said, redirects included: nothing is followed, no status raises."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON; raises ValueError if it is none."""
        return json_format.loads(self.body)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | str | None = None,
    auth: tuple[str, str] | httpx.Auth | None = None,
    deadline: float = 20.0,
    max_bytes: int = 1_000_000,
) -> Answer:
    """Send one request to a checked, pinned address and return the whole answer.

    `deadline` is in seconds for everything, name lookup included. Raises UnsafeURL, Unreachable, TooLarge, and
    ValueError for a header that cannot be sent.
    """
    ends_at = time.monotonic() + deadline
    target = target_of(url)
    wire = Wire(addresses_of(target, ends_at), ends_at, max_bytes + FRAMING)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    client = httpx.Client(transport=Pinned(wire), timeout=timeout, trust_env=False, follow_redirects=False)
    with translated(wire), client:
        sent = {**(headers or {}), "Accept-Encoding": "gzip"}
        with client.stream(
            method, target.url, headers=sent, json=json, content=content, auth=auth
        ) as response:
            try:
                body = body_of(response, max_bytes)
            except TooLarge as trouble:
                trouble.status = response.status_code
                raise
            return Answer(response.status_code, response.headers, body)
