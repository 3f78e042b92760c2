"""What the checks find in made-up worlds, counted, and the tables of docs/fraud.md.

`python -m tests.fraud.recount` counts anew and rewrites them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.fraud.world import LOOKALIKES, SCHEMES, World, world
from tests.fraud.world.screening import Finding, screened

SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
PARTNERS, DAYS = 200, 90

# What is meant to find each scheme: other findings on the same partner are chance, and count for nothing.
AIMED: dict[str, frozenset[str]] = {
    "own orders, own mailbox": frozenset({"self_referral"}),
    "own orders, new mailboxes": frozenset({"weak_self_referral", "customers_in_circle"}),
    "several accounts of one person": frozenset({"same_payee", "several_accounts", "circle_of_accounts"}),
    "ring that buys from each other": frozenset({"circle_of_accounts", "circular_buying", "same_payee"}),
    "sponsor ring of strangers": frozenset({"line_buys_from_itself", "circular_buying", "tied_sponsor_line"}),
    "old customers called new": frozenset({"new_customer_claim", "few_first_buyers"}),
    "hidden pictures": frozenset({"hidden_clicks", "hidden_click"}),
    "clicks that never land": frozenset({"unlanded_clicks", "unasked_clicks", "late_orders", "flat_delays"}),
    "flooding, all orders": frozenset({"late_orders", "flat_delays"}),
    "flooding, half of the orders": frozenset({"late_orders", "flat_delays"}),
    "injection, 3 of 10 orders": frozenset({"short_delays", "rushed_order"}),
    "poaching at the checkout": frozenset({"late_clicks", "late_click"}),
    "bidding on the brand": frozenset({"paid_ads", "brand_bidding", "paid_ad", "branded_search"}),
    "leaked code": frozenset({"leaked_coupon", "wandering_coupon"}),
    "clicks by programs": frozenset({"bot_clicks"}),
    "clicks from data centers": frozenset({"machine_clicks"}),
    "one browser that clicks all day": frozenset({"few_people"}),
    "rate six times the usual": frozenset({"conversion_rate_high"}),
    "orders sent back after approval": frozenset({"refunds_again", "late_refunds", "refund_rate"}),
    "orders told twice": frozenset({"duplicate_order"}),
    "leads from throw-away mailboxes": frozenset({"disposable_buyer", "buyers_in_series"}),
    "stolen cards, on the day": frozenset({"order_burst"}),
    "stolen cards, two months later": frozenset({"chargeback_rate"}),
}


@dataclass(frozen=True, slots=True)
class Night:
    """A world and what was found in it."""

    world: World
    findings: Sequence[Finding]

    def by(self, checks: frozenset[str] | None = None, only_held: bool = False) -> frozenset[int]:
        """Whom the checks, or any, found, or held commissions of."""
        return frozenset(
            finding.enrollment
            for finding in self.findings
            if (checks is None or finding.check.name in checks) and (finding.holds or not only_held)
        )

    @property
    def ordinary(self) -> frozenset[int]:
        """The honest who look like nothing in particular."""
        return self.world.honest - frozenset(self.world.lookalikes)


@dataclass(frozen=True, slots=True)
class Row:
    """One scheme: its accounts, those found and held by what is meant to find them, and whom these held in all."""

    scheme: str
    planted: int
    found: int
    held: int
    held_in_all: int
    held_frauds: int

    @property
    def recall(self) -> float:
        """The share held."""
        return self.held / self.planted

    @property
    def precision(self) -> float | None:
        """Of all whom the same checks held, the share with any scheme; None where nobody was."""
        return self.held_frauds / self.held_in_all if self.held_in_all else None


@dataclass(frozen=True, slots=True)
class Similar:
    """One look-alike: its accounts, those with any finding, those held as such, for single orders alone, declined."""

    name: str
    accounts: int
    noted: int
    held: int
    orders: int
    declined: int


def nights(seeds: Iterable[int] = SEEDS) -> list[Night]:
    """Make the worlds and screen each."""
    made = (world(seed, PARTNERS, DAYS) for seed in seeds)
    return [Night(one, screened(one)) for one in made]


def row_of(scheme: str, seen: Sequence[Night]) -> Row:
    """Count one scheme over all nights."""
    planted = found = held = held_in_all = held_frauds = 0
    for night in seen:
        theirs = {one for one, name in night.world.schemes.items() if name == scheme}
        holding = night.by(AIMED[scheme], only_held=True)
        planted += len(theirs)
        found += len(theirs & night.by(AIMED[scheme]))
        held += len(theirs & holding)
        held_in_all += len(holding)
        held_frauds += len(holding & night.world.schemes.keys())
    return Row(scheme, planted, found, held, held_in_all, held_frauds)


def similar_of(name: str, seen: Sequence[Night]) -> Similar:
    """Count one look-alike over all nights, by any finding whatever."""
    theirs = [
        (night, {one for one, what in night.world.lookalikes.items() if what == name}) for night in seen
    ]
    return _counted(name, theirs)


def ordinary(seen: Sequence[Night]) -> Similar:
    """Count all other honest partners."""
    return _counted("all other honest partners", [(night, set(night.ordinary)) for night in seen])


def _counted(name: str, whom: Sequence[tuple[Night, set[int]]]) -> Similar:
    accounts = noted = held = orders = declined = 0
    for night, partners in whom:
        own = [one for one in night.findings if one.enrollment in partners]
        as_such = {one.enrollment for one in own if one.holds and not one.conversion}
        accounts += len(partners)
        noted += len({one.enrollment for one in own})
        held += len(as_such)
        orders += len({one.enrollment for one in own if one.holds} - as_such)
        declined += len({one.enrollment for one in own if one.declines})
    return Similar(name, accounts, noted, held, orders, declined)


def tables(seen: Sequence[Night]) -> str:
    """Return both tables as the page has them."""
    rows = [row_of(scheme, seen) for scheme in SCHEMES]
    similar = [similar_of(name, seen) for name in LOOKALIKES]
    return "\n".join(
        [
            "| scheme | planted | found | held | recall | precision |",
            "|---|---|---|---|---|---|",
            *(_scheme(row) for row in rows),
            "",
            "| honest | accounts | noted | held | only orders held | declined |",
            "|---|---|---|---|---|---|",
            *(_similar(one) for one in [*similar, ordinary(seen)]),
        ]
    )


def _scheme(row: Row) -> str:
    precision = "–" if row.precision is None else f"{row.precision:.0%}".replace("%", " %")
    recall = f"{row.recall:.0%}".replace("%", " %")
    return f"| {row.scheme} | {row.planted} | {row.found} | {row.held} | {recall} | {precision} |"


def _similar(row: Similar) -> str:
    return f"| {row.name} | {row.accounts} | {row.noted} | {row.held} | {row.orders} | {row.declined} |"
