"""Where an affiliate's clicks came from, with what, to which pages, and what they led to; six queries."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, Left, NullIf, StrIndex, TruncDate

from affiliates.models import Enrollment
from commissions.models import Commission
from commissions.states import CommissionKind, CommissionState
from tracking.models import Click, Decision

MOST_ROWS = 8  # of a table; the rest is one more row
MOST_PAGES = 200
MOST_SUB_IDS = 2000
MOST_SALES = 5000
KINDS = ("source", "device", "browser", "country")
PAGE = "page"
SUB_IDS = "sub_ids"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table; `name` is "" for what is not known, None for all that did not fit."""

    name: str | None
    clicks: int
    sales: int
    place: int = 0  # of a sub id: 1 for s1


@dataclass(frozen=True, slots=True)
class Day:
    """The clicks of one day on the program's clock; repeats stand beside, not in, the clicks."""

    day: date
    clicks: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The clicks of people in some days, without repeats; `tables` by what they are told apart by."""

    days: list[Day]
    clicks: int
    repeats: int
    sales: int
    tables: dict[str, list[Line]]


def traffic(enrollment: Enrollment, now: datetime, days: int) -> Traffic:
    """The last so many days, today included, on the program's clock. Machines are left out.

    A sale counts where its click was among these and the affiliate earned by it.
    """
    today = enrollment.program.local(now).date()
    span = [today - timedelta(days=ago) for ago in range(days - 1, -1, -1)]
    since = enrollment.program.span_of(span[0])[0]
    people = Click.objects.filter(
        enrollment=enrollment, at__gte=since, at__lte=now, is_bot=False, is_read=True
    )
    by_day = _days(people, span, ZoneInfo(enrollment.program.time_zone))
    first = people.filter(is_duplicate=False)
    sold = _sold(people, _clicks_that_sold(enrollment, since))
    tables = {
        **_kinds(first, sold),
        PAGE: _lines(_pages(first), sold[PAGE], sum(day.clicks for day in by_day)),
        SUB_IDS: _marks(first, sold[SUB_IDS]),
    }
    clicks, repeats = (
        sum(counts) for counts in zip(*((day.clicks, day.repeats) for day in by_day), strict=True)
    )
    return Traffic(by_day, clicks, repeats, sold["all"][""], tables)


def _days(people: QuerySet[Any], span: list[date], zone: ZoneInfo) -> list[Day]:
    rows = people.annotate(day=TruncDate("at", tzinfo=zone)).order_by().values_list("day", "is_duplicate")
    counts = {(day, again): count for day, again, count in rows.annotate(count=Count("pk"))}
    return [Day(day, counts.get((day, False), 0), counts.get((day, True), 0)) for day in span]


def _kinds(first: QuerySet[Any], sold: Mapping[str, Counter[str]]) -> dict[str, list[Line]]:
    """Four tables by one question: what differs in them is few."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for *names, count in first.order_by().values_list(*KINDS).annotate(count=Count("pk")):
        for kind, name in zip(KINDS, names, strict=True):
            counts[kind][name] += count
    return {kind: _lines(counts[kind], sold[kind], counts[kind].total()) for kind in KINDS}


def _page() -> Any:
    """The page without its query, in SQL: every visitor's query is another."""
    address = Coalesce(NullIf("landing", Value("")), "destination")
    bare = Left(address, StrIndex(Concat(address, Value("?")), Value("?")) - 1)
    return Left(bare, StrIndex(Concat(bare, Value("#")), Value("#")) - 1)


def _pages(first: QuerySet[Any]) -> Counter[str]:
    rows = first.annotate(shown=_page()).order_by().values("shown").annotate(count=Count("pk"))
    return Counter(dict(rows.order_by("-count", "shown").values_list("shown", "count")[:MOST_PAGES]))


def _marks(first: QuerySet[Any], sold: Counter[tuple[int, str]]) -> list[Line]:
    """Each sub id by its place; marks that differ with every click show as the rest."""
    rows = first.exclude(sub_ids=[]).order_by().values("sub_ids").annotate(count=Count("pk"))
    counts: Counter[tuple[int, str]] = Counter()
    for marks, count in rows.order_by("-count", "sub_ids").values_list("sub_ids", "count")[:MOST_SUB_IDS]:
        counts.update(dict.fromkeys(_places(marks), count))
    shown = sorted(counts, key=lambda mark: (-counts[mark], mark))[:MOST_ROWS]
    return [Line(mark, counts[place, mark], sold[place, mark], place) for place, mark in shown]


def _places(marks: Sequence[str]) -> list[tuple[int, str]]:
    return [(place, mark) for place, mark in enumerate(marks, 1) if mark]


def _lines(counts: Counter[str], sold: Counter[str], total: int) -> list[Line]:
    """The largest first; what does not fit is one last row."""
    order = sorted(counts, key=lambda name: (-counts[name], name))
    shown = [Line(name, counts[name], sold[name]) for name in order[:MOST_ROWS]]
    rest = total - sum(line.clicks for line in shown)
    more = Line(None, rest, sold.total() - sum(line.sales for line in shown))
    return [*shown, more] if rest > 0 else shown


def _clicks_that_sold(enrollment: Enrollment, since: datetime) -> list[UUID]:
    """The affiliate's last click before each sale that it earned by, whether alone or with others."""
    earned = Commission.objects.filter(enrollment=enrollment, level=1, kind=CommissionKind.EARNED)
    earned = earned.filter(occurred_at__gte=since).exclude(state=CommissionState.DECLINED)
    current = Decision.objects.filter(conversion__in=earned.values("conversion"), is_current=True)
    rows = current.order_by("-pk").values_list("enrollment_id", "click_id", "trace__touches")[:MOST_SALES]
    found = (_own_click(enrollment.pk, *row) for row in rows)
    return [click for click in found if click is not None]


def _own_click(
    mine: int, winner: int | None, click: UUID | None, touches: Iterable[Mapping[str, Any]] | None
) -> UUID | None:
    """Where several were credited, each one's click stands in the trace only."""
    if winner == mine and click is not None:
        return click
    own = [
        touch
        for touch in touches or ()
        if touch["enrollment"] == mine and touch["won"] and touch.get("click")
    ]
    return UUID(own[-1]["click"]) if own else None


def _sold(people: QuerySet[Any], clicks: list[UUID]) -> dict[str, Counter[Any]]:
    """Sales by everything the tables tell clicks apart by."""
    sold: dict[str, Counter[Any]] = {kind: Counter() for kind in (*KINDS, PAGE, SUB_IDS, "all")}
    rows = people.filter(pk__in=set(clicks)).annotate(shown=_page())
    times = Counter(clicks)
    for pk, marks, page, *names in rows.values_list("pk", F("sub_ids"), "shown", *KINDS):
        sold["all"][""] += times[pk]
        sold[PAGE][page] += times[pk]
        for kind, name in zip(KINDS, names, strict=True):
            sold[kind][name] += times[pk]
        sold[SUB_IDS].update(dict.fromkeys(_places(marks), times[pk]))
    return sold
