"""Pay per click: the clicks of a day become one conversion per affiliate, where the plan pays for clicks.

A day is paid by the plan in force at its last second on the program's clock: that is when its conversion occurs. Clicks
may come late, from an edge that could not reach the database; then the day's order is revised like any other.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Case, Count, Max, Q, TextField, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.actions.intake import take_orders
from commissions.actions.plans import plan_version_for
from commissions.counters import CLICK
from commissions.models import Assignment, PlanVersion
from core.models import Round
from tracking.models import Click, Order
from tracking.orders import Evidence, LineIn, OrderIn
from tracking.states import OrderState

log = logging.getLogger(__name__)

SOURCE = "clicks"
TASK = "commissions.tasks.take_clicks"
DAYS = 2  # yesterday and the day before are looked at again in each round
MOST_DAYS = 31  # for which a worker that was away makes up
CHUNK = 500  # enrollments whose clicks one question counts
BATCH = 20  # orders in one transaction, which holds up whoever else writes

Known = dict[str, tuple[str, str]]


def take_recent_clicks(*, at: datetime | None = None) -> int:
    """Take the clicks of the last days in every program, and of all since the last round; return how many orders moved.

    A day that fails holds up no other; its error is raised after the others.
    """
    now = at or timezone.now()
    since = Round.objects.filter(task=TASK, done_at__isnull=False).aggregate(Max("period"))["period__max"]
    taken, failed = 0, []
    for program in Program.objects.order_by("pk"):
        for day in _days(program, now, since or now):
            try:
                taken += take_clicks(program, day, at=now)
            except Exception as failure:
                log.exception("the clicks of program %s on %s could not be taken", program.pk, day)
                failed.append(failure)
    if failed:
        raise failed[0]
    return taken


def _days(program: Program, now: datetime, since: datetime) -> Iterator[date]:
    """Yield the days to look at, oldest first, up to yesterday on the program's clock."""
    yesterday = program.local(now).date() - timedelta(days=1)
    missed = (program.local(now).date() - program.local(since).date()).days
    for ago in reversed(range(min(DAYS + max(missed, 0), MOST_DAYS))):
        yield yesterday - timedelta(days=ago)


def take_clicks(program: Program, day: date, *, at: datetime | None = None) -> int:
    """Turn a day's clicks into one conversion per enrollment; return how many orders are new or changed.

    A click counts if it is no bot's and its visitor's first on that day with that enrollment (without a visitor's id:
    the first of its network and browser). Only active enrollments whose plan pays for clicks are taken, and only once
    the day is over.
    """
    begins, ends = program.span_of(day)
    now = at or timezone.now()
    if now < ends or not _is_paid_for_clicks(program, ends):
        return 0
    taken = 0
    for enrollments in _chunks(program):
        counts = _counts(program, enrollments, begins, ends)
        orders = list(_changed(program, enrollments, counts, (day, ends, now)))
        for start in range(0, len(orders), BATCH):
            found = take_orders(program, orders[start : start + BATCH], at=now)
            taken += sum(one.status in {"created", "revised"} for one in found)
    return taken


def _is_paid_for_clicks(program: Program, ends: datetime) -> bool:
    """Say whether any plan in force at the end of the day pays for clicks; most programs are done here."""
    at = _instant(ends)
    in_force = Assignment.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at), program=program, starts_at__lte=at
    )
    versions = PlanVersion.objects.filter(plan__in=in_force.values("plan"), effective_at__lte=at)
    newest = {version.plan_id: version for version in versions.order_by("effective_at", "number")}
    return any(map(_pays_for_clicks, newest.values()))


def _instant(ends: datetime) -> datetime:
    """Return when the conversion of a day occurs."""
    return ends - timedelta(seconds=1)


def _pays_for_clicks(version: PlanVersion | None) -> bool:
    rules = version.body["rules"] if version else []
    return any(rule.get("when", {}).get("goal") == CLICK for rule in rules)


def _chunks(program: Program) -> Iterator[list[Enrollment]]:
    """Yield the active enrollments, some at a time."""
    last = 0
    active = Enrollment.objects.active().filter(program=program).order_by("pk")
    while found := list(active.filter(pk__gt=last)[:CHUNK]):
        yield found
        last = found[-1].pk


def _counts(
    program: Program, enrollments: list[Enrollment], begins: datetime, ends: datetime
) -> dict[int, int]:
    """Return enrollment -> clicks that count; the database counts, so that a day may have any number of them."""
    known = When(visitor__isnull=False, then=Cast("visitor", TextField()))
    person = Case(known, default=Concat("ip", Value("|"), "user_agent"), output_field=TextField())
    clicks = Click.objects.filter(
        program=program, enrollment__in=enrollments, at__gte=begins, at__lt=ends, is_bot=False
    )
    return dict(clicks.order_by().values_list("enrollment_id").annotate(count=Count(person, distinct=True)))


def _changed(
    program: Program,
    enrollments: list[Enrollment],
    counts: dict[int, int],
    when: tuple[date, datetime, datetime],
) -> Iterator[OrderIn]:
    """Yield the orders that are not known as they are: new ones, and those whose number of clicks is another now."""
    day, ends, now = when
    numbers = {enrollment.pk: f"{enrollment.pk}:{day.isoformat()}" for enrollment in enrollments}
    rows = Order.objects.filter(program=program, source=SOURCE, external_id__in=numbers.values())
    known = dict(rows.values_list("external_id", "content_hash"))
    for enrollment in enrollments:
        number, count = numbers[enrollment.pk], counts.get(enrollment.pk, 0)
        if not count and number not in known:
            continue
        order = _order(program, enrollment, number, count, ends, now)
        if number in known:
            if known[number] != order.content_hash():
                yield order
        elif _pays_for_clicks(plan_version_for(enrollment, order.occurred_at)):
            yield order


def _order(
    program: Program, enrollment: Enrollment, number: str, count: int, ends: datetime, now: datetime
) -> OrderIn:
    """Return a day as an order of no price: nobody bought, so nobody is bound; a day that lost its clicks is void."""
    line = LineIn("clicks", 0, quantity=count, name="Clicks")
    return OrderIn(
        source=SOURCE,
        external_id=number,
        occurred_at=_instant(ends),
        captured_at=_instant(ends),
        revision_at=now,
        currency=program.currency,
        total=0,
        goal=CLICK,
        state=OrderState.SALE if count else OrderState.VOID,
        lines=(line,) if count else (),
        evidence=Evidence(ref=enrollment.code),
    )
