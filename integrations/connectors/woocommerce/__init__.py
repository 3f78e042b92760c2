"""WooCommerce: webhooks in, its REST API (wc/v3) where the owner gave us keys."""

from integrations.connectors.woocommerce.api import fetch_order, fetch_refund_lines, has_keys
from integrations.connectors.woocommerce.parse import read
from integrations.connectors.woocommerce.setup import check, register
from integrations.connectors.woocommerce.verify import receive

__all__ = ["check", "fetch_order", "fetch_refund_lines", "has_keys", "read", "receive", "register"]
