"""Klaviyo: a profile for each customer with their affiliate and figures, and events from which flows start."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.klaviyo.api import has_keys
from integrations.connectors.klaviyo.defaults import IN, OUT
from integrations.connectors.klaviyo.events import OPTIONS, deliver, read_options, wants, written
from integrations.connectors.klaviyo.profiles import BATCH, fetch_records, list_fields, make_fields, upsert
from integrations.connectors.klaviyo.setup import RECORDS, check, read, receive, register
from integrations.connectors.unasked import fetch_order, fetch_refund_lines
from integrations.records.tables import tables_of_records

NAME = "Klaviyo"
ABOUT = _(
    "Profiles with affiliate, purchases and value, and events from which flows start. Consent is never touched."
)
KEYS: tuple[Key, ...] = (
    Key(
        "api_key",
        _("Private API key"),
        _("Begins with pk_. From Klaviyo > Settings > API keys, with the scopes that the guide names."),
        is_required=True,
    ),
)
TABLES = tables_of_records(OUT, IN)
HAS_ADDRESS = False
ROUTE = ""

__all__ = [
    "ABOUT",
    "BATCH",
    "HAS_ADDRESS",
    "IN",
    "KEYS",
    "NAME",
    "OPTIONS",
    "OUT",
    "RECORDS",
    "ROUTE",
    "TABLES",
    "check",
    "deliver",
    "fetch_order",
    "fetch_records",
    "fetch_refund_lines",
    "has_keys",
    "list_fields",
    "make_fields",
    "read",
    "read_options",
    "receive",
    "register",
    "upsert",
    "wants",
    "written",
]
