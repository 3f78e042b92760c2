"""Work in groups: one thread takes what gathered while it was busy, does it at once, and answers everybody."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from django.db import connection, connections
from django.db.utils import load_backend

Item = TypeVar("Item")
Answer = TypeVar("Answer")

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
    nothing with it.
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
        self._bell = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def ask(self, item: Item) -> "asyncio.Future[Answer]":
        """Put an item in line and return its answer to wait for; raise Full when `limit` others wait or at the end."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._bell:
            if self._is_stopping or len(self._waiting) >= self.limit:
                raise Full
            self._waiting.append((item, future))
            if self._thread is None:
                self._start()
            self._bell.notify()
        return future

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"edge-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, then end the thread."""
        with self._bell:
            self._is_stopping = True
            thread, self._thread = self._thread, None
            self._bell.notify()
        if thread is not None:
            thread.join()
        self._is_stopping = False

    def _run(self) -> None:
        with own_connection():
            while group := self._next():
                self._answer(group)

    def _next(self) -> list[tuple[Item, "asyncio.Future[Answer]"]]:
        with self._bell:
            while not self._waiting and not self._is_stopping:
                self._bell.wait()
            return [self._waiting.popleft() for _item in range(min(self.most, len(self._waiting)))]

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
