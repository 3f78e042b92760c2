"""/metrics: how the installation is, for Prometheus, behind a token of its own."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.models import Job, JobState, Round
from integrations.models import Connection, Delivery, Inbound
from integrations.states import ConnectionState, DeliveryState, InboundState
from integrations.watch.figures import CAUSES, DAY, Figures, figures_of
from portal.exposition import CONTENT_TYPE, Family, exposition

WATCH = "integrations.tasks.watch"  # turned each minute: by it one sees that a worker lives
SHARES = (0.5, 0.95, 0.99)
OPEN = (InboundState.RECEIVED, InboundState.PARKED, InboundState.QUARANTINED)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever has the token; without one in the settings there is no such address."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN.encode()
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), wanted):
        answer = HttpResponse("A bearer token is needed.\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    answer = HttpResponse(exposition(families(timezone.now())), content_type=CONTENT_TYPE)
    answer["Cache-Control"] = "no-store"
    return answer


def families(now: datetime) -> list[Family]:
    """Return every measure, by a number of queries that does not grow with the connections."""
    live = Connection.objects.exclude(state=ConnectionState.DISCONNECTED).order_by("pk")
    rows = list(live.select_related("program"))
    found = figures_of(rows, now)
    return [*_counted(rows, found, now), *_of_connections(rows, found, now), *_of_house(now)]


def _labels(row: Connection) -> dict[str, str]:
    return {"connection": str(row.pk), "system": row.connector, "source": row.source}


def _counted(rows: list[Connection], found: Mapping[int, Figures], now: datetime) -> Iterator[Family]:
    """Messages by state. What waits is counted, by indexes of those alone; of what has ended only the last day is.

    So the work grows with what is open and with a day's traffic, never with what is kept.
    """
    since = now - DAY
    skipped = _by_connection(
        Delivery.objects.filter(connection__in=rows, state=DeliveryState.SKIPPED, done_at__gte=since)
    )
    told = Family(
        "portal_deliveries",
        "Messages to other systems: due and dead ones, and those of the last 24 hours that are done or skipped.",
    )
    for row in rows:
        own, labels = found[row.pk], _labels(row)
        told.add(own.waiting, **labels, state=DeliveryState.DUE)
        told.add(own.dead, **labels, state=DeliveryState.DEAD)
        told.add(skipped.get(row.pk, 0), **labels, state=DeliveryState.SKIPPED)
        told.add(own.sums.get("delivered", 0), **labels, state=DeliveryState.DONE)
    yield told
    yield _received(rows, since)


def _received(rows: list[Connection], since: datetime) -> Family:
    family = Family(
        "portal_inbounds",
        "Messages of other systems: those that wait, by state; ended: those of the last 24 hours that do not.",
    )
    kept = Inbound.objects.filter(connection__in=rows)
    opened = kept.filter(state__in=OPEN).order_by().values_list("connection_id", "state")
    fresh = Count("pk", filter=Q(received_at__gte=since))
    counts = {(number, state): both for number, state, *both in opened.annotate(all=Count("pk"), fresh=fresh)}
    came = _by_connection(kept.filter(received_at__gte=since))
    for row in rows:
        own = {state: counts.get((row.pk, state), (0, 0)) for state in OPEN}
        for state, (count, _late) in own.items():
            family.add(count, **_labels(row), state=state)
        family.add(
            came.get(row.pk, 0) - sum(late for _count, late in own.values()), **_labels(row), state="ended"
        )
    return family


def _by_connection(rows: "QuerySet[Any]") -> dict[int, int]:
    return dict(rows.order_by().values_list("connection_id").annotate(Count("pk")))


def _of_connections(rows: list[Connection], found: Mapping[int, Figures], now: datetime) -> list[Family]:
    active = Family("portal_connection_active", "1 while the connection is neither paused nor cut.")
    troubled = Family("portal_connection_trouble", "1 for each kind of trouble that lasts.")
    lag = Family("portal_delivery_lag_seconds", "From an event to the far side's yes, the last 24 hours.")
    tries = Family("portal_delivery_attempts", "Tries of the last 24 hours, by what became of them.")
    oldest = Family("portal_delivery_oldest_seconds", "Age of the oldest message that waits.")
    calls = Family("portal_connection_calls", "Calls since midnight, UTC.")
    left = Family("portal_connection_budget_left", "Calls that the budget leaves for today.")
    quota = Family("portal_connection_quota_left", "What the far side's own limits leave, as it said last.")
    up = Family("portal_connection_uptime_ratio", "Share of hours called in which it answered, 30 days.")
    for row in rows:
        own, labels = found[row.pk], _labels(row)
        active.add(row.state == ConnectionState.ACTIVE, **labels)
        for trouble in own.troubles:
            troubled.add(1, **labels, kind=trouble.kind)
        for share in SHARES:
            lag.add(own.lag(share), **labels, quantile=str(share))
        for outcome in ("delivered", *CAUSES):
            tries.add(own.sums.get(outcome, 0), **labels, outcome=outcome)
        oldest.add(_age(own, now), **labels)
        calls.add(own.budget.used, **labels)
        left.add(own.budget.left if own.budget.limit else None, **labels)
        for each in own.quotas:
            quota.add(each.left, **labels, limit=each.name)
        up.add(own.uptime / 100 if own.uptime is not None else None, **labels)
    return [active, troubled, lag, tries, oldest, calls, left, quota, up]


def _age(own: Figures, now: datetime) -> float:
    return (now - own.oldest).total_seconds() if own.oldest else 0.0


def _of_house(now: datetime) -> Iterator[Family]:
    """The worker's and the edge's basics, as far as they are cheap to know."""
    waiting = Job.objects.filter(state=JobState.DUE, next_at__lte=now).aggregate(Count("pk"), Min("next_at"))
    jobs = Family("portal_jobs_waiting", "Jobs that are due and not done.")
    jobs.add(waiting["pk__count"])
    yield jobs
    late = Family("portal_jobs_oldest_seconds", "For how long the oldest job has been due.")
    late.add((now - waiting["next_at__min"]).total_seconds() if waiting["next_at__min"] else 0.0)
    yield late
    aside = Family("portal_jobs_quarantined", "Jobs that wait for a person.")
    aside.add(Job.objects.filter(state=JobState.QUARANTINED).count())
    yield aside
    turn = Family("portal_worker_last_turn_seconds", "For how long no worker has turned the schedule.")
    last = Round.objects.filter(task=WATCH, done_at__isnull=False).order_by("-period").first()
    turn.add((now - last.done_at).total_seconds() if last and last.done_at else None)
    yield turn
    journal = Family("portal_edge_journal_bytes", "What the edge of this machine has not brought home yet.")
    journal.add(_journal_bytes())
    yield journal


def _journal_bytes() -> int:
    folder = settings.VAR_DIR / "journal"
    if not folder.is_dir():
        return 0
    total = 0
    for file in folder.iterdir():
        try:
            total += file.stat().st_size
        except OSError:  # it was brought home meanwhile
            continue
    return total
