"""Whose network is an address in? Sorted ranges, looked up by bisection.

An address that a program keeps only as a fingerprint is in no network: what kind of network a click came from must be
read before its address is cut or hashed. A cut address (/24, /48) is found in networks at least as large.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from socket import AF_INET, inet_pton
from typing import NamedTuple

from tracking.visits.addresses import whole_address

V4, V6 = 4, 6


class Kind:
    """What a network is used for; words of the network file. A file may use others, which mean nothing here."""

    DATA_CENTER = "data-center"
    VPN = "vpn"
    TOR = "tor"
    MOBILE = "mobile"


# Where nobody sits in front of a screen, or hides who does.
MACHINES = frozenset({Kind.DATA_CENTER, Kind.VPN, Kind.TOR})


@dataclass(frozen=True, slots=True)
class Known:
    """What a list says of a network: its kind, and whose it is ("" where the list does not say)."""

    kind: str = Kind.DATA_CENTER
    owner: str = ""


class Range(NamedTuple):
    """Addresses as numbers, both ends within, and what is known of them."""

    first: int
    last: int
    known: Known


class Networks:
    """Networks by address; of nested ones the narrowest answers.

    Made of (CIDR network, what is known) pairs in any order; of the same network named twice the last one counts.
    """

    def __init__(self, known: Iterable[tuple[IPv4Network | IPv6Network, Known]] = ()) -> None:
        by_network = dict(known)
        self._ranges = {version: _disjoint(_of_version(by_network.items(), version)) for version in (V4, V6)}
        self._firsts = {version: [one.first for one in ranges] for version, ranges in self._ranges.items()}
        self.size = len(by_network)

    def of(self, address: str) -> Known | None:
        """Return what is known of an address's network; None for an unlisted, private, reserved or unreadable one."""
        place = place_of(address)
        return self._known(place, address) if place else None

    def kind_of(self, address: str) -> str | None:
        """Return the kind of an address's network; "" for an unlisted one, None where it cannot be said.

        That is with an empty list, and of what is no address.
        """
        place = place_of(address) if self.size else None
        if place is None:
            return None
        known = self._known(place, address)
        return known.kind if known else ""

    def _known(self, place: tuple[int, int], address: str) -> Known | None:
        version, number = place
        at = bisect_right(self._firsts[version], number) - 1
        if at < 0 or number > self._ranges[version][at].last:
            return None
        found = whole_address(
            address
        )  # only now: most addresses are in no network, and this takes longer than all
        return self._ranges[version][at].known if found and found.is_global else None


def place_of(address: str) -> tuple[int, int] | None:
    """Return an address as its version (4, 6) and number; None for what is none."""
    try:
        return V4, int.from_bytes(inet_pton(AF_INET, address))  # most addresses, many times quicker
    except (OSError, ValueError):
        found = whole_address(address)
    return (found.version, int(found)) if found else None


def network_of(text: str) -> IPv4Network | IPv6Network | None:
    """Return the network that a text names, a single address being one of its own; None for what is none."""
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped and found.prefixlen >= 96:
        return IPv4Network((int(found.network_address.ipv4_mapped), found.prefixlen - 96))
    return found


def _of_version(
    known: Iterable[tuple[IPv4Network | IPv6Network, Known]], version: int
) -> list[tuple[int, int, Known]]:
    ranges = [
        (int(network.network_address), int(network.broadcast_address), what)
        for network, what in known
        if network.version == version
    ]
    return sorted(ranges, key=lambda one: (one[0], -one[1]))


def _disjoint(ranges: list[tuple[int, int, Known]]) -> list[Range]:
    """Cut nested ranges into ones that do not touch each other; CIDR networks nest or are apart, they never overlap."""
    return list(_cut(ranges))


def _cut(ranges: list[tuple[int, int, Known]]) -> Iterator[Range]:
    around: list[Range] = []  # the networks that the sweep is inside of, the widest first
    at = 0  # everything before is handed out
    for first, last, known in ranges:
        while around and around[-1].last < first:
            inner = around.pop()
            if at <= inner.last:
                yield Range(at, inner.last, inner.known)
                at = inner.last + 1
        if around and at < first:
            yield Range(at, first - 1, around[-1].known)
        around.append(Range(first, last, known))
        at = first
    while around:
        inner = around.pop()
        if at <= inner.last:
            yield Range(at, inner.last, inner.known)
            at = inner.last + 1
