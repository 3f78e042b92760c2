"""`python -m benchmarks._screened SCALE PROCESS...`: fills the database of the environment, screens it, and prints.

The last line is JSON: name -> [seconds of the processor of each turn]. The processes are the database server's own,
whose seconds count as well.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from time import monotonic, process_time
from typing import Any
from uuid import UUID, uuid4

import django

from benchmarks._cpu import seconds

CLICKS, CLICKS_OF_ONE = 1_000_000, 576  # at scale 1; of one partner in 90 days, on average
FEW = 1000  # sales of the small program
TURNS = 5
BARE = 20  # times that the bare work is done in a turn, for it is short
BATCH = 200  # sales that are screened together, as fraud.actions.screening does
MOST_SECONDS = 1200.0  # for all sales of the large program; what is not screened by then is left out
RICHER = 2.3  # times as many orders of a click: one of ten clicks in the end


@dataclass
class Found:
    """Seconds of the processor by name, one for each turn, and what is said to people."""

    processes: tuple[int, ...]
    turns: dict[str, list[float]] = field(default_factory=dict)

    def timed(self, name: str, work: Callable[[], Any], times: int = 1) -> float:
        """Do it so many times, note what it took once, and return that."""
        begun = self._used()
        for _time in range(times):
            work()
        took = (self._used() - begun) / times
        self.turns.setdefault(name, []).append(took)
        return took

    def _used(self) -> float:
        return process_time() + (seconds(*self.processes) if self.processes else 0.0)


def main(scale: float, processes: Sequence[int]) -> None:
    """Measure everything once."""
    found = Found(tuple(processes))
    small = _program("small", _world(3, max(2, round(FEW / 45))))
    _screen_before(small)
    _take_turns(small, found, "few")
    large = _program("large", _world(4, max(40, round(CLICKS * scale / CLICKS_OF_ONE))))
    _look_at_tables()
    print(f"{len(large.clicks)} clicks, {len(large.sales)} sales of {large.partners} partners", flush=True)
    _count(large, found)
    begun, done = monotonic(), 0

    def screen_all() -> None:
        nonlocal done
        done = _screen_before(large)

    took = found.timed("all", screen_all)
    _look_at_tables()
    print(f"{done} sales screened in {monotonic() - begun:.0f} s, {done / took:.0f} in a second of CPU")
    _take_turns(large, found, "many")
    print(json.dumps(found.turns), flush=True)


# --- what is measured ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Filled:
    """A program with a world in it: the keys of its sales in order of time, and of its clicks."""

    program: Any
    sales: list[int]
    clicks: list[UUID]
    partners: int
    end: datetime


def _screen_before(filled: Filled) -> int:
    """All sales but those of the turns, the oldest first, for so long as there is time; return how many."""
    from fraud.actions.screening import screen_conversions

    until, done = monotonic() + MOST_SECONDS, 0
    for part in _parts(filled.sales[: -BATCH * TURNS]):
        if monotonic() > until:
            print(f"stopped after {MOST_SECONDS:.0f} s", flush=True)
            break
        done += screen_conversions(filled.program, part, at=filled.end)
    return done


def _look_at_tables() -> None:
    """What the daily schedule does on SQLite, and PostgreSQL by itself some time after so many rows came."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _take_turns(filled: Filled, found: Found, name: str) -> None:
    """Batches of the newest sales, screened and read barely in turns; a batch is screened once and read after it."""
    from fraud.actions.screening import screen_conversions

    for part in _parts(filled.sales[-BATCH * TURNS :]):
        found.timed(name, partial(screen_conversions, filled.program, part, at=filled.end))
        found.timed(f"bare {name}", partial(_read_and_write, part), BARE)


def _read_and_write(sales: Sequence[int]) -> None:
    """The least: each order is read as a dictionary, and a row is written for it."""
    from tracking.models import Bookmark, Order

    rows = [
        Bookmark(name=str(uuid4()), place=order["total"])
        for order in Order.objects.filter(conversion__in=sales).values("pk", "total", "snapshot")
    ]
    Bookmark.objects.bulk_create(rows)


def _count(filled: Filled, found: Found) -> None:
    """All days, then those of one per cent of new clicks, then the whole night's work; and reading every click."""
    from fraud.actions.screening import screen_program

    program, at = filled.program, filled.end + timedelta(hours=3)
    found.timed("all days", lambda: _look_and_count(program, at))
    later = at + timedelta(minutes=10)
    _more_clicks(filled, later)
    found.timed("new days", lambda: _look_and_count(program, later))
    found.timed("every click", lambda: _read_clicks(program))
    found.timed("first night", lambda: screen_program(program, at=later))
    found.timed("night", lambda: screen_program(program, at=later + timedelta(minutes=10)))


def _look_and_count(program: Any, at: datetime) -> None:
    from fraud.actions import days

    days.look(program, at=at)
    if not days.count_days(program, at=at):
        raise RuntimeError("there was no day to count")


def _read_clicks(program: Any) -> int:
    from tracking.models import Click

    names = ("enrollment_id", "at", "visitor", "network_kind", "fetch_dest", "referrer", "is_bot")
    rows = Click.objects.filter(program=program).values(*names)
    return sum(1 for _row in rows.iterator(2000))


def _more_clicks(filled: Filled, at: datetime) -> None:
    """One per cent of the clicks come once more, in the last hours."""
    from tracking.clickid import issue
    from tracking.models import Click

    fresh = []
    rows = Click.objects.in_bulk(filled.clicks[::100])
    for place, row in enumerate(rows.values()):
        row.at = at - timedelta(seconds=20 + place % 7200)
        row.pk = UUID(issue(row.link_id, row.at)[0])
        fresh.append(row)
    Click.objects.bulk_create(fresh, 2000)


def _parts(rows: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(rows)
    while part := list(islice(rest, BATCH)):
        yield part


# --- what is there to measure --------------------------------------------------------------------------------
def _world(seed: int, partners: int) -> Any:
    """So many partners of all kinds who sell well, and each scheme once."""
    from tests.fraud.world import SCHEMES
    from tests.fraud.world.draft import Draft
    from tests.fraud.world.honest import KINDS, nature_of, partner

    draft = Draft(seed, 90)
    for promotion, (share, _nature) in KINDS.items():
        for _one in range(max(1, round(share * partners))):
            nature = nature_of(draft, promotion)
            partner(draft, promotion, replace(nature, rate=min(0.5, nature.rate * RICHER)))
    for name, scheme in SCHEMES.items():
        scheme(draft, name)
    return draft.world()


def _program(slug: str, world: Any) -> Filled:
    from affiliates import actions
    from affiliates.models import Merchant
    from tests.fraud.world.draft import DAY
    from tests.fraud.world.stored import FOUNDED, store, when

    merchant = Merchant.objects.create(name=slug, slug=slug)
    program = actions.create_program(
        merchant,
        name=slug,
        slug=slug,
        currency="EUR",
        home_url="https://shop.example.com/",
        allowed_hosts=["shop.example.com"],
        at=FOUNDED,
    )
    stored = store(world, program)
    sales = [stored.conversions[sale.conversion].pk for sale in world.sales]
    return Filled(program, sales, list(stored.clicks.values()), len(world.accounts), when(world.days * DAY))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    main(float(sys.argv[1]), [int(process) for process in sys.argv[2:]])
