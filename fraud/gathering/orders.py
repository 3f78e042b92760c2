"""Sales as they stand in the tables: order, buyer, who is credited, and the clicks; three queries for any number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from affiliates.models import Affiliate, BrowserOrders, Program
from tracking.clickid import read
from tracking.evidence.said import evidence_of
from tracking.hearsay import is_hearsay
from tracking.identity import digest_of
from tracking.models import Click, Conversion, Customer, Decision
from tracking.orders import OrderIn

# What is not read off clicks here, and takes most of their room.
UNREAD = ("user_agent", "sub_ids", "browser", "os", "device")


@dataclass(frozen=True, slots=True)
class Sold:
    """One conversion: what the store told, who is credited, the credited click, and the one that the order names.

    `decision` is None where nothing was decided yet. Clicks are None where there is none, or none any more.
    """

    conversion: Conversion
    value: OrderIn
    decision: Decision | None = None
    click: Click | None = None
    named: Click | None = None

    @property
    def enrollment(self) -> int:
        """Who is credited at level 1; 0 for nobody."""
        return (self.decision.enrollment_id or 0) if self.decision else 0

    @property
    def affiliate(self) -> Affiliate | None:
        """The person or firm that is credited."""
        enrollment = self.decision.enrollment if self.decision else None
        return enrollment.affiliate if enrollment else None

    @property
    def customer(self) -> Customer | None:
        """The buyer's row, None for one who is anonymous or whom a browser alone names."""
        customer: Customer | None = self.conversion.order.customer
        return customer

    @property
    def place(self) -> tuple[datetime, int]:
        """Where the sale stands among others: by its time, then by its arrival."""
        return self.conversion.occurred_at, self.conversion.pk

    @property
    def email(self) -> str:
        """The buyer's address as told, else as it is known; "" where only its digest is, or nothing."""
        told = self.value.customer.email
        if told or self.email_sha256 or self.customer is None:
            return told
        return str(self.customer.email)

    @property
    def email_sha256(self) -> str:
        """The digest of the address that a shop tells instead of it."""
        return digest_of("", str(self.value.metadata.get("email_sha256") or ""))

    @property
    def visit(self) -> Click | None:
        """The click in the browser that bought: the one that the order names, else the credited one."""
        return self.named or self.click

    @property
    def is_hearsay(self) -> bool:
        """Whether a browser alone has told of it, which anybody may forge."""
        return is_hearsay(self.value.metadata)


def read_sales(program_id: int, conversions: Iterable[Conversion]) -> list[Sold]:
    """Return the program's among these conversions, the oldest first; those of other programs are left out."""
    ids = [one.pk for one in conversions]
    rows = Conversion.objects.filter(program=program_id, pk__in=ids).select_related("order__customer")
    values = {row: row.order.as_value() for row in rows}
    decisions = {row.conversion_id: row for row in _decisions(program_id, ids)}
    named = {row.pk: clicked for row, value in values.items() if (clicked := _named(value))}
    credited = {row.click_id for row in decisions.values() if row.click_id}
    clicks = _clicks(program_id, credited | set(named.values()))
    sold = [
        Sold(
            row,
            value,
            decision := decisions.get(row.pk),
            clicks.get(decision.click_id) if decision and decision.click_id else None,
            clicks.get(named[row.pk]) if row.pk in named else None,
        )
        for row, value in values.items()
    ]
    return sorted(sold, key=lambda one: one.place)


def newest(rows: QuerySet[Any], of: Sequence[str], most: int) -> QuerySet[Any]:
    """Return at most so many rows of each combination of columns, the newest by `at`: what a crowd has is cut."""
    newer = [F("at").desc(), F("pk").desc()]
    place = Window(RowNumber(), partition_by=[F(name) for name in of], order_by=newer)
    cut: QuerySet[Any] = rows.annotate(place=place).filter(place__lte=most)
    return cut


def hears_browsers(program: Program) -> bool:
    """Say whether the program takes what a browser alone tells for true."""
    return bool(program.browser_orders == BrowserOrders.ACCEPT)


def _decisions(program_id: int, ids: list[int]) -> Iterable[Decision]:
    rows = Decision.objects.filter(program=program_id, conversion__in=ids, is_current=True)
    return rows.select_related("enrollment__affiliate", "coupon")


def _named(value: OrderIn) -> UUID | None:
    clicked = read(evidence_of(value).tid)
    return clicked.uuid if clicked else None


def _clicks(program_id: int, ids: set[UUID]) -> dict[UUID, Click]:
    rows = Click.objects.filter(program=program_id).defer(*UNREAD)
    found: dict[UUID, Click] = rows.in_bulk(ids)
    return found
