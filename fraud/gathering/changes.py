"""On which days of which affiliates something came, so that their counts no longer hold; only reads.

Clicks come in any order, some a day late, and carry no mark of when they were read: the days of which more may come
are compared with what was counted of them. Orders are followed by what events say of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTransform

from affiliates.models import Program
from commissions.models import Commission
from commissions.states import CommissionState
from core.models import Event
from fraud.models import DayCount
from fraud.partners import HISTORY, WINDOW
from tracking.models import Click, Conversion, Decision

Pairs = set[tuple[int, date]]  # enrollment, day

KEPT = timedelta(days=WINDOW + HISTORY)  # older days are read by nobody
SETTLED = timedelta(hours=1)  # after a day is over: by then the tag has told of its last clicks
TOGETHER = 1000
FROM_CONVERSION = "pk"
HOW: dict[str, str] = {  # event's kind -> the way from its conversion to its subject
    "conversion.counted": FROM_CONVERSION,
    "conversion.parked": FROM_CONVERSION,
    "conversion.released": FROM_CONVERSION,
    "conversion.recounted": FROM_CONVERSION,
    "conversion.confirmed": FROM_CONVERSION,
    "decision.replaced": FROM_CONVERSION,
    "order.revised": "order",
    "refund.recorded": "order__refunds",
    "refund.withdrawn": "order__refunds",
    "commission.accrued": "commissions",
    "commission.approved": "commissions",
}


def clicked_days(program: Program, first: date, last: date) -> Pairs:
    """Return the days of which other clicks are known than were counted."""
    found: Pairs = set()
    for day in _days(first, last):
        begins, ends = program.span_of(day)
        rows = Click.objects.filter(
            enrollment__program=program, at__gte=begins, at__lt=ends, is_read=True
        ).order_by()
        seen = dict(rows.values_list("enrollment_id").annotate(count=Count("*")))
        if seen:
            counted = _counted(program, day)
            found |= {(one, day) for one, count in seen.items() if counted.get(one) != count}
    return found


def settled_days(program: Program, first: date, last: date, at: datetime) -> Pairs:
    """Return the days that are over and were counted while they were not, or while the tag might still tell of them."""
    found: Pairs = set()
    for day in _days(first, last):
        settled = program.span_of(day)[1] + SETTLED
        if settled <= at:
            rows = DayCount.objects.filter(program=program, day=day, counted_at__lt=settled)
            found |= {(one, day) for one in rows.values_list("enrollment_id", flat=True)}
    return found


def sold_days(program: Program, first: date, last: date) -> Pairs:
    """Return the days on which orders were made."""
    begins, ends = program.span_of(first)[0], program.span_of(last)[1]
    rows = _decided().filter(
        conversion__program=program, conversion__occurred_at__gte=begins, conversion__occurred_at__lt=ends
    )
    pairs = rows.values_list("enrollment_id", "conversion__occurred_at")
    return {(one, program.local(at).date()) for one, at in pairs.iterator()}


def matured_days(program: Program, since: datetime, until: datetime) -> Pairs:
    """Return the days whose orders' return windows ended meanwhile; of those that were approved an event tells."""
    pending = Commission.objects.filter(
        program=program,
        state=CommissionState.PENDING,
        matures_at__gt=since,
        matures_at__lte=until,
        conversion__isnull=False,
    )
    return _of_conversions({program.pk: program}, list(pending.values_list("conversion_id", flat=True)))[
        program.pk
    ]


def told_days(programs: Mapping[int, Program], events: Iterable[Event]) -> dict[int, Pairs]:
    """Return program -> the days of the orders that events tell of; of other programs and kinds nothing is asked."""
    mine = [one for one in events if one.kind in HOW and one.scope_id in programs]
    subjects: dict[str, set[int]] = defaultdict(set)
    for event in mine:
        subjects[HOW[event.kind]].add(int(event.subject_id))
    conversions = {number for way, ids in subjects.items() for number in _conversions(way, sorted(ids))}
    found = _of_conversions(programs, sorted(conversions))
    for program, pairs in _before(programs, mine):
        found[program] |= pairs
    return found


# --- from orders to days ---------------------------------------------------------------------------------------
def _decided() -> QuerySet[Any]:
    return Decision.objects.filter(is_current=True, enrollment__isnull=False).order_by()


def _of_conversions(programs: Mapping[int, Program], numbers: Sequence[int]) -> dict[int, Pairs]:
    found: dict[int, Pairs] = defaultdict(set)
    for some in _parts(numbers):
        rows = _decided().filter(conversion__in=some, program__in=programs)
        for program, one, at in rows.values_list("program_id", "enrollment_id", "conversion__occurred_at"):
            found[program].add((one, programs[program].local(at).date()))
    return found


def _conversions(way: str, subjects: Sequence[int]) -> Iterator[int]:
    for some in _parts(subjects):
        yield from Conversion.objects.filter(**{f"{way}__in": some}).values_list("pk", flat=True)


def _before(programs: Mapping[int, Program], events: Sequence[Event]) -> Iterator[tuple[int, Pairs]]:
    """Whose day the order had been until then: another's, or another day."""
    for event in events:
        program = programs[event.scope_id or 0]
        if event.kind == "decision.replaced" and event.data.get("from"):
            rows = Conversion.objects.filter(pk=event.subject_id).values_list("occurred_at", flat=True)
            yield program.pk, {(event.data["from"], program.local(at).date()) for at in rows}
        if event.kind == "order.revised" and (moved := event.data.get("changes", {}).get("occurred_at")):
            rows = _decided().filter(conversion__order=event.subject_id)
            was = program.local(datetime.fromisoformat(moved[0])).date()
            yield program.pk, {(one, was) for one in rows.values_list("enrollment_id", flat=True)}


def _counted(program: Program, day: date) -> dict[int, int | None]:
    rows = DayCount.objects.filter(program=program, day=day)
    return dict(rows.values_list("enrollment_id", KeyTransform("seen", "counts")))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=one) for one in range((last - first).days + 1))


def _parts(numbers: Sequence[int]) -> Iterator[Collection[int]]:
    return (numbers[first : first + TOGETHER] for first in range(0, len(numbers), TOGETHER))
