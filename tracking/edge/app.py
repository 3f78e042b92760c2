"""GET /r/<code>: the click is on a disk, then the visitor goes on."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from tracking import clickid
from tracking.edge.group import Full, Group
from tracking.edge.journal import ClickRow, Journal
from tracking.edge.links import Links, Target, Unreachable
from tracking.edge.writer import Replayer, Writer
from tracking.visits import Visit, read_visit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)

ADDRESS = re.compile(r"/r/([A-Za-z0-9._~-]{1,40})/?")
COMMON_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
PAGE_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
]
PAGE = (
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>'
    "<body><h1>{title}</h1><p>{text}</p></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Edge:
    """The ASGI application; `folder` is where its journal stands."""

    def __init__(self, folder: Path | None = None) -> None:
        self.journal = Journal(folder or settings.VAR_DIR / "journal")
        self.links = Links()
        self.writer = Writer(self.journal)
        self.clicks: Group[ClickRow, None] = Group("clicks", self.writer.write)
        self.overflow: Group[ClickRow, None] = Group("overflow", self._write_aside)
        self.replayer = Replayer(self.journal)
        self._is_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            answer = await self.follow(scope)
            length = [] if answer.status == 302 else [(b"content-length", b"%d" % len(answer.body))]
            headers = [*COMMON_HEADERS, *length, *answer.headers]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send(
                {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body}
            )

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            self.start()
            await self.links.warm_up()
            await send({"type": "lifespan.startup.complete"})
        if message["type"] == "lifespan.shutdown":
            await asyncio.to_thread(self.stop)
            await send({"type": "lifespan.shutdown.complete"})

    def start(self) -> None:
        """Begin to bring home what an earlier process left in the journal."""
        if not self._is_started:
            self._is_started = True
            self.replayer.start()

    def stop(self) -> None:
        """Write what waits and end all threads."""
        for group in (self.links.group, self.clicks, self.overflow):
            group.stop()
        self.replayer.stop()
        self.journal.close()
        self._is_started = False

    async def follow(self, scope: Scope) -> Answer:
        """Answer with the way to the shop, once the click is durable."""
        self.start()
        address = ADDRESS.fullmatch(scope["path"])
        if address is None:
            return _lost(scope)
        if scope["method"] not in {"GET", "HEAD"}:
            return Answer(405, [(b"allow", b"GET, HEAD")])
        try:
            target = await self.links.find(address[1])
        except Unreachable:
            return _away(scope)
        if target is None or not target.home:
            return _lost(scope)
        if not target.is_live:
            return _redirect(target.home)
        return await self._count(target, read_visit(scope, settings.ALLAUTH_TRUSTED_PROXY_COUNT))

    async def _count(self, target: Target, visit: Visit) -> Answer:
        remembers = not visit.is_bot and not visit.refuses_cookies
        visitor = (visit.visitor or token_hex(16)) if remembers else None
        at = datetime.now(UTC)
        click, tid = clickid.issue(target.link, at)
        if not await self._keep(_row(click, at, target, visit, visitor)):
            return _redirect(target.destination)
        cookies = {"vid": visitor, "tid": tid} if visitor else {}
        return _redirect(f"{target.before_tid}{tid}{target.after_tid}", cookies, target.window)

    async def _keep(self, row: ClickRow) -> bool:
        """Return True once the click is on a disk; where none takes it the visitor goes on without an id."""
        try:
            await self.clicks.ask(row)
        except Full:
            return await self._keep_aside(row)
        except Exception:
            log.exception("neither the database nor the journal takes clicks")
            return False
        return True

    async def _keep_aside(self, row: ClickRow) -> bool:
        """The database is too slow for what comes in: straight to the journal, in a line of its own."""
        try:
            await self.overflow.ask(row)
        except Exception as failure:
            log.error("a click was not counted: %s", type(failure).__name__)
            return False
        return True

    def _write_aside(self, rows: list[ClickRow]) -> list[None]:
        self.journal.append(rows)
        return [None] * len(rows)


def _row(click: str, at: datetime, target: Target, visit: Visit, visitor: str | None) -> ClickRow:
    return ClickRow(
        id=click,
        link_id=target.link,
        enrollment_id=target.enrollment,
        program_id=target.program,
        terms_id=target.terms,
        at=at.isoformat(" ", "milliseconds")[:23] + "000",
        visitor=visitor,
        ip=visit.ip,
        user_agent=visit.user_agent,
        referrer=visit.referrer,
        destination=target.destination[:2000],
        sub_ids=json.dumps(visit.sub_ids or target.sub_ids),
        is_bot=visit.is_bot,
    )


def _redirect(location: str, cookies: dict[str, str] | None = None, max_age: int = 0) -> Answer:
    secure = "; Secure" if settings.SESSION_COOKIE_SECURE else ""
    ending = f"; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{secure}"
    set_cookies = [
        (b"set-cookie", f"{name}={value}{ending}".encode()) for name, value in (cookies or {}).items()
    ]
    return Answer(302, [(b"location", location.encode("ascii")), (b"content-length", b"0"), *set_cookies])


def _lost(scope: Scope) -> Answer:
    with translation.override(_language(scope)):
        return _page(
            404, _("This link leads nowhere"), _("It may have been mistyped, or it is no longer in use.")
        )


def _away(scope: Scope) -> Answer:
    with translation.override(_language(scope)):
        page = _page(
            503, _("One moment, please"), _("This link cannot be followed right now. Try again shortly.")
        )
    return Answer(page.status, [*page.headers, (b"retry-after", b"2")], page.body)


def _page(status: int, title: str, text: str) -> Answer:
    page = PAGE.format(language=translation.get_language(), title=escape(title), text=escape(text))
    return Answer(status, PAGE_HEADERS, page.encode())


def _language(scope: Scope) -> str:
    """Return the first language the browser likes and we speak."""
    asked = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    for code, _weight in parse_accept_lang_header(asked.decode("latin-1")[:500]):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
