"""A made-up program with honest partners, frauds and honest look-alikes, by a seed: `world(seed)`."""

from collections.abc import Callable

from tests.fraud.world import lookalikes, made_up, posing, stolen
from tests.fraud.world.draft import Draft
from tests.fraud.world.events import Account, World
from tests.fraud.world.honest import KINDS, partner

__all__ = ["LOOKALIKES", "SCHEMES", "World", "world"]

SCHEMES: dict[str, Callable[[Draft, str], list[Account]]] = {
    "own orders, own mailbox": posing.own_orders,
    "own orders, new mailboxes": posing.own_orders_hidden,
    "several accounts of one person": posing.several_accounts,
    "ring that buys from each other": posing.ring,
    "sponsor ring of strangers": posing.sponsor_ring,
    "old customers called new": posing.false_new_customers,
    "hidden pictures": stolen.hidden_images,
    "clicks that never land": stolen.unlanded_clicks,
    "flooding, all orders": stolen.flooding,
    "flooding, half of the orders": stolen.half_flooding,
    "injection, 3 of 10 orders": stolen.injection,
    "poaching at the checkout": stolen.poaching,
    "bidding on the brand": stolen.brand_bidding,
    "leaked code": stolen.leaked_code,
    "clicks by programs": made_up.bots,
    "clicks from data centers": made_up.data_center,
    "one browser that clicks all day": made_up.few_clickers,
    "rate six times the usual": made_up.bought_rate,
    "orders sent back after approval": made_up.fake_orders,
    "orders told twice": made_up.told_twice,
    "leads from throw-away mailboxes": made_up.throwaway_leads,
    "stolen cards, on the day": made_up.stolen_cards,
    "stolen cards, two months later": made_up.charged_back,
}
LOOKALIKES: dict[str, Callable[[Draft], list[Account]]] = {
    "office behind one address": lookalikes.office,
    "family that buys": lookalikes.family,
    "two of a household": lookalikes.household,
    "couple on one computer": lookalikes.couple,
    "agency, declared": lookalikes.agency,
    "influencer's spike": lookalikes.spike,
    "code on television": lookalikes.television,
    "travelers and VPNs": lookalikes.travelers,
    "newsletter on Thursdays": lookalikes.newsletter,
    "adviser for dear things": lookalikes.adviser,
    "club with one address": lookalikes.club,
    "team that tries the goods": lookalikes.small_team,
}


def world(
    seed: int,
    partners: int = 160,
    days: int = 90,
    schemes: tuple[str, ...] = tuple(SCHEMES),
    similar: tuple[str, ...] = tuple(LOOKALIKES),
) -> World:
    """Make so many ordinary honest partners over so many days, and each scheme and each look-alike once.

    The same arguments make the same world. A scheme may be several accounts.
    """
    draft = Draft(seed, days)
    for promotion, (share, _nature) in KINDS.items():
        for _one in range(round(share * partners)):
            partner(draft, promotion)
    for scheme in schemes:
        draft.schemes |= {account.enrollment: scheme for account in SCHEMES[scheme](draft, scheme)}
    for name in similar:
        draft.lookalikes |= {account.enrollment: name for account in LOOKALIKES[name](draft)}
    return draft.world()
