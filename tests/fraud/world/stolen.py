"""Schemes that steal the credit: for orders that would have come anyway, a click is made or a code is passed on."""

from dataclasses import replace

from fraud.checks.facts import AdMarker
from tests.fraud.world.draft import DAY, Draft
from tests.fraud.world.events import Account, Click
from tests.fraud.world.honest import Nature, clicked, coded, nature_of, ordered, work


def hidden_images(draft: Draft, scheme: str) -> list[Account]:
    """Links loaded as pictures on pages of a forum: whoever reads there and buys one day was "sent"."""
    account, nature = _thief(draft, clicks=2500, bots=0.02)
    clicks = [_hidden(click) for click in clicked(draft, account, nature)]
    _replace(draft, clicks)
    _flat(draft, account, nature, clicks, 18, scheme)
    return [account]


def unlanded_clicks(draft: Draft, scheme: str) -> list[Account]:
    """Windows that open behind the page and close before the shop is seen."""
    account, nature = _thief(draft, clicks=2500, landed=0.04, asked=0.05, bots=0.02)
    clicks = clicked(draft, account, nature)
    _flat(draft, account, nature, clicks, 12, scheme)
    return [account]


def flooding(draft: Draft, scheme: str) -> list[Account]:
    """Clicks strewn over everybody, all orders by chance: at any time within the thirty days."""
    account, nature = _thief(draft, clicks=float(draft.rng.uniform(1500, 5000)))
    _flat(draft, account, nature, clicked(draft, account, nature), int(draft.rng.integers(10, 40)), scheme)
    return [account]


def half_flooding(draft: Draft, scheme: str) -> list[Account]:
    """An honest site of some size that floods besides: half of its orders are by chance."""
    account, nature = _thief(draft, clicks=1100.0, rate=0.025)
    orders = len(work(draft, account, nature))
    more = clicked(draft, account, replace(nature, clicks=1500.0))
    _flat(draft, account, nature, more, max(15, orders), scheme)
    return [account]


def injection(draft: Draft, scheme: str) -> list[Account]:
    """An extension of the browser clicks when the order is about to be sent: so come three of ten orders."""
    account, nature = _thief(draft, "coupon", clicks=350.0, rate=0.07)
    orders = max(14, len(work(draft, account, nature)))
    for _order in range(int(orders * 0.43)):
        _at_checkout(draft, account, nature, float(draft.rng.uniform(2, 14)), scheme)
    return [account]


def poaching(draft: Draft, scheme: str) -> list[Account]:
    """A site of codes that is opened at the checkout, by visitors whom others brought."""
    account, nature = _thief(draft, "coupon", clicks=250.0)
    work(draft, account, nature)
    for _order in range(15):
        _at_checkout(draft, account, nature, float(draft.rng.uniform(25, 240)), scheme)
    return [account]


def brand_bidding(draft: Draft, scheme: str) -> list[Account]:
    """Advertisements on the shop's name: whoever looked for the shop would have found it."""
    account, nature = _thief(draft, clicks=300.0, rate=0.12, delay=240.0)
    clicks = [
        replace(click, ads=(AdMarker("gclid", "771122334"),), brand_term="myshop", referrer="google.com")
        for click in clicked(draft, account, nature)
    ]
    _replace(draft, clicks)
    for click in clicks:
        if draft.rng.random() < nature.rate:
            ordered(draft, account, nature, click, float(draft.rng.exponential(300)), scheme)
    return [account]


def leaked_code(draft: Draft, scheme: str) -> list[Account]:
    """An influencer's code that stands on coupon sites since three weeks."""
    account = draft.account("influencer")
    coupon = draft.coupon(account)
    nature = replace(nature_of(draft, "influencer"), clicks=1200.0, rate=0.04, code=coupon.id)
    work(draft, account, nature)
    sites = [f"coupons{one}.example" for one in range(6)]
    for _order in range(40):
        at = draft.end - float(draft.rng.uniform(0, 21 * DAY))
        coded(draft, account, nature, at, coupon.id, draft.any_of(sites), scheme)
    return [account]


def _thief(draft: Draft, promotion: str = "content", **ways: float) -> tuple[Account, Nature]:
    account = draft.account(promotion)
    return account, replace(nature_of(draft, promotion), **{"before": 0.0, **ways})


def _hidden(click: Click) -> Click:
    """Of a page's own making: nine of ten tell it, by Sec-Fetch-Dest; nothing is seen of them in the shop."""
    dest = "image" if click.fetch_user is not None or click.id % 5 else None
    return replace(click, fetch_dest=dest, fetch_user=None, landed=False, referrer="forum.example")


def _replace(draft: Draft, clicks: list[Click]) -> None:
    """The clicks that an account made last, with other words."""
    draft.clicks[-len(clicks) :] = clicks


def _flat(
    draft: Draft, account: Account, nature: Nature, clicks: list[Click], orders: int, scheme: str
) -> None:
    """Orders at any time within thirty days after a click, as they would have come anyway."""
    early = [click for click in clicks if click.at < draft.end - 2 * DAY and not click.is_bot]
    for _order in range(orders):
        click = draft.any_of(early)
        latest = min(30 * DAY, draft.end - click.at)
        ordered(draft, account, nature, click, float(draft.rng.uniform(0, latest)), scheme)


def _at_checkout(draft: Draft, account: Account, nature: Nature, seconds: float, scheme: str) -> None:
    """An order that another partner, or nobody, had prepared."""
    visitor, at = f"d{draft.number()}", float(draft.rng.uniform(DAY, draft.end - DAY))
    if draft.rng.random() < 0.6:
        victim = draft.any_of(list(draft.accounts.values())[:40])
        draft.click(victim, at - float(draft.rng.uniform(300, 7200)), visitor)
    click = draft.click(account, at, visitor, referrer="")
    ordered(draft, account, nature, click, seconds, scheme)
