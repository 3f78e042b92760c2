"""Is a message of Pipedrive's genuine, whom is it about, and was it our own writing that it tells of?

Pipedrive signs nothing: it shows the name and password that were given when the webhook was made.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.base import (
    BadSignature,
    Reading,
    Received,
    Store,
    Unreadable,
    Unsigned,
    webhook_secrets,
)
from integrations.connectors.body import read_object
from integrations.connectors.signatures import clean, content_of

USER = "affiliates"
ENTITIES = {"person": "contact", "deal": "deal"}  # and how we call records of them


def receive(store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
    """Name a genuine message; raises BadSignature (Unsigned without a password)."""
    scheme, _gap, given = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic" or not given:
        raise Unsigned(_("The request shows no password (HTTP Basic)."))
    if not _is_known(given.strip(), webhook_secrets(store.keys)):
        raise BadSignature(_("The password is wrong: press “Make or repair webhooks”."))
    meta = _meta(content_of(body))
    return Received(_topic(meta), _said(meta, "entity_id", 40), _dedupe_key(meta, body), {})


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Say which record a message is about; what it is now is asked, for messages may overtake each other.

    Ours is what the webhook's own user changed through the API: it is the user whose token we have. Of two persons or
    deals that were merged one is gone, and the message names the one that it has become.
    """
    meta = _meta(read_object(body))
    entity, number = _said(meta, "entity", 20), _said(meta, "entity_id", 40)
    kind = ENTITIES.get(entity, "")
    if not kind or not number:
        raise Unreadable(_("The message names no person and no deal: it is none of webhooks v2."))
    action = _said(meta, "action", 20)
    user, owner = _said(meta, "user_id", 40), _said(meta, "webhook_owner_id", 40)
    words = {"entity": entity, "number": number, "action": action}
    if action != "delete" and _said(meta, "change_source", 20) == "api" and user and user == owner:
        return Reading(note=_("Our own writing came back: %(entity)s %(number)s (%(action)s).") % words)
    note = _("Changed at Pipedrive: %(entity)s %(number)s (%(action)s).") % words
    if action != "delete":
        return Reading(note=note, asks_changes=True, changed=((kind, number),))
    into = _said(meta, "merged_to_id", 40)
    return Reading(
        note=note,
        asks_changes=bool(into),
        changed=((kind, into),) if into else (),
        gone=((kind, number),),
    )


def _is_known(given: str, secrets: list[str]) -> bool:
    """Say whether it is our name with one of the passwords; each is compared, whatever came out before."""
    shown = given.encode(errors="replace")
    wanted = [base64.b64encode(f"{USER}:{secret}".encode()) for secret in secrets]
    return any([hmac.compare_digest(one, shown) for one in wanted])  # noqa: C419 - none is left out


def _dedupe_key(meta: Mapping[str, Any], body: bytes) -> str:
    """Return a digest that only a repeat of the same news has: by the event's id, which further attempts keep.

    Where there is none, the correlation and the time name it, else all that it says.
    """
    name = _said(meta, "id", 100)
    if not name and (found := _said(meta, "correlation_id", 100)):
        name = f"{found} {_said(meta, 'timestamp', 40)}"
    if not name:
        return hashlib.sha256(body).hexdigest()
    parts = [name, *(_said(meta, one, 40) for one in ("action", "entity", "entity_id"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _topic(meta: Mapping[str, Any]) -> str:
    return ".".join(one for one in (_said(meta, "action", 20), _said(meta, "entity", 20)) if one)


def _meta(content: Mapping[str, Any]) -> dict[str, Any]:
    found = content.get("meta")
    return found if isinstance(found, dict) else {}


def _said(meta: Mapping[str, Any], name: str, most: int) -> str:
    told = meta.get(name)
    is_told = isinstance(told, str | int) and not isinstance(told, bool)
    return clean(str(told), most) if is_told else ""
