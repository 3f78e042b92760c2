"""Reads what a simulation starts from: whom the plan is tried on, the counters before, what was paid beside sales."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Q, Sum

from affiliates.models import Enrollment, Program
from commissions.actions.owed import span_named
from commissions.counters import Window, days_of, span
from commissions.counting import Counted
from commissions.models import Assignment, Commission, Plan as PlanRow, PlanVersion, Volume
from commissions.plan import Plan, parse_plan
from commissions.rehearsal.cases import Question, counter_windows
from commissions.rehearsal.findings import Extra
from commissions.states import CommissionKind
from core.models import Event

MEASURES = ("base", "conversions", "commission", "spent")
Scope = frozenset[int] | None


def scope_of(plan: PlanRow, at: datetime) -> Scope:
    """Return the enrollments for whom the plan holds at a time; None, for everybody, while nobody earns by it."""
    in_force = Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))
    rows = list(Assignment.objects.filter(in_force, program=plan.program_id).order_by("starts_at", "pk"))
    if all(row.plan_id != plan.pk for row in rows):
        return None
    own = {row.enrollment_id: row.plan_id for row in rows if row.enrollment_id}
    groups = {row.group_id: row.plan_id for row in rows if row.group_id}
    rest = next((row.plan_id for row in reversed(rows) if not row.enrollment_id and not row.group_id), None)
    known = Enrollment.objects.filter(program=plan.program_id).values_list("pk", "group")
    return frozenset(number for number, group in known if own.get(number, groups.get(group, rest)) == plan.pk)


def question_for(
    plan: PlanRow, parsed: Plan, between: tuple[datetime, datetime], scope: Scope = None
) -> Question:
    """Return what is asked of a plan over a stretch of time, with everything that was there when it began."""
    program = plan.program
    starts, ends = (_local(program, at) for at in between)
    versions = _versions(program)
    asked = Question(parsed, starts, ends)
    windows = counter_windows(parsed).union(*(counter_windows(one) for one in versions.values()))
    return Question(
        parsed,
        starts,
        ends,
        before=tuple(_before(program, windows, starts)),
        versions=versions,
        extras=tuple(_extras(program, asked, between, scope)),
        joined=tuple(_joined(program, parsed, between, scope)),
    )


def _local(program: Program, at: datetime) -> datetime:
    return program.local(at).replace(tzinfo=None)


def _versions(program: Program) -> dict[int, Plan]:
    """The plans with brackets that may really have paid, by the id of their version."""
    rows = PlanVersion.objects.filter(plan__program=program, plan__is_counting=True)
    parsed = {row.pk: parse_plan(row.body, program.currency) for row in rows}
    return {number: plan for number, plan in parsed.items() if any(rule.reward.window for rule in plan.rules)}


def _before(
    program: Program, windows: Iterable[Window], starts: datetime
) -> Iterator[tuple[datetime, Counted]]:
    """What was counted before: one sum per affiliate for each stretch between the periods' beginnings.

    Only what a rolling period still holds is read sale by sale.
    """
    begins = {window.period: span(window.period, starts).start for window in windows}
    rolling = [at for period, at in begins.items() if at and days_of(period) is not None]
    edges = [*sorted(at for at in begins.values() if at is not None), starts]
    lows: list[datetime | None] = [None, *edges] if None in begins.values() else [*edges]
    for low, high in pairwise(lows):
        if high is None or low == high:
            continue
        rows = _volumes(program, low, high)
        if rolling and low is not None and low >= min(rolling):
            yield from _one_by_one(program, rows)
        else:
            yield from _sums(rows, high - datetime.resolution)


def _volumes(program: Program, low: datetime | None, high: datetime) -> Any:
    zone = ZoneInfo(program.time_zone)
    rows = Volume.objects.filter(program=program, occurred_at__lt=high.replace(tzinfo=zone))
    return rows if low is None else rows.filter(occurred_at__gte=low.replace(tzinfo=zone))


def _one_by_one(program: Program, rows: Any) -> Iterator[tuple[datetime, Counted]]:
    found = rows.order_by("occurred_at", "conversion").values_list("occurred_at", "enrollment", *MEASURES)
    for at, *values in found.iterator():
        yield _local(program, at), Counted(*values)


def _sums(rows: Any, at: datetime) -> Iterator[tuple[datetime, Counted]]:
    sums = {f"sum_{name}": Sum(name) for name in MEASURES}
    for row in rows.order_by().values("enrollment").annotate(**sums):
        yield at, Counted(row["enrollment"], *(row[name] for name in sums))


def _extras(
    program: Program, asked: Question, between: tuple[datetime, datetime], scope: Scope
) -> Iterator[Extra]:
    """The true-ups and bonuses that were really paid for periods of the stretch, as they stand now."""
    kinds = (CommissionKind.TRUE_UP, CommissionKind.BONUS)
    rows = Commission.objects.filter(program=program, kind__in=kinds, occurred_at__gte=between[0])
    rows = rows.exclude(source="").exclude(state="declined").with_net().order_by("pk")
    for row in rows:
        parts = row.source.split(":")
        is_bonus = row.kind == CommissionKind.BONUS
        name = parts[-1] if is_bonus else parts[-2]
        origin = row.enrollment_id if is_bonus else int(parts[-1])
        if (scope is None or origin in scope) and _is_inside(name, row.occurred_at, asked, between):
            amount = row.net.amount
            title = str(row.trace.get("name", "")) if is_bonus else ""
            if amount:
                yield Extra(row.kind, row.enrollment_id, row.level, name, amount, title)


def _is_inside(name: str, at: datetime, asked: Question, between: tuple[datetime, datetime]) -> bool:
    """Whether all of a period lies in the stretch; what has no end counts when it was earned."""
    if not name[:4].isdigit():
        return between[0] <= at < between[1]
    within, period = span_named(name)
    return within.start is not None and asked.whole(period, within.start) != ""


def _joined(
    program: Program, parsed: Plan, between: tuple[datetime, datetime], scope: Scope
) -> Iterator[tuple[datetime, int]]:
    """Who became active in the stretch for the first time, where joining pays."""
    if all(bonus.window for bonus in parsed.bonuses):
        return
    rows = Event.objects.filter(
        kind="enrollment.activated", subject_type=Enrollment._meta.label_lower, scope_id=program.pk
    )
    first = rows.order_by().values("subject_id").annotate(first=Min("at"))
    for row in first.filter(first__gte=between[0], first__lt=between[1]).order_by("first", "subject_id"):
        who = int(row["subject_id"])
        if scope is None or who in scope:
            yield _local(program, row["first"]), who
