"""Whom a plan holds for: its assignments that are in force, and how many affiliates earn by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from commissions.models import Assignment, Plan


@dataclass(frozen=True, slots=True)
class Reach:
    """The targets of a plan at a time, and the number of active affiliates that no other plan takes before it."""

    is_everybody: bool
    groups: list[str]
    people: list[str]
    affiliates: int

    @property
    def is_nobody(self) -> bool:
        """Whether it is assigned to nobody."""
        return not (self.is_everybody or self.groups or self.people)


def reach(plan: Plan, at: datetime) -> Reach:
    """Return whom the plan holds for at a time: an affiliate's own plan wins over its group's, and that over all."""
    in_force = Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))
    rows = Assignment.objects.filter(in_force, program=plan.program_id).select_related(
        "group", "enrollment__affiliate"
    )
    newest_last = list(rows.order_by("starts_at", "pk"))
    own = {row.enrollment_id: row for row in newest_last if row.enrollment_id}
    groups = {row.group_id: row for row in newest_last if row.group_id}
    everybody = [row for row in newest_last if not row.enrollment_id and not row.group_id]
    rest = everybody[-1].plan_id if everybody else None
    active = plan.program.enrollments.active().values_list("pk", "group_id")
    plans = [own[pk].plan_id if pk in own else groups[g].plan_id if g in groups else rest for pk, g in active]
    return Reach(
        is_everybody=rest == plan.pk,
        groups=[str(row.group) for row in groups.values() if row.plan_id == plan.pk],
        people=[str(row.enrollment.affiliate) for row in own.values() if row.plan_id == plan.pk],
        affiliates=plans.count(plan.pk),
    )
