"""What portal does by the clock."""

from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from portal.models import Answer

KEPT = timedelta(days=30)
_AT_ONCE = 1000


def forget_sessions() -> None:
    """Delete the sessions that have run out."""
    SessionStore.clear_expired()


def forget_answers(at: datetime | None = None) -> int:
    """Delete answers to Idempotency-Keys older than 30 days; return how many.

    Only the answers: that money is taken once rests on (program, source, external id), which is kept for ever.
    """
    old = Answer.objects.filter(created_at__lt=(at or timezone.now()) - KEPT).order_by("pk")
    forgotten = 0
    while ids := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        forgotten += Answer.objects.filter(pk__in=ids).delete()[0]
    return forgotten
