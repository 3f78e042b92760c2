"""The schedule: every turn of a periodic task is a row, so two tickers are harmless and a missed turn is caught up."""

import logging
import traceback
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from core.jobs import Temporary
from core.models import Round

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """A task and how often it is due."""

    task: str
    interval: timedelta


@cache
def schedule() -> tuple[Every, ...]:
    """Return the table that the setting SCHEDULE names."""
    table: tuple[Every, ...] = import_string(settings.SCHEDULE)
    return table


def tick(at: datetime | None = None) -> int:
    """Run each scheduled task whose current period nobody has done; return how many ran."""
    now = at or timezone.now()
    return sum(_turn(every, now) for every in schedule())


def _turn(every: Every, now: datetime) -> bool:
    period = now - (now - EPOCH) % every.interval
    claimed = _claim(every.task, period, now)
    if claimed is None:
        return False
    try:
        import_string(every.task)()
    except Exception as failure:
        if isinstance(failure, Temporary):
            log.warning("%s waits ten minutes: %s", every.task, failure)
        else:
            log.exception("%s failed", every.task)
        error = "".join(traceback.format_exception(failure))[-4000:]
        # the lease runs on: a broken task is tried again in ten minutes, not each second
        Round.objects.filter(pk=claimed.pk).update(last_error=error)
        return True
    Round.objects.filter(pk=claimed.pk, lease_token=claimed.lease_token).update(
        done_at=timezone.now(), last_error=""
    )
    return True


def _claim(task: str, period: datetime, now: datetime) -> Round | None:
    current = Round.objects.filter(task=task, period=period).first()
    if current is None:
        try:
            with transaction.atomic():
                return Round.objects.create(task=task, period=period, lease_until=now + LEASE)
        except IntegrityError:
            return None
    if current.done_at or (current.lease_until and current.lease_until > now):
        return None
    token = uuid.uuid4()
    free = Round.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=current.pk, done_at=None)
    if not free.update(lease_token=token, lease_until=now + LEASE):
        return None
    current.lease_token = token
    return current
