"""Numbers a day as columns of a drawing of 1000 by 100 units. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 1000.0, 100.0
STEPS = (1, 2, 5, 10)
LEAST = 4  # an empty month has a scale, too
LABELS, WEEK = 5, 7  # a week has all its days


@dataclass(frozen=True, slots=True)
class Column:
    """One day: its number and, on top of it, a second one; and where both stand."""

    day: date
    number: int
    above: int
    x: float
    width: float
    y: float
    height: float
    above_y: float
    above_height: float
    left: float
    room: float


@dataclass(frozen=True, slots=True)
class CountChart:
    """Columns, the numbers on the scale (highest first), the heights of their lines, and the days below."""

    columns: list[Column]
    ticks: list[int]
    lines: list[float]
    labels: list[date]


def count_chart(days: Sequence[tuple[date, int, int]]) -> CountChart:
    """Draw one column a day, (day, number, number on top of it), on a scale of round numbers."""
    step = _step(max([LEAST, *(number + above for _day, number, above in days)]))
    top = -(-max([LEAST, *(number + above for _day, number, above in days)]) // step) * step
    room = WIDTH / max(1, len(days))
    ticks = list(range(top, -1, -step))
    last, parts = len(days) - 1, LABELS - 1 if len(days) > WEEK else len(days) - 1
    return CountChart(
        [_column(place, day, top, room) for place, day in enumerate(days)],
        ticks,
        [round((top - tick) / top * HEIGHT, 2) for tick in ticks],
        [days[round(part * last / parts)][0] for part in range(parts + 1)] if parts > 0 else [],
    )


def _column(place: int, of: tuple[date, int, int], top: int, room: float) -> Column:
    day, number, above = of
    height, more = number * HEIGHT / top, above * HEIGHT / top
    return Column(
        day=day,
        number=number,
        above=above,
        x=round((place + 0.16) * room, 2),
        width=round(room * 0.68, 2),
        y=round(HEIGHT - height, 2),
        height=round(height, 2),
        above_y=round(HEIGHT - height - more, 2),
        above_height=round(more, 2),
        left=round(place * room, 2),
        room=round(room, 2),
    )


def _step(most: int) -> int:
    """The round number that divides the scale into at most five parts."""
    magnitude = int(10 ** (len(str(max(1, most // 4))) - 1))
    return next(step * magnitude for step in STEPS if step * magnitude * 4 >= most)
