"""Where a link's visitors go: its own page, or another by country, device or weight."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import accumulate
from random import randrange
from typing import Any
from urllib.parse import urlsplit

from django.utils.encoding import iri_to_uri

from affiliates.destinations import DestinationRefused, check_destination
from affiliates.models import Program
from tracking.edge.ways import Way, way_to
from tracking.visits import device_of

WINDOW_HOURS = 720


@dataclass(frozen=True, slots=True)
class Rule:
    """Visitors of these countries and devices (none: of all) go this way."""

    countries: frozenset[str]
    devices: frozenset[str]
    way: Way

    def fits(self, country: str, user_agent: str) -> bool:
        """Is the rule for this visitor?"""
        if self.countries and country not in self.countries:
            return False
        return not self.devices or device_of(user_agent) in self.devices


@dataclass(frozen=True, slots=True)
class Target:
    """Where a code leads and to whom it counts, and what its program asks of the edge.

    `window` in seconds, `sub_ids` as JSON; `rotation` names each way with the sum of the weights up to it.
    """

    link: int
    enrollment: int
    program: int
    terms: int | None
    window: int
    sub_ids: str
    is_on: bool
    ends_at: datetime | None
    way: Way
    rules: tuple[Rule, ...]
    rotation: tuple[tuple[int, Way], ...]
    home: str
    ip_policy: str
    asks_consent: bool
    counts_views: bool

    @property
    def origin(self) -> str:
        """Scheme, host and port of the link's own page."""
        parts = urlsplit(self.way.address)
        return f"{parts.scheme}://{parts.netloc}"

    def is_live(self, at: datetime) -> bool:
        """Does the link count, and lead where it says?"""
        return self.is_on and (self.ends_at is None or at < self.ends_at)


def way_of(target: Target, country: str, user_agent: str, visitor: str | None) -> Way:
    """Return where this visitor goes: by the first rule that fits, else by weight, the same each time for an id."""
    for rule in target.rules:
        if rule.fits(country, user_agent):
            return rule.way
    if not target.rotation:
        return target.way
    total = target.rotation[-1][0]
    place = _drawn(f"{target.link}:{visitor}") % total if visitor else randrange(total)  # noqa: S311
    return next(way for below, way in target.rotation if place < below)


def _drawn(text: str) -> int:
    """The same number each time, and nothing that one link's has to do with another's."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest())


def allowed(program: Program, url: object) -> str:
    """Return the address in ASCII if a link of the program may lead there, else nothing."""
    try:
        address = iri_to_uri(check_destination(program, str(url)))
        parts = urlsplit(address)
    except (DestinationRefused, ValueError):
        return ""
    return address if parts.path else parts._replace(path="/").geturl()


def rules_of(program: Program, entries: object) -> tuple[Rule, ...]:
    """Read a link's rules; one that leads where it may not, or that cannot be read, is left out."""
    return tuple(
        Rule(_words(entry.get("countries")), _words(entry.get("devices")), way_to(address))
        for entry, address in _destinations(program, entries)
    )


def rotation_of(program: Program, entries: object) -> tuple[tuple[int, Way], ...]:
    """Read a link's rotation; what has no weight has no share."""
    shares = [
        (weight, way_to(address))
        for entry, address in _destinations(program, entries)
        if isinstance(weight := entry.get("weight"), int) and weight > 0
    ]
    return tuple(
        zip(accumulate(weight for weight, _way in shares), (way for _weight, way in shares), strict=True)
    )


def _destinations(program: Program, entries: object) -> Iterable[tuple[Mapping[str, Any], str]]:
    found = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    known = ((entry, allowed(program, entry.get("destination"))) for entry in found)
    return [(entry, address) for entry, address in known if address]


def _words(said: object) -> frozenset[str]:
    return frozenset(map(str, said)) if isinstance(said, list) else frozenset()
