"""A system with a webhook of its own: what it sends, signed without the house's own code."""

import base64
import copy
import hashlib
import hmac
import json
from typing import Any

from django.test import Client

from core import jobs
from core.models import Job
from integrations import actions
from integrations.models import Connection, Inbound

SECRET = "inbox-secret"
PAID: dict[str, Any] = {
    "type": "order.paid",
    "event_id": "evt_1",
    "order": {
        "id": 5001,
        "total_price": "129.90",
        "currency": "EUR",
        "created_at": "2026-11-20T14:02:11Z",
        "customer": {"id": 77, "email": "g@example.com", "country": "Germany"},
        "coupon": "anna15",
        "line_items": [
            {"sku": "MUG", "name": "Mug", "quantity": 2, "price": "40.00"},
            {"sku": "CUP", "name": "Cup", "quantity": 1, "price": "20.00"},
        ],
    },
}
ORDER = {
    "schema": 1,
    "when": [{"source": "type", "test": "is", "value": "order.paid"}],
    "rows": [
        {"target": "order.number", "source": "order.id"},
        {"target": "order.total", "source": "order.total_price"},
        {"target": "order.currency", "source": "order.currency"},
        {"target": "order.occurred_at", "source": "order.created_at", "steps": [{"do": "time"}]},
        {"target": "customer.id", "source": "order.customer.id"},
        {"target": "customer.email", "source": "order.customer.email"},
        {"target": "customer.country", "source": "order.customer.country", "steps": [{"do": "country"}]},
        {"target": "evidence.coupon", "source": "order.coupon"},
        {"target": "lines[].sku", "source": "order.line_items[].sku"},
        {"target": "lines[].quantity", "source": "order.line_items[].quantity"},
        {
            "target": "lines[].net",
            "expression": "{order.line_items[].price} * {order.line_items[].quantity}",
        },
    ],
}
REFUND = {
    "schema": 1,
    "when": [{"source": "type", "test": "is", "value": "order.refunded"}],
    "rows": [
        {"target": "refund.number", "source": "refund.id"},
        {"target": "refund.order", "source": "refund.order_id"},
        {
            "target": "refund.amount",
            "source": "refund.cents",
            "steps": [{"do": "major", "with": ["refund.currency"]}],
        },
        {"target": "refund.currency", "source": "refund.currency"},
    ],
}
LEAD = {
    "schema": 1,
    "when": [{"source": "type", "test": "is one of", "value": "signup, trial"}],
    "rows": [
        {"target": "lead.number", "source": "user.id"},
        {"target": "lead.goal", "source": "type"},
        {"target": "customer.email", "source": "user.email"},
        {"target": "evidence.ref", "source": "user.ref"},
    ],
}


def paid(**changes: Any) -> dict[str, Any]:
    """The paid order with other fields of the order."""
    message = copy.deepcopy(PAID)
    message["order"] |= changes
    return message


def signature(body: bytes, secret: str = SECRET, *, base64_: bool = False) -> str:
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    return base64.b64encode(digest.digest()).decode() if base64_ else digest.hexdigest()


def post(inbox: Connection, body: bytes, query: str = "", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"/hooks/{inbox.public_id}{query}"
    return Client().post(address, body, content_type="application/json", headers=named).status_code


def send(inbox: Connection, message: Any) -> Inbound:
    """Send a signed message and have it understood."""
    body = json.dumps(message).encode()
    assert post(inbox, body, X_Signature=signature(body)) == 200
    work()
    return Inbound.objects.latest("pk")


def work() -> None:
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def mapped(inbox: Connection, **sheets: Any) -> None:
    """Keep mappings: order=..., refund=..., lead=..."""
    for kind, sheet in sheets.items():
        actions.save_mapping(inbox, "in", kind, sheet)
