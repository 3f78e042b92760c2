"""Who agreed to which version of its plan, and who still has to."""

from datetime import datetime

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from commissions.models import Acceptance, Assignment, PlanVersion
from commissions.standing.tenure import joined_at, tenure_at, tenures_of, with_assignment, with_joining
from commissions.states import IllegalMove
from core import events
from core.models import Event, User


@transaction.atomic
def accept_version(
    enrollment: Enrollment, version: PlanVersion, *, actor: User, at: datetime | None = None
) -> Acceptance:
    """The affiliate agrees to a version that holds, or will hold, for it; only the affiliate itself can, and once."""
    locked: Enrollment = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    now = at or timezone.now()
    if locked.affiliate.user_id is None or locked.affiliate.user_id != actor.pk:
        raise NotAllowed("Only the affiliate itself agrees to its terms.")
    given: Acceptance | None = Acceptance.objects.filter(enrollment=locked, version=version).first()
    if given is not None:
        return given
    if not locked.is_active:
        raise IllegalMove(_("Your membership is not active: there is nothing to agree to."))
    if version.pk not in _holding(locked, now):
        raise IllegalMove(_("These terms do not hold for you any more; please read the newest ones."))
    accepted: Acceptance = Acceptance.objects.create(enrollment=locked, version=version, at=now)
    program = locked.program
    events.record(
        "terms.accepted",
        locked,
        tenant=program.merchant_id,
        scope=program.pk,
        actor=actor,
        at=now,
        data={"version": version.pk, "plan": version.plan.name, "number": version.number},
    )
    return accepted


def waiting_for(version: PlanVersion, at: datetime | None = None) -> QuerySet[Enrollment]:
    """Return the active enrollments that are asked to agree to a version and have not; none where nobody is asked.

    Asked is whom the version holds for, or will, unless it was in force already when it joined.
    """
    if not version.plan.program.asks_acceptance:
        return Enrollment.objects.none()
    when = max(version.effective_at, at or timezone.now())
    active = Enrollment.objects.active().filter(program=version.plan.program_id)
    rows = with_joining(with_assignment(active, when))
    held = Assignment.objects.filter(pk=OuterRef("assignment_id"), plan=version.plan_id)
    moved = Event.objects.filter(
        kind="group.changed",
        subject_type=Enrollment._meta.label_lower,
        subject_id=Cast(OuterRef("pk"), CharField()),
        at__gt=OuterRef("joined_at"),
    )
    came_later = Exists(held.filter(starts_at__gt=OuterRef("joined_at")))
    came_by_group = Exists(held.exclude(group=None)) & Exists(moved)
    newer = Q(joined_at__lt=version.published_at) | came_later | came_by_group
    later = Acceptance.objects.filter(version__plan=version.plan_id, version__number__gte=version.number)
    agreed = Exists(later.filter(enrollment=OuterRef("pk")))
    return rows.filter(Exists(held), newer).exclude(agreed)


def asked_of(enrollment: Enrollment, at: datetime | None = None) -> PlanVersion | None:
    """Return the newest version of its plan if the affiliate is to agree to it first, else None."""
    if not enrollment.program.asks_acceptance or not enrollment.is_active:
        return None
    now = at or timezone.now()
    own = with_assignment(Enrollment.objects.filter(pk=enrollment.pk), now)
    plan = Assignment.objects.filter(pk__in=own.values("assignment_id")).values("plan")
    versions = PlanVersion.objects.filter(plan__in=plan).select_related("plan__program")
    newest: PlanVersion | None = versions.order_by("number").last()
    if newest is None or not waiting_for(newest, now).filter(pk=enrollment.pk).exists():
        return None
    return newest if newest.pk in _holding(enrollment, now) else None


def _holding(enrollment: Enrollment, at: datetime) -> set[int]:
    """The versions that hold for it, or will."""
    return {tenure.version.pk for tenure in tenures_of(enrollment) if not tenure.is_over(at)}


def agreed_to(enrollment: Enrollment) -> PlanVersion | None:
    """Return the version that the affiliate agreed to last: explicitly, else the one in force when it joined."""
    given = Acceptance.objects.filter(enrollment=enrollment).select_related("version__plan")
    last = given.order_by("at", "pk").last()
    if last is not None:
        return last.version  # type: ignore[no-any-return]
    tenure = tenure_at(tenures_of(enrollment), joined_at(enrollment))
    return tenure.version if tenure else None
