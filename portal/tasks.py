"""What portal does by the clock."""

from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from core.models import Round
from portal.models import Answer

KEPT = timedelta(days=30)
ROUNDS_KEPT = timedelta(days=2)
_AT_ONCE = 1000


def look_at_tables() -> None:
    """Let SQLite learn how its tables are filled, so that it picks the right index; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit=1000")
            cursor.execute("ANALYZE")


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


def forget_rounds(at: datetime | None = None) -> int:
    """Delete turns of the schedule older than two days; return how many. The last one that was done always stays.

    How long a worker was away is told by it.
    """
    old = (at or timezone.now()) - ROUNDS_KEPT
    done = (
        Round.objects.filter(done_at__isnull=False).values("task").annotate(newest=Max("period")).order_by()
    )
    return sum(
        Round.objects.filter(task=row["task"], period__lt=min(old, row["newest"])).delete()[0] for row in done
    )
