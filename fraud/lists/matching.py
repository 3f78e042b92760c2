"""Is this on the list? Address ranges, e-mail domains, pages, countries and words; pure."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from tracking.visits.addresses import whole_address
from tracking.visits.networks import network_of

LONGEST = 1000  # letters of a page's address that are looked at
MOST_STARS = 8  # in one pattern; more have no meaning and only cost time


def address_in(address: str, networks: Iterable[str]) -> str:
    """Return the first of the networks (CIDR, or single addresses) that an address is in, or "".

    Unlike the list of data centers these are a person's choice, so private ones count as well. Of a click only the
    /24 (IPv4) or /48 (IPv6) is kept: narrower entries are matched while the whole address is still known, or never.
    """
    found = whole_address(address)
    if found is None:
        return ""
    for text in networks:
        network: IPv4Network | IPv6Network | None = network_of(text)
        if network is not None and network.version == found.version and found in network:
            return text
    return ""


def domain_in(domain: str, domains: Collection[str]) -> str:
    """Return the entry that names an e-mail domain or one above it, or ""; entries may begin with "@", "." or "*."."""
    entries = {entry.strip().lower().lstrip("@*."): entry for entry in domains}
    labels = domain.strip().lower().rstrip(".").split(".")
    for start in range(len(labels)):
        above = ".".join(labels[start:])
        if above and above in entries:
            return entries[above]
    return ""


def page_in(page: str, patterns: Iterable[str]) -> str:
    """Return the first pattern that a page's address or host fits, or "".

    A pattern is a host, or a host with a path after it; * stands for any text. "www." is left out on both sides, big
    and small letters are the same, and a pattern without a path fits all pages of the host. Parts of a host are never
    matched unless * says so: "deals.example" is not "mydeals.example".
    """
    host, path = _host_and_path(page)
    if not host:
        return ""
    for pattern in patterns:
        wanted_host, wanted_path = _host_and_path(pattern)
        if not wanted_host or pattern.count("*") > MOST_STARS or not fnmatchcase(host, wanted_host):
            continue
        if wanted_path in {"", "/"} or fnmatchcase(path, wanted_path):
            return pattern
    return ""


def country_in(country: str, countries: Collection[str]) -> bool:
    """Say whether a country is on the list, by its two letters; an unknown one ("") never is."""
    return bool(country) and country.upper() in {one.strip().upper() for one in countries}


def term_in(text: str, terms: Iterable[str]) -> str:
    """Return the first term that a text of a search or campaign contains as whole words, or written together; or "".

    "Acme Shoes" is found in "buy acme-shoes online" and in "acmeshoes", "acme" is not found in "pacmen".
    """
    words = _words(text)
    for term in terms:
        wanted = _words(term)
        if not wanted:
            continue
        if "".join(wanted) in words:
            return term
        if any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)):
            return term
    return ""


def _host_and_path(page: str) -> tuple[str, str]:
    text = page.strip()[:LONGEST].lower()
    if "//" not in text:
        text = f"//{text}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return "", ""
    return host, parts.path


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text[:LONGEST].casefold()).split()
