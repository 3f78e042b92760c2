"""Bonuses and true-ups in the books: one commission per cause, and only the difference to what is owed is posted."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.actions.facts import plan_of, taken_from
from commissions.actions.owed import (
    HELD_SALES,
    JOINING,
    Owed,
    bonus_owed,
    bonuses_owed,
    retroactive,
    span_named,
    true_ups_owed,
    volumes_within,
)
from commissions.actions.plans import plan_version_for
from commissions.actions.posting import Difference, accrue, correct, record
from commissions.actions.volumes import hold_counters, local, plans_of
from commissions.counters import CALENDAR, Span, Window, span
from commissions.models import Closing, Commission, Plan, PlanVersion, Volume
from commissions.states import CommissionKind, ReversalCause
from core import events
from core.models import Event

MOST_PERIODS = 120
ASKED_AGAIN = timedelta(hours=3)  # a closing is followed by the next rounds, too: asking is idempotent


def settle_bonuses(enrollment: Enrollment, around: datetime, *, at: datetime) -> None:
    """Pay, or take back, the bonuses of every period that an instant falls into."""
    program = enrollment.program
    plans = plans_of(program)
    periods = {bonus.window.period for plan in plans for bonus in plan.bonuses if bonus.window}
    hold_counters(program, [enrollment.pk], [Window("base", period) for period in periods])
    for period in sorted(periods):
        within = span(period, local(program, around))
        rows = Commission.objects.filter(enrollment=enrollment, kind=CommissionKind.BONUS)
        known = rows.filter(source__startswith="bonus:", source__endswith=f":{within.name}").order_by("pk")
        owed = bonuses_owed(enrollment, period, within)
        _settle(program, CommissionKind.BONUS, owed, known.values_list("pk", flat=True), at)


@transaction.atomic
def pay_joining(
    enrollment: Enrollment, *, activated_at: datetime | None = None, at: datetime | None = None
) -> None:
    """Pay the bonuses that the plan in force gives for joining, at the first activation and never again.

    `activated_at` is which activation is followed; without it, the first.
    """
    rows = Enrollment.objects.select_for_update(no_key=True, of=("self",)).select_related("program")
    enrollment = rows.get(pk=enrollment.pk)
    told = Event.objects.filter(kind="enrollment.activated", subject_id=str(enrollment.pk))
    first = told.filter(subject_type=Enrollment._meta.label_lower).order_by("at", "pk").first()
    paid = Commission.objects.filter(enrollment=enrollment, source__endswith=f":{JOINING}")
    if first is None or (activated_at is not None and activated_at > first.at) or paid.exists():
        return
    version = plan_version_for(enrollment, first.at)
    if version is None:
        return
    bonuses = plan_of(version, enrollment.program.currency).bonuses
    joined = [bonus_owed(enrollment, version, bonus, JOINING, 0) for bonus in bonuses if bonus.window is None]
    _settle(enrollment.program, CommissionKind.BONUS, joined, (), at or timezone.now())


@transaction.atomic
def close_periods(*, at: datetime | None = None) -> int:
    """Close every calendar period that is over where a retroactive bracket waits for it; return how many."""
    now = at or timezone.now()
    programs = Program.objects.filter(pk__in=Plan.objects.filter(is_counting=True).values("program"))
    return sum(_close_program(program, now) for program in programs.order_by("pk"))


def _close_program(program: Program, now: datetime) -> int:
    versions = PlanVersion.objects.filter(plan__program=program, plan__is_counting=True)
    closed = 0
    for period in CALENDAR:
        begins = [
            version.effective_at
            for version in versions
            if any(window.period == period for window in retroactive(plan_of(version, program.currency)))
        ]
        if begins:
            closed += _close_spans(program, period, min(begins), now)
    return closed


def _close_spans(program: Program, period: str, begins: datetime, now: datetime) -> int:
    """Go back from the last period that is over to the one in which the first such version began."""
    closed, within = 0, span(period, local(program, now))
    for _index in range(MOST_PERIODS):
        assert within.start is not None  # noqa: S101 - calendar periods begin some day
        within = span(period, within.start - timedelta(days=1))
        if within.end is None or within.end <= local(program, begins):
            break
        row, made = Closing.objects.get_or_create(
            program=program, period=within.name, defaults={"closed_at": now}
        )
        if (
            made or now - row.closed_at < ASKED_AGAIN
        ):  # an order on its way did not see the closing, nor it the order
            _ask_for_true_ups(program, within, now)
        if not made:
            break  # whatever is older was closed before it
        closed += 1
    return closed


def _ask_for_true_ups(program: Program, within: Span, at: datetime) -> None:
    rows = volumes_within(Volume.objects.filter(program=program), program, within)
    numbers = list(rows.order_by().values_list("enrollment", flat=True).distinct())
    tenant, scope = program.merchant_id, program.pk
    events.record_each(
        "period.closed", Enrollment, numbers, tenant=tenant, scope=scope, at=at, data={"period": within.name}
    )


@transaction.atomic
def settle_true_ups(enrollment: Enrollment, name: str, *, at: datetime | None = None) -> None:
    """Make the true-ups of a closed period ("2026-10") what its sales come to by the step that was reached at last."""
    program = enrollment.program
    _within, period = span_named(name)
    hold_counters(program, [enrollment.pk], [Window("base", period)])
    owed = true_ups_owed(enrollment, name)
    if owed is None:
        return  # a sale of the period is parked: what was trued up stands until it can be valued
    known = Commission.objects.filter(
        program=program,
        kind=CommissionKind.TRUE_UP,
        source__startswith="true_up:",
        source__endswith=f":{name}:{enrollment.pk}",
    ).order_by("pk")
    _settle(program, CommissionKind.TRUE_UP, owed, known.values_list("pk", flat=True), at or timezone.now())


def settle_true_ups_of_all(program: Program, name: str, *, at: datetime) -> None:
    """Ask for the true-ups of everybody in a closed period, as where a budget moves all of them."""
    within, _period = span_named(name)
    _ask_for_true_ups(program, within, at)


def _settle(
    program: Program, kind: CommissionKind, owed: list[Owed], known: Iterable[int], at: datetime
) -> None:
    """Let each cause's commission be worth what is owed; what is known and not owed any more is worth nothing."""
    locked = Commission.objects.select_for_update(of=("self",)).select_related("program", "enrollment")
    for one in owed:
        row = locked.filter(enrollment=one.enrollment_id, level=one.level, source=one.source).first()
        row = row or (_accrue(program, kind, one, at) if one.amount else None)
        if row is not None:
            _correct(row, one.amount, one.trace, at)
    wanted = {(one.enrollment_id, one.level, one.source) for one in owed}
    for number in known:
        row = locked.get(pk=number)  # it may have been approved or declined a moment ago
        if (row.enrollment_id, row.level, row.source) not in wanted:
            _correct(row, 0, row.trace, at)


def _accrue(program: Program, kind: CommissionKind, owed: Owed, at: datetime) -> Commission:
    plan = plan_of(owed.version, program.currency)
    row = Commission(
        program=program,
        enrollment_id=owed.enrollment_id,
        kind=kind,
        level=owed.level,
        amount=max(owed.amount, 0),
        currency=program.currency,
        plan_version=owed.version,
        trace=owed.trace,
        is_held=owed.is_doubtful,
        reason=HELD_SALES if owed.is_doubtful else owed.reason[:300],
        source=owed.source,
        occurred_at=at,
        matures_at=at + timedelta(days=plan.maturity_days),
        created_at=at,
    )
    accrue(row, at, {"kind": kind})
    if row.is_held:
        record("commission.held", row, at, {"reason": HELD_SALES, "was": owed.reason[:300]})
    return row


def _correct(row: Commission, due: int, trace: dict[str, object], at: datetime) -> None:
    excess = row.amount - taken_from([row]).get(row.pk, 0) - due
    if excess:
        correct(row, excess, due, Difference(ReversalCause.VOLUME, trace), at)
