"""Everything that crossed the border, in and out, newest first: what, about whom, with whom, when, and how it went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import Q

from integrations.about import About
from integrations.models import Connection, Delivery, Inbound
from integrations.states import DeliveryState, InboundState

OUT, IN = "out", "in"
# what it is called in the log -> the states of both sides
OUTCOMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "done": ((DeliveryState.DONE,), (InboundState.DONE,)),
    "waiting": ((DeliveryState.DUE,), (InboundState.RECEIVED, InboundState.PARKED)),
    "failed": ((DeliveryState.DEAD,), (InboundState.QUARANTINED,)),
    "left": ((DeliveryState.SKIPPED,), (InboundState.IGNORED,)),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; what is empty does not matter. `since` is in, `until` is not."""

    connections: Sequence[int]
    kind: str = ""
    about: About | None = None
    direction: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How far the reading is: the last row that was shown of each side; None before the first."""

    delivery: int | None = None
    inbound: int | None = None

    @classmethod
    def read(cls, text: str) -> "Place":
        """Read a place from an address; whatever is no place is the beginning."""
        out, _dot, came = text.partition(".")
        numbers = [
            int(part) if part.isascii() and part.isdigit() and len(part) < 19 else None
            for part in (out, came)
        ]
        return cls(*numbers)

    def __str__(self) -> str:
        return f"{self.delivery or ''}.{self.inbound or ''}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One crossing: a message of ours with its tries, or a request of theirs with its repeats."""

    number: int
    direction: str
    at: datetime
    connection: Connection
    kind: str
    about: str
    state: str
    state_words: str
    note: str
    times: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some transfers, and where the next ones begin; None at the end."""

    rows: list[Transfer] = field(default_factory=list)
    place: Place | None = None


def page_of(search: Search, place: Place, most: int) -> Page:
    """Return the next transfers, newest first: of each side so many as fit, merged by their time.

    Two queries by the keys of the rows, however far back the place is.
    """
    told = list(_deliveries(search, place)[: most + 1]) if search.direction != IN else []
    came = list(_inbounds(search, place)[: most + 1]) if search.direction != OUT else []
    # each side in its own order: no clock that was set back loses a row between two pages
    both = merge(map(_told, told), map(_came, came), key=lambda row: row.at, reverse=True)
    rows = list(islice(both, most))
    if len(told) + len(came) <= most:
        return Page(rows)
    ends = {row.direction: row.number for row in rows}  # the last one of each side stays
    return Page(rows, Place(ends.get(OUT, place.delivery), ends.get(IN, place.inbound)))


def all_of(search: Search, most: int, step: int = 1000) -> Iterator[Transfer]:
    """Yield all transfers, newest first, up to so many."""
    place: Place | None = Place()
    while place is not None and most > 0:
        page = page_of(search, place, min(step, most))
        yield from page.rows
        most, place = most - len(page.rows), page.place


def _deliveries(search: Search, place: Place) -> Any:
    rows = Delivery.objects.filter(connection__in=search.connections).defer("body")
    rows = _narrowed(rows, search, "created_at", "kind", 0)
    if search.about is not None:
        rows = rows.filter(object_key__in=search.about.keys)
    rows = rows.filter(id__lt=place.delivery) if place.delivery is not None else rows
    return rows.select_related("connection__program").order_by("-id")


def _inbounds(search: Search, place: Place) -> Any:
    rows = Inbound.objects.filter(connection__in=search.connections).defer("body", "headers")
    rows = _narrowed(rows, search, "received_at", "topic", 1)
    if search.about is not None:
        rows = rows.filter(subject__in=search.about.subjects)
    rows = rows.filter(id__lt=place.inbound) if place.inbound is not None else rows
    return rows.select_related("connection__program").order_by("-id")


def _narrowed(rows: Any, search: Search, time: str, what: str, side: int) -> Any:
    wanted = Q()
    if search.kind:
        wanted &= Q(**{f"{what}__startswith": search.kind.removesuffix("*")})
    if search.outcome in OUTCOMES:
        wanted &= Q(state__in=OUTCOMES[search.outcome][side])
    if search.since is not None:
        wanted &= Q(**{f"{time}__gte": search.since})
    if search.until is not None:
        wanted &= Q(**{f"{time}__lt": search.until})
    return rows.filter(wanted)


def _told(row: Delivery) -> Transfer:
    return Transfer(
        row.pk,
        OUT,
        row.created_at,
        row.connection,
        row.kind,
        row.object_key,
        row.state,
        row.get_state_display(),
        row.note,
        row.attempts,
    )


def _came(row: Inbound) -> Transfer:
    return Transfer(
        row.pk,
        IN,
        row.received_at,
        row.connection,
        row.topic,
        row.subject,
        row.state,
        row.get_state_display(),
        row.note,
        row.repeats + 1,
    )
