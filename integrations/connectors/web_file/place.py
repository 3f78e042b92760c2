"""One file over HTTPS: asked for with the marks of the last answer, so that what did not change is not sent again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors.base import Store
from integrations.connectors.files.contract import LONGEST_NAME, Fetched, Found

SECONDS = 60.0
LONGEST_TAG = 400
MARKS = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))


@contextmanager
def open_place(store: Store) -> Iterator["Page"]:
    """Open it: nothing is called yet."""
    yield Page(store)


def may_have_news(store: Store) -> bool:
    """Nobody knows before it was asked."""
    return True


def check(store: Store, delivery_url: str) -> str:
    """Ask for the file and say how large it is; raises what `fetch` does."""
    page = Page(store)
    fetched = page.fetch(page.files()[0], "", 50_000_000)
    size = len(fetched.content) if fetched is not None else 0
    return _("The file can be fetched: %(size)s bytes.") % {"size": size}


@dataclass(frozen=True, slots=True)
class Page:
    """The address."""

    store: Store

    def files(self) -> list[Found]:
        """Return the one file there is."""
        name = unquote(urlsplit(self.store.base_url).path.rpartition("/")[2]) or "file"
        safe = "".join(letter for letter in name if letter.isprintable() and letter not in "/\\")
        return [Found(safe[-LONGEST_NAME:] or "file", is_whole=True)]

    def fetch(self, found: Found, tag: str, most: int) -> Fetched | None:
        """Ask for the file; None if it has not changed since the answer that `tag` tells of."""
        try:
            answer = http.request(
                "GET",
                self.store.base_url,
                headers=self._headers(tag),
                auth=self._auth(),
                deadline=SECONDS,
                max_bytes=most,
            )
        except http.UnsafeURL as unsafe:
            raise Misconfigured(str(unsafe)) from None
        except http.TooLarge:
            raise Permanent(
                _("The file is larger than %(size)s MB: split it.") % {"size": most // 1_000_000}
            ) from None
        except ValueError:
            raise Misconfigured(_("The user, password or token has letters that cannot be sent.")) from None
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise _trouble(answer)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise Misconfigured(_("The address answers with a page instead of a file."))
        marks = {
            name: answer.headers[name][:LONGEST_TAG] for name, _asks in MARKS if answer.headers.get(name)
        }
        return Fetched(answer.body, json.dumps(marks, sort_keys=True) if marks else "")

    def put_away(self, found: Found, reason: str) -> None:
        """Leave it: it is not ours."""

    def _headers(self, tag: str) -> dict[str, str]:
        headers = {"Accept": "text/csv, application/json;q=0.9, */*;q=0.5"}
        if token := str(self.store.keys.get("token") or ""):
            headers["Authorization"] = f"Bearer {token}"
        known: dict[str, Any] = json.loads(tag) if tag else {}
        return headers | {asks: str(known[name]) for name, asks in MARKS if known.get(name)}

    def _auth(self) -> tuple[str, str] | None:
        user = str(self.store.keys.get("user") or "")
        if not user or self.store.keys.get("token"):
            return None
        return user, str(self.store.keys.get("password") or "")


def _trouble(answer: http.Answer) -> Failure:
    if answer.status in (401, 403):
        return Misconfigured(_("The address does not accept the user, password or token."))
    if 300 <= answer.status < 400:
        return Misconfigured(_("The address leads to another one: enter that instead."))
    if answer.status == 404:
        return Temporary(_("There is no file at the address."), 300)
    told = {"status": answer.status}
    wait = answer.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else None
    return Temporary(_("The address answers with %(status)s.") % told, seconds)
