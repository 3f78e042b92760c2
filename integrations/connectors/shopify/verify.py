"""Is a webhook genuine and of this shop, and have we seen it before?"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import BadSignature, Received, Store, Unsigned
from integrations.connectors.shopify.address import host_of
from integrations.connectors.signatures import clean, content_of, is_genuine

KEPT = ("webhook-id", "event-id", "triggered-at", "api-version", "shop-domain", "test")
TIMES = ("updated_at", "created_at", "processed_at", "initiated_at")


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine webhook; raises Unsigned, or BadSignature for another secret or another shop."""
    told = {name.lower(): value for name, value in headers.items()}
    given = told.get("x-shopify-hmac-sha256", "")
    if not given:
        raise Unsigned(_("The request is not signed."))
    if not is_genuine(body, given.strip(), secrets_of(store)):
        raise BadSignature(_("The signature is wrong: compare the client secret of the app."))
    host = host_of(store.base_url)
    if not host or told.get("x-shopify-shop-domain", "").lower() != host:
        raise BadSignature(_("The message comes from another shop."))
    topic = clean(told.get("x-shopify-topic", ""), 60).lower()
    kept = {name: clean(told.get(f"x-shopify-{name}", ""), 200) for name in KEPT}
    content = content_of(body)
    return Received(
        topic, _subject(content), _dedupe_key(topic, kept["webhook-id"], content, body), _filled(kept)
    )


def secrets_of(store: Store) -> list[str]:
    """Return what Shopify may sign with: the app's secret, and for a while the one before it."""
    found = (store.keys.get(name) for name in ("client_secret", "former_secret"))
    return [str(secret) for secret in found if secret]


def _filled(kept: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in kept.items() if value}


def _subject(content: dict[str, Any]) -> str:
    """Return the number that the message is about: of an order where it names one."""
    edit = content.get("order_edit")
    inner = edit if isinstance(edit, dict) else content
    number = inner.get("order_id", inner.get("id"))
    return str(number)[:120] if isinstance(number, int | str) else ""


def _dedupe_key(topic: str, webhook_id: str, content: dict[str, Any], body: bytes) -> str:
    """Return a digest that only a repeat of the same news has.

    The webhook's id repeats when Shopify tries again, but the same news comes under another id where the shop has two
    subscriptions, and no header is signed: so the bytes are the name, and beside them the topic, for orders/create and
    orders/paid may say the same of one order. A body that tells no time (a removed app, a customer to be forgotten) may
    come again and mean it: there the id counts as well.
    """
    edit = content.get("order_edit")
    inner = edit if isinstance(edit, dict) else content
    parts = [topic.encode(), body]
    if not any(inner.get(name) for name in TIMES):
        parts.append(webhook_id.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
