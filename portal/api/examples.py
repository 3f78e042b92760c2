"""One order's life, as the schema and the reference show it."""

from drf_spectacular.utils import OpenApiExample

ORDER = {
    "source": "shop-eu",
    "external_id": "1001",
    "goal": "sale",
    "occurred_at": "2026-11-20T14:02:11Z",
    "captured_at": "2026-11-20T14:02:15Z",
    "revision_at": "2026-11-20T14:02:15Z",
    "currency": "EUR",
    "total": "129.90",
    "tax": "20.74",
    "shipping": "4.90",
    "discount": "10.00",
    "lines": [
        {
            "external_id": "l1",
            "sku": "MUG-1",
            "name": "Enamel mug",
            "category": "kitchen",
            "brand": "Acme",
            "quantity": 2,
            "net": "83.86",
            "excluded": False,
        }
    ],
    "customer": {"external_id": "c-77", "email": "g@example.com", "is_new": True, "country": "DE"},
    "evidence": {"ref": "anna", "coupons": ["ANNA15"], "landing_url": "https://shop.example.com/?ref=anna"},
    "subscription": {"external_id": "s-1", "payment_number": 1},
    "channel": "web",
    "metadata": {"campaign": "autumn"},
}
OF_A_BUYER = {
    **ORDER,
    "buyer_ip": "198.51.100.7",
    "shipping_address": {"street": "Hauptstr. 5", "postcode": "10115", "country": "DE"},
    "payer_country": "DE",
    "risk": {"level": "low", "by": "shop-eu"},
}
LEAD = {
    "source": "crm",
    "external_id": "lead-9",
    "goal": "lead",
    "occurred_at": "2026-11-20T14:02:11Z",
    "currency": "EUR",
    "total": "0.00",
    "evidence": {"ref": "anna"},
}
TILL = {
    "source": "store-lisbon",
    "external_id": "T-40017",
    "occurred_at": "2026-11-20T14:02:11Z",
    "currency": "EUR",
    "total": "49.00",
    "tax": "9.16",
    "channel": "store",
    "evidence": {"ref": "anna", "coupons": ["ANNA15"]},
}
REFUND = {
    "source": "shop-eu",
    "conversion_external_id": "1001",
    "external_id": "r-1",
    "occurred_at": "2026-11-20T18:30:00Z",
    "kind": "refund",
    "lines": [{"external_id": "l1", "quantity": 1, "net": "41.93"}],
}
REFUND_GROSS = {
    "source": "shop-eu",
    "conversion_external_id": "1001",
    "external_id": "r-2",
    "occurred_at": "2026-11-20T18:30:00Z",
    "kind": "refund",
    "gross": "42.41",
}
LINK = {
    "affiliate": "anna",
    "destination": "https://shop.example.com/mugs",
    "name": "Mugs",
    "sub_ids": ["blog"],
}
LINK_IN_FULL = {
    **LINK,
    "code": "anna-mugs",
    "expires_at": "2034-12-31T23:59:59Z",
    "rules": [
        {"countries": ["DE", "AT"], "devices": [], "destination": "https://shop.example.com/de/tassen"},
        {"countries": [], "devices": ["mobile", "tablet"], "destination": "https://shop.example.com/app"},
    ],
    "rotation": [
        {"destination": "https://shop.example.com/mugs", "weight": 3},
        {"destination": "https://shop.example.com/cups", "weight": 1},
    ],
}
LINK_CHANGE: dict[str, object] = {
    "destination": "https://shop.example.com/cups",
    "expires_at": None,
    "rules": [],
}
HOOK = {"target_url": "https://hooks.example.com/hooks/catch/1/abc/", "event": "commission.approved"}
HOOK_IN_FULL = {
    **HOOK,
    "event": "order.*",
    "filters": {"affiliate.code": "anna", "order.source": "shop-eu"},
    "expires": "2034-12-31T23:59:59Z",
}
CHANGED = {**ORDER, "total": "109.90", "revision_at": "2026-11-20T17:00:00Z"}


def sent(name: str, value: object) -> OpenApiExample:
    """Return an example of a request."""
    return OpenApiExample(name, value=value, request_only=True)
