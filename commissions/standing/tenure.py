"""By which version of which plan a membership earns: now, before, and as far as it is announced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce

from affiliates.models import Enrollment
from commissions.models import Assignment, PlanVersion
from core.models import Event

Moves = list[tuple[datetime, int | None]]
Rows = QuerySet[Any]  # of enrollments; the checker does not know what they are annotated with


@dataclass(frozen=True, slots=True)
class Tenure:
    """A time in which one version holds for an enrollment, and by which assignment; without `ends_at` it goes on."""

    version: PlanVersion
    assignment: Assignment
    starts_at: datetime
    ends_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Does it hold at this time?"""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def is_over(self, at: datetime) -> bool:
        """Has it ended by this time?"""
        return self.ends_at is not None and self.ends_at <= at


def tenures_of(enrollment: Enrollment) -> list[Tenure]:
    """Return every tenure of an enrollment in the order of time, announced ones too; three queries.

    The affiliate's own plan goes before its group's and that before the program's, as in `plan_version_for`; the group
    is the one of the time. A version that another one replaces before it begins has no tenure.
    """
    moves = _moves(enrollment)
    assignments = _assignments(enrollment, {group for _at, group in moves})
    versions = _versions(assignments)
    moments = {row.starts_at for row in assignments} | {row.ends_at for row in assignments if row.ends_at}
    moments |= {version.effective_at for found in versions.values() for version in found}
    moments |= {at for at, _group in moves}
    return list(_joined(sorted(moments), moves, assignments, versions))


def tenure_at(tenures: Sequence[Tenure], at: datetime) -> Tenure | None:
    """Return the one that holds at a time."""
    return next((tenure for tenure in tenures if tenure.covers(at)), None)


def _joined(
    moments: list[datetime],
    moves: Moves,
    assignments: list[Assignment],
    versions: dict[int, list[PlanVersion]],
) -> Iterator[Tenure]:
    """What holds from each moment on; a version that goes on by another assignment is one tenure."""
    last: Tenure | None = None
    for at in moments:
        assignment = _assignment_at(assignments, _group_at(moves, at), at)
        version = _version_at(versions.get(assignment.plan_id, []), at) if assignment else None
        if last and assignment and version and last.version.pk == version.pk:
            last = replace(last, assignment=assignment)
            continue
        if last:
            yield replace(last, ends_at=at)
        last = Tenure(version, assignment, at) if version and assignment else None
    if last:
        yield last


def _assignment_at(assignments: list[Assignment], group: int | None, at: datetime) -> Assignment | None:
    held = [
        row
        for row in assignments
        if row.starts_at <= at
        and (row.ends_at is None or at < row.ends_at)
        and (row.enrollment_id is not None or row.group_id in (None, group))
    ]
    return max(
        held,
        key=lambda row: (row.enrollment_id is not None, row.group_id is not None, row.starts_at, row.pk),
        default=None,
    )


def _version_at(versions: list[PlanVersion], at: datetime) -> PlanVersion | None:
    held = [version for version in versions if version.effective_at <= at]
    return max(held, key=lambda version: (version.effective_at, version.number), default=None)


def _group_at(moves: Moves, at: datetime) -> int | None:
    return next((group for moved_at, group in reversed(moves) if moved_at <= at), moves[0][1])


def _moves(enrollment: Enrollment) -> Moves:
    """Since when it is in which group: by the audit trail, for the row knows only today's."""
    told = Event.objects.filter(
        kind="group.changed", subject_type=enrollment._meta.label_lower, subject_id=str(enrollment.pk)
    )
    found = [(at, data.get("group")) for at, data in told.order_by("at", "pk").values_list("at", "data")]
    if not found:
        return [(enrollment.applied_at, enrollment.group_id)]
    return [(enrollment.applied_at, None), *found[:-1], (found[-1][0], enrollment.group_id)]


def _assignments(enrollment: Enrollment, groups: set[int | None]) -> list[Assignment]:
    known = [group for group in groups if group is not None]
    target = Q(enrollment=enrollment) | Q(enrollment=None) & (Q(group=None) | Q(group__in=known))
    rows = Assignment.objects.filter(target, program=enrollment.program_id)
    return list(rows.select_related("plan", "group"))


def _versions(assignments: list[Assignment]) -> dict[int, list[PlanVersion]]:
    found: dict[int, list[PlanVersion]] = {}
    rows = PlanVersion.objects.filter(plan__in={row.plan_id for row in assignments}).select_related("plan")
    for version in rows:
        found.setdefault(version.plan_id, []).append(version)
    return found


def with_assignment(enrollments: Rows, at: datetime, name: str = "assignment_id") -> Rows:
    """Add `name`: by which assignment each earns at a time, or None; its own, its group's, the program's."""
    open_end = Q(ends_at=None) | Q(ends_at__gt=at)
    held = Assignment.objects.filter(open_end, starts_at__lte=at, program=OuterRef("program"))
    held = held.order_by("-starts_at", "-pk")
    ranked = (
        held.filter(enrollment=OuterRef("pk")),
        held.filter(enrollment=None, group=OuterRef("group")),
        held.filter(enrollment=None, group=None),
    )
    found = Coalesce(*(Subquery(rows.values("pk")[:1]) for rows in ranked), output_field=BigIntegerField())
    rows: Rows = enrollments.annotate(**{name: found})
    return rows


def with_joining(enrollments: Rows) -> Rows:
    """Add `joined_at`: when each became active for the first time; a suspension that was lifted changes nothing."""
    told = Event.objects.filter(
        kind="enrollment.activated",
        subject_type=Enrollment._meta.label_lower,
        subject_id=Cast(OuterRef("pk"), CharField()),
    )
    first = Subquery(told.order_by("at").values("at")[:1])
    rows: Rows = enrollments.annotate(joined_at=Coalesce(first, "decided_at", "applied_at"))
    return rows


def joined_at(enrollment: Enrollment) -> datetime:
    """Return when the enrollment became active for the first time; its application's time if it never was."""
    rows = with_joining(Enrollment.objects.filter(pk=enrollment.pk))
    found: datetime = rows.values_list("joined_at", flat=True)[0]
    return found
