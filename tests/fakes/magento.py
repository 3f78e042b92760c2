"""A Magento store on loopback: searches of orders and credit memos, signed as an integration signs."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.connectors.magento.oauth import authorization
from tests.fakes.loopback import Loopback, Said

PAYLOADS = Path(__file__).parent.parent / "payloads" / "magento"
KEYS = {
    "consumer_key": "ck_lab",
    "consumer_secret": "cs_lab",
    "access_token": "at_lab",
    "access_token_secret": "ts_lab",
}
FILTER = re.compile(r"searchCriteria\[filterGroups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(\w+)\]")
SORT = re.compile(r"searchCriteria\[sortOrders\]\[(\d+)\]\[(\w+)\]")
TESTS: dict[str, Callable[[Any, str], bool]] = {
    "eq": lambda value, wanted: str(value).lower() == wanted.lower(),  # as its database compares
    "gteq": lambda value, wanted: str(value) >= wanted,
    "lt": lambda value, wanted: str(value) < wanted,
    "gt": lambda value, wanted: int(value) > int(wanted),
    "in": lambda value, wanted: str(value) in wanted.split(","),
}

Row = dict[str, Any]


class FakeMagento(Loopback):
    """Answers searches; can fail, and can repeat its last page for ever as older versions do."""

    METHODS = ("GET",)

    def __init__(self) -> None:
        self.orders: dict[int, Row] = {}
        self.memos: dict[int, Row] = {}
        self.failures: list[tuple[int, Any, dict[str, str]]] = []
        self.asked: list[str] = []
        self.repeats_last_page = False
        self.method, self.sent = "GET", b""

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said:
        self.method, self.sent = request.command, sent
        return self.respond(request.path, request.headers)

    def fail(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request so."""
        self.failures.append((status, body, headers))

    def add(self, number: int, at: datetime, **fields: Any) -> Row:
        """A recorded order with another number and time."""
        row = {
            **recorded("order"),
            "entity_id": number,
            "increment_id": f"{number:09}",
            "customer_id": number,
        }
        row |= {
            "created_at": text(at),
            "updated_at": text(at),
            "customer_email": f"buyer{number}@example.net",
        }
        self.orders[number] = {**row, **fields}
        return self.orders[number]

    def change(self, number: int, *, after: timedelta = timedelta(hours=1), **fields: Any) -> Row:
        """Change an order, some time after its last change."""
        row = self.orders[number]
        moment = text(datetime.fromisoformat(row["updated_at"]) + after)
        self.orders[number] = {**row, "updated_at": moment, **fields}
        return self.orders[number]

    def credit(self, number: int, memo: int, **fields: Any) -> Row:
        """Give the recorded credit memo to an order."""
        row = {**recorded("creditmemo"), "entity_id": memo, "order_id": number, **fields}
        self.memos[memo] = row
        self.change(number, total_refunded=row["grand_total"], base_total_refunded=row["base_grand_total"])
        return row

    def respond(self, path: str, headers: Any) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers for one request."""
        self.asked.append(path)
        if self.failures:
            return self.failures.pop(0)
        if not is_signed(f"http://{headers['Host']}{path}", headers.get("Authorization", ""), self.method):
            return 401, {"message": "The signature is invalid. Verify and try again."}, {}
        return self.look_up(urlsplit(path).path.removeprefix("/rest/V1/"), urlsplit(path).query)

    def look_up(self, path: str, query: str) -> Said:
        """Return status, body and headers for a request that is signed."""
        rows = {"orders": self.orders, "creditmemos": self.memos}.get(path)
        if rows is None:
            return 404, {"message": "Request does not match any route."}, {}
        return 200, self.search(list(rows.values()), dict(parse_qsl(query))), {}

    def search(self, rows: list[Row], query: dict[str, str]) -> Row:
        """Filter, sort and cut."""
        groups: dict[tuple[str, str], dict[str, str]] = {}
        sorts: dict[str, dict[str, str]] = {}
        for name, value in query.items():
            if match := FILTER.fullmatch(name):
                groups.setdefault((match[1], match[2]), {})[match[3]] = value
            elif match := SORT.fullmatch(name):
                sorts.setdefault(match[1], {})[match[2]] = value
        for one in groups.values():
            test = TESTS[one["conditionType"]]
            rows = [row for row in rows if test(row[one["field"]], one["value"])]
        for _number, sort in sorted(sorts.items(), reverse=True):
            rows = sorted(rows, key=lambda row: row[sort["field"]])
        size, page = int(query["searchCriteria[pageSize]"]), int(query["searchCriteria[currentPage]"])
        last = max(1, -(-len(rows) // size))
        page = min(page, last) if self.repeats_last_page else page
        return {
            "items": rows[(page - 1) * size : page * size],
            "search_criteria": {},
            "total_count": len(rows),
        }


def is_signed(url: str, header: str, method: str = "GET") -> bool:
    """Whether the integration's keys signed this very address; nonce and time are the header's own."""
    said = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
    if "oauth_nonce" not in said:
        return False
    return header == authorization(
        method, url, KEYS, nonce=said["oauth_nonce"], timestamp=int(said["oauth_timestamp"])
    )


def recorded(name: str) -> Row:
    """Return a payload."""
    row: Row = json.loads((PAYLOADS / f"{name}.reconstructed.json").read_bytes())
    return row


def text(moment: datetime) -> str:
    """Return a time as Magento writes it, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"
