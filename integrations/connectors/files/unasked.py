"""What a place of files is not: it never knocks here, and cannot be asked for orders."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from integrations.connectors.base import Received, Store, Unsigned


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Refuse: files are fetched."""
    raise Unsigned(_("Nothing is taken from here: files are fetched."))


def register(store: Store, delivery_url: str) -> list[str]:
    """Say that there is nothing to enter elsewhere."""
    return []
