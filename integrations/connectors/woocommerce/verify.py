"""Is a webhook genuine, and have we seen it before?"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.connectors.base import BadSignature, Received, Store, webhook_secrets
from integrations.connectors.signatures import clean, content_of, is_genuine

PING = re.compile(rb"webhook_id=[0-9]{1,18}")
KEPT = ("source", "topic", "resource", "event", "signature", "id", "delivery-id")


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine webhook; None for the ping of activation, which is neither signed nor JSON."""
    if PING.fullmatch(body) and not headers.get("X-WC-Webhook-Topic"):
        return None
    if not is_genuine(body, headers.get("X-WC-Webhook-Signature", ""), webhook_secrets(store.keys)):
        raise BadSignature
    kept = {name: clean(headers.get(f"X-WC-Webhook-{name}", ""), 500) for name in KEPT}
    topic = clean(kept["topic"], 60)
    content = content_of(body)
    return Received(topic, _subject(content), _dedupe_key(topic, kept, content, body, at), kept)


def _subject(content: dict[str, Any]) -> str:
    """Return the number that the message is about; a hook of WordPress calls it `arg`."""
    number = content.get("arg", content.get("id"))
    return str(number)[:120] if isinstance(number, int | str) else ""


def _dedupe_key(
    topic: str, headers: dict[str, str], content: dict[str, Any], body: bytes, at: datetime
) -> str:
    """Return a digest that only a repeat of the same news has.

    The delivery id is no such thing: WooCommerce makes it of hook and second, so different orders share one. A body
    that tells its time of change is its own name; one that does not ({"id": 30}) may come again and mean it.
    """
    parts = [topic.encode(), body]
    if not content.get("date_modified_gmt"):
        parts += [headers["id"].encode(), headers["delivery-id"].encode(), f"{at:%Y%m%d%H%M%S}".encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
