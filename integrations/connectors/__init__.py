"""Which systems can be connected: a name, and the module that speaks the system's language."""

from integrations.connectors import woocommerce
from integrations.connectors.base import Connector

CONNECTORS: dict[str, Connector] = {"woocommerce": woocommerce}
