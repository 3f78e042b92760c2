"""The courier: finds connections with something due each second, and sends to several at once, or rings for Celery."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from django.conf import settings
from django.db import Error, close_old_connections, connections
from django.utils import timezone

from integrations import bell
from integrations.actions.deliveries import lanes
from integrations.actions.deliveries.sending import serve
from integrations.models import Connection, Lane

log = logging.getLogger(__name__)

SECOND = 1.0
THREADS = 16
OF_COMPANY = THREADS * 3 // 4  # so many at once are one company's: the others need not wait for its far sides
TROUBLED = THREADS // 2  # so many at once may wait for far sides that failed, or were slow, last time
SLOW = lanes.SLOW


class Courier(threading.Thread):
    """A thread of the worker with a pool of its own: however slow the far sides are, no job waits for them."""

    def __init__(self, stop: threading.Event, threads: int = THREADS) -> None:
        super().__init__(name="courier", daemon=True)
        self.stop = stop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="courier")
        self._under_way: dict[int, bool] = {}  # connection -> whether its last try failed, or took long
        self._companies: dict[int, int] = {}  # of what is under way
        self._slow: set[int] = set()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Take turns until told to stop: at each bell, and each second."""
        try:
            while not self.stop.is_set():
                bell.heard.wait(SECOND)
                bell.heard.clear()
                if not self.stop.is_set():
                    self._try_turn()
        finally:
            connections.close_all()
            self._pool.shutdown()

    def finish(self, seconds: float) -> None:
        """Let what is being sent come to its end, for at most so long."""
        bell.heard.set()
        self.join(seconds)

    def _try_turn(self) -> None:
        try:
            self.turn()
        except Exception:
            log.exception("the courier stumbled; it goes on in a second")

    def turn(self) -> int:
        """Send to, or ring for, each connection with something due; return how many. The database may be away."""
        close_old_connections()
        try:
            due = lanes.waiting(timezone.now())
            failing = Lane.objects.filter(pk__in=due, failures__gt=0).values_list("pk", flat=True)
            troubled = {*failing, *self._slow}
            companies = dict(Connection.objects.filter(pk__in=due).values_list("pk", "program__merchant_id"))
        except Error as failure:
            log.warning("the database is away: %s", failure)
            return 0
        if settings.CELERY_BROKER_URL:
            bell.ring(due)
            return len(due)
        return sum(self._start(number, number in troubled, companies.get(number, 0)) for number in due)

    def _start(self, number: int, is_troubled: bool, company: int) -> bool:
        with self._lock:
            is_full = is_troubled and sum(self._under_way.values()) >= TROUBLED
            same = sum(each == company for each in self._companies.values())
            if number in self._under_way or is_full or same >= OF_COMPANY:
                return False
            self._under_way[number], self._companies[number] = is_troubled, company
        try:
            self._pool.submit(self._serve, number).add_done_callback(self._ended(number))
        except RuntimeError:  # the pool is closed, or the system gives us no thread
            self._forget(number)
            return False
        return True

    def _forget(self, number: int) -> None:
        with self._lock:
            self._under_way.pop(number, None)
            self._companies.pop(number, None)

    def _serve(self, number: int) -> int:
        begun = monotonic()
        try:
            tried = serve(number, is_over=self.stop.is_set)
        finally:
            connections.close_all()
        self._note_pace(number, tried, monotonic() - begun)
        return tried

    def _note_pace(self, number: int, tried: int, seconds: float) -> None:
        """Remember who keeps a thread long for one message: many of them must not take all threads."""
        if tried and seconds / tried > SLOW:
            self._slow.add(number)
        elif tried:
            self._slow.discard(number)

    def _ended(self, number: int) -> Callable[["Future[int]"], None]:
        def _note(future: "Future[int]") -> None:
            self._forget(number)
            failure = future.exception()
            if failure is not None:
                log.error("sending to connection %s broke", number, exc_info=failure)
            elif future.result():
                bell.heard.set()  # there may be more

        return _note
