"""What is to be written of one record, and all by which the record may be known there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.connectors import drafts
from integrations.connectors.records import Row
from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.defaults import NUMBERS
from integrations.connectors.salesforce.names import EMAIL, KEY, LINK, name_in
from integrations.connectors.salesforce.values import email_of, value_of, whole_second
from integrations.mapping.plain import moment_of


@dataclass(frozen=True, slots=True)
class Draft(drafts.Draft):
    """One record to write; `is_named`: Salesforce's own rule for duplicates named it, so what is filled there stays."""

    is_named: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """By what it is looked for."""
        return tuple(one for one in (self.key, self.remote_id, self.email) if one)


@dataclass(frozen=True, slots=True)
class Known:
    """A record as Salesforce has it now: in which object, its number, its values by small names."""

    sobject: str
    id: str
    values: Mapping[str, Any]

    def value(self, name: str) -> Any:
        """What stands in a field, by the name that a mapping has for it."""
        return self.values.get(name_in(self.sobject, name).lower())

    @property
    def key(self) -> str:
        """Our key, if it carries one."""
        return str(self.value(KEY) or "")

    @property
    def email(self) -> str:
        """Its address, as it is compared."""
        return email_of(self.value(EMAIL))

    @property
    def at(self) -> datetime | None:
        """When it was changed last."""
        return moment_of(self.value("SystemModstamp"))


def known_of(sobject: str, row: Mapping[str, Any]) -> Known:
    """Return a record as an answer tells it."""
    values = {str(name).lower(): whole_second(told) for name, told in row.items()}
    return Known(sobject, str(row.get("Id") or ""), values)


def draft_of(row: Row) -> Draft:
    """Return a row as Salesforce takes it."""
    values = {
        str(name): value_of(value, is_number=str(name).lower() in NUMBERS)
        for name, value in row.values.items()
    }
    values.pop(KEY, None)
    contact = str(values.pop(LINK, None) or "")
    remote_id = row.remote_id if soql.is_number(row.remote_id) else ""
    return Draft(row.key, values, remote_id, email_of(row.email or values.get(EMAIL)), contact)
