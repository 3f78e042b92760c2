"""A vendor on loopback: what it answers is said by the fake of that vendor."""

import json
from datetime import UTC
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

from django.utils import timezone

Said = tuple[int, Any, dict[str, str]]  # status, body (bytes, or what becomes JSON), headers


class Loopback:
    """A server on 127.0.0.1 while its block lasts; it knows the methods in `METHODS` and no others."""

    METHODS: tuple[str, ...] = ("GET", "POST")

    def heard(self, request: BaseHTTPRequestHandler, sent: bytes) -> Said | None:
        """Answer a request and what it sent; None hangs up without an answer."""
        raise NotImplementedError

    def date(self) -> str:
        """The time that answers tell: that of this machine, or at which a test has stopped it."""
        return format_datetime(timezone.now().astimezone(UTC), usegmt=True)

    def __enter__(self) -> Self:
        vendor = self

        class Door(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def date_time_string(self, timestamp: float | None = None) -> str:
                return vendor.date()

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = self.rfile.read(length)
                said = vendor.heard(self, sent) if len(sent) == length else None  # the sender may die midway
                if said is None:
                    self.close_connection = True
                    return
                status, body, headers = said
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

        for method in self.METHODS:
            setattr(Door, f"do_{method}", Door.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"
