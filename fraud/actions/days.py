"""Affiliates' days are counted, and again where something came: a day is stale until its new counts stand.

Stale rows are counted a few at a time, each batch in one transaction with its counts: whoever is killed in between
leaves them stale, and whoever is at work at the same time takes others.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from django.db import connection, transaction
from django.utils import timezone

from affiliates.models import Program
from core.models import Event
from fraud.gathering.changes import (
    KEPT,
    clicked_days,
    matured_days,
    settled_days,
    sold_days,
    told_days,
)
from fraud.gathering.day_clicks import Words
from fraud.gathering.days import counted
from fraud.models import DayCount
from fraud.partners import Tally
from tracking.models import Bookmark

BATCH = 200  # affiliates of one day that are counted together
WRITTEN = 500  # rows of one statement
LATEST = timedelta(days=2)  # a click's row is not longer on its way
CHUNK = 5000  # events that are followed at once
MOST_CHUNKS = 50  # at a turn; the next one goes on from there
OVERLAP = timedelta(minutes=10)  # no transaction takes so long: events with lower ids have all come
EVENTS = "fraud.days"  # the bookmark in the events; each program has one of when its clicks were looked at


@transaction.atomic
def mark_stale(program: Program, pairs: Iterable[tuple[int, date]]) -> int:
    """Have days counted anew, or for the first time; return how many. In the order of their keys, so that two wait."""
    rows = [
        DayCount(program=program, enrollment_id=enrollment, day=day, is_stale=True)
        for enrollment, day in sorted(set(pairs))
    ]
    DayCount.objects.bulk_create(
        rows,
        batch_size=WRITTEN,
        update_conflicts=True,
        unique_fields=["enrollment", "day"],
        update_fields=["is_stale"],
    )
    return len(rows)


def count_all(*, at: datetime | None = None) -> int:
    """Count what came since the last time in all programs that are looked at; return how many days of affiliates."""
    now = at or timezone.now()
    programs = {one.pk: one for one in Program.objects.filter(is_screened=True).order_by("pk")}
    for _turn in range(MOST_CHUNKS):
        if not _follow_events(programs, now):
            break
    for program in programs.values():
        look(program, at=now)
    return sum(count_days(program, at=now) for program in programs.values())


# --- what came ---------------------------------------------------------------------------------------------------
@transaction.atomic
def look(program: Program, *, at: datetime) -> int:
    """Mark the days on which clicks came or return windows ended since the last look; return how many.

    A program that was not looked at for longer than clicks may be on their way is looked through from the beginning.
    """
    mark = _bookmark(f"{EVENTS}.{program.pk}")
    before, today = datetime.fromtimestamp(mark.place, UTC), program.local(at).date()
    is_long_ago = before < at - LATEST
    first = today - (KEPT if is_long_ago else LATEST)
    pairs = clicked_days(program, first, today) | settled_days(program, today - LATEST, today, at)
    pairs |= sold_days(program, first, today) if is_long_ago else matured_days(program, before, at)
    marked = mark_stale(program, _recent(pairs, today))
    mark.place = max(mark.place, int(at.timestamp()))
    mark.save(update_fields=["place"])
    return marked


@transaction.atomic
def _follow_events(programs: dict[int, Program], now: datetime) -> bool:
    """Mark the days of orders of which events tell; return whether there are more.

    The newest events are followed again the next time: one that was written before them may come after them.
    """
    mark = _bookmark(EVENTS)
    rows = Event.objects.filter(pk__gt=mark.place).order_by("pk")
    events = list(rows.only("kind", "scope_id", "subject_id", "data", "created_at")[:CHUNK])
    for number, pairs in told_days(programs, events).items():
        program = programs[number]
        mark_stale(program, _recent(pairs, program.local(now).date()))
    settled = [event.pk for event in takewhile(lambda one: one.created_at <= now - OVERLAP, events)]
    if settled:
        mark.place = settled[-1]
        mark.save(update_fields=["place"])
    return bool(settled) and len(events) == CHUNK


def _bookmark(name: str) -> Bookmark:
    """Locked, so that one follows after the other."""
    Bookmark.objects.get_or_create(name=name)
    return Bookmark.objects.select_for_update().get(name=name)


def _recent(pairs: Iterable[tuple[int, date]], today: date) -> list[tuple[int, date]]:
    return [pair for pair in pairs if today - KEPT <= pair[1]]


# --- counting ----------------------------------------------------------------------------------------------------
def count_days(program: Program, *, at: datetime | None = None) -> int:
    """Count all stale days of a program anew, the oldest first; return how many. What another worker is at is left."""
    now, words, done = at or timezone.now(), Words.of(program), 0
    stale = DayCount.objects.filter(program=program, is_stale=True).order_by("day")
    for day in list(stale.values_list("day", flat=True).distinct()):
        last = 0
        while rows := _count_some(program, day, last, words, now):
            last, done = rows[-1].enrollment_id, done + len(rows)
    return done


@transaction.atomic
def _count_some(program: Program, day: date, after: int, words: Words, at: datetime) -> list[DayCount]:
    """Lock some stale rows of a day, count, write: in between nobody else can."""
    stale = DayCount.objects.filter(program=program, day=day, is_stale=True, enrollment__gt=after)
    if connection.features.has_select_for_update_skip_locked:
        stale = stale.select_for_update(skip_locked=True)
    rows = list(stale.order_by("enrollment_id")[:BATCH])
    if not rows:
        return []
    begins, ends = program.span_of(day)
    is_forgotten = begins + timedelta(days=program.raw_days) <= at
    known = {row.enrollment_id: _clicks(row, ends, is_forgotten) for row in rows}
    tallies = counted(program, day, known, words, at)
    DayCount.objects.bulk_create(
        [
            DayCount(
                program=program,
                enrollment_id=one,
                day=day,
                counts=tally.as_json(),
                is_stale=False,
                counted_at=at,
            )
            for one, tally in tallies.items()
        ],
        batch_size=WRITTEN,
        update_conflicts=True,
        unique_fields=["enrollment", "day"],
        update_fields=["counts", "is_stale", "counted_at"],
    )
    return rows


def _clicks(row: DayCount, ends: datetime, is_forgotten: bool) -> Tally | None:
    """What was counted of a day's clicks stays once no more can come, or once their raw data has been forgotten."""
    if row.counted_at is None or not (is_forgotten or row.counted_at >= ends + LATEST):
        return None
    return Tally.from_json(row.counts)
