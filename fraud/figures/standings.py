"""What speaks for an affiliate: how long it is known, what came through without trouble, what was cleared before."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from affiliates.models import Enrollment
from commissions.models import Commission
from commissions.states import CommissionState
from fraud.models import Case, Exemption, Relation
from fraud.states import GUILTY, CaseState, Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """The past of an enrollment, this case apart; `approved` are orders, `smooth` those of which nothing came back."""

    since: datetime
    approved: int
    smooth: int
    cleared: int
    guilty: int
    exemptions: tuple[Exemption, ...]
    related: tuple[Enrollment, ...]


def standing_of(case: Case, at: datetime) -> Standing:
    """Read what is known of the affiliate of a case."""
    enrollment = case.enrollment
    own = Commission.objects.filter(enrollment=enrollment, level=1, conversion__isnull=False)
    orders = own.filter(state=CommissionState.APPROVED).aggregate(
        approved=Count("conversion", distinct=True),
        smooth=Count("conversion", distinct=True, filter=Q(reversals=None, conversion__order__refunds=None)),
    )
    others = Case.objects.filter(enrollment=enrollment, state=CaseState.DECIDED).exclude(pk=case.pk)
    past = others.aggregate(
        cleared=Count("pk", filter=Q(verdict=Verdict.CLEAR)),
        guilty=Count("pk", filter=Q(verdict__in=GUILTY)),
    )
    return Standing(
        since=enrollment.decided_at or enrollment.applied_at,
        exemptions=tuple(Exemption.objects.in_force(at).filter(enrollment=enrollment).order_by("pk")),
        related=_related(enrollment),
        **orders,
        **past,
    )


def _related(enrollment: Enrollment) -> tuple[Enrollment, ...]:
    rows = Relation.objects.filter(Q(one=enrollment) | Q(other=enrollment)).order_by("pk")
    named = rows.select_related("one__affiliate", "other__affiliate")
    return tuple(row.other if row.one_id == enrollment.pk else row.one for row in named)
