"""The figures of many connections at once, by a number of queries that does not grow with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum

from integrations.budgets import Budget, Quota, day_of, limit_of, quotas
from integrations.models import (
    Connection,
    ConnectionHour,
    Delivery,
    Inbound,
    Lane,
    Reconciliation,
    Trouble,
)
from integrations.states import DeliveryState, InboundState, ReconciliationState
from integrations.watch.lags import NAMES, quantile

DAY, MONTH = timedelta(days=1), timedelta(days=30)
HOURS = 24
IDLE = timedelta(
    hours=2
)  # without a call, and nothing is due: of such a connection nobody says that it fails
CAUSES = ("unanswered", "throttled", "errors", "refused", "misconfigured", "broken")
_OPEN = (InboundState.RECEIVED, InboundState.PARKED, InboundState.QUARANTINED)
_SUMMED = ("calls", "answered", "delivered", "failures", *CAUSES, *NAMES)


@dataclass(frozen=True, slots=True)
class Hour:
    """What an hour brought: messages that were taken, and tries that failed."""

    begins_at: datetime
    delivered: int
    failures: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How a connection is: what waits, what the last 24 hours brought, what is left, and its last 30 days.

    `sums` are the columns of ConnectionHour over the last 24 hours, `hours` each of them, oldest first; `up` of
    `called` hours are those in which it answered. `tried_at` is the newest hour in which something was tried.
    """

    waiting: int = 0
    oldest: datetime | None = None
    dead: int = 0
    received: int = 0
    stuck: int = 0
    hours: tuple[Hour, ...] = ()
    sums: Mapping[str, int] = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(0, 0))
    quotas: tuple[Quota, ...] = ()
    failing_since: datetime | None = None
    tried_at: datetime | None = None
    failures_in_a_row: int = 0
    open_until: datetime | None = None
    called: int = 0
    up: int = 0
    reconciliation: Reconciliation | None = None
    troubles: tuple[Trouble, ...] = ()

    def lag(self, share: float) -> float | None:
        """Return the seconds within which this share of the last day's messages was acknowledged."""
        return quantile([self.sums.get(name, 0) for name in NAMES], share)

    def is_idle(self, now: datetime) -> bool:
        """Say whether nothing is due and nothing was tried for two whole hours."""
        return not self.waiting and (self.tried_at is None or now - _end_of(self.tried_at) >= IDLE)

    @property
    def causes(self) -> list[tuple[str, int]]:
        """Why tries failed, most often first; without those that did not happen."""
        found = [(name, self.sums.get(name, 0)) for name in CAUSES]
        return sorted((each for each in found if each[1]), key=lambda each: -each[1])

    @property
    def uptime(self) -> float | None:
        """Per cent of the hours in which it was called, in which it answered; None if it never was."""
        return self.up * 100 / self.called if self.called else None


def figures_of(connections: Iterable[Connection], now: datetime) -> dict[int, Figures]:
    """Return the figures of each connection, by id."""
    rows = {row.pk: row for row in connections}
    hours, days = _hours(rows, now), _days(rows, now)
    deliveries, dead, inbounds = _deliveries(rows), _dead(rows), _inbounds(rows)
    newest, lanes, troubles = _newest(rows), _lanes(rows), _troubles(rows)
    reconciliations = _reconciliations(rows)
    begin = _full(now) - (HOURS - 1) * timedelta(hours=1)
    found = {}
    for number, row in rows.items():
        own = hours.get(number, [])
        waiting, oldest = deliveries.get(number, (0, None))
        last, lane = newest.get(number), lanes.get(number)
        called, up, today = days.get(number, (0, 0, 0))
        received, stuck = inbounds.get(number, (0, 0))
        found[number] = Figures(
            waiting=waiting,
            oldest=oldest,
            dead=dead.get(number, 0),
            received=received,
            stuck=stuck,
            hours=_each(own, begin),
            sums={name: sum(each[name] for each in own) for name in _SUMMED},
            budget=Budget(limit_of(row.options), today),
            quotas=tuple(quotas(last.quota)) if last else (),
            failing_since=last.failing_since if last else None,
            tried_at=max((each["hour"] for each in own if each["calls"] or each["failures"]), default=None),
            failures_in_a_row=lane.failures if lane else 0,
            open_until=lane.open_until if lane else None,
            called=called,
            up=up,
            reconciliation=reconciliations.get(number),
            troubles=tuple(troubles.get(number, ())),
        )
    return found


def _end_of(hour: datetime) -> datetime:
    return hour + timedelta(hours=1)


def _full(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(rows: Mapping[int, Any], now: datetime) -> dict[int, list[dict[str, Any]]]:
    since = _full(now) - (HOURS - 1) * timedelta(hours=1)
    known = ConnectionHour.objects.filter(connection__in=rows, hour__gte=since, hour__lte=now)
    found: dict[int, list[dict[str, Any]]] = {}
    for each in known.values("connection_id", "hour", *_SUMMED):
        found.setdefault(each["connection_id"], []).append(each)
    return found


def _each(own: list[dict[str, Any]], begin: datetime) -> tuple[Hour, ...]:
    known = {each["hour"]: each for each in own}
    hours = [begin + step * timedelta(hours=1) for step in range(HOURS)]
    empty = {"delivered": 0, "failures": 0}
    return tuple(
        Hour(hour, known.get(hour, empty)["delivered"], known.get(hour, empty)["failures"]) for hour in hours
    )


def _days(rows: Mapping[int, Any], now: datetime) -> dict[int, tuple[int, int, int]]:
    """Hours of the last 30 days in which it was called and answered, and the calls since midnight, UTC."""
    known = ConnectionHour.objects.filter(connection__in=rows, hour__gt=now - MONTH, hour__lte=now)
    counted = (
        known.order_by()
        .values_list("connection_id")
        .annotate(
            called_in=Count("pk", filter=Q(calls__gt=0)),
            up_in=Count("pk", filter=Q(calls__gt=0, answered__gt=0)),
            today=Sum("calls", filter=Q(hour__gte=day_of(now))),
        )
    )
    return {number: (called, up, today or 0) for number, called, up, today in counted}


def _deliveries(rows: Mapping[int, Any]) -> dict[int, tuple[int, datetime]]:
    """How many wait and since when; read from the index of those alone, a row is looked at for the oldest only."""
    due = Delivery.objects.filter(connection__in=rows, state=DeliveryState.DUE)
    counted = list(due.order_by().values_list("connection_id").annotate(Count("pk"), Min("pk")))
    oldest = Delivery.objects.filter(pk__in=[first for _number, _count, first in counted])
    since = dict(oldest.values_list("pk", "created_at"))
    return {number: (count, since[first]) for number, count, first in counted if first in since}


def _dead(rows: Mapping[int, Any]) -> dict[int, int]:
    dead = Delivery.objects.filter(connection__in=rows, state=DeliveryState.DEAD)
    return dict(dead.order_by().values_list("connection_id").annotate(Count("pk")))


def _inbounds(rows: Mapping[int, Any]) -> dict[int, tuple[int, int]]:
    waiting = Inbound.objects.filter(connection__in=rows, state__in=_OPEN)
    counted = (
        waiting.order_by()
        .values_list("connection_id")
        .annotate(
            received=Count("pk", filter=Q(state=InboundState.RECEIVED)),
            stuck=Count("pk", filter=~Q(state=InboundState.RECEIVED)),
        )
    )
    return {number: (received, stuck) for number, received, stuck in counted}


def _newest(rows: Mapping[int, Any]) -> dict[int, ConnectionHour]:
    of_it = ConnectionHour.objects.filter(connection=OuterRef("pk")).order_by("-hour").values("pk")[:1]
    return {row.connection_id: row for row in _last(ConnectionHour.objects.all(), of_it, rows)}


def _reconciliations(rows: Mapping[int, Any]) -> dict[int, Reconciliation]:
    finished = Reconciliation.objects.filter(connection=OuterRef("pk"), state=ReconciliationState.FINISHED)
    of_it = finished.order_by("-created_at").values("pk")[:1]
    found = _last(Reconciliation.objects.defer("cursor"), of_it, rows)
    return {row.connection_id: row for row in found}


def _last(rows: "QuerySet[Any]", of_it: "QuerySet[Any]", connections: Iterable[int]) -> list[Any]:
    """The newest row of each connection: one step in an index for each of them, in one query."""
    newest = Connection.objects.filter(pk__in=connections).annotate(newest=Subquery(of_it)).values("newest")
    return list(rows.filter(pk__in=newest))


def _lanes(rows: Mapping[int, Any]) -> dict[int, Lane]:
    return {lane.pk: lane for lane in Lane.objects.filter(pk__in=rows)}


def _troubles(rows: Mapping[int, Any]) -> dict[int, list[Trouble]]:
    found: dict[int, list[Trouble]] = {}
    for trouble in Trouble.objects.filter(connection__in=rows, ended_at=None).order_by("since", "pk"):
        found.setdefault(trouble.connection_id, []).append(trouble)
    return found


def missed_by_webhooks(connections: Iterable[int], since: datetime) -> dict[int, datetime]:
    """Return, by connection, when the newest comparison since a time found orders of which no message told."""
    rows = Reconciliation.objects.filter(
        connection__in=list(connections), state=ReconciliationState.FINISHED, created_at__gte=since
    )
    missing = rows.filter(counts__missing__gt=0).order_by()
    return dict(missing.values_list("connection_id").annotate(Max("begins_at")))
