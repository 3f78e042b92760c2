"""Klaviyo's API (JSON:API): one dated revision, its limits, and errors that say what to do."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors import talks
from integrations.connectors.base import Store
from integrations.connectors.waits import asked_wait

ADDRESS = "https://a.klaviyo.com"
REVISION = "2026-10-15"  # Klaviyo's dated version: a new one is tried first
JSON_API = "application/vnd.api+json"
MAX_BYTES = 16_000_000
MINUTE = 60.0

Json = dict[str, Any]


class Wrong(Permanent):
    """Klaviyo refuses what was sent: `status`, and of a conflict the profile that is there already (`other`)."""

    def __init__(self, message: str, status: int, other: str = "") -> None:
        super().__init__(message)
        self.status, self.other = status, other


class Talk(talks.Talk):
    """Calls to one account, and what is left of the minute's."""

    HEADER = "Authorization: Klaviyo-API-Key ***"

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reset = MINUTE

    def get(self, path: str, query: Mapping[str, str]) -> Json:
        """Return what an address says; raises a Failure."""
        return self._ask("GET", f"{path}?{urlencode(query, quote_via=quote)}", None)

    def send(self, method: str, path: str, data: Json) -> Json:
        """Send one object and return the answer; raises a Failure, Wrong where Klaviyo refuses the content."""
        return self._ask(method, path, {"data": data})

    def _ask(self, method: str, path: str, body: Json | None) -> Json:
        if self.quota.get("minute_left") == 0:
            raise Temporary(
                _("Klaviyo takes no more calls in this minute: its limit is reached."), self.reset
            )
        raw = None if body is None else json.dumps(body, ensure_ascii=False)
        self.begin(f"{method} {path}", raw)
        answer = self._call(method, path, raw)
        self.end(answer)
        self._note_limits(answer.headers)
        return _read(answer)

    def _call(self, method: str, path: str, raw: str | None) -> http.Answer:
        headers = {
            "Authorization": f"Klaviyo-API-Key {self.store.keys.get('api_key', '')}",
            "revision": REVISION,
            "Accept": JSON_API,
            **({"Content-Type": JSON_API} if raw is not None else {}),
        }
        try:
            return http.request(
                method,
                f"{self.store.base_url.rstrip('/') or ADDRESS}{path}",
                headers=headers,
                content=None if raw is None else raw.encode("utf-8", "replace"),
                max_bytes=MAX_BYTES,
            )
        except http.UnsafeURL as error:
            raise Misconfigured(str(error)) from error
        except ValueError:
            raise Misconfigured(_("The key has signs that no key has: enter it anew.")) from None

    def _note_limits(self, headers: Mapping[str, str]) -> None:
        """Read RateLimit-…, which tell of the steady window of a minute."""
        left, reset = (_whole(headers.get(f"RateLimit-{name}", "")) for name in ("Remaining", "Reset"))
        self.quota = {} if left is None else {"minute_left": left}
        self.reset = MINUTE if reset is None else min(float(reset), MINUTE)


def has_keys(store: Store) -> bool:
    """Say whether we were given a key."""
    return bool(store.keys.get("api_key"))


def rows(answer: Mapping[str, Any], name: str = "data") -> list[Json]:
    """Return the objects of a list; what is no object is left out."""
    found = answer.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def inside(answer: Mapping[str, Any], name: str = "data") -> Json:
    """Return an object inside; anything else is an empty one."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def _read(answer: http.Answer) -> Json:
    """Return what an answer of status 2xx says, nothing for an empty one; everything else raises."""
    said = _object(answer.body)
    if not 200 <= answer.status < 300:
        raise failure_of(answer, said or {})
    if said is None and answer.body.strip():
        raise Temporary(_("Klaviyo answers with something else than data."))
    return said or {}


def failure_of(answer: http.Answer, said: Json) -> Failure:
    """Return what a refusal means."""
    status, error = answer.status, next(iter(rows(said, "errors")), {})
    words = {"status": status, "said": _sentence(error) or _("no reason given")}
    if status == 401:
        return Misconfigured(
            _("Klaviyo refuses the key: make a private key in Settings > API keys, and enter it.")
        )
    if status == 403:
        return Misconfigured(_("The key may not do this: %(said)s Give it the scopes of the guide.") % words)
    if status == 429:
        return Temporary(_("Klaviyo’s limit is reached."), asked_wait(answer) or MINUTE)
    if status >= 500 or status in (408, 425):
        return Temporary(_("Klaviyo has an error (%(status)s).") % words, asked_wait(answer))
    if 300 <= status < 400:
        return Misconfigured(_("Klaviyo’s address leads elsewhere."))
    other = inside(error, "meta").get("duplicate_profile_id")
    message = _("Klaviyo refuses the request (%(status)s): %(said)s") % words
    return Wrong(message, status, other if isinstance(other, str) else "")


def _sentence(error: Mapping[str, Any]) -> str:
    """Return what Klaviyo says about a refusal, in its words, cut to what people read."""
    told = error.get("detail") or error.get("title")
    text = told if isinstance(told, str) else ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:200]


def _object(body: bytes) -> Json | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
