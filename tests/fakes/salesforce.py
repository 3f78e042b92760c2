"""A Salesforce org on loopback: as much of its REST API as is asked, with its odd sides.

Every request is held against the documented shapes; what breaks them stands in `breaches`.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from integrations.connectors import salesforce
from integrations.connectors.base import Store
from integrations.connectors.salesforce.defaults import wanted_fields
from tests.fakes.loopback import Loopback, Said
from tests.fakes.salesforce_org import KEY, US, Org, Row, described, error
from tests.fakes.salesforce_shapes import DATA, breaches
from tests.fakes.salesforce_soql import Malformed, Query, Reader, value_at

CLIENT, SECRET = "3MVG9lab", "consumer-secret"
IDENTITY = f"https://login.salesforce.com/id/00D000000000001AAA/{US}"
KINDS = {
    "Text": "string",
    "Number": "double",
    "Currency": "currency",
    "Date": "date",
    "DateTime": "datetime",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
}
PAGE = 2000


class FakeSalesforce(Loopback):
    """Answers for one org.

    `failures` are given out first; `lost` names calls that are carried out but never answered; `race` runs once before
    the next new records; `used` of `daily` calls are told; `may_make` is false where our user may not make fields, and
    `may_grant` where it may not give access to them. `silent`: rules for duplicates name nobody, not even to one row.
    """

    METHODS = ("GET", "POST", "PATCH")
    told_url = ""  # what a token's answer says of the org's address, if it is not that of this server

    def __init__(self) -> None:
        self.org = Org()
        self.tokens: list[str] = []
        self.given: list[Row] = []
        self.refresh = ""
        self.failures: list[tuple[str, tuple[int, Any, dict[str, str]]]] = []
        self.lost: list[str] = []
        self.race: Callable[[], Any] | None = None
        self.asked: list[tuple[str, str, Any]] = []
        self.breaches: list[str] = []
        self.used, self.daily = 100, 15_000
        self.may_make = self.may_grant = True
        self.is_silent = False
        self.page = PAGE
        self.silent_seconds = 0.0
        self.token_answer: Said | None = None
        self.cursors: dict[str, list[Row]] = {}
        self._lock = Lock()

    def fail(self, status: int, body: Any = None, at: str = "", **headers: str) -> None:
        """Answer the next request so, or the next one whose address has this in it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures.append((at, (status, [] if body is None else body, named)))

    @property
    def calls(self) -> list[str]:
        """What was asked, shortly: GET query, PATCH composite/sobjects ..."""
        return [
            f"{method} {urlsplit(path).path.removeprefix(DATA + '/')}" for method, path, _body in self.asked
        ]

    @property
    def queries(self) -> list[str]:
        """The queries that came."""
        return [
            parse_qs(urlsplit(path).query)["q"][0] for _method, path, _body in self.asked if "?q=" in path
        ]

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        path = request.path
        with self._lock:
            if path == "/services/oauth2/token":
                return self._give_token(parse_qs(sent.decode()))
            body = json.loads(sent) if sent else None
            self.asked.append((request.command, path, body))
            time.sleep(self.silent_seconds)
            self.breaches += breaches(request.command, path, body)
            for place, (at, failure) in enumerate(self.failures):
                if at in path:
                    del self.failures[place]
                    return failure
            if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
                return 401, [_error("INVALID_SESSION_ID", "Session expired or invalid")], {}
            if self.used >= self.daily:
                words = "TotalRequests Limit exceeded."
                return 403, [_error("REQUEST_LIMIT_EXCEEDED", words)], {}
            self.used += 1
            may_double = request.headers.get("Sforce-Duplicate-Rule-Header") == "allowSave=true"
            status, said = self._respond(request.command, path, body, may_double)
            if any(one in path for one in self.lost):
                self.lost = [one for one in self.lost if one not in path]
                return None
            return status, said, {"Sforce-Limit-Info": f"api-usage={self.used}/{self.daily}"}

    def _give_token(self, form: dict[str, list[str]]) -> Said:
        told = {name: values[0] for name, values in form.items()}
        self.given.append(told)
        if self.token_answer is not None:
            return self.token_answer
        if (told.get("client_id"), told.get("client_secret")) != (CLIENT, SECRET):
            return 400, {"error": "invalid_client", "error_description": "invalid client credentials"}, {}
        if told["grant_type"] == "refresh_token" and told["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}, {}
        self.tokens = [f"00Dlab!token-{len(self.given)}"]
        answer = {
            "access_token": self.tokens[0],
            "instance_url": self.told_url or self.url,
            "id": IDENTITY,
            "token_type": "Bearer",
            "issued_at": "1700000000000",
            "signature": "c2ln",
        }
        return 200, answer, {}

    def _respond(self, method: str, path: str, body: Any, may_double: bool) -> tuple[int, Any]:
        what = urlsplit(path).path.removeprefix(f"{DATA}/")
        if what in ("query", "queryAll"):
            return self._query(parse_qs(urlsplit(path).query)["q"][0], is_all=what == "queryAll")
        if what.startswith("query"):
            return 200, self._page(self.cursors.pop(what.split("/")[1]))
        if what == "":
            return 200, {"sobjects": f"{DATA}/sobjects", "query": f"{DATA}/query", "identity": IDENTITY}
        if what.endswith("/describe"):
            return self._describe(what.split("/")[1])
        if what == "composite":
            return 200, {"compositeResponse": [self._part(part) for part in body["compositeRequest"]]}
        if what == "tooling/sobjects/CustomField":
            return self._make_field(body)
        if what.startswith("sobjects/"):
            if not self.may_grant:
                return 403, [
                    _error("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
                ]
            made = self.org.add(what.removeprefix("sobjects/"), US, **body)
            return 201, {"id": made["Id"], "success": True, "errors": []}
        return self._collection(method, what, body["records"], may_double)

    # --- reading ---
    def _query(self, text: str, *, is_all: bool) -> tuple[int, Any]:
        try:
            query = Reader(text).read()
        except Malformed as trouble:
            return 400, [_error("MALFORMED_QUERY", str(trouble))]
        if query.sobject not in self.org.objects:
            return 400, [_error("INVALID_TYPE", f"sObject type '{query.sobject}' is not supported.")]
        if query.sobject in ("PermissionSet", "PermissionSetAssignment", "FieldPermissions"):
            rows = list(self.org.objects[query.sobject].values())
            return 200, self._page([_shown(query, row) for row in rows if query.test(row)])
        if wrong := self._unknown(query, query.sobject):
            return 400, [wrong]
        rows = list(self.org.objects[query.sobject].values())
        found = [row for row in rows if (is_all or not row["IsDeleted"]) and query.test(row)]
        for name in reversed(query.order):
            found.sort(key=lambda row: value_at(row, name))
        return 200, self._page([_shown(query, row) for row in found[: query.limit]])

    def _unknown(self, query: Query, sobject: str) -> Row | None:
        small = {name.lower() for name in self.org.shown(sobject)}
        for name in (*query.names, *(name for name, _value in query.used)):
            if name.split(".")[0].lower() not in small and name not in ("Owner.Email", "Owner.Name"):
                place = f"\nSELECT {name}\n       ^\nERROR at Row:1:Column:8\n"
                words = f"{place}No such column '{name}' on entity '{sobject}'. Append '__c' to custom ones."
                return _error("INVALID_FIELD", words)
        for name, value in query.used:
            if (
                name.lower() == "id"
                and isinstance(value, str)
                and not re.fullmatch(r"[A-Za-z0-9]{15}(...)?", value)
            ):
                return _error("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
        return None

    def _page(self, rows: list[Row]) -> Row:
        if len(rows) <= self.page:
            return {"totalSize": len(rows), "done": True, "records": rows}
        cursor = f"01g{len(self.cursors):015d}-{self.page}"
        self.cursors[cursor] = rows[self.page :]
        following = {"nextRecordsUrl": f"{DATA}/query/{cursor}"}
        return {"totalSize": len(rows), "done": False, "records": rows[: self.page], **following}

    def _describe(self, sobject: str) -> tuple[int, Any]:
        if sobject not in self.org.objects:
            return 404, [_error("NOT_FOUND", "The requested resource does not exist")]
        return 200, {"name": sobject, "fields": list(self.org.shown(sobject).values())}

    # --- writing ---
    def _collection(self, method: str, what: str, records: list[Row], may_double: bool) -> tuple[int, Any]:
        parts = what.split("/")
        if len(parts) > 2:
            known = self.org.shown(parts[2]).get(parts[3], {}) if parts[2] in self.org.objects else {}
            if not known.get("externalId"):
                words = f"Provided external ID field does not exist or is not accessible: {parts[3]}"
                return 404, [_error("NOT_FOUND", words)]
            if self.race is not None:
                self.race, race = None, self.race
                race()
            keys = [record[parts[3]].lower() for record in records]
            results = [
                _result(None, error("DUPLICATE_VALUE", "Duplicate external id specified: " + key))
                if keys.count(key) > 1
                else self._upsert(parts[2], key, record)
                for key, record in zip(keys, records, strict=True)
            ]
        elif method == "POST":
            results = [self._create(record) for record in records]
        else:
            results = [self._update(record, may_double) for record in records]
        for result in results:
            for one in result["errors"]:
                one.pop("_like", None)  # collections name nobody
        return 200, results

    def _upsert(self, sobject: str, key: str, record: Row) -> Row:
        values = {name: value for name, value in record.items() if name != "attributes"}
        row = next((one for one in self.org.live(sobject) if str(one.get(KEY)).lower() == key), None)
        saved, wrong = self.org.save(sobject, values, row)
        return _result(saved, wrong) | {"created": row is None}

    def _create(self, record: Row) -> Row:
        sobject = record["attributes"]["type"]
        values = {name: value for name, value in record.items() if name != "attributes"}
        if sobject == "FieldPermissions":
            if not self.may_grant:
                return _result(None, error("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights"))
            self.org.hidden.discard(values["Field"])
            return _result(self.org.add(sobject, US, **values), {})
        saved, wrong = self.org.save(sobject, values, None)
        if saved is not None and values.get("IsPrimary"):
            self.org.objects["Opportunity"][values["OpportunityId"]]["ContactId"] = values["ContactId"]
        return _result(saved, wrong)

    def _update(self, record: Row, may_double: bool) -> Row:
        found = self.org.find(record["id"])
        if found is None or found[0] != record["attributes"]["type"]:
            return _result(None, error("ENTITY_IS_DELETED", "entity is deleted"))
        values = {name: value for name, value in record.items() if name not in ("attributes", "id")}
        return _result(*self.org.save(found[0], values, found[1], may_double=may_double))

    def _part(self, part: Row) -> Row:
        """One row by itself, whose answer names the record that a rule for duplicates has found."""
        sobject, key = urlsplit(part["url"]).path.split("/")[-3], unquote(part["url"].split("/")[-1])
        result = self._upsert(sobject, key, {KEY: key, **part["body"]})
        status, body = 201, dict(result)
        if not result["success"]:
            status, body = 400, [self._named(one) for one in result["errors"]]
        return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": part["referenceId"]}

    def _named(self, told: Row) -> Row:
        like = told.pop("_like", None)
        named = {"errorCode": told["statusCode"], "message": told["message"]}
        if like is None or self.is_silent:
            return named
        kind = "Lead" if like["Id"].startswith("00Q") else "Contact"
        record = {
            "attributes": {"type": kind, "url": f"{DATA}/sobjects/{kind}/{like['Id']}"},
            "Id": like["Id"],
        }
        match = {"record": record, "matchConfidence": 100.0, "fieldDiffs": [], "additionalInformation": []}
        results = [{"entityType": kind, "errors": [], "matchRecords": [match], "size": 1, "success": True}]
        return named | {"duplicateResult": {"allowSave": False, "matchResults": results}}

    def _make_field(self, body: Row) -> tuple[int, Any]:
        sobject, name = body["FullName"].split(".")
        if not self.may_make:
            return 403, [_error("INSUFFICIENT_ACCESS", "Customize Application is needed")]
        if name in self.org.fields[sobject]:
            return 400, [_error("DUPLICATE_DEVELOPER_NAME", "There is already a field named so")]
        told = body["Metadata"]
        listed = told.get("valueSet", {}).get("valueSetDefinition", {}).get("value", [])
        choices = [{"value": one["fullName"], "label": one["label"], "active": True} for one in listed]
        more = {"externalId": told.get("externalId", False), "unique": told.get("unique", False)}
        made = described(name, KINDS[told["type"]], told.get("length", 0), picklistValues=choices, **more)
        self.org.fields[sobject][name] = made | {
            "label": told["label"],
            "restricted": told.get("valueSet", {}).get("restricted"),
        }
        self.org.hidden.add(body["FullName"])
        return 201, {"id": "00N000000000001AAA", "success": True, "errors": []}


def _error(code: str, message: str) -> Row:
    return {"message": message, "errorCode": code}


def _result(row: Row | None, wrong: Row) -> Row:
    if row is None:
        return {"success": False, "errors": [wrong]}
    return {"id": row["Id"], "success": True, "errors": []}


def _shown(query: Query, row: Row) -> Row:
    shown: Row = {"attributes": {"type": query.sobject}}
    own = {name.lower(): name for name in row}
    for name in query.names:
        if "." in name:
            first, last = name.split(".")
            shown[first] = {"attributes": {"type": "User"}, last: f"{last.lower()} of {row['OwnerId']}"}
            continue
        value = value_at(row, name)
        is_time = isinstance(value, datetime)
        shown[own.get(name.lower(), name)] = f"{value:%Y-%m-%dT%H:%M:%S}.000+0000" if is_time else value
    return shown


MADE: dict[str, dict[str, Row]] = {}  # our fields, as the connector has once made them


@contextmanager
def opened(settings: Any, *, is_made: bool = True) -> Iterator[FakeSalesforce]:
    """An org that may be called, with our fields if they are made; at the end no request broke the shapes."""
    with FakeSalesforce() as org:
        settings.OUTBOUND_ALLOWED_HOSTS = [org.host]
        if is_made and not MADE:
            for kind in salesforce.RECORDS:
                store = store_of(org, person="lead")
                salesforce.make_fields(store, kind, wanted_fields(store, kind))
            MADE.update(deepcopy(org.org.fields))
        if is_made:
            org.org = Org(fields=deepcopy(MADE))
        org.asked.clear()
        org.given.clear()
        yield org
        assert org.breaches == []


def store_of(org: FakeSalesforce, **options: Any) -> Store:
    """The org as the connector gets it."""
    keys = {"client_id": CLIENT, "client_secret": SECRET, "id": US}
    return Store(org.url, "salesforce", keys, "EUR", options)
