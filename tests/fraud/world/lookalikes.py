"""Honest partners who look like frauds at first sight."""

from dataclasses import replace

from tests.fraud.world.draft import DAY, Draft
from tests.fraud.world.events import Account
from tests.fraud.world.honest import bought, coded, nature_of, partner, work


def office(draft: Draft) -> list[Account]:
    """A blog for one company's staff: most readers, and the blogger, sit behind one address."""
    account = draft.account("content")
    work(draft, account, replace(nature_of(draft, "content"), clicks=300.0))
    nature = nature_of(draft, "content")
    for at in draft.times(900, spread=3).tolist():
        visitor = f"d{draft.number()}" if draft.rng.random() < 0.6 else ""
        browser = f"b{draft.rng.integers(9)}"
        click = draft.click(account, at, visitor, network=account.person.network, browser=browser)
        if draft.rng.random() < 0.03:
            bought(draft, account, nature, click)
    return [account]


def family(draft: Draft) -> list[Account]:
    """Parents and sister buy through the affiliate: one address, one network, one surname."""
    account = partner(draft, "content", replace(nature_of(draft, "content"), clicks=600.0))
    me = account.person
    surname = me.email.partition("@")[0].partition(".")[2].rstrip("0123456789")
    for name in ("monika", "juergen", "sophie"):
        own = f"{name}.{surname}{draft.number()}@gmx.de"
        relative = draft.person(email=own, address=me.address, network=me.network)
        for at in draft.times(1).tolist():
            click = draft.click(account, at, relative.device, network=me.network)
            draft.sale(account, at + 900, relative, click=click.id, claims_new=True)
    return [account]


def household(draft: Draft) -> list[Account]:
    """Two of a household who are affiliates both, each with an own payment account; nobody has declared it."""
    one = draft.person()
    other = draft.person(address=one.address)
    return [partner(draft, "content", person=one), partner(draft, "influencer", person=other)]


def couple(draft: Draft) -> list[Account]:
    """The same two in one network on one computer: what the rules call one person until they are declared."""
    one = draft.person()
    other = draft.person(address=one.address, network=one.network, device=one.device)
    return [partner(draft, "content", person=one), partner(draft, "influencer", person=other)]


def agency(draft: Draft) -> list[Account]:
    """Two accounts of an agency, paid to one account, that a manager has declared."""
    boss, payee = draft.person(), f"y{draft.number()}"
    first = draft.account("content", boss, payee=payee)
    second = draft.account(
        "coupon",
        replace(boss, email=draft.person().email),
        payee=payee,
        related=frozenset({first.enrollment}),
    )
    draft.accounts[first.enrollment] = replace(first, related=frozenset({second.enrollment}))
    for account in (first, second):
        work(draft, account, nature_of(draft, account.promotion))
    return [first, second]


def spike(draft: Draft) -> list[Account]:
    """A video of an influencer's goes round: ten times the clicks and orders on the last day."""
    account = draft.account("influencer")
    nature = replace(nature_of(draft, "influencer"), clicks=500.0)
    work(draft, account, nature)
    for at in (draft.end - DAY + draft.rng.uniform(16, 23, 400) * 3600).tolist():
        click = draft.click(account, at, f"d{draft.number()}", referrer="video.example")
        if draft.rng.random() < nature.rate:
            bought(draft, account, nature, click)
    return [account]


def television(draft: Draft) -> list[Account]:
    """A podcast whose code was shown in a television show: seventy orders in one evening, hardly a click."""
    account = draft.account("podcast")
    nature = nature_of(draft, "podcast")
    work(draft, account, nature)
    coupon = draft.coupon(account, is_offline=True)
    for at in (draft.end - DAY + draft.rng.normal(20.3, 0.4, 70) * 3600).tolist():
        coded(draft, account, nature, at, coupon.id)
    return [account]


def travelers(draft: Draft) -> list[Account]:
    """A blog for expatriates: a third read through VPNs, half click abroad and order home."""
    ways = {"machines": 0.33, "at_home": 0.5, "clicks": 1200.0, "rate": 0.04}
    account = draft.account("content")
    nature = replace(nature_of(draft, "content"), **ways)
    work(draft, account, nature)
    mine = [place for place, sale in enumerate(draft.sales) if sale.enrollment == account.enrollment]
    for place in mine[::2]:
        sale = draft.sales[place]
        draft.sales[place] = replace(sale, buyer=replace(sale.buyer, country="DE"))
    return [account]


def newsletter(draft: Draft) -> list[Account]:
    """Goes out on Thursdays at ten: all clicks within hours, many orders when people are home or paid."""
    nature = replace(nature_of(draft, "e-mail"), hour=11.0, spread=1.0, late=0.25, clicks=900.0)
    return [partner(draft, "e-mail", nature)]


def adviser(draft: Draft) -> list[Account]:
    """Tests and comparisons of dear things: a third of the orders are slept over."""
    nature = replace(nature_of(draft, "content"), late=0.32, clicks=1500.0)
    return [partner(draft, "content", nature)]


def club(draft: Draft) -> list[Account]:
    """A club that orders for its members: one address of delivery, now and then five on one day."""
    account = partner(draft, "content", replace(nature_of(draft, "content"), clicks=600.0))
    hall = draft.person()
    for day in draft.times(4).tolist():
        for member in range(5):
            buyer = draft.person(address=hall.address)
            click = draft.click(account, day + 1200.0 * member, buyer.device)
            draft.sale(account, day + 1200.0 * member + 600, buyer, click=click.id, claims_new=True)
    return [account]


def small_team(draft: Draft) -> list[Account]:
    """Recruits who try the goods: each buys once or twice through whoever recruited them."""
    sponsor = partner(draft, "content", replace(nature_of(draft, "content"), clicks=900.0))
    team = [sponsor]
    for _one in range(3):
        recruit = draft.account("content", sponsor=sponsor.enrollment)
        work(draft, recruit, replace(nature_of(draft, "content"), clicks=500.0))
        at = draft.times(1)[0]
        click = draft.click(sponsor, at, recruit.person.device)
        draft.sale(sponsor, at + 800, recruit.person, click=click.id, claims_new=True)
        team.append(recruit)
    return team
