"""The way to an order, compactly: who touched the buyer when, as models are compared and fitted on it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tracking.attribution.touches import Touch

SECOND = timedelta(seconds=1)


def path_of(at: datetime, touches: Iterable[Touch]) -> tuple[tuple[int, int, str], ...]:
    """Return (enrollment, whole seconds before the order, "c" or "v") of eligible touches in their order."""
    return tuple((touch.enrollment, max((at - touch.at) // SECOND, 0), touch.kind) for touch in touches)
