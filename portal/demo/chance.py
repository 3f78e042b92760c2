"""The demo's dice: one seed, so that the same day always tells the same story."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")
WEEK = (1.05, 0.95, 0.9, 0.95, 0.95, 1.1, 1.25)  # Monday to Sunday
YEAR = (0.9, 0.8, 0.9, 1.0, 1.1, 1.15, 1.1, 1.0, 0.95, 1.0, 1.35, 1.4)  # January to December
DAYS = 365


class Chance:
    """Draws numbers, moments and people."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a simulation, nothing to guess

    def happens(self, probability: float) -> bool:
        """Say yes with a probability."""
        return self.random.random() < probability

    def count(self, mean: float) -> int:
        """Draw how often something happens that does so `mean` times on average."""
        if mean > 20:
            return max(0, round(self.random.gauss(mean, mean**0.5)))
        gaps = 0.0
        for number in range(100):
            gaps += self.random.expovariate(1)
            if gaps > mean:
                return number
        return 100

    def days(self, least: float, most: float) -> timedelta:
        """Draw a span between two numbers of days."""
        return timedelta(days=self.random.uniform(least, most))

    def soon(self, mean: float) -> timedelta:
        """Draw a span that is mostly short and sometimes long, `mean` days on average, whole seconds."""
        return timedelta(seconds=round(self.random.expovariate(1 / (mean * 86400))) + 60)

    def moment(self, day: datetime) -> datetime:
        """Draw a moment of the day that begins at `day`: people shop in the evening."""
        return day + timedelta(seconds=round(self.random.triangular(6, 23.9, 20) * 3600))

    def one(self, things: Sequence[T]) -> T:
        """Draw one thing."""
        return self.random.choice(things)

    def weighted(self, things: Sequence[T], weights: Sequence[float], number: int) -> list[T]:
        """Draw several things, the weightier more often; a thing may come twice."""
        return self.random.choices(things, cum_weights=list(accumulate(weights)), k=number)

    def uuid(self) -> UUID:
        """Draw a visitor's id."""
        return UUID(int=self.random.getrandbits(128), version=4)


def busy(day: datetime, days_ago: float) -> float:
    """Return how much goes on beside an average day: by weekday, season, and the program's growth over the year."""
    growth = 1.3 - 0.6 * min(days_ago / DAYS, 1)
    return WEEK[day.weekday()] * YEAR[day.month - 1] * growth
