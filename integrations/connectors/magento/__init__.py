"""Magento 2 and Adobe Commerce: its REST API is asked every minute, since it has no webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.magento.api import has_keys
from integrations.connectors.magento.codes import deliver
from integrations.connectors.magento.customers import BATCH, PREFIX, TAGS
from integrations.connectors.magento.listing import (
    count_orders,
    fetch_order,
    fetch_refund_lines,
    list_orders,
)
from integrations.connectors.magento.orders import COMMENT
from integrations.connectors.magento.records import fetch_records, list_fields, make_fields, upsert
from integrations.connectors.magento.setup import check, register
from integrations.connectors.magento.verify import read, receive
from integrations.connectors.shop_options import OPTIONS, TELLS_IF, read_options, wants, written
from integrations.connectors.shop_orders import ORDER, remark_row
from integrations.connectors.shop_records import RECORDS, told_rows
from integrations.records.tables import tables_of_records

NAME = "Magento 2"
ABOUT = _("Also Adobe Commerce. It is asked for new and changed orders every minute.")
KEYS: tuple[Key, ...] = (
    Key(
        "consumer_key",
        _("Consumer key"),
        _("Magento, System, Integrations: all four keys are shown when the integration is activated."),
        is_secret=False,
        is_required=True,
    ),
    Key("consumer_secret", _("Consumer secret"), is_required=True),
    Key("access_token", _("Access token"), is_required=True),
    Key("access_token_secret", _("Access token secret"), is_required=True),
)
HAS_ADDRESS = True
IS_SEALED_BY_ITSELF = True
ROUTE = ""
POLLS = True
IS_SHOP = True
OUT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customer": told_rows(PREFIX, TAGS),
    ORDER: (remark_row(COMMENT),),
}
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
    "OPTIONS",
    "OUT",
    "POLLS",
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
    "make_fields",
    "read",
    "read_options",
    "receive",
    "register",
    "upsert",
    "wants",
    "written",
]
