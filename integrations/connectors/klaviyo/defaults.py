"""What of a customer fills which field of a profile, where nobody has mapped anything else."""

from integrations.connectors.klaviyo.profiles import KEY
from integrations.connectors.own_fields import Rows
from integrations.mapping import FILLED, OURS

SOURCE = "lead_source"
PROPERTIES = (
    (SOURCE, "affiliate.first.name"),
    ("affiliate_first_name", "affiliate.first.name"),
    ("affiliate_first_code", "affiliate.first.code"),
    ("affiliate_last_name", "affiliate.last.name"),
    ("affiliate_last_code", "affiliate.last.code"),
    ("affiliate_coupon", "affiliate.last.coupon"),
    ("affiliate_orders_count", "orders.count"),
    ("affiliate_first_order_at", "orders.first_at"),
    ("affiliate_last_order_at", "orders.last_at"),
    ("affiliate_lifetime_value", "value.lifetime"),
    ("affiliate_average_order", "value.average_order"),
    ("affiliate_last_order_value", "value.last_order"),
    ("affiliate_currency", "value.currency"),
    ("affiliate_segment", "pattern.segment"),
    ("affiliate_recency_days", "pattern.recency_days"),
    ("affiliate_categories", "pattern.favourite_categories"),
)
OUT: dict[str, Rows] = {
    "profile": (
        {"target": KEY, "source": "customer.key", "conflict": OURS, "is_key": True},
        {"target": "email", "source": "customer.email", "conflict": FILLED},
        {"target": "phone_number", "source": "customer.phone", "conflict": FILLED},
        {"target": "location.country", "source": "customer.country", "conflict": FILLED},
        *(
            {"target": name, "source": source, "conflict": FILLED if name == SOURCE else OURS}
            for name, source in PROPERTIES
        ),
    )
}
IN: dict[str, Rows] = {}
