"""Which commissions a finding is about: what is held for it."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from commissions.models import Commission, Entry
from commissions.states import AccountKind, CommissionKind, CommissionState
from fraud.findings import Asked
from tracking.models import Decision

UNPAID = (CommissionState.PENDING, CommissionState.APPROVED)


def concerned_by(one: Asked) -> list[Commission]:
    """Return what a finding holds, everybody's who earns by the sales concerned, in order of their numbers.

    On a sale: its commissions that were not declined. On an enrollment: what everybody earns by its sales, and what it
    earns by others'; on a code: what its sales earn. Of these what is pending, or approved and in no approved payout.
    """
    rows = Commission.objects.filter(state__in=UNPAID).order_by("pk")
    if one.conversion is not None:
        return list(rows.filter(conversion=one.conversion))
    return list(earned_by(rows, one.enrollment, one.coupon).filter(_unpaid()))


def earned_by(
    commissions: "QuerySet[Commission]", enrollment: int, coupon: int | None
) -> "QuerySet[Commission]":
    """Return those of commissions that a finding on an enrollment, or on its code, is about."""
    theirs = Decision.objects.filter(is_current=True, enrollment=enrollment)
    if coupon is not None:
        return commissions.filter(conversion__in=theirs.filter(coupon=coupon).values("conversion"))
    own = Q(enrollment=enrollment, kind=CommissionKind.EARNED)
    return commissions.filter(own | Q(conversion__in=theirs.values("conversion")))


def _unpaid() -> Q:
    """Pending, or with money on the payable account that no approved payout has taken.

    When payouts were made says nothing: one leaves out what came after its cut-off, and may fail.
    """
    taken = Entry.objects.filter(payout_items__is_live=True, payout_items__payout__approved_at__isnull=False)
    entries = Entry.objects.filter(commission=OuterRef("pk"), credit__kind=AccountKind.PAYABLE)
    return Q(state=CommissionState.PENDING) | Q(Exists(entries.exclude(pk__in=taken.values("pk"))))


def conversions_of(commissions: Iterable[Commission]) -> list[int]:
    """Return the conversions that commissions were earned by, each once, in order."""
    return sorted({row.conversion_id for row in commissions if row.conversion_id is not None})
