"""Salesforce: customers as leads or contacts, what they buy as opportunities; updated and never doubled."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.salesforce.address import address_of
from integrations.connectors.salesforce.auth import OAUTH, has_keys
from integrations.connectors.salesforce.changes import list_changes
from integrations.connectors.salesforce.choices import OPTIONS, read_options, written
from integrations.connectors.salesforce.defaults import IN, LINKS, OUT, wanted_fields as default_fields
from integrations.connectors.salesforce.fields import list_fields, make_fields
from integrations.connectors.salesforce.setup import (
    RECORDS,
    check,
    read,
    receive,
    register,
)
from integrations.connectors.salesforce.upserting import BATCH, fetch_records, upsert
from integrations.connectors.unasked import fetch_order, fetch_refund_lines
from integrations.records.tables import tables_of_records

NAME = "Salesforce"
ABOUT = _(
    "Customers with their affiliate, purchases and value; status, owner and won opportunities come back."
)
KEYS: tuple[Key, ...] = (
    Key(
        "client_id",
        _("Consumer key"),
        _("Of your external client app: Setup > External Client App Manager."),
        is_secret=False,
        is_required=True,
    ),
    Key("client_secret", _("Consumer secret"), _("Of the same app."), is_required=True),
)
HAS_ADDRESS = True
IS_SEALED_BY_ITSELF = True
ROUTE = ""
TABLES = tables_of_records(OUT, IN)

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
    "address_of",
    "check",
    "default_fields",
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
