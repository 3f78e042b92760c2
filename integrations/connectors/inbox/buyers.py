"""What a mapped message or row tells of a buyer for fraud review, as an order's metadata keeps it."""

from collections.abc import Mapping
from typing import Any

from integrations.connectors.buyer_facts import buyer_facts
from tracking.told import Told


def facts_told(values: Mapping[str, Any], source: str) -> dict[str, str]:
    """Return the facts that a mapping's values name; raises Untold for one that is no text."""
    told = Told(values)
    return buyer_facts(
        ip=told.text("buyer.ip", 60),
        street=told.text("shipping.street", 200),
        postcode=told.text("shipping.postcode", 20),
        country=told.text("shipping.country", 60) or told.text("customer.country", 60),
        payer_country=told.text("payer.country", 2),
        risk=told.text("order.risk", 60),
        risk_by=told.text("order.risk_by", 60) or source,
    )
