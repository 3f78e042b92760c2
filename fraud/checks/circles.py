"""What is known of affiliates that may act together: whom a chain of marks joins, and who buys through whom.

Facts are cut out of a graph of affiliates and customers (`circle_of`), each with what it is known by: the kinds of
Mark, and SOLD_TO, the customers of an affiliate. A crowd's attribute ties nobody (fraud.maths.graphs).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fraud.checks.facts import Mark
from fraud.maths.graphs import Graph

AFFILIATE, CUSTOMER = "affiliate", "customer"
SOLD_TO = "sold_to"  # the attribute (SOLD_TO, customer) of each affiliate through whom the customer bought
WEAK = frozenset(
    {Mark.NETWORK.value, SOLD_TO}
)  # a shared network or buyer makes no circle, but supports a tie
LEAST_WEIGHT = 1.0  # natural log: what more than a third of all accounts share says nothing

Account = tuple[str, int]  # (AFFILIATE or CUSTOMER, id)


@dataclass(frozen=True, slots=True)
class Tie:
    """That attributes of one `kind` alone join the affiliate with another: the shortest way, and its weakest step.

    `way` goes account, attribute, account ... as the graph tells it; its digests are for drawing, not for reading.
    """

    other: int
    kind: str
    weight: float
    way: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class CircleFacts:
    """An affiliate and everybody with whom a chain of common attributes joins it; ids are enrollments of a program.

    `ties` is None where the affiliate has no attribute that could be shared. `related` are those that a manager has
    declared to belong together (an agency and its client): they are never held against each other. `customers` counts
    the buyers it brought, `inside` those of them in the circle; `all_customers` and `all_inside` the same of all
    affiliates' buyers. `members` are the affiliates of the circle, itself among them.
    """

    affiliate: int
    members: frozenset[int] = frozenset()
    ties: tuple[Tie, ...] | None = None
    related: frozenset[int] = frozenset()
    customers: int = 0
    inside: int = 0
    all_customers: int = 0
    all_inside: int = 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """Orders that one affiliate, known as a buyer by a personal mark, made through another."""

    buyer: int
    seller: int
    conversions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RingFacts:
    """An affiliate, its line of sponsors and recruits, and who of them buys through whom; ids are enrollments.

    `line` holds the affiliate, those above it and all below it. `tied` are the members of the line, itself apart, whom
    a mark other than the network joins with it or with each other, None where no two can be compared. `purchases` are
    those between any affiliates of the program, own ones apart; those of other parts of the graph may be left out.
    `orders` counts the orders of the whole line.
    """

    affiliate: int
    line: frozenset[int] = frozenset()
    tied: frozenset[int] | None = None
    purchases: tuple[Purchase, ...] = ()
    orders: int = 0
    related: frozenset[int] = frozenset()


def circle_of(
    graph: Graph[Account],
    affiliate: int,
    own: frozenset[int],
    everybody: frozenset[int],
    related: frozenset[int] = frozenset(),
) -> CircleFacts:
    """Return what the graph knows of an affiliate.

    `own` are the ids of the buyers it brought, `everybody` those that all affiliates of the program brought. The graph
    was made with WEAK, and holds accounts of one program only.
    """
    me = (AFFILIATE, affiliate)
    circle = graph.component(me)
    members = frozenset(number for kind, number in circle if kind == AFFILIATE)
    insiders = frozenset(number for kind, number in circle if kind == CUSTOMER)
    others = sorted(members - {affiliate})
    ties = tuple(tie for other in others for tie in _ties(graph, me, other)) if graph.kinds(me) else None
    return CircleFacts(
        affiliate=affiliate,
        members=members,
        ties=ties,
        related=related,
        customers=len(own),
        inside=len(own & insiders),
        all_customers=len(everybody),
        all_inside=len(everybody & insiders),
    )


def _ties(graph: Graph[Account], me: Account, other: int) -> Iterable[Tie]:
    """By each kind that both have; a way whose weakest step says too little is none."""
    end = (AFFILIATE, other)
    for kind in sorted(graph.kinds(me) & graph.kinds(end)):
        way: tuple[tuple[Any, ...], ...] = graph.path(me, end, kind)
        weight = min((graph.weight((kind, step[1])) for step in way[1::2]), default=0.0)
        if weight >= LEAST_WEIGHT:
            yield Tie(other, kind, weight, way)


def ring_of(facts: RingFacts) -> list[tuple[int, int]]:
    """Return the shortest way from the affiliate through sellers back to itself, as (buyer, seller); [] for none."""
    sellers: dict[int, list[int]] = {}
    for one in sorted(facts.purchases, key=lambda one: (one.buyer, one.seller)):
        if one.buyer != one.seller and not {one.buyer, one.seller} & facts.related:
            sellers.setdefault(one.buyer, []).append(one.seller)
    came: dict[int, int] = {}
    queue = deque([facts.affiliate])
    while queue and facts.affiliate not in came:
        buyer = queue.popleft()
        for seller in sellers.get(buyer, ()):
            if seller not in came:
                came[seller] = buyer
                queue.append(seller)
    if facts.affiliate not in came:
        return []
    legs = [(came[facts.affiliate], facts.affiliate)]
    while legs[-1][0] != facts.affiliate:
        legs.append((came[legs[-1][0]], legs[-1][0]))
    return legs[::-1]
