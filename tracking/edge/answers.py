"""What the edge answers: a way, a picture, a word in JSON, or a page that says why not."""

import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from html import escape
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

COMMON_HEADERS: list[Header] = [
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
NOSNIFF = (b"x-content-type-options", b"nosniff")
PAGE_HEADERS: list[Header] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    NOSNIFF,
]
PAGE = (
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>'
    "<body><h1>{title}</h1><p>{text}</p></body></html>\n"
)
GIF = b64decode(
    b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
)  # one pixel that shows nothing
GIF_HEADERS: list[Header] = [
    (b"content-type", b"image/gif"),
    (b"cross-origin-resource-policy", b"cross-origin"),  # it stands in other people's pages
    NOSNIFF,
]
SOON = (b"retry-after", b"2")


class Answer(NamedTuple):
    """A response before it is sent."""

    status: int
    headers: Sequence[Header] = ()
    body: bytes = b""

    async def send(self, send: Send, method: str) -> None:
        """Send it, to HEAD without its body."""
        length = [] if self.status == 204 else [(b"content-length", b"%d" % len(self.body))]
        headers = [*COMMON_HEADERS, *length, *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else self.body})


def redirect(location: str, cookies: Iterable[Header] = ()) -> Answer:
    """Send the visitor on."""
    return Answer(302, [(b"location", location.encode("ascii")), *cookies])


def cookie(name: str, value: str, seconds: int) -> Header:
    """Set a cookie that no script reads and no other site is sent."""
    secure = "; Secure" if settings.SESSION_COOKIE_SECURE else ""
    return (
        b"set-cookie",
        f"{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}".encode(),
    )


def cookie_of_others_pages(name: str, value: str, seconds: int) -> Header:
    """Set a cookie from a picture in other people's pages, for each of their sites another one."""
    kind = "HttpOnly; SameSite=None; Secure; Partitioned"
    return b"set-cookie", f"{name}={value}; Max-Age={seconds}; Path=/; {kind}".encode()


def picture(status: int = 200, headers: Iterable[Header] = ()) -> Answer:
    """Send the picture whatever the status: a page should never show a broken one."""
    return Answer(status, [*GIF_HEADERS, *headers], GIF)


def word(status: int, said: dict[str, object], headers: Iterable[Header] = ()) -> Answer:
    """Say something in JSON."""
    return Answer(
        status, [(b"content-type", b"application/json"), NOSNIFF, *headers], json.dumps(said).encode()
    )


def refused_method(allowed: bytes) -> Answer:
    """Say which methods the door knows."""
    return Answer(405, [(b"allow", allowed)])


def lost(scope: Scope) -> Answer:
    """Tell a person that the link leads nowhere, naming nobody."""
    with translation.override(_language(scope)):
        return _page(
            404, _("This link leads nowhere"), _("It may have been mistyped, or it is no longer in use.")
        )


def away(scope: Scope) -> Answer:
    """Tell a person to try again soon."""
    with translation.override(_language(scope)):
        page = _page(
            503, _("One moment, please"), _("This link cannot be followed right now. Try again shortly.")
        )
    return Answer(page.status, [*page.headers, SOON], page.body)


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
