"""Records on their way to a far side, in its own writing: one for each key, whatever the rows say twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from integrations.connectors.records import Row


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to write, and all by which it may be known there.

    `contact` is our key of the customer that a deal belongs to.
    """

    key: str
    values: Mapping[str, Any]
    remote_id: str = ""
    email: str = ""
    contact: str = ""


Drafted = TypeVar("Drafted", bound=Draft)


def drafts_of(rows: Iterable[Row], read: Callable[[Row], Drafted]) -> list[Drafted]:
    """Return one draft for each key, in the order of the rows: what a later row says of it holds."""
    drafts: dict[str, Drafted] = {}
    for row in rows:
        made, former = read(row), drafts.get(row.key)
        drafts[row.key] = made if former is None else _joined(former, made)
    return list(drafts.values())


def merged(drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return the values of several drafts of one record: what a later one says holds."""
    values: dict[str, Any] = {}
    for draft in drafts:
        values |= draft.values
    return values


def _joined(former: Drafted, later: Drafted) -> Drafted:
    return replace(
        later,
        values={**former.values, **later.values},
        remote_id=later.remote_id or former.remote_id,
        email=later.email or former.email,
        contact=later.contact or former.contact,
    )
