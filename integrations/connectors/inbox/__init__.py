"""Any system that can send a webhook: what its messages mean is mapped by a person, field by field."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.inbox.reading import read
from integrations.connectors.inbox.setup import (
    check,
    doubts,
    register,
    senders,
)
from integrations.connectors.inbox.tables import TABLES
from integrations.connectors.inbox.verify import receive
from integrations.connectors.unasked import fetch_order, fetch_refund_lines, has_keys

NAME = _("Any system with a webhook")
ABOUT = _("Paste a sample of what it sends, and point at the fields: orders, refunds, leads.")
KEYS: tuple[Key, ...] = (
    Key(
        "header",
        _("Header with the signature or token"),
        _("Leave empty for X-Signature, X-Hub-Signature-256, Authorization, or a token in the address."),
        is_secret=False,
    ),
    Key(
        "their_secret",
        _("Their secret"),
        _("Only if the system makes the secret itself; otherwise it gets ours."),
    ),
    Key(
        "message_id",
        _("Path to the message’s id"),
        _("Like id or event.id: a message with the same id is the same. Leave empty to compare the content."),
        is_secret=False,
    ),
)
HAS_ADDRESS = False
IS_CALLED = False
ROUTE = "hook"

__all__ = [
    "ABOUT",
    "HAS_ADDRESS",
    "KEYS",
    "NAME",
    "ROUTE",
    "TABLES",
    "check",
    "doubts",
    "fetch_order",
    "fetch_refund_lines",
    "has_keys",
    "read",
    "receive",
    "register",
    "senders",
]
