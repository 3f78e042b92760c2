"""What is looked at after a crash: what is left over, whether the books are right, and what stands in them."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.utils import timezone

from commissions import checks as of_commissions
from commissions.models import Commission, Entry
from core import jobs
from core.models import Event, Job, JobState
from fraud.models import KnownMark
from payouts import checks as of_payouts
from tracking.models import Conversion, Order

# What is found of a sale depends on which others were there when it was looked at.
AS_THEY_COME = ("case.opened", "case.grew", "commission.held")


def forget_leases_of_the_dead(older_than: timedelta = timedelta(0)) -> int:
    """Set back the leases that dead workers hold; return how many.

    Only so that a test need not wait for the 120 seconds after which a lease ends by itself. Nothing else is
    touched: attempts and strikes stay counted.
    """
    taken_before = timezone.now() + jobs.LEASE - older_than
    held = Job.objects.filter(state=JobState.DUE, lease_until__isnull=False, lease_until__lte=taken_before)
    return held.update(lease_until=timezone.now() - timedelta(seconds=1))


def left_over() -> list[tuple[str, str, str]]:
    """Return the jobs that are not done, with what they say."""
    return list(Job.objects.exclude(state=JobState.DONE).values_list("task", "state", "last_error"))


def breaches() -> list[str]:
    """Return every sentence that `manage.py check_ledger` would say."""
    return [sentence for check in (*of_commissions.CHECKS, *of_payouts.CHECKS) for sentence in check()]


def books() -> dict[str, Any]:
    """Return all that must be the same whatever died on the way, without numbers of rows and times."""
    entries = Entry.objects.values_list(
        "kind", "amount", "debit__kind", "credit__kind", "commission__enrollment"
    )
    earned = Commission.objects.values_list(
        "conversion__external_id", "enrollment", "level", "amount", "state", "currency", "screening"
    )
    marks = KnownMark.objects.filter(conversion__isnull=False)
    return {
        "orders": sorted(Order.objects.values_list("external_id", "state", "total")),
        "conversions": sorted(Conversion.objects.values_list("external_id", "state")),
        "commissions": sorted(earned),
        "entries": Counter(entries.order_by()),
        "marks": sorted(marks.values_list("conversion__external_id", "kind")),
        "events": Counter(
            Event.objects.exclude(kind__in=AS_THEY_COME).values_list("kind", flat=True).order_by()
        ),
    }
