"""A Klaviyo account on loopback: profiles and events, as much of the API as is asked, with its limits and conflicts.

What a request lacks, or has that Klaviyo does not know, stands in `breaches`.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from itertools import count
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integrations.connectors.base import Store
from tests.fakes.loopback import Loopback, Said

TOKEN = "pk_0123456789abcdef"
IDENTIFIERS = ("email", "phone_number", "external_id")
ATTRIBUTES = {
    *IDENTIFIERS,
    "first_name",
    "last_name",
    "organization",
    "title",
    "locale",
    "location",
    "properties",
}
EVENT = {"metric", "profile", "properties", "time", "value", "value_currency", "unique_id"}
FILTER = re.compile(r'(any|equals)\((id|email|external_id),(\[.*\]|".*")\)')

Row = dict[str, Any]


class FakeKlaviyo(Loopback):
    """Answers for one account.

    `failures` are given out first; `lost` names calls that are carried out but never answered; `hidden` profiles are
    there but not found yet.
    """

    METHODS = ("GET", "POST", "PATCH")

    def __init__(self) -> None:
        self.profiles: dict[str, Row] = {}
        self.events: dict[str, Row] = {}
        self.failures: list[tuple[str, Said]] = []
        self.lost: list[str] = []
        self.hidden: set[str] = set()
        self.limits: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.breaches: list[str] = []
        self._number = count(1)
        self._lock = Lock()

    @property
    def calls(self) -> list[str]:
        """What was asked: GET profiles, PATCH profiles/P1 ..., without the questions."""
        return [f"{method} {urlsplit(path).path.removeprefix('/api/')}" for method, path, _body in self.asked]

    def fail(self, status: int, body: Any = None, at: str = "", **headers: str) -> None:
        """Answer the next request so, or the next one that ends so (method and path)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures.append((at, (status, {} if body is None else body, named)))

    def add(self, **attributes: Any) -> str:
        """Somebody else makes a profile; return its number."""
        number = f"P{next(self._number)}"
        told = {"properties": {}, "subscriptions": "as the person chose", **attributes}
        self.profiles[number] = told | {"updated": datetime.now(UTC).isoformat()}
        return number

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        with self._lock:
            return self._respond(request.command, request.path, request.headers, sent)

    def _respond(self, method: str, path: str, headers: Any, sent: bytes) -> Said | None:
        body, address = json.loads(sent) if sent else None, urlsplit(path).path
        self.asked.append((method, path, body))
        self.breaches += breaches(method, headers, body)
        for place, (at, failure) in enumerate(self.failures):
            if f"{method} {address}".endswith(at):
                del self.failures[place]
                return failure
        if headers.get("Authorization") != f"Klaviyo-API-Key {TOKEN}":
            return 401, wrong("not_authenticated", "Missing or invalid private key."), {}
        status, said = self._look_up(method, address, dict(parse_qsl(urlsplit(path).query)), body)
        if f"{method} {address}" in self.lost:
            self.lost.remove(f"{method} {address}")
            return None
        return status, said, self.limits

    def _look_up(self, method: str, address: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if address == "/api/events":
            return self._event(body["data"]["attributes"])
        if address == "/api/profile-import":
            return self._import(body["data"])
        if method == "GET":
            return 200, {"data": [self._shown(number) for number in self._found(query)]}
        number = address.removeprefix("/api/profiles/")
        if number not in self.profiles:
            return 404, wrong("not_found", "A profile with that id does not exist.")
        return self._write(number, body["data"], 200)

    def _found(self, query: dict[str, str]) -> list[str]:
        if "filter" not in query:
            return list(self.profiles)[: int(query["page[size]"])]
        found = FILTER.fullmatch(query["filter"])
        if found is None:
            self.breaches.append(f"no filter: {query['filter']}")
            return []
        told = json.loads(found[3])
        values = told if isinstance(told, list) else [told]
        return [
            number
            for number, profile in self.profiles.items()
            if number not in self.hidden and (number if found[2] == "id" else profile.get(found[2])) in values
        ]

    def _import(self, data: Row) -> tuple[int, Any]:
        told = data["attributes"]
        holders = {
            number
            for number, profile in self.profiles.items()
            for name in IDENTIFIERS
            if told.get(name) and profile.get(name) == told[name]
        }
        if len(holders) > 1:
            return 409, conflict(min(holders))
        if holders:
            return self._write(holders.pop(), data, 200)
        return self._write(self.add(), data, 201)

    def _write(self, number: str, data: Row, status: int) -> tuple[int, Any]:
        told = data["attributes"]
        if "@" not in told.get("email", "@"):
            return 400, wrong("invalid", "Invalid email address")
        for name in IDENTIFIERS:
            for other, profile in self.profiles.items():
                if other != number and told.get(name) and profile.get(name) == told[name]:
                    return 409, conflict(other)
        profile = self.profiles[number]
        properties = {**profile["properties"], **told.get("properties", {})}
        for name in data.get("meta", {}).get("patch_properties", {}).get("unset", ()):
            properties.pop(name, None)
        location = {**profile.get("location", {}), **told.get("location", {})}
        profile |= {**told, "properties": properties, "location": location}
        return status, {"data": self._shown(number)}

    def _shown(self, number: str) -> Row:
        told = {name: value for name, value in self.profiles[number].items() if name != "subscriptions"}
        return {"type": "profile", "id": number, "attributes": told}

    def _event(self, told: Row) -> tuple[int, Any]:
        if told["profile"]["data"]["id"] not in self.profiles:
            return 400, wrong("invalid", "No such profile")
        self.events.setdefault(told["unique_id"], told)
        return 202, b""


def breaches(method: str, headers: Any, body: Any) -> list[str]:
    """What of a request Klaviyo's API would not take."""
    told = [] if re.fullmatch(r"\d{4}-\d\d-\d\d", headers.get("revision", "")) else ["no revision"]
    if method == "GET":
        return told
    if headers.get("Content-Type") != "application/vnd.api+json":
        told.append("not JSON:API")
    data = body["data"]
    known = {"profile": ATTRIBUTES, "event": EVENT}[data["type"]]
    return told + [f"{data['type']} has no {name}" for name in set(data["attributes"]) - known]


def wrong(code: str, detail: str) -> Row:
    """An error as Klaviyo writes it."""
    return {"errors": [{"id": "1", "code": code, "title": code.title(), "detail": detail}]}


def conflict(other: str) -> Row:
    """The error of a profile that is there already, which names it."""
    told = wrong("duplicate_profile", "A profile already exists with one of these identifiers.")
    told["errors"][0]["meta"] = {"duplicate_profile_id": other}
    return told


@contextmanager
def opened(settings: Any) -> Iterator[FakeKlaviyo]:
    """An account that may be called; at the end no request broke what Klaviyo asks for."""
    with FakeKlaviyo() as account:
        settings.OUTBOUND_ALLOWED_HOSTS = [account.host]
        yield account
        assert account.breaches == []


def store_of(account: FakeKlaviyo) -> Store:
    """The account as the connector gets it."""
    return Store(account.url, "klaviyo", {"api_key": TOKEN}, "EUR")
