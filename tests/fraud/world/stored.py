"""A made-up world in the real tables, written in bulk: `store(world, program)`; no verb runs and nothing is told.

What the world says in words of its own becomes what the real rows hold: a browser "d12" a visitor's UUID, a network
"n12" the address of a /48, a postal address its digest in the order's metadata. `Stored` leads there and back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from ipaddress import IPv6Address
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from affiliates.models import (
    Affiliate,
    Coupon,
    CouponPolicy,
    Enrollment,
    Group,
    Link,
    Payee,
    PayeeMethod,
    Program,
)
from affiliates.states import EnrollmentState
from core.crypto import fingerprint
from fraud.checks.facts import Mark
from fraud.models import KnownMark, Policy, Relation
from tests.fraud.world.events import CURRENCY, FIRST_DAY, Account, Click, World
from tracking import buyers, clickid
from tracking.models import Click as ClickRow, Conversion
from tracking.states import Consent, TrafficSource
from tracking.visits.networks import Kind

BATCH = 2000  # rows of a statement; SQLite sets a lower limit by itself
FOUNDED = FIRST_DAY - timedelta(days=200)  # everybody joined before


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the things of a world are found in the tables: by its ids, and back by the rows' keys.

    `tids` are the ids that shops were given, by the world's clicks.
    """

    program: Program
    enrollments: Mapping[int, Enrollment]
    coupons: Mapping[int, Coupon]
    clicks: Mapping[int, UUID]
    tids: Mapping[int, str]
    conversions: dict[int, Conversion] = field(default_factory=dict)

    def enrollment_of(self, key: int) -> int:
        """Return the world's id of an enrollment by the row's."""
        return next(one for one, row in self.enrollments.items() if row.pk == key)

    def coupon_of(self, key: int) -> int:
        """Return the world's id of a coupon by the row's."""
        return next(one for one, row in self.coupons.items() if row.pk == key)

    def conversions_by_key(self) -> dict[int, int]:
        """Return the world's ids of all conversions by the rows'."""
        return {row.pk: one for one, row in self.conversions.items()}

    def enrollments_by_key(self) -> dict[int, int]:
        """Return the world's ids of all enrollments by the rows'."""
        return {row.pk: one for one, row in self.enrollments.items()}

    def clicks_by_key(self) -> dict[str, int]:
        """Return the world's ids of all clicks by the rows', as texts."""
        return {str(key): one for one, key in self.clicks.items()}

    def digest(self, mark: Mark, text: str) -> str:
        """Return the digest by which a mark of the world is known again in the tables."""
        return digest_of(mark, text)


def store(world: World, program: Program, *, books: bool = False) -> Stored:
    """Write everything that happened in a world; `books` writes the ledger's entries as well.

    The program is in EUR and UTC and has a plan; its affiliates get 10 per cent of an order, or LEAD for a lead.
    """
    from tests.fraud.world.stored_sales import store_sales

    if (program.currency, program.time_zone) != (CURRENCY, "UTC"):
        raise ValueError("a world lives in EUR and UTC")
    enrollments = _enrollments(world, program)
    links = _links(program, enrollments.values())
    _identify(world, program, enrollments)
    coupons = _coupons(world, program, enrollments)
    tids = {
        click.id: clickid.issue(links[enrollments[click.enrollment].pk].pk, when(click.at))
        for click in world.clicks
    }
    stored = Stored(
        program,
        enrollments,
        coupons,
        {one: UUID(key) for one, (key, _tid) in tids.items()},
        {one: tid for one, (_key, tid) in tids.items()},
    )
    _store_clicks(world, stored, links)
    _protect(world, program)
    stored.conversions.update(store_sales(world, stored, books=books))
    return stored


def when(seconds: float) -> datetime:
    """Return the moment of the world's clock, in whole milliseconds as clicks' ids have it."""
    return FIRST_DAY + timedelta(milliseconds=int(seconds * 1000))


# --- marks ---------------------------------------------------------------------------------------------------
def visitor_of(device: str) -> UUID | None:
    """Return the visitor id of a browser; None for a visitor without consent."""
    return uuid5(NAMESPACE_URL, f"https://world.example/{device}") if device else None


def address_of(network: str) -> str:
    """Return the address (cut as programs keep it) of a network: each has a /48 of its own."""
    if not network:
        return ""
    return str(IPv6Address(b"\x2a" + blake2b(network.encode(), digest_size=5).digest() + bytes(10)))


def phone_of(text: str) -> str:
    """Return a telephone number for the world's "p12"."""
    digits = "".join(sign for sign in text if sign.isdigit())
    return f"+49 30 {int(digits):08d}" if text else ""


def house_of(text: str) -> tuple[str, str, str]:
    """Return street, postcode and country of the world's "a12"."""
    return f"Street {text}", "10115", "DE"


def digest_of(mark: Mark, text: str) -> str:
    """Return the digest of a mark as the real rows lead to it; "" for ""."""
    if not text:
        return ""
    return {
        Mark.EMAIL: lambda: buyers.email_mark(text),
        Mark.PHONE: lambda: buyers.phone_mark(phone_of(text)),
        Mark.ADDRESS: lambda: buyers.address_mark(*house_of(text)),
        Mark.NETWORK: lambda: buyers.network_mark(address_of(text)),
        Mark.DEVICE: lambda: buyers.device_mark(visitor_of(text)),
        Mark.PAYEE: lambda: fingerprint(f"bank:{text}", purpose="payee"),
    }[mark]()


# --- accounts ------------------------------------------------------------------------------------------------
def _enrollments(world: World, program: Program) -> dict[int, Enrollment]:
    accounts = list(world.accounts.values())
    groups = {
        name: Group.objects.get_or_create(program=program, name=name)[0]
        for name in sorted({account.promotion for account in accounts})
    }
    people = Affiliate.objects.bulk_create([_affiliate(program, one) for one in accounts], BATCH)
    rows = [
        Enrollment(
            program=program,
            affiliate=person,
            state=EnrollmentState.ACTIVE,
            code=f"site{account.enrollment}",
            group=groups[account.promotion],
            applied_at=FOUNDED,
            decided_at=FOUNDED,
        )
        for account, person in zip(accounts, people, strict=True)
    ]
    made = {
        account.enrollment: row
        for account, row in zip(accounts, Enrollment.objects.bulk_create(rows, BATCH), strict=True)
    }
    recruited = [account for account in accounts if account.sponsor]
    for account in recruited:
        made[account.enrollment].sponsor = made[account.sponsor]
    Enrollment.objects.bulk_update([made[one.enrollment] for one in recruited], ["sponsor"])
    return made


def _affiliate(program: Program, account: Account) -> Affiliate:
    return Affiliate(
        merchant_id=program.merchant_id,
        name=f"Partner {account.enrollment}",
        email=account.person.email,
        website=f"https://{account.site}",
        country=account.person.country,
        phone=phone_of(account.person.phone),
        created_at=FOUNDED,
    )


def _links(program: Program, enrollments: Iterable[Enrollment]) -> dict[int, Link]:
    """The default link of each, by the enrollment's key."""
    rows = [
        Link(
            enrollment=one,
            code=f"{program.slug}-{one.code}"[:40],
            destination=program.home_url,
            is_default=True,
            created_at=FOUNDED,
        )
        for one in enrollments
    ]
    return {link.enrollment_id: link for link in Link.objects.bulk_create(rows, BATCH)}


def _identify(world: World, program: Program, enrollments: Mapping[int, Enrollment]) -> None:
    """By what the people behind the accounts are known, where they are paid to, and who is said to belong together."""
    payees, marks, pairs = [], [], set()
    for account in world.accounts.values():
        row = enrollments[account.enrollment]
        payees.append(_payee(row, account.payee))
        marks += [
            KnownMark(program=program, kind=mark, digest=digest, enrollment=row, at=FOUNDED)
            for mark in (Mark.DEVICE, Mark.NETWORK, Mark.ADDRESS)
            if (digest := digest_of(mark, getattr(account.person, mark.value)))
        ]
        pairs |= {tuple(sorted((row.pk, enrollments[other].pk))) for other in account.related}
    Payee.objects.bulk_create(payees, BATCH)
    KnownMark.objects.bulk_create(marks, BATCH)
    Relation.objects.bulk_create(
        [
            Relation(program=program, one_id=one, other_id=other, reason="an agency", created_at=FOUNDED)
            for one, other in sorted(pairs)
        ]
    )


def _payee(row: Enrollment, text: str) -> Payee:
    return Payee(
        affiliate=row.affiliate,
        method=PayeeMethod.BANK,
        holder=row.affiliate.name,
        details={"account": text},
        label=f"•••• {text}",
        fingerprint=digest_of(Mark.PAYEE, text),
        changed_at=FOUNDED,
    )


def _coupons(world: World, program: Program, enrollments: Mapping[int, Enrollment]) -> dict[int, Coupon]:
    """Codes that never win over a click, for so a world credits."""
    rows = [
        Coupon(
            program=program,
            enrollment=enrollments[one.enrollment],
            code=Coupon.normal(f"CODE{one.id}"),
            policy=CouponPolicy.NEVER_OVER_CLICK,
            is_offline=one.is_offline,
        )
        for one in world.coupons.values()
    ]
    return dict(zip(world.coupons, Coupon.objects.bulk_create(rows, BATCH), strict=True))


# --- clicks --------------------------------------------------------------------------------------------------
def _store_clicks(world: World, stored: Stored, links: Mapping[int, Link]) -> None:
    program = stored.program
    terms = program.attribution_terms.order_by("effective_at").last()
    rows = (_click_row(click, stored, links, terms.pk if terms else None) for click in world.clicks)
    ClickRow.objects.bulk_create(rows, BATCH)


def _click_row(click: Click, stored: Stored, links: Mapping[int, Link], terms: int | None) -> ClickRow:
    enrollment = stored.enrollments[click.enrollment].pk
    link = links[enrollment]
    return ClickRow(
        id=stored.clicks[click.id],
        link_id=link.pk,
        enrollment_id=enrollment,
        program_id=stored.program.pk,
        terms_id=terms,
        at=when(click.at),
        visitor=visitor_of(click.visitor),
        ip=address_of(click.network),
        user_agent=f"Mozilla/5.0 ({click.browser})",
        browser=click.browser,
        referrer=f"https://{click.referrer}/" if click.referrer else "",
        network_kind=click.kind or (Kind.MOBILE if click.is_carrier else ""),
        country=click.country,
        consent=Consent.GRANTED if click.visitor else Consent.DENIED,
        source=TrafficSource.REFERRAL if click.referrer else TrafficSource.DIRECT,
        fetch_dest=click.fetch_dest,
        fetch_user=click.fetch_user,
        is_bot=click.is_bot,
        is_duplicate=click.is_repeated,
        is_read=True,
        is_bare=False,  # this and what follows are said for speed: bulk_create thinks long about databases' defaults
        via="",
        device="",
        os="",
        **_where(click, link.destination),
    )


def _where(click: Click, home: str) -> dict[str, Any]:
    """The page that was seen in the shop, and what the address said of advertisements."""
    query = "&".join(f"{marker.key}=a{click.id}" for marker in click.ads)
    campaign = next((marker.campaign for marker in click.ads if marker.campaign), "")
    utm = {"term": click.brand_term, "id": campaign}
    page = f"{home}?{query}" if query else home
    return {
        "destination": page,
        "landing": page if click.landed else "",
        "utm": {name: said for name, said in utm.items() if said},
    }


def _protect(world: World, program: Program) -> None:
    """The words that clicks were bought on are the program's brand, for checks know no other words."""
    words = {click.brand_term for click in world.clicks if click.brand_term}
    if words:
        policy, _made = Policy.objects.get_or_create(program=program)
        policy.brand_terms = sorted(words | set(policy.brand_terms))
        policy.save(update_fields=["brand_terms"])
