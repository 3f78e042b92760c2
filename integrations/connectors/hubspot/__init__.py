"""HubSpot: contacts and deals of our customers, updated and never doubled; what sales people say of them comes back."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.hubspot.api import has_keys
from integrations.connectors.hubspot.changes import fetch_changed, list_changes
from integrations.connectors.hubspot.defaults import IN, OUT
from integrations.connectors.hubspot.drafts import CONTACT
from integrations.connectors.hubspot.fields import list_fields, make_fields
from integrations.connectors.hubspot.finding import fetch_records
from integrations.connectors.hubspot.oauth import OAUTH
from integrations.connectors.hubspot.setup import (
    RECORDS,
    check,
    default_fields,
    register,
)
from integrations.connectors.hubspot.upserting import BATCH, upsert
from integrations.connectors.hubspot.verify import read, receive
from integrations.connectors.record_options import OPTIONS, read_options, written
from integrations.connectors.unasked import fetch_order, fetch_refund_lines
from integrations.records.tables import tables_of_records

NAME = "HubSpot"
ABOUT = _("Customers with their affiliate, purchases and value; status and owner come back.")
KEYS: tuple[Key, ...] = (
    Key(
        "client_id",
        _("App’s client id"),
        _("Of an app of yours, for “Connect with HubSpot”."),
        is_secret=False,
    ),
    Key(
        "client_secret",
        _("App’s client secret"),
        _("For “Connect with HubSpot”, and to check the messages that the app sends here."),
    ),
    Key(
        "token",
        _("Service key"),
        _("Instead of an app. It begins with pat-: HubSpot > Development > Keys > Service keys."),
    ),
    Key(
        "app_id",
        _("App’s number"),
        _(
            "By which HubSpot notes what was written with the key; then our own writing is never taken for news."
        ),
        is_secret=False,
    ),
    Key(
        "pipeline",
        _("Pipeline of new deals"),
        _("Its internal name; “default”, which every account has, if it is empty."),
        is_secret=False,
    ),
    Key(
        "dealstage",
        _("Stage of new deals"),
        _("Its internal name; “closedwon” if it is empty."),
        is_secret=False,
    ),
)
HAS_ADDRESS = False
LINKS = (CONTACT,)
TABLES = tables_of_records(OUT, IN)
IS_SEALED_BY_ITSELF = True
ROUTE = "hook"

__all__ = [
    "ABOUT",
    "BATCH",
    "HAS_ADDRESS",
    "IN",
    "KEYS",
    "LINKS",
    "NAME",
    "OAUTH",
    "OPTIONS",
    "OUT",
    "RECORDS",
    "ROUTE",
    "TABLES",
    "check",
    "default_fields",
    "fetch_changed",
    "fetch_order",
    "fetch_records",
    "fetch_refund_lines",
    "has_keys",
    "list_changes",
    "list_fields",
    "make_fields",
    "read",
    "read_options",
    "receive",
    "register",
    "upsert",
    "written",
]
