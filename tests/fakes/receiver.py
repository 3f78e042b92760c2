"""A receiver of webhooks on loopback: keeps what came, answers as it is told, and knows who came at once."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Arrival:
    """One request, as it came, and how it was answered."""

    path: str
    id: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> Any:
        return self.told["data"].get("n")


Answer = tuple[int, bytes, dict[str, str]]
OK: Answer = (200, b"thanks", {})


class FakeReceiver:
    """Takes what is posted; `answers` are given out first, `rule` decides afterwards, `silent` paths never answer."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.answers: list[Answer] = []
        self.rule: Callable[[str, bytes], Answer] = lambda path, body: OK
        self.silent: set[str] = set()
        self.most_at_once: Counter[str] = Counter()
        self._inside: Counter[str] = Counter()
        self._lock = Lock()
        self._over = Event()

    def __enter__(self) -> Self:
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if len(body) < length:  # the sender died in the middle of its request
                    self.close_connection = True
                    return
                receiver.enter(self.path)
                if self.path in receiver.silent:
                    receiver._over.wait(60)
                    return
                try:
                    status, raw, headers = receiver.take(self.path, dict(self.headers.items()), body)
                finally:
                    receiver.leave(self.path)  # before it is answered: whoever hears it may send the next
                self.send_response(status)
                for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Door)
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def url(self, path: str = "/in") -> str:
        return f"http://{self.host}{path}"

    def fail(self, status: int, body: bytes = b"", times: int = 1, **headers: str) -> None:
        """Answer the next requests so."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers += [(status, body, told)] * times

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Keep a request and return how it is answered."""
        with self._lock:
            answer = self.answers.pop(0) if self.answers else self.rule(path, body)
            number = {name.lower(): value for name, value in headers.items()}
            arrival = Arrival(path, number.get("webhook-id", ""), number, body, answer[0])
            self.arrivals.append(arrival)
        return answer

    def enter(self, path: str) -> None:
        """Note that one more is inside."""
        with self._lock:
            self._inside[path] += 1
            self.most_at_once[path] = max(self.most_at_once[path], self._inside[path])

    def leave(self, path: str) -> None:
        """Note that one has left."""
        with self._lock:
            self._inside[path] -= 1

    def taken(self, path: str = "") -> list[Arrival]:
        """Return what was answered with a yes, in that order."""
        return [each for each in self.arrivals if each.status < 300 and (not path or each.path == path)]
