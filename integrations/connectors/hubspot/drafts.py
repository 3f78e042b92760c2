"""What is to be written of one record: values as HubSpot takes them, and all by which the record may be known there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.connectors.drafts import Draft
from integrations.connectors.hubspot.values import email_of, text_of
from integrations.connectors.records import Row

KEY = "affiliate_platform_id"  # the property by which our records are known; no two records have the same
CONTACT = "contact"  # of a deal: our key of its customer; no property of HubSpot's
EMAIL = "email"
CHANGED = {"contact": "lastmodifieddate", "deal": "hs_lastmodifieddate"}
OBJECTS = {"contact": "contacts", "deal": "deals"}


@dataclass(frozen=True, slots=True)
class Known:
    """A record as HubSpot has it now."""

    id: str
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Our key, if it carries one."""
        return str(self.values.get(KEY) or "")

    @property
    def emails(self) -> frozenset[str]:
        """All its addresses: the main one, and those of contacts that were merged into it."""
        more = str(self.values.get("hs_additional_emails") or "").split(";")
        return frozenset(email_of(one) for one in (self.values.get(EMAIL), *more)) - {""}


def draft_of(row: Row) -> Draft:
    """Return a row as HubSpot takes it."""
    values = {str(name): text_of(value) for name, value in row.values.items()}
    values.pop(KEY, None)
    contact = values.pop(CONTACT, "")
    return Draft(row.key, values, row.remote_id, email_of(row.email or values.get(EMAIL)), contact)
