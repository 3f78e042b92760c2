"""Connecting: what the key may do, the properties that are made, and the app's messages, which a person sets up."""

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.hubspot.api import has_keys, key_missing
from integrations.connectors.hubspot.defaults import IN, wanted_fields
from integrations.connectors.hubspot.fields import make_fields, missing_fields
from integrations.connectors.records import RemoteField

RECORDS = ("contact", "deal")
ENDINGS = ("deletion", "privacyDeletion", "merge")


def register(store: Store, delivery_url: str) -> list[str]:
    """Make our properties; return what a person sets up in the app, if there is one. Raises a Failure."""
    if not has_keys(store):
        raise Misconfigured(key_missing())
    for kind in RECORDS:
        make_fields(store, kind, wanted_fields(kind))
    return _by_hand(delivery_url) if store.keys.get("client_secret") else []


def check(store: Store, delivery_url: str) -> str:
    """Try the key; return a sentence that says what is missing."""
    if not has_keys(store):
        return key_missing()
    missing = [
        f"{kind}.{name}" for kind in RECORDS for name in missing_fields(store, kind, wanted_fields(kind))
    ]
    if missing:
        return _(
            "HubSpot answers, but properties are missing: %(names)s. Press “Make or repair webhooks”."
        ) % {"names": ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")}
    if not store.keys.get("client_secret"):
        return _(
            "HubSpot answers, and all properties are there. Changes in HubSpot are asked for by a schedule."
        )
    return _("HubSpot answers, and all properties are there.")


def default_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the properties that the mappings which work at once need, as we make them."""
    return wanted_fields(kind)


def _by_hand(delivery_url: str) -> list[str]:
    watched = [f"{kind}.propertyChange ({row['source']})" for kind in RECORDS for row in IN[kind]]
    ended = [f"contact.{name}" for name in ENDINGS] + ["deal.deletion"]
    return [
        _("In the app’s webhook settings, enter this target address: %(url)s") % {"url": delivery_url},
        _("Subscribe to: %(kinds)s.") % {"kinds": ", ".join([*watched, *ended])},
    ]
