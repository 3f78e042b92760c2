"""Postbacks: signed requests of any store, tracker or app that can call an address but runs no script of ours."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.postback.parse import read
from integrations.connectors.postback.setup import (
    check,
    examples,
    register,
)
from integrations.connectors.postback.verify import receive
from integrations.connectors.unasked import fetch_order, fetch_refund_lines, has_keys

NAME = _("Postback")
ABOUT = _("Any other store, tracker or app that can call an address and sign what it says.")
KEYS: tuple[Key, ...] = ()
HAS_ADDRESS = False
ROUTE = "postback"

__all__ = [
    "ABOUT",
    "HAS_ADDRESS",
    "KEYS",
    "NAME",
    "ROUTE",
    "check",
    "examples",
    "fetch_order",
    "fetch_refund_lines",
    "has_keys",
    "read",
    "receive",
    "register",
]
