"""Charts as numbers: daily amounts become the geometry of a drawing of 1000 by 100 units. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.money import Money, exponent

WIDTH, HEIGHT = 1000.0, 100.0
STEPS = (1, 2, 5, 10)
LEAST = 10  # major units: an empty month has a scale, too


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its amount, and where its bar and its column stand."""

    day: date
    value: Money
    x: float
    y: float
    width: float
    height: float
    column: float
    column_width: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars, the amounts on the scale (highest first), the heights of their lines, and the days below."""

    bars: list[Bar]
    ticks: list[Money]
    lines: list[float]
    labels: list[date]


def bar_chart(days: Sequence[tuple[date, Money]], currency: str) -> BarChart:
    """Draw one bar a day on a scale of round amounts; amounts below zero hang under the zero line."""
    amounts = [value.amount for _, value in days]
    least = LEAST * 10 ** exponent(currency)
    step = _step(max(least, max([0, *amounts]) - min([0, *amounts])))
    top = -(-max(least, *amounts) // step) * step
    bottom = min([0, *amounts]) // step * step
    scale = Scale(top, bottom, WIDTH / max(1, len(days)))
    ticks = list(range(top, bottom - 1, -step))
    return BarChart(
        [scale.bar(index, day, value) for index, (day, value) in enumerate(days)],
        [Money(tick, currency) for tick in ticks],
        [scale.y(tick) for tick in ticks],
        [day for index, (day, _) in enumerate(days) if index % 7 == 0],
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """From amounts in minor units to units of the drawing."""

    top: int
    bottom: int
    column: float

    def y(self, amount: int) -> float:
        """How far below the upper edge an amount stands."""
        return round((self.top - amount) / (self.top - self.bottom) * HEIGHT, 2)

    def bar(self, index: int, day: date, value: Money) -> Bar:
        """The bar of a day; a small amount is still one unit high."""
        upper, lower = self.y(max(0, value.amount)), self.y(min(0, value.amount))
        height = max(lower - upper, 1.0) if value.amount else 0.0
        y = upper if value.amount < 0 else lower - height
        x = index * self.column
        width = round(self.column * 0.68, 2)
        return Bar(
            day, value, round(x + self.column * 0.16, 2), y, width, height, round(x, 2), round(self.column, 2)
        )


def _step(span: int) -> int:
    """The round amount that divides a span into at most five parts."""
    exact = Decimal(span) / 4
    magnitude = 10 ** (len(str(int(exact))) - 1)
    return next(int(step * magnitude) for step in STEPS if step * magnitude >= exact)
