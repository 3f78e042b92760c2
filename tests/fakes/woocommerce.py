"""A WooCommerce store on loopback: as much of wc/v3 as is asked, with the recorded orders in it."""

import base64
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.loopback import Loopback, Said

PAYLOADS = Path(__file__).parent.parent / "payloads" / "woocommerce"
KEY, SECRET = "ck_lab", "cs_lab"
EXPECTED: list[dict[str, Any]] = json.loads((PAYLOADS / "expected.json").read_text())

Row = dict[str, Any]


class FakeStore(Loopback):
    """Answers for its orders, their refunds and its webhooks; can be told to fail, and counts what it was asked."""

    METHODS = ("GET", "POST", "PUT")

    def __init__(self) -> None:
        self.orders: dict[str, Row] = {
            str(each["order_id"]): recorded(each["last_payload"]) for each in EXPECTED
        }
        self.refunds: dict[tuple[str, str], Row] = {}
        self.webhooks: list[Row] = []
        self.failures: list[tuple[int, Row, dict[str, str]]] = []
        self.asked: list[str] = []
        for order in self.orders.values():
            for refund in order["refunds"]:
                self.refunds[str(order["id"]), str(refund["id"])] = plain_refund(refund)
        # order 22: one of two mugs; order 40: the shipping alone (both as the store's own analytics book them)
        self.refunds["22", "25"]["line_items"] = [refund_line(3, -1, "-35.64", "-6.77")]
        self.refunds["40", "41"]["shipping_lines"] = [{"id": 60, "total": "-4.90", "total_tax": "-0.93"}]

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said:
        login = request.headers.get("Authorization", "")
        return self.respond(request.command, request.path, login, json.loads(sent) if sent else None)

    def fail(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request so."""
        self.failures.append((status, body, headers))

    def respond(
        self, method: str, path: str, login: str, sent: Row | None
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers for one request."""
        self.asked.append(f"{method} {path.removeprefix('/wp-json/wc/v3')}")
        if self.failures:
            return self.failures.pop(0)
        if login != "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode():
            return 401, wrong("woocommerce_rest_cannot_view", 401), {}
        status, body = self.look_up(
            method, urlsplit(path).path.removeprefix("/wp-json/wc/v3").strip("/"), sent
        )
        return status, body, {}

    def look_up(self, method: str, path: str, sent: Row | None) -> tuple[int, Any]:
        """Return status and body for a request that may be answered."""
        match path.split("/"):
            case [""]:
                return 200, {"namespace": "wc/v3", "routes": {}}
            case ["orders"]:
                return 200, list(self.orders.values())[:1]
            case ["orders", number]:
                return found(self.orders.get(number), "woocommerce_rest_shop_order_invalid_id")
            case ["orders", number, "refunds"]:
                return 200, [row for (order, _), row in self.refunds.items() if order == number]
            case ["orders", number, "refunds", refund]:
                return found(self.refunds.get((number, refund)), "woocommerce_rest_invalid_order_refund_id")
            case ["webhooks", *rest]:
                return self.hooks(method, rest, sent or {})
        return 404, wrong("rest_no_route", 404)

    def hooks(self, method: str, rest: list[str], sent: Row) -> tuple[int, Any]:
        """List, make or change webhooks; a secret is taken but never shown."""
        if method == "POST":
            self.webhooks.append({"id": len(self.webhooks) + 1, **sent})
            return 201, without_secret(self.webhooks[-1])
        if method == "PUT":
            hook = self.webhooks[int(rest[0]) - 1]
            hook.update(sent)
            return 200, without_secret(hook)
        return 200, [without_secret(hook) for hook in self.webhooks]


def recorded(name: str) -> Row:
    """Return a recorded body, read."""
    row: Row = json.loads((PAYLOADS / f"{name}.body").read_bytes())
    return row


def plain_refund(refund: Row) -> Row:
    """Return a refund of an amount alone, as the API tells it."""
    amount = refund["total"].removeprefix("-")
    return {
        "id": refund["id"],
        "amount": amount,
        "reason": refund["reason"],
        "line_items": [],
        "shipping_lines": [],
    }


def refund_line(of: int, quantity: int, total: str, tax: str) -> Row:
    """Return what went back of one line of the order."""
    meta = [{"id": 900 + of, "key": "_refunded_item_id", "value": str(of)}]
    return {"id": 800 + of, "quantity": quantity, "total": total, "total_tax": tax, "meta_data": meta}


def found(row: Row | None, code: str) -> tuple[int, Row]:
    """Return the row, or the store's own way of saying that there is none."""
    return (200, row) if row is not None else (404, wrong(code, 404))


def wrong(code: str, status: int) -> Row:
    """Return an error as WordPress writes it."""
    return {"code": code, "message": "…", "data": {"status": status}}


def without_secret(hook: Row) -> Row:
    """Return a webhook as the API shows it."""
    return {name: value for name, value in hook.items() if name != "secret"}
