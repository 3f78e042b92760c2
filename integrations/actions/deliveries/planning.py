"""Planning: for each connection that wants to hear of an event, one message."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.models import Event, Job, JobState
from integrations import bell, news
from integrations.actions.records.planning import plan_records
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Delivers
from integrations.flows import next_slot
from integrations.gate import LISTENING, delivering
from integrations.models import Connection, Delivery

log = logging.getLogger(__name__)

PLAN = "integrations.tasks.plan_deliveries"
MOST_BEHIND = 500


@transaction.atomic
def plan(event: Event, *, at: datetime | None = None) -> int:
    """Make one message for each connection that wants to hear of an event; return for how many it is news.

    Safe to repeat. What happened to the same row before goes into line before it, whoever plans first.
    """
    now = at or timezone.now()
    told = _plan(event, now)
    if told:
        transaction.on_commit(lambda: bell.ring(dict.fromkeys(told)))
    return len(told)


def _plan(event: Event, now: datetime) -> list[int]:
    if event.kind not in news.PUBLIC or event.tenant_id is None:
        return []
    return [*_plan_messages(event, now), *plan_records(event, now)]


def _plan_messages(event: Event, now: datetime) -> list[int]:
    if not (listeners := list(_listeners(event))):
        return []
    body, about = news.body_of(event), news.object_key(event)
    wanting = [each for each in listeners if _wants(each, event.kind, body)]
    if not wanting:
        return []
    told = [number for earlier in _left_behind(event, about) for number in _plan_apart(earlier, now)]
    known = set(
        Delivery.objects.filter(event=event, connection__in=wanting).values_list("connection", flat=True)
    )
    rows = [
        Delivery(
            connection=each,
            event=event,
            kind=event.kind,
            object_key=about,
            body=body,
            occurred_at=event.at,
            next_at=next_slot(each, now),
        )
        for each in wanting
        if each.pk not in known
    ]
    # another worker may plan the same at this moment: the unique key lets one of them in
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return [*told, *(row.connection_id for row in rows)]


def _left_behind(event: Event, about: str) -> list[Event]:
    """Return what happened to the same object before and was begun to be planned: its worker may have died."""
    # of jobs alone, which have an index for it: joined with the events, all of a company's are walked through
    begun = Job.objects.filter(task=PLAN, state=JobState.DUE, attempts__gt=0, event_id__lt=event.pk)
    numbers = list(begun.order_by("event_id").values_list("event_id", flat=True)[:MOST_BEHIND])
    known = Event.objects.filter(pk__in=numbers, tenant_id=event.tenant_id, kind__in=news.PUBLIC)
    return [earlier for earlier in known.order_by("pk") if news.object_key(earlier) == about]


def _plan_apart(event: Event, now: datetime) -> list[int]:
    """Plan an earlier event; if that breaks, it is that event's own trouble."""
    try:
        with transaction.atomic():
            return _plan_messages(event, now)
    except Exception:
        log.exception("event %s cannot be planned", event.pk)
        return []


def _listeners(event: Event) -> QuerySet[Connection]:
    """Return the connections of the event's program, or of its merchant's programs; never of another merchant."""
    rows = Connection.objects.filter(
        program__merchant_id=event.tenant_id or 0, state__in=LISTENING, connector__in=delivering()
    )
    rows = rows.filter(program_id=event.scope_id) if event.scope_id else rows
    if event.subject_type == Connection._meta.label_lower:
        rows = rows.exclude(pk=event.subject_id)  # nobody is told of its own troubles by itself
    return rows.select_related("program").order_by(
        "pk"
    )  # whoever else plans the same writes in the same order


def _wants(connection: Connection, kind: str, body: dict[str, object]) -> bool:
    connector = CONNECTORS[connection.connector]
    return isinstance(connector, Delivers) and connector.wants(connection.options, kind, body)
