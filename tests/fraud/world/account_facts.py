"""Who belongs together in a world, gathered plainly: accounts beside each other, circles, lines of sponsors."""

from collections import defaultdict
from collections.abc import Mapping

from fraud.checks.accounts import AccountFacts, Twin
from fraud.checks.circles import (
    AFFILIATE,
    CUSTOMER,
    SOLD_TO,
    WEAK,
    CircleFacts,
    Purchase,
    RingFacts,
    circle_of,
)
from fraud.checks.facts import PERSONAL, Mark, shared
from fraud.lists import emails
from fraud.maths.graphs import Graph
from tests.fraud.world.events import Account as Partner, World
from tests.fraud.world.window_facts import Work


def account_facts(world: World, works: Mapping[int, Work]) -> list[AccountFacts]:
    """Return each account beside all others."""
    holders: dict[tuple[Mark, str], set[int]] = defaultdict(set)
    for account in world.accounts.values():
        for mark, values in account.marks.items():
            for value in values:
                holders[mark, value].add(account.enrollment)
    return [
        _account(world, account, holders, works[account.enrollment]) for account in world.accounts.values()
    ]


def _account(
    world: World, account: Partner, holders: Mapping[tuple[Mark, str], set[int]], work: Work
) -> AccountFacts:
    own = [(mark, value) for mark, values in account.marks.items() for value in values]
    others = {other for mark in own for other in holders[mark]} - {account.enrollment}
    addresses = {sale.buyer.email for sale in work.sales}
    return AccountFacts(
        enrollment=account.enrollment,
        twins=tuple(_twin(account, world.accounts[other], holders) for other in sorted(others)),
        is_disposable=emails.is_disposable(account.person.email),
        buyers=len(addresses),
        in_series=emails.in_series(addresses),
    )


def _twin(account: Partner, other: Partner, holders: Mapping[tuple[Mark, str], set[int]]) -> Twin:
    marks = {
        mark: max(len(holders[mark, value]) for value in account.marks[mark] & other.marks[mark])
        for mark in shared(account.marks, other.marks)
    }
    return Twin(
        enrollment=other.enrollment,
        marks=marks,
        likeness=emails.likeness(account.person.email, other.person.email),
        is_related=other.enrollment in account.related,
    )


def circle_facts(world: World) -> list[CircleFacts]:
    """Return for each affiliate everybody with whom a chain of common marks joins it."""
    graph: Graph[tuple[str, int]] = Graph(WEAK)
    customers: dict[str, int] = {}
    bought: dict[int, set[int]] = defaultdict(set)
    for account in world.accounts.values():
        _add(graph, (AFFILIATE, account.enrollment), account.marks)
    for sale in world.sales:
        customer = customers.setdefault(sale.buyer.email, len(customers) + 1)
        _add(graph, (CUSTOMER, customer), sale.buyer.marks)
        graph.add((AFFILIATE, sale.enrollment), (SOLD_TO, str(customer)))
        bought[sale.enrollment].add(customer)
    everybody = frozenset(customers.values())
    return [
        circle_of(
            graph, account.enrollment, frozenset(bought[account.enrollment]), everybody, account.related
        )
        for account in world.accounts.values()
    ]


def _add(graph: Graph[tuple[str, int]], who: tuple[str, int], marks: Mapping[Mark, frozenset[str]]) -> None:
    graph.add(who)
    for mark, values in marks.items():
        for value in values:
            graph.add(who, (mark.value, value))


def ring_facts(world: World, works: Mapping[int, Work]) -> list[RingFacts]:
    """Return for each affiliate its line of sponsors and recruits, and who of all buys through whom."""
    purchases = _purchases(world)
    return [
        RingFacts(
            affiliate=account.enrollment,
            line=line,
            tied=_tied(world, account.enrollment, line),
            purchases=purchases,
            orders=sum(len(works[one].sales) for one in line),
            related=account.related,
        )
        for account in world.accounts.values()
        for line in [_line(world, account)]
    ]


def _purchases(world: World) -> tuple[Purchase, ...]:
    """Orders whose buyer has a personal mark of another affiliate."""
    who: dict[tuple[Mark, str], int] = {}
    for account in world.accounts.values():
        for mark in PERSONAL:
            who |= {(mark, value): account.enrollment for value in account.marks.get(mark, ())}
    orders: dict[tuple[int, int], list[int]] = defaultdict(list)
    for sale in world.sales:
        marks = [(mark, value) for mark in PERSONAL for value in sale.buyer.marks.get(mark, ())]
        buyer = next((who[mark] for mark in sorted(marks) if mark in who), sale.enrollment)
        if buyer != sale.enrollment:
            orders[buyer, sale.enrollment].append(sale.conversion)
    return tuple(
        Purchase(buyer, seller, tuple(numbers)) for (buyer, seller), numbers in sorted(orders.items())
    )


def _line(world: World, account: Partner) -> frozenset[int]:
    """Itself, those above it, and all below it."""
    line = {account.enrollment}
    above = account
    while above.sponsor:
        above = world.accounts[above.sponsor]
        line.add(above.enrollment)
    below = {account.enrollment}
    while below:
        below = {one.enrollment for one in world.accounts.values() if one.sponsor in below} - line
        line |= below
    return frozenset(line)


def _tied(world: World, enrollment: int, line: frozenset[int]) -> frozenset[int]:
    """Members of the line whom a mark other than the network joins with another member."""
    return frozenset(
        other
        for other in line - {enrollment}
        for one in line - {other}
        if set(shared(world.accounts[one].marks, world.accounts[other].marks)) - {Mark.NETWORK}
    )
