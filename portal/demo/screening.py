"""What the review does by itself while the year goes by; to hold everybody beside all others is left to the worker."""

from collections.abc import Iterable
from datetime import datetime

from affiliates.models import Program
from commissions.models import Commission
from commissions.states import Screening
from fraud.actions import screening
from fraud.models import Hold


def screen_sales(programs: Iterable[Program], at: datetime) -> None:
    """Look at what was sold since the last time, as a worker does at once; what a case holds waits for a person."""
    held = Hold.objects.filter(lifted_at=None).values("commission")
    for program in programs:
        waiting = Commission.objects.filter(program=program, screening=Screening.WAITING)
        numbers = (
            waiting.exclude(pk__in=held)
            .order_by("conversion")
            .values_list("conversion", flat=True)
            .distinct()
        )
        for part in screening.parts(numbers):
            screening.screen_conversions(program, part, at=at)
