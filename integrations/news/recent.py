"""What of late could be told to a program."""

from affiliates.models import Program
from core.models import Event
from integrations.news.kinds import noun_of
from integrations.news.subjects import NOUNS

LATEST = 200  # rows of a noun that are looked at: an event is found by its subject


def recent(kind: str, program: Program, most: int = 3) -> list[Event]:
    """Return the newest events of a public kind in a program, the newest first.

    Only those of its newest rows are looked for, so that the answer takes the same time in a large house.
    """
    subject = NOUNS[noun_of(kind)]
    rows = Event.objects.filter(
        subject_type=subject.model._meta.label_lower,
        subject_id__in=subject.newest(program, LATEST),
        kind=kind,
        tenant_id=program.merchant_id,
        scope_id=program.pk,
    )
    return list(rows.order_by("-pk")[:most])
