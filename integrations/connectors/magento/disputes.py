"""What Magento says of disputes: its own PayPal module sets an order's status when PayPal takes a payment back.

A case that PayPal only opens stands in a comment, in the store's language, and so is not heard.
"""

from collections.abc import Iterable

from fraud.states import TestimonyKind
from integrations.connectors.base import Said
from integrations.connectors.body import Fields

BY = "PayPal"
WORDS = {
    "paypal_reversed": "opened",
    "paypal_canceled_reversal": "won",
}  # status -> what becomes of the dispute


def disputes_in(orders: Iterable[Fields]) -> tuple[Said, ...]:
    """Return what the statuses of orders say of disputes; any other status says nothing, and takes nothing back."""
    return tuple(
        Said(
            TestimonyKind.DISPUTE,
            WORDS[status],
            order=str(order.number("entity_id")),
            at=order.time("updated_at"),
            by=BY,
        )
        for order in orders
        if (status := order.text("status", 40)) in WORDS
    )
