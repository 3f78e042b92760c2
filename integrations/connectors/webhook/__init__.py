"""Outgoing webhooks: any address that takes a signed POST, after Standard Webhooks (standardwebhooks.com)."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.unasked import fetch_order, fetch_refund_lines, has_keys
from integrations.connectors.webhook.choices import read_options, wants, written
from integrations.connectors.webhook.send import check, deliver
from integrations.connectors.webhook.setup import (
    read,
    receive,
    register,
)

NAME = _("Outgoing webhook")
ABOUT = _("Any system that can take a signed message at an address: news goes there within seconds.")
KEYS: tuple[Key, ...] = ()
OPTIONS: tuple[Key, ...] = (
    Key(
        "kinds",
        _("Events"),
        _("Kinds with commas between them; order.* is all of orders. Left empty, it is all of them."),
        is_secret=False,
    ),
    Key(
        "filter",
        _("Only if"),
        _("Conditions with commas between them, like affiliate.code=anna. Left empty, there are none."),
        is_secret=False,
    ),
)
HAS_ADDRESS = True
ROUTE = ""
PER_SECOND = 30  # messages at most

__all__ = [
    "ABOUT",
    "HAS_ADDRESS",
    "KEYS",
    "NAME",
    "OPTIONS",
    "PER_SECOND",
    "ROUTE",
    "check",
    "deliver",
    "fetch_order",
    "fetch_refund_lines",
    "has_keys",
    "read",
    "read_options",
    "receive",
    "register",
    "wants",
    "written",
]
