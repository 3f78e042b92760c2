"""What a request to a link says about its visitor: pure, from an ASGI scope to values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl

USER_AGENT_LENGTH, REFERRER_LENGTH, SUB_ID_LENGTH = 400, 1000, 80
SUB_IDS = ("s1", "s2", "s3", "s4", "s5")
PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
VISITOR = re.compile(rb"(?:^|;)\s*vid=([0-9a-f]{32})\s*(?:;|$)")
# Names of programs, not of people's browsers; "Cubot" is a telephone.
BOT = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|\+https?:|preview|prerender|facebookexternalhit|facebookcatalog|"
    r"whatsapp/|embedly|headless|phantomjs|lighthouse|pingdom|uptime|monitor|scan|validator|archiver|curl/|wget/|"
    r"python|httpx|aiohttp|okhttp|java/|libwww|go-http|node-fetch|axios|undici|ruby|perl|php/|guzzle|postman|scrapy",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as a click stores it; `visitor` is the browser's id of 32 hex digits, "" if it has none."""

    ip: str
    user_agent: str
    referrer: str
    visitor: str
    sub_ids: tuple[str, ...]
    is_bot: bool
    refuses_cookies: bool


def read_visit(scope: Mapping[str, Any], trusted_proxies: int) -> Visit:
    """Read a request; whatever the other side sent is cut, cleaned or left out, never an error."""
    headers = _joined(scope["headers"])
    user_agent = _text(headers.get(b"user-agent", b""), USER_AGENT_LENGTH)
    visitor = VISITOR.search(headers.get(b"cookie", b""))
    return Visit(
        ip=coarse(client_address(scope, headers, trusted_proxies)),
        user_agent=user_agent,
        referrer=_text(headers.get(b"referer", b""), REFERRER_LENGTH),
        visitor=visitor[1].decode() if visitor else "",
        sub_ids=sub_ids(scope.get("query_string", b"")),
        is_bot=scope["method"] == "HEAD" or _is_ahead_of_time(headers) or is_bot(user_agent),
        refuses_cookies=headers.get(b"sec-gpc") == b"1",
    )


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name; a repeated one is joined as HTTP says."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        between = b"; " if name == b"cookie" else b", "
        found[name] = found[name] + between + value if name in found else value
    return found


def _text(raw: bytes, length: int) -> str:
    return CONTROL.sub("", raw.decode("utf-8", "replace"))[:length]


def client_address(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], trusted_proxies: int) -> str:
    """Return who asks: the peer, or what the outermost of our own proxies saw."""
    seen = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    if trusted_proxies > 0 and len(seen) >= trusted_proxies and seen[-trusted_proxies].strip():
        return seen[-trusted_proxies].strip()
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


@lru_cache(maxsize=4096)
def coarse(address: str) -> str:
    """Return the network instead of the person: /24 of IPv4, /48 of IPv6; "" for what is no address."""
    try:
        found = ip_address(_bare(address))
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    size = 48 if isinstance(found, IPv6Address) else 24
    return str(ip_network((int(found), found.max_prefixlen)).supernet(new_prefix=size).network_address)


def _bare(address: str) -> str:
    """Leave out the port and the zone that some proxies add."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.partition("%")[0]


def sub_ids(query: bytes) -> tuple[str, ...]:
    """Return s1 to s5 of a query by position, without empty ones at the end."""
    if b"s" not in query:
        return ()
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=100, errors="replace")
    except ValueError:
        return ()
    given = dict(pairs)
    found = [CONTROL.sub("", given.get(name, ""))[:SUB_ID_LENGTH] for name in SUB_IDS]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _is_ahead_of_time(headers: Mapping[bytes, bytes]) -> bool:
    """Is the page fetched before anybody asked for it?"""
    purposes = [headers[name] for name in PURPOSES if name in headers]
    return any(b"prefetch" in purpose or b"preview" in purpose for purpose in purposes)


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """Does the user agent name a program, or nothing at all?"""
    return not user_agent or BOT.search(user_agent) is not None
