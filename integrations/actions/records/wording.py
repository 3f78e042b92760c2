"""Telling again once the dictionary says otherwise: whoever was told of a word hears what it is called now.

One walk through a program's customers serves every word that was decided while it waited to begin. It goes on from job
to job, some customers at a time; each is lined up once, and read when told: who hears nothing new is not called.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from affiliates.models import Program
from core import events
from core.models import Event, Job, JobState
from integrations import bell
from integrations.actions.records import people
from integrations.actions.records.planning import line_up, wanted
from integrations.gate import LISTENING, keeping
from integrations.models import Connection, CustomerFact, RemoteRecord
from integrations.news.words import STATUSES, status_of
from integrations.records import merge_key
from tracking.actions.terms import Said
from tracking.models import Conversion, Customer
from tracking.states import Vocabulary

TASK = "integrations.tasks.tell_words"
AT_ONCE = 500
MARGIN = timedelta(minutes=10)  # an event is dated a little before it can be read
TOLD = (Vocabulary.STATUS, Vocabulary.CATEGORY)  # vocabularies whose words stand in customers' records


@transaction.atomic
def follow_word(event: Event, *, at: datetime | None = None) -> bool:
    """Have a walk begun for a word that was decided, unless one waits to begin; say whether it was."""
    if event.data.get("vocabulary") not in TOLD or event.data.get("was") == event.data.get("word"):
        return False
    program = Program.objects.get(pk=event.scope_id or 0)
    if not _keepers(program) or _waits(program):
        return False
    _go_on(program, 0, event.at, at)
    return True


@transaction.atomic
def tell_words(program: Program, *, since: datetime, after: int = 0, at: datetime | None = None) -> int:
    """Line up the next customers whom words concern that were decided since then; return how many they are."""
    now, keepers = at or timezone.now(), _keepers(program)
    words = _decided(program, since)
    if not keepers or not words:
        return 0
    rows = Customer.objects.filter(program=program, pk__gt=after).order_by("pk")
    numbers = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    concerned = _concerned(program, numbers, words)
    for connection in keepers:
        line_up(connection, _pairs(connection, concerned), now, now)
    if len(numbers) == AT_ONCE:
        _go_on(program, numbers[-1], since, at)
    transaction.on_commit(lambda: bell.ring([each.pk for each in keepers]))
    return len(concerned)


def _keepers(program: Program) -> list[Connection]:
    rows = Connection.objects.filter(program=program, connector__in=keeping(), state__in=LISTENING)
    return list(rows.select_related("program").order_by("pk"))


def _waits(program: Program) -> bool:
    """Whether a walk has not begun: it will read of this word too."""
    rows = Job.objects.filter(task=TASK, state=JobState.DUE, attempts=0, event__scope_id=program.pk)
    return any(not job.event.data.get("after") for job in rows.select_related("event"))


def _decided(program: Program, since: datetime) -> set[Said]:
    rows = Event.objects.filter(
        tenant_id=program.merchant_id, kind="term.decided", scope_id=program.pk, at__gte=since - MARGIN
    )
    told = (data for data in rows.values_list("data", flat=True) if data["vocabulary"] in TOLD)
    return {(data["source"], data["vocabulary"], data["theirs"]) for data in told}


def _concerned(program: Program, customers: Sequence[int], words: set[Said]) -> list[int]:
    """Those of whom a CRM says one of the words, or who bought what a store files under one."""
    facts = CustomerFact.objects.filter(
        customer__in=customers, connection__program=program, name__in=STATUSES
    ).values_list("customer", "connection__source", "name", "value")
    found = {
        customer
        for customer, source, name, value in facts
        if (source, Vocabulary.STATUS.value, status_of(name, value)) in words
    }
    filed = {(source, theirs) for source, name, theirs in words if name == Vocabulary.CATEGORY}
    bought = Conversion.objects.filter(
        customer__in=customers, source__in={source for source, _theirs in filed}
    )
    for customer, source, kept in bought.values_list("customer", "source", "words").iterator(chunk_size=2000):
        # what was sold before there was a dictionary has no words of its own: it may be anything
        if kept is None or any((source, one) in filed for one in kept.get(Vocabulary.CATEGORY, ())):
            found.add(customer)
    return sorted(found)


def _pairs(connection: Connection, customers: Iterable[int]) -> list[tuple[str, str]]:
    """The records of them that the far side was told of; nobody is made there because of a word."""
    keys = {f"customer:{number}": number for number in customers}
    kept = people.kept_at(connection).filter(pk__in=keys.values())
    known = RemoteRecord.objects.filter(connection=connection, local_key__in=[merge_key(row) for row in kept])
    told = {row.local_key for row in known if row.offered}
    return [pair for key in sorted(told, key=keys.__getitem__) for pair in wanted(connection, keys[key])]


def _go_on(program: Program, after: int, since: datetime, at: datetime | None) -> None:
    events.record(
        "dictionary.telling",
        program,
        tenant=program.merchant_id,
        scope=program.pk,
        at=at,
        data={"after": after, "since": since.isoformat()},
    )
