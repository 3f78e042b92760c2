"""What the news sets going in the books: nobody is told of the demo, but sales and bonuses follow the counters."""

from collections.abc import Callable

from commissions import tasks
from core.models import Event

FOLLOWERS: dict[str, Callable[[Event], None]] = {
    "enrollment.activated": tasks.pay_joining,
    "conversion.moved": tasks.settle_moved,
    "volume.changed": tasks.follow_volume,
    "period.closed": tasks.settle_true_ups,
}


class Followers:
    """Does what a worker would have done, as of the time of the news."""

    def __init__(self) -> None:
        self._last = 0

    def catch_up(self) -> None:
        """Follow all news since the last time, and the news that this makes."""
        rows = Event.objects.filter(kind__in=FOLLOWERS).order_by("pk")
        while found := list(rows.filter(pk__gt=self._last)):
            for event in found:
                FOLLOWERS[event.kind](event)
            self._last = found[-1].pk
