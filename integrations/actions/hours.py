"""Every call is counted once, in the row of its connection and hour."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.actions.pacing import hold_back
from integrations.connectors.base import Delivered, Preparing, Unreadable
from integrations.models import Connection, ConnectionHour, Delivery
from integrations.states import DeliveryState
from integrations.watch.figures import IDLE
from integrations.watch.lags import place_of

LONG = 3600.0  # seconds: of what took longer we look whether it was sent once more by hand


def note_try(
    delivery: Delivery,
    told: Delivered | None,
    failure: Exception | None,
    at: datetime,
    *,
    is_kept: bool = True,
    is_called: bool = True,
) -> bool:
    """Count a try to deliver; return whether the day's calls are spent by it. Inside its transaction.

    `is_kept`: whether its outcome stands; if somebody else has the lane by now, the message is counted with them.
    `is_called`: whether the call is this message's; of several that went together it is counted with one of them.
    """
    connection = delivery.connection
    called = _calls(told, failure) if is_called else 0
    counts = {"calls": called, "answered": int(called > 0 and _is_there(told, failure))}
    if failure is not None:
        counts |= {"failures": 1, cause_of(told, failure): 1}
    elif is_kept:
        counts |= {"delivered": 1, **_lag(delivery, at)}
    _add(connection.pk, at, counts, failing=_is_down(told, failure), quota=told.quota if told else {})
    return hold_back(connection, at)


@contextmanager
def asking(connection: Connection, at: datetime | None = None) -> Iterator[None]:
    """Count what is done inside as one call that asks the system something. No transaction: the network is slow."""
    try:
        yield
    except (Failure, Unreadable) as trouble:
        is_waiting = isinstance(trouble, Preparing)
        is_down = isinstance(trouble, Temporary) and not is_waiting
        counts = {"calls": 1, "answered": int(not is_down)}
        if isinstance(trouble, Failure) and not is_waiting:
            counts |= {"failures": 1, cause_of(None, trouble): 1}
        _add(connection.pk, at or timezone.now(), counts, failing=is_down, quota={})
        raise
    _add(connection.pk, at or timezone.now(), {"calls": 1, "answered": 1}, failing=False, quota={})


def cause_of(told: Delivered | None, failure: Exception) -> str:
    """Return the column of a failure: what kept the message from being taken."""
    status = told.status if told else 0
    if not isinstance(failure, Failure):
        return "broken"
    if status == 429:
        return "throttled"
    if isinstance(failure, Misconfigured):
        return "misconfigured"
    if isinstance(failure, Permanent):
        return "refused"
    return "errors" if status else "unanswered"


def _calls(told: Delivered | None, failure: Exception | None) -> int:
    if told is not None:
        return told.calls
    return int(isinstance(failure, Temporary) and not isinstance(failure, Misconfigured))


def _is_there(told: Delivered | None, failure: Exception | None) -> bool:
    if failure is None:
        return told is not None and _was_asked(told)
    return told is not None and 200 <= told.status < 500


def _is_down(told: Delivered | None, failure: Exception | None) -> bool | None:
    """Whether the far side fails as a whole; None where a try says nothing of it, as where there was nothing to say."""
    if failure is None:
        return False if told is not None and _was_asked(told) else None
    if isinstance(failure, Temporary):
        return True
    return False if told is not None and told.status else None


def _was_asked(told: Delivered) -> bool:
    return told.calls > 0 or told.status > 0


def _lag(delivery: Delivery, at: datetime) -> dict[str, int]:
    """How late the message was; one that a person had sent once more says nothing of that."""
    seconds = (at - delivery.occurred_at).total_seconds()
    if seconds > LONG and delivery.tries.count() > delivery.attempts:
        return {}
    return {place_of(max(0.0, seconds)): 1}


def _add(
    connection: int,
    at: datetime,
    counts: Mapping[str, int],
    *,
    failing: bool | None,
    quota: Mapping[str, int],
) -> None:
    """Add to the row of the hour; whoever is first makes it, and two at once make one."""
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    changes: dict[str, Any] = {name: F(name) + count for name, count in counts.items() if count}
    if failing is not None:
        began = Coalesce(F("failing_since"), Value(at, output_field=DateTimeField()))
        changes["failing_since"] = began if failing else None
    if quota:
        changes["quota"] = dict(quota)
    rows = ConnectionHour.objects.filter(connection=connection, hour=hour)
    if not changes or rows.update(**changes):
        return
    with transaction.atomic():
        earlier = ConnectionHour.objects.filter(connection=connection, hour__lt=hour).order_by("-hour")
        before = earlier.first()
        carried: dict[str, Any] = {"quota": before.quota} if before else {}
        if before and before.failing_since and not _was_idle(earlier, connection, at):
            carried["failing_since"] = before.failing_since
        row = ConnectionHour(connection_id=connection, hour=hour, **carried)
        ConnectionHour.objects.bulk_create([row], ignore_conflicts=True)
        rows.update(**changes)


def _was_idle(earlier: QuerySet[ConnectionHour], connection: int, at: datetime) -> bool:
    """Say whether nothing was due and nothing tried for two hours: failures of before are no row with new ones."""
    tried = earlier.filter(Q(calls__gt=0) | Q(failures__gt=0)).first()
    if tried is not None and at - (tried.hour + timedelta(hours=1)) < IDLE:
        return False
    waited = Delivery.objects.filter(
        connection=connection, state=DeliveryState.DUE, created_at__lte=at - IDLE
    )
    return not waited.exists()
