"""News: every change writes one Event and, with it, one Job per follower, in the change's own transaction."""

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from core.models import Event, Job, User

_muted: ContextVar[frozenset[str]] = ContextVar("muted", default=frozenset())


@cache
def routes() -> dict[str, tuple[str, ...]]:
    """Return who follows what: event kind -> dotted names of tasks (the table that EVENT_ROUTES names)."""
    table: dict[str, tuple[str, ...]] = import_string(settings.EVENT_ROUTES)
    return table


@cache
def gates() -> dict[str, Callable[[int | None, str], bool]]:
    """Return what is asked, with tenant and kind, before a follower gets its job (the table EVENT_GATES)."""
    return {task: import_string(path) for task, path in settings.EVENT_GATES.items()}


def record(
    kind: str,
    subject: models.Model,
    *,
    tenant: int | None,
    scope: int | None = None,
    actor: User | None = None,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Write that `kind` happened to `subject`, with a job per follower; raise KeyError for an unknown kind."""
    model, numbers = subject._meta.model, [subject.pk]
    return record_each(kind, model, numbers, tenant=tenant, scope=scope, actor=actor, at=at, data=data)[0]


def record_many(events: Sequence[Event]) -> list[Event]:
    """Write several events and their jobs with two statements; must stand inside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Events are written in the transaction of their change.")
    muted = _muted.get()
    followers = [
        [task for task in routes()[event.kind] if task not in muted and _is_let(task, event)]
        for event in events
    ]
    written = Event.objects.bulk_create(events)
    jobs = [
        Job(event=event, task=task) for event, tasks in zip(written, followers, strict=True) for task in tasks
    ]
    if jobs:
        Job.objects.bulk_create(jobs)
        transaction.on_commit(_ring, robust=True)
    return written


def record_each(
    kind: str,
    model: type[models.Model],
    numbers: Iterable[object],
    *,
    tenant: int | None,
    scope: int | None = None,
    actor: User | None = None,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> list[Event]:
    """Write the same news of many rows of a model, by their ids, with two statements; as `record_many` asks."""
    return record_many(
        [
            Event(
                kind=kind,
                tenant_id=tenant,
                scope_id=scope,
                subject_type=model._meta.label_lower,
                subject_id=str(number),
                actor=actor,
                at=at or timezone.now(),
                data=data or {},
            )
            for number in numbers
        ]
    )


def _is_let(task: str, event: Event) -> bool:
    """A follower that nobody waits for gets no job: a row for each event of each tenant would be waste."""
    gate = gates().get(task)
    return gate is None or gate(event.tenant_id, event.kind)


def _ring() -> None:
    from core.tasks import ring  # the bell imports the job runner, which imports this module

    ring()


class muted:
    """Leave out the named followers inside the block (a simulator must not send a year of mail)."""

    def __init__(self, *tasks: str) -> None:
        self.tasks = frozenset(tasks)

    def __enter__(self) -> None:
        self._token = _muted.set(_muted.get() | self.tasks)

    def __exit__(self, *_: object) -> None:
        _muted.reset(self._token)
