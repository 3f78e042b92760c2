"""What is known of each sale of a world, gathered plainly: earlier orders by mark, earlier clicks by visitor."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from fraud.checks.facts import (
    PERSONAL,
    Alike,
    ClickFacts,
    Displaced,
    Mark,
    Marks,
    Resemblance,
    SaleFacts,
    Told,
    shared,
)
from fraud.lists import emails
from tests.fraud.world.events import CURRENCY, FIRST_DAY, Account, Click, Sale, World
from tracking.states import EvidenceKind

WINDOW = 30 * 86_400  # a click earns for so long
LOOKED_FOR = (Mark.EMAIL, Mark.PHONE, Mark.ADDRESS, Mark.DEVICE)  # a network's orders are too many to compare


@dataclass(frozen=True, slots=True)
class _Known:
    """What the world is looked up by."""

    world: World
    clicks: dict[int, Click]
    visits: dict[str, list[Click]]
    marks: dict[int, Marks]
    back: frozenset[int]
    charged_back: frozenset[int]


def sale_facts(world: World) -> list[SaleFacts]:
    """Return the facts of each sale, the oldest first."""
    visits: dict[str, list[Click]] = defaultdict(list)
    for click in world.clicks:
        if click.visitor:
            visits[click.visitor].append(click)
    known = _Known(
        world,
        {click.id: click for click in world.clicks},
        visits,
        {sale.conversion: sale.buyer.marks for sale in world.sales},
        frozenset(refund.conversion for refund in world.refunds),
        frozenset(refund.conversion for refund in world.refunds if refund.is_chargeback),
    )
    return list(_one_by_one(known))


def _one_by_one(known: _Known) -> Iterable[SaleFacts]:
    """Each sale beside those before it."""
    before: dict[tuple[Mark, str], list[Sale]] = defaultdict(list)
    by_number: dict[str, list[Sale]] = defaultdict(list)
    for sale in known.world.sales:
        marks = [(mark, value) for mark in LOOKED_FOR for value in known.marks[sale.conversion].get(mark, ())]
        earlier = {one.conversion: one for mark in marks for one in before[mark]}
        earlier |= {one.conversion: one for one in by_number[sale.number]}
        yield _facts(known, sale, list(earlier.values()))
        by_number[sale.number].append(sale)
        for mark in marks:
            before[mark].append(sale)


def _facts(known: _Known, sale: Sale, earlier: list[Sale]) -> SaleFacts:
    account = known.world.accounts[sale.enrollment]
    click = known.clicks.get(sale.click)
    alike = tuple(_alike(known, sale, one) for one in earlier)
    return SaleFacts(
        conversion=sale.conversion,
        enrollment=sale.enrollment,
        at=FIRST_DAY + timedelta(seconds=sale.at),
        total=sale.total,
        currency=CURRENCY,
        goal=sale.goal,
        evidence=EvidenceKind.CLICK if click else EvidenceKind.COUPON,
        coupon=f"CODE{sale.coupon}" if sale.coupon else "",
        buyer=known.marks[sale.conversion],
        affiliate=account.marks,
        email=_resemblance(sale, account),
        claims_new=sale.claims_new,
        earlier=sum(1 for one in alike if one.marks & PERSONAL and not one.has_same_number),
        country=sale.buyer.country,
        click=_click_facts(click, sale) if click else None,
        displaced=_displaced(known, sale, click) if click else None,
        alike=alike,
        told=Told(dispute="lost") if sale.conversion in known.charged_back else Told(),
    )


def _alike(known: _Known, sale: Sale, one: Sale) -> Alike:
    return Alike(
        conversion=one.conversion,
        apart=sale.at - one.at,
        total=one.total,
        currency=CURRENCY,
        marks=frozenset(shared(known.marks[sale.conversion], known.marks[one.conversion])),
        has_same_number=one.number == sale.number,
        came_back=one.conversion in known.back,
        enrollment=one.enrollment,
    )


def _resemblance(sale: Sale, account: Account) -> Resemblance:
    buyer, affiliate = sale.buyer.email, account.person.email
    return Resemblance(
        is_disposable=emails.is_disposable(buyer),
        own_domain=emails.share_own_domain(buyer, affiliate),
        likeness=emails.likeness(buyer, affiliate),
    )


def _click_facts(click: Click, sale: Sale) -> ClickFacts:
    return ClickFacts(
        id=str(click.id),
        until_order=sale.at - click.at,
        is_bot=click.is_bot,
        is_repeated=click.is_repeated,
        network=click.kind,
        country=click.country,
        referrer=click.referrer,
        brand_term=click.brand_term,
        ads=click.ads,
        landed=click.landed,
        fetch_dest=click.fetch_dest,
        fetch_user=click.fetch_user,
    )


def _displaced(known: _Known, sale: Sale, click: Click) -> Displaced | None:
    """The last click of somebody else that had brought the visitor before."""
    others = [
        one
        for one in known.visits.get(click.visitor, ())
        if one.at < click.at and one.enrollment != sale.enrollment and sale.at - one.at <= WINDOW
    ]
    if not others:
        return None
    last = others[-1]
    return Displaced(last.enrollment, str(last.id), sale.at - last.at)
