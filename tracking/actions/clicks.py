"""What becomes of clicks off the hot path: they are read, and what is raw in them is forgotten in time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from affiliates.models import AttributionTerms, Enrollment, Program
from tracking.models import Click, Impression
from tracking.reading import Seen, read_agent, read_source, repeats
from tracking.reading.repeats import person_of

BATCH = 1000
MOST_BATCHES = 60  # of one round; the next one, ten seconds later, goes on
CLUSTERS = 8  # into how many parts a batch is cut at most
PAUSE = timedelta(minutes=10)  # shorter ones are no place to cut
# So long after the window a store may still tell of an order, and pay per click may look at a day again.
SETTLED = timedelta(days=35)
SEEN = ("id", "link_id", "program_id", "at", "visitor", "ip", "user_agent")


class Reading(NamedTuple):
    """What was read off one click, as it is stored."""

    source: str
    device: str
    browser: str
    os: str


def read_clicks(*, batch: int = BATCH) -> int:
    """Read what is unread, the oldest first; return how many clicks. Safe for many workers, and to repeat.

    `is_bot` stays as the edge had it, also where a newer list would say otherwise: decisions and pay per click may
    have gone by it already, and what was paid does not hang on when a list was updated.
    """
    read = 0
    for _round in range(MOST_BATCHES):
        found = _read_batch(batch)
        read += found
        if found < batch:
            break
    return read


def _read_batch(size: int) -> int:
    """Work out outside the transaction what needs no other row, so that the one writer of SQLite is held up shortly."""
    unread = Click.objects.filter(is_read=False).order_by("pk")
    columns = ("pk", "user_agent", "referrer", "utm", "destination")
    readings = {row[0]: _reading(*row[1:]) for row in unread.values_list(*columns)[:size]}
    return _write(readings) if readings else 0


def _reading(user_agent: str, referrer: str, utm: dict[str, str], destination: str) -> Reading:
    agent = read_agent(user_agent)
    return Reading(
        read_source(referrer, utm, destination), agent.device if user_agent else "", agent.browser, agent.os
    )


@transaction.atomic
def _write(readings: dict[UUID, Reading]) -> int:
    """Write what was read, with the repeats; a click that another worker holds or has read meanwhile is left to it."""
    rows = Click.objects.filter(pk__in=list(readings), is_read=False).order_by("at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    mine = [(_seen(row[:-1]), row[-1]) for row in rows.values_list(*SEEN, "is_bot")]
    people = [seen for seen, is_bot in mine if not is_bot]
    repeated = _repeats_around(people)
    own = {seen.id for seen, _is_bot in mine}
    _store([(pk, *readings[pk], pk in repeated) for pk in sorted(own)])
    later = sorted(repeated - own)
    if later:  # a click that came late makes repeats of those after it, read or not
        Click.objects.filter(pk__in=later, is_duplicate=False).update(is_duplicate=True)
    return len(mine)


def _repeats_around(people: list[Seen]) -> set[UUID]:
    """Return the repeats among these clicks, in order of time, and those shortly before and after them."""
    programs = Program.objects.filter(pk__in={one.program for one in people})
    seconds = dict(programs.values_list("pk", "duplicate_seconds"))
    within = timedelta(seconds=max(seconds.values(), default=0))
    if not within:
        return set()
    nameless = [one for one in people if isinstance(one.person, tuple)]
    around = [_of_visitors(people, within), *(_of_networks(some, within) for some in _clusters(nameless))]
    return repeats({*people, *(seen for rows in around for seen in rows)}, seconds)


def _of_visitors(people: list[Seen], within: timedelta) -> list[Seen]:
    """Return all clicks of the same visitors on the same links in their time: a visitor's are few."""
    visitors = {one.person for one in people if isinstance(one.person, UUID)}
    return _rows(_near(people, within).filter(visitor__in=visitors)) if visitors else []


def _of_networks(people: list[Seen], within: timedelta) -> list[Seen]:
    """Return all clicks without a visitor's id from the same networks in their time."""
    networks = {one.person[0] for one in people if isinstance(one.person, tuple)}
    nameless = _near(people, within).filter(visitor=None, program__in={one.program for one in people})
    return _rows(nameless.filter(ip__in=networks))


def _near(people: list[Seen], within: timedelta) -> QuerySet[Any]:
    links = {one.link for one in people}
    begins, ends = people[0].at - within, people[-1].at + within
    return Click.objects.filter(is_bot=False, link__in=links, at__gte=begins, at__lte=ends)


def _clusters(people: list[Seen]) -> list[list[Seen]]:
    """Cut clicks in order of time at the longest pauses, so that late ones make no span of days."""
    pauses = sorted(
        ((other.at - one.at, place) for place, (one, other) in enumerate(pairwise(people), 1)), reverse=True
    )
    cuts = sorted(place for pause, place in pauses[: CLUSTERS - 1] if pause > PAUSE)
    ends = [*cuts, len(people)]
    return [people[start:end] for start, end in zip([0, *cuts], ends, strict=True) if people[start:end]]


def _rows(clicks: QuerySet[Any]) -> list[Seen]:
    return [_seen(row) for row in clicks.values_list(*SEEN)]


def _seen(row: Sequence[Any]) -> Seen:
    pk, link, program, at, visitor, ip, user_agent = row
    return Seen(pk, link, program, at, person_of(visitor, ip, user_agent))


def _store(rows: list[tuple[Any, ...]]) -> None:
    """One statement for all; a row is (id, source, device, browser, os, is a repeat)."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_UPDATE_MANY, [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(_UPDATE_ONE, [(*rest, pk.hex) for pk, *rest in rows])


_UPDATE_MANY = """
    UPDATE tracking_click AS click
    SET source = row.source, device = row.device, browser = row.browser, os = row.os,
        is_duplicate = click.is_duplicate OR row.is_repeat, is_read = true
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])
        AS row(id, source, device, browser, os, is_repeat)
    WHERE click.id = row.id AND NOT click.is_read
"""
_UPDATE_ONE = """
    UPDATE tracking_click
    SET source = %s, device = %s, browser = %s, os = %s, is_duplicate = is_duplicate OR %s, is_read = 1
    WHERE id = %s AND NOT is_read
"""


def forget_raw(*, at: datetime | None = None, batch: int = BATCH) -> int:
    """Blank the raw data of clicks, and delete views, whose time of keeping is over; return how many rows changed.

    Address, browser text, referrer and the queries of addresses go after the program's raw days. The visitor's id goes
    once the click can be neither credited nor paid any more either (window and SETTLED), and with it the marks of
    visitors without an id, by which pay per click tells them apart. The clicks themselves, what was read off them, and
    every figure stay. Each batch is a transaction of its own; what was cut short goes on with the next round.
    """
    now = at or timezone.now()
    return sum(_forget_in(program, now, batch) for program in Program.objects.order_by("pk"))


def _forget_in(program: Program, now: datetime, batch: int) -> int:
    raw = now - timedelta(days=program.raw_days)
    terms = AttributionTerms.objects.filter(program=program)
    longest = terms.aggregate(click=Max("window_hours"), view=Max("view_hours"))
    settled = min(raw, now - timedelta(hours=longest["click"] or 0) - SETTLED)
    clicks = Click.objects.filter(program=program, is_read=True)
    is_over = Q(at__lt=settled) | Q(at__lt=raw, visitor__isnull=False)
    forgotten = _in_batches(clicks.filter(is_over, is_bare=False, at__lt=raw), batch, _make_bare)
    known = clicks.filter(is_bare=True, visitor__isnull=False, at__lt=settled)
    forgotten += _in_batches(known, batch, _make_nameless)
    views = raw - timedelta(hours=longest["view"] or 0)
    return forgotten + sum(
        _in_batches(Impression.objects.filter(enrollment__in=some, at__lt=views), batch, _delete)
        for some in _enrollments(program)
    )


def _in_batches(due: QuerySet[Any], batch: int, forget: Any) -> int:
    """Do to the rows that are due what makes them so no longer, from the oldest on."""
    done, rows = 0, due.order_by("at").values_list("pk", "at")
    while found := list(rows[:batch]):
        done += forget([pk for pk, _at in found])
        rows = rows.filter(at__gte=found[-1][1])
    return done


@transaction.atomic
def _make_bare(keys: list[UUID]) -> int:
    rows = list(Click.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    for row in rows:
        row.ip = row.user_agent = row.referrer = ""
        row.landing, row.destination = _without_query(row.landing), _without_query(row.destination)
        row.is_bare = True
    blank = ["ip", "user_agent", "referrer", "landing", "destination", "is_bare"]
    Click.objects.bulk_update(rows, blank, batch_size=100)
    return len(rows)


def _make_nameless(keys: list[UUID]) -> int:
    return Click.objects.filter(pk__in=keys).update(visitor=None)


def _delete(keys: list[UUID]) -> int:
    return Impression.objects.filter(pk__in=keys).delete()[0]


def _without_query(address: str) -> str:
    try:
        parts = urlsplit(address)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    except ValueError:  # not an address that can be taken apart: nothing after the first mark stays
        return address.partition("?")[0].partition("#")[0]


def _enrollments(program: Program) -> Iterator[list[int]]:
    """Yield the ids of the program's memberships, some at a time: views are found by them."""
    keys = list(Enrollment.objects.filter(program=program).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), 500):
        yield keys[start : start + 500]
