"""Reads what a study compares: the journeys of orders, and from clicks and views those that led to none.

Everything is read in chunks and kept as counts or as a few numbers for each click; visitors are worked through a part
at a time, so that the memory it takes does not grow with the clicks of a program.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform

from affiliates.models import AttributionTerms, Enrollment, Program
from tracking.attribution.comparison import Decay, credited
from tracking.attribution.paths import PathCounts, Paths, visits
from tracking.models import Click, Decision, Impression, Journey
from tracking.states import OrderState

CHUNK = 5000
MOST_TOUCHES = 4_000_000  # read from clicks and views at a time: about 200 MB
Beat = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Period:
    """What is studied: a program from `begins_at` on and before `ends_at`, under the terms then in force."""

    program: Program
    begins_at: datetime
    ends_at: datetime
    terms: AttributionTerms


@dataclass(frozen=True, slots=True)
class Gathered:
    """All journeys of a period; `foreign` orders are in another currency and count without their value.

    `clicked` are the paths of orders as rules share them.
    """

    paths: Paths
    clicked: Paths
    decay: Decay
    foreign: int


def gather(period: Period, beat: Beat = lambda: None) -> Gathered:
    """Read all journeys of a period; `beat` is called after each chunk."""
    converted = _Converted(period, beat)
    converted.read()
    converted.counts.add_nulls(_null_paths(period, converted.touched, beat))
    paths = converted.counts.paths()
    return Gathered(paths, converted.clicked.paths(), converted.decay, converted.foreign)


class _Converted:
    """The journeys of orders; `touched` are the clicks and views of whoever ordered, also a window later."""

    def __init__(self, period: Period, beat: Beat) -> None:
        self.period, self.beat = period, beat
        self.counts, self.clicked = PathCounts(), PathCounts()
        self.decay = Decay(period.terms.half_life_hours * 3600.0)
        self.foreign = 0
        self.touched: set[bytes] = set()

    def read(self) -> None:
        """Count the journeys of the period."""
        period = self.period
        until = period.ends_at + period.terms.window
        rows = Journey.objects.filter(program=period.program, at__gte=period.begins_at, at__lt=until)
        ids = array("q", rows.order_by("at", "pk").values_list("pk", flat=True).iterator())
        for start in range(0, len(ids), CHUNK):
            self._chunk(ids[start : start + CHUNK].tolist())
            self.beat()

    def _chunk(self, ids: list[int]) -> None:
        rows = Journey.objects.filter(pk__in=ids, program=self.period.program)
        columns = ("conversion", "at", "path", "value", "currency", "conversion__order__state")
        found = list(rows.values_list(*columns))
        self._note([conversion for conversion, *_rest in found])
        paths, ages, values = [], [], []
        for _conversion, at, path, value, currency, state in found:
            if not path or state != OrderState.SALE or at >= self.period.ends_at:
                continue
            is_foreign = currency != self.period.program.currency
            self.foreign += is_foreign
            shared = credited(path)
            paths.append([touch[0] for touch in shared])
            ages.append([touch[1] for touch in shared])
            values.append(0 if is_foreign else value)
            self.counts.add((touch[0] for touch in path), conversions=1, value=values[-1])
            self.clicked.add(paths[-1], conversions=1, value=values[-1])
        self.decay.add(paths, ages, values)

    def _note(self, conversions: list[int]) -> None:
        """Keep by which clicks and views the decisions found these buyers."""
        rows = Decision.objects.filter(
            conversion__in=conversions, is_current=True, program=self.period.program
        )
        for touches in rows.values_list(KeyTransform("touches", "trace"), flat=True):
            for touch in touches or ():
                if number := touch.get("click"):
                    self.touched.add(UUID(number).bytes)


def _null_paths(period: Period, touched: set[bytes], beat: Beat) -> Iterator[list[int]]:
    """Yield the paths of visitors who did not order, each with a touch in the period, the oldest touch first."""
    earliest = period.begins_at - period.terms.window
    clicks = Click.objects.filter(
        program=period.program, is_bot=False, is_duplicate=False, at__lt=period.ends_at
    )
    active = set(Enrollment.objects.active().filter(program=period.program).values_list("pk", flat=True))
    views = _views(period, active) if period.terms.view_hours else []
    count = sum(each.filter(at__gte=earliest).count() for each in (clicks, *views))
    parts = 1 + count // MOST_TOUCHES
    for part in range(parts):
        seen = _Seen(touched, active, parts, part)
        for rows in (clicks, *views):
            for chunk in _chunks(rows, earliest):
                seen.add(chunk, is_view=rows is not clicks)
                beat()
        yield from seen.paths(period)


def _views(period: Period, active: Iterable[int]) -> list[QuerySet[Any]]:
    """The views of each affiliate: they are found by affiliate and time, not by program."""
    views = Impression.objects.filter(is_bot=False, at__lt=period.ends_at)
    return [views.filter(enrollment=one) for one in sorted(active)]


def _chunks(rows: QuerySet[Any], since: datetime) -> Iterator[list[tuple[UUID, UUID | None, int, datetime]]]:
    """Read clicks or views in the order of time, a chunk at a time, from where the last one ended.

    The only bound from below is the last row's time, so that the index by time is entered there.
    """
    known = Q(pk__in=())
    while True:
        ordered = rows.filter(at__gte=since).exclude(known).order_by("at", "id")
        chunk = list(ordered.values_list("id", "visitor", "enrollment", "at")[:CHUNK])
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        number, _visitor, _enrollment, since = chunk[-1]
        known = Q(at=since, id__lte=number)


class _Seen:
    """The clicks and views of a part of all visitors, as numbers; a click without a visitor stands for itself."""

    def __init__(self, touched: set[bytes], active: set[int], parts: int, part: int) -> None:
        self.touched, self.active, self.parts, self.part = touched, active, parts, part
        self.visitors = bytearray()
        self.at, self.enrollments = array("d"), array("q")
        self.ordered, self.is_view = bytearray(), bytearray()

    def add(self, rows: Sequence[tuple[UUID, UUID | None, int, datetime]], *, is_view: bool) -> None:
        """Keep those of this part's visitors."""
        for number, visitor, enrollment, at in rows:
            who = visitor or number
            if who.int % self.parts != self.part or enrollment not in self.active:
                continue
            self.visitors += who.bytes
            self.at.append(at.timestamp())
            self.enrollments.append(enrollment)
            self.ordered.append(number.bytes in self.touched)
            self.is_view.append(is_view)

    def paths(self, period: Period) -> Iterator[list[int]]:
        """Yield the paths of those who did not order."""
        visitors = np.frombuffer(bytes(self.visitors), dtype=">u8").reshape(-1, 2).astype(np.uint64)
        at, enrollments = np.array(self.at), np.array(self.enrollments)
        is_view = np.array(self.is_view, dtype=bool)
        keep = ~_of_buyers(visitors, np.array(self.ordered, dtype=bool))
        visitors, at, enrollments, is_view = visitors[keep], at[keep], enrollments[keep], is_view[keep]
        begins, counts_for = period.begins_at.timestamp(), period.terms.view_window / timedelta(seconds=1)
        for places in visits(visitors, at, period.terms.window.total_seconds()):
            newest = at[places[-1]]
            if newest < begins:
                continue
            late = at[places] >= newest - counts_for
            path = enrollments[places[late | ~is_view[places]]]
            yield path.tolist()


def _of_buyers(visitors: Any, ordered: Any) -> Any:
    """For each touch whether its visitor ordered by any of them."""
    if not ordered.any():
        return ordered
    _same, who = np.unique(visitors, axis=0, return_inverse=True)
    return (np.bincount(who.ravel(), ordered) > 0)[who.ravel()]
