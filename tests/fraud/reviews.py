"""Makes cases that hold something, and says how everything stands."""

from datetime import timedelta

from affiliates.models import Enrollment
from commissions.models import Commission, Entry
from core.models import Event, Job
from fraud.actions import cases
from fraud.actions.holds import place
from fraud.models import Case, Hold, Signal
from tests.makers import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON, LATER = NOON + HOUR, NOON + timedelta(days=60)


def holding(who, commissions, cause="orders"):
    case = cases.case_for(who, cause, at=NOON)
    place(case, commissions, at=NOON)
    return case


def found_on(case, commission):
    """A finding of the case on the sale of a commission that may have been paid long ago."""
    return Signal.objects.create(
        program=case.program,
        enrollment=case.enrollment,
        case=case,
        check_name="duplicate_order",
        cause=case.cause,
        conversion=commission.conversion,
        action="hold",
        weight=3,
        value=1,
        rows={"conversions": [commission.conversion_id]},
    )


def stands(*commissions):
    rows = [Commission.objects.get(pk=one.pk) for one in commissions]
    return [(row.state, row.is_held) for row in rows]


def told(kind):
    return [event.data for event in Event.objects.filter(kind=kind).order_by("pk")]


def everything():
    """All that a verdict could change."""
    return (
        list(Commission.objects.order_by("pk").values()),
        list(Hold.objects.order_by("pk").values()),
        list(Case.objects.order_by("pk").values()),
        list(Enrollment.objects.order_by("pk").values()),
        *(model.objects.count() for model in (Entry, Event, Job)),
    )
