"""The end of one session with a database, kept by us: a server that falls silent stops nobody here for ever.

What a server is told to keep (a longest time for a statement) binds an honest one only.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Timer
from typing import Any

SECONDS = 30  # of one statement


class Deadline:
    """Hangs up after so many seconds; each connection that is opened under it is `watch`ed."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = Lock()
        self._hang_ups: list[Callable[[], Any]] = []
        self._sockets: list[socket.socket] = []
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._hang_ups.clear()
            for copy in self._sockets:
                copy.close()
            self._sockets.clear()

    def watch(self, connection: Any) -> None:
        """Hang this connection of a driver up, too, when the time is over."""
        with self._lock:
            self._hang_ups.append(self._hang_up_of(connection))
        if self.is_over:
            self._end()

    def _hang_up_of(self, connection: Any) -> Callable[[], Any]:
        """Shutting the socket wakes whoever waits for it; a driver that shows none (Oracle's) can be asked to stop.

        The socket is a copy of our own: its number is never that of another file meanwhile.
        """
        shown = connection if hasattr(connection, "fileno") else getattr(connection, "_sock", None)
        if shown is None:
            return getattr(connection, "cancel", None) or connection.close  # type: ignore[no-any-return]
        copy = socket.socket(fileno=os.dup(shown.fileno()))
        self._sockets.append(copy)
        return lambda: copy.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        self.is_over = True
        with self._lock:
            for hang_up in self._hang_ups:
                with suppress(Exception):  # it is gone already, or the driver cannot: others end too
                    hang_up()
