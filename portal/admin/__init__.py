"""The managers' pages about brands, keys, the audit trail and the quarantine (the site itself: portal/console.py)."""

from portal.admin import brands, events, keys

__all__ = ["brands", "events", "keys"]
