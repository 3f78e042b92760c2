"""Plans, their immutable versions, and whom they hold for."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Group, Program
from affiliates.roles import demand
from commissions.models import Assignment, Plan, PlanVersion
from commissions.plan import parse_plan
from commissions.states import IllegalMove
from core import events
from core.models import User


@transaction.atomic
def create_plan(
    program: Program,
    name: str,
    body: dict[str, Any],
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> Plan:
    """Make a plan with its first version in force at once.

    The first plan of a program holds for all of it from its beginning, so that orders that waited for one are valued.
    """
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    now = at or timezone.now()
    plan: Plan = Plan.objects.create(program=program, name=name, created_at=now)
    if Assignment.objects.filter(program=program).exists():
        _publish(plan, body, now, actor, now)
        return plan
    begins = min(now, program.created_at)
    _publish(plan, body, begins, actor, now)
    _assign(Assignment(program=program, plan=plan, starts_at=begins), actor, now)
    return plan


@transaction.atomic
def publish(
    plan: Plan,
    body: dict[str, Any],
    *,
    effective_at: datetime | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> PlanVersion:
    """Make a new version, in force from `effective_at` (now or later) on; raise PlanError or IllegalMove."""
    plan = Plan.objects.select_for_update().select_related("program").get(pk=plan.pk)
    program = plan.program
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    now = at or timezone.now()
    if effective_at is not None and effective_at < now:
        raise IllegalMove(_("A version cannot begin in the past: what was earned then stays as it is."))
    return _publish(plan, body, effective_at or now, actor, now)


def _publish(
    plan: Plan, body: dict[str, Any], effective_at: datetime, actor: User | None, now: datetime
) -> PlanVersion:
    program = plan.program
    parse_plan(body, program.currency)
    last = plan.versions.aggregate(Max("number"))["number__max"] or 0
    version: PlanVersion = PlanVersion.objects.create(
        plan=plan,
        number=last + 1,
        effective_at=effective_at,
        body=body,
        published_by=actor,
        published_at=now,
    )
    data = {"number": version.number, "effective_at": version.effective_at.isoformat()}
    events.record(
        "plan.published",
        version,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=now,
        data=data,
    )
    return version


@transaction.atomic
def assign_plan(
    plan: Plan,
    *,
    group: Group | None = None,
    enrollment: Enrollment | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> Assignment:
    """Let a plan hold from now on for one affiliate, a group, or the program; ends what held there before."""
    program = plan.program
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    if (group and group.program_id != program.pk) or (enrollment and enrollment.program_id != program.pk):
        raise IllegalMove(_("The plan belongs to another program."))
    now = at or timezone.now()
    same = Assignment.objects.filter(program=program, group=group, enrollment=enrollment)
    same.filter(ends_at=None, starts_at__lt=now).update(ends_at=now)
    row = Assignment(program=program, plan=plan, group=group, enrollment=enrollment, starts_at=now)
    return _assign(row, actor, now)


def _assign(assignment: Assignment, actor: User | None, now: datetime) -> Assignment:
    assignment.save()
    program = assignment.program
    events.record(
        "plan.assigned", assignment, tenant=program.merchant_id, scope=program.pk, actor=actor, at=now
    )
    return assignment


def plan_version_for(enrollment: Enrollment, at: datetime) -> PlanVersion | None:
    """Return the version in force at `at`: the affiliate's own plan, else its group's, else the program's."""
    in_force = Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))
    target = Q(enrollment=enrollment) | Q(enrollment=None, group=None)
    if enrollment.group_id is not None:
        target |= Q(group=enrollment.group_id)
    found = Assignment.objects.filter(in_force, target, program=enrollment.program_id)
    ranked = sorted(
        found,
        key=lambda row: (
            row.enrollment_id is None,
            row.group_id is None,
            -row.starts_at.timestamp(),
            -row.pk,
        ),
    )
    if not ranked:
        return None
    versions = PlanVersion.objects.filter(plan=ranked[0].plan_id, effective_at__lte=at)
    version: PlanVersion | None = versions.order_by("effective_at", "number").last()
    return version
