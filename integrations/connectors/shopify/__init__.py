"""Shopify: webhooks in, its GraphQL Admin API with an app of the shop's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.shop_options import wants
from integrations.connectors.shop_orders import ORDER, tag_rows
from integrations.connectors.shop_records import RECORDS, told_rows
from integrations.connectors.shopify.address import address_of
from integrations.connectors.shopify.api import has_keys
from integrations.connectors.shopify.bulk import list_orders
from integrations.connectors.shopify.codes import deliver
from integrations.connectors.shopify.credit import open_till
from integrations.connectors.shopify.customers import BATCH
from integrations.connectors.shopify.listing import count_orders, fetch_order, fetch_refund_lines
from integrations.connectors.shopify.oauth import OAUTH
from integrations.connectors.shopify.options import (
    OPTIONS,
    TELLS_IF,
    gives_credit,
    read_options,
    shop_name,
    written,
)
from integrations.connectors.shopify.parse import TESTIFIES, read
from integrations.connectors.shopify.records import fetch_records, list_fields, make_fields, upsert
from integrations.connectors.shopify.setup import check, lost_webhooks, register
from integrations.connectors.shopify.verify import receive
from integrations.records.tables import tables_of_records

NAME = "Shopify"
ABOUT = _(
    "A shop at Shopify, through an app of your own. Its address is the one that ends in .myshopify.com."
)
KEYS: tuple[Key, ...] = (
    Key("client_id", _("Client id"), _("Of your app in Shopify's Dev Dashboard."), is_secret=False),
    Key(
        "client_secret",
        _("Client secret"),
        _("It signs the webhooks too. Of an older app: its API secret key."),
        is_required=True,
    ),
    Key(
        "access_token",
        _("Access token"),
        _("Only for an older app, made in the shop's admin: it begins with shpat_."),
    ),
    Key(
        "former_secret",
        _("Former client secret"),
        _("While you rotate the secret: Shopify may sign with the former one for an hour."),
    ),
)
HAS_ADDRESS = True
IS_SEALED_BY_ITSELF = True
ROUTE = "hook"
IS_SHOP = True
OUT: Mapping[str, Sequence[Mapping[str, Any]]] = {"customer": told_rows(), ORDER: tag_rows()}
IN: Mapping[str, Sequence[Mapping[str, Any]]] = {}
TABLES = tables_of_records(OUT, IN)

__all__ = [
    "ABOUT",
    "BATCH",
    "HAS_ADDRESS",
    "IN",
    "IS_SEALED_BY_ITSELF",
    "IS_SHOP",
    "KEYS",
    "NAME",
    "OAUTH",
    "OPTIONS",
    "OUT",
    "RECORDS",
    "ROUTE",
    "TABLES",
    "TELLS_IF",
    "TESTIFIES",
    "address_of",
    "check",
    "count_orders",
    "deliver",
    "fetch_order",
    "fetch_records",
    "fetch_refund_lines",
    "gives_credit",
    "has_keys",
    "list_fields",
    "list_orders",
    "lost_webhooks",
    "make_fields",
    "open_till",
    "read",
    "read_options",
    "receive",
    "register",
    "shop_name",
    "upsert",
    "wants",
    "written",
]
