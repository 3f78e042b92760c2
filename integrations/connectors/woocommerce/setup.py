"""Connecting: the webhooks that the store must have, made through its API or by hand."""

from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import Store
from integrations.connectors.woocommerce.api import call, has_keys

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")


def register(store: Store, delivery_url: str) -> list[str]:
    """Make the webhooks that the store lacks and wake those it has switched off.

    Return what a person must do by hand, in sentences; nothing is left to do when the API did it all.
    """
    if not has_keys(store):
        return _by_hand(store, delivery_url)
    standing = {hook.get("topic"): hook for hook in _hooks(store, delivery_url)}
    for topic in TOPICS:
        wanted = {"topic": topic, "delivery_url": delivery_url, "secret": store.keys["webhook_secret"]}
        if topic in standing:
            # the API never shows a secret, so it is always set anew
            call(store, "PUT", f"webhooks/{standing[topic]['id']}", json={**wanted, "status": "active"})
        else:
            call(
                store,
                "POST",
                "webhooks",
                json={**wanted, "name": _("Affiliates: %(topic)s") % {"topic": topic}, "status": "active"},
            )
    return []


def check(store: Store, delivery_url: str) -> str:
    """Try the address and the keys by reading one order; return a sentence of success."""
    if not has_keys(store):
        return _("No API keys are set: refunds are estimated, and deleted orders wait for a person.")
    _list(store, "orders?per_page=1")
    if missing := lost_webhooks(store, delivery_url):
        return _("The store answers, but these webhooks are missing or switched off: %(topics)s.") % {
            "topics": ", ".join(missing)
        }
    return _("The store answers, and the keys may read its orders.")


def lost_webhooks(store: Store, delivery_url: str) -> tuple[str, ...]:
    """Return the topics whose webhook is missing, or was switched off by the store after failures."""
    live = {hook.get("topic") for hook in _hooks(store, delivery_url) if hook.get("status") == "active"}
    return tuple(topic for topic in TOPICS if topic not in live)


def _by_hand(store: Store, delivery_url: str) -> list[str]:
    topics = ", ".join(TOPICS)
    return [
        _("In WooCommerce > Settings > Advanced > Webhooks, add one webhook for each topic: %(topics)s.")
        % {"topics": topics},
        _("Status: active. Delivery address: %(url)s") % {"url": delivery_url},
        _("Secret, the same for all: %(secret)s") % {"secret": store.keys.get("webhook_secret", "")},
    ]


def _hooks(store: Store, delivery_url: str) -> list[dict[str, Any]]:
    """Return those webhooks of the store that lead to us."""
    return [
        hook for hook in _list(store, "webhooks?per_page=100") if hook.get("delivery_url") == delivery_url
    ]


def _list(store: Store, path: str) -> list[dict[str, Any]]:
    found = call(store, "GET", path).json()
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
