"""How far a buyer has come: which payment of a subscription a conversion is, and how old the relation is.

Nothing is counted up and stored. Each answer is a fold over facts in the order (occurred at, arrival number), so that
it does not depend on the order in which the store told them:

- A payment is a conversion worth more than 0 whose order is paid (a sale, or one refunded since); a cancelled one
  does not count. What is worth 0, as the start of a trial or a free month, has the number of the payment before it,
  which is 0 at first.
- Where the store numbers its payments, its steps count: the proration invoice of an upgrade, told under the number of
  its period, is no payment more. Where it does not, each payment counts. Our number is never below the store's.
- A subscription that begins up to 90 days (by the program's calendar) after a payment of another one of the same buyer
  goes on from there, in number and in age: the buyer came back, was moved to another offer, or took a second one beside
  it. The same subscription goes on whatever the gap.
- Months are whole calendar months on the program's clock; from the 31st to the last day of a shorter month is one.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q
from django.db.models.fields.json import KeyTransform

from affiliates.models import Program
from tracking.actions.conversions import COUNTS
from tracking.models import Conversion, ConversionQuerySet

COMEBACK_DAYS = 90

Subscription = tuple[str, str]  # source and the store's id
Calendar = Callable[[datetime], date]


@dataclass(frozen=True, slots=True)
class Standing:
    """Which payment (from 1; 0 before the first) after how many whole months, and where the relation began.

    Without a subscription: which order of the customer, and no root. All are None where nobody is known.
    """

    payment: int | None = None
    months: int | None = None
    root: Conversion | None = None


class Payment(NamedTuple):
    """A conversion of a subscription; `told` is the store's own number of it, `counts` says that it is paid."""

    at: datetime
    conversion: int
    customer: int | None
    source: str
    subscription: str
    total: int
    told: int | None
    counts: bool

    @property
    def of(self) -> Subscription:
        """The subscription that it belongs to."""
        return self.source, self.subscription


@dataclass(slots=True)
class Run:
    """How far one subscription has come: the number of its last payment, and the day of the relation's first."""

    root: int
    number: int = 0
    first: date | None = None
    last: date | None = None
    told: int = 0

    def pay(self, told: int | None, day: date) -> None:
        """Count a payment: one more, or as many as the store's number went on."""
        if self.last is None:
            self.number, self.told = max(self.number + 1, told or 0), told or 1
        else:
            before, self.told = self.told, self.told + 1 if told is None else max(self.told, told)
            self.number = max(self.number + self.told - before, told or 0)
        self.first, self.last = self.first or day, day


def standing(conversion: Conversion) -> Standing:
    """Say which payment of its subscription, or which order of its customer, a conversion is.

    One whose order was cancelled is answered as if it still counted, so that what it earned keeps its reasons.
    """
    if conversion.order.subscription:
        return standings([conversion])[conversion.pk]
    return _of_order(conversion)


def standings(conversions: Sequence[Conversion]) -> dict[int, Standing]:
    """Say the same of many conversions of one program, by id; the number of questions does not grow with them.

    For many thousands, ask in chunks: their buyers' whole histories are held in memory.
    """
    if not conversions:
        return {}
    program = conversions[0].program
    asked = {(row.source, row.order.subscription) for row in conversions if row.order.subscription}
    numbers: dict[int, tuple[int, int, int]] = {}
    for payments in _buyers(_relations(program, asked)):
        numbers |= fold(payments, _calendar(program))
    own = {row.pk: row for row in conversions}
    roots = {number[2] for key, number in numbers.items() if key in own}
    others = Conversion.objects.select_related("order").defer("order__snapshot")
    rows = own | others.in_bulk(roots - own.keys())
    orders = _of_orders(program, [row for row in conversions if not row.order.subscription])
    return orders | {
        key: Standing(number, months, rows[root])
        for key, (number, months, root) in numbers.items()
        if key in own
    }


def later_of(conversion: Conversion) -> ConversionQuerySet:
    """Return the later conversions whose standing may change when this one comes late, changes or is cancelled.

    These are the later orders of its customer, and the later payments of its relation, whoever made them.
    """
    program, at = conversion.program, conversion.occurred_at
    same = Q(pk__in=[]) if conversion.customer_id is None else Q(customer=conversion.customer_id)
    if conversion.order.subscription:
        relation = _relations(program, {(conversion.source, conversion.order.subscription)})
        same |= Q(pk__in=[payment.conversion for payment in relation])
    later = Q(occurred_at__gt=at) | Q(occurred_at=at, pk__gt=conversion.pk)
    rows: ConversionQuerySet = Conversion.objects.filter(same, later, program=program)
    return rows.order_by("occurred_at", "pk")


def fold(payments: Iterable[Payment], calendar: Calendar) -> dict[int, tuple[int, int, int]]:
    """Return conversion -> (payment, months, root) for all payments of one buyer; `calendar` gives an instant's day."""
    runs: dict[Subscription, Run] = {}
    found: dict[int, tuple[int, int, int]] = {}
    for payment in sorted(payments):
        day = calendar(payment.at)
        run = runs.get(payment.of) or _continued(runs.values(), day) or Run(payment.conversion)
        if payment.counts:
            runs[payment.of] = run
        else:
            run = replace(run)
        if payment.total > 0:
            run.pay(payment.told, day)
        found[payment.conversion] = run.number, months_between(run.first or day, day), run.root
    return found


def _continued(runs: Iterable[Run], day: date) -> Run | None:
    """Return a run that goes on from the one that was paid last, if that is not too long ago."""
    recent = [(run.last, run) for run in runs if run.last and (day - run.last).days <= COMEBACK_DAYS]
    if not recent:
        return None
    _last, before = max(recent, key=lambda pair: (pair[0], pair[1].number, -pair[1].root))
    return Run(before.root, before.number, before.first)


def months_between(first: date, then: date) -> int:
    """Return how many whole calendar months lie between two days; shorter months end on their last day."""
    months = (then.year - first.year) * 12 + then.month - first.month
    anniversary = min(first.day, monthrange(then.year, then.month)[1])
    return months - (then.day < anniversary)


def _calendar(program: Program) -> Calendar:
    return lambda at: program.local(at).date()


def _of_order(conversion: Conversion) -> Standing:
    """Say which order of its customer it is; a customer may have very many, so the database counts."""
    if conversion.customer_id is None:
        return Standing()
    at, calendar = conversion.occurred_at, _calendar(conversion.program)
    earlier = Conversion.objects.filter(
        Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=conversion.pk),
        program=conversion.program_id,
        customer=conversion.customer_id,
        goal=conversion.goal,
        order__state__in=COUNTS,
    )
    known = earlier.aggregate(count=Count("pk"), first=Min("occurred_at"))
    return Standing(known["count"] + 1, months_between(calendar(known["first"] or at), calendar(at)))


def _of_orders(program: Program, conversions: Sequence[Conversion]) -> dict[int, Standing]:
    """Count the orders of each customer, each goal for itself: a lead is no order before the first one."""
    found = {row.pk: Standing() for row in conversions}
    customers = {row.customer_id for row in conversions} - {None}
    if not customers:
        return found
    rows = Conversion.objects.filter(program=program, customer__in=customers).order_by("occurred_at", "pk")
    calendar = _calendar(program)
    counts: dict[tuple[int, str], int] = defaultdict(int)
    firsts: dict[tuple[int, str], date] = {}
    for pk, customer, goal, at, state in rows.values_list(
        "pk", "customer", "goal", "occurred_at", "order__state"
    ):
        key, day = (customer, goal), calendar(at)
        if pk in found:
            found[pk] = Standing(counts[key] + 1, months_between(firsts.get(key, day), day))
        if state in COUNTS:
            counts[key] += 1
            firsts.setdefault(key, day)
    return found


def _relations(program: Program, asked: Collection[Subscription]) -> list[Payment]:
    """Return all payments of the buyers of some subscriptions, of their other subscriptions too.

    Two questions, and two more for each step at which a subscription that changed hands leads to another buyer.
    """
    found: dict[int, Payment] = {}
    named: set[Subscription] = set()
    customers: set[int | None] = {None}
    waiting = set(asked)
    while waiting:
        named |= waiting
        sources, names = ({key[place] for key in waiting} for place in (0, 1))
        rows = _payments(program, order__source__in=sources, order__subscription__in=names)
        found |= {row.conversion: row for row in rows if row.of in waiting}
        met = {row.customer for row in found.values()} - customers
        if met:
            found |= {row.conversion: row for row in _payments(program, customer__in=met)}
            customers |= met
        waiting = {row.of for row in found.values()} - named
    return list(found.values())


def _payments(program: Program, **which: Any) -> list[Payment]:
    """Return the program's conversions of subscriptions, light: nobody else's are ever looked at."""
    rows = Conversion.objects.filter(program=program, order__program=program, **which)
    told = KeyTransform("payment_number", "order__snapshot")
    columns = ("occurred_at", "pk", "customer", "source", "order__subscription", "order__total")
    values = rows.exclude(order__subscription="").values_list(*columns, told, "order__state")
    return [
        Payment(at, pk, customer, source, name, total, number, state in COUNTS)
        for at, pk, customer, source, name, total, number, state in values
    ]


def _buyers(payments: Iterable[Payment]) -> Iterable[list[Payment]]:
    """Part payments by buyer: one who pays for two subscriptions, and all who ever paid for the same one."""
    above: dict[object, object] = {}
    rows = list(payments)
    for row in rows:
        if row.customer is not None:
            above[_top(above, row.of)] = _top(above, row.customer)
    parts: dict[object, list[Payment]] = defaultdict(list)
    for row in rows:
        parts[_top(above, row.of)].append(row)
    return parts.values()


def _top(above: dict[object, object], node: object) -> object:
    while (up := above.setdefault(node, node)) != node:
        above[node] = above.setdefault(up, up)
        node = above[node]
    return node
