"""What Shopify, and the apps of a shop, say of an order's risk; and what banks say of its payment."""

from fraud.states import TestimonyKind
from integrations.connectors.base import Said
from integrations.connectors.body import Fields
from integrations.connectors.buyer_facts import risk_word

ASSESSED = "orders/risk_assessment_changed"
OWN = "Shopify"
WORDS = {
    "won": "won",
    "lost": "lost",
    "accepted": "lost",
    "prevented": "",
}  # DisputeStatus; others are undecided


def assessment_in(values: Fields) -> Said:
    """Return what a message says of an order's risk; without a provider it is Shopify's own word."""
    return Said(
        TestimonyKind.RISK,
        risk_word(values.text("risk_level", 40)),
        order=str(values.number("order_id")),
        at=values.time("created_at"),
        by=values.text("provider_title", 60) or OWN,
    )


def risks_of(node: Fields) -> tuple[Said, ...]:
    """Return what an answer of the API says of an order's risk now, of each who assessed it the last word."""
    order = node.text("legacyResourceId", 60)
    rows = node.part("risk").rows("assessments")
    words = {
        row.part("provider").text("title", 60) or OWN: risk_word(row.text("riskLevel", 40)) for row in rows
    }
    return tuple(Said(TestimonyKind.RISK, word, order=order, by=by) for by, word in words.items() if word)


def dispute_in(values: Fields) -> Said:
    """Return what becomes of a chargeback: opened, lost, won, or "" where it was prevented."""
    status = values.text("status", 40)
    when = values.time("finalized_on") if status in WORDS else None
    return Said(
        TestimonyKind.DISPUTE,
        WORDS.get(status, "opened"),
        order=str(values.number("order_id")),
        at=when or values.time("initiated_at"),
    )
