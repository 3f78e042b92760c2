"""Which clicks repeat one just before: the same answer in whatever order they come to be known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Seen:
    """A person's click; `person` is the visitor's id, or else network and browser, None where neither is known."""

    id: UUID
    link: int
    program: int
    at: datetime
    person: UUID | tuple[str, str] | None


def person_of(visitor: UUID | None, ip: str, user_agent: str) -> UUID | tuple[str, str] | None:
    """Return by what two clicks are known to be of one person; a browser alone is shared by too many."""
    return visitor or ((ip, user_agent) if ip and user_agent else None)


def repeats(clicks: Iterable[Seen], seconds: Mapping[int, int]) -> set[UUID]:
    """Return the clicks with another of the same person on the same link at most so many seconds before.

    `seconds` by program, 0 for never. Of two at the same instant the lower id is the first. Since every click of a
    person counts as one before, more clicks only ever make more repeats.
    """
    found: set[UUID] = set()
    last: dict[tuple[int, object], datetime] = {}
    for click in sorted(clicks, key=lambda one: (one.at, one.id)):
        if click.person is None:
            continue
        key, within = (click.link, click.person), seconds.get(click.program, 0)
        before = last.get(key)
        if within and before is not None and click.at - before <= timedelta(seconds=within):
            found.add(click.id)
        last[key] = click.at
    return found
