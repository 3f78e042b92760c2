"""What will become of an uploaded file: each order with its fate and whom it names, without changing anything."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from affiliates.models import Coupon, Enrollment, Link, Program
from core.money import Money
from integrations.actions.doubts import twins
from integrations.actions.file_contents import Contents, RefundTold, contents_of
from integrations.actions.order_files import conflict_in_words, doubts_of, refund_trouble
from integrations.models import OrderFile
from integrations.order_files import Row
from tracking.clickid import read
from tracking.hearsay import outranks
from tracking.models import Order, Refund
from tracking.orders import OrderIn, differences

CHUNK = 400  # names in one question: SQLite takes no endless lists


@dataclass(frozen=True, slots=True)
class Fate:
    """One order or refund of the file: its rows, what it is if it can be read, what will become of it, and why not.

    `doubt` says that another source seems to have told of it already.
    """

    rows: tuple[Row, ...]
    order: OrderIn | None
    kind: str
    reason: str = ""
    named: str = ""
    sold: datetime | None = None  # on the program's clock
    refund: RefundTold | None = None
    doubt: str = ""
    currency: str = ""

    @property
    def numbers(self) -> str:
        """Its rows, as a spreadsheet numbers them."""
        return numbers_in_words([row.number for row in self.rows])

    @property
    def total(self) -> Money | None:
        """What the customer paid, or got back."""
        if self.refund is not None:
            return Money(-(self.refund.refund.gross or 0), self.currency)
        return Money(self.order.total, self.order.currency) if self.order else None

    @property
    def label(self) -> str:
        """Which order or refund it is."""
        if self.refund is not None:
            return _("Refund %(refund)s") % {"refund": self.refund.refund.external_id}
        return self.order.external_id if self.order else ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The whole file; `totals` are of the orders that are new beyond doubt."""

    heads: tuple[str, ...]
    ignored: tuple[str, ...]
    row_count: int
    fates: tuple[Fate, ...]
    counts: Counter[str]
    totals: tuple[Money, ...]

    def of_kind(self, *kinds: str) -> list[Fate]:
        """The orders of some fates, in the file's order."""
        return [fate for fate in self.fates if fate.kind in kinds]


def outlook_of(file: OrderFile) -> Outlook:
    """Read the file and say what will become of each order, by what is known now."""
    contents = contents_of(file)
    table = contents.table
    told = [(group, contents.tell(group)) for group in table.groups]
    orders = [order for _group, order in told if isinstance(order, OrderIn)]
    refunds = [what for _group, what in told if isinstance(what, RefundTold)]
    fates = tuple(_Fates(file, contents, orders, refunds).of(told))
    sums: Counter[str] = Counter()
    for fate in fates:
        if fate.kind == "created" and fate.order and not fate.doubt:
            sums[fate.order.currency] += fate.order.total
    totals = tuple(Money(amount, currency) for currency, amount in sorted(sums.items()))
    counts = Counter(fate.kind for fate in fates)
    return Outlook(table.heads, table.ignored, table.row_count, fates, counts, totals)


class _Fates:
    """What will become of the orders and refunds of a file, by what is known now."""

    def __init__(
        self, file: OrderFile, contents: Contents, orders: list[OrderIn], refunds: list[RefundTold]
    ) -> None:
        self.file = file
        self.known = _known(file, orders, revises=contents.revises)
        self.strange = doubts_of(file, contents, orders)
        self.twins = twins(file.program, file.source, orders)
        self.names = Names(file.program, orders)
        self.currencies: dict[str, str] = {order.external_id: order.currency for order in orders}
        self.refunds: dict[str, tuple[str, int | None]] = {}
        for start in range(0, len(refunds), CHUNK):
            self._learn(refunds[start : start + CHUNK])

    def _learn(self, some: list[RefundTold]) -> None:
        """Look up what is known of some refunds and of their orders."""
        of_source = {"program": self.file.program, "source": self.file.source}
        numbers = [told.of for told in some]
        orders = Order.objects.filter(**of_source, external_id__in=numbers)
        self.currencies |= dict(orders.values_list("external_id", "currency"))
        ids = [told.refund.external_id for told in some]
        rows = Refund.objects.filter(**of_source, external_id__in=ids)
        for number, of, gross in rows.values_list("external_id", "order_external_id", "gross"):
            self.refunds[number] = (of, gross)

    def of(self, told: Iterable[tuple[tuple[Row, ...], OrderIn | RefundTold | str]]) -> Iterator[Fate]:
        """Yield them in the file's order."""
        for rows, what in told:
            if isinstance(what, str):
                yield Fate(rows, None, "refused", what)
            elif isinstance(what, RefundTold):
                yield self._refund(rows, what)
            else:
                yield self._order(rows, what)

    def _order(self, rows: tuple[Row, ...], order: OrderIn) -> Fate:
        if reason := self.strange.get(order.external_id):
            return Fate(rows, order, "refused", reason)
        if (reason := self.known.get(order.external_id)) is not None:
            return Fate(rows, order, "conflict" if reason else "same", reason)
        named, sold = self.names.of(order), _on_clock(self.file.program, order.occurred_at)
        doubt = self.twins.get(order.external_id, "")
        return Fate(rows, order, "created", named=named, sold=sold, doubt=doubt)

    def _refund(self, rows: tuple[Row, ...], told: RefundTold) -> Fate:
        if trouble := refund_trouble(self.file, told, self.currencies.get(told.of, "")):
            return Fate(rows, None, "refused", trouble, refund=told)
        program, refund = self.file.program, told.refund
        known = self.refunds.get(refund.external_id)
        if known is not None:
            is_same = known == (told.of, refund.gross)
            words = "" if is_same else _("This refund is known with other content; nothing was booked.")
            return Fate(rows, None, "same" if is_same else "conflict", words, refund=told)
        sold = _on_clock(program, refund.occurred_at) if refund.occurred_at else None
        named = _("of order %(order)s") % {"order": told.of}
        currency = told.currency or program.currency
        return Fate(rows, None, "created", named=named, sold=sold, refund=told, currency=currency)


def _known(file: OrderFile, orders: list[OrderIn], *, revises: bool) -> dict[str, str]:
    """Return number -> "" for an order that is known so already, or a sentence on how it is known otherwise.

    Of a file that `revises`, the orders that are newer than what is known are left out.
    """
    found: dict[str, str] = {}
    for some in _chunks(orders):
        by_number = {order.external_id: order for order in some}
        rows = Order.objects.filter(program=file.program, source=file.source, external_id__in=by_number)
        for number, snapshot in rows.values_list("external_id", "snapshot"):
            order = by_number[number]
            changes = differences(snapshot, order.as_json())
            changes.pop("refunds", None)
            is_newer = (
                revises
                and bool(changes)
                and order.revision_at > datetime.fromisoformat(snapshot["revision_at"])
            )
            if not outranks(order, snapshot) and not is_newer:
                found[number] = conflict_in_words(order, changes) if changes and not revises else ""
    return found


class Names:
    """Whom the orders' coupons, codes and clicks name; who is credited in the end is decided when they are taken."""

    def __init__(self, program: Program, orders: list[OrderIn]) -> None:
        self.program = program
        active = Enrollment.objects.filter(program=program).select_related("affiliate")
        self.coupons: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.clicks: dict[int, str] = {}
        for some in _chunks(orders):
            codes = {Coupon.normal(code) for order in some for code in order.evidence.coupons}
            coupons = Coupon.objects.filter(program=program, code__in=codes)
            self.coupons |= dict(coupons.values_list("code", "enrollment__affiliate__name"))
            refs = {order.evidence.ref.lower() for order in some if order.evidence.ref}
            self.codes |= dict(active.filter(code__in=refs).values_list("code", "affiliate__name"))
            links = {named.link_id for order in some if (named := read(order.evidence.tid))}
            of_links = Link.objects.filter(pk__in=links, enrollment__program=program)
            self.clicks |= dict(of_links.values_list("pk", "enrollment__affiliate__name"))

    def of(self, order: OrderIn) -> str:
        """Say whom an order names, or that nobody is known by what it names."""
        evidence = order.evidence
        for code in evidence.coupons:
            if found := self.coupons.get(Coupon.normal(code)):
                return _("%(name)s, by the coupon %(code)s") % {"name": found, "code": code}
        if (click := read(evidence.tid)) and (found := self.clicks.get(click.link_id)):
            return _("%(name)s, by a click") % {"name": found}
        if found := self.codes.get(evidence.ref.lower()):
            return _("%(name)s, by the code %(code)s") % {"name": found, "code": evidence.ref}
        said = ", ".join(
            dict.fromkeys(part for part in (*evidence.coupons, evidence.ref, evidence.tid) if part)
        )
        return _("nobody is known as %(said)s") % {"said": said} if said else _("nobody is named")


def _on_clock(program: Program, at: datetime) -> datetime:
    """A moment as the program's clock showed it."""
    return program.local(at).replace(tzinfo=None)


def numbers_in_words(numbers: list[int]) -> str:
    """Write row numbers shortly: 4, or 4–6, or 4, 7."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(map(str, numbers))


def _chunks(orders: list[OrderIn]) -> Iterator[list[OrderIn]]:
    return (orders[start : start + CHUNK] for start in range(0, len(orders), CHUNK))
