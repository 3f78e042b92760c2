"""Parameters of an address or a form, as bytes: what is signed are these, in one order and one spelling."""

from urllib.parse import quote_from_bytes, unquote_to_bytes

from django.utils.translation import gettext as _

from integrations.connectors.base import Unreadable

MOST = 100
SIGNATURE = b"sig"

Pairs = list[tuple[bytes, bytes]]


def pairs_of(raw: bytes) -> Pairs:
    """Return the names and values; raises Unreadable if a name stands twice, or for more than 100."""
    parts = [part for part in raw.split(b"&", MOST + 1) if part]
    if len(parts) > MOST:
        raise Unreadable(_("There are more than %(most)s parameters.") % {"most": MOST})
    pairs = [
        (_decoded(name), _decoded(value)) for name, _is, value in (part.partition(b"=") for part in parts)
    ]
    names = [name for name, _value in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        shown = twice[:60].decode("utf-8", "replace")
        raise Unreadable(_("The parameter “%(name)s” stands twice.") % {"name": shown})
    return pairs


def canonical(pairs: Pairs) -> bytes:
    """Return what is signed: all parameters but `sig`, each percent-encoded (RFC 3986), sorted, joined by &."""
    spelled = ((_encoded(name), _encoded(value)) for name, value in pairs if name != SIGNATURE)
    return "&".join(f"{name}={value}" for name, value in sorted(spelled)).encode()


def _decoded(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))


def _encoded(part: bytes) -> str:
    return quote_from_bytes(part, safe="")
