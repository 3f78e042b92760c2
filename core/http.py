"""Outgoing HTTP that cannot be turned against the house: checked, pinned addresses and hard limits of time and size."""

import ipaddress
import json as json_format
import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, Queue
from threading import Thread
from typing import Any

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from core.jobs import Permanent, Temporary

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
PIECE = 16_384
PORTS = frozenset({80, 443, 8443})
HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
NUMERIC_END = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$")
LOOPBACK_NAME = re.compile(r"(^|\.)localhost\.?$")
UNCLEAN = re.compile(r"[\s\\\x00-\x20\x7f-\x9f]")
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Ranges that reach inside although they look public: 6to4, Teredo, documentation, Azure's wire server, relays.
DENIED = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2002::/16", "3fff::/20")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnsafeURL(ValueError):
    """The address may not be called; the message is a sentence for the person who entered it."""


class Unreachable(Temporary):
    """No whole answer came in time; `sent` says whether the request may have reached the other side."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class TooLarge(Permanent):
    """The answer is larger than the caller allowed; the request was carried out."""


@dataclass(frozen=True)
class Answer:
    """What the other side said, redirects included: nothing is followed, no status raises."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON; raises ValueError if it is none."""
        return json_format.loads(self.body)


@dataclass(frozen=True)
class Target:
    """A checked URL, its host as it goes over the wire, its port, and whether the installation vouches for it."""

    url: httpx.URL
    host: str
    port: int
    is_allowed: bool


def check_url(url: str) -> None:
    """Raise UnsafeURL, with a sentence, for a URL that `request` would not call now; looks its host up."""
    target = _target(url)
    try:
        _addresses(target, time.monotonic() + READ_SECONDS)
    except Unreachable as error:
        raise UnsafeURL(str(error)) from error


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | str | None = None,
    auth: tuple[str, str] | httpx.Auth | None = None,
    deadline: float = 20.0,
    max_bytes: int = 1_000_000,
) -> Answer:
    """Send one request to a checked, pinned address and return the whole answer.

    `deadline` is in seconds for everything, name lookup included. Raises UnsafeURL, Unreachable, TooLarge, and
    ValueError for a header that cannot be sent.
    """
    ends_at = time.monotonic() + deadline
    target = _target(url)
    wire = _Wire(_addresses(target, ends_at), ends_at)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    client = httpx.Client(transport=_Pinned(wire), timeout=timeout, trust_env=False, follow_redirects=False)
    with _translated(wire), client:
        sent = {**(headers or {}), "Accept-Encoding": "gzip"}
        with client.stream(
            method, target.url, headers=sent, json=json, content=content, auth=auth
        ) as response:
            body = _body(response, max_bytes)
            return Answer(response.status_code, response.headers, body)


# --- the URL -----------------------------------------------------------------------------------------------
def _target(text: str) -> Target:
    url = _parse(text)
    host = url.raw_host.decode("ascii").lower()
    port = url.port if url.port is not None else {"http": 80, "https": 443}[url.scheme]
    target = Target(url, host, port, is_allowed=_is_allowed(host, port))
    _check_host(host)
    _check_door(target)
    return target


def _parse(text: str) -> httpx.URL:
    if UNCLEAN.search(text):
        raise UnsafeURL(_("The address contains spaces or signs that do not belong there."))
    try:
        url = httpx.URL(text)
        again = httpx.URL(str(url))
    except (httpx.InvalidURL, ValueError) as error:
        raise UnsafeURL(_("This is not a valid address.")) from error
    if url.scheme not in {"http", "https"}:
        raise UnsafeURL(_("The address must start with https://."))
    if url.userinfo or "@" in text.split("://", 1)[-1].split("/", 1)[0]:
        raise UnsafeURL(_("The address may not contain a user name or password."))
    if (again.raw_host, again.port, again.scheme) != (url.raw_host, url.port, url.scheme):
        raise UnsafeURL(_("This is not a valid address."))
    return url


def _check_host(host: str) -> None:
    if ":" in host or _literal(host):
        if not _literal(host):
            raise UnsafeURL(_("This is not a valid address."))
    elif not HOST_NAME.fullmatch(host) or len(host) > 253 or NUMERIC_END.search(host):
        raise UnsafeURL(_("The address has no valid host name."))


def _check_door(target: Target) -> None:
    if target.is_allowed:
        return
    if LOOPBACK_NAME.search(target.host):
        raise UnsafeURL(_not_public(target.host))
    if target.url.scheme != "https" and not settings.OUTBOUND_HTTP_ALLOWED:
        raise UnsafeURL(_("The address must start with https://."))
    if target.port not in PORTS:
        raise UnsafeURL(_("Only the ports 80, 443 and 8443 may be called."))


def _is_allowed(host: str, port: int) -> bool:
    """Say whether the installation vouches for host and port; an entry without port means the usual ones."""
    shown = f"[{host}]" if ":" in host else host.removesuffix(".")
    entries = {entry.lower() for entry in settings.OUTBOUND_ALLOWED_HOSTS}
    return f"{shown}:{port}" in entries or (port in PORTS and not entries.isdisjoint({shown, host}))


# --- its addresses -----------------------------------------------------------------------------------------
def _addresses(target: Target, ends_at: float) -> list[str]:
    """Look the host up once; every address must be public, else nothing is called."""
    literal = _literal(target.host)
    found = [str(literal)] if literal else _resolve(target, ends_at)
    if not target.is_allowed and not all(is_public(address) for address in found):
        raise UnsafeURL(_not_public(target.host))
    return found


def _not_public(host: str) -> str:
    return _("The address %(host)s is not on the public internet.") % {"host": host}


def is_public(address: str) -> bool:
    """Say whether an IP address is on the public internet, seen through NAT64 and without disguised ranges."""
    ip = _literal(address)
    if ip is None or any(ip in network for network in DENIED):
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    if ip in NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip in GLOBAL_V6 and ip.is_global


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _resolve(target: Target, ends_at: float) -> list[str]:
    """Ask the resolver in a thread of its own, since it knows no deadline."""
    answers: Queue[list[str] | OSError | UnicodeError] = Queue()
    Thread(target=_look_up, args=(target.host, target.port, answers), daemon=True).start()
    message = _("The address of %(host)s cannot be found.") % {"host": target.host}
    try:
        found = answers.get(timeout=max(0.0, min(READ_SECONDS, ends_at - time.monotonic())))
    except Empty:
        raise Unreachable(message, sent=False) from None
    if isinstance(found, Exception):
        raise Unreachable(message, sent=False) from found
    if not found:
        raise Unreachable(message, sent=False)
    return found


def _look_up(host: str, port: int, answers: "Queue[list[str] | OSError | UnicodeError]") -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
    except (OSError, UnicodeError) as error:
        answers.put(error)


# --- the wire ----------------------------------------------------------------------------------------------
class _Wire(httpcore.NetworkBackend):
    """Connects to the checked addresses only, whatever the host's name says by now, and keeps the deadline."""

    def __init__(self, addresses: list[str], ends_at: float) -> None:
        self.addresses = addresses
        self.ends_at = ends_at
        self.sent = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open the first pinned address that answers."""
        refused: Exception = httpcore.ConnectError("no address")
        for address in self.addresses:
            try:
                left = self.left(timeout, httpcore.ConnectTimeout)
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, left, local_address, socket_options
                )
                return _Stream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
        raise refused

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """Return the seconds that one step may take; raises `error` when none are left."""
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise error("deadline")
        return seconds if timeout is None else min(timeout, seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends with the deadline, so that no drip of bytes holds a worker."""

    def __init__(self, stream: httpcore.NetworkStream, wire: _Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, at most until the deadline."""
        return self._stream.read(max_bytes, self._wire.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in small pieces, since one write may wait once for each part that is taken."""
        for start in range(0, len(buffer), PIECE):
            left = self._wire.left(timeout, httpcore.WriteTimeout)
            self._wire.sent = True
            self._stream.write(buffer[start : start + PIECE], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Shake hands for the host's name, which the certificate must carry."""
        left = self._wire.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._wire)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the socket."""
        return self._stream.get_extra_info(info)


class _Pinned(httpx.BaseTransport):
    """Carries one request of httpx over a wire."""

    def __init__(self, wire: _Wire) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=tls_context(), network_backend=wire)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and hand the answer back unread."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=target,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        stream = _Body(answer.iter_stream, answer.close)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


@dataclass(frozen=True)
class _Body(httpx.SyncByteStream):
    read: Callable[[], Iterator[bytes]]
    shut: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        return self.read()

    def close(self) -> None:
        """Let go of the connection."""
        self.shut()


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context, which reads its certificates once and nothing from the environment."""
    return httpx.create_ssl_context(trust_env=False)


# --- the answer --------------------------------------------------------------------------------------------
def _body(response: httpx.Response, max_bytes: int) -> bytes:
    raw = bytearray()
    for chunk in response.iter_raw():
        raw += chunk
        if len(raw) > max_bytes:
            raise TooLarge(f"The answer is larger than {max_bytes} bytes.")
    return _unzipped(bytes(raw), response.headers.get("Content-Encoding", "identity").lower(), max_bytes)


def _unzipped(raw: bytes, encoding: str, max_bytes: int) -> bytes:
    """Unpack at most one byte more than allowed: a small body may unpack to any size."""
    if not raw or encoding == "identity":
        return raw
    if encoding not in {"gzip", "x-gzip"}:
        raise httpcore.RemoteProtocolError("an encoding that was not asked for")
    try:
        unpacker = zlib.decompressobj(wbits=31)
        body = unpacker.decompress(raw, max_bytes + 1)
    except zlib.error as error:
        raise httpcore.RemoteProtocolError("not gzip") from error
    if len(body) > max_bytes:
        raise TooLarge(f"The answer is larger than {max_bytes} bytes.")
    if not unpacker.eof:
        raise httpcore.RemoteProtocolError("cut off")
    return body


@contextmanager
def _translated(wire: _Wire) -> Iterator[None]:
    """Turn the libraries' errors into ours; a header that cannot be sent is not repeated, it may be secret."""
    try:
        yield
    except httpcore.LocalProtocolError:
        raise ValueError("The request has a header that cannot be sent.") from None
    except (httpcore.TimeoutException, httpx.TimeoutException) as error:
        raise Unreachable(_("The other side did not answer in time."), sent=wire.sent) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.TransportError, httpx.StreamError) as error:
        raise Unreachable(
            _("The connection failed: %(reason)s") % {"reason": error}, sent=wire.sent
        ) from error
