"""Honest partners: each kind of promotion has its own ways, and each partner differs from its kind."""

from dataclasses import dataclass, replace

import numpy as np

from tests.fraud.world.draft import DAY, FOREIGN, Draft
from tests.fraud.world.events import Account, Click, Person, Sale
from tracking.visits.networks import Kind

WINDOW = 30 * DAY  # a click earns for so long
REPEATED, TWICE = 0.04, 0.003  # clicks that come double; orders after which the same is bought again at once
CODED = 0.6  # of those who clicked and know the code, who type it
CARRIERS = 6


@dataclass(frozen=True, slots=True)
class Nature:
    """One partner's ways: clicks in 90 days, orders of a click, seconds to the order, and shares of them.

    `late` are orders that wait for days, `coded` unclicked orders with the code for each clicked one, `code` the
    coupon's id, `before` visitors whom another partner had brought earlier.
    """

    clicks: float
    rate: float
    delay: float
    late: float = 0.12
    coded: float = 0.0
    code: int = 0
    before: float = 0.03
    new: float = 0.6
    refunds: float = 0.08
    hour: float = 15.0
    spread: float = 5.0
    landed: float = 0.9
    asked: float = 0.9
    bots: float = 0.04
    machines: float = 0.04
    country: str = "DE"
    at_home: float = 0.88


KINDS: dict[str, tuple[float, Nature]] = {  # share of all partners, and the middle one
    "content": (0.40, Nature(420, 0.022, 1500, late=0.15)),
    "influencer": (0.20, Nature(380, 0.030, 900, coded=0.35, new=0.7, hour=19, spread=4)),
    "coupon": (0.20, Nature(300, 0.080, 600, late=0.05, before=0.15, new=0.45)),
    "e-mail": (0.15, Nature(350, 0.050, 1200, late=0.18, new=0.35, hour=11)),
    "podcast": (0.05, Nature(90, 0.040, 1500, late=0.2, coded=6.0, new=0.8, hour=20)),
}


def nature_of(draft: Draft, promotion: str) -> Nature:
    """One partner of its kind: sizes, rates and delays are log-normal, shares Beta."""
    middle, rng = KINDS[promotion][1], draft.rng
    near = {
        name: float(rng.beta(25 * getattr(middle, name), 25 * (1 - getattr(middle, name))))
        for name in ("late", "new", "refunds", "bots", "machines", "before")
    }
    return replace(
        middle,
        clicks=middle.clicks * float(np.exp(rng.normal(0, 0.9))),
        rate=min(0.5, middle.rate * float(np.exp(rng.normal(0, 0.45)))),
        delay=middle.delay * float(np.exp(rng.normal(0, 0.6))),
        coded=middle.coded * float(np.exp(rng.normal(0, 0.5))),
        hour=middle.hour + float(rng.normal(0, 1.0)),
        landed=float(rng.beta(45, 5)),
        asked=float(rng.beta(45, 5)),
        **near,
    )


def partner(
    draft: Draft, promotion: str, nature: Nature | None = None, person: Person | None = None
) -> Account:
    """An honest partner with all it did."""
    account = draft.account(promotion, person)
    work(draft, account, nature or nature_of(draft, promotion))
    return account


def work(draft: Draft, account: Account, nature: Nature) -> list[Sale]:
    """Put down what an account does by its nature, and return the orders."""
    if nature.coded and not nature.code:
        nature = replace(nature, code=draft.coupon(account, account.promotion == "podcast").id)
    clicks = clicked(draft, account, nature)
    buys = draft.rng.random(len(clicks)) < nature.rate
    people = [one for one, is_buyer in zip(clicks, buys, strict=True) if is_buyer and not one.is_bot]
    sales = [bought(draft, account, nature, click) for click in people if not click.is_repeated]
    codes = draft.times(int(draft.rng.poisson(nature.coded * len(people))), nature.hour).tolist()
    sales += [coded(draft, account, nature, at, nature.code) for at in codes]
    return [sale for sale in sales if sale is not None]


def clicked(draft: Draft, account: Account, nature: Nature) -> list[Click]:
    """The clicks, most by people in browsers of their own, some double, some by programs."""
    rng, count = draft.rng, int(draft.rng.poisson(nature.clicks * draft.days / 90))
    times = draft.times(count, nature.hour, nature.spread).tolist()
    chances = {
        name: (rng.random(count) < share).tolist()
        for name, share in {
            "landed": nature.landed,
            "asked": nature.asked,
            "bots": nature.bots,
            "machines": nature.machines,
            "home": nature.at_home,
            "carrier": 0.35,
            "safari": 0.25,
            "consent": 0.85,
            "again": REPEATED,
        }.items()
    }
    abroad = rng.integers(len(FOREIGN), size=count).tolist()
    made: list[Click] = []
    for at, land, asked, bot, machine, home, carrier, safari, consent, again, place in zip(
        times, *chances.values(), abroad, strict=True
    ):
        own = draft.number()
        carrier = carrier and not (bot or machine)  # an address is in one kind of network
        click = Click(
            id=own,
            enrollment=account.enrollment,
            at=at,
            visitor=f"d{own}" if consent else "",
            network=f"carrier{own % CARRIERS}" if carrier else f"n{own}",
            browser=f"b{own % 9}",
            kind=Kind.DATA_CENTER if bot else Kind.VPN if machine else "",
            country=nature.country if home else FOREIGN[place],
            referrer=account.site,
            landed=land and not bot,
            fetch_user=None if safari else asked,
            is_bot=bot,
            is_carrier=carrier,
        )
        made.append(click)
        if again:
            made.append(replace(click, id=draft.number(), at=at + 4.0, is_repeated=True))
    draft.clicks += made
    return made


def bought(draft: Draft, account: Account, nature: Nature, click: Click, scheme: str = "") -> Sale | None:
    """An order after a click: most in the same visit, some after days, some by people who come back."""
    rng = draft.rng
    is_late = rng.random() < nature.late
    delay = 3600 * 6 + rng.exponential(3 * DAY) if is_late else nature.delay * np.exp(rng.normal(0, 1.2))
    return ordered(draft, account, nature, click, min(float(delay), WINDOW), scheme)


def ordered(
    draft: Draft, account: Account, nature: Nature, click: Click, delay: float, scheme: str = ""
) -> Sale | None:
    """An order so many seconds after a click, and what became of it."""
    buyer, is_new = customer(draft, nature, click)
    if draft.rng.random() < nature.before and click.visitor:
        earlier = click.at - float(draft.rng.uniform(600, 3 * DAY))
        draft.click(draft.any_of(list(draft.accounts.values())[:20]), max(0.0, earlier), click.visitor)
    sale = draft.sale(
        account,
        click.at + delay,
        buyer,
        scheme,
        click=click.id,
        coupon=nature.code if draft.rng.random() < CODED else 0,
        claims_new=is_new,
        came_from=click.referrer,
    )
    if sale is not None:
        afterwards(draft, nature, sale)
        if draft.rng.random() < TWICE:
            draft.sale(
                account, sale.at + 240, buyer, scheme, total=sale.total, click=click.id, claims_new=False
            )
    return sale


def coded(
    draft: Draft,
    account: Account,
    nature: Nature,
    at: float,
    coupon: int,
    came_from: str = "",
    scheme: str = "",
) -> Sale | None:
    """One order with a code and without a click, of somebody who heard or saw it."""
    is_new = bool(draft.rng.random() < nature.new)
    buyer = draft.person()
    sale = draft.sale(account, at, buyer, scheme, coupon=coupon, claims_new=is_new, came_from=came_from)
    if sale is not None:
        afterwards(draft, nature, sale)
    return sale


def customer(draft: Draft, nature: Nature, click: Click) -> tuple[Person, bool]:
    """Somebody new, a customer from before our time, or one of the world's who comes back; and what the shop says."""
    rng = draft.rng
    visitor = {"device": click.visitor, "network": click.network}
    if rng.random() < nature.new:
        buyer = draft.person(**visitor, **_home(draft, click))
        draft.pool.append(buyer)
        return buyer, True
    if draft.pool and rng.random() < 0.4:
        return replace(draft.any_of(draft.pool), **visitor), False
    return draft.person(**visitor, **_home(draft, click)), False


def _home(draft: Draft, click: Click) -> dict[str, str]:
    """Goods go where the click came from, unless somebody is on a journey or sends a gift."""
    return {} if draft.rng.random() < 0.04 else {"country": click.country}


def afterwards(draft: Draft, nature: Nature, sale: Sale) -> None:
    """Some orders go back within weeks, few later, fewer by the bank."""
    fate = draft.rng.random()
    if fate < nature.refunds:
        draft.refund(sale, float(draft.rng.uniform(3, 25)) * DAY)
    elif fate < nature.refunds + 0.015:
        draft.refund(sale, float(draft.rng.uniform(31, 50)) * DAY)
    elif fate < nature.refunds + 0.018:
        draft.refund(sale, float(draft.rng.uniform(15, 45)) * DAY, is_chargeback=True)
