"""What a connector answers whose system cannot be asked for orders."""

from integrations.connectors.base import Store
from tracking.orders import OrderIn, RefundLineIn


def has_keys(store: Store) -> bool:
    """It cannot be asked."""
    return False


def fetch_order(store: Store, order: str) -> OrderIn | None:
    """Return nothing: it is never asked."""
    return None


def fetch_refund_lines(
    store: Store, order: str, refund: str, currency: str
) -> tuple[RefundLineIn, ...] | None:
    """Return nothing: no lines will ever come."""
    return None
