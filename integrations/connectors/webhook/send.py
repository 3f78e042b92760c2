"""Telling a receiver: one signed POST; what its answer means is said by the status alone."""

import json
import math
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Misconfigured, Temporary
from integrations.connectors.base import Delivered, Gone, Message, Refused, Store, telling
from integrations.connectors.webhook import sign
from integrations.connectors.webhook.choices import has_ended

MAX_BYTES = 256_000
ANSWER_BYTES = 64_000
ANSWER_SHOWN = 2_000
SECONDS = 15.0
ABOUT_THE_ADDRESS = (401, 403, 404, 405)


def deliver(store: Store, message: Message) -> Delivered:
    """Post a message; raises Temporary, Misconfigured, Refused or Gone, each with what was sent and answered."""
    if has_ended(store.options, timezone.now()):
        raise Gone(_("The time that this subscription asked for is over."))
    body = payload(message)
    if len(body) > MAX_BYTES:
        raise Refused(_("The message is larger than %(most)s bytes.") % {"most": MAX_BYTES})
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "webhooks/1",
        **sign.headers(store.keys, message.id, timezone.now(), body),
    }
    request = shown(store.base_url, headers, body)
    try:
        answer = http.request(
            "POST", store.base_url, headers=headers, content=body, deadline=SECONDS, max_bytes=ANSWER_BYTES
        )
    except http.TooLarge as trouble:
        if trouble.status and 200 <= trouble.status < 300:
            return Delivered(
                trouble.status, "", request, note=_("Taken; the answer was too long to be kept.")
            )
        too_much = Temporary(_("The receiver’s answer is too long: a short one is enough."))
        raise telling(too_much, Delivered(0, "", request)) from trouble
    except Temporary as trouble:
        raise telling(trouble, Delivered(0, "", request))  # noqa: B904 - the same failure, told more fully
    except http.UnsafeURL as trouble:
        raise telling(Misconfigured(str(trouble)), Delivered(0, "", request)) from trouble
    text = answer.body[:ANSWER_SHOWN].decode("utf-8", "replace")
    delivered = Delivered(answer.status, text, request)
    _judge(answer, delivered)
    return delivered


def check(store: Store, delivery_url: str) -> str:
    """Send a signed event of the kind "ping"; return how it was answered, in a sentence."""
    message = Message(str(uuid.uuid4()), "ping", "ping", timezone.now(), {})
    delivered = deliver(store, message)
    return _("The receiver took a signed test event (%(status)s).") % {"status": delivered.status}


def payload(message: Message) -> bytes:
    """Return the bytes that are sent and signed."""
    body = {
        "id": message.id,
        "type": message.kind,
        "timestamp": message.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": message.body,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def shown(url: str, headers: Mapping[str, str], body: bytes) -> str:
    """Return a request for people: signatures and what stands behind the address's question mark are masked."""
    parts = urlsplit(url)
    address = urlunsplit((parts.scheme, parts.netloc, parts.path, "***" if parts.query else "", ""))
    lines = [f"{name}: {'***' if name == 'webhook-signature' else value}" for name, value in headers.items()]
    return "\n".join([f"POST {address}", *lines, "", body.decode("utf-8", "replace")])


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a far side asks to wait, told as a number or as a date; None if it does not ask."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _judge(answer: http.Answer, delivered: Delivered) -> None:
    """Raise what a status other than 2xx means."""
    status, words = answer.status, {"status": answer.status}
    if 200 <= status < 300:
        return
    if status == 410:
        gone = Gone(_("The receiver wants no more messages (410): the connection is paused."))
        raise telling(gone, delivered)
    if 300 <= status < 400:
        moved = _("The receiver redirects (%(status)s): enter the address to which it leads.") % words
        raise telling(Misconfigured(moved), delivered)
    if status in ABOUT_THE_ADDRESS:
        wrong = _("The receiver refuses (%(status)s): compare the address and the secret.") % words
        raise telling(Misconfigured(wrong), delivered)
    if status == 413:
        raise Refused(_("The receiver says that the message is too large (413)."), delivered)
    wait = retry_after(answer.headers, timezone.now())
    raise telling(Temporary(_("The receiver answers with an error (%(status)s).") % words, wait), delivered)
