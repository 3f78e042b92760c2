"""Many visitors at once: keep-alive connections that each ask again as soon as they are answered.

One thread of Python, which may be slower than the server. That makes a round longer and the server's groups smaller
than a quicker crowd would, to the server's disadvantage; the crowd's own seconds are not counted.
"""

from __future__ import annotations

import re
import selectors
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from time import monotonic
from types import TracebackType
from typing import Self

CONNECTIONS = 256
PATIENCE = 20.0  # seconds within which some answer must come
MOST_SECONDS = 60.0  # for one call of `ask`; what is not sent by then is left out
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Crowd:
    """CONNECTIONS connections to one port of this machine, open while the block lasts."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._open = ExitStack()
        self._selector = selectors.DefaultSelector()
        self._begun: dict[socket.socket, bytes] = {}  # what each has received of its next answer

    def __enter__(self) -> Self:
        """Open them all."""
        self._open.callback(self._selector.close)
        for _number in range(CONNECTIONS):
            line = self._open.enter_context(socket.create_connection(("127.0.0.1", self.port), PATIENCE))
            line.settimeout(None)  # the selector says when there is something to read
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(line, selectors.EVENT_READ)
            self._begun[line] = b""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them all."""
        self._open.close()

    def ask(self, requests: Iterable[bytes]) -> Counter[str]:
        """Send each request once; return how many answers had each status.

        Raises ConnectionError where the server hangs up, TimeoutError where it is silent.
        """
        answers: Counter[str] = Counter()
        unsent, deadline = iter(requests), monotonic() + MOST_SECONDS
        waiting = sum(_sends(line, unsent) for line in self._begun)
        while waiting:
            ready = self._selector.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"{waiting} requests were not answered within {PATIENCE:.0f} s")
            for key, _events in ready:
                answer = self._take(key.fileobj)  # type: ignore[arg-type]
                if answer is None:
                    continue
                answers[answer[9:12].decode()] += 1
                waiting -= not (monotonic() < deadline and _sends(key.fileobj, unsent))  # type: ignore[arg-type]
        return answers

    def _take(self, line: socket.socket) -> bytes | None:
        """Read what came; return the answer once it is whole."""
        received = line.recv(65536)
        if not received:
            raise ConnectionError("the server hung up")
        answer = self._begun[line] + received
        head, found, body = answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        if not found or (length and len(body) < int(length[1])):
            self._begun[line] = answer
            return None
        self._begun[line] = b""
        return answer


def _sends(line: socket.socket, unsent: Iterator[bytes]) -> bool:
    """Send the next request, if there is one."""
    request = next(unsent, None)
    if request is not None:
        line.sendall(request)
    return request is not None


def is_open(port: int) -> bool:
    """Tell whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
