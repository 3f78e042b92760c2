"""Telling affiliates of new terms: one event each, so that each letter is sent, and repeated, on its own.

A program may have very many: every call announces to the next few and leaves the rest to an event that follows it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.actions.plans import plan_version_for
from commissions.models import Assignment, PlanVersion
from commissions.standing.tenure import Rows, joined_at, tenure_at, tenures_of, with_assignment, with_joining
from core import events
from core.models import Event

AT_ONCE = 500
_INSTANT = timedelta(microseconds=1)


@transaction.atomic
def announce_version(version: PlanVersion, *, after: int = 0, at: datetime | None = None) -> int:
    """Announce a version to the active affiliates for whom it will hold, from the id `after` on; return to how many.

    Whoever joined later knows it from the beginning; a version that another one has replaced is not announced.
    """
    when = max(version.effective_at, at or timezone.now())
    if _in_force(version.plan_id, when) != version:
        return 0
    held = Assignment.objects.filter(pk=OuterRef("assignment_id"), plan=version.plan_id)
    rows = _active(version.plan.program_id, when).filter(Exists(held), joined_at__lt=version.published_at)
    return _announce(version, version, rows, after, at)


@transaction.atomic
def announce_assignment(assignment: Assignment, *, after: int = 0, at: datetime | None = None) -> int:
    """Announce a plan to the active affiliates who earned by another one until it was assigned; return to how many."""
    when = max(assignment.starts_at, at or timezone.now())
    version = _in_force(assignment.plan_id, when)
    if version is None:
        return 0
    same = Assignment.objects.filter(pk=OuterRef("assignment_before"), plan=assignment.plan_id)
    rows = with_assignment(
        _active(assignment.program_id, when), assignment.starts_at - _INSTANT, "assignment_before"
    )
    rows = rows.filter(assignment_id=assignment.pk, joined_at__lt=assignment.starts_at).exclude(Exists(same))
    return _announce(assignment, version, rows, after, at)


@transaction.atomic
def announce_group(enrollment: Enrollment, moved_at: datetime, *, at: datetime | None = None) -> int:
    """Announce its new terms to an affiliate that a change of group gave another plan; return 1 or 0."""
    version = plan_version_for(enrollment, at or timezone.now())
    before = tenure_at(tenures_of(enrollment), moved_at - _INSTANT)
    if version is None or not enrollment.is_active or joined_at(enrollment) >= moved_at:
        return 0
    if before is not None and before.version == version:
        return 0
    return len(_record(f"group:{moved_at.isoformat()}", version, [enrollment.pk], at))


def _active(program: int, at: datetime) -> Rows:
    return with_joining(with_assignment(Enrollment.objects.active().filter(program=program), at))


def _in_force(plan: int, at: datetime) -> PlanVersion | None:
    rows = PlanVersion.objects.filter(plan=plan, effective_at__lte=at).select_related("plan__program")
    found: PlanVersion | None = rows.order_by("effective_at", "number").last()
    return found


def _announce(
    news: PlanVersion | Assignment,
    version: PlanVersion,
    rows: Rows,
    after: int,
    at: datetime | None,
) -> int:
    ids = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    told = _record(f"{news._meta.model_name}:{news.pk}", version, ids, at)
    if len(ids) == AT_ONCE:
        program = version.plan.program
        data = {"after": ids[-1]}
        events.record(
            "terms.announcing", news, tenant=program.merchant_id, scope=program.pk, at=at, data=data
        )
    return len(told)


def _record(news: str, version: PlanVersion, ids: list[int], at: datetime | None) -> list[Event]:
    """One event to each of these enrollments that has none of this news."""
    label, program = Enrollment._meta.label_lower, version.plan.program
    names = [str(pk) for pk in ids]
    known = Event.objects.filter(
        kind="terms.announced", subject_type=label, subject_id__in=names, data__news=news
    )
    told = set(known.values_list("subject_id", flat=True))
    return events.record_each(
        "terms.announced",
        Enrollment,
        [name for name in names if name not in told],
        tenant=program.merchant_id,
        scope=program.pk,
        at=at,
        data={"version": version.pk, "news": news},
    )
