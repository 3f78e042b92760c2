"""Pipedrive's API: one call after the other, its limits, and errors that say what to do."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors import talks
from integrations.connectors.base import Store
from integrations.connectors.pipedrive.address import address_of
from integrations.connectors.pipedrive.limits import HOUR, Window, cost_of, wait_of, window_of
from integrations.connectors.pipedrive.oauth import DOMAIN, fresh, is_granted
from integrations.connectors.waits import asked_wait

V1, V2 = "/api/v1", "/api/v2"
MAX_BYTES = 16_000_000
PAUSES = 20.0  # seconds that one exchange may wait for new calls, in all
PER_PAGE, MOST_PAGES = 500, 40

Json = dict[str, Any]


class Wrong(Permanent):
    """Pipedrive refuses what was sent (400, 404 ...): `status`, and its own words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Talk(talks.Talk):
    """Calls to one account, what is left of its limits and what it cost."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.window = Window()
        self.tokens = 0
        self._paused = 0.0
        self._token = ""

    def get(self, path: str, **query: Any) -> Json:
        """Return what an address says; raises a Failure, Wrong where Pipedrive refuses the question."""
        told = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(told, quote_via=quote)}" if told else path, None)

    def send(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send an object and return the answer; raises a Failure, Wrong where Pipedrive refuses the content."""
        return self._ask(method, path, body)

    def all(self, path: str, **query: Any) -> Iterator[Json]:
        """Return the objects of all pages of a list."""
        cursor: str | None = None
        for _page in range(MOST_PAGES):
            answer = self.get(path, limit=PER_PAGE, cursor=cursor, **query)
            yield from rows(answer)
            cursor = next_of(answer)
            if not cursor:
                return

    def head(self) -> list[str]:
        """Return the masked key, and what was used."""
        header = "Authorization" if is_granted(self.store) else "x-api-token"
        cost = _("%(tokens)s of the day’s tokens were used.") % {"tokens": self.tokens}
        return [f"{header}: ***", cost]

    def _ask(self, method: str, path: str, body: Json | None) -> Json:
        self._wait()
        raw = None if body is None else json.dumps(body, ensure_ascii=False)
        self.begin(f"{method} {path}", raw)
        answer = self._call(method, path, raw)
        self.end(answer)
        self.window = window_of(answer.headers)
        self.quota = self.window.quota
        self.tokens += cost_of(method, path)
        return _read(answer)

    def _wait(self) -> None:
        """Wait until the window of two seconds is over, if the last answer said that no call is left in it."""
        if self.window.left != 0:
            return
        pause = max(self.window.reset, 0.1)
        if self._paused + pause > PAUSES:
            raise Temporary(_("Pipedrive takes no more calls in this moment: its limit is reached."), pause)
        self._paused += pause
        time.sleep(pause)

    def _call(self, method: str, path: str, raw: str | None) -> http.Answer:
        """Call once, and once more with a new token where an app's is over."""
        if not is_granted(self.store):
            return self._once(method, path, raw, {"x-api-token": str(self.store.keys.get("api_token", ""))})
        self._token = self._token or fresh(self.store)
        answer = self._once(method, path, raw, {"Authorization": f"Bearer {self._token}"})
        if answer.status != 401:
            return answer
        self._token = fresh(self.store, refused=self._token)
        return self._once(method, path, raw, {"Authorization": f"Bearer {self._token}"})

    def _once(self, method: str, path: str, raw: str | None, key: Mapping[str, str]) -> http.Answer:
        kind = {"Content-Type": "application/json"} if raw is not None else {}
        try:
            return http.request(
                method,
                f"{_address(self.store)}{path}",
                headers={**key, "Accept": "application/json", **kind},
                content=None if raw is None else raw.encode("utf-8", "replace"),
                max_bytes=MAX_BYTES,
            )
        except http.UnsafeURL as error:
            raise Misconfigured(str(error)) from error
        except ValueError:
            raise Misconfigured(_("The key has signs that no key has: enter it anew.")) from None


def has_keys(store: Store) -> bool:
    """Say whether the account can be asked: by a person's token, or through an app."""
    return bool(_address(store) and (store.keys.get("api_token") or is_granted(store)))


def _address(store: Store) -> str:
    """Return where the account is: as the app's token told it, or as it was entered."""
    return str(store.keys.get(DOMAIN) or "") if is_granted(store) else address_of(store.base_url)


def rows(answer: Mapping[str, Any], name: str = "data") -> list[Json]:
    """Return the objects of a list; what is no object is left out."""
    found = answer.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def inside(answer: Mapping[str, Any], name: str = "data") -> Json:
    """Return an object inside; anything else is an empty one."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def next_of(answer: Mapping[str, Any]) -> str | None:
    """Return the cursor of the next page, None at the end."""
    cursor = inside(answer, "additional_data").get("next_cursor")
    return cursor if isinstance(cursor, str) and cursor else None


def _read(answer: http.Answer) -> Json:
    """Return what an answer of status 2xx says; everything else raises."""
    if not 200 <= answer.status < 300:
        raise failure_of(answer)
    said = _object(answer.body)
    if said is None:
        raise Temporary(_("Pipedrive answers with something else than data."))
    if said.get("success") is False:
        raise _wrong(answer.status, said)
    return said


def _object(body: bytes) -> Json | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def failure_of(answer: http.Answer) -> Failure:
    """Return what a refusal means."""
    status, said = answer.status, _object(answer.body)
    reason = sentence_of(said or {}) or _("no reason given")
    words: dict[str, int | str] = {"status": status, "said": reason}
    if status == 401:
        return Misconfigured(
            _(
                "Pipedrive refuses the key: the token was made anew or its user is gone. Press “Connect with "
                "Pipedrive”, or copy the token from Personal preferences > API, and enter it with “Change keys”."
            )
        )
    if status == 403 and said is None:
        return Temporary(_("Pipedrive has shut us out for a while (403): too much was asked."), HOUR)
    if status in (402, 403):
        return Misconfigured(_("Pipedrive does not allow this (%(status)s): %(said)s") % words)
    if status == 429:
        return Temporary(_("Pipedrive’s limit is reached: %(said)s") % words, wait_of(answer, reason))
    if status >= 500 or status in (408, 425):
        return Temporary(_("Pipedrive has an error (%(status)s).") % words, asked_wait(answer))
    if 300 <= status < 400 or (status == 404 and said is None):
        return Misconfigured(_("There is no account at this address: enter the one of your own Pipedrive."))
    return _wrong(status, said or {})


def _wrong(status: int, said: Json) -> Wrong:
    words = {"status": status, "said": sentence_of(said) or _("no reason given")}
    return Wrong(_("Pipedrive refuses the request (%(status)s): %(said)s") % words, status)


def sentence_of(said: Mapping[str, Any]) -> str:
    """Return what Pipedrive says about a refusal, in its words, cut to what people read."""
    told = [said.get(name) for name in ("error", "error_info", "message")]
    text = " ".join(dict.fromkeys(one for one in told if isinstance(one, str)))
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:200]
