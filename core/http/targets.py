"""Which address may be called: the URL checked, its host looked up once, nothing that reaches inside."""

import ipaddress
import re
import socket
import time
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from core.jobs import Temporary

READ_SECONDS = 10.0
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


@dataclass(frozen=True)
class Target:
    """A checked URL, its host as it goes over the wire, its port, and whether the installation vouches for it."""

    url: httpx.URL
    host: str
    port: int
    is_allowed: bool


def check_url(url: str) -> None:
    """Raise UnsafeURL, with a sentence, for a URL that `request` would not call now; looks its host up."""
    target = target_of(url)
    try:
        addresses_of(target, time.monotonic() + READ_SECONDS)
    except Unreachable as error:
        raise UnsafeURL(str(error)) from error


def checked_addresses(
    host: str, port: int, ports: frozenset[int], *, seconds: float = READ_SECONDS
) -> list[str]:
    """Look up a host that is called by another protocol than HTTP, under the same rules; `ports` are the usual ones.

    Connect to what is returned, not to the name: it may mean another host by then. Raises UnsafeURL and Unreachable.
    """
    name = host.strip().lower().removeprefix("[").removesuffix("]")
    if UNCLEAN.search(name) or not 0 < port < 65536:
        raise UnsafeURL(_("This is not a valid address."))
    _check_host(name)
    shown = f"[{name}]" if ":" in name else name
    target = Target(httpx.URL(f"https://{shown}:{port}"), name, port, is_allowed=_is_allowed(name, port))
    if not target.is_allowed and LOOPBACK_NAME.search(name):
        raise UnsafeURL(_not_public(name))
    if not target.is_allowed and port not in ports:
        told = {"ports": ", ".join(map(str, sorted(ports)))}
        raise UnsafeURL(_("Of this kind, only the ports %(ports)s may be called.") % told)
    return addresses_of(target, time.monotonic() + seconds)


# --- the URL -----------------------------------------------------------------------------------------------
def target_of(text: str) -> Target:
    """Read a URL and check everything that needs no look-up; raises UnsafeURL."""
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
def addresses_of(target: Target, ends_at: float) -> list[str]:
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
