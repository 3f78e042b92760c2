"""Earlier orders of the program that share marks or the order number with sales; a fixed number of queries.

Orders are found by the marks kept of those screened before (KnownMark), by the customer's row and by their number, and
never searched for. Personal marks reach back for ever, places as long as a check looks back (a day); a shared network
alone finds nothing. Of a mark or customer the newest MOST_KNOWN orders up to the latest of the batch are read, and of
those a sale gets the MOST_ALIKE before it: of an address of thousands the facts hold no more.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform

from affiliates.models import Program
from fraud.checks.facts import PERSONAL, Alike, Mark, Marks, shared
from fraud.checks.orders import DAY, PLACES
from fraud.gathering.came_back import came_back
from fraud.gathering.marks import frozen, marks_of_sales, row_mark
from fraud.gathering.orders import Sold, hears_browsers, newest
from fraud.models import KnownMark
from tracking.hearsay import BROWSER, BY
from tracking.models import Conversion, Decision
from tracking.states import OrderState

MOST_KNOWN, MOST_ALIKE = 500, 50
LOOKED_FOR = PERSONAL | PLACES
BACK = timedelta(seconds=DAY)
BACK_IN_STORE = frozenset(
    {OrderState.REFUNDED, OrderState.VOID}
)  # the store's own word, without a refund of its own

Key = tuple[str, str]  # a kind of mark and its digest; or one of those below and a number
ROW, NUMBER = "row", "number"  # our row of the customer; the order's number
Place = tuple[datetime, int]  # time and number of a conversion


@dataclass(frozen=True, slots=True)
class Other:
    """An order that is compared with sales."""

    conversion: int
    at: datetime
    source: str
    number: str
    total: int
    currency: str
    marks: Marks
    enrollment: int = 0
    came_back: bool = False
    is_hearsay: bool = False


@dataclass(slots=True)
class Found:
    """Conversions by what they are found by, in order of time."""

    places: dict[Key, list[Place]] = field(default_factory=lambda: defaultdict(list))
    at: dict[int, datetime] = field(default_factory=dict)

    def add(self, key: Key, conversion: int, at: datetime) -> None:
        """Note that a conversion is found by a key; once is enough."""
        row = (at, conversion)
        places = self.places[key]
        spot = bisect_left(places, row)
        if spot == len(places) or places[spot] != row:
            insort(places, row)
        self.at[conversion] = at

    def before(self, key: Key, place: Place) -> list[int]:
        """Return the last conversions of a key before a place; of the same number all, whoever told it first."""
        places = self.places.get(key, [])
        if key[0] == NUMBER:
            return [number for _at, number in places if number < place[1]][-MOST_ALIKE:]
        last = places[: bisect_left(places, place)][-MOST_ALIKE:]
        if key[0] in PLACES:
            return [number for at, number in last if at >= place[0] - BACK]
        return [number for _at, number in last]


def alike_of(
    program: Program, sold: Collection[Sold], marks: Mapping[int, Marks]
) -> dict[int, tuple[Alike, ...]]:
    """Return conversion -> earlier orders like it, the oldest first, of sales and the marks of their buyers.

    Those of the same batch count among them. An order is earlier by its time; one of the same number is so by its
    arrival, so that of two that tell one order only the second is told twice. What only a browser told of others counts
    for nothing where the program does not take its word, for anybody may forge it; beside such an order it does.
    """
    if not sold:
        return {}
    found = Found()
    for one in sold:
        for key in _keys(one, marks[one.conversion.pk]):
            found.add(key, one.conversion.pk, one.conversion.occurred_at)
    _find_marked(program, sold, marks, found)
    _find_by_row(program, sold, found)
    _find_by_number(program, sold, found)
    chosen = {one.conversion.pk: _before(one, marks[one.conversion.pk], found) for one in sold}
    others = _others(program, {number for each in chosen.values() for number in each}, sold, marks)
    hears = hears_browsers(program)
    return {
        one.conversion.pk: tuple(
            _alike(one, marks[one.conversion.pk], others[number])
            for number in chosen[one.conversion.pk]
            if number in others and (hears or one.is_hearsay or not others[number].is_hearsay)
        )
        for one in sold
    }


def _keys(sold: Sold, marks: Marks) -> Iterable[Key]:
    yield NUMBER, sold.conversion.external_id
    if sold.conversion.customer_id is not None:
        yield ROW, str(sold.conversion.customer_id)
    yield from ((kind.value, digest) for kind in marks if kind in LOOKED_FOR for digest in marks[kind])


def _before(sold: Sold, marks: Marks, found: Found) -> list[int]:
    """The conversions like a sale, the oldest first; one of the same number only if it was told before."""
    later = {number for _at, number in found.places.get((NUMBER, sold.conversion.external_id), ())}
    later = {number for number in later if number > sold.conversion.pk}
    chosen = {number for key in _keys(sold, marks) for number in found.before(key, sold.place)}
    return sorted(chosen - later - {sold.conversion.pk}, key=lambda number: (found.at[number], number))


# --- where they are found ------------------------------------------------------------------------------------
def _find_marked(program: Program, sold: Collection[Sold], marks: Mapping[int, Marks], found: Found) -> None:
    times = [one.conversion.occurred_at for one in sold]
    digests = {
        digest for each in marks.values() for kind in each.keys() & LOOKED_FOR for digest in each[kind]
    }
    rows = KnownMark.objects.filter(
        program=program, digest__in=digests, conversion__isnull=False, at__lte=max(times)
    )
    rows = rows.filter(Q(kind__in=PERSONAL) | Q(kind__in=PLACES, at__gte=min(times) - BACK))
    columns = newest(rows, ["digest", "kind"], MOST_KNOWN).values_list("kind", "digest", "conversion", "at")
    for kind, digest, conversion, at in columns:
        found.add((kind, digest), conversion, at)


def _find_by_row(program: Program, sold: Collection[Sold], found: Found) -> None:
    customers = {one.conversion.customer_id for one in sold if one.conversion.customer_id is not None}
    until = max(one.conversion.occurred_at for one in sold)
    rows = Conversion.objects.filter(program=program, customer__in=customers, occurred_at__lte=until)
    cut = newest(rows.annotate(at=F("occurred_at")), ["customer"], MOST_KNOWN)
    for customer, conversion, at in cut.values_list("customer", "pk", "at"):
        found.add((ROW, str(customer)), conversion, at)


def _find_by_number(program: Program, sold: Collection[Sold], found: Found) -> None:
    numbers = {one.conversion.external_id for one in sold}
    rows = Conversion.objects.filter(program=program, external_id__in=numbers)
    for number, conversion, at in rows.values_list("external_id", "pk", "occurred_at"):
        found.add((NUMBER, number), conversion, at)


# --- what is known of them -----------------------------------------------------------------------------------
def _others(
    program: Program, ids: Collection[int], sold: Collection[Sold], marks: Mapping[int, Marks]
) -> dict[int, Other]:
    """Those of the batch are known already, whose marks were read just now; of the others they are kept."""
    rows = list(Conversion.objects.filter(program=program, pk__in=ids).values(*COLUMNS, by=REPORTED))
    fresh = {one.conversion.pk: marks[one.conversion.pk] for one in sold}
    known = fresh | _kept(program, {row["pk"] for row in rows} - fresh.keys())
    credited = dict(
        Decision.objects.filter(program=program, conversion__in=ids, is_current=True).values_list(
            "conversion", "enrollment"
        )
    )
    back = came_back(program, {row["order"]: row["order__total"] for row in rows})
    back |= {row["order"] for row in rows if row["order__state"] in BACK_IN_STORE}
    return {row["pk"]: _other(row, known[row["pk"]], credited.get(row["pk"]), back) for row in rows}


COLUMNS = (
    "pk",
    "occurred_at",
    "source",
    "external_id",
    "order",
    "order__total",
    "order__currency",
    "order__state",
)
REPORTED = KeyTransform(BY, KeyTransform("metadata", "order__snapshot"))


def _other(row: dict[str, Any], marks: Marks, enrollment: int | None, back: Collection[int]) -> Other:
    return Other(
        conversion=row["pk"],
        at=row["occurred_at"],
        source=row["source"],
        number=row["external_id"],
        total=row["order__total"],
        currency=row["order__currency"],
        marks=marks,
        enrollment=enrollment or 0,
        came_back=row["order"] in back,
        is_hearsay=row["by"] == BROWSER,
    )


def _kept(program: Program, ids: Collection[int]) -> dict[int, Marks]:
    """The marks kept of conversions; those that were never screened are read as a sale's are."""
    rows = KnownMark.objects.filter(program=program, conversion__in=ids)
    kept: dict[int, dict[Mark, set[str]]] = {}
    for conversion, kind, digest in rows.values_list("conversion", "kind", "digest"):
        kept.setdefault(conversion, defaultdict(set))[Mark(kind)].add(digest)
    unseen = Conversion.objects.filter(program=program, pk__in=set(ids) - kept.keys())
    read = marks_of_sales(unseen.only("pk", "program_id"))
    return {number: read[number] if number in read else frozen(kept.get(number, {})) for number in ids}


def _alike(sold: Sold, marks: Marks, other: Other) -> Alike:
    has_same_number = other.number == sold.conversion.external_id and other.source != sold.conversion.source
    return Alike(
        conversion=other.conversion,
        apart=(sold.conversion.occurred_at - other.at).total_seconds(),
        total=other.total,
        currency=other.currency,
        marks=_marks_of_both(sold, marks, other.marks),
        has_same_number=has_same_number,
        came_back=other.came_back,
        enrollment=other.enrollment,
    )


def _marks_of_both(sold: Sold, one: Marks, other: Marks) -> frozenset[Mark]:
    """The kinds of marks in common; our row, which is found by the e-mail address, is no second one beside it."""
    kinds = frozenset(shared(one, other))
    if not {Mark.EMAIL, Mark.CUSTOMER} <= kinds or sold.conversion.customer_id is None:
        return kinds
    accounts = one[Mark.CUSTOMER] & other[Mark.CUSTOMER]
    return kinds - {Mark.CUSTOMER} if accounts == {row_mark(sold.conversion.customer_id)} else kinds
