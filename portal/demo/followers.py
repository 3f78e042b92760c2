"""What the news sets going: nobody is told of the demo, but books follow the counters, and the review its occasions."""

from collections.abc import Callable
from datetime import datetime

from commissions import tasks
from core.models import Event
from fraud import tasks as review

Follow = Callable[[Event], None]
FOLLOWERS: dict[str, Follow] = {
    "enrollment.activated": tasks.pay_joining,
    "conversion.moved": tasks.settle_moved,
    "volume.changed": tasks.follow_volume,
    "period.closed": tasks.settle_true_ups,
}
REVIEWS: dict[str, Follow] = {
    "refund.recorded": review.rescreen_refunded,
    "commission.released": review.hold_again,
}


class Followers:
    """Does what a worker would have done, as of the time of the news; the review only what is younger than `reviewed`.

    Long ago nothing was doubted, and to look at it again takes as long as to take an order in.
    """

    def __init__(self, reviewed: datetime) -> None:
        self._last, self._reviewed = 0, reviewed

    def catch_up(self) -> None:
        """Follow all news since the last time, and the news that this makes."""
        rows = Event.objects.filter(kind__in=FOLLOWERS.keys() | REVIEWS.keys()).order_by("pk")
        while found := list(rows.filter(pk__gt=self._last)):
            for event in found:
                if event.kind in FOLLOWERS:
                    FOLLOWERS[event.kind](event)
                elif event.at >= self._reviewed:
                    REVIEWS[event.kind](event)
            self._last = found[-1].pk
