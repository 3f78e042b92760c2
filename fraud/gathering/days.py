"""Counts of enrollments' days: counted from clicks and orders, or read as they were counted."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from affiliates.models import Program
from fraud.gathering.day_clicks import Words, click_tallies
from fraud.gathering.day_orders import order_tallies
from fraud.models import DayCount
from fraud.partners import PartnerDay, Tally


def counted(
    program: Program, day: date, known: Mapping[int, Tally | None], words: Words, at: datetime
) -> dict[int, Tally]:
    """Count a day of enrollments; `known` is enrollment -> what its clicks were, where that can change no more."""
    span = program.span_of(day)
    asked = [one for one, clicks in known.items() if clicks is None]
    clicks = click_tallies(span, asked, words) if asked else {}
    orders = order_tallies(program, span, list(known), words.lists, at)
    nothing = Tally()
    return {
        one: orders.get(one, nothing).with_clicks(known[one] or clicks.get(one, nothing)) for one in known
    }


def days_of(program: Program, first: date, last: date) -> dict[int, list[PartnerDay]]:
    """Return enrollment -> its days in order of time, as they were counted; no click and no order is read."""
    rows = DayCount.objects.filter(program=program, day__gte=first, day__lte=last).order_by("day", "pk")
    found: dict[int, list[PartnerDay]] = {}
    for enrollment, day, counts in rows.values_list("enrollment_id", "day", "counts").iterator():
        found.setdefault(enrollment, []).append(PartnerDay(enrollment, day, Tally.from_json(counts)))
    return found


def since(days: Iterable[PartnerDay], first: date, last: date | None = None) -> Iterator[PartnerDay]:
    """Yield the days from `first` on, up to and with `last`."""
    return (one for one in days if first <= one.day and (last is None or one.day <= last))
