"""Work in groups: one thread takes what gathered while it was busy, does it at once, and answers everybody."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from django.db import connection, connections
from django.db.utils import load_backend

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LOOK_AGAIN = 1.0  # seconds
CROWD = 8  # where more came together than so many, others are about to
GATHERING = 0.004  # seconds that they are waited for: a commit costs the same for ten as for a hundred

# A visitor waits for these threads, so the database gets this long and not longer.
IMPATIENCE: dict[str, dict[str, Any]] = {
    "sqlite": {"timeout": 0.1},
    "postgresql": {
        "connect_timeout": 2,
        "tcp_user_timeout": 2000,
        "options": "-c statement_timeout=1000",
        "server_side_binding": True,  # without it nothing is ever prepared
    },
}


class Full(Exception):
    """More waits than the group may hold."""


class Group(Generic[Item, Answer]):
    """Gathers items of many requests and works on all of them together.

    `work` takes up to `most` items and returns an answer for each, in order; it runs in the group's own thread with
    a database connection of its own. What it raises, every one of the group gets. A request that goes away takes
    nothing with it. While many come, a group is let grow for a few thousandths of a second.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[Item]], Sequence[Answer]],
        *,
        limit: int = 10_000,
        most: int = 1000,
    ) -> None:
        self.name, self.work, self.limit, self.most = name, work, limit, most
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._bell = threading.Semaphore(0)
        self._is_awake = False  # the thread works, or the bell is about to be rung
        self._last = 0  # how many were worked on together
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()  # for beginning and ending the thread

    def ask(self, item: Item) -> "asyncio.Future[Answer]":
        """Put an item in line and return its answer to wait for; raise Full when `limit` others wait or at the end.

        Raises RuntimeError where the system gives us no thread.
        """
        if self._is_stopping or len(self._waiting) >= self.limit:
            raise Full
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((item, future))
        if (
            not self._is_awake
        ):  # looked at after the item stands in line, as the thread looks again before it sleeps
            self._is_awake = True
            loop.call_soon(self._wake)  # what the loop has read besides comes into the same group
        return future

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name=f"edge-{self.name}", daemon=True)
                thread.start()
                self._thread = thread

    def _wake(self) -> None:
        if self._waiting and self._thread is None:  # asked while the thread was being ended
            self._begin()
        self._bell.release()

    def stop(self) -> None:
        """Finish what waits, then end the thread."""
        self._is_stopping = True
        with self._lock:
            if self._thread is not None:
                self._bell.release()
                self._thread.join()
                self._thread = None
            self._is_stopping = self._is_awake = False
        if self._waiting:  # put in line while the thread ended
            self._begin()

    def _run(self) -> None:
        with own_connection():
            while group := self._next():
                self._answer(group)

    def _next(self) -> list[tuple[Item, "asyncio.Future[Answer]"]]:
        """Take what gathered; sleep while there is nothing, and return nothing only at the end.

        It looks again each second: a loop that ends before it has rung must not silence the others.
        """
        while not self._waiting:
            if self._is_stopping:
                return []
            self._is_awake = False
            if not self._waiting:
                self._bell.acquire(timeout=LOOK_AGAIN)
        self._is_awake = True
        if self._last > CROWD and len(self._waiting) < self._last and not self._is_stopping:
            time.sleep(GATHERING)
        self._last = min(self.most, len(self._waiting))
        return [self._waiting.popleft() for _item in range(self._last)]

    def _answer(self, group: list[tuple[Item, "asyncio.Future[Answer]"]]) -> None:
        futures = [future for _item, future in group]
        try:
            answers: Sequence[Answer] | Exception = self.work([item for item, _future in group])
        except Exception as failure:
            answers = failure
        for loop in {future.get_loop() for future in futures}:
            try:
                loop.call_soon_threadsafe(_settle, loop, futures, answers)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue


def _settle(
    loop: asyncio.AbstractEventLoop,
    futures: Sequence["asyncio.Future[Any]"],
    answers: Sequence[Any] | Exception,
) -> None:
    for place, future in enumerate(futures):
        if future.done() or future.get_loop() is not loop:
            continue
        if isinstance(answers, Exception):
            future.set_exception(answers)
        else:
            future.set_result(answers[place])


@contextmanager
def own_connection() -> Iterator[None]:
    """Give this thread a database connection that waits no longer than a visitor may; close it at the end."""
    known = connections.settings["default"]
    backend = load_backend(known["ENGINE"])
    options = {**known["OPTIONS"], **IMPATIENCE[backend.DatabaseWrapper.vendor]}
    options.pop("pool", None)
    connections["default"] = backend.DatabaseWrapper({**known, "OPTIONS": options}, "default")
    try:
        yield
    finally:
        connection.close()
        del connections["default"]
