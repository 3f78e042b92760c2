"""A Pipedrive account on loopback: persons, deals, fields, webhooks, as much of the API as is asked, and odd sides.

Every request is held against the contract; what breaks it stands in `breaches`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.utils import timezone
from jsonschema import Draft4Validator

from integrations.connectors import pipedrive
from integrations.connectors.base import Store
from integrations.connectors.pipedrive.defaults import wanted_fields
from tests.fakes.loopback import Loopback, Said

PATHS = json.loads((Path(__file__).parent.parent / "specs" / "pipedrive.json").read_text())["paths"]
TOKEN, SECRET, USER = "0123456789abcdef0123456789abcdef01234567", "hook-secret", 8877
LISTS = {"persons": "personFields", "deals": "dealFields"}
KIND = {"contact": "persons", "deal": "deals"}

Row = dict[str, Any]


class FakePipedrive(Loopback):
    """Answers for one account.

    `failures` are given out first; `lost` names calls that are carried out but never answered, `halved` those whose
    answer breaks off; what is made while `is_lagging` no search finds. `race` runs once, before the next creation.
    """

    METHODS = ("GET", "POST", "PATCH", "DELETE")

    def __init__(self) -> None:
        self.records: dict[str, dict[int, Row]] = {"persons": {}, "deals": {}}
        self.fields: dict[str, list[Row]] = {name: [own(name)] for name in LISTS.values()}
        self.stages = [{"id": 1, "name": "Contacted"}, {"id": 4, "name": "Delivered"}]
        self.pipelines = [{"id": 1, "name": "Sales"}, {"id": 2, "name": "Shop"}]
        self.webhooks: list[Row] = []
        self.failures: list[tuple[str, Said]] = []
        self.lost: list[str] = []
        self.halved: list[str] = []
        self.unindexed: set[int] = set()
        self.is_lagging = False
        self.race: Callable[[], None] | None = None
        self.bearer = ""
        self.limits: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.breaches: list[str] = []
        self.at = timezone.now().replace(microsecond=0) - timedelta(hours=2)
        self._number = count(101)
        self._lock = Lock()

    @property
    def calls(self) -> list[str]:
        """What was asked: GET persons, PATCH persons/1 ..., without the questions."""
        return [f"{method} {path.partition('?')[0].split('/', 3)[3]}" for method, path, _body in self.asked]

    def fail(self, status: int, body: Any = None, at: str = "", **headers: str) -> None:
        """Answer the next request so, or the next one that ends so (method and path)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures.append((at, (status, {"success": False} if body is None else body, named)))

    # --- what people do there ---
    def add(self, kind: str = "persons", *, minutes: int = 0, **values: Any) -> Row:
        """Somebody makes a record by hand, long ago unless said otherwise; custom fields by their names."""
        self.at += timedelta(seconds=1)
        at = timezone.now() - timedelta(minutes=minutes) if minutes else self.at
        return self._keep(kind, {"id": next(self._number)}, self._coded(kind, values), at)

    def edit(self, kind: str, record: Row, **values: Any) -> None:
        """Somebody changes a record by hand."""
        self.at += timedelta(seconds=1)
        self._keep(kind, record, self._coded(kind, values), self.at)

    def code(self, kind: str, name: str) -> str:
        """The 40 letters of a custom field."""
        return next(row["field_code"] for row in self.fields[LISTS[kind]] if slug(row["field_name"]) == name)

    def told(self, kind: str, record: Row) -> Row:
        """A record's custom fields by their names."""
        names = {row["field_code"]: slug(row["field_name"]) for row in self.fields[LISTS[kind]]}
        return {names[code]: value for code, value in record["custom_fields"].items()}

    def _coded(self, kind: str, values: Row) -> Row:
        own_names = ("name", "title", "emails", "phones", "status", "value", "currency", "person_id")
        own_names += ("stage_id", "pipeline_id", "owner_id", "label_ids", "is_deleted", "close_time")
        custom = {self.code(kind, name): value for name, value in values.items() if name not in own_names}
        return {name: value for name, value in values.items() if name in own_names} | {
            "custom_fields": custom
        }

    # --- the API ---
    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        with self._lock:
            return self._respond(request.command, request.path, request.headers, sent)

    def _respond(self, method: str, path: str, headers: Any, sent: bytes) -> Said | None:
        body = json.loads(sent) if sent else None
        self.asked.append((method, path, body))
        self.breaches += breaches(method, path, body)
        address = urlsplit(path).path
        for place, (at, failure) in enumerate(self.failures):
            if f"{method} {address}".endswith(at):
                del self.failures[place]
                return failure
        shown = headers.get("Authorization", "")
        if headers.get("x-api-token") != TOKEN and not (self.bearer and shown == f"Bearer {self.bearer}"):
            return 401, wrong("unauthorized access"), {}
        status, said = self._look_up(method, address, dict(parse_qsl(urlsplit(path).query)), body)
        if self._takes(self.lost, f"{method} {address}"):
            return None
        raw = json.dumps(said).encode()
        return (
            status,
            raw[: len(raw) // 2] if self._takes(self.halved, f"{method} {address}") else raw,
            self.limits,
        )

    def _takes(self, marked: list[str], asked: str) -> bool:
        found = next((one for one in marked if asked.endswith(one)), None)
        if found is not None:
            marked.remove(found)
        return found is not None

    def _look_up(self, method: str, address: str, query: Row, body: Any) -> tuple[int, Row]:
        what, _slash, rest = address.split("/", 3)[3].partition("/")
        if what in self.records:
            return self._record(method, what, rest, query, body)
        if what in self.fields:
            return 200, done(self.fields[what]) if method == "GET" else self._make_field(what, body)
        if what == "webhooks":
            return self._webhook(method, rest, body)
        if what == "users":
            return 200, done({"id": USER, "company_name": "Acme", "company_domain": "acme"})
        return 200, done({"stages": self.stages, "pipelines": self.pipelines}[what])

    def _record(self, method: str, kind: str, rest: str, query: Row, body: Any) -> tuple[int, Row]:
        if rest == "search":
            return 200, done({"items": [{"item": {"id": one["id"]}} for one in self._search(kind, query)]})
        if method == "GET" and not rest:
            return 200, self._list(kind, query)
        if method == "POST":
            return self._create(kind, body)
        record = self.records[kind].get(int(rest))
        if record is None or record.get("is_deleted"):
            return 404, wrong("Person not found" if kind == "persons" else "Deal not found")
        if method == "GET":
            return 200, done(record)
        if refusal := self._refusal(kind, body):
            return 400, wrong(refusal)
        return 200, done(self._keep(kind, record, body, timezone.now()))

    def _create(self, kind: str, body: Row) -> tuple[int, Row]:
        if self.race is not None:
            self.race, race = None, self.race
            race()
        if refusal := self._refusal(kind, body) or ("" if body.get("name") or body.get("title") else "name"):
            return 400, wrong(refusal)
        record = self._keep(kind, {"id": next(self._number)}, body, timezone.now())
        if self.is_lagging:
            self.unindexed.add(record["id"])
        return 201, done(record)

    def _refusal(self, kind: str, body: Row) -> str:
        known = {row["field_code"]: row for row in self.fields[LISTS[kind]]}
        for code, value in body.get("custom_fields", {}).items():
            if code not in known:
                return f"Custom field {code} not found"
            options = [one["id"] for one in known[code].get("options") or ()]
            if known[code]["field_type"] == "enum" and value is not None and value not in options:
                return f"Option {value} does not exist"
        if body.get("status", "open") not in ("open", "won", "lost"):
            return "Invalid status"
        if "person_id" in body and body["person_id"] not in self.records["persons"]:
            return "Person not found"
        return "" if all("@" in one["value"] for one in body.get("emails", ())) else "Invalid email"

    def _keep(self, kind: str, record: Row, values: Row, at: datetime) -> Row:
        custom = {**record.get("custom_fields", {}), **values.get("custom_fields", {})}
        begin = {"owner_id": USER, "label_ids": [], "is_deleted": False}
        if kind == "deals":
            begin |= {"status": "open", "stage_id": 1, "pipeline_id": 1, "currency": "USD", "person_id": None}
        record.update({**begin, **record, **values, "custom_fields": custom, "update_time": iso(at)})
        self.records[kind][record["id"]] = record
        return record

    def _search(self, kind: str, query: Row) -> list[Row]:
        term = query["term"].lower()
        found = []
        for record in self.records[kind].values():
            custom = [str(value).lower() for value in record["custom_fields"].values()]
            emails = [one["value"].lower() for one in record.get("emails", ())]
            told = {"custom_fields": custom, "email": emails}[query["fields"]]
            is_found = record["id"] not in self.unindexed and not record["is_deleted"]
            found += [record] if is_found and term in told else []
        return found[::-1]

    def _list(self, kind: str, query: Row) -> Row:
        rows = list(self.records[kind].values())
        if "ids" in query:
            rows = [row for row in rows if str(row["id"]) in query["ids"].split(",")]
        if "deleted" not in query.get("status", ""):
            rows = [row for row in rows if not row["is_deleted"]]
        since = query.get("updated_since", "")
        rows = [row for row in rows if row["update_time"] >= since]
        rows.sort(key=lambda row: (row["update_time"], row["id"]))
        start, most = int(query.get("cursor") or 0), int(query.get("limit", 100))
        following = str(start + most) if len(rows) > start + most else None
        return {**done(rows[start : start + most]), "additional_data": {"next_cursor": following}}

    def _make_field(self, what: str, body: Row) -> Row:
        number = len(self.fields[what])
        code = hashlib.sha1(f"{what}{number}{body['field_name']}".encode()).hexdigest()
        options = [
            {"id": 10 * number + place, **one} for place, one in enumerate(body.get("options") or (), 1)
        ]
        row = {**body, "field_code": code, "is_custom_field": True, "options": options or None}
        self.fields[what].append(row)
        return done(row)

    def _webhook(self, method: str, rest: str, body: Any) -> tuple[int, Row]:
        if method == "POST":
            self.webhooks.append({**body, "id": next(self._number), "is_active": 1, "remove_time": None})
            return 201, done(self.webhooks[-1])
        if method == "DELETE":
            before = len(self.webhooks)
            self.webhooks = [hook for hook in self.webhooks if str(hook["id"]) != rest]
            return (200, done({})) if len(self.webhooks) < before else (404, wrong("Webhook not found"))
        return 200, done([{**hook, "http_auth_password": None} for hook in self.webhooks])


def breaches(method: str, path: str, body: Any) -> list[str]:
    """What of a request the contract does not know."""
    address, told = urlsplit(path).path, []
    operations = [
        methods
        for pattern, methods in PATHS.items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[0-9]+", pattern), address)
    ]
    operation = next((one[method.lower()] for one in operations if method.lower() in one), None)
    if operation is None:
        return [f"no such address: {method} {address}"]
    known = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
    query = dict(parse_qsl(urlsplit(path).query))
    told += [
        f"{address}: {name} is missing"
        for name, one in known.items()
        if one["required"] and name not in query
    ]
    for name, value in query.items():
        told += [] if name in known and fits(known[name], value) else [f"{address}: {name}={value}"]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    told += [f"{address}: {error.message[:200]}" for error in Draft4Validator(schema).iter_errors(body)]
    return told + [f"{address}: {name}" for name in set(body or ()) - set(schema.get("properties", ()))]


def fits(parameter: Row, value: str) -> bool:
    """Whether a value of a question is one that the contract allows."""
    schema = parameter["schema"]
    many = value.split(",") if parameter.get("explode") is False else [value]
    if schema["type"] == "integer" and not value.isdigit():
        return False
    if schema["type"] == "boolean" and value not in ("true", "false"):
        return False
    return "enum" not in schema or set(many) <= set(schema["enum"])


def slug(name: str) -> str:
    """A field's name as we call it."""
    return name.lower().replace(" ", "_")


def own(what: str) -> Row:
    """The labels, which every account has."""
    options = [{"id": 5, "label": "Hot lead"}, {"id": 6, "label": "Cold lead"}]
    row = {"field_name": "Labels", "field_code": "label_ids", "field_type": "set", "is_custom_field": False}
    return {**row, "options": options}


def done(data: Any) -> Row:
    """An answer as Pipedrive writes it."""
    return {"success": True, "data": data, "additional_data": {"next_cursor": None}}


def wrong(error: str) -> Row:
    """An error as Pipedrive writes it."""
    return {"success": False, "error": error, "error_info": "Please check developers.pipedrive.com"}


def iso(moment: datetime) -> str:
    """A moment as Pipedrive writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def opened(settings: Any, *, is_made: bool = True) -> Iterator[FakePipedrive]:
    """An account that may be called, with our fields if they are made; at the end no request broke the contract."""
    with FakePipedrive() as account:
        settings.OUTBOUND_ALLOWED_HOSTS = [account.host]
        for kind in pipedrive.RECORDS if is_made else ():
            pipedrive.make_fields(store_of(account), kind, wanted_fields(kind))
        account.asked.clear()
        yield account
        assert account.breaches == []


def store_of(account: FakePipedrive, **options: str) -> Store:
    """The account as the connector gets it."""
    keys = {"api_token": TOKEN, "webhook_secret": SECRET}
    return Store(account.url, "pipedrive", keys, "EUR", options, "Europe/Berlin")
