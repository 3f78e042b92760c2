"""What is known of customers, for a page of them at once: a fixed number of queries, however many they are."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from commissions.models import Commission
from core.models import Event, User
from fraud.checks.systems import COLLEAGUE
from fraud.gathering.alike import BACK_IN_STORE
from fraud.gathering.came_back import came_back
from fraud.gathering.told import YES
from fraud.models import Signal, Testimony
from fraud.models.signals import SignalQuerySet
from fraud.states import TestimonyKind
from tracking.models import Customer, Decision, Order, Refund


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a customer's orders: `back` were refunded in full, canceled or charged back.

    `affiliates` are the names of all who were credited, `blocked_by` those who say that the customer is blocked.
    """

    orders: int = 0
    back: int = 0
    findings: int = 0
    affiliates: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    last: datetime | None = None

    @property
    def back_percent(self) -> int:
        """The share of orders that came back, in whole per cent."""
        return round(100 * self.back / self.orders) if self.orders else 0


def records_of(customers: Collection[Customer], viewer: User) -> dict[int, Record]:
    """Return customer -> its record; nine queries. What was found on the viewer is left out."""
    ids = [one.pk for one in customers]
    sums = Order.objects.filter(customer__in=ids).values_list("customer")
    told = {
        one: (count, last) for one, count, last in sums.annotate(count=Count("pk"), last=Max("occurred_at"))
    }
    back, names, blockers = _back(customers), _credited(ids), blockers_of(ids, viewer)
    findings = _findings(ids, viewer)
    found = {}
    for one in ids:
        count, last = told.get(one, (0, None))
        said = {"affiliates": names.get(one, ()), "blocked_by": blockers.get(one, ())}
        found[one] = Record(count, back.get(one, 0), findings.get(one, 0), last=last, **said)
    return found


def findings_for(viewer: User) -> SignalQuerySet:
    """Return the findings that a member may read: what was found on its own account is for colleagues."""
    rows: SignalQuerySet = Signal.objects.exclude(enrollment__affiliate__user=viewer)
    return rows


def _findings(ids: Iterable[int], viewer: User) -> dict[int, int]:
    rows = findings_for(viewer).standing().filter(conversion__customer__in=ids)
    return dict(rows.values_list("conversion__customer").annotate(count=Count("pk")))


def _back(customers: Iterable[Customer]) -> dict[int, int]:
    """Customer -> how many orders came back, as checks count it; only orders with a refund are read."""
    programs = {one.program_id: one.program for one in customers}
    went = Refund.objects.in_force().filter(order=OuterRef("pk"))
    rows = Order.objects.filter(Q(state__in=BACK_IN_STORE) | Exists(went), customer__in=[*_ids(customers)])
    found: dict[int, int] = defaultdict(int)
    orders = list(rows.values_list("program", "customer", "pk", "total", "state"))
    for number, program in programs.items():
        own = [row for row in orders if row[0] == number]
        back = came_back(program, {order: total for _program, _who, order, total, _state in own})
        for _program, customer, order, _total, state in own:
            found[customer] += order in back or state in BACK_IN_STORE
    return found


def _ids(customers: Iterable[Customer]) -> list[int]:
    return [one.pk for one in customers]


def _credited(ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Customer -> who was credited, by name: principals, and those who share in a sale, who have a commission of it."""
    decided = Decision.objects.filter(is_current=True, conversion__customer__in=ids, enrollment__isnull=False)
    earned = Commission.objects.filter(conversion__customer__in=ids, level=1)
    names: dict[int, set[str]] = defaultdict(set)
    for rows in (decided, earned):
        columns = rows.order_by().values_list("conversion__customer", "enrollment__affiliate__name")
        for customer, name in columns.distinct():
            names[customer].add(name)
    return {customer: tuple(sorted(each)) for customer, each in names.items()}


# --- who says that they are blocked ---------------------------------------------------------------------------
def blocks() -> QuerySet[Testimony]:
    """Return the testimonies by which customers are blocked now."""
    rows = Testimony.objects.filter(kind=TestimonyKind.BLOCKED, customer__isnull=False)
    found: QuerySet[Testimony] = rows.annotate(said=Lower("word")).filter(said__in=YES)
    return found


def blockers_of(ids: Collection[int], viewer: User) -> dict[int, tuple[str, ...]]:
    """Return customer -> who says that it is blocked, in words, the newest first; two queries."""
    rows = list(blocks().filter(customer__in=ids).order_by("-at", "-pk"))
    events = spoken({row.pk for row in rows if row.by == COLLEAGUE})
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        event = events.get(row.pk)
        found[row.customer_id or 0].append(who_says(row.by, event.actor if event else None, viewer))
    return {customer: tuple(names) for customer, names in found.items()}


def spoken(testimonies: Collection[int]) -> dict[int, Event]:
    """Return testimony -> the news of its newest word, which names colleagues and their reasons; one query."""
    if not testimonies:
        return {}
    rows = Event.objects.filter(
        subject_type=Testimony._meta.label_lower, subject_id__in=[str(one) for one in testimonies]
    )
    return {int(row.subject_id): row for row in rows.select_related("actor").order_by("pk")}


def who_says(by: str, actor: User | None, viewer: User) -> str:
    """Return who testifies, for a reader: a system by its name, oneself as You, a colleague by name."""
    if by != COLLEAGUE:
        return by
    if actor is None:
        return _("a colleague")
    return _("You") if actor == viewer else str(actor)
