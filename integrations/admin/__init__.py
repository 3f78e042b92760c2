"""The managers' pages about connections and what they sent."""

from integrations.admin import audits, connections, deliveries, inbounds, order_files, reconciliations, terms

__all__ = ["audits", "connections", "deliveries", "inbounds", "order_files", "reconciliations", "terms"]
