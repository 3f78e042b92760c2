"""The outbox's runner: claim due jobs under a lease, do the work, mark it done; nothing is lost or done twice.

A claim is committed before the work, with its attempt counted, so that a job that kills its worker still
reaches quarantine. A local job is done and marked in one transaction; an external one (`@external`) works
outside any transaction and is finished only if its lease is still its own.
"""

import logging
import random
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from core.failpoints import failpoint
from core.models import Event, Job, JobState

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
STRIKES = 3
STEPS = (0, 5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)

Follower = Callable[[Event], Any]


class Failure(Exception):
    """What may go wrong outside the house."""


class Temporary(Failure):
    """Try again later: after `retry_after` seconds, or by the schedule."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(Failure):
    """Trying again would fail again: to quarantine at once."""


class Misconfigured(Temporary):
    """A person must change a setting; it is tried again hourly and the error says what to set."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=3600)


def external(follower: Follower) -> Follower:
    """Mark a follower whose effect is outside the database: it runs outside any transaction."""
    follower.is_external = True  # type: ignore[attr-defined]
    return follower


def drain(limit: int = 1_000_000, at: datetime | None = None) -> int:
    """Run due jobs until none is left or `limit` is reached; return how many were run."""
    ran = 0
    while ran < limit and (jobs := claim(at=at)):
        run(jobs[0])  # one at a time: a worker that is killed holds no other job's lease
        ran += 1
    return ran


def claim(limit: int = 1, at: datetime | None = None) -> list[Job]:
    """Lease up to `limit` due jobs to the caller, oldest first, and count the attempt before the work."""
    now = at or timezone.now()
    _bury(now)
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Job.objects.filter(free, state=JobState.DUE, next_at__lte=now).order_by("next_at", "id")
    token = uuid.uuid4()
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        ids = list(due.values_list("id", flat=True)[:limit])
        if ids:
            Job.objects.filter(id__in=ids).update(
                lease_token=token,
                lease_until=now + LEASE,
                attempts=F("attempts") + 1,
                strikes=F("strikes") + 1,
            )
    if not ids:
        return []
    failpoint("job.after_claim")
    return list(
        Job.objects.filter(id__in=ids, lease_token=token).select_related("event").order_by("next_at", "id")
    )


def _bury(now: datetime) -> None:
    """Put aside the jobs that took their workers down with them once too often."""
    dead = Job.objects.filter(state=JobState.DUE, strikes__gte=STRIKES, lease_until__lt=now)
    if dead.exists():
        dead.update(
            state=JobState.QUARANTINED,
            lease_token=None,
            last_error="The worker died three times on this job.",
        )


def run(job: Job) -> None:
    """Do one claimed job; failures are written to the row, never raised."""
    try:
        follower: Follower = import_string(job.task)
        if getattr(follower, "is_external", False):
            follower(job.event)
            _finish(job)
        else:
            with transaction.atomic():
                if Job.objects.select_for_update().filter(id=job.id, lease_token=job.lease_token).exists():
                    follower(job.event)
                    _finish(job)
        failpoint("job.after_done")
    except Temporary as failure:
        _later(job, failure)
    except Permanent as failure:
        _refuse(job, str(failure), strikes=STRIKES)
    except Exception as failure:
        log.exception("job %s (%s) failed", job.id, job.task)
        _refuse(job, "".join(traceback.format_exception(failure))[-4000:], strikes=job.strikes)


def _finish(job: Job) -> None:
    failpoint("job.before_done")
    mine = Job.objects.filter(id=job.id, lease_token=job.lease_token)
    mine.update(
        state=JobState.DONE, done_at=timezone.now(), lease_token=None, lease_until=None, last_error=""
    )


def _later(job: Job, failure: Temporary) -> None:
    """Give the job back without a strike: the far side's trouble is not the job's fault."""
    wait = failure.retry_after or backoff(job.attempts)
    Job.objects.filter(id=job.id, lease_token=job.lease_token).update(
        next_at=timezone.now() + timedelta(seconds=wait),
        strikes=0,
        lease_token=None,
        lease_until=None,
        last_error=str(failure)[:4000],
    )


def _refuse(job: Job, error: str, *, strikes: int) -> None:
    state = JobState.QUARANTINED if strikes >= STRIKES else JobState.DUE
    Job.objects.filter(id=job.id, lease_token=job.lease_token).update(
        state=state,
        next_at=timezone.now() + timedelta(seconds=backoff(strikes)),
        lease_token=None,
        lease_until=None,
        last_error=error,
    )


def backoff(attempt: int) -> float:
    """Return seconds to wait before the next attempt: a growing step with half of it random."""
    step = STEPS[min(attempt, len(STEPS) - 1)]
    return step / 2 + random.random() * step / 2  # noqa: S311 - spreads retries, guards nothing


@transaction.atomic
def retry(jobs: Sequence[Job]) -> int:
    """Put quarantined jobs back in line with a clean slate; return how many."""
    ids = [job.id for job in jobs]
    return Job.objects.filter(id__in=ids, state=JobState.QUARANTINED).update(
        state=JobState.DUE, strikes=0, next_at=timezone.now(), lease_token=None, lease_until=None
    )


@dataclass(frozen=True, slots=True)
class Lease:
    """The hold of a worker on the job of a long run; without a job, as in a test, it is never lost."""

    job: int | None = None
    token: uuid.UUID | None = None

    def is_mine(self) -> bool:
        """Lock the job and say whether it is still this worker's; inside a transaction."""
        if self.job is None:
            return True
        return Job.objects.select_for_update().filter(pk=self.job, lease_token=self.token).exists()

    def keep(self) -> bool:
        """Hold the job for a further while; False if it is not this worker's any more."""
        if self.job is None:
            return True
        mine = Job.objects.filter(pk=self.job, lease_token=self.token)
        return mine.update(lease_until=timezone.now() + LEASE) == 1
