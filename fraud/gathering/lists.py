"""A program's allow and block lists, read once for a batch: what on them fits a thing that is known of a sale or click.

Whatever an allowed entry fits is let through, also where a blocked one fits it as well. Of an address only its /24
(IPv4) or /48 (IPv6) is kept, whole or as a mark, or a fingerprint, or nothing. Therefore

- entries narrower than a /24 or /48 can never match what was kept;
- wider ones match addresses that are kept cut, and not marks (an order's own network, programs that hash or keep none);
- entries of just that size match both.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from affiliates.models import Program
from fraud.lists.matching import address_in, country_in, domain_in, page_in
from fraud.models import ListEntry
from fraud.states import ListKind
from tracking.buyers import network_mark
from tracking.visits.networks import network_of

Entries = Mapping[str, tuple[str, ...]]  # ListKind -> entries
KEPT = {4: 24, 6: 48}  # version -> bits of an address that are kept


@dataclass(frozen=True, slots=True)
class Listed:
    """The entries of one of the two lists."""

    networks: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)  # of networks of the size that is kept -> entry
    domains: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    @classmethod
    def read(cls, entries: Entries) -> Self:
        """Sort entries by their kind; networks that nothing kept can be in are left out."""
        networks = [one for one in entries.get(ListKind.NETWORK, ()) if _narrower_by(one) <= 0]
        exact = {_mark(one): one for one in networks if _narrower_by(one) == 0}
        return cls(
            networks=tuple(networks),
            marks=exact,
            domains=entries.get(ListKind.EMAIL_DOMAIN, ()),
            pages=entries.get(ListKind.REFERRER, ()),
            countries=entries.get(ListKind.COUNTRY, ()),
        )

    def network(self, address: str, marks: Collection[str] = ()) -> str:
        """Return the entry that a cut address, or a mark of a network, is in; or ""."""
        by_mark = next((self.marks[one] for one in sorted(marks) if one in self.marks), "")
        return by_mark or (address_in(address, self.networks) if self.networks and address else "")

    def domain(self, domain: str) -> str:
        """Return the entry that an e-mail domain is of, or ""."""
        return domain_in(domain, self.domains) if self.domains and domain else ""

    def page(self, page: str) -> str:
        """Return the entry that a page's address fits, or ""."""
        return page_in(page, self.pages) if self.pages and page else ""

    def country(self, country: str) -> str:
        """Return the country's letters where it is listed, or ""."""
        return country.upper() if self.countries and country_in(country, self.countries) else ""


@dataclass(frozen=True, slots=True)
class Lists:
    """What a program always lets through, and what it always looks at."""

    allowed: Listed = Listed()
    blocked: Listed = Listed()

    @classmethod
    def of(cls, program: Program) -> Self:
        """Read the lists of a program: one query."""
        rows = ListEntry.objects.filter(program=program).order_by("pk")
        entries: dict[bool, dict[str, tuple[str, ...]]] = {
            True: defaultdict(tuple),
            False: defaultdict(tuple),
        }
        for kind, text, is_allowed in rows.values_list("kind", "text", "is_allowed"):
            entries[is_allowed][kind] += (text,)
        return cls(Listed.read(entries[True]), Listed.read(entries[False]))

    def allows_network(self, address: str, marks: Collection[str] = ()) -> bool:
        """Say whether a network is let through, by its cut address or its mark."""
        return bool(self.allowed.network(address, marks))

    def allows_domain(self, domain: str) -> bool:
        """Say whether an e-mail domain is let through."""
        return bool(self.allowed.domain(domain))

    def allows_country(self, country: str) -> bool:
        """Say whether a country is let through."""
        return bool(self.allowed.country(country))

    def banned(self, page: str) -> str:
        """Return the blocked entry that the page a visitor came from fits; "" for none, or where it is let through."""
        found = self.blocked.page(page)
        return "" if found and self.allowed.page(page) else found

    def entries_on(
        self,
        address: str = "",
        marks: Collection[str] = (),
        domain: str = "",
        countries: Collection[str] = (),
    ) -> tuple[str, ...]:
        """Return the blocked entries that a network, an e-mail domain or countries stand on, each once."""
        networks = [(address, ()), *(("", (mark,)) for mark in sorted(marks))]
        found = [self.blocked.network(*one) for one in networks if not self.allows_network(*one)]
        if not self.allows_domain(domain):
            found.append(self.blocked.domain(domain))
        found += [self.blocked.country(one) for one in sorted(countries) if not self.allows_country(one)]
        return tuple(dict.fromkeys(one for one in found if one))


def _narrower_by(text: str) -> int:
    """By how many bits a network is narrower than what is kept; 1 for what is none."""
    network = network_of(text)
    return 1 if network is None else network.prefixlen - KEPT[network.version]


def _mark(text: str) -> str:
    network = network_of(text)
    return network_mark(str(network.network_address)) if network else ""
