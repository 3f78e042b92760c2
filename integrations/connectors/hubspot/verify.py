"""Is a message of HubSpot's genuine and of now? Signed are the method, the address, the bytes and the time (v3).

The older schemes (v1, v2) sign less and know no time: they are refused, with a sentence.
"""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _, ngettext

from integrations.connectors.base import (
    QUERY,
    BadSignature,
    Reading,
    Received,
    Stale,
    Store,
    Unreadable,
    Unsigned,
)
from integrations.connectors.body import Fields, read_object
from integrations.connectors.signatures import in_base64

TOLERANCE = timedelta(minutes=5)
SIGNATURE, TIME, OLD = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp", "X-HubSpot-Signature"
MILLISECONDS = re.compile(r"[0-9]{12,14}", re.ASCII)
ESCAPES = re.compile(
    r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE
)  # HubSpot decodes these alone
MOST_EVENTS = 100
KINDS, ENDED = ("contact", "deal"), ("deletion", "privacyDeletion")
BATCH, WORKFLOW = "batch", "workflow"


@dataclass(frozen=True, slots=True)
class News:
    """One event of a message: what happened, to which record, and who wrote it."""

    kind: str
    about: str
    at: int
    property: str = ""
    value: str = ""
    source: str = ""
    key: str = ""


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine message; raises BadSignature (Unsigned, Stale)."""
    given, time = headers.get(SIGNATURE, ""), headers.get(TIME, "").strip()
    if not given:
        raise _old() if headers.get(OLD) else Unsigned(_("The request carries no X-HubSpot-Signature-v3."))
    secret, address = str(store.keys.get("client_secret") or ""), _address(store, headers)
    if not secret or not address:
        raise Unsigned(_("Without the app’s client secret no message can be checked: enter it first."))
    if not hmac.compare_digest(sign(secret, address, body, time), given.strip().encode(errors="replace")):
        raise BadSignature(
            _("The signature is wrong: compare the app’s client secret and its target address.")
        )
    if (
        not MILLISECONDS.fullmatch(time)
        or abs(datetime.fromtimestamp(int(time) / 1000, UTC) - at) > TOLERANCE
    ):
        raise Stale(_("The time of the message is more than five minutes off."))
    return _name(body)


def sign(secret: str, address: str, body: bytes, time: str) -> bytes:
    """Return the signature of a POST: HMAC-SHA256 in base64; `time` is in milliseconds since 1970."""
    decoded = ESCAPES.sub(lambda found: chr(int(found.group()[1:], 16)), address)
    signed = b"POST" + decoded.encode(errors="replace") + body + time.encode(errors="replace")
    return in_base64(signed, secret)


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Say which records a message is about; what they are now is asked, for messages may overtake each other."""
    if topic == WORKFLOW:
        return Reading(note=_("A message of a HubSpot workflow: only an app’s events are understood."))
    told = events_of(body)
    events = [event for event in told if event.kind.partition(".")[0] in KINDS]
    counted = Counter(event.kind for event in told)
    changed = tuple(dict.fromkeys(_record(event) for event in events if not _is_end(event)))
    kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(counted.items()))
    words = ngettext(
        "%(count)s event of HubSpot: %(kinds)s.", "%(count)s events of HubSpot: %(kinds)s.", counted.total()
    )
    return Reading(
        note=words % {"count": counted.total(), "kinds": kinds},
        asks_changes=bool(changed),
        changed=changed,
        gone=_named(events, "deletion"),
        erased=_named(events, "privacyDeletion"),
    )


def _record(event: News) -> tuple[str, str]:
    return event.kind.partition(".")[0], event.about


def _named(events: Sequence[News], what: str) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(_record(one) for one in events if one.kind.partition(".")[2] == what))


def _is_end(event: News) -> bool:
    return event.kind.partition(".")[2] in ENDED


def events_of(body: bytes) -> tuple[News, ...]:
    """Return the events of a message, at most 100; raises Unreadable."""
    wrapped = read_object(b'{"events":' + body + b"}")
    if set(wrapped) != {"events"} or not isinstance(wrapped["events"], list):
        raise Unreadable(_("The message is no list of events."))
    told = Fields(wrapped).rows("events")
    if not 0 < len(told) <= MOST_EVENTS:
        raise Unreadable(_("The message has no events, or more than 100."))
    return tuple(_news(one) for one in told)


def _news(told: Fields) -> News:
    parts = (
        told.text(name, 40) for name in ("portalId", "eventId", "subscriptionId", "occurredAt", "objectId")
    )
    return News(
        _printable(told.text("subscriptionType", 60)),
        told.text("objectId", 40),
        told.number("occurredAt"),
        told.text("propertyName", 200),
        told.text("propertyValue", 65_000),
        told.text("changeSource", 60),
        ":".join(parts),
    )


def _address(store: Store, headers: Mapping[str, str]) -> str:
    """Return the public address that HubSpot called, as we gave it out, whatever a proxy made of it."""
    known, query = store.delivery_url, headers.get(QUERY, "")
    return f"{known}?{query}" if known and query else known


def _old() -> BadSignature:
    return BadSignature(
        _(
            "The message is signed by an old scheme (v1 or v2) only, which is not accepted: HubSpot must send v3."
        )
    )


def _name(body: bytes) -> Received:
    """Name a message by its events, which HubSpot repeats with another attemptNumber; else by its content."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        events = events_of(body)
    except Unreadable:
        return _workflow(body, digest)
    kinds, about = {event.kind for event in events}, {event.about for event in events}
    keys = "\n".join(sorted(event.key for event in events))
    topic = kinds.pop() if len(kinds) == 1 else BATCH
    subject = about.pop() if len(about) == 1 else ""
    return Received(topic or BATCH, _printable(subject), hashlib.sha256(keys.encode()).hexdigest(), {})


def _workflow(body: bytes, digest: str) -> Received:
    """Name the message of a workflow, which is one record; it is kept even if it cannot be read."""
    try:
        record: dict[str, Any] = read_object(body)
    except Unreadable:
        return Received("", "", digest, {})
    subject = record.get("objectId") or record.get("vid")
    return Received(WORKFLOW, str(subject)[:40] if isinstance(subject, int) else "", digest, {})


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
