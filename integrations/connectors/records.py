"""What a connector of a CRM or shop can do: keep records of ours, and tell what people changed in them.

Connectors translate; which values are sent is decided by the engine (`integrations/actions/records`), by the mapping in
force, its rules for conflicts, and what both sides last agreed on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from integrations.connectors.base import Delivered, Store


@dataclass(frozen=True, slots=True)
class RemoteField:
    """A field of the far side's records: its name there, what people call it, its type, its choices if it has some.

    `kind` is one of text, number, money, date, time, yes_no, choice, choices; by one that `is_key` a record is found.
    """

    name: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    is_writable: bool = True
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One record of ours on its way: our key, what the far side calls it if that is known, and values by their names.

    `email` is what a person is found by where neither is known there yet.
    """

    key: str
    values: Mapping[str, Any]
    remote_id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A record as the far side has it before we write: our key, its name there, its values, and its last change."""

    key: str
    remote_id: str
    values: Mapping[str, Any]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: the far side's id, or a sentence why it was refused; `is_new` if it was made.

    `is_not_let`: refused only because our keys may not write such records; it is tried again once they may.
    """

    key: str
    remote_id: str = ""
    refusal: str = ""
    is_new: bool = False
    is_not_let: bool = False


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of all rows, in their order, and the exchange as a log keeps it, secrets masked."""

    outcomes: tuple[Outcome, ...]
    exchange: Delivered


@dataclass(frozen=True, slots=True)
class Change:
    """A record as the far side has it now; `is_ours` where our own writing changed it last.

    `key` is ours if the record carries it. `email` is the person's; a deal names its person by their number there
    (`contact`), if it has one.
    """

    remote_id: str
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    is_ours: bool = False
    is_gone: bool = False
    key: str = ""
    email: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some changes, the oldest first; `cursor` asks for the next ones, None at the end."""

    changes: tuple[Change, ...]
    cursor: str | None = None


@runtime_checkable
class KeepsRecords(Protocol):
    """A connector whose system keeps records of our customers ("contact") and of what they buy ("deal").

    `BATCH` rows go in one call at most. `OUT` and `IN` are the mappings that work at once: kind -> rows as
    `integrations.mapping` reads them; targets of OUT and sources of IN are the far side's names of fields. What goes
    wrong with the whole call raises a Failure; what is wrong with one row stands in its outcome.

    The first of RECORDS is the person. `LINKS` are targets that join a record to another one and fill no field: they
    are sent with each row. A module may say `IS_SHOP = True`: its records are the shop's own customers and orders
    ("order"). Then only those that this very shop told us of are written, `Row.remote_id` is the number by which it
    told them, and none is ever made.
    """

    RECORDS: tuple[str, ...]
    BATCH: int
    OUT: Mapping[str, Sequence[Mapping[str, Any]]]
    IN: Mapping[str, Sequence[Mapping[str, Any]]]

    def list_fields(self, store: Store, kind: str) -> tuple[RemoteField, ...]:
        """Return the fields that the far side has for a kind of record."""

    def make_fields(self, store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
        """Make the fields that are missing; return the names of those that were made."""

    def fetch_records(
        self, store: Store, kind: str, rows: Sequence[Row], names: Sequence[str]
    ) -> tuple[Found, ...]:
        """Return those of the rows' records that are there, with what stands in these fields; at most BATCH."""

    def upsert(self, store: Store, kind: str, rows: Sequence[Row]) -> Upserted:
        """Write rows, at most BATCH: an existing record is updated, never doubled; what is not named stays."""


def is_shop(connector: object) -> bool:
    """Say whether a connector's records are a shop's own customers and orders."""
    return bool(getattr(connector, "IS_SHOP", False))


@runtime_checkable
class TellsChanges(Protocol):
    """A connector whose system can be asked what people changed in its records.

    A message of such a system that says which record changed (`Reading(asks_changes=True)`) has it asked at once; else
    it is asked each minute, or each ASKED_EVERY (a timedelta) where a module says so because calls are dear there.
    """

    def list_changes(self, store: Store, kind: str, since: datetime, cursor: str | None) -> ChangePage:
        """Return what changed since then, the oldest first."""


@runtime_checkable
class FetchesRecords(Protocol):
    """A connector whose system can be asked for records that its message named: at once, and past a lagging index."""

    def fetch_changed(self, store: Store, kind: str, numbers: Sequence[str]) -> tuple[Change, ...]:
        """Return these records as they are now; at most BATCH."""
