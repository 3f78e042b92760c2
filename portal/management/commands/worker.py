"""`manage.py worker`: runs what is due, or rings for the Celery workers that do."""

import logging
import signal
import threading
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from core import tasks
from integrations.courier import Courier

log = logging.getLogger(__name__)

SECOND = 1.0
PATIENCE = 20.0  # seconds for what is being sent to other systems when the worker is told to stop


class Command(BaseCommand):
    """The worker process."""

    help = "Runs due jobs and the schedule until SIGTERM or Ctrl-C; with a broker it only rings each second."
    requires_system_checks = ()  # web's pages are none of its business

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until asked to stop; the job at hand is finished first."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: stop.set())
        how = (
            "ringing for the Celery workers"
            if settings.CELERY_BROKER_URL
            else "running jobs from the database"
        )
        self.stdout.write(f"worker: {how}")
        self.stdout.flush()
        courier = Courier(stop)
        courier.start()
        Worker(stop).work()
        courier.finish(seconds=PATIENCE)


class Worker:
    """Takes one job after another; looks at the clock each second."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._next_tick = 0.0

    def work(self) -> None:
        """Take turns until told to stop, with a second's rest when there is nothing to do."""
        while not self.stop.is_set():
            if not self.turn():
                self.stop.wait(SECOND)

    def turn(self) -> bool:
        """Tick if it is time, then run one job; return False when there was none or the database is away."""
        close_old_connections()
        try:
            self._tick()
            return self._drain()
        except Error as failure:
            log.warning("the database is away: %s", failure)
            return False

    def _tick(self) -> None:
        if monotonic() >= self._next_tick:
            self._next_tick = monotonic() + SECOND
            tasks.tick()

    def _drain(self) -> bool:
        if settings.CELERY_BROKER_URL:
            tasks.ring()
            return False
        # one by one: a worker that is stopped or killed holds no other job's lease
        return tasks.drain(limit=1) > 0
