"""Hours as columns of a drawing of 1000 by 100 units: what was taken, and on top of it what failed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.watch.figures import Hour

WIDTH, HEIGHT = 1000.0, 100.0
SHARE = 0.68  # of an hour's room that its column fills
LEAST = 4  # an empty day has a scale, too


@dataclass(frozen=True, slots=True)
class Column:
    """One hour and where its two parts stand."""

    hour: Hour
    x: float
    width: float
    y: float
    height: float
    above_y: float
    above_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The columns, oldest first, and the number that the upper edge stands for."""

    columns: tuple[Column, ...]
    most: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not any(each.hour.delivered or each.hour.failures for each in self.columns)


def chart_of(hours: Sequence[Hour]) -> Chart:
    """Draw one column an hour; the highest one reaches the upper edge."""
    most = max([LEAST, *(each.delivered + each.failures for each in hours)])
    room = WIDTH / max(1, len(hours))
    return Chart(tuple(_column(place, each, most, room) for place, each in enumerate(hours)), most)


def _column(place: int, hour: Hour, most: int, room: float) -> Column:
    taken, failed = hour.delivered * HEIGHT / most, hour.failures * HEIGHT / most
    return Column(
        hour,
        x=round((place + (1 - SHARE) / 2) * room, 2),
        width=round(room * SHARE, 2),
        y=round(HEIGHT - taken, 2),
        height=round(taken, 2),
        above_y=round(HEIGHT - taken - failed, 2),
        above_height=round(failed, 2),
    )
