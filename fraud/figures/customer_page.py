"""What stands on the page of one customer: orders, what others say, who is known by the same marks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.text import get_text_list
from django.utils.translation import gettext as _, ngettext

from commissions.models import Commission
from core.models import User
from core.money import Money
from fraud.checks.facts import PERSONAL, Mark
from fraud.checks.orders import PLACES
from fraud.figures.customers import blocks, findings_for, spoken, who_says
from fraud.gathering.orders import newest
from fraud.gathering.told import is_yes
from fraud.models import KnownMark, Testimony
from fraud.states import TestimonyKind
from tracking.models import Conversion, Customer, Decision, Order
from tracking.states import RefundKind

MOST_SAID = 30  # words of systems on a page
MOST_MARKS, MOST_KNOWN = (
    500,
    200,
)  # marks of a customer that are looked up, and orders that one of them leads to
MOST_KIN = 20  # other customers on a page
TELLING = PERSONAL | PLACES  # not the network: offices and carriers share one


# --- what it bought -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Bought:
    """An order, who was credited, what went back, the first commission that it earned, how many findings stand."""

    order: Order
    conversion: Conversion | None
    credited: str
    total: Money
    refunded: Money | None
    commission: Commission | None
    findings: int = 0


def orders_of(customer: Customer) -> QuerySet[Order]:
    """Return the orders of a customer, the newest first."""
    rows: QuerySet[Order] = Order.objects.filter(customer=customer).order_by("-occurred_at", "-pk")
    return rows


def bought(orders: Iterable[Order], viewer: User) -> list[Bought]:
    """Return what became of these orders, in their order; nine queries. What was found on the viewer is left out."""
    ids = [order.pk for order in orders]
    rows = Order.objects.filter(pk__in=ids).select_related("conversion").prefetch_related("refunds")
    rows = rows.prefetch_related(
        "conversion__decisions__enrollment__affiliate",
        "conversion__commissions__enrollment",
        "conversion__commissions__reversals",
    )
    standing = findings_for(viewer).standing().filter(conversion__order__in=ids)
    found = dict(standing.values_list("conversion__order").annotate(count=Count("pk")))
    by_number = {row.pk: row for row in rows}
    return [_bought(by_number[one], found.get(one, 0)) for one in ids if one in by_number]


def _bought(order: Order, findings: int) -> Bought:
    conversion: Conversion | None = getattr(order, "conversion", None)
    earned = conversion.commissions.all() if conversion else ()
    return Bought(
        order=order,
        conversion=conversion,
        credited=_credited(conversion.decision) if conversion else "",
        total=Money(order.total, order.currency),
        refunded=_refunded(order),
        commission=min(earned, key=lambda row: (row.level, row.pk), default=None),
        findings=findings,
    )


def _credited(decision: Decision | None) -> str:
    if decision is None or decision.enrollment is None:
        return ""
    others = max(0, len(decision.credits) - 1)
    told = {"name": decision.enrollment.affiliate.name, "count": others}
    more = ngettext("%(name)s and %(count)s more", "%(name)s and %(count)s more", others)
    return str(more % told) if others else str(told["name"])


def _refunded(order: Order) -> Money | None:
    rows = [row for row in order.refunds.all() if not row.is_withdrawn]
    if not rows:
        return None
    amounts = [
        -abs(row.gross or 0) if row.kind == RefundKind.CHARGEBACK_WON else (row.gross or 0) for row in rows
    ]
    return Money(max(0, sum(amounts)), order.currency)


# --- what others say ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Said:
    """What a system, or a colleague, says of a customer or of one of its orders; `reason` is a colleague's."""

    about: str
    what: str
    by: str
    at: datetime
    conversion: Conversion | None
    reason: str = ""


def said_of(customer: Customer, viewer: User) -> list[Said]:
    """Return what is said of a customer and its orders, the newest first, at most MOST_SAID; two queries."""
    about = Q(customer=customer) | Q(conversion__customer=customer)
    rows = Testimony.objects.filter(about, program=customer.program_id).select_related("conversion")
    some = list(rows.order_by("-at", "-pk")[:MOST_SAID])
    events = spoken({row.pk for row in some})
    return [_said(row, events.get(row.pk), viewer) for row in some]


def _said(row: Testimony, event: Any, viewer: User) -> Said:
    actor = event.actor if event else None
    return Said(
        about=row.get_kind_display(),
        what=word_of(row.kind, row.word),
        by=who_says(row.by, actor, viewer),
        at=row.at,
        conversion=row.conversion,
        reason=str(event.data.get("reason", "")) if event else "",
    )


def word_of(kind: str, word: str) -> str:
    """Return what a testimony says, for a reader: words of systems stay theirs, a block is said in ours."""
    if kind == TestimonyKind.BLOCKED:
        said = is_yes(word)
        return word if said is None else _("blocked") if said else _("not blocked")
    return word or _("taken back")


# --- who is known by the same marks ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Kin:
    """Another customer that is known by some of the same marks: by which, on how many orders, and whether blocked."""

    customer: Customer
    words: str
    orders: int
    is_blocked: bool


def kin_of(customer: Customer) -> tuple[list[Kin], int]:
    """Return other customers known by the same marks, the most telling first, and how many more there are; 4 queries.

    Marks are named by their kinds and never shown. Of a mark that a crowd has the newest MOST_KNOWN orders are read.
    """
    known = KnownMark.objects.filter(program=customer.program_id, kind__in=TELLING)
    own = known.filter(conversion__customer=customer).order_by().values_list("kind", "digest").distinct()
    marks = set(own[:MOST_MARKS])
    others = known.filter(digest__in={digest for _kind, digest in marks}, conversion__customer__isnull=False)
    cut = newest(others.exclude(conversion__customer=customer), ["digest", "kind"], MOST_KNOWN)
    kinds: dict[int, set[str]] = defaultdict(set)
    orders: dict[int, set[int]] = defaultdict(set)
    for kind, digest, conversion, other in cut.values_list(
        "kind", "digest", "conversion", "conversion__customer"
    ):
        if (kind, digest) in marks:
            kinds[other].add(kind)
            orders[other].add(conversion)
    first = sorted(kinds, key=lambda one: (-len(kinds[one]), -len(orders[one]), one))
    return _kin(first[:MOST_KIN], kinds, orders), max(0, len(first) - MOST_KIN)


def _kin(first: Sequence[int], kinds: dict[int, set[str]], orders: dict[int, set[int]]) -> list[Kin]:
    rows = {row.pk: row for row in Customer.objects.filter(pk__in=first).select_related("program")}
    blocked = set(blocks().filter(customer__in=first).values_list("customer", flat=True))
    return [
        Kin(rows[one], _same(kinds[one]), len(orders[one]), one in blocked) for one in first if one in rows
    ]


def _same(kinds: set[str]) -> str:
    """Like: same browser and postal address."""
    labels = [str(label) for code, label in Mark.choices if code in kinds]
    return _("same %(marks)s") % {"marks": get_text_list(labels, _("and"))}
