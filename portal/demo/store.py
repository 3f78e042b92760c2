"""The first shop's WooCommerce: what it sent in the last days, signed; and a key for the second shop's till."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.datastructures import CaseInsensitiveMapping

from integrations import actions as integrations
from integrations.connectors.signatures import in_base64
from integrations.models import Connection
from portal import keys
from portal.demo.catalog import Product

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator

SCOPES = ("conversions:read", "conversions:write", "refunds:write", "affiliates:read")
FORBIDDEN = {
    "code": "woocommerce_rest_cannot_view",
    "message": "Sorry, you cannot view this resource.",
    "data": {"status": 401},
}


def write(play: Simulator) -> str:
    """Connect the shop, put its messages down in the agenda, and return the new key's text."""
    stage, shop = play.stage, play.stage.shops["northwind"]
    connection = integrations.connect(
        shop.program,
        connector="woocommerce",
        name="Northwind shop",
        source=shop.plan.source,
        actor=stage.people["manager"],
        at=stage.ago(390),
    )
    _key, text = keys.create_key(
        stage.shops["ember"].program, "Ember till", SCOPES, actor=stage.people["manager"], at=stage.ago(300)
    )
    shelf = shop.plan.products
    star, peak = shop.next_number(), shop.next_number()
    strange = shop.next_number()
    first: dict[str, Any] = {"coupon": "nora10", "items": shelf[1:3], "created": stage.ago(6, 9)}
    second: dict[str, Any] = {
        "landing": "https://shop.northwind.example/sale?ref=peak-weekly",
        "items": shelf[7:8],
    }
    second["created"] = stage.ago(4, 17)
    refund = [{"id": 880121, "reason": "Zip broke", "total": "-40.00"}]
    for days_ago, hour, topic, body in (
        (6, 9, "order.created", order(star, "processing", **first)),
        (6, 9.1, "order.created", order(star, "processing", **first)),
        (5, 8, "order.updated", order(star, "completed", modified=stage.ago(5, 8), **first)),
        (5, 11, "coupon.created", {"id": 311, "code": "winter5", "amount": "5.00"}),
        (4, 17, "order.created", order(peak, "processing", **second)),
        (
            3,
            12,
            "order.updated",
            order(peak, "completed", modified=stage.ago(3, 12), refunds=refund, **second),
        ),
        (
            2,
            10,
            "order.updated",
            order(strange, "wc-awaiting-pickup", items=shelf[3:4], created=stage.ago(2, 10)),
        ),
        (1, 9, "order.deleted", {"id": int(star)}),
        (1, 13, "order.updated", FORBIDDEN),
    ):
        play.agenda.put(stage.ago(days_ago, hour), partial(send, connection, topic, body))
    return text


def send(connection: Connection, topic: str, content: dict[str, Any], at: datetime) -> None:
    """Let the shop deliver a message, and work it off."""
    body = json.dumps(content).encode()
    headers = CaseInsensitiveMapping(
        {
            "X-WC-Webhook-Source": "https://shop.northwind.example/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": topic.partition(".")[0],
            "X-WC-Webhook-Event": topic.partition(".")[2],
            "X-WC-Webhook-Signature": in_base64(body, connection.secrets["webhook_secret"]).decode(),
            "X-WC-Webhook-ID": "7",
            "X-WC-Webhook-Delivery-ID": f"{int(at.timestamp()):012x}",
        }
    )
    inbound = integrations.receive(connection, headers, body, at=at)
    if inbound is not None:
        integrations.process(inbound, at=at + timedelta(seconds=2))


def order(
    number: str,
    status: str,
    *,
    items: tuple[Product, ...],
    created: datetime,
    modified: datetime | None = None,
    coupon: str = "",
    landing: str = "",
    refunds: tuple[dict[str, Any], ...] | list[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Return an order as WooCommerce writes it, with the parts of it that matter here."""
    nets = [product.price * (90 if coupon else 100) // 100 for product in items]
    taxes = [net * 19 // 100 for net in nets]
    entry = [{"id": 19, "key": "_wc_order_attribution_session_entry", "value": landing}] if landing else []
    priced = enumerate(zip(items, nets, taxes, strict=True), start=1)
    return {
        "id": int(number),
        "number": number,
        "status": status,
        "currency": "EUR",
        "version": "10.0.2",
        "prices_include_tax": True,
        "date_created_gmt": f"{created:%Y-%m-%dT%H:%M:%S}",
        "date_modified_gmt": f"{modified or created:%Y-%m-%dT%H:%M:%S}",
        "date_paid_gmt": f"{created:%Y-%m-%dT%H:%M:%S}",
        "discount_total": _text(sum(product.price for product in items) - sum(nets)),
        "shipping_total": "0.00",
        "total": _text(sum(nets) + sum(taxes)),
        "total_tax": _text(sum(taxes)),
        "customer_id": 0,
        "billing": {"email": f"guest{number}@post.example", "country": "DE", "phone": ""},
        "line_items": [_line(place, *product) for place, product in priced],
        "fee_lines": [],
        "coupon_lines": [{"id": 6, "code": coupon, "discount_type": "percent"}] if coupon else [],
        "refunds": list(refunds),
        "meta_data": entry,
    }


def _line(place: int, product: Product, net: int, tax: int) -> dict[str, Any]:
    return {
        "id": place,
        "name": product.name,
        "product_id": 100 + place,
        "quantity": 1,
        "subtotal": _text(product.price),
        "total": _text(net),
        "total_tax": _text(tax),
        "sku": product.sku,
        "meta_data": [],
    }


def _text(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
