"""HubSpot's API: one dated version, its limits, and errors that say what to do."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors import talks
from integrations.connectors.base import Store
from integrations.connectors.hubspot.oauth import OAUTH
from integrations.connectors.oauth import has_grant, token_of

ADDRESS = "https://api.hubapi.com"
VERSION = "2026-09"  # HubSpot's dated version: a new one is tried against the contract first
OBJECTS, PROPERTIES = f"/crm/objects/{VERSION}", f"/crm/properties/{VERSION}"
ASSOCIATIONS = "/crm/v4/associations"
MAX_BYTES = 16_000_000
HOUR = 3600.0
LOCKED_SECONDS = 2.0
SCOPE = re.compile(r"\bcrm\.[a-z0-9_]+\.[a-z0-9_.]*[a-z0-9]")

Json = dict[str, Any]


class Wrong(Permanent):
    """HubSpot refuses what was sent (400, 404, 409): `status`, and what its answer says."""

    def __init__(self, message: str, status: int, said: Json) -> None:
        super().__init__(message)
        self.status, self.said = status, said


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the account's calls, as the last answer told; None where it did not tell.

    `window_seconds` is how long the short window lasts.
    """

    daily: int | None = None
    daily_left: int | None = None
    window_left: int | None = None
    window_seconds: float = 10.0


class Talk(talks.Talk):
    """Calls to one account, one after the other, and what is left of its limits."""

    HEADER = "Authorization: Bearer ***"

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.limits = Quota()

    def get(self, path: str) -> Json:
        """Return what an address says; raises a Failure."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Json) -> Json:
        """Send an object and return the answer; raises a Failure, Wrong where HubSpot refuses the content."""
        return self._ask("POST", path, body)

    def note(self) -> str:
        """Say how many calls are left."""
        if self.limits.daily is None or self.limits.daily_left is None:
            return ""
        return _("%(left)s of %(all)s calls are left today.") % {
            "left": self.limits.daily_left,
            "all": self.limits.daily,
        }

    def _ask(self, method: str, path: str, body: Json | None) -> Json:
        if self.limits.window_left == 0:
            raise Temporary(
                _("HubSpot takes no more calls in this moment: its limit is reached."),
                self.limits.window_seconds,
            )
        address = f"{self.store.base_url.rstrip('/') or ADDRESS}{path}"
        raw = None if body is None else json.dumps(body, ensure_ascii=False)
        self.begin(f"{method} {path}", raw)
        key = self._key()
        answer = self._call(method, address, raw, key)
        if answer.status == 401 and has_grant(self.store):
            answer = self._call(method, address, raw, self._key(refused=key))
        self.end(answer)
        self.limits = quota_of(answer.headers)
        told = {"daily": self.limits.daily, "daily_left": self.limits.daily_left}
        self.quota = {name: value for name, value in told.items() if value is not None}
        return _read(answer)

    def _key(self, refused: str = "") -> str:
        """Return the token of the app that was given access, else the service key that was entered."""
        if has_grant(self.store):
            return token_of(OAUTH, self.store, refused=refused)
        if not self.store.keys.get("token"):
            raise Misconfigured(key_missing())
        return str(self.store.keys["token"])

    def _call(self, method: str, address: str, raw: str | None, key: str) -> http.Answer:
        headers = {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            **({"Content-Type": "application/json"} if raw is not None else {}),
        }
        try:
            return http.request(
                method,
                address,
                headers=headers,
                content=None if raw is None else raw.encode("utf-8", "replace"),
                max_bytes=MAX_BYTES,
            )
        except http.UnsafeURL as error:
            raise Misconfigured(str(error)) from error
        except ValueError:
            raise Misconfigured(_("The key has signs that no key has: enter it anew.")) from None


def has_keys(store: Store) -> bool:
    """Say whether we were given access or a key."""
    return has_grant(store) or bool(store.keys.get("token"))


def key_missing() -> str:
    """Return the sentence that says how access is given."""
    return _("The key is missing: press “Connect with HubSpot”, or enter a service key with “Change keys”.")


def option(store: Store, name: str, default: str = "") -> str:
    """Return a setting that a person has entered, which is no secret."""
    return str(store.options.get(name) or store.keys.get(name) or default).strip()


def part(text: str) -> str:
    """Return a text as one part of an address."""
    return quote(text, safe="")


def rows(answer: Mapping[str, Any], name: str = "results") -> list[Json]:
    """Return the objects of a list; what is no object is left out."""
    found = answer.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def inside(answer: Mapping[str, Any], name: str) -> Json:
    """Return an object inside; anything else is an empty one."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def quota_of(headers: Mapping[str, str]) -> Quota:
    """Read X-HubSpot-RateLimit-…; searches tell none of them, and OAuth apps no daily ones."""
    told = {name: _whole(headers.get(f"X-HubSpot-RateLimit-{name}", "")) for name in _LIMITS}
    interval = told["Interval-Milliseconds"]
    return Quota(
        told["Daily"], told["Daily-Remaining"], told["Remaining"], interval / 1000 if interval else 10.0
    )


_LIMITS = ("Daily", "Daily-Remaining", "Remaining", "Interval-Milliseconds")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _read(answer: http.Answer) -> Json:
    """Return what an answer of status 2xx says; everything else raises."""
    if not 200 <= answer.status < 300:
        raise failure_of(answer)
    if not answer.body:
        return {}
    said = _object(answer.body)
    if said is None:
        raise Temporary(_("HubSpot answers with something else than data."))
    return said


def _object(body: bytes) -> Json | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def failure_of(answer: http.Answer) -> Failure:
    """Return what a refusal means."""
    status, said = answer.status, _object(answer.body) or {}
    if status == 401:
        return Misconfigured(
            _(
                "HubSpot refuses the key: it was deleted, rotated or is over. Make a new service key in HubSpot > "
                "Development > Keys, and enter it with “Change keys”, or press “Connect with HubSpot”."
            )
        )
    if status == 403:
        return Misconfigured(_missing(answer.body))
    if wait := _busy(answer, said):
        return Temporary(_("HubSpot is busy or at a limit (%(status)s).") % {"status": status}, wait)
    if status >= 500 or status in (408, 425):
        return Temporary(_("HubSpot has an error (%(status)s).") % {"status": status}, _asked_wait(answer))
    if 300 <= status < 400:
        return Misconfigured(_("HubSpot’s address leads elsewhere."))
    words = {"status": status, "said": sentence_of(said) or _("no reason given")}
    return Wrong(_("HubSpot refuses the request (%(status)s): %(said)s") % words, status, said)


def sentence_of(said: Mapping[str, Any]) -> str:
    """Return what HubSpot says about a refusal, in its words, cut to what people read."""
    message = said.get("message")
    text = message if isinstance(message, str) else ""
    found = re.search(r'"message"\s*:\s*"((?:[^"\\]|\\.)+)"', text)
    inner = found.group(1).replace('\\"', '"') if found else text
    return " ".join("".join(letter if letter.isprintable() else " " for letter in inner).split())[:200]


def _busy(answer: http.Answer, said: Json) -> float | None:
    """Return the seconds to wait where HubSpot is at a limit, locked or moving; None where it is not."""
    if answer.status == 423:
        return max(_asked_wait(answer) or 0, LOCKED_SECONDS)
    if answer.status == 477:
        return _asked_wait(answer) or HOUR
    if answer.status != 429:
        return None
    policy = str(said.get("policyName") or "").upper()
    if "DAILY" in policy:
        return HOUR  # it ends at midnight in the account's own zone, which the answer does not tell
    known = 1.0 if policy == "SECONDLY" else quota_of(answer.headers).window_seconds
    return _asked_wait(answer) or known


def _asked_wait(answer: http.Answer) -> float | None:
    """Return the seconds that HubSpot asks us to wait, at most a day; a date is not read."""
    wait = _whole(answer.headers.get("Retry-After", ""))
    return min(float(wait), 24 * HOUR) if wait else None


def _missing(body: bytes) -> str:
    """Name the scopes that a key lacks, as the answer names them."""
    scopes = sorted(set(SCOPE.findall(body.decode("utf-8", "replace"))))[:10]
    if not scopes:
        return _("The key may not do this: give it all scopes that the guide names.")
    return _("The key lacks scopes: %(scopes)s. Add them to it in HubSpot > Development > Keys.") % {
        "scopes": ", ".join(scopes)
    }
