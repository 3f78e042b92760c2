"""What is wrong with a customer's record at a system, by what was agreed on and what was read there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.connectors.records import Found
from integrations.mapping import is_same
from integrations.mapping.plain import is_empty
from integrations.states import FindingKind

Y2001 = 978_307_200_000  # milliseconds: a smaller number is an amount, not a moment


@dataclass(frozen=True, slots=True)
class Subject:
    """A customer: our key, the address, the record's name there if we know it, and what both sides last agreed on."""

    key: str
    email: str = ""
    remote_id: str = ""
    agreed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read there: the record by our names for it, the one by the address, and which of them all live.

    `owners` are the customers that records belong to as far as we know: the record's name there -> our key.
    """

    found: Found | None = None
    by_email: Found | None = None
    alive: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; `other` is the second record there, or the second customer here."""

    kind: str
    key: str
    remote_id: str = ""
    field: str = ""
    other: str = ""
    ours: Any = None
    theirs: Any = None


def faults_of(subject: Subject, looked: Looked, needed: frozenset[str]) -> list[Fault]:
    """Return all that is wrong with a record; `needed` are the fields that must be filled there."""
    faults = [*_twice(subject, looked)]
    if not subject.remote_id:
        return faults  # it was never told: what stands there is theirs alone
    if looked.found is None:
        return [*faults, Fault(FindingKind.GONE, subject.key, subject.remote_id)]
    return [*faults, *_fields(subject, looked.found, needed)]


def _twice(subject: Subject, looked: Looked) -> Iterator[Fault]:
    ids = {one.remote_id for one in (looked.found, looked.by_email) if one is not None}
    shared = {number: looked.owners[number] for number in ids if _is_anothers(subject, looked, number)}
    for _number, owner in sorted(shared.items()):
        first, second = sorted((subject.key, owner), key=_in_order)
        if subject.key == second:  # told once, by the later one of the two
            yield Fault(FindingKind.TWICE_HERE, subject.key, _number, other=first)
    own = subject.remote_id or (looked.found.remote_id if looked.found else "")
    for number in sorted(looked.alive - {own} - set(shared)):
        if own in looked.alive:
            yield Fault(FindingKind.TWICE_THERE, subject.key, own, other=number)


def _is_anothers(subject: Subject, looked: Looked, number: str) -> bool:
    return looked.owners.get(number, subject.key) != subject.key


def _in_order(key: str) -> tuple[int, str]:
    number = key.partition(":")[2]
    return (int(number) if number.isascii() and number.isdigit() else 0, key)


def _fields(subject: Subject, found: Found, needed: frozenset[str]) -> Iterator[Fault]:
    for name in sorted(needed | set(subject.agreed)):
        ours, theirs = subject.agreed.get(name), found.values.get(name)
        if name in needed and is_empty(theirs):
            yield Fault(FindingKind.MISSING, subject.key, found.remote_id, name, ours=ours)
        elif name in subject.agreed and not says_the_same(ours, theirs):
            yield Fault(FindingKind.DIFFERS, subject.key, found.remote_id, name, ours=ours, theirs=theirs)


def says_the_same(one: Any, other: Any) -> bool:
    """Say whether two values mean the same, however systems write them: 42.40 and 42.4, a moment in any zone."""
    if is_same(one, other):
        return True
    if is_empty(one) or is_empty(other) or isinstance(one, dict) or isinstance(other, dict):
        return False
    if isinstance(one, list) or isinstance(other, list):
        return _parts(one) == _parts(other)
    first, second = str(one).strip(), str(other).strip()
    if first == second:
        return True
    numbers = _number(first), _number(second)
    if None not in numbers and numbers[0] == numbers[1]:
        return True
    moments = _moment(first), _moment(second)
    return None not in moments and moments[0] == moments[1]


def _parts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else str(value).replace(";", ",").split(",")
    return sorted(str(item).strip() for item in items if str(item).strip())


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _moment(text: str) -> datetime | None:
    """A moment in ISO 8601 or milliseconds since 1970, to the second."""
    try:
        if text.isascii() and text.isdigit() and len(text) > 8:
            number = int(text)
            return datetime.fromtimestamp(number // 1000, UTC) if number > Y2001 else None
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
