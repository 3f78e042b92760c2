"""Magento Open Source sends nothing: whatever comes in its name is not from it."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from integrations.connectors.base import BadSignature, Reading, Received, Store, Unreadable


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Refuse: there is no address at which it knocks."""
    raise BadSignature(_("Magento sends no messages."))


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Refuse: no message is ever kept."""
    raise Unreadable(_("Magento sends no messages."))
