"""The counters as rows: read before a sale, noted after it, and followed up where they move other sales.

Orders that read the same counters come one after the other: whoever reads them holds the enrollment's row, and the
program's where it has a budget. What is counted goes by the order (occurred_at, conversion), not by arrival.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q, Sum

from affiliates.models import Enrollment, Program
from commissions.actions.facts import Due, Facts, plan_of
from commissions.actions.plans import plan_version_for
from commissions.counters import CALENDAR, METRICS, SPENT, Counters, Span, Tally, Window, days_of, span
from commissions.counting import Counted, counted_of
from commissions.models import Closing, PlanVersion, Volume
from commissions.plan import Plan
from core import events
from tracking.models import Conversion

COLUMNS = (*METRICS, SPENT)  # of Volume, each a metric


def plans_of(program: Program) -> list[Plan]:
    """Return every version of the program's plans that reads counters, parsed; [] for most programs."""
    rows = PlanVersion.objects.filter(plan__program=program, plan__is_counting=True).order_by("pk")
    return [plan_of(version, program.currency) for version in rows]


def share_program(program: Program) -> None:
    """Keep the program's plans from beginning to count until the transaction ends: `publish` waits for those before.

    Foreign keys take this share as well, but only at the end.
    """
    if connection.vendor == "postgresql":
        table = Program._meta.db_table
        list(Program.objects.raw(f"SELECT id FROM {table} WHERE id = %s FOR KEY SHARE", [program.pk]))  # noqa: S608


def windows_of(plans: Iterable[Plan]) -> frozenset[Window]:
    """Return all that any of the plans counts."""
    return frozenset().union(*(plan.windows for plan in plans))


def hold_counters(program: Program, enrollments: Iterable[int], windows: Iterable[Window]) -> None:
    """Wait for whoever reads or moves the same counters now."""
    if not windows:
        return
    if any(window.metric == SPENT for window in windows):
        Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    rows = Enrollment.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=list(enrollments))
    list(rows.order_by("pk").values_list("pk"))


def counters_before(facts: Facts) -> Counters:
    """Return what stood on the counters that the plan reads, by the sales that came before this one."""
    if facts.plan is None or not facts.plan.windows:
        return Counters({})
    windows = sorted(facts.plan.windows)
    own = [window for window in windows if window.metric != SPENT]
    found = {number: dict.fromkeys(own, 0) for number in facts.earners}
    spent = {window: 0 for window in windows if window.metric == SPENT}
    for period in sorted({window.period for window in windows}):
        rows = _before(facts.conversion, period)
        for window in (window for window in spent if window.period == period):
            spent[window] = rows.aggregate(sum=Sum("spent"))["sum"] or 0
        asked = [window for window in own if window.period == period]
        for number, window, value in _sums(rows, asked, facts.earners):
            found[number][window] = value
    return Counters(found, spent)


def _sums(rows: Any, windows: list[Window], enrollments: list[int]) -> Iterator[tuple[int, Window, int]]:
    if not windows:
        return
    sums = {f"sum_{window.metric}": Sum(window.metric) for window in windows}
    own = rows.filter(enrollment__in=enrollments).order_by().values("enrollment").annotate(**sums)
    for row in own:
        for window in windows:
            yield row["enrollment"], window, row[f"sum_{window.metric}"] or 0


def _before(conversion: Conversion, period: str) -> Any:
    """The program's rows of the period that came before the conversion."""
    at, program = conversion.occurred_at, conversion.program
    earlier = Q(occurred_at__lt=at) | Q(occurred_at=at, conversion__lt=conversion.pk)
    rows = Volume.objects.filter(earlier, program=program)
    start = span(period, local(program, at)).start
    if start is None:
        return rows
    instant = start.replace(tzinfo=ZoneInfo(program.time_zone))
    if days_of(period) is not None:
        return rows.filter(occurred_at__gt=instant)
    return rows.filter(occurred_at__gte=instant)


def local(program: Program, at: datetime) -> datetime:
    """Return the instant on the program's clock, without zone."""
    return program.local(at).replace(tzinfo=None)


def volumes_of(conversion: Conversion) -> dict[int, Volume]:
    """Return enrollment -> what the conversion counted for it so far."""
    return {row.enrollment_id: row for row in Volume.objects.filter(conversion=conversion)}


def note_volume(
    facts: Facts, due: Due, counters: Counters, rows: dict[int, Volume], plans: list[Plan], at: datetime
) -> None:
    """Write what the conversion counts now; where that moves others by one of the program's plans, tell it."""
    conversion = facts.conversion
    counted = counted_of(facts.value.goal, due.credited, due.refunded.parts, due.left, facts.uncounted)
    named = {one.enrollment_id for one in counted}
    # who counts nothing now has a row all the same: a cap that cut it to nothing may give room
    others = [Counted(number) for number in sorted({*rows, *facts.earners} - named)]
    every = (*counted, *others)
    changed = [
        one.enrollment_id for one in every if _note(facts, one, rows, _read(facts, one, due, counters))
    ]
    if not plans:
        return
    if is_closed(conversion):  # what its period still owes may change where its volume does not
        changed = [one.enrollment_id for one in every]
    elif not _concerns(conversion, changed, plans):
        return
    if changed:
        _tell("volume.changed", conversion, at, {"enrollments": sorted(changed)})


def is_closed(conversion: Conversion) -> bool:
    """Say whether a period that it falls into is over and trued up."""
    return Closing.objects.filter(program=conversion.program, period__in=names_around(conversion)).exists()


def _note(facts: Facts, one: Counted, rows: dict[int, Volume], read: dict[str, Any]) -> bool:
    """Write one row; return whether what it counts has changed."""
    row = rows.get(one.enrollment_id)
    values = {name: getattr(one, name) for name in COLUMNS}
    if row is None:
        Volume.objects.create(
            program=facts.conversion.program,
            enrollment_id=one.enrollment_id,
            conversion=facts.conversion,
            occurred_at=facts.conversion.occurred_at,
            read=read,
            **values,
        )
        return any(values.values())
    changed = any(getattr(row, name) != value for name, value in values.items())
    if changed or row.read != read:
        for name, value in values.items():
            setattr(row, name, value)
        row.read = read
        row.save(update_fields=[*COLUMNS, "read"])
    return changed


def _read(facts: Facts, one: Counted, due: Due, counters: Counters) -> dict[str, Any]:
    """By what it was valued: version, counters, its gross base, and what was asked for before caps."""
    credited = {credit.enrollment_id for credit in facts.sale.credits} if facts.sale else set()
    valued = {
        "version": facts.version.pk if facts.version else None,
        "credited": one.enrollment_id in credited,
    }
    if one.enrollment_id in credited and one.enrollment_id != facts.decision.enrollment_id:
        valued["own_version"] = _own_version(facts, one.enrollment_id)
    stood = {**counters.before.get(one.enrollment_id, {}), **counters.spent}
    if not stood:
        return valued
    gross = next(
        (
            sum(base for _key, base in own.bases)
            for own in due.credited
            if own.enrollment_id == one.enrollment_id
        ),
        0,
    )
    earned: Any = due.trace.get("earned", ())
    return valued | {
        "stood": {f"{window.metric}|{window.period}": value for window, value in stood.items()},
        "gross": gross,
        "wanted": sum(row["before"] for row in earned),
    }


def _own_version(facts: Facts, enrollment: int) -> int | None:
    """The version of the affiliate's own plan, by which its bonuses go; the sale goes by its principal's."""
    row = Enrollment.objects.get(pk=enrollment)
    version = plan_version_for(row, facts.conversion.occurred_at)
    return version.pk if version else None


def _concerns(conversion: Conversion, enrollments: list[int], plans: list[Plan]) -> bool:
    """Say whether a change can matter to anything else: later sales, or bonuses."""
    if not enrollments:
        return False
    if any(plan.bonuses for plan in plans):
        return True
    windows = windows_of(plans)
    later = _later(conversion)
    if any(window.metric == SPENT for window in windows):
        return bool(later.exists())
    return bool(later.filter(enrollment__in=enrollments).exists())


def _later(conversion: Conversion) -> Any:
    at = conversion.occurred_at
    after = Q(occurred_at__gt=at) | Q(occurred_at=at, conversion__gt=conversion.pk)
    return Volume.objects.filter(after, program=conversion.program)


def names_around(conversion: Conversion) -> list[str]:
    """Return the names of the calendar periods that the conversion falls into."""
    at = local(conversion.program, conversion.occurred_at)
    return [span(period, at).name for period in CALENDAR]


@transaction.atomic
def announce_moved(conversion: Conversion, enrollments: list[int], *, at: datetime) -> int:
    """Tell of every later conversion that its counters, as they stand now, would pay otherwise; return how many."""
    moved = sorted(set(_moved(conversion, enrollments)))
    program = conversion.program
    tenant, scope = program.merchant_id, program.pk
    events.record_each(
        "conversion.moved", Conversion, moved, tenant=tenant, scope=scope, at=at, data={"by": conversion.pk}
    )
    return len(moved)


def _moved(conversion: Conversion, enrollments: list[int]) -> Iterator[int]:
    """Walk the rows of the windows round the conversion with counters that run along."""
    program = conversion.program
    windows = windows_of(plans_of(program))
    if not windows:
        return
    plans: dict[int, Plan] = {}
    tally = Tally(windows)
    place = (conversion.occurred_at, conversion.pk)
    pending: list[Volume] = []
    for row in _walk(conversion, enrollments, windows):
        if pending and pending[0].conversion_id != row.conversion_id:
            _add(tally, program, pending)
            pending = []
        pending.append(row)
        if (row.occurred_at, row.conversion_id) <= place or "stood" not in row.read:
            continue
        version = row.read["version"]
        if version not in plans:
            plans[version] = plan_of(PlanVersion.objects.get(pk=version), program.currency)
        counters = tally.before([row.enrollment_id], local(program, row.occurred_at))
        if _is_moved(plans[version], row.read, counters, row.enrollment_id):
            yield row.conversion_id


def _add(tally: Tally, program: Program, rows: list[Volume]) -> None:
    for row in rows:
        values = {name: getattr(row, name) for name in COLUMNS}
        tally.add(local(program, row.occurred_at), row.enrollment_id, **values)


def _walk(conversion: Conversion, enrollments: list[int], windows: frozenset[Window]) -> Any:
    """The rows from the beginning of the earliest window round the conversion to the end of the latest."""
    program, at = conversion.program, local(conversion.program, conversion.occurred_at)
    spans = [_reach(window.period, at) for window in windows]
    rows = Volume.objects.filter(program=program)
    if not any(window.metric == SPENT for window in windows):
        rows = rows.filter(enrollment__in=enrollments)
    zone = ZoneInfo(program.time_zone)
    starts = [one.start for one in spans]
    ends = [one.end for one in spans]
    if None not in starts:
        rows = rows.filter(occurred_at__gte=min(start for start in starts if start).replace(tzinfo=zone))
    if None not in ends:
        rows = rows.filter(occurred_at__lt=max(end for end in ends if end).replace(tzinfo=zone))
    return rows.order_by("occurred_at", "conversion", "enrollment").iterator(chunk_size=1000)


def _reach(period: str, at: datetime) -> Span:
    """What a change at an instant may touch; a rolling period reaches as far ahead as back."""
    around = span(period, at)
    if days_of(period) is None or around.start is None:
        return around
    return Span(period, around.start, at + (at - around.start))


def _is_moved(plan: Plan, read: dict[str, Any], counters: Counters, enrollment_id: int) -> bool:
    """Say whether the counters as they stand pay otherwise than those it was valued with."""
    for window in plan.windows:
        name = f"{window.metric}|{window.period}"
        was = read["stood"].get(name)
        now = counters.spent.get(window, 0) if window.metric == SPENT else counters.of(enrollment_id, window)
        if was is None or was == now:
            continue
        low, high = sorted((was, now))
        if any(low < edge < high + read["gross"] or low < edge <= high for edge in _edges(plan, window)):
            return True
        caps = [cap.amount for cap in plan.caps if cap.window == window]
        if any(low < cap < high + read["wanted"] for cap in caps):
            return True
    return False


def _edges(plan: Plan, window: Window) -> Iterator[int]:
    for rule in plan.rules:
        if rule.reward.window == window:
            yield from (step.start for step in rule.reward.steps[1:])


def _tell(kind: str, conversion: Conversion, at: datetime, data: dict[str, Any]) -> None:
    program = conversion.program
    events.record(kind, conversion, tenant=program.merchant_id, scope=program.pk, at=at, data=data)
