"""A Stripe account on loopback: as much of its API as is asked; and its objects and events, made as it makes them."""

import json
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.test import Client
from django.utils import timezone

from integrations.models import Connection
from tests.fakes.loopback import Loopback, Said

KEY, SECRET = "rk_test_lab", "whsec_lab"
SOLD = 1_793_700_000  # 3 November 2026, 10:40 UTC
SUBSCRIPTION, CUSTOMER, INTENT = "sub_lab1", "cus_lab1", "pi_lab1"
VERSION = "2026-10-28.endive"

Row = dict[str, Any]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Pairs
    headers: dict[str, str]
    form: Pairs


class FakeStripe(Loopback):
    """Answers for one account in test mode; can be told to fail, and keeps what it was asked."""

    METHODS = ("GET", "POST")

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.endpoints: list[Row] = []
        self.hidden: set[str] = set()
        self.failures: list[tuple[int, Any, dict[str, str]]] = []
        self.asked: list[Asked] = []
        self.at = SOLD + 3600  # its clock, which goes on with every change

    def date(self) -> str:
        return formatdate(self.at, usegmt=True)

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said:
        url = urlsplit(request.path)
        query = parse_qsl(url.query, keep_blank_values=True)
        form = parse_qsl(sent.decode(), keep_blank_values=True)
        return self.respond(Asked(request.command, url.path, query, dict(request.headers.items()), form))

    def keep(self, *rows: Row) -> None:
        """Let the account know these objects, in the place of their former state."""
        self.rows |= {row["id"]: row for row in rows}
        self.at += 60

    def fail(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request so."""
        self.failures.append((status, body, headers))

    def respond(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers for one request."""
        self.asked.append(asked)
        if self.failures:
            return self.failures.pop(0)
        if asked.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, wrong("api_key_invalid"), {}
        path = asked.path.removeprefix("/v1/")
        if any(path.startswith(name) for name in self.hidden):
            return 403, wrong("more_permissions_required"), {}
        status, body = self.look_up(asked, path)
        return status, body, {}

    def look_up(self, asked: Asked, path: str) -> tuple[int, Any]:
        """Return status and body for a request that may be answered."""
        if path.startswith("webhook_endpoints"):
            return self.hooks(asked, path)
        number = path.rpartition("/")[2]
        expanded = [value.removeprefix("data.") for name, value in asked.query if name == "expand[]"]
        kinds = {
            "invoices": "invoice",
            "checkout/sessions": "checkout.session",
            "refunds": "refund",
            "disputes": "dispute",
            "events": "event",
            "invoice_payments": "invoice_payment",
        }
        if path in kinds:
            return 200, self.listed(kinds[path], dict(asked.query), expanded)
        if number not in self.rows:
            return 404, wrong("resource_missing")
        return 200, shown(self.rows[number], expanded)

    def listed(self, kind: str, query: dict[str, str], expanded: list[str]) -> Row:
        """Return a page of one kind, newest first, as the query picks it."""
        rows = [row for row in reversed(self.rows.values()) if row["object"] == kind and picks(query, row)]
        after = query.get("starting_after")
        if after:
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        limit = int(query.get("limit", "10"))
        page = [shown(row, expanded) for row in rows[:limit]]
        return {"object": "list", "data": page, "has_more": len(rows) > limit, "url": "/v1/"}

    def hooks(self, asked: Asked, path: str) -> tuple[int, Any]:
        """List, make or change endpoints; the secret is shown once, when one is made."""
        told = dict(asked.form)
        events = [value for name, value in asked.form if name == "enabled_events[]"]
        if asked.method == "GET":
            return 200, {"object": "list", "data": self.endpoints, "has_more": False}
        if path == "webhook_endpoints":
            made = {"id": f"we_{len(self.endpoints) + 1}", "object": "webhook_endpoint", "status": "enabled"}
            self.endpoints.append({**made, "url": told["url"], "enabled_events": events})
            return 200, {**self.endpoints[-1], "secret": "whsec_new"}
        endpoint = next(row for row in self.endpoints if path.endswith(row["id"]))
        endpoint.update(enabled_events=events, status="enabled")
        return 200, endpoint


def shown(row: Row, expanded: list[str]) -> Row:
    """Return an object as it is shown: what is expandable is an id, or not there, unless it was asked for."""
    row = dict(row)
    for name in ("payments", "line_items"):
        if name not in expanded:
            row.pop(name, None)
    if "latest_charge" not in expanded and isinstance(row.get("latest_charge"), dict):
        row["latest_charge"] = row["latest_charge"]["id"]
    if "discounts.promotion_code" not in expanded:
        row["discounts"] = [
            {**one, "promotion_code": one["promotion_code"]["id"]} for one in row.get("discounts", ())
        ]
    return row


def picks(query: dict[str, str], row: Row) -> bool:
    """Say whether a list's query picks a row."""
    if not int(query.get("created[gte]", 0)) <= row["created"] < int(query.get("created[lt]", 10**12)):
        return False
    if row["object"] == "invoice_payment":
        return bool(row["payment"]["payment_intent"] == query["payment[payment_intent]"])
    names = ("payment_intent", "charge", "subscription", "status")
    return all(row.get(name) == query[name] for name in names if name in query)


def wrong(code: str) -> Row:
    """Return an error as Stripe writes it."""
    return {"error": {"type": "invalid_request_error", "code": code, "message": "…"}}


# --- objects -----------------------------------------------------------------------------------------------
def session(number: str = "cs_test_lab1", **told: Any) -> Row:
    """A checkout that is paid once: two mugs for 180.00, after a discount of 20.00."""
    return {
        "id": number,
        "object": "checkout.session",
        "amount_subtotal": 20000,
        "amount_total": 18000,
        "client_reference_id": None,
        "created": SOLD - 60,
        "currency": "eur",
        "customer": CUSTOMER,
        "customer_details": {"email": "buyer@example.net", "phone": None, "address": {"country": "DE"}},
        "discounts": [],
        "invoice": None,
        "invoice_creation": {"enabled": False},
        "livemode": False,
        "metadata": {},
        "mode": "payment",
        "payment_intent": INTENT,
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
        "total_details": {"amount_discount": 2000, "amount_shipping": 0, "amount_tax": 0},
        **told,
    }


def line(amount: int = 10000, number: str = "il_lab1", **told: Any) -> Row:
    """A line of an invoice, in the shape since 2025-03."""
    price = {"type": "price_details", "price_details": {"price": "price_pro", "product": "prod_pro"}}
    return {
        "id": number,
        "object": "line_item",
        "amount": amount,
        "currency": "eur",
        "description": "Pro plan",
        "discount_amounts": [],
        "pricing": price,
        "quantity": 1,
        "taxes": [],
        **told,
    }


def invoice(number: str = "in_lab1", total: int = 10000, **told: Any) -> Row:
    """A paid first invoice of a subscription, in the shape since 2025-03."""
    lines = told.pop("lines", [line(total)])
    payments = [{"status": "paid", "payment": {"type": "payment_intent", "payment_intent": INTENT}}]
    return {
        "id": number,
        "object": "invoice",
        "amount_due": total,
        "amount_paid": total,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "billing_reason": "subscription_create",
        "created": SOLD,
        "currency": "eur",
        "customer": CUSTOMER,
        "customer_address": {"country": "DE"},
        "customer_email": "buyer@example.net",
        "customer_phone": None,
        "discounts": [],
        "lines": {"object": "list", "data": lines, "has_more": False},
        "livemode": False,
        "metadata": {},
        "number": "LAB-0001",
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"metadata": {}, "subscription": SUBSCRIPTION},
        },
        "payments": {"object": "list", "data": payments if total else [], "has_more": False},
        "status": "paid",
        "status_transitions": {"finalized_at": SOLD, "paid_at": SOLD + 1},
        "subtotal": total,
        "total": total,
        "total_excluding_tax": total,
        "total_taxes": [],
        **told,
    }


def renewal(number: str, at: int, **told: Any) -> Row:
    """A later invoice of the same subscription."""
    times = {"finalized_at": at, "paid_at": at + 1}
    return invoice(number, billing_reason="subscription_cycle", created=at, status_transitions=times, **told)


def intent(number: str = INTENT, refunded: int = 0, *, disputed: bool = False, at: int = SOLD) -> Row:
    """A payment whose charge says how much of it went back."""
    charge = {
        "id": number.replace("pi_", "ch_"),
        "object": "charge",
        "amount_refunded": refunded,
        "disputed": disputed,
        "payment_intent": number,
    }
    return {"id": number, "object": "payment_intent", "created": at, "latest_charge": charge}


def refund(number: str = "re_lab1", amount: int = 9000, **told: Any) -> Row:
    return {
        "id": number,
        "object": "refund",
        "amount": amount,
        "charge": "ch_lab1",
        "created": SOLD + 86400,
        "currency": "eur",
        "payment_intent": INTENT,
        "reason": "requested_by_customer",
        "status": "succeeded",
        **told,
    }


def dispute(number: str = "dp_lab1", amount: int = 18000, **told: Any) -> Row:
    return {
        "id": number,
        "object": "dispute",
        "amount": amount,
        "charge": "ch_lab1",
        "created": SOLD + 86400,
        "currency": "eur",
        "payment_intent": INTENT,
        "reason": "fraudulent",
        "status": "needs_response",
        **told,
    }


def paid_by(number: str, payment: str = INTENT) -> Row:
    """The row that leads from a payment to its invoice."""
    return {
        "id": f"inpay_{number}",
        "object": "invoice_payment",
        "created": SOLD,
        "invoice": number,
        "payment": {"type": "payment_intent", "payment_intent": payment},
        "status": "paid",
    }


# --- events ------------------------------------------------------------------------------------------------
def event(kind: str, about: Row, number: str = "", **told: Any) -> Row:
    """News of an object as it is now."""
    return {
        "id": number or f"evt_{kind.replace('.', '_')}_{about['id']}_{about.get('status', '')}",
        "object": "event",
        "api_version": VERSION,
        "created": SOLD + 2,
        "data": {"object": {name: value for name, value in about.items() if name != "payments"}},
        "livemode": False,
        "type": kind,
        **told,
    }


def signature(body: bytes, secret: str = SECRET, ago: int = 0) -> str:
    """Stripe's own signature, made by its own library."""
    from stripe import WebhookSignature  # a second of imports that only these tests need

    at = int(timezone.now().timestamp()) - ago
    return WebhookSignature.generate_signature_header(body.decode(), secret, at)


def post(connection: Connection, body: bytes, header: str) -> int:
    """Send bytes to the connection's door; return the status answered."""
    headers = {"Stripe-Signature": header} if header else {}
    address = f"/hooks/{connection.public_id}"
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


def send(connection: Connection, told: Row) -> int:
    """Send an event as Stripe would; return the status answered."""
    body = json.dumps(told).encode()
    return post(connection, body, signature(body))
