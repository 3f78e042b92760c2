"""The body of a message: a JSON object, or a form's fields."""

from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import Unreadable
from integrations.connectors.body import read_object
from integrations.connectors.postback.parameters import pairs_of


def record_of(body: bytes) -> dict[str, Any]:
    """Return what a body says; Unreadable says why it cannot be told."""
    text = body.strip()
    if text[:1] == b"{":
        return read_object(text)
    if text[:1] == b"[":
        raise Unreadable(_("The message is a list: have each order sent as a message of its own."))
    if b"=" not in text:
        raise Unreadable(_("The message is neither a JSON object nor a form."))
    try:
        record = {name.decode(): value.decode() for name, value in pairs_of(text)}
    except UnicodeDecodeError:
        raise Unreadable(_("The message is not text in UTF-8.")) from None
    if any("\0" in part for pair in record.items() for part in pair):
        raise Unreadable(_("The message has a broken character (NUL, or half of one)."))
    return record
