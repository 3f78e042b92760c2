"""Connecting: what the app's user may do, the fields that are made, and that Salesforce sends us nothing by itself."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Reading, Received, Store, Unreadable, Unsigned
from integrations.connectors.salesforce.auth import has_keys
from integrations.connectors.salesforce.choices import has_deals
from integrations.connectors.salesforce.defaults import wanted_fields
from integrations.connectors.salesforce.fields import make_fields, missing_fields
from integrations.connectors.salesforce.granting import LABEL

RECORDS = ("contact", "deal")
MOST_NAMED = 5


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Refuse: nothing that Salesforce could send is signed, so it is asked instead."""
    raise Unsigned(_("Nothing is taken from Salesforce: it is asked for changes."))


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Refuse: Salesforce sends nothing."""
    raise Unreadable(_("Nothing is taken from Salesforce: it is asked for changes."))


def register(store: Store, delivery_url: str) -> list[str]:
    """Make our fields and let the app's user fill them; return what a person still does. Raises a Failure."""
    if not has_keys(store):
        raise Misconfigured(_keys_missing())
    for kind in _kinds(store):
        make_fields(store, kind, wanted_fields(store, kind))
    return [
        _("In Setup > Permission Sets, give “%(set)s” to everybody who is to see the fields.")
        % {"set": LABEL}
    ]


def check(store: Store, delivery_url: str) -> str:
    """Try the keys; return a sentence that says what is missing."""
    if not has_keys(store):
        return _keys_missing()
    missing = [
        name for kind in _kinds(store) for name in missing_fields(store, kind, wanted_fields(store, kind))
    ]
    if not missing:
        return _("Salesforce answers, and all fields are there. Changes are asked for by a schedule.")
    named = ", ".join(missing[:MOST_NAMED]) + (" …" if len(missing) > MOST_NAMED else "")
    return _(
        "Salesforce answers, but fields are missing or not shown to the app’s user: %(names)s. Press “Make or repair "
        "fields”."
    ) % {"names": named}


def _kinds(store: Store) -> tuple[str, ...]:
    return RECORDS if has_deals(store) else RECORDS[:1]


def _keys_missing() -> str:
    return _(
        "Address, consumer key or consumer secret are missing: make an external client app in Salesforce, and enter "
        "them."
    )
