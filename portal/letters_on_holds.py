"""Which letter tells of a hold: that on the one commission, or that on the review which it opens."""

from datetime import timedelta

from django.db.models import Min, Q
from django.utils import timezone

from commissions.models import Commission
from commissions.states import CommissionState, Screening
from core.jobs import Temporary
from core.models import Event
from fraud.models import Hold
from portal.affiliate.earned import REVIEWED

SOON = 5  # seconds until it is asked again whether a sale was looked at
LONG = timedelta(minutes=10)  # from then on it is told, looked at or not


def is_told_by_review(event: Event, row: Commission) -> bool:
    """Whether news of one commission comes from a review, which has a letter of its own for all of them.

    A review of somebody else's has none for this affiliate: it reads how it ends only if it was told that it began.
    """
    is_reviewed = any(str(one).startswith(REVIEWED) for one in (event.data.get("reason", ""), row.reason))
    decided = Q(lifted_at=event.at) | Q(case__decided_at=event.at)
    holds = Hold.objects.filter(decided, commission=row)
    if not is_reviewed and not holds.exists():
        return False
    if row.is_held or not holds.exists() or holds.filter(case__enrollment=row.enrollment_id).exists():
        return True
    return not _was_told(event, row)


def _was_told(event: Event, row: Commission) -> bool:
    """Whether a letter has said that this very commission waits, and none since that it does not any more.

    What a review holds is told by the review, and what is released under a review goes on waiting.
    """
    news = Event.objects.filter(
        kind__in=("commission.held", "commission.released"),
        subject_type=event.subject_type,
        subject_id=str(row.pk),
        pk__lt=event.pk,
    )
    was_told = False
    for one in news.order_by("pk"):
        if one.kind == "commission.held":
            was_told = was_told or not str(one.data.get("reason", "")).startswith(REVIEWED)
        elif was_told:
            lasting = Q(lifted_at=None) | Q(lifted_at__gt=one.at)
            was_told = Hold.objects.filter(lasting, commission=row, placed_at__lte=one.at).exists()
    return was_told


def opens_a_review(row: Commission) -> bool:
    """Whether a review of the affiliate's own has begun with this commission, so that its letter tells of it.

    What a review holds further has no letter there.
    """
    own = Hold.objects.filter(case__enrollment=row.enrollment_id, commission__enrollment=row.enrollment_id)
    here = own.filter(commission=row, lifted_at=None).values_list("case", "placed_at")
    return any(own.filter(case=case).aggregate(at=Min("placed_at"))["at"] == at for case, at in here)


def is_held_by_a_case(row: Commission) -> bool:
    """Whether an undecided case holds it, be its brake on yet or not."""
    return Hold.objects.filter(commission=row, lifted_at=None).exists()


def wait_for_screening(event: Event, row: Commission) -> None:
    """Raise Temporary while it is to be looked at whether a review begins, for ten minutes at most."""
    is_awaited = (
        row.program.is_screened
        and row.conversion_id is not None
        and row.state == CommissionState.PENDING
        and row.screening == Screening.WAITING
        and not is_held_by_a_case(row)
    )
    if is_awaited and timezone.now() < event.created_at + LONG:
        raise Temporary("It is being looked at whether a review begins.", retry_after=SOON)
