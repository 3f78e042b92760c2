"""Pipedrive: persons and deals of our customers, updated and never doubled; what sales people say comes back."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.pipedrive.address import address_of
from integrations.connectors.pipedrive.api import has_keys
from integrations.connectors.pipedrive.changes import fetch_changed, list_changes
from integrations.connectors.pipedrive.defaults import IN, OUT
from integrations.connectors.pipedrive.fields import list_fields, make_fields
from integrations.connectors.pipedrive.oauth import OAUTH
from integrations.connectors.pipedrive.setup import (
    OPTIONS,
    RECORDS,
    check,
    default_fields,
    lost_webhooks,
    read_options,
    register,
    written,
)
from integrations.connectors.pipedrive.standard import CONTACT
from integrations.connectors.pipedrive.upserting import BATCH, fetch_records, upsert
from integrations.connectors.pipedrive.verify import read, receive
from integrations.connectors.unasked import fetch_order, fetch_refund_lines
from integrations.records.tables import tables_of_records

NAME = "Pipedrive"
ABOUT = _(
    "Customers with their affiliate, purchases and value; labels, owner, stages and won deals come back."
)
KEYS: tuple[Key, ...] = (
    Key(
        "client_id",
        _("App’s client id"),
        _("Of an app of yours, for “Connect with Pipedrive”."),
        is_secret=False,
    ),
    Key("client_secret", _("App’s client secret"), _("For “Connect with Pipedrive”.")),
    Key(
        "api_token",
        _("API token"),
        _("Instead of an app: Personal preferences > API, of an administrator who is there for this alone."),
    ),
)
TABLES = tables_of_records(OUT, IN)
LINKS = (CONTACT,)
ASKED_EVERY = timedelta(minutes=15)  # its webhooks tell at once; a question costs 20 of the day's tokens
FINDS_BY_LABEL = True  # a mapping may call a field as people do, in small letters with _
HAS_ADDRESS = True
ROUTE = "hook"

__all__ = [
    "ABOUT",
    "BATCH",
    "FINDS_BY_LABEL",
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
    "address_of",
    "check",
    "default_fields",
    "fetch_changed",
    "fetch_order",
    "fetch_records",
    "fetch_refund_lines",
    "has_keys",
    "list_changes",
    "list_fields",
    "lost_webhooks",
    "make_fields",
    "read",
    "read_options",
    "receive",
    "register",
    "upsert",
    "written",
]
