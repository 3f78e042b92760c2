"""A HubSpot account on loopback: contacts, deals, properties, as much of the API as is asked, with its odd sides.

Every request is held against the contract; what breaks it stands in `breaches`.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Lock
from typing import Any

from jsonschema import Draft4Validator

from integrations.connectors import hubspot
from integrations.connectors.base import Store
from integrations.connectors.hubspot.defaults import wanted_fields
from tests.fakes.loopback import Loopback, Said
from tests.integrations.hubspot_rows import (
    CHANGED,
    Record,
    Row,
    addresses,
    compare,
    invalid,
    iso,
    number_of,
    standard,
    wrong,
)

TOKEN, APP = "pat-eu1-lab", "1160452"
KEY = "affiliate_platform_id"
START = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
PATHS = json.loads((Path(__file__).parent.parent / "specs" / "hubspot.json").read_text())["paths"]
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}")

Answer = tuple[int, Any, dict[str, str]]


class FakeHubSpot(Loopback):
    """Answers for one account.

    `failures` are given out first; `lost` names calls that are carried out but never answered; `is_whole`: a batch with
    one bad record is refused as a whole, as where multi-status is not on; `race` runs once, before the next creation;
    `fail_join` and `unjoinable` (a contact) are faults of the joining.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Record]] = {"contacts": {}, "deals": {}}
        self.properties: dict[str, dict[str, Row]] = {kind: standard(kind) for kind in self.objects}
        self.groups: dict[str, set[str]] = {kind: set() for kind in self.objects}
        self.joined: set[tuple[str, str]] = set()
        self.unjoinable = ""
        self.fail_join = False
        self.failures: list[tuple[str, Answer]] = []
        self.lost: list[str] = []
        self.is_whole = False
        self.is_traced = True
        self.is_lax = False  # nothing is held against the contract
        self.is_down = False
        self.race: Callable[[], None] | None = None
        self.asked: list[tuple[str, str, Any]] = []
        self.breaches: list[str] = []
        self.limits: dict[str, str] = {}
        self.at = START
        self._number = 1000
        self._lock = Lock()

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        with self._lock:
            return self.respond(request.command, request.path, request.headers.get("Authorization"), sent)

    @property
    def calls(self) -> list[str]:
        """The last parts of what was asked: batch/read, batch/create, search ..."""
        return ["/".join(path.split("/")[-2:]) for _method, path, _body in self.asked]

    def fail(self, status: int, body: Any = None, at: str = "", **headers: str) -> None:
        """Answer the next request so, or the next one whose path ends so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures.append((at, (status, {} if body is None else body, named)))

    # --- what people do there ---
    def add(self, kind: str = "contacts", **values: str) -> Record:
        """Somebody makes a record by hand."""
        return self._make(kind, values, "CRM_UI", "userId:7")

    def edit(self, record: Record, **values: str) -> None:
        """Somebody changes a record by hand."""
        kind = next(kind for kind, records in self.objects.items() if records.get(record.id) is record)
        self._set(kind, record, values, "CRM_UI", "userId:7")

    def by_email(self, email: str) -> list[Record]:
        """All contacts that have an address."""
        return [one for one in self.objects["contacts"].values() if email in addresses(one)]

    # --- the API ---
    def respond(self, method: str, path: str, key: str | None, raw: bytes) -> Answer | None:
        """Return status, body and headers for one request; None if the connection breaks."""
        body = json.loads(raw) if raw else None
        self.asked.append((method, path, body))
        if not self.is_lax:
            self._check(method, path, body)
        if self.is_down:
            return 503, {}, {}
        for place, (at, failure) in enumerate(self.failures):
            if path.endswith(at):
                del self.failures[place]
                return failure
        if key != f"Bearer {TOKEN}":
            return 401, wrong("Authentication credentials not found.", "INVALID_AUTHENTICATION"), {}
        status, said = self._look_up(method, path, body)
        if any(path.endswith(one) for one in self.lost):
            self.lost = [one for one in self.lost if not path.endswith(one)]
            return None
        return status, said, self.limits

    def _check(self, method: str, path: str, body: Any) -> None:
        for pattern, methods in PATHS.items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in methods:
                told = methods[method.lower()].get("requestBody")
                if told is None:
                    return
                schema = told["content"]["application/json"]["schema"]
                self.breaches += [
                    f"{path}: {error.message[:200]}" for error in Draft4Validator(schema).iter_errors(body)
                ]
                return
        self.breaches.append(f"no such address: {method} {path}")

    def _look_up(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        if parts[1] == "v4" and parts[-1] == "read":
            return self._joined(body["inputs"])
        if parts[1] == "v4":
            return self._join(body["inputs"])
        kind, what = parts[3], "/".join(parts[4:])
        if parts[1] == "properties":
            return self._property(kind, method, what, body)
        doors = {
            "batch/read": self._read,
            "batch/update": self._update,
            "batch/create": self._create,
            "search": self._search,
        }
        return doors[what](kind, body)

    def _property(self, kind: str, method: str, what: str, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, {"results": list(self.properties[kind].values())}
        if what == "groups":
            if body["name"] in self.groups[kind]:
                return 409, wrong("A property group with that name already exists", "CONFLICT")
            self.groups[kind].add(body["name"])
            return 201, body
        if body["name"] in self.properties[kind]:
            return 409, wrong(f'A property named "{body["name"]}" already exists.', "CONFLICT")
        if body["groupName"] not in self.groups[kind]:
            return 400, wrong("property group does not exist", "VALIDATION_ERROR")
        self.properties[kind][body["name"]] = body
        return 201, body

    def _read(self, kind: str, body: Row) -> tuple[int, Any]:
        name = body.get("idProperty")
        ids = [one["id"] for one in body["inputs"]]
        if len(set(ids)) != len(ids):
            return 400, wrong("Duplicate IDs found in batch input", "VALIDATION_ERROR")
        if "propertiesWithHistory" in body and len(ids) > 50:
            return 400, wrong("at most 50 with history", "VALIDATION_ERROR")
        if name and name != "email" and not self.properties[kind].get(name, {}).get("hasUniqueValue"):
            return 400, wrong(f"{name} is no unique property", "VALIDATION_ERROR")
        if name == "email" and any("@" not in one for one in ids):
            return 400, wrong("not an email", "VALIDATION_ERROR")
        found: dict[str, Record] = {}
        for record in self.objects[kind].values():
            names = {
                None: {record.id, *record.values.get("hs_merged_object_ids", "").split(";")},
                "email": addresses(record),
            }.get(name, {record.values.get(str(name))})
            found |= {one: record for one in ids if one in names}
        gone = [one for one in ids if one not in found]
        records = {record.id: record for record in found.values()}.values()
        answer: Row = {"status": "COMPLETE", "results": [self._shown(kind, one, body) for one in records]}
        if gone:
            error = {"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": gone}}
            return 207, {**answer, "numErrors": 1, "errors": [{**error, "message": "Could not get some"}]}
        return 200, answer

    def _shown(self, kind: str, record: Record, body: Row) -> Row:
        names = set(body.get("properties", ())) & set(self.properties[kind])
        values = {name: record.values.get(name) for name in names}
        shown: Row = {"id": record.id, "properties": {**values, CHANGED[kind]: iso(record.changed_at)}}
        if "num_associated_contacts" in names:
            shown["properties"]["num_associated_contacts"] = str(
                sum(deal == record.id for deal, _contact in self.joined)
            )
        if asked := body.get("propertiesWithHistory"):
            shown["propertiesWithHistory"] = {name: record.history.get(name, []) for name in asked}
        return shown

    def _update(self, kind: str, body: Row) -> tuple[int, Any]:
        return self._batch(kind, body["inputs"], self._update_one)

    def _create(self, kind: str, body: Row) -> tuple[int, Any]:
        if self.race is not None:
            self.race, race = None, self.race
            race()
        return self._batch(kind, body["inputs"], self._create_one)

    def _batch(
        self, kind: str, inputs: list[Row], one: Callable[[str, Row], tuple[Record | None, int, Row]]
    ) -> tuple[int, Any]:
        ids = [each["id"] for each in inputs if "id" in each]
        if len(set(ids)) != len(ids):
            return 400, wrong("Duplicate IDs found in batch input", "VALIDATION_ERROR")
        before = {number: dict(record.values) for number, record in self.objects[kind].items()}
        results, errors = [], []
        for each in inputs:
            record, status, error = one(kind, each)
            if record is None:
                errors.append((status, error, each))
            else:
                shown = {"id": record.id, "properties": dict(record.values)}
                results.append(
                    shown | ({"objectWriteTraceId": each["objectWriteTraceId"]} if self.is_traced else {})
                )
        if not errors:
            return 201, {"status": "COMPLETE", "results": results[::-1]}
        if self.is_whole:  # nothing of it is carried out
            records = self.objects[kind]
            for number in list(records):
                if number not in before:
                    del records[number]
                else:
                    records[number].values = before[number]
            return errors[0][0], errors[0][1]
        told = [
            {**error, "context": {"objectWriteTraceId": [each["objectWriteTraceId"]]}}
            for _status, error, each in errors
        ]
        return 207, {"status": "COMPLETE", "results": results[::-1], "numErrors": len(told), "errors": told}

    def _update_one(self, kind: str, told: Row) -> tuple[Record | None, int, Row]:
        record = self.objects[kind].get(told["id"])
        if record is None:
            return None, 404, wrong("resource not found", "OBJECT_NOT_FOUND")
        if refusal := self._refusal(kind, told["properties"], record):
            return None, *refusal
        self._set(kind, record, told["properties"], "INTEGRATION", APP)
        return record, 200, {}

    def _create_one(self, kind: str, told: Row) -> tuple[Record | None, int, Row]:
        if refusal := self._refusal(kind, told["properties"], None):
            return None, *refusal
        return self._make(kind, told["properties"], "INTEGRATION", APP), 201, {}

    def _refusal(self, kind: str, values: Row, record: Record | None) -> tuple[int, Row] | None:
        for name, value in values.items():
            known = self.properties[kind].get(name)
            if known is None:
                return 400, invalid(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
            options = [one["value"] for one in known.get("options", ())]
            if value and options and value not in options:
                return 400, invalid(name, f"{value} was not one of the allowed options", "INVALID_OPTION")
            if name == "email" and value and not EMAIL.fullmatch(value.lower()):
                return 400, invalid(name, f"Email address {value} is invalid", "INVALID_EMAIL")
        for other in self.objects[kind].values():
            is_taken = kind == "contacts" and values.get("email", "").lower() in addresses(other) - {""}
            if other is not record and (
                is_taken or (values.get(KEY) and other.values.get(KEY) == values[KEY])
            ):
                return 409, wrong(f"Contact already exists. Existing ID: {other.id}", "CONFLICT")
        return None

    def _make(self, kind: str, values: dict[str, str], source: str, writer: str) -> Record:
        self._number += 1
        record = Record(str(self._number), {}, self.at, {})
        self.objects[kind][record.id] = record
        self._set(kind, record, values, source, writer)
        return record

    def _set(self, kind: str, record: Record, values: dict[str, str], source: str, writer: str) -> None:
        self.at += timedelta(milliseconds=1)
        record.changed_at = self.at
        for name, value in values.items():
            record.values[name] = value.lower() if name == "email" else value
            entry = {"value": value, "timestamp": iso(self.at), "sourceType": source, "sourceId": writer}
            record.history.setdefault(name, []).insert(0, entry)

    def _search(self, kind: str, body: Row) -> tuple[int, Any]:
        rows = list(self.objects[kind].values())
        for one in body["filterGroups"][0]["filters"]:
            rows = [row for row in rows if compare(one, number_of(row, one["propertyName"]))]
        sort = body["sorts"][0]["propertyName"]
        rows.sort(key=lambda row: (number_of(row, sort), -int(row.id)))
        page = rows[: body.get("limit", 10)]
        return 200, {"total": len(rows), "results": [self._shown(kind, row, body) for row in page]}

    def _joined(self, inputs: list[Row]) -> tuple[int, Any]:
        results = [
            {
                "from": {"id": one["id"]},
                "to": [
                    {"toObjectId": int(contact)} for deal, contact in sorted(self.joined) if deal == one["id"]
                ],
            }
            for one in inputs
        ]
        return 200, {"status": "COMPLETE", "results": [row for row in results if row["to"]]}

    def _join(self, pairs: list[Row]) -> tuple[int, Any]:
        if self.fail_join:
            return 500, {}
        wanted = {(pair["from"]["id"], pair["to"]["id"]) for pair in pairs}
        for deal, contact in wanted:
            if deal not in self.objects["deals"] or contact not in self.objects["contacts"]:
                return 404, wrong("One or more associations are not valid", "OBJECT_NOT_FOUND")
            if contact == self.unjoinable:
                return 400, wrong("This contact has too many deals", "VALIDATION_ERROR")
        self.joined |= wanted
        return 200, {"status": "COMPLETE", "results": []}


@contextmanager
def opened(settings: Any, *, is_made: bool = True) -> Iterator[FakeHubSpot]:
    """An account that may be called, with our properties if they are made; at the end no request broke the contract."""
    with FakeHubSpot() as account:
        settings.OUTBOUND_ALLOWED_HOSTS = [account.host]
        for kind in hubspot.RECORDS if is_made else ():
            hubspot.make_fields(store_of(account), kind, wanted_fields(kind))
        account.asked.clear()
        yield account
        assert account.breaches == []


def store_of(account: FakeHubSpot, **options: str) -> Store:
    """The account as the connector gets it."""
    return Store(account.url, "hubspot", {"token": TOKEN}, "EUR", options)
