"""Fixed bodies of each kind, as believable as real ones, for whoever builds before anything has happened."""

from copy import deepcopy
from typing import Any

from integrations.news.kinds import KINDS, noun_of

AT = "2026-11-20T14:02:15Z"


def _eur(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "EUR", "text": f"{minor // 100}.{minor % 100:02d}"}


_ORDER_NAMES = {"id": 4711, "source": "shop-eu", "number": "1001"}
_SUBJECTS: dict[str, dict[str, Any]] = {
    "program": {
        "id": 1,
        "name": "Partner program",
        "slug": "partners",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "home_url": "https://shop.example.com/",
        "allowed_hosts": ["shop.example.com"],
        "is_open": True,
        "approval": "by_hand",
        "minimum_payout": _eur(5000),
    },
    "terms": {
        "id": 3,
        "effective_at": AT,
        "model": "last_click",
        "window_hours": 720,
        "bound_days": 365,
        "view_hours": 0,
        "half_life_hours": 168,
        "fallback": "last_click",
    },
    "plan": {"id": 2, "name": "Standard", "version": 3, "effective_at": AT, "published_at": AT},
    "profile": {
        "id": 12,
        "name": "Anna Archer",
        "company": "Archer Media",
        "website": "https://archer.example/",
        "country": "DE",
        "created_at": AT,
    },
    "enrollment": {
        "id": 15,
        "code": "anna",
        "state": "active",
        "group": "Bloggers",
        "sponsor": None,
        "reason": "",
        "applied_at": "2026-11-18T09:30:00Z",
        "decided_at": AT,
    },
    "link": {
        "id": 77,
        "code": "anna-mugs",
        "url": "https://partners.example.com/r/anna-mugs",
        "destination": "https://shop.example.com/mugs",
        "name": "Mugs",
        "sub_ids": ["blog"],
        "is_active": True,
        "expires_at": None,
        "created_at": AT,
    },
    "direct_link": {
        "id": 9,
        "link": 77,
        "host": "archer.example",
        "path": "/reviews",
        "state": "active",
        "reason": "",
        "created_at": "2026-11-18T09:30:00Z",
        "decided_at": AT,
    },
    "customer": {
        "id": 907,
        "source": "shop-eu",
        "number": "C-1207",
        "country": "DE",
        "says": {"crm.lead_status": "In talks"},
        "says_there": {"crm.lead_status": "OPEN"},
    },
    "coupon": {
        "id": 31,
        "code": "anna15",
        "kind": "personal",
        "policy": "always",
        "note": "15 % off",
        "is_offline": False,
        "is_active": True,
    },
    "order": {
        **_ORDER_NAMES,
        "goal": "sale",
        "state": "sale",
        "revision": 1,
        "total": _eur(12990),
        "tax": _eur(2074),
        "shipping": _eur(490),
        "discount": _eur(1000),
        "lines": [
            {
                "id": "l1",
                "sku": "MUG-1",
                "name": "Enamel mug",
                "product": "p-9",
                "categories": ["kitchen"],
                "brand": "Acme",
                "quantity": 2,
                "net": _eur(10426),
            }
        ],
        "customer": {"id": 801, "external_id": "c-77", "country": "DE", "is_new": True},
        "coupons": ["ANNA15"],
        "subscription": "",
        "payment_number": None,
        "channel": "web",
        "occurred_at": "2026-11-20T14:02:11Z",
        "captured_at": AT,
    },
    "refund": {
        "id": 55,
        "number": "r-1",
        "order": _ORDER_NAMES,
        "customer": 801,
        "kind": "refund",
        "gross": None,
        "lines": [{"id": "l1", "quantity": 1, "net": _eur(5213)}],
        "reason": "too small",
        "is_withdrawn": False,
        "occurred_at": AT,
    },
    "conversion": {
        "id": 4711,
        "order": _ORDER_NAMES,
        "goal": "sale",
        "state": "counted",
        "parked_reason": "",
        "total": _eur(12990),
        "is_new_customer": True,
        "customer": 801,
        "evidence": "coupon",
        "coupon": "anna15",
        "credits": [{"affiliate": 15, "share": "1"}],
        "decided_at": AT,
        "occurred_at": "2026-11-20T14:02:11Z",
        "captured_at": AT,
    },
    "commission": {
        "id": 9001,
        "order": _ORDER_NAMES,
        "conversion": 4711,
        "customer": 801,
        "kind": "earned",
        "level": 1,
        "amount": _eur(1043),
        "net": _eur(1043),
        "state": "pending",
        "is_held": False,
        "reason": "",
        "plan": {"id": 2, "name": "Standard", "version": 3},
        "occurred_at": "2026-11-20T14:02:11Z",
        "matures_at": "2026-12-20T14:02:15Z",
        "approved_at": None,
    },
    "batch": {
        "id": 6,
        "state": "draft",
        "total": _eur(48250),
        "payouts": 3,
        "cut_off": "2026-11-20T00:00:00Z",
        "opened_at": AT,
        "approved_at": None,
    },
    "connection": {
        "id": 4,
        "name": "Our CRM",
        "system": "hubspot",
        "source": "hubspot",
        "state": "active",
    },
    "payout": {
        "id": 22,
        "number": "PO-2026-00022",
        "batch": 6,
        "amount": _eur(20860),
        "state": "approved",
        "method": "manual",
        "reference": "",
        "failure": "",
        "created_at": "2026-11-20T09:00:00Z",
        "approved_at": AT,
        "sent_at": None,
        "paid_at": None,
    },
}
_OF_NOBODY = frozenset({"program", "terms", "plan", "profile", "batch", "customer", "connection"})
_REASON = "Promotes on pages that the program excludes"

# kind -> how its subject stands after it, and what the event itself tells
_AFTER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "program.changed": ({}, {"changed": ["minimum_payout"]}),
    "terms.announced": ({}, {"version": 8}),
    "terms.accepted": ({}, {"version": 8, "plan": "Standard", "number": 3}),
    "plan.published": ({}, {"previous": 2}),
    "affiliate.changed": ({}, {"changed": ["website"]}),
    "enrollment.applied": ({"state": "applied", "decided_at": None}, {}),
    "enrollment.refused": ({"state": "refused", "reason": _REASON}, {"reason": _REASON}),
    "enrollment.suspended": ({"state": "suspended", "reason": _REASON}, {"reason": _REASON}),
    "enrollment.banned": ({"state": "banned", "reason": _REASON}, {"reason": _REASON}),
    "enrollment.left": ({"state": "left"}, {}),
    "enrollment.sponsored": ({"sponsor": 14}, {"from": None, "to": 14}),
    "link.changed": ({}, {"changed": ["destination"]}),
    "link.paused": ({"is_active": False}, {}),
    "directlink.asked": ({"state": "asked", "decided_at": None}, {}),
    "directlink.refused": ({"state": "refused", "reason": _REASON}, {"reason": _REASON}),
    "directlink.ended": ({"state": "ended"}, {"reason": ""}),
    "coupon.changed": ({"is_offline": True}, {"changed": ["is_offline"]}),
    "coupon.retired": ({"is_active": False}, {}),
    "order.revised": ({"revision": 2}, {"revision": 2, "changed": ["discount", "total"]}),
    "refund.withdrawn": ({"is_withdrawn": True}, {}),
    "customer.status_changed": (
        {},
        {
            "changes": {"crm.lead_status": ["New", "In talks"]},
            "changes_there": {"crm.lead_status": ["NEW", "OPEN"]},
            "by": "hubspot",
        },
    ),
    "conversion.parked": (
        {"state": "parked", "parked_reason": "No exchange rate of SEK yet."},
        {"reason": "No exchange rate of SEK yet."},
    ),
    "conversion.recounted": ({"is_new_customer": False}, {}),
    "conversion.confirmed": ({}, {"goal": "sale"}),
    "conversion.exchanged": ({}, {"rate": "1 SEK = 0.0874 EUR", "source": "ECB", "replaces": None}),
    "decision.replaced": ({}, {"from": 14, "to": 15}),
    "commission.accrued": ({}, {"amount": _eur(1043), "level": 1}),
    "commission.reversed": (
        {"net": _eur(522)},
        {"amount": _eur(521), "left": _eur(522), "cause": "refund"},
    ),
    "commission.approved": ({"state": "approved", "approved_at": "2026-12-20T15:00:00Z"}, {}),
    "commission.held": (
        {"is_held": True, "reason": "Own purchase"},
        {"reason": "Own purchase", "was": ""},
    ),
    "commission.released": ({}, {"reason": "Looked at: fine"}),
    "commission.declined": ({"state": "declined", "reason": _REASON}, {"reason": _REASON}),
    "commission.reinstated": ({}, {"reason": "Looked at again: fine"}),
    "commission.adjusted": (
        {"kind": "bonus", "order": None, "conversion": None, "plan": None, "reason": "Summer bonus"},
        {"amount": _eur(1043), "reason": "Summer bonus"},
    ),
    "batch.approved_once": ({"state": "half"}, {}),
    "batch.approved": ({"state": "approved", "approved_at": AT}, {}),
    "batch.cancelled": ({"state": "cancelled"}, {"reason": "Opened too early"}),
    "payout.sent": ({"state": "sent", "reference": "SEPA 2026-11", "sent_at": AT}, {}),
    "payout.paid": ({"state": "paid", "reference": "SEPA 2026-11", "sent_at": AT, "paid_at": AT}, {}),
    "payout.failed": (
        {"state": "failed", "failure": "The account is closed."},
        {"reason": "The account is closed."},
    ),
    **dict.fromkeys(
        ("connection.troubled", "connection.recovered"),
        ({}, {"trouble": "lag", "sentence": "The oldest message has waited for 16 minutes.", "since": AT}),
    ),
}


def sample(kind: str) -> dict[str, Any]:
    """Return a fixed body of a public kind, in the shape that `body_of` gives; KeyError for any other kind."""
    noun = noun_of(kind)
    changes, news = _AFTER.get(kind, ({}, {}))
    about = {"id": 15, "code": "anna", "name": "Anna Archer", "profile": 12}
    body = {
        "id": f"evt_{800000 + list(KINDS).index(kind)}",
        "kind": kind,
        "at": AT,
        "program": None if noun == "profile" else {"id": 1, "name": "Partner program"},
        "affiliate": None if noun in _OF_NOBODY else about,
        noun: {**_SUBJECTS[noun], **changes},
        "news": news,
    }
    return deepcopy(body)
