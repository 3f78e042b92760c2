"""The clicks and orders that findings rest on, as a reviewer looks at them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from commissions.models import Commission
from core.money import Money
from fraud.models import Signal
from tracking.models import Click, Conversion, Decision

MOST = 50  # rows of a kind on a page
MOST_ASKED = 1000  # ids of a kind that are looked up for them: a case may have thousands of findings


@dataclass(frozen=True, slots=True)
class ClickRow:
    """A click, and how many seconds later the order came that was credited for it (None: none was)."""

    click: Click
    referrer: str
    until_order: float | None
    number: str  # of that order


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A conversion, who was credited, what was refunded and what it earned the affiliate of the case."""

    conversion: Conversion
    total: Money
    credited: str
    is_own: bool
    refunded: Money | None
    commission: Commission | None


def ids_of(signals: Sequence[Signal], kind: str) -> list[Any]:
    """Return the ids of a kind of row behind signals ("clicks", "conversions", "enrollments"), each once, in order.

    Of conversions those come first that signals are on. At most MOST_ASKED.
    """
    on = (signal.conversion_id for signal in signals if signal.conversion_id and kind == "conversions")
    behind = (number for signal in signals for number in signal.rows.get(kind, ()))
    return list(islice(dict.fromkeys(chain(on, behind)), MOST_ASKED))


def click_rows(program: int, ids: Iterable[Any]) -> list[ClickRow]:
    """Return the clicks of a program by their ids, the newest first, at most MOST."""
    wanted = [number for number in map(_uuid, ids) if number is not None]
    clicks = list(Click.objects.filter(program=program, pk__in=wanted).order_by("-at", "-pk")[:MOST])
    decisions = Decision.objects.filter(
        program=program, is_current=True, click_id__in=[click.pk for click in clicks]
    )
    orders = {row.click_id: row.conversion for row in decisions.select_related("conversion")}
    return [_click_row(click, orders.get(click.pk)) for click in clicks]


def _click_row(click: Click, conversion: Conversion | None) -> ClickRow:
    after = (conversion.occurred_at - click.at).total_seconds() if conversion else None
    try:
        host = urlsplit(click.referrer).hostname or ""
    except ValueError:  # it was kept as the browser sent it
        host = ""
    return ClickRow(click, host.removeprefix("www."), after, conversion.external_id if conversion else "")


def order_rows(program: int, ids: Iterable[Any], enrollment: int) -> list[OrderRow]:
    """Return the conversions of a program by their ids, the newest first, at most MOST."""
    wanted = [number for number in ids if isinstance(number, int)]
    rows = Conversion.objects.filter(program=program, pk__in=wanted).select_related("order", "program")
    rows = rows.prefetch_related(
        "decisions__enrollment__affiliate", "order__refunds", "commissions__reversals"
    )
    return [_order_row(row, enrollment) for row in rows.order_by("-occurred_at", "-pk")[:MOST]]


def _order_row(conversion: Conversion, enrollment: int) -> OrderRow:
    order, decision = conversion.order, conversion.decision
    credited = decision.enrollment if decision else None
    gross = [refund.gross for refund in order.refunds.all() if not refund.is_withdrawn]
    own = [row for row in conversion.commissions.all() if row.enrollment_id == enrollment]
    return OrderRow(
        conversion=conversion,
        total=Money(order.total, order.currency),
        credited=credited.affiliate.name if credited else "",
        is_own=bool(credited and credited.pk == enrollment),
        refunded=Money(sum(amount or 0 for amount in gross), order.currency) if gross else None,
        commission=min(own, key=lambda row: row.level, default=None),
    )


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
