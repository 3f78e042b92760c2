"""Lanes: who may send to a connection now, and whether anybody may."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from integrations.flows import is_batch
from integrations.models import Connection, Delivery, Lane
from integrations.patience import FAILURES, Verdict, rest
from integrations.states import ConnectionState, DeliveryState

LEASE = timedelta(seconds=120)  # longer than any one message takes
MORE = timedelta(
    seconds=20
)  # for each further record that goes in the same call: one may take calls of its own
LONGEST_LEASE = timedelta(minutes=20)  # so long a lane waits at most for a worker that died
SLOW = 2.0  # seconds for one message


class Lost(Exception):
    """Somebody else holds the lane by now, or a person has closed it: nothing more is sent."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to send to a connection, as long as the lane carries the token."""

    lane: int
    token: uuid.UUID


def waiting(at: datetime) -> list[int]:
    """Return the connections with something due that somebody may send now: healthy ones first."""
    due = Delivery.objects.due(at).filter(connection__state=ConnectionState.ACTIVE)
    numbers = set(due.values_list("connection_id", flat=True).distinct())
    lanes = {lane.pk: lane for lane in Lane.objects.filter(pk__in=numbers)}
    free = [number for number in numbers if _is_free(lanes.get(number), at)]
    return sorted(free, key=lambda number: (is_troubled(lanes.get(number)), number))


def is_troubled(lane: Lane | None) -> bool:
    """Say whether the last try of a lane failed."""
    return lane is not None and lane.failures > 0


def _is_free(lane: Lane | None, at: datetime) -> bool:
    if lane is None:
        return True
    is_leased = lane.lease_until is not None and lane.lease_until > at
    is_open = lane.open_until is not None and lane.open_until > at
    return not (is_leased or is_open)


@transaction.atomic
def take(connection: int, at: datetime) -> Hold | None:
    """Lease the lane of a connection; None while somebody else has it, or while its breaker is open."""
    Lane.objects.get_or_create(connection_id=connection)
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    closed = Q(open_until=None) | Q(open_until__lte=at)
    token = uuid.uuid4()
    taken = Lane.objects.filter(free, closed, pk=connection).update(lease_token=token, lease_until=at + LEASE)
    return Hold(connection, token) if taken else None


def mine(hold: Hold) -> Lane:
    """Lock the lane and return it; raises Lost if it is somebody else's. Inside a transaction."""
    lane: Lane | None = Lane.objects.select_for_update().filter(pk=hold.lane, lease_token=hold.token).first()
    if lane is None:
        raise Lost
    return lane


def keep(hold: Hold, at: datetime, messages: int = 1) -> None:
    """Hold the lane for one message more, or for several that go together; raises Lost. Inside a transaction."""
    lane = mine(hold)
    lane.lease_until = at + min(LEASE + MORE * max(0, messages - 1), LONGEST_LEASE)
    lane.save(update_fields=["lease_until"])


def let_go(hold: Hold, *, pace: float | None = None) -> None:
    """Give the lane back; `pace` are the seconds that a message took, None where none was tried."""
    known = {} if pace is None else {"is_slow": pace > SLOW}
    Lane.objects.filter(pk=hold.lane, lease_token=hold.token).update(
        lease_token=None, lease_until=None, **known
    )


def is_crowded(connection: int, at: datetime) -> bool:
    """Say whether a lane must wait where all workers share a broker, and so no courier sees what they are at.

    Half of what is served at once is kept from far sides that fail or are slow, a quarter from any one company.
    """
    if not settings.CELERY_BROKER_URL:
        return False
    busy = Lane.objects.filter(lease_until__gt=at).exclude(pk=connection)
    others = list(busy.values_list("connection__program__merchant_id", "failures", "is_slow"))
    company = Connection.objects.values_list("program__merchant_id", flat=True).get(pk=connection)
    lane, most = Lane.objects.filter(pk=connection).first(), settings.LANES_AT_ONCE
    if sum(merchant == company for merchant, _failures, _is_slow in others) >= max(1, most * 3 // 4):
        return True
    troubled = sum(bool(failures) or is_slow for _merchant, failures, is_slow in others)
    return lane is not None and (lane.failures > 0 or lane.is_slow) and troubled >= max(1, most // 2)


def note_alive(lane: Lane, at: datetime) -> None:
    """The far side answers: the breaker closes, and after an outage nothing waits for its own turn any longer."""
    if not lane.failures and lane.open_until is None:
        return
    was_down = lane.failures >= FAILURES
    lane.failures, lane.open_until = 0, None
    lane.save(update_fields=["failures", "open_until"])
    if was_down:
        _hasten(lane.pk, at)


def note_down(lane: Lane, verdict: Verdict, at: datetime) -> None:
    """The far side failed once more: nothing is sent to it for as long as that asks for."""
    lane.failures += 1
    pause = max(rest(lane.failures), verdict.holds)
    lane.open_until = at + pause if pause else None
    lane.save(update_fields=["failures", "open_until"])


@transaction.atomic
def wake(connection: Connection, at: datetime) -> None:
    """Try at once all that waits: a person has mended something."""
    Lane.objects.filter(pk=connection.pk).update(failures=0, open_until=None)
    _hasten(connection.pk, at)


def _hasten(connection: int, at: datetime) -> None:
    waiting = Delivery.objects.filter(connection=connection, state=DeliveryState.DUE, next_at__gt=at)
    options = Connection.objects.values_list("options", flat=True).get(pk=connection)
    # what waits for the slot of a batch is not late
    (waiting.filter(attempts__gt=0) if is_batch(options) else waiting).update(next_at=at)
