"""Connecting: the key is all that Klaviyo needs, and it never knocks here."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from integrations.connectors.base import Reading, Received, Store, Unreadable, Unsigned
from integrations.connectors.klaviyo.api import Talk, has_keys
from integrations.connectors.klaviyo.profiles import PATH

RECORDS = ("profile",)


def register(store: Store, delivery_url: str) -> list[str]:
    """Return nothing: there is nothing to be made, and nothing for a person to do."""
    return []


def check(store: Store, delivery_url: str) -> str:
    """Try the key by reading one profile; return a sentence that says how things stand."""
    if not has_keys(store):
        return _("The key is missing: make a private key in Klaviyo > Settings > API keys, and enter it.")
    Talk(store).get(PATH, {"page[size]": "1", "fields[profile]": "external_id"})
    return _("Klaviyo answers, and the key may read profiles.")


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Refuse: Klaviyo sends nothing."""
    raise Unsigned(_("Nothing is taken from Klaviyo."))


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Refuse: Klaviyo sends nothing."""
    raise Unreadable(_("Nothing is taken from Klaviyo."))
