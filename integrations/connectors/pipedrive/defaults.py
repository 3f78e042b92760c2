"""The custom fields that we make at Pipedrive, and the mappings that work at once.

A referred customer fills “Lead source”, a field of ours, with the affiliate's name. Accounts may have few custom
fields, so deals carry those alone that say whom a deal is owed to.
"""

from integrations.connectors.own_fields import OwnField, Rows, made
from integrations.connectors.pipedrive.standard import CONTACT, KEY
from integrations.connectors.records import RemoteField
from integrations.mapping import FILLED, OURS
from integrations.records.profiles import Segment

SOURCE, COUNTRY, SEGMENT = "lead_source", "customer_country", "affiliate_segment"
KEPT = (SOURCE, COUNTRY)  # what people have entered stays


def _own(name: str, kind: str, source: str) -> OwnField:
    """A field is called by its own name in every language; days are told as days, for there are no moments here."""
    steps = {"affiliate_categories": ({"do": "join"},)}.get(name, ({"do": "date"},) if kind == "date" else ())
    return OwnField(name, name, kind, source, FILLED if name in KEPT else OURS, steps)


CREDIT = (
    _own(SOURCE, "text", "affiliate.first.name"),
    _own("affiliate_first_name", "text", "affiliate.first.name"),
    _own("affiliate_first_code", "text", "affiliate.first.code"),
    _own("affiliate_last_name", "text", "affiliate.last.name"),
    _own("affiliate_last_code", "text", "affiliate.last.code"),
    _own("affiliate_coupon", "text", "affiliate.last.coupon"),
    _own("affiliate_commission_total", "number", "commission.total"),
)
PURCHASES = (
    _own("affiliate_orders_count", "number", "orders.count"),
    _own("affiliate_first_order", "date", "orders.first_at"),
    _own("affiliate_last_order", "date", "orders.last_at"),
    _own("affiliate_lifetime_value", "number", "value.lifetime"),
    _own("affiliate_average_order", "number", "value.average_order"),
    _own("affiliate_last_order_value", "number", "value.last_order"),
    _own("affiliate_currency", "text", "value.currency"),
    _own(SEGMENT, "choice", "pattern.segment"),
    _own("affiliate_recency_days", "number", "pattern.recency_days"),
    _own("affiliate_categories", "text", "pattern.favourite_categories"),
)
OURS_IN = {
    "contact": (_own(COUNTRY, "text", "customer.country"), *CREDIT, *PURCHASES),
    "deal": (CREDIT[0], *CREDIT[3:], PURCHASES[0]),
}
STATUS = '"won" if {deal.is_won} else ("lost" if {deal.is_lost} else "open")'
OUT: dict[str, Rows] = {
    "contact": (
        {"target": KEY, "source": "customer.key", "conflict": OURS, "is_key": True},
        {"target": "email", "source": "customer.email", "conflict": FILLED},
        {"target": "phone", "source": "customer.phone", "conflict": FILLED},
        *(one.row() for one in OURS_IN["contact"]),
    ),
    "deal": (
        {"target": KEY, "source": "customer.key", "conflict": OURS, "is_key": True},
        {"target": CONTACT, "source": "customer.key", "conflict": OURS},
        {"target": "title", "expression": '"Shop: " & {deal.name}', "conflict": FILLED},
        {"target": "value", "source": "deal.amount", "conflict": OURS},
        {"target": "currency", "source": "deal.currency", "conflict": OURS},
        {"target": "status", "expression": STATUS, "conflict": OURS},
        *(one.row() for one in OURS_IN["deal"]),
    ),
}
IN: dict[str, Rows] = {
    "contact": (
        {"target": "crm.lead_status", "source": "label_ids", "steps": [{"do": "join"}]},
        {"target": "crm.owner", "source": "owner_id"},
    ),
    "deal": (
        {"target": "deal.name", "source": "title"},
        {"target": "deal.stage", "source": "stage"},
        {"target": "deal.pipeline", "source": "pipeline"},
        {"target": "deal.owner", "source": "owner_id"},
        {"target": "deal.is_won", "expression": '{status} == "won"'},
        {"target": "deal.amount", "source": "value"},
        {"target": "deal.currency", "source": "currency"},
        {"target": "deal.closed_at", "source": "close_time"},
    ),
}


def wanted_fields(kind: str) -> tuple[RemoteField, ...]:
    """Return the custom fields that the mappings of this kind need."""
    words = tuple((str(one), str(one)) for one in Segment)
    return made(RemoteField(KEY, KEY, is_key=True), OURS_IN[kind], words)
