"""Keeps by what buyers and affiliates are known again, so that later sales find earlier ones without a search."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from affiliates.models import Affiliate, Program
from fraud.checks.facts import Mark, Marks, SaleFacts
from fraud.gathering.marks import marks_of_sales
from fraud.models import KnownMark
from tracking.models import Conversion

MOST_NOTED = 20  # marks of a kind that are kept of one membership, the newest
PASSING = (Mark.DEVICE, Mark.NETWORK)  # read off visits: kept as long as the program keeps raw data of clicks
BATCH = 1000

Key = tuple[str, str]  # kind and digest


@transaction.atomic
def keep_sale_marks(program: Program, facts: Iterable[SaleFacts]) -> int:
    """Keep the marks of the buyers of a program's sales, as their facts have them now; return how many were new."""
    rows = list(facts)
    return _keep(
        program, {one.conversion: one.buyer for one in rows}, {one.conversion: one.at for one in rows}
    )


@transaction.atomic
def keep_marks(program: Program, conversions: Iterable[Conversion]) -> int:
    """Keep the marks of a program's conversions, also of those that are nobody's; return how many were new."""
    own = [one for one in conversions if one.program_id == program.pk]
    return _keep(program, marks_of_sales(own), {one.pk: one.occurred_at for one in own})


@transaction.atomic
def note_marks(affiliate: Affiliate, marks: Mapping[Mark, str], *, at: datetime | None = None) -> int:
    """Note what an affiliate was seen with (browser, network ...) on all its memberships; return how many were new.

    The newest MOST_NOTED of a kind are kept, and what was seen before counts from now. "" is no mark.
    """
    now = at or timezone.now()
    seen = {(kind.value, digest) for kind, digest in marks.items() if digest}
    if not seen:
        return 0
    Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    memberships = dict(affiliate.enrollments.order_by("pk").values_list("pk", "program"))
    rows = KnownMark.objects.filter(enrollment__in=memberships, kind__in={kind for kind, _digest in seen})
    known = {(row.enrollment_id, row.kind, row.digest): row for row in rows}
    again = [row for (_one, *key), row in known.items() if tuple(key) in seen and row.at < now]
    KnownMark.objects.filter(pk__in=[row.pk for row in again]).update(at=now)
    new = [
        KnownMark(program_id=program, enrollment_id=enrollment, kind=kind, digest=digest, at=now)
        for enrollment, program in memberships.items()
        for kind, digest in sorted(seen)
        if (enrollment, kind, digest) not in known
    ]
    KnownMark.objects.bulk_create(new, ignore_conflicts=True)
    _forget(rows.all())
    return len(new)


def forget(*, at: datetime | None = None, batch: int = BATCH) -> int:
    """Delete browsers and networks of buyers and affiliates seen before the program's raw days; return how many.

    Other marks are of what orders and accounts say, and stay as long as these do. What an old sale writes again, when
    it is looked at once more, goes with the next round.
    """
    now, forgotten = at or timezone.now(), 0
    for program in Program.objects.order_by("pk"):
        since, last = now - timedelta(days=program.raw_days), 0
        rows = KnownMark.objects.filter(program=program, kind__in=PASSING, at__lt=since)
        while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch]):
            forgotten += KnownMark.objects.filter(pk__in=ids).delete()[0]
            last = ids[-1]
    return forgotten


def _forget(rows: Iterable[KnownMark]) -> None:
    """Delete all but the newest of each kind and membership."""
    groups: dict[tuple[int | None, str], list[KnownMark]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.at, row.pk), reverse=True):
        groups[row.enrollment_id, row.kind].append(row)
    old = [row.pk for group in groups.values() for row in group[MOST_NOTED:]]
    if old:
        KnownMark.objects.filter(pk__in=old).delete()


def _keep(program: Program, marks: Mapping[int, Marks], at: Mapping[int, datetime]) -> int:
    """Write what is new, and delete what the order says otherwise now; a kind that is no longer known stays."""
    rows = KnownMark.objects.filter(program=program, conversion__in=marks.keys())
    wanted = {one: _keys(said) for one, said in marks.items()}
    known: set[tuple[int, str, str]] = set()
    stale = []
    for pk, one, kind, digest, when in rows.values_list("pk", "conversion", "kind", "digest", "at"):
        if (kind, digest) in wanted[one] and when == at[one]:
            known.add((one, kind, digest))
        elif Mark(kind) in marks[one]:
            stale.append(pk)
    if stale:
        KnownMark.objects.filter(pk__in=stale).delete()
    new = [
        KnownMark(program=program, conversion_id=one, kind=kind, digest=digest, at=at[one])
        for one, keys in wanted.items()
        for kind, digest in sorted(keys)
        if (one, kind, digest) not in known
    ]
    KnownMark.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _keys(marks: Marks) -> set[Key]:
    return {(kind.value, digest) for kind in marks for digest in marks[kind]}
