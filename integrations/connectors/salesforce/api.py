"""Salesforce's REST API: one fixed version, its limits, and errors that say what to do."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors import talks
from integrations.connectors.base import Store
from integrations.connectors.salesforce.auth import api_address, token
from integrations.connectors.waits import asked_wait

VERSION = "v66.0"  # a new one is tried against the contract first; one that is retired answers 410
DATA = f"/services/data/{VERSION}"
MAX_BYTES = 16_000_000
LONG_WAIT, SHORT_WAIT = 900.0, 30.0  # the day's calls come back hour by hour; too many at once are soon over
MOST_PAGES = 20
NEXT = re.compile(r"/services/data/v[0-9]{2}\.0/query(?:All)?/[A-Za-z0-9-]{1,60}", re.ASCII)
USAGE = re.compile(r"(?:^|[\s,;])api-usage=([0-9]{1,12})/([0-9]{1,12})(?![0-9])", re.ASCII)
BUSY = (
    "REQUEST_LIMIT_EXCEEDED",
    "SERVER_UNAVAILABLE",
    "UNABLE_TO_LOCK_ROW",
    "QUERY_TIMEOUT",
    "UNKNOWN_EXCEPTION",
)
LOCKED = "UNABLE_TO_LOCK_ROW"

Json = dict[str, Any]


class Wrong(Permanent):
    """Salesforce refuses what was sent (400, 404): `status`, and the errors of its answer."""

    def __init__(self, message: str, status: int, errors: Sequence[Json]) -> None:
        super().__init__(message)
        self.status, self.errors = status, errors

    @property
    def codes(self) -> set[str]:
        """The errors' names."""
        return {code_of(error) for error in self.errors}


class Talk(talks.Talk):
    """Calls to one org, one after the other, and what is left of the day's calls."""

    HEADER = "Authorization: Bearer ***"

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._token = ""

    def get(self, path: str, shown: str = "") -> Any:
        """Return what an address says; raises a Failure."""
        return self._ask("GET", path, None, shown or path)

    def post(self, path: str, body: Json) -> Any:
        """Send an object and return the answer; raises a Failure, Wrong where Salesforce refuses the content."""
        return self._ask("POST", path, body, path)

    def patch(self, path: str, body: Json, *, may_double: bool = False) -> Any:
        """Change by an object and return the answer; raises a Failure, Wrong where Salesforce refuses the content.

        `may_double`: records that are there already are changed, even if a rule warns that one is like another.
        """
        return self._ask(
            "PATCH",
            path,
            body,
            path,
            {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if may_double else {},
        )

    def query(self, soql: str, *, with_deleted: bool = False) -> list[Json]:
        """Return all records that a query finds, page after page; raises a Failure."""
        found, following = self.page(soql, with_deleted=with_deleted)
        for _page in range(MOST_PAGES):
            if not following:
                return found
            more = self.get(following)
            found += rows(more, "records")
            following = _next(more)
        raise Permanent(_("Salesforce finds too many records for one customer: look for duplicates there."))

    def page(self, soql: str, *, with_deleted: bool = False) -> tuple[list[Json], str]:
        """Return the first records that a query finds, and where there are more."""
        door = "queryAll" if with_deleted else "query"
        said = self.get(f"{DATA}/{door}?q={quote(soql, safe='')}", f"{DATA}/{door} {soql}")
        if not isinstance(said, dict) or not isinstance(said.get("records"), list):
            raise Temporary(_("Salesforce answers with something else than data."))
        return rows(said, "records"), _next(said)

    def note(self) -> str:
        """Say how many calls are left."""
        if not self.quota:
            return ""
        words = {"left": self.quota["daily_left"], "all": self.quota["daily"]}
        return _("%(left)s of %(all)s calls are left of these 24 hours.") % words

    def _ask(
        self, method: str, path: str, body: Json | None, shown: str, headers: Mapping[str, str] | None = None
    ) -> Any:
        raw = None if body is None else json.dumps(body, ensure_ascii=False)
        told = {"Accept": "application/json", **(headers or {})}
        if raw is not None:
            told["Content-Type"] = "application/json"
        self._token = self._token or token(self.store)
        answer = self._call(method, path, raw, shown, told)
        if answer.status == 401:
            self._token = token(self.store, refused=self._token)
            answer = self._call(method, path, raw, shown, told)
        return _read(answer)

    def _call(
        self, method: str, path: str, raw: str | None, shown: str, headers: Mapping[str, str]
    ) -> http.Answer:
        self.begin(f"{method} {shown} {raw or ''}".strip()[: talks.SHOWN])
        try:
            answer = http.request(
                method,
                f"{api_address(self.store)}{path}",
                headers={**headers, "Authorization": f"Bearer {self._token}"},
                content=None if raw is None else raw.encode("utf-8", "replace"),
                max_bytes=MAX_BYTES,
            )
        except http.UnsafeURL as error:
            raise Misconfigured(str(error)) from error
        self.end(answer)
        if usage := USAGE.search(answer.headers.get("Sforce-Limit-Info", "")):
            used, daily = int(usage[1]), int(usage[2])
            self.quota = {"daily_left": max(daily - used, 0), "daily": daily}
        return answer


def rows(answer: Any, name: str = "") -> list[Json]:
    """Return the objects of a list, or of one inside; what is no object is left out."""
    found = answer.get(name) if name and isinstance(answer, dict) else answer
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def code_of(error: Mapping[str, Any]) -> str:
    """Return the name of an error, which answers call errorCode and results statusCode."""
    return str(error.get("errorCode") or error.get("statusCode") or "")


def sentence_of(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return what Salesforce says about a refusal, in its words, cut to what people read."""
    text = " ".join(f"{error.get('message') or ''} ({code_of(error)})" for error in errors)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:250]


def is_locked(errors: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether somebody else holds the record just now, also where code of the org's own says so."""
    return any(LOCKED in f"{code_of(error)} {error.get('message')}" for error in errors)


def _next(said: Any) -> str:
    """Return the address of the next page; only one of the API's own."""
    found = said.get("nextRecordsUrl") if isinstance(said, dict) else None
    if not isinstance(found, str) or said.get("done") is True:
        return ""
    return found if NEXT.fullmatch(found) else ""


def _read(answer: http.Answer) -> Any:
    """Return what an answer of status 2xx says; everything else raises."""
    said = _said(answer.body)
    if not 200 <= answer.status < 300:
        raise failure_of(answer, rows(said))
    if said is None and answer.body:
        raise Temporary(_("Salesforce answers with something else than data."))
    return said


def _said(body: bytes) -> Any:
    try:
        said = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict | list) else None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def failure_of(answer: http.Answer, errors: Sequence[Json]) -> Failure:
    """Return what a refusal means."""
    status, codes = answer.status, {code_of(error) for error in errors}
    words = {"status": status, "said": sentence_of(errors) or _("no reason given")}
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        is_short = any("oncurrent" in str(error.get("message")) for error in errors)
        wait = asked_wait(answer) or (SHORT_WAIT if is_short else LONG_WAIT)
        return Temporary(_("Salesforce’s limit of calls is reached: %(said)s") % words, wait)
    if status == 401:
        return Misconfigured(
            _("Salesforce refuses a token that it has just given: may the app’s user call the API? %(said)s")
            % words
        )
    if status == 403:
        return Misconfigured(_("Salesforce does not let the app’s user do this: %(said)s") % words)
    if status >= 500 or status in (408, 425, 429) or codes & set(BUSY):
        wait_asked = asked_wait(answer) or (SHORT_WAIT if LOCKED in codes else None)
        return Temporary(_("Salesforce is busy or has an error (%(status)s).") % words, wait_asked)
    if status == 410:
        return Misconfigured(_("Salesforce has retired the version of its API that is used here."))
    if 300 <= status < 400 or (status == 404 and not errors):
        return Misconfigured(
            _(
                "There is no Salesforce at this address (%(status)s): enter the one that ends in .my.salesforce.com."
            )
            % words
        )
    return Wrong(_("Salesforce refuses the request (%(status)s): %(said)s") % words, status, errors)
