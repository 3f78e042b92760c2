"""Orders and refunds of a shop at Shopify, changed as a test needs it, and messages signed as Shopify does."""

import json
from copy import deepcopy
from typing import Any

from django.test import Client

from integrations.connectors.base import Store
from integrations.connectors.shopify.parse import read
from integrations.connectors.signatures import in_base64
from integrations.models import Connection
from tests.integrations.fake_shopify import CLIENT_SECRET, ORDER, REFUND, money
from tracking.orders import OrderIn

Row = dict[str, Any]
NUMBER, LINE = str(ORDER["id"]), str(ORDER["line_items"][0]["id"])
SHOP_DOMAIN = "loja.myshopify.com"
LATER = "2026-11-05T10:00:01-03:00"
SHOP = Store(f"https://{SHOP_DOMAIN}", "shop", {"client_secret": CLIENT_SECRET}, "BRL")


def order_with(**fields: Any) -> Row:
    """Return the recorded order with other fields."""
    return {**deepcopy(ORDER), **fields}


def line_with(number: int = 1, price: str = "100.00", quantity: int = 1, **fields: Any) -> Row:
    """Return a line of a product, without discount and tax."""
    line = deepcopy(ORDER["line_items"][0])
    return {
        **line,
        "id": number,
        "quantity": quantity,
        "current_quantity": quantity,
        "price_set": money(price, "BRL"),
        "discount_allocations": [],
        **fields,
    }


def tax_of(amount: str) -> Row:
    """Return a tax line."""
    return {"title": "VAT", "price": amount, "rate": 0.19, "price_set": money(amount, "BRL")}


def refund_with(lines: list[Row] | None = None, **fields: Any) -> Row:
    """Return a refund of these lines, paid back in one transaction."""
    paid = {"kind": "refund", "status": "success", "amount": "90.00", "currency": "BRL"}
    return {
        **deepcopy(REFUND),
        "id": 1,
        "refund_line_items": [back()] if lines is None else lines,
        "transactions": [paid],
        **fields,
    }


def back(line: str = LINE, quantity: int = 1, subtotal: str = "90.00", tax: str = "0.00") -> Row:
    """Return what went back of a line."""
    return {
        "id": 1,
        "line_item_id": int(line),
        "quantity": quantity,
        "subtotal": float(subtotal),
        "total_tax": float(tax),
        "subtotal_set": money(subtotal, "BRL"),
        "total_tax_set": money(tax, "BRL"),
    }


def adjustment(amount: str, tax: str = "0.00", kind: str = "refund_discrepancy") -> Row:
    """Return a difference between what was due back and what went back; above 0 the merchant kept it."""
    return {
        "kind": kind,
        "amount": amount,
        "amount_set": money(amount, "BRL"),
        "tax_amount_set": money(tax, "BRL"),
    }


def shipping_back(amount: str, tax: str = "0.00") -> Row:
    """Return shipping that went back."""
    return {"subtotal_amount_set": money(amount, "BRL"), "tax_amount_set": money(tax, "BRL")}


def taken(row: Row) -> OrderIn:
    """Return the order that a webhook's body tells."""
    reading = read(SHOP, "orders/updated", json.dumps(row).encode())
    assert reading.order is not None, reading.note
    return reading.order


def send(connection: Connection, topic: str, body: Any, **headers: str) -> int:
    """Send a body (bytes, or what is to be JSON) with the shop's signature; return the status answered."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": in_base64(raw, CLIENT_SECRET).decode(),
        "X-Shopify-Shop-Domain": SHOP_DOMAIN,
        "X-Shopify-Webhook-Id": "w-1",
    }
    return post(connection, raw, {**signed, **headers})


def post(connection: Connection, body: bytes, headers: dict[str, str]) -> int:
    """Send bytes to the connection's door; return the status answered."""
    address = f"/hooks/{connection.public_id}"
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


PARTLY = order_with(financial_status="partially_refunded", updated_at=LATER, refunds=[REFUND])
