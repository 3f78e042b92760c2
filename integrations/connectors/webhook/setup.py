"""What a receiver of webhooks is not: it never knocks here, and cannot be asked for orders."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from integrations.connectors.base import Reading, Received, Store, Unreadable, Unsigned


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Refuse: a receiver sends nothing."""
    raise Unsigned(_("Nothing is taken from a receiver of webhooks."))


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Refuse: a receiver sends nothing."""
    raise Unreadable(_("Nothing is taken from a receiver of webhooks."))


def register(store: Store, delivery_url: str) -> list[str]:
    """Say what a person enters on the other side."""
    return [_("Give the receiver the secret that the connection shows; it checks the signatures with it.")]
