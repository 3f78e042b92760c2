"""What is to be written of one record, and what a record is that Pipedrive has."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.connectors.drafts import Draft
from integrations.connectors.pipedrive.api import Json, inside, rows
from integrations.connectors.pipedrive.fields import Fields
from integrations.connectors.pipedrive.standard import CONTACT, KEY
from integrations.connectors.pipedrive.values import email_of, plain
from integrations.connectors.records import Row
from integrations.mapping.plain import moment_of

BEGINNING = datetime.min.replace(tzinfo=UTC)
LISTS = {"email": "emails", "phone": "phones"}  # a person has several of each


@dataclass(frozen=True, slots=True)
class Known:
    """A record as Pipedrive has it now."""

    record: Json

    @property
    def id(self) -> str:
        """Its number."""
        number = self.record.get("id")
        return str(number) if isinstance(number, int) and not isinstance(number, bool) else ""

    @property
    def at(self) -> datetime:
        """When it was changed last."""
        return moment_of(self.record.get("update_time")) or BEGINNING

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted; Pipedrive keeps such ones for 30 days."""
        return self.record.get("is_deleted") is True or self.record.get("status") == "deleted"

    @property
    def custom(self) -> Json:
        """Its custom fields by their 40 letters."""
        return inside(self.record, "custom_fields")

    @property
    def person(self) -> str:
        """Of a deal: the number of its person."""
        told = self.record.get("person_id")
        number = told.get("value") if isinstance(told, dict) else told
        return str(number) if isinstance(number, int) else ""

    def key(self, fields: Fields) -> str:
        """Return our key, if it carries one."""
        return str(self.custom.get(fields.key().code) or "")

    def listed(self, name: str) -> list[str]:
        """Return a person's addresses or telephone numbers, the main one first."""
        told = sorted(rows(self.record, LISTS[name]), key=lambda one: one.get("primary") is not True)
        return [str(one["value"]) for one in told if one.get("value")]

    @property
    def emails(self) -> list[str]:
        """A person's addresses, as they are compared."""
        return [email_of(one) for one in self.listed("email")]

    def values(self, fields: Fields) -> dict[str, Any]:
        """Return all that is told of it, by the names that mappings have for its fields."""
        told: dict[str, Any] = {
            name: plain(field, self.record.get(name)) for name, field in fields.standard.items()
        }
        if fields.kind == "contact":
            told |= {name: next(iter(self.listed(name)), None) for name in LISTS}
        for field in fields.custom:
            told[field.code] = plain(field, self.custom.get(field.code))
        told |= {name: told[field.code] for name, field in fields.by_name.items() if name not in told}
        return told


def draft_of(row: Row) -> Draft:
    """Return a row as it is to be written."""
    values = {str(name): value for name, value in row.values.items() if name not in (KEY, CONTACT)}
    is_number = row.remote_id.isascii() and row.remote_id.isdigit() and len(row.remote_id) < 19
    return Draft(
        row.key,
        values,
        row.remote_id if is_number else "",
        email_of(row.email or values.get("email")),
        str(row.values.get(CONTACT) or ""),
    )
