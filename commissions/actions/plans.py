"""Plans, their immutable versions, and whom they hold for."""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Group, Program
from affiliates.roles import demand
from commissions.models import Assignment, Plan, PlanVersion
from commissions.plan import Plan as ParsedPlan, PlanError, parse_plan
from commissions.plan_shape import misshapen
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
    """Make a plan with its first version in force at once; raise PlanError.

    The first plan of a program holds for all of it from its beginning, so that orders that waited for one are valued.
    """
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    now = at or timezone.now()
    plan: Plan = Plan.objects.create(program=program, name=name, created_at=now)
    _publish(plan, body, None, actor, now)
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
    return _publish(plan, body, effective_at, actor, now)


def _publish(
    plan: Plan, body: dict[str, Any], effective_at: datetime | None, actor: User | None, now: datetime
) -> PlanVersion:
    program = plan.program
    parsed = read_plan(program, body)
    if parsed.is_counting and not plan.is_counting:
        # orders on their way hold a share of the program's row: those after this know that they are counted
        Program.objects.select_for_update().get(pk=program.pk)
    last = plan.versions.aggregate(Max("number"))["number__max"]
    is_first = last is None and not Assignment.objects.filter(program=program).exists()
    begins = effective_at or (min(now, program.created_at) if is_first else now)
    version: PlanVersion = PlanVersion.objects.create(
        plan=plan,
        number=(last or 0) + 1,
        effective_at=begins,
        body=body,
        published_by=actor,
        published_at=now,
    )
    if parsed.is_counting and not plan.is_counting:
        plan.is_counting = True
        plan.save(update_fields=["is_counting"])
    _tell(version, last, actor, now)
    if is_first:
        _assign(Assignment(program=program, plan=plan, starts_at=begins), actor, now)
    return version


def _tell(version: PlanVersion, previous: int | None, actor: User | None, now: datetime) -> None:
    program = version.plan.program
    data = {
        "plan": version.plan_id,
        "number": version.number,
        "previous": previous,
        "effective_at": version.effective_at.isoformat(),
    }
    events.record(
        "plan.published",
        version,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=now,
        data=data,
    )


def read_plan(program: Program, body: object) -> ParsedPlan:
    """Read a body as a plan of the program; PlanError also for affiliates and groups that the program does not have."""
    errors: list[tuple[str, str]] = []
    parsed: ParsedPlan | None = None
    try:
        parsed = parse_plan(body, program.currency)
    except PlanError as wrong:
        errors = wrong.errors
    if not misshapen(body):
        known = cast(dict[str, Any], body)
        errors = [*errors, *_unknown_codes(program, known), *_unknown_groups(program, known)]
    if parsed is None or errors:
        raise PlanError(errors)
    return parsed


def _unknown_codes(program: Program, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (path, what is allowed) for every part that would go to nobody."""
    asked = {
        f"$.split[{number}].affiliate": row["affiliate"].lower()
        for number, row in enumerate(body.get("split", []))
        if isinstance(row.get("affiliate"), str) and row["affiliate"].strip()
    }
    if not asked:
        return []
    rows = program.enrollments.annotate(small=Lower("code")).filter(small__in=set(asked.values()))
    known = set(rows.values_list("small", flat=True))
    allowed = "must be the referral code of an affiliate of this program"
    return [(path, allowed) for path, code in asked.items() if code not in known]


def _unknown_groups(program: Program, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (path, what is allowed) for every group that the program does not have."""
    asked = {
        f"$.levels[{number}].groups.{name[:60]}": name
        for number, level in enumerate(body.get("levels", []))
        for name in level.get("groups", {})
    }
    asked |= {
        f"$.rules[{number}].when.groups[{place}]": name
        for number, rule in enumerate(body.get("rules", []))
        for place, name in enumerate(rule.get("when", {}).get("groups", []))
        if isinstance(name, str)
    }
    if not asked:
        return []
    known = set(program.groups.values_list("name", flat=True))
    allowed = "must be the name of a group of this program"
    return [(path, allowed) for path, name in asked.items() if name.strip() and name not in known]


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
