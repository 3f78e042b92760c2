"""WooCommerce: webhooks in, its REST API (wc/v3) where the owner gave us keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.shop_options import OPTIONS, TELLS_IF, read_options, wants, written
from integrations.connectors.shop_orders import ORDER
from integrations.connectors.shop_records import RECORDS, told_rows
from integrations.connectors.woocommerce.api import fetch_order, fetch_refund_lines, has_keys
from integrations.connectors.woocommerce.codes import deliver
from integrations.connectors.woocommerce.customers import BATCH, PREFIX, TAGS
from integrations.connectors.woocommerce.listing import count_orders, list_orders
from integrations.connectors.woocommerce.orders import order_rows
from integrations.connectors.woocommerce.parse import read
from integrations.connectors.woocommerce.records import fetch_records, list_fields, make_fields, upsert
from integrations.connectors.woocommerce.setup import check, lost_webhooks, register
from integrations.connectors.woocommerce.verify import receive
from integrations.records.tables import tables_of_records

NAME = "WooCommerce"
ABOUT = _("A shop on WordPress. Without keys it works by webhooks alone.")
KEYS: tuple[Key, ...] = (
    Key("consumer_key", _("Consumer key"), is_secret=False),
    Key(
        "consumer_secret",
        _("Consumer secret"),
        _("WooCommerce, Settings, Advanced, REST API. With both keys the webhook is made for you."),
    ),
)
HAS_ADDRESS = True
ROUTE = "hook"
IS_SHOP = True
OUT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customer": told_rows(PREFIX, TAGS),
    ORDER: order_rows(),
}
IN: Mapping[str, Sequence[Mapping[str, Any]]] = {}
TABLES = tables_of_records(OUT, IN)

__all__ = [
    "ABOUT",
    "BATCH",
    "HAS_ADDRESS",
    "IN",
    "IS_SHOP",
    "KEYS",
    "NAME",
    "OPTIONS",
    "OUT",
    "RECORDS",
    "ROUTE",
    "TABLES",
    "TELLS_IF",
    "check",
    "count_orders",
    "deliver",
    "fetch_order",
    "fetch_records",
    "fetch_refund_lines",
    "has_keys",
    "list_fields",
    "list_orders",
    "lost_webhooks",
    "make_fields",
    "read",
    "read_options",
    "receive",
    "register",
    "upsert",
    "wants",
    "written",
]
