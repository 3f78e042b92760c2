"""The managers' pages about connections and what they sent."""

from integrations.admin import connections, inbounds

__all__ = ["connections", "inbounds"]
