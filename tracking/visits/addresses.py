"""Who asks, and how much of it is kept: pure but for the key of fingerprints."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from affiliates.models import IpPolicy
from core.crypto import fingerprint

FINGERPRINT_LETTERS = 40
LONGEST = 64  # an IPv6 address with brackets, zone and port is shorter
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN = re.compile(rf"((?:{_OCTET}\.){{3}}){_OCTET}", re.ASCII)  # most addresses, many times quicker


def client_address(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], trusted_proxies: int) -> str:
    """Return who asks: the peer, or what the outermost of our own proxies saw."""
    if trusted_proxies > 0:
        seen = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        if len(seen) >= trusted_proxies and seen[-trusted_proxies].strip():
            return seen[-trusted_proxies].strip()[:LONGEST]
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


def kept_address(address: str, policy: str, program_id: int) -> str:
    """Return what a click of the program keeps of an address, at most 45 letters: the network, a fingerprint, or "".

    The fingerprint is keyed and differs between programs; the same address has the same one on every day.
    """
    if policy == IpPolicy.TRUNCATED:
        return coarse(address)
    return _fingerprint(address, program_id) if policy == IpPolicy.HASHED else ""


@lru_cache(maxsize=8192)
def _fingerprint(address: str, program_id: int) -> str:
    found = whole_address(address)
    return fingerprint(f"{program_id}|{found}", purpose="address")[:FINGERPRINT_LETTERS] if found else ""


def coarse(address: str) -> str:
    """Return the network instead of the person: /24 of IPv4, /48 of IPv6; "" for what is no address."""
    if plain := PLAIN.fullmatch(address):
        return f"{plain[1]}0"
    found = whole_address(address)
    if found is None:
        return ""
    size = 48 if isinstance(found, IPv6Address) else 24
    return str(ip_network((int(found), found.max_prefixlen)).supernet(new_prefix=size).network_address)


def whole_address(address: str) -> IPv4Address | IPv6Address | None:
    """Return the address in its one form, IPv4 where it is only wrapped in IPv6; None for what is none."""
    try:
        found = ip_address(_bare(address))
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found


def _bare(address: str) -> str:
    """Leave out the port and the zone that some proxies add."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.partition("%")[0]
