"""The doorbell of the lanes: it only says that something is due, what is due stands in the rows."""

import threading
from collections.abc import Iterable

from django.conf import settings

from core import tasks

heard = threading.Event()  # the courier of this process waits for it


def ring(connections: Iterable[int]) -> None:
    """Call whoever sends to these connections; a bell that nobody hears is made good by the ticker in a second."""
    if settings.CELERY_BROKER_URL:
        for number in connections:
            tasks.ring_errand(number)
    else:
        heard.set()
