"""Who belongs together: affiliates and their buyers by common marks, lines of sponsors, who buys through whom.

Of a hundred thousand orders nearly all marks are one buyer's alone and join nobody. The database says which ones two
have, and only these are read: what more than CROWD buyers share is an office or a carrier, and is noted as such.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce

from affiliates.models import Program
from fraud.checks.circles import (
    AFFILIATE,
    CUSTOMER,
    SOLD_TO,
    WEAK,
    Account,
    CircleFacts,
    Purchase,
    RingFacts,
    circle_of,
)
from fraud.checks.facts import PERSONAL, Mark, Marks
from fraud.maths.graphs import CROWD, Graph
from fraud.models import KnownMark, Relation
from fraud.partners import WINDOW
from tracking.models import Decision
from tracking.states import ConversionState

TOGETHER = 1000  # digests that are looked up at once
STRANGER = "stranger"  # stands in a crowd for somebody who is not read
Known = tuple[str, str]  # kind, digest
# A buyer is known by the customer's row; an order without one is a buyer of its own, with a number below zero.
BUYER = Coalesce(F("conversion__customer_id"), -F("conversion_id"))


class Circle(Graph[Account]):
    """The graph of those whom anything joins; it weighs by how many there are in all, read or not."""

    def __init__(self, everybody: int) -> None:
        """Begin with nobody of so many."""
        super().__init__(WEAK)
        self._everybody = everybody

    def __len__(self) -> int:
        """How many accounts there are, with those of whom nothing is shared."""
        return self._everybody


@dataclass(slots=True)
class Sold:
    """What each affiliate sold in the window, and to whom."""

    orders: Counter[int] = field(default_factory=Counter)
    buyers: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def everybody(self) -> frozenset[int]:
        """All buyers."""
        return frozenset().union(*self.buyers.values())


def circles(program: Program, until: date) -> tuple[list[CircleFacts], list[RingFacts]]:
    """Return what is known of each affiliate that has a mark or an order, by the window that ends with `until`."""
    from fraud.gathering.marks import marks_of_enrollments  # reads models that are read after this

    span = program.span_of(until - timedelta(days=WINDOW - 1))[0], program.span_of(until)[1]
    marks: Mapping[int, Marks] = marks_of_enrollments(program)
    rows = KnownMark.objects.filter(
        program=program, conversion__occurred_at__gte=span[0], conversion__occurred_at__lt=span[1]
    )
    sold, holders = _sold(program, span), _holders(marks)
    related = _related(program)
    people = sorted({*marks, *sold.orders})
    everybody = sold.everybody
    graph = _graph(rows, marks, holders, sold, len(people) + len(everybody))
    nobody: frozenset[int] = frozenset()
    in_circles = [
        circle_of(graph, one, frozenset(sold.buyers.get(one, nobody)), everybody, related.get(one, nobody))
        for one in people
    ]
    return in_circles, _rings(program, people, marks, holders, sold, related, _purchases(rows, marks))


# --- what is known -----------------------------------------------------------------------------------------------
def _sold(program: Program, span: tuple[datetime, datetime]) -> Sold:
    decided = Decision.objects.filter(
        is_current=True,
        enrollment__isnull=False,
        conversion__program=program,
        conversion__state=ConversionState.COUNTED,
        conversion__occurred_at__gte=span[0],
        conversion__occurred_at__lt=span[1],
    )
    sold = Sold()
    rows = decided.order_by().values_list("enrollment_id", BUYER).annotate(count=Count("pk"))
    for seller, buyer, count in rows.iterator():
        sold.orders[seller] += count
        sold.buyers[seller].add(buyer)
    return sold


def _holders(marks: Mapping[int, Marks]) -> dict[Known, set[int]]:
    """Whose each mark of affiliates is."""
    found: dict[Known, set[int]] = defaultdict(set)
    for enrollment, known in marks.items():
        for mark in _each(known):
            found[mark].add(enrollment)
    return found


def _each(marks: Marks) -> Iterator[Known]:
    return ((kind.value, digest) for kind in Mark for digest in sorted(marks.get(kind, ())))


def _related(program: Program) -> dict[int, frozenset[int]]:
    pairs: dict[int, set[int]] = defaultdict(set)
    for one, other in Relation.objects.filter(program=program).values_list("one_id", "other_id"):
        pairs[one].add(other)
        pairs[other].add(one)
    return {one: frozenset(others) for one, others in pairs.items()}


# --- circles -----------------------------------------------------------------------------------------------------
def _graph(
    rows: QuerySet[Any],
    marks: Mapping[int, Marks],
    holders: Mapping[Known, set[int]],
    sold: Sold,
    everybody: int,
) -> Circle:
    graph = Circle(everybody)
    for enrollment, known in sorted(marks.items()):
        graph.add((AFFILIATE, enrollment))
        for mark in _each(known):
            graph.add((AFFILIATE, enrollment), mark)
    _add_sales(graph, sold)
    shared, crowds = _shared(rows, holders)
    for mark in sorted(crowds):
        for place in range(CROWD + 1):
            graph.add((STRANGER, place), mark)
    for buyer, mark in _buyers_with(rows, shared | (holders.keys() - crowds)):
        graph.add((CUSTOMER, buyer), mark)
    return graph


def _add_sales(graph: Circle, sold: Sold) -> None:
    """By whom a buyer was sold to joins only where there were two; one of the others says that there was any."""
    sellers: Counter[int] = Counter(buyer for buyers in sold.buyers.values() for buyer in buyers)
    for seller, buyers in sorted(sold.buyers.items()):
        for buyer in sorted(one for one in buyers if sellers[one] > 1) or [min(buyers)]:
            graph.add((AFFILIATE, seller), (SOLD_TO, str(buyer)))


def _shared(rows: QuerySet[Any], holders: Mapping[Known, set[int]]) -> tuple[set[Known], set[Known]]:
    """The marks that several buyers have; and those of affiliates that a crowd of buyers has."""
    several = rows.order_by().values_list("kind", "digest").annotate(buyers=Count(BUYER, distinct=True))
    shared, crowds = set(), set()
    for kind, digest, buyers in several.filter(buyers__gt=1).iterator():
        if buyers <= CROWD:
            shared.add((kind, digest))
        elif (kind, digest) in holders:
            crowds.add((kind, digest))
    return shared, crowds


def _buyers_with(rows: QuerySet[Any], marks: Iterable[Known]) -> Iterator[tuple[int, Known]]:
    """Buyer and mark, for each of the marks."""
    wanted = set(marks)
    for some in _parts(sorted({digest for _kind, digest in wanted})):
        found = rows.filter(digest__in=some).order_by().values_list(BUYER, "kind", "digest").distinct()
        for buyer, kind, digest in found.iterator():
            if (kind, digest) in wanted:
                yield buyer, (kind, digest)


# --- lines and purchases -----------------------------------------------------------------------------------------
def _purchases(rows: QuerySet[Any], marks: Mapping[int, Marks]) -> tuple[Purchase, ...]:
    """Orders whose buyer has a personal mark of another affiliate; of several that share it, the newest."""
    who = {
        mark: enrollment
        for enrollment, known in sorted(marks.items())
        for mark in _each(known)
        if Mark(mark[0]) in PERSONAL
    }
    told: dict[tuple[int, int], set[Known]] = defaultdict(set)  # conversion, seller -> marks
    own = rows.filter(kind__in=PERSONAL, conversion__decisions__is_current=True)
    columns = ("conversion_id", "conversion__decisions__enrollment_id", "kind", "digest")
    for some in _parts(sorted({digest for _kind, digest in who})):
        for conversion, seller, kind, digest in own.filter(digest__in=some).values_list(*columns):
            if seller is not None and (kind, digest) in who:
                told[conversion, seller].add((kind, digest))
    orders: dict[tuple[int, int], list[int]] = defaultdict(list)
    for (conversion, seller), found in sorted(told.items()):
        if (buyer := who[min(found)]) != seller:
            orders[buyer, seller].append(conversion)
    return tuple(
        Purchase(buyer, seller, tuple(numbers)) for (buyer, seller), numbers in sorted(orders.items())
    )


def _rings(
    program: Program,
    people: Sequence[int],
    marks: Mapping[int, Marks],
    holders: Mapping[Known, set[int]],
    sold: Sold,
    related: Mapping[int, frozenset[int]],
    purchases: tuple[Purchase, ...],
) -> list[RingFacts]:
    sponsors = dict(program.enrollments.exclude(sponsor=None).values_list("pk", "sponsor_id"))
    recruits: dict[int, list[int]] = defaultdict(list)
    for one, sponsor in sponsors.items():
        recruits[sponsor].append(one)
    twins = _twins(marks, holders)
    lines = {one: _line(one, sponsors, recruits) for one in people}
    return [
        RingFacts(
            affiliate=one,
            line=line,
            tied=_tied(one, line, twins),
            purchases=purchases,
            orders=sum(sold.orders[other] for other in line),
            related=related.get(one, frozenset()),
        )
        for one, line in lines.items()
    ]


def _line(one: int, sponsors: Mapping[int, int], recruits: Mapping[int, Sequence[int]]) -> frozenset[int]:
    """Itself, those above it, and all below it."""
    line, above = {one}, one
    while (above := sponsors.get(above, 0)) and above not in line:
        line.add(above)
    below = [one]
    while below:
        below = [other for some in below for other in recruits.get(some, ()) if other not in line]
        line.update(below)
    return frozenset(line)


def _twins(marks: Mapping[int, Marks], holders: Mapping[Known, set[int]]) -> dict[int, set[int]]:
    """Who has a mark in common with whom, networks and what a crowd has apart."""
    found: dict[int, set[int]] = {}
    for one, known in marks.items():
        telling = (mark for mark in _each(known) if mark[0] != Mark.NETWORK and len(holders[mark]) <= CROWD)
        found[one] = {other for mark in telling for other in holders[mark]} - {one}
    return found


def _tied(one: int, line: frozenset[int], twins: Mapping[int, set[int]]) -> frozenset[int] | None:
    """Members of the line who have a mark in common with another member; None where of no two a mark is known."""
    if len(line & twins.keys()) < 2:
        return frozenset() if len(line) == 1 else None
    return frozenset(other for other in line - {one} if twins.get(other, set()) & line)


def _parts(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (digests[first : first + TOGETHER] for first in range(0, len(digests), TOGETHER))
