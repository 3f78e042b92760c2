"""The drawings of a simulation as numbers: two lines over time, and bars to both sides of nothing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WIDTH, HEIGHT = 1000.0, 100.0
STEPS = (1, 2, 5, 10)
MARKS = 8  # dates under a chart


@dataclass(frozen=True, slots=True)
class Lines:
    """Two lines as the points of a polyline, the amounts on the scale (highest first) with their heights, and dates."""

    now: str
    then: str
    ticks: list[tuple[int, float]]
    marks: list[date]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from the zero line to the right, or to the left for an amount below 0; in thousandths of the width."""

    x: float
    width: float
    zero: float


def lines(points: Sequence[tuple[date, int, int]]) -> Lines:
    """Draw (first day, now, then) over time on one scale of round amounts; a single point becomes a level line."""
    amounts = [amount for _day, *pair in points for amount in pair]
    step = _step(max([0, *amounts]) - min([0, *amounts]))
    top = -(-max([step, *amounts]) // step) * step
    bottom = min([0, *amounts]) // step * step
    span = top - bottom
    rows = [*points, *points] if len(points) == 1 else list(points)

    def draw(place: int) -> str:
        last = max(1, len(rows) - 1)
        at = ((index * WIDTH / last, (top - row[place]) / span * HEIGHT) for index, row in enumerate(rows))  # type: ignore[operator]  # the day is at 0
        return " ".join(f"{x:.1f},{y:.2f}" for x, y in at)

    return Lines(
        now=draw(1),
        then=draw(2),
        ticks=[
            (amount, round((top - amount) / span * HEIGHT, 2)) for amount in range(top, bottom - 1, -step)
        ],
        marks=_marks([day for day, *_pair in points]),
    )


def bars(amounts: Sequence[int]) -> list[Bar]:
    """Draw one bar for each amount on one scale; an amount that is not 0 is still seen."""
    least, most = min([0, *amounts]), max([0, *amounts])
    span = (most - least) or 1
    zero = -least / span * WIDTH
    return [_bar(amount, span, zero) for amount in amounts]


def _bar(amount: int, span: int, zero: float) -> Bar:
    width = max(abs(amount) / span * WIDTH, 3.0) if amount else 0.0
    x = zero - width if amount < 0 else zero
    return Bar(round(min(max(x, 0.0), WIDTH - width), 1), round(width, 1), round(zero, 1))


def _marks(days: list[date]) -> list[date]:
    """The first day, the last, and as many between as there is room for."""
    if len(days) <= MARKS:
        return days
    gap = (len(days) - 1) / (MARKS - 1)
    return [days[round(index * gap)] for index in range(MARKS)]


def _step(span: int) -> int:
    """The round amount that divides a span into at most five parts."""
    exact = Decimal(max(span, 1)) / 4
    magnitude = 10 ** (len(str(int(exact))) - 1)
    return next(int(step * magnitude) for step in STEPS if step * magnitude >= exact)
