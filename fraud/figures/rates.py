"""How often each check spoke, and how often reviewers found that it was wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from affiliates.models import Program
from fraud.models import Case, Signal
from fraud.states import GUILTY, CaseState, Verdict

DAYS = 90
FEWEST = 5  # decided cases, under which a share would only be taken for one


@dataclass(frozen=True, slots=True)
class Record:
    """What became of what a check found: findings of the last DAYS, and cases with one that were decided in them.

    `cleared` are the cases that were decided as honest, the false positives.
    """

    found: int = 0
    decided: int = 0
    cleared: int = 0

    @property
    def false_positives(self) -> float | None:
        """The share of decided cases that were cleared, 0 to 1; None where too few were decided to say."""
        return self.cleared / self.decided if self.decided >= FEWEST else None


def records(program: Program, at: datetime, days: int = DAYS) -> dict[str, Record]:
    """Return check name -> its record; a check that never spoke is not in it."""
    since = at - timedelta(days=days)
    found = Signal.objects.filter(program=program, found_at__gt=since, found_at__lte=at)
    counts = dict(found.order_by().values_list("check_name").annotate(Count("pk")))
    said = [*GUILTY, Verdict.CLEAR]
    cases = Case.objects.filter(program=program, state=CaseState.DECIDED, verdict__in=said)
    decided = cases.filter(decided_at__gt=since, decided_at__lte=at, signals__isnull=False)
    rows = decided.order_by().values_list("signals__check_name")
    counted = rows.annotate(
        every=Count("pk", distinct=True), wrong=Count("pk", distinct=True, filter=Q(verdict=Verdict.CLEAR))
    )
    sums = {name: (every, wrong) for name, every, wrong in counted}
    return {name: Record(counts.get(name, 0), *sums.get(name, (0, 0))) for name in sorted({*counts, *sums})}
