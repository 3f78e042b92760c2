"""What is to happen, in order of time."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

Act = Callable[[datetime], object]


class Agenda:
    """Acts and their moments; an act may put down further ones for later."""

    def __init__(self, end: datetime) -> None:
        self.end = end
        self._numbers = count()
        self._heap: list[tuple[datetime, int, Act]] = []

    def put(self, at: datetime, act: Act) -> None:
        """Plan an act; what lies after the end never happens."""
        if at <= self.end:
            heapq.heappush(self._heap, (at, next(self._numbers), act))

    def run(self) -> None:
        """Let everything happen."""
        while self._heap:
            at, _number, act = heapq.heappop(self._heap)
            act(at)
