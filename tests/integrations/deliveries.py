"""Recorded deliveries, sent again as they were, and made-up ones, signed as the store would."""

import json
from typing import Any

from django.test import Client

from integrations.connectors.signatures import in_base64
from integrations.models import Connection
from tests.fakes.woocommerce import PAYLOADS

SECRET = "lab-secret-7f3a91"  # of the store that was recorded
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.body"))
ORDERS = [name for name in NAMES if "order" in name]


def headers_of(name: str) -> dict[str, str]:
    """Return the recorded headers that matter; what was signed with another hook's secret is signed anew."""
    recorded = json.loads((PAYLOADS / f"{name}.headers.json").read_text())
    headers = {key: value for key, value in recorded["headers"] if key.startswith("X-WC")}
    if recorded["secret"] != SECRET:
        headers["X-WC-Webhook-Signature"] = in_base64(body_of(name), SECRET).decode()
    return headers


def body_of(name: str) -> bytes:
    """Return the recorded bytes."""
    return (PAYLOADS / f"{name}.body").read_bytes()


def deliver(connection: Connection, name: str) -> int:
    """Send a recorded delivery; return the status answered."""
    kind = "application/x-www-form-urlencoded" if "ping" in name else "application/json"
    return post(connection, body_of(name), headers_of(name), kind)


def send(connection: Connection, topic: str, body: Any, **headers: str) -> int:
    """Send a body (bytes, or what is to be JSON) with the store's signature; return the status answered."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": in_base64(raw, SECRET).decode()}
    return post(connection, raw, {**signed, **headers})


def post(connection: Connection, body: bytes, headers: dict[str, str], kind: str = "application/json") -> int:
    """Send bytes to the connection's door; return the status answered."""
    address = f"/hooks/{connection.public_id}"
    return Client().post(address, body, content_type=kind, headers=headers).status_code


def changed(name: str, **fields: Any) -> dict[str, Any]:
    """Return a recorded body with other fields."""
    return {**json.loads(body_of(name)), **fields}
