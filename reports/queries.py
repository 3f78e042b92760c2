"""Read-only sums across apps for the overview: a fixed number of queries, whatever the number of rows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from affiliates.models import Program
from commissions.counters import CLICK
from commissions.models import Commission, Entry
from commissions.states import AccountKind, CommissionState, EntryKind
from core.money import Money
from tracking.models import Click, Conversion

WEEK = timedelta(days=7)
CHART_WEEKS = 12
CHARTS = 2
OWED = (AccountKind.PENDING, AccountKind.PAYABLE, AccountKind.IN_TRANSIT)
TAKEN = (EntryKind.REVERSAL, EntryKind.DECLINE)


@dataclass(frozen=True, slots=True)
class Purse:
    """One currency's figures of the last seven days, the seven before, and what is owed now."""

    currency: str
    orders: int
    sales: Money
    sales_before: Money
    earned: Money
    earned_before: Money
    reversed: Money
    owed: Money
    payable: Money


@dataclass(frozen=True, slots=True)
class Week:
    """The last seven days; figures of different currencies are never added."""

    clicks: int
    clicks_before: int
    purses: list[Purse]
    elsewhere: list[Money]  # sold in currencies that no program counts in


@dataclass(frozen=True, slots=True)
class Bar:
    """One week of a chart; heights are per cent of the tallest bar, x and width thousandths of the plot."""

    start: date
    earned: Money
    reversed: Money
    x: float
    width: float
    y: float
    height: float
    back_y: float
    back_height: float


@dataclass(frozen=True, slots=True)
class WeekChart:
    """Commission by week in one currency."""

    currency: str
    bars: list[Bar]
    marks: list[date]


def week(merchants: list[int], at: datetime) -> Week:
    """The week's figures of some merchants: clicks, and per currency sales, commission and what is owed."""
    now, before = clicks(merchants, at)
    sales, earned, owed = _sales(merchants, at), _earned(merchants, at), _balances(merchants)
    own = {*Program.objects.filter(merchant__in=merchants).values_list("currency", flat=True)}
    counted = own & {*sales, *earned, *owed} | {*earned, *owed}
    currencies = sorted(counted, key=lambda code: -sum(owed[code].values()))
    purses = [_purse(code, sales[code], earned[code], owed[code]) for code in currencies]
    elsewhere = [Money(sales[code]["now"], code) for code in sorted({*sales} - counted)]
    return Week(now, before, purses, [money for money in elsewhere if money.amount])


def clicks(merchants: list[int], at: datetime) -> tuple[int, int]:
    """Clicks of people (not bots) in the last seven days and in the seven before."""
    rows = Click.objects.filter(
        program__merchant__in=merchants, is_bot=False, at__gt=at - 2 * WEEK, at__lte=at
    )
    found = rows.aggregate(now=Count("pk", filter=Q(at__gt=at - WEEK)), all=Count("pk"))
    return found["now"], found["all"] - found["now"]


def _sales(merchants: list[int], at: datetime) -> dict[str, dict[str, int]]:
    since = at - 2 * WEEK
    rows = Conversion.objects.filter(
        program__merchant__in=merchants, occurred_at__gt=since, occurred_at__lte=at
    )
    is_new = Q(occurred_at__gt=at - WEEK)
    rows = rows.exclude(goal=CLICK)  # a day's clicks, paid as one
    sums = rows.values("order__currency").annotate(
        orders=Count("pk", filter=is_new), now=Sum("order__total", filter=is_new), all=Sum("order__total")
    )
    return _by_currency((row["order__currency"], row) for row in sums.order_by())


def _earned(merchants: list[int], at: datetime) -> dict[str, dict[str, int]]:
    rows = Entry.objects.filter(program__merchant__in=merchants, at__gt=at - 2 * WEEK, at__lte=at)
    is_new, accrued = Q(at__gt=at - WEEK), Q(kind=EntryKind.ACCRUAL)
    sums = rows.values("currency").annotate(
        now=Sum("amount", filter=is_new & accrued),
        all=Sum("amount", filter=accrued),
        taken=Sum("amount", filter=is_new & Q(kind__in=TAKEN)),
        given=Sum("amount", filter=is_new & Q(kind=EntryKind.CREDIT)),
    )
    return _by_currency((row["currency"], row) for row in sums.order_by())


def _balances(merchants: list[int]) -> dict[str, dict[str, int]]:
    """Currency -> kind of account -> balance, of what is owed to affiliates."""
    rows = Entry.objects.filter(program__merchant__in=merchants)
    sums = (
        rows.order_by().values_list("currency", "debit__kind", "credit__kind").annotate(moved=Sum("amount"))
    )
    balances: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for currency, debit, credit, moved in sums:
        for kind, amount in ((debit, -moved), (credit, moved)):
            if kind in OWED:
                balances[currency][kind] += amount
    return balances


def _by_currency(rows: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for currency, row in rows:
        found[currency].update(
            {name: value or 0 for name, value in row.items() if not isinstance(value, str)}
        )
    return found


def _purse(currency: str, sales: dict[str, int], earned: dict[str, int], owed: dict[str, int]) -> Purse:
    return Purse(
        currency=currency,
        orders=sales["orders"],
        sales=Money(sales["now"], currency),
        sales_before=Money(sales["all"] - sales["now"], currency),
        earned=Money(earned["now"], currency),
        earned_before=Money(earned["all"] - earned["now"], currency),
        reversed=Money(earned["taken"] - earned["given"], currency),
        owed=Money(sum(owed.values()), currency),
        payable=Money(owed[AccountKind.PAYABLE], currency),
    )


def commission_by_week(merchants: list[int], at: datetime, weeks: int = CHART_WEEKS) -> list[WeekChart]:
    """What was earned and taken back in each of the last weeks, for the two currencies with the most of it."""
    monday = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())
    starts = [(monday - WEEK * back).date() for back in reversed(range(weeks))]
    first = monday - WEEK * (weeks - 1) - timedelta(hours=1)  # a change of the clock may stand between
    rows = Entry.objects.filter(
        program__merchant__in=merchants, at__gte=first, kind__in=[EntryKind.ACCRUAL, *TAKEN]
    ).annotate(week=TruncWeek("at"))
    sums = rows.order_by().values_list("currency", "week", "kind").annotate(moved=Sum("amount"))
    table: dict[str, dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for currency, start, kind, moved in sums:
        table[currency][start.date()][0 if kind == EntryKind.ACCRUAL else 1] += moved
    most = sorted(table, key=lambda code: -sum(pair[0] for pair in table[code].values()))
    return [_chart(currency, starts, table[currency]) for currency in most[:CHARTS]]


def _chart(currency: str, starts: list[date], sums: dict[date, list[int]]) -> WeekChart:
    pairs = [(start, *sums.get(start, (0, 0))) for start in starts]
    tallest = max(max(earned, taken) for _start, earned, taken in pairs) or 1
    slot = 1000 / len(pairs)
    bars = [
        Bar(
            start=start,
            earned=Money(earned, currency),
            reversed=Money(taken, currency),
            x=round(index * slot + slot * 0.16, 2),
            width=round(slot * 0.68, 2),
            y=round(100 - earned * 100 / tallest, 2),
            height=round(earned * 100 / tallest, 2),
            back_y=round(100 - taken * 100 / tallest, 2),
            back_height=round(taken * 100 / tallest, 2),
        )
        for index, (start, earned, taken) in enumerate(pairs)
    ]
    return WeekChart(
        currency, bars, [starts[index] for index in (0, len(starts) // 3, 2 * len(starts) // 3, -1)]
    )


def held(merchants: list[int]) -> list[Money]:
    """What is on hold, per currency."""
    rows = Commission.objects.filter(program__merchant__in=merchants, is_held=True)
    sums = (
        rows.exclude(state=CommissionState.DECLINED)
        .order_by()
        .values_list("currency")
        .annotate(sum=Sum("amount"))
    )
    return [Money(total, currency) for currency, total in sums]
