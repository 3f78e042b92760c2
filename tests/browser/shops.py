"""Shops of the tests: real servers on loopback that send pages with the tag, and note what browsers send them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>{head}</head>'
    "<body>{body}</body></html>"
)
PATIENCE = 20.0  # seconds
STRICT = "default-src 'none'; script-src {portal}; connect-src {portal}"


@dataclass
class Sent:
    """A request as it came in."""

    method: str
    host: str
    path: str
    query: str
    body: str
    cookies: str


@dataclass
class Storefront:
    """A shop under any host of this machine; `pages` are bodies or, beginning with "http" or "/", redirects."""

    portal: str
    key: str
    policy: str = ""
    head: str = ""
    attributes: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    port: int = 0

    snippet: str | None = None

    @property
    def tag(self) -> str:
        """The snippet, as the shop's owner pastes it, or what stands in its place."""
        if self.snippet is not None:
            return self.snippet
        source = f"{self.portal}/static/js/track.js"
        return f'<script async src="{source}" data-key="{self.key}" {self.attributes}></script>'

    def at(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Return the address of a page."""
        return f"http://{host}:{self.port}{path}"

    def posts(self, path: str) -> list[Any]:
        """Return what was posted there, as JSON."""
        return [json.loads(sent.body) for sent in self.sent if (sent.method, sent.path) == ("POST", path)]

    def answer(self, path: str) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body for a path."""
        if path in self.scripts:
            return 200, {"content-type": "text/javascript"}, self.scripts[path]
        body = self.pages.get(path, "<h1>Shop</h1>")
        if body.startswith(("http", "/")):
            return 303, {"location": body}, ""
        headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
        if self.policy:
            headers["content-security-policy"] = self.policy.format(portal=self.portal)
        return 200, headers, PAGE.format(head=self.head + self.tag, body=body)


@contextmanager
def opened(front: Storefront) -> Iterator[Storefront]:
    """Serve the shop until the end of the block."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"] or 0)).decode())

        def _answer(self, body: str) -> None:
            parts, headers = urlsplit(self.path), self.headers
            sent = (self.command, headers["host"], parts.path, parts.query, body, headers["cookie"] or "")
            front.sent.append(Sent(*sent))
            status, given, text = front.answer(parts.path)
            self.send_response(status)
            for name, value in {**given, "content-length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    front.port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()


class Visitor:
    """Somebody who shops: a browser that no filter takes for a program, what it told the portal and complained of."""

    def __init__(self, browser: Browser, front: Storefront, **options: Any) -> None:
        agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{browser.version} Safari/537.36"
        self.front = front
        self.context = browser.new_context(user_agent=agent, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.told: list[dict[str, Any]] = []
        self.waiting: list[Request] = []
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", self._note)
        self.page.on("requestfinished", self._note_answer)
        self.page.on("requestfailed", self._note_answer)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _note(self, request: Request) -> None:
        if self._is_beacon(request):
            self.told.append(json.loads(request.post_data or ""))
            self.waiting.append(request)

    def _note_answer(self, request: Request) -> None:
        if request in self.waiting:
            self.waiting.remove(request)

    def _is_beacon(self, request: Request) -> bool:
        return request.method == "POST" and request.url == f"{self.front.portal}/t"

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Return as soon as the condition holds; the browser goes on meanwhile."""
        deadline = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < deadline, f"{what}: not within {PATIENCE:.0f} s"
            self.page.evaluate("new Promise(resolve => setTimeout(resolve, 10))")

    def opens(self, address: str) -> None:
        """Open a page and wait until the portal has answered what the tag told of it."""
        self.waiting.clear()  # the answers to a page that is left may go unheard
        self.page.goto(address)
        self.until(lambda: not self.waiting, "the beacons are answered")

    def says(self, *call: Any) -> Any:
        """Call the tag's function on the page."""
        return self.page.evaluate("call => tributary(...call)", list(call))

    def hears(self, kind: str) -> dict[str, Any]:
        """Return the first beacon of a kind, once it is answered."""
        self.until(lambda: any(beacon["e"] == kind for beacon in self.told), f"a beacon of kind {kind}")
        self.until(lambda: not self.waiting, "the beacons are answered")
        return next(beacon for beacon in self.told if beacon["e"] == kind)

    def kept(self) -> list[Any]:
        """Return everything that the shop's pages left on the device: cookies, and the names in both storages."""
        names = self.page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        return [*self.cookies(), *names]

    def _lists_the_pages_cookies(self) -> bool:
        """What a script has set or removed is listed a moment later."""
        seen = self.page.evaluate("() => { try { return document.cookie } catch { return null } }")
        if seen is None:  # a page that may not have any
            return True
        listed = self.context.cookies(self.page.url)
        return {pair.partition("=")[0] for pair in seen.split("; ") if pair} == {
            cookie["name"] for cookie in listed if not cookie["httpOnly"]
        }

    def cookies(self) -> list[dict[str, Any]]:
        """Return the cookies of all hosts but the portal's, once the browser lists what its page sees."""
        self.until(self._lists_the_pages_cookies, "the cookies are listed")
        return [dict(cookie) for cookie in self.context.cookies() if cookie["domain"] != "localhost"]

    def keeps(self, value: str) -> bool:
        """Say whether the shop's one cookie gets this value: browsers set what a script says a moment later."""
        self.until(
            lambda: [cookie["value"] for cookie in self.cookies()] == [value], f"one cookie, with {value}"
        )
        return True
