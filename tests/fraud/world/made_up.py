"""Schemes that make it up: clicks by programs, orders that are no orders, buyers who are nobody."""

from dataclasses import replace

from tests.fraud.world.draft import DAY, Draft
from tests.fraud.world.events import Account
from tests.fraud.world.honest import Nature, bought, nature_of, work

THROWN_AWAY = ("mailinator.com", "guerrillamail.com", "yopmail.com")


def bots(draft: Draft, scheme: str) -> list[Account]:
    """Two thirds of the clicks are made by programs that say so, as a rented crawler does."""
    return _traffic(draft, bots=0.67, machines=0.04, clicks=700.0)


def data_center(draft: Draft, scheme: str) -> list[Account]:
    """Three quarters of the clicks come out of data centers, in browsers that look like people's."""
    return _traffic(draft, bots=0.0, machines=0.75, clicks=700.0)


def few_clickers(draft: Draft, scheme: str) -> list[Account]:
    """A program at home clicks now and again in one browser, thirty times on most days."""
    accounts = _traffic(draft, clicks=400.0)
    device = f"d{draft.number()}"
    for at in draft.times(20 * draft.days, spread=8).tolist():
        draft.click(accounts[0], at, device)
    return accounts


def bought_rate(draft: Draft, scheme: str) -> list[Account]:
    """Six times as many clicks lead to an order as usual: the buyers were paid to click first."""
    account = draft.account("content")
    nature = replace(nature_of(draft, "content"), clicks=450.0, rate=0.132)
    for sale in work(draft, account, nature):
        draft.planted[sale.conversion] = scheme
    return [account]


def fake_orders(draft: Draft, scheme: str) -> list[Account]:
    """Six people order now and again, and send back once the commission is approved."""
    account, nature = _small(draft)
    work(draft, account, nature)
    people = [draft.person() for _one in range(6)]
    for at in draft.times(36).tolist():
        buyer = draft.any_of(people)
        click = draft.click(account, at, buyer.device)
        sale = draft.sale(account, at + 400, buyer, scheme, click=click.id, claims_new=False)
        if sale is not None:
            draft.refund(sale, float(draft.rng.uniform(31, 40)) * DAY)
    return [account]


def told_twice(draft: Draft, scheme: str) -> list[Account]:
    """Orders told once by the shop and once more by a forged call, with the same number."""
    account, nature = _small(draft)
    for sale in work(draft, account, nature)[::2]:
        draft.sale(
            account, sale.at + 30, sale.buyer, scheme, number=sale.number, total=sale.total, click=sale.click
        )
    return [account]


def throwaway_leads(draft: Draft, scheme: str) -> list[Account]:
    """Leads by one program: half from throw-away mailboxes, half from numbered ones."""
    account = draft.account("content")
    device = f"d{draft.number()}"
    for place, at in enumerate(draft.times(60).tolist()):
        email = f"lead{place}@{draft.any_of(THROWN_AWAY)}" if place % 2 else f"kunde{place}@gmail.com"
        buyer = draft.person(email=email, device=device if place % 3 else "", phone="", address="")
        click = draft.click(account, at, buyer.device or f"d{draft.number()}")
        draft.sale(account, at + 90, buyer, scheme, click=click.id, claims_new=True, goal="lead", total=0)
    return [account]


def stolen_cards(draft: Draft, scheme: str) -> list[Account]:
    """On the last day forty orders with stolen cards, each by "somebody else"; the banks will call weeks later."""
    account, nature = _small(draft)
    work(draft, account, nature)
    for _order in range(40):
        at = draft.end - DAY + float(draft.rng.uniform(3600, DAY - 3600))
        click = draft.click(account, at, f"d{draft.number()}")
        buyer = draft.person(device=click.visitor)
        draft.sale(account, at + 200, buyer, scheme, click=click.id, claims_new=True)
    return [account]


def charged_back(draft: Draft, scheme: str) -> list[Account]:
    """The same two months later, a few a day: half of the payments were taken back."""
    account, nature = _small(draft)
    for click in [draft.click(account, at, f"d{draft.number()}") for at in draft.times(60).tolist()]:
        sale = bought(draft, account, replace(nature, refunds=0.0), click, scheme)
        if sale is not None and draft.rng.random() < 0.5:
            draft.refund(sale, 20 * DAY, is_chargeback=True)
    return [account]


def _small(draft: Draft) -> tuple[Account, Nature]:
    return draft.account("content"), replace(nature_of(draft, "content"), clicks=600.0, rate=0.025)


def _traffic(draft: Draft, **ways: float) -> list[Account]:
    account = draft.account("content")
    work(draft, account, replace(nature_of(draft, "content"), **ways))
    return [account]
