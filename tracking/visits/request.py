"""Who is it that asks? From an ASGI scope to values; pure."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tracking.states import Consent
from tracking.visits.addresses import client_address
from tracking.visits.agents import is_bot
from tracking.visits.texts import decoded

USER_AGENT_LENGTH, REFERRER_LENGTH = 400, 1000
LONGEST_AGENT = 4 * USER_AGENT_LENGTH  # bytes: what is remembered must not be as long as a stranger likes
PURPOSES = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})
LONGEST_DEST = 12  # letters of Sec-Fetch-Dest, as the table of clicks keeps it
DEST = re.compile(rb"[a-z]+")
VISITOR = re.compile(rb"(?:^|;)\s*vid=([0-9a-f]{32})\s*(?:;|$)")


class Visit(NamedTuple):
    """A request as a touch stores it; `visitor` is the browser's id of 32 hex digits, "" if it has none.

    `address` is the whole one, to look a country up and to be shortened; no row keeps it. `fetch_dest` is what the
    browser wants the answer for ("document", "image", ...), `fetch_user` whether a person asked for it; both None
    where it does not say so.
    """

    address: str
    user_agent: str
    referrer: str
    visitor: str
    is_bot: bool
    refuses_cookies: bool
    fetch_dest: str | None = None
    fetch_user: bool | None = None


def read_visit(scope: Mapping[str, Any], trusted_proxies: int) -> Visit:
    """Read a request; whatever the other side sent is cut, cleaned or left out, never an error."""
    headers = headers_of(scope["headers"])
    user_agent, is_program, tells_user = _agent(headers.get(b"user-agent", b"")[:LONGEST_AGENT])
    cookies = headers.get(b"cookie")
    visitor = VISITOR.search(cookies) if cookies else None
    return Visit(
        address=client_address(scope, headers, trusted_proxies),
        user_agent=user_agent,
        referrer=decoded(headers.get(b"referer", b""), REFERRER_LENGTH),
        visitor=visitor[1].decode() if visitor else "",
        is_bot=is_program or scope["method"] == "HEAD" or _is_ahead_of_time(headers),
        refuses_cookies=headers.get(b"sec-gpc") == b"1",
        fetch_dest=_dest(headers.get(b"sec-fetch-dest")),
        fetch_user=_is_asked(headers, tells_user),
    )


def headers_of(headers: Collection[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name; a repeated one is joined as HTTP says."""
    found = dict(headers)
    if len(found) == len(headers):
        return found
    found = {}
    for name, value in headers:
        between = b"; " if name == b"cookie" else b", "
        found[name] = found[name] + between + value if name in found else value
    return found


@lru_cache(maxsize=8192)
def _agent(raw: bytes) -> tuple[str, bool, bool]:
    """The text, whether it is a program's, and whether such a browser says that a person asked."""
    text = decoded(raw, USER_AGENT_LENGTH)
    return text, is_bot(text), "Chrome/" in text or "Firefox/" in text


def _dest(raw: bytes | None) -> str | None:
    """What is no word is left out: it is nothing that a browser says."""
    found = DEST.match(raw) if raw else None
    return found[0][:LONGEST_DEST].decode() if found else None


def _is_asked(headers: Mapping[bytes, bytes], tells_user: bool) -> bool | None:
    """Did a person ask? Browsers say so only if it is so, and Safari and all browsers of iOS never do.

    A missing word thus means no from the others alone, and from them only where the words beside it came.
    """
    if headers.get(b"sec-fetch-user") == b"?1":
        return True
    return False if tells_user and b"sec-fetch-dest" in headers and b"sec-fetch-mode" in headers else None


def _is_ahead_of_time(headers: Mapping[bytes, bytes]) -> bool:
    """Is the page fetched before anybody asked for it?"""
    if PURPOSES.isdisjoint(headers):
        return False
    purposes = [headers[name].lower() for name in PURPOSES if name in headers]
    return any(b"prefetch" in purpose or b"preview" in purpose for purpose in purposes)


def may_remember(visit: Visit, said: str, asks_consent: bool) -> bool:
    """May this browser keep an id? Never a bot's, nor against a refusal; `said` is what came with the request.

    A program that waits for consent takes the word of the page that was left, or the id that is there already: it
    was set with consent (docs/decisions/0009-consent-at-the-edge.md).
    """
    if visit.is_bot or visit.refuses_cookies or said == Consent.DENIED:
        return False
    return not asks_consent or said == Consent.GRANTED or bool(visit.visitor)
