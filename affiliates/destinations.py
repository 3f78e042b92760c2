"""Where links of a program may lead: hosts are compared as machines send them, letter by letter."""

import re
from ipaddress import IPv6Address
from unicodedata import category, normalize
from urllib.parse import unquote

import idna
from django.utils.translation import gettext as _

from affiliates.models import Program

LONGEST = 2000
PORTS = {"http": 80, "https": 443}
ADDRESS = re.compile(r"(https?)://([^/?#]+)(/[^?#]*)?([?#].*)?", re.IGNORECASE)
PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([1-9][0-9]{0,4}))?")
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)


class LinkRefused(ValueError):
    """Something that a link must not be; `where` is the way to it, like ("rules", 2, "countries")."""

    def __init__(self, message: str, *where: str | int) -> None:
        super().__init__(message)
        self.where = where


class DestinationRefused(LinkRefused):
    """The address is outside of what the program allows."""

    def __init__(self, message: str, *where: str | int) -> None:
        super().__init__(message, *(where or ("destination",)))


def check_destination(program: Program, url: str) -> str:
    """Return the address if a link of the program may lead there; raise DestinationRefused with the reason.

    A host in other letters than ASCII comes back as machines send it (IDNA 2008), so that nobody reads it otherwise.
    """
    if len(url) > LONGEST:
        raise DestinationRefused(_("The address is too long: at most %(most)s letters.") % {"most": LONGEST})
    if any(letter == "\\" or category(letter) in UNSEEN for letter in url) or ENCODED_CONTROL.search(url):
        raise DestinationRefused(_("The address must not contain spaces, backslashes or control characters."))
    found = ADDRESS.fullmatch(url)
    if found is None:
        raise DestinationRefused(_("The address must begin with https:// and name a host."))
    if _leaps(found[3] or "/"):
        raise DestinationRefused(_("The path must not begin with two slashes or hide a backslash."))
    place = _place(found[1], found[2])
    if place is None:
        raise DestinationRefused(
            _("This is not a web address: write a host, without password and without a dot at its end.")
        )
    if place not in _places(program):
        hosts = ", ".join(sorted({*map(str, program.allowed_hosts), _home_of(program)} - {""}))
        raise DestinationRefused(_("Links of this program lead to: %(hosts)s.") % {"hosts": hosts})
    return url if found[2].isascii() else f"{found[1]}://{_written(place)}{url[found.end(2) :]}"


def hosts_of(program: Program) -> frozenset[str]:
    """Return the hosts of the shop as machines send them, without ports: home and allowed ones."""
    return frozenset(host for host, _port in _places(program))


class NoHost(ValueError):
    """What is no host, or is written so that two readers may take it for two."""


def plain_host(text: str) -> str:
    """Return a host as machines send it: lower case, IDNA 2008; raise NoHost.

    Only what reads the same there and back is a host: full-width letters, other dots and hidden letters are not.
    """
    host = normalize("NFC", text).lower()
    try:
        plain = host if host.isascii() else idna.encode(host, uts46=True).decode()
        if not host.isascii() and idna.decode(plain) != host:
            raise NoHost(text)
        if plain.startswith("["):
            return f"[{IPv6Address(plain[1:-1]).compressed}]"
    except ValueError as wrong:
        raise NoHost(text) from wrong
    if len(plain) > 253 or not all(LABEL.fullmatch(label) for label in plain.split(".")):
        raise NoHost(text)
    return plain


def plain_place(text: str) -> str:
    """Return an allowed host as it is kept, perhaps with a port; raise NoHost for what is none."""
    place = _place("https", text.strip())
    if place is None:
        raise NoHost(text)
    return text.strip().lower()


def _place(scheme: str, netloc: str) -> tuple[str, int | None] | None:
    """Return host and port (None: the scheme's own) of the middle of an address; None for what cannot be read."""
    found = PLACE.fullmatch(netloc)
    if found is None:
        return None
    port = int(found[2]) if found[2] else None
    try:
        host = plain_host(found[1])
    except NoHost:
        return None
    if port is not None and port > 65535:
        return None
    return host, None if port == PORTS[scheme.lower()] else port


def _places(program: Program) -> set[tuple[str, int | None]]:
    """The hosts that links may lead to; what a person wrote wrongly opens nothing."""
    places = {_place("https", item) for item in program.allowed_hosts if isinstance(item, str)}
    home = ADDRESS.fullmatch(program.home_url)
    if home is not None:
        places.add(_place(home[1], home[2]))
    return {place for place in places if place is not None}


def _home_of(program: Program) -> str:
    home = ADDRESS.fullmatch(program.home_url)
    return home[2].lower() if home else ""


def _written(place: tuple[str, int | None]) -> str:
    host, port = place
    return f"{host}:{port}" if port else host


def _leaps(path: str) -> bool:
    """Whether some server would take the path for another host: `//evil`, `/%2fevil`, `/..//evil`, `/%5cevil`."""
    seen = unquote(unquote(path))
    if "\\" in seen or any(ord(letter) < 32 or ord(letter) == 127 for letter in seen):
        return True
    kept: list[str] = []
    for part in seen.split("/")[1:]:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    return len(kept) > 1 and kept[0] == ""
