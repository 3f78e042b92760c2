"""The affiliate's figures: balances by stage, the last thirty days, what each link brought."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncDate

from affiliates.models import Enrollment
from commissions import ledger
from commissions.models import Commission, CommissionQuerySet, Reversal
from commissions.states import AccountKind, CommissionKind, CommissionState
from core.money import Money
from core.scoping import ScopedQuerySet
from portal.charts import BarChart, bar_chart
from tracking.models import Click, Decision

DAYS = 30


@dataclass(frozen=True, slots=True)
class Balances:
    """What an affiliate has in a program, by the stage of its way."""

    pending: Money
    payable: Money
    in_transit: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pending commissions: how many, when the next clears (None: no day is known), and how many are on hold."""

    count: int
    next_at: datetime | None
    held: int


@dataclass(frozen=True, slots=True)
class Month:
    """The last thirty days."""

    earned: Money
    clicks: int
    sales: int
    chart: BarChart
    since: date
    today: date

    @property
    def per_click(self) -> Money:
        """What a click was worth, to the minor unit below."""
        return Money(self.earned.amount // self.clicks if self.clicks else 0, self.earned.currency)


@dataclass(slots=True)
class Brought:
    """What one link brought in all."""

    clicks: int = 0
    sales: int = 0
    earned: int = 0


def balances(enrollment: Enrollment) -> Balances:
    """The enrollment's accounts in its program's currency; two queries."""
    stand = ledger.balances(enrollment)
    stages = (AccountKind.PENDING, AccountKind.PAYABLE, AccountKind.IN_TRANSIT, AccountKind.PAID)
    return Balances(*(enrollment.program.money(stand[stage]) for stage in stages))


def waiting(enrollment: Enrollment, now: datetime) -> Waiting:
    """What is pending at an instant; one query. A day that is past is not when anything clears."""
    pending = Commission.objects.filter(enrollment=enrollment, state=CommissionState.PENDING)
    row = pending.aggregate(
        count=Count("pk"),
        next_at=Min("matures_at", filter=Q(is_held=False, matures_at__gt=now)),
        held=Count("pk", filter=Q(is_held=True)),
    )
    return Waiting(row["count"], row["next_at"], row["held"])


def last_month(enrollment: Enrollment, now: datetime) -> Month:
    """Earnings by day less what was taken back, clicks and sales; four queries."""
    program = enrollment.program
    today = program.local(now).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    since = program.span_of(days[0])[0]
    by_day = _net_by_day(enrollment, since)
    series = [(day, program.money(by_day[day])) for day in days]
    return Month(
        earned=program.money(sum(value.amount for _, value in series)),
        clicks=_people(enrollment).filter(at__gte=since).count(),
        sales=_counting(enrollment).filter(occurred_at__gte=since, kind=CommissionKind.EARNED).count(),
        chart=bar_chart(series, program.currency),
        since=days[0],
        today=today,
    )


def brought_by(enrollment: Enrollment, links: Iterable[int]) -> dict[int, Brought]:
    """Clicks, sales and net earnings of links; three queries whatever their number."""
    found: dict[int, Brought] = defaultdict(Brought)
    clicks = _people(enrollment).filter(link__in=list(links))
    for row in clicks.values("link_id").annotate(count=Count("pk")):
        found[row["link_id"]].clicks = row["count"]
    link = Click.objects.filter(pk=OuterRef("click_id")).values("link_id")[:1]
    won = Decision.objects.filter(enrollment=enrollment, is_current=True).annotate(link=Subquery(link))
    own = {"conversion__commissions__enrollment": enrollment, "conversion__commissions__level": 1}
    won = won.filter(link__in=list(links), **own).exclude(
        conversion__commissions__state=CommissionState.DECLINED
    )
    for row in won.values("link").annotate(sales=Count("pk"), earned=Sum("conversion__commissions__amount")):
        found[row["link"]].sales, found[row["link"]].earned = row["sales"], row["earned"]
    for row in won.values("link").annotate(taken=Sum("conversion__commissions__reversals__amount")):
        found[row["link"]].earned -= row["taken"] or 0
    return found


def _people(enrollment: Enrollment) -> ScopedQuerySet:
    """Clicks of people, without those that repeat one just before: which of them do is known once they are read."""
    people = Click.objects.filter(enrollment=enrollment, is_bot=False, is_read=True)
    found: ScopedQuerySet = people.filter(is_duplicate=False)
    return found


def _counting(enrollment: Enrollment) -> CommissionQuerySet:
    return Commission.objects.filter(enrollment=enrollment).exclude(state=CommissionState.DECLINED)


def _net_by_day(enrollment: Enrollment, since: datetime) -> dict[date, int]:
    zone = ZoneInfo(enrollment.program.time_zone)
    by_day: dict[date, int] = defaultdict(int)
    earned = _counting(enrollment).filter(occurred_at__gte=since)
    for row in (
        earned.annotate(day=TruncDate("occurred_at", tzinfo=zone)).values("day").annotate(sum=Sum("amount"))
    ):
        by_day[row["day"]] += row["sum"]
    taken = Reversal.objects.filter(commission__in=earned).annotate(
        day=TruncDate("commission__occurred_at", tzinfo=zone)
    )
    for row in taken.values("day").annotate(sum=Sum("amount")):
        by_day[row["day"]] -= row["sum"]
    return by_day
