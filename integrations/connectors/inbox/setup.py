"""Connecting: there is nothing to call; people get an address and the three ways to show that a message is genuine."""

from urllib.parse import urlencode

from django.utils.translation import gettext as _

from integrations.connectors.base import Store
from integrations.connectors.inbox.tables import ORDER
from integrations.connectors.inbox.verify import PARAMETER, header_named, id_path
from integrations.mapping import BadMapping, Sheet, read_sheet

MASK = "••••"


def register(store: Store, delivery_url: str) -> list[str]:
    """Say what a person enters on the other side."""
    return [
        _("Enter this address as the webhook: %(url)s") % {"url": delivery_url},
        _("Have each message signed with the secret, or bring it as a token, as the connection’s page says."),
    ]


def check(store: Store, delivery_url: str) -> str:
    """Say that nobody can be called."""
    return _("There is nothing to call: have a message sent, and look whether it arrives below.")


def doubts(store: Store) -> list[str]:
    """Say where the mapping of orders cannot tell a message that is news from one that was sent twice."""
    document = store.mappings.get((ORDER.direction, ORDER.kind))
    sheet = _readable(document) if document is not None else Sheet()
    changed = sheet.row_of("order.changed_at")
    tells_age = changed is not None and bool(changed.source or changed.expression)
    if not sheet.rows or tells_age or id_path(store) is not None:
        return []
    return [
        _(
            "Messages with the same content count as one, for ever: if an order is called off and then sold again by "
            "a message that reads like its first one, that message is taken for a repeat and the order stays void. "
            "If the system does that, fill “Changed at” (order.changed_at), or give the connection the “Path to the "
            "message’s id”."
        )
    ]


def _readable(document: object) -> Sheet:
    try:
        return read_sheet(document)
    except BadMapping:
        return Sheet()


def senders(store: Store, delivery_url: str, secret: str = "") -> list[tuple[str, str]]:
    """Return title and text of the ways to send; without the secret, a mask stands in its place."""
    named = header_named(store)
    shown = secret or MASK
    address = (
        f"{delivery_url}?{urlencode({PARAMETER: secret})}" if secret else f"{delivery_url}?{PARAMETER}={MASK}"
    )
    return [
        (
            _("Signed: HMAC-SHA256 of the body with the secret, in hexadecimal or base64"),
            f"{named or 'X-Signature'}: sha256={{signature}}",
        ),
        (_("With a token in a header"), f"{named or 'Authorization'}: Bearer {shown}"),
        (_("With a token in the address, for systems that can do nothing else"), address),
    ]
