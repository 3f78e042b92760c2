"""The orders of enrollments on one day: who bought, how long after the click, and what became of them until now.

Orders are few beside clicks, so they are read; all that belongs to them is asked for many at a time.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from affiliates.models import Coupon, Program
from commissions.models import Commission
from fraud.gathering.lists import Lists
from fraud.maths.distances import DELAY_EDGES, HOUR_EDGES
from fraud.maths.medians import AMOUNT_EDGES
from fraud.partners import AT_CHECKOUT, LATE, SOON, Tally
from tracking.attribution.touches import CLICK
from tracking.buyers import PAYER_COUNTRY
from tracking.models import Click, Decision, Refund
from tracking.orders import ENDED
from tracking.reading.hosts import kind_of
from tracking.states import ConversionState, EvidenceKind, RefundKind

TOGETHER = 1000  # orders of which the rest is asked at once
EXAMPLES = 10  # ids of one day behind one count
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class Order(NamedTuple):
    """A counted order and the decision in force."""

    enrollment: int
    conversion: int
    order: int
    at: datetime
    evidence: str
    click: UUID | None
    is_first: bool | None
    total: int
    currency: str
    state: str
    codes: Sequence[str] | None
    referrer: str | None
    country: str | None
    payer: str | None
    path: Sequence[Sequence[Any]] | None


COLUMNS = (
    "enrollment_id",
    "conversion_id",
    "conversion__order_id",
    "conversion__occurred_at",
    "evidence",
    "click_id",
    "conversion__is_new_customer",
    "conversion__order__total",
    "conversion__order__currency",
    "conversion__order__state",
    "conversion__order__snapshot__evidence__coupons",
    "conversion__order__snapshot__evidence__referrer",
    "conversion__order__snapshot__customer__country",
    f"conversion__order__snapshot__metadata__{PAYER_COUNTRY}",
    "conversion__journey__path",
)


@dataclass(frozen=True, slots=True)
class Around:
    """What belongs to some orders: their clicks, refunds in force, commissions; by the ids of these orders.

    A click's country is "" where the program lets it through.
    """

    clicks: Mapping[UUID, tuple[datetime, str]]
    refunds: Mapping[int, list[tuple[str, datetime]]]
    commissions: Mapping[tuple[int, int], tuple[datetime, datetime | None]]
    coupons: Mapping[str, tuple[int, int]]  # code -> coupon, enrollment


@dataclass(slots=True)
class Sums:
    """A tally while it is added up."""

    numbers: Counter[str] = field(default_factory=Counter)
    histograms: dict[str, list[int]] = field(
        default_factory=lambda: {
            "baskets": [0] * (len(AMOUNT_EDGES) + 1),
            "hours": [0] * (len(HOUR_EDGES) + 1),
            "delays": [0] * (len(DELAY_EDGES) + 1),
        }
    )
    named: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, **counts: int) -> None:
        """Add to some counts at once."""
        for name, count in counts.items():
            self.numbers[name] += count

    def show(self, name: str, conversion: int) -> None:
        """Keep an order as an example, of the first few."""
        if len(self.examples[name]) < EXAMPLES:
            self.examples[name].append(conversion)

    def tally(self) -> Tally:
        """Return what came together."""
        values: dict[str, Any] = dict(self.numbers)
        values |= {name: tuple(bins) for name, bins in self.histograms.items()}
        values |= {name: dict(counts) for name, counts in self.named.items()}
        return Tally(**values, order_examples={name: tuple(ids) for name, ids in self.examples.items()})


def order_tallies(
    program: Program,
    span: tuple[datetime, datetime],
    enrollments: Collection[int],
    lists: Lists,
    at: datetime,
) -> dict[int, Tally]:
    """Return what the enrollments' orders made within a span have come to by `at`; those without one are left out."""
    begins, ends = span
    decisions = Decision.objects.filter(
        enrollment__in=enrollments,
        is_current=True,
        conversion__program=program,
        conversion__state=ConversionState.COUNTED,
        conversion__occurred_at__gte=begins,
        conversion__occurred_at__lt=ends,
    )
    sums: dict[int, Sums] = defaultdict(Sums)
    rows = decisions.order_by("conversion__occurred_at", "conversion_id").values_list(*COLUMNS)
    orders = map(Order._make, rows.iterator())
    while some := list(islice(orders, TOGETHER)):
        around = _around(program, some, lists)
        for order in some:
            _add(sums[order.enrollment], program, order, around, at)
    return {enrollment: one.tally() for enrollment, one in sums.items()}


# --- what belongs to orders ----------------------------------------------------------------------------------
def _around(program: Program, orders: Sequence[Order], lists: Lists) -> Around:
    ids = [order.click for order in orders if order.click]
    clicks = Click.objects.filter(pk__in=ids, program=program).values_list("pk", "at", "country")
    refunds: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    back = Refund.objects.in_force().filter(order__in=[order.order for order in orders])
    for order, kind, at, told in back.values_list("order_id", "kind", "occurred_at", "created_at"):
        refunds[order].append((kind, at or told))
    earned = Commission.objects.filter(conversion__in=[order.conversion for order in orders], level=1)
    columns = ("conversion_id", "enrollment_id", "matures_at", "approved_at")
    codes = {Coupon.normal(code) for order in orders for code in order.codes or ()}
    coupons = Coupon.objects.filter(program=program, code__in=codes) if codes else Coupon.objects.none()
    return Around(
        {pk: (at, "" if lists.allows_country(country) else country) for pk, at, country in clicks},
        refunds,
        {(one, who): (matures, approved) for one, who, matures, approved in earned.values_list(*columns)},
        {code: (pk, who) for code, pk, who in coupons.values_list("code", "pk", "enrollment_id")},
    )


def _add(sums: Sums, program: Program, order: Order, around: Around, at: datetime) -> None:
    local = program.local(order.at)
    hour = local.hour + local.minute / 60
    sums.add(orders=1, buyers=order.is_first is not None, first_buyers=bool(order.is_first))
    sums.histograms["hours"][bisect_right(HOUR_EDGES, hour)] += 1
    if order.total > 0 and order.currency == program.currency:
        sums.histograms["baskets"][bisect_right(AMOUNT_EDGES, order.total)] += 1
    if order.evidence == EvidenceKind.CLICK and order.click:
        sums.numbers["clicked"] += 1
        if order.click in around.clicks:
            _add_click(sums, order, *around.clicks[order.click])
    _add_coupons(sums, order, around.coupons)
    if terms := around.commissions.get((order.conversion, order.enrollment)):
        _add_fate(sums, order, around.refunds.get(order.order, []), *terms, at)


def _add_click(sums: Sums, order: Order, clicked: datetime, country: str) -> None:
    """How long the order took, and from where to where it went; a clock that runs behind says nothing."""
    seconds = (order.at - clicked) / SECOND
    if seconds >= 0:
        sums.histograms["delays"][bisect_right(DELAY_EDGES, seconds)] += 1
        is_snatched = seconds < AT_CHECKOUT and _had_come_before(order, seconds)
        for name, is_so in (("soon", seconds < SOON), ("late", seconds > LATE), ("snatched", is_snatched)):
            if is_so:
                sums.numbers[name] += 1
                sums.show(SHOWN_AS[name], order.conversion)
    places = {place.upper() for place in (order.country, order.payer) if place}
    if country and places:
        sums.numbers["placed"] += 1
        if country not in places:
            sums.numbers["foreign"] += 1
            sums.show("foreign", order.conversion)


SHOWN_AS = {"soon": "short", "late": "late", "snatched": "snatched"}  # as TrafficFacts calls them


def _had_come_before(order: Order, seconds: float) -> bool:
    """Whether a click of somebody else had brought the visitor before."""
    return any(
        who != order.enrollment and kind == CLICK and before > int(seconds)
        for who, before, kind in order.path or ()
    )


def _add_coupons(sums: Sums, order: Order, coupons: Mapping[str, tuple[int, int]]) -> None:
    """The affiliate's own codes in the order, and the site of others that the buyer came from."""
    own = {coupons[code][0] for code in map(Coupon.normal, order.codes or ()) if code in coupons
           if coupons[code][1] == order.enrollment}  # fmt: skip
    clicks = (who for who, _before, kind in order.path or () if kind == CLICK)
    is_clicked = (order.evidence == EvidenceKind.CLICK and bool(order.click)) or order.enrollment in clicks
    host = _site(order.referrer or "")
    for coupon in own:
        sums.named["with_click" if is_clicked else "without_click"][str(coupon)] += 1
        sums.show(f"coupon {coupon}", order.conversion)
        if host:
            sums.named["sites"][f"{coupon} {host}"] += 1


def _site(referrer: str) -> str:
    """The host of a page, search engines, social networks and the like apart."""
    try:
        host = (urlsplit(referrer).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
    return host if host and kind_of(host) is None else ""


def _add_fate(
    sums: Sums,
    order: Order,
    refunds: Iterable[tuple[str, datetime]],
    matures: datetime,
    approved: datetime | None,
    at: datetime,
) -> None:
    """Whether it came back within the return window, or once its commission was approved."""
    kinds = Counter(kind for kind, _at in refunds)
    back = list(_back(refunds, kinds))
    if matures <= at:
        is_charged = kinds[RefundKind.CHARGEBACK] > kinds[RefundKind.CHARGEBACK_WON]
        is_refunded = bool(kinds[RefundKind.REFUND] or kinds[RefundKind.CANCELLATION]) or order.state in ENDED
        sums.add(matured=1, refunded=is_refunded, charged_back=is_charged)
    if approved and not any(when <= approved for when in back):
        sums.numbers["approved"] += 1
        if back:
            sums.numbers["late_refunds"] += 1
            sums.show("late_refunds", order.conversion)


def _back(refunds: Iterable[tuple[str, datetime]], kinds: Mapping[str, int]) -> Iterator[datetime]:
    """When money went back, disputes that were won apart."""
    is_won = kinds.get(RefundKind.CHARGEBACK_WON, 0) >= kinds.get(RefundKind.CHARGEBACK, 0)
    for kind, when in refunds:
        if kind != RefundKind.CHARGEBACK_WON and not (kind == RefundKind.CHARGEBACK and is_won):
            yield when
