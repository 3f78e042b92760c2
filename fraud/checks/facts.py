"""What is known of one conversion and the enrollment credited for it at level 1; values only.

People are known by marks: keyed digests that can be compared and not be read. Times are aware, durations seconds,
amounts whole minor units. None, "" and an empty set mean that nobody said, which is never held against anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracking.states import EvidenceKind


class Mark(models.TextChoices):
    """By what a person, or what a person uses, is known again."""

    EMAIL = "email", _("e-mail address")
    PHONE = "phone", _("telephone number")
    CUSTOMER = "customer", _("customer account")
    PAYEE = "payee", _("payment account")
    ADDRESS = "address", _("postal address")
    DEVICE = "device", _("browser")
    NETWORK = "network", _("network")


# What one person has and others do not; what a household, an office or a whole carrier may share.
PERSONAL = frozenset({Mark.EMAIL, Mark.PHONE, Mark.CUSTOMER, Mark.PAYEE})
SHARED = frozenset({Mark.ADDRESS, Mark.DEVICE, Mark.NETWORK})

# Kind -> digests (core.crypto.fingerprint): several where a person had several, as former payees and devices.
Marks = Mapping[Mark, frozenset[str]]


def shared(one: Marks, other: Marks) -> tuple[Mark, ...]:
    """Return the kinds of which two people have a mark in common, the most telling first."""
    nothing: frozenset[str] = frozenset()
    return tuple(kind for kind in Mark if one.get(kind, nothing) & other.get(kind, nothing))


def comparable(one: Marks, other: Marks) -> frozenset[Mark]:
    """Return the kinds that are known of both."""
    return frozenset(kind for kind in Mark if one.get(kind) and other.get(kind))


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How the buyer's e-mail address resembles the affiliate's, by fraud.lists.emails; the addresses stay outside.

    `own_domain` also compares with the host of the affiliate's website. A buyer known only by a digest has None in all.
    """

    is_disposable: bool | None = None
    own_domain: bool | None = None
    likeness: float | None = None


@dataclass(frozen=True, slots=True)
class AdMarker:
    """A query key that an advertising system adds to what was paid for (gclid ...), and the campaign beside it."""

    key: str
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class ClickFacts:
    """The click that the credit rests on, by what was kept of it.

    `until_order` are seconds to the order. `network` is a kind of tracking.visits.networks ("" for an unlisted one,
    None for one not looked up). `fetch_dest` and `fetch_user` are the request's Sec-Fetch-Dest and whether
    Sec-Fetch-User stood in it, None for browsers that do not send them (Safari sends the first alone). `landed` says
    whether the tag saw a page within 60 seconds, None where the shop has no tag. `banned` is the pattern of the
    program's list that the referrer fits, `brand_term` the protected word that the search or campaign named, `ads` what
    fraud.checks.ads reads off addresses.
    """

    id: str = ""
    until_order: float | None = None
    is_bot: bool = False
    is_repeated: bool = False
    network: str | None = None
    country: str = ""
    referrer: str = ""  # the host
    source: str = ""  # a TrafficSource
    banned: str = ""
    brand_term: str = ""
    ads: tuple[AdMarker, ...] = ()
    landed: bool | None = None
    fetch_dest: str | None = None
    fetch_user: bool | None = None


@dataclass(frozen=True, slots=True)
class Displaced:
    """The click of another affiliate that had brought the visitor before: whose, and how long before the order."""

    enrollment: int
    click: str
    until_order: float


@dataclass(frozen=True, slots=True)
class Alike:
    """An earlier order of the program that shares marks with this one's buyer.

    `apart` are seconds between the two, `has_same_number` says that another door told the same order number.
    `came_back` says that its money was refunded in full or charged back, `enrollment` who was credited, 0 for nobody.
    """

    conversion: int
    apart: float
    total: int
    currency: str
    marks: frozenset[Mark] = frozenset()
    has_same_number: bool = False
    came_back: bool = False
    enrollment: int = 0


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A browser alone has told of the order, for so many hours, and the program has a store that tells orders.

    `others` counts the browser-told orders of the program from the same time that the store did confirm: none of them
    means that the connection is broken, which is no fault of the affiliate's.
    """

    hours: float
    others: int


@dataclass(frozen=True, slots=True)
class Told:
    """What shop, payment system and CRM said of the order and its buyer, in their words, and who said it.

    `risk` is the shop's or payment system's own assessment (fraud.checks.systems.RISKS knows the words). `dispute` is
    "", "opened", "lost" or "won". `bad_statuses` are the CRM's words that the program's policy lists as bad.
    """

    risk: str = ""
    risk_by: str = ""
    dispute: str | None = None
    dispute_by: str = ""
    is_blocked: bool | None = None
    blocked_by: str = ""
    crm_status: str = ""
    crm: str = ""
    bad_statuses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """One conversion and the enrollment that is credited for it at level 1.

    `own` says by what tracking's decision found the buyer to be the affiliate itself. `earlier` counts earlier orders
    of the same person by personal marks, None where the buyer has none. `country` is where the goods go and
    `payer_country` the card's or bill's, as far as the store tells them. `campaigns` are the advertising campaigns that
    the program allows this affiliate, or runs itself, `blocked` the entries of its block lists (fraud.lists.matching)
    that the sale's address, e-mail domain or countries stand on.
    """

    conversion: int
    enrollment: int
    at: datetime
    total: int
    currency: str
    goal: str = "sale"
    evidence: str = EvidenceKind.CLICK
    coupon: str = ""
    buyer: Marks = field(default_factory=dict)
    affiliate: Marks = field(default_factory=dict)
    email: Resemblance = Resemblance()
    own: str = ""
    claims_new: bool | None = None
    earlier: int | None = None
    country: str = ""
    payer_country: str = ""
    click: ClickFacts | None = None
    displaced: Displaced | None = None
    alike: tuple[Alike, ...] = ()
    unconfirmed: Unconfirmed | None = None
    told: Told = Told()
    campaigns: frozenset[str] = frozenset()
    blocked: tuple[str, ...] = ()

    def rows(self, *conversions: int) -> dict[str, tuple[Any, ...]]:
        """Return what stands behind a finding on this sale: itself, its click, and other conversions."""
        clicks = {"clicks": (self.click.id,)} if self.click and self.click.id else {}
        return {"conversions": (self.conversion, *conversions), **clicks}
