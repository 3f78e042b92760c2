"""A program's clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from affiliates.models import Program

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", date(2026, 10, 25), datetime(2026, 10, 25, tzinfo=UTC), 24),
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        # the clock jumps at midnight itself: the day begins at one o'clock
        ("America/Santiago", date(2026, 9, 6), datetime(2026, 9, 6, 4, tzinfo=UTC), 23),
        # at midnight it is eleven again: the evening belongs to the old day
        ("America/Santiago", date(2026, 4, 4), datetime(2026, 4, 4, 3, tzinfo=UTC), 25),
        # one o'clock becomes midnight: the day begins at the first of the two
        ("Atlantic/Azores", date(2026, 10, 25), datetime(2026, 10, 25, tzinfo=UTC), 25),
        ("Asia/Kathmandu", date(2026, 1, 1), datetime(2025, 12, 31, 18, 15, tzinfo=UTC), 24),
    ],
)
def test_day_begins_and_ends_at_midnight_of_the_programs_clock(zone, day, begins, hours):
    program = Program(time_zone=zone)

    assert program.span_of(day) == (begins, begins + hours * HOUR)
    last = begins + hours * HOUR - timedelta(seconds=1)
    assert (program.local(begins).date(), program.local(last).date()) == (day, day)
    assert program.local(begins - timedelta(seconds=1)).date() == day - timedelta(days=1)


def test_days_follow_each_other_without_gap_or_overlap():
    program = Program(time_zone="America/Santiago")
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]

    spans = [program.span_of(day) for day in days]

    assert all(one[1] == next_one[0] for one, next_one in pairwise(spans))
