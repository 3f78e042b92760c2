"""Looks at what was earned before it can be approved, and again when something new is known of it."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Commission
from commissions.states import CommissionState, IllegalMove, Screening
from fraud.actions import days, holds, marks, policies, signals
from fraud.actions.concerned import conversions_of, earned_by
from fraud.checks import Check
from fraud.findings import (
    OF_ACCOUNTS,
    OF_CIRCLES,
    OF_COUPONS,
    OF_ODDITIES,
    OF_PARTNERS,
    OF_RINGS,
    OF_SALES,
    OF_TRAFFIC,
    Asked,
    Rules,
    ask,
    found,
)
from fraud.gathering import accounts, circles, oddities, sales, windows
from fraud.models import Case, Exemption, Hold, Policy, Signal
from fraud.states import Action
from tracking.models import Conversion, Decision

log = logging.getLogger(__name__)

BATCH = 200  # sales that are looked at together
SOON = timedelta(seconds=30)  # whoever waits longer was forgotten by its own job
TRIES = 3  # before a job says that it cannot, and is tried again later

Row = TypeVar("Row")
Night = tuple[tuple[tuple[Check[Any], ...], Sequence[Any]], ...]


class Stale(Exception):
    """Others have looked at these sales since their facts began to be read."""


# --- one sale, or many -----------------------------------------------------------------------------------------
def screen_sale(number: int) -> int:
    """Screen a conversion that somebody earns by, and with it others of the program that wait; return how many sales.

    Of one that is nobody's only the buyer's marks are kept, so that later sales find it.
    """
    waiting = Commission.objects.filter(conversion=number, screening=Screening.WAITING)
    first = waiting.select_related("program").order_by("pk").first()
    if first is None:
        _keep_marks(Conversion.objects.select_related("program").get(pk=number))
        return 0
    others = _waiting().filter(program=first.program, pk__gte=first.pk)
    return _screen(first, [first, *others.order_by("pk")[: BATCH - 1]])


def screen_waiting(*, at: datetime | None = None) -> int:
    """Screen all that has waited for longer than a moment; return how many sales."""
    before = (at or timezone.now()) - SOON
    done = 0
    waiting = _waiting().filter(created_at__lt=before)
    for program in Program.objects.filter(pk__in=waiting.values("program")):
        rows = waiting.filter(program=program).order_by("pk")
        for part in parts(rows):
            done += _screen_each(program, part)
    return done


def _screen_each(program: Program, part: Sequence[Commission]) -> int:
    """All together; where one of them cannot be screened, each alone. Its own job says what is wrong with it."""
    with suppress(Exception):
        return screen_conversions(program, conversions_of(part), at=timezone.now())
    done = 0
    for number in conversions_of(part):
        try:
            done += screen_conversions(program, [number], at=timezone.now())
        except Exception:
            log.exception("conversion %s cannot be screened", number)
    return done


def _waiting() -> QuerySet[Commission]:
    """Those that nobody has looked at: who is held by a case already waits for a person."""
    held = Hold.objects.filter(lifted_at=None)
    return Commission.objects.filter(screening=Screening.WAITING).exclude(pk__in=held.values("commission"))


def _screen(first: Commission, rows: Sequence[Commission]) -> int:
    """All together; where one of them cannot be screened, `first` alone: it is its own job that fails then."""
    numbers = conversions_of(rows)
    if len(numbers) > 1:
        with suppress(Exception):  # Stale, too: others are looking at the rest
            return _look(first.program, numbers, timezone.now())
    return screen_conversions(first.program, conversions_of([first]), at=timezone.now())


def screen_conversions(program: Program, numbers: Iterable[int], *, at: datetime) -> int:
    """Ask of sales what can be asked of each alone, and hold what is doubtful; return how many there were.

    What is read is read before anything is locked. The brake is on before a commission counts as screened, in one
    transaction, so that nothing is approved in between. Where another look at one of them came between reading and
    writing, all are read again: the other one may have known more. Raises Stale if that happens TRIES times.
    """
    chosen = list(numbers)
    for _turn in range(TRIES - 1):
        with suppress(Stale):
            return _look(program, chosen, at)
    return _look(program, chosen, at)


def _look(program: Program, numbers: Sequence[int], at: datetime) -> int:
    policy = policies.policy_of(program)
    chosen = Conversion.objects.filter(program=program, pk__in=numbers).order_by("occurred_at", "pk")
    conversions = list(chosen.select_related("order", "customer"))
    ids = [one.pk for one in conversions]
    looks = dict(Commission.objects.filter(conversion__in=ids).values_list("pk", "looks"))
    facts = sales.sale_facts(program, conversions, policy, at=at)
    spoken = found(ask(OF_SALES, facts, policy.rule, exempt(program, at)))
    with transaction.atomic():
        marks.keep_sale_marks(program, facts)
        signals.keep(program, spoken, policy=policy.number, at=at, conversions=ids)
        _join(program, ids, at)
        if not commissions.count_look(looks):  # first, for it locks them in the order in which all do
            raise Stale
        commissions.mark_screened(holds.passed(Commission.objects.filter(pk__in=looks)), at=at)
    return len(conversions)


def _keep_marks(conversion: Conversion) -> None:
    if conversion.program.is_screened and not conversion.commissions.exists():
        marks.keep_marks(conversion.program, [conversion])


def parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows in lists of BATCH."""
    rest = iter(rows)
    while part := list(islice(rest, BATCH)):
        yield part


def exempt(program: Program, at: datetime) -> dict[int, frozenset[str]]:
    """Return enrollment -> names of the checks that it is exempt from now, "" for all."""
    rows = Exemption.objects.in_force(at).filter(program=program).values_list("enrollment", "check_name")
    names: dict[int, set[str]] = {}
    for enrollment, name in rows:
        names.setdefault(enrollment, set()).add(name)
    return {enrollment: frozenset(every) for enrollment, every in names.items()}


def _join(program: Program, conversions: Sequence[int], at: datetime) -> None:
    """Hold new earnings of those about whom, or about whose code, somebody has yet to decide."""
    about = Signal.objects.standing().filter(
        program=program, conversion=None, case__in=Case.objects.undecided()
    )
    about = about.exclude(action=Action.NOTE).select_related("case").order_by("case", "pk")
    waiting = Commission.objects.filter(conversion__in=conversions).exclude(state=CommissionState.DECLINED)
    decided = Decision.objects.filter(conversion__in=conversions, is_current=True).exclude(enrollment=None)
    who = {*waiting.values_list("enrollment", flat=True), *decided.values_list("enrollment", flat=True)}
    for signal in about.filter(enrollment__in=who):
        rows = earned_by(waiting, signal.enrollment_id, signal.coupon_id)
        assert signal.case is not None  # noqa: S101 - asked for above
        with suppress(IllegalMove):  # decided a moment ago
            signals.grow(signal.case, list(rows.order_by("pk")), at=at)


# --- everything that an affiliate does -------------------------------------------------------------------------
def screen_partners(*, at: datetime) -> int:
    """Ask of all affiliates of all programs what their clicks and orders look like; return how many spoke.

    Where it goes wrong for a program the others are asked all the same, and it is raised in the end.
    """
    spoke, failures = 0, []
    for program in Program.objects.filter(is_screened=True).order_by("pk"):
        try:
            spoke += screen_program(program, at=at)
        except Exception as failure:
            log.exception("program %s cannot be screened", program.pk)
            failures.append(failure)
    if failures:
        raise failures[0]
    return spoke


def screen_program(program: Program, *, at: datetime) -> int:
    """Ask of a program's affiliates what can be asked of many together; return how many findings there are.

    Days are counted first, up to yesterday on the program's clock; no click and no order is read again.
    """
    days.look(program, at=at)
    days.count_days(program, at=at)
    policy = policies.policy_of(program)
    spoken = found_in(night_of(program, policy, at=at), policy.rule, exempt(program, at))
    for enrollment in sorted({one.enrollment for one in spoken}):
        own = [one for one in spoken if one.enrollment == enrollment]
        signals.keep(program, own, policy=policy.number, at=at)
    return len(spoken)


def night_of(program: Program, policy: Policy, *, at: datetime) -> Night:
    """Return what is known of all affiliates of a program, each kind of facts with the checks that are asked of it."""
    until = program.local(at).date() - timedelta(days=1)
    window = windows.window(program, policy, until)
    in_circles, in_rings = circles.circles(program, until)
    return (
        (OF_ACCOUNTS, accounts.account_facts(program, at=at)),
        (OF_TRAFFIC, window.traffic),
        (OF_COUPONS, window.coupons),
        (OF_PARTNERS, window.partners),
        (OF_ODDITIES, oddities.oddities(window.partners, window.traffic)),
        (OF_CIRCLES, in_circles),
        (OF_RINGS, in_rings),
    )


def found_in(night: Night, rules: Rules, free: Mapping[int, frozenset[str]]) -> list[Asked]:
    """Return what the checks of a night find under these rules: a `p` is held against all that were asked."""
    return found(one for checks, facts in night for one in ask(checks, facts, rules, free))


def screen_account(enrollment: Enrollment, *, at: datetime) -> int:
    """Ask who an affiliate is, when it joins or changes what is known of it; return how many findings there are."""
    program = enrollment.program
    if not program.is_screened:
        return 0
    policy = policies.policy_of(program)
    facts = accounts.account_facts(program, [enrollment.pk], at=at)
    spoken = found(ask(OF_ACCOUNTS, facts, policy.rule, exempt(program, at)))
    signals.keep(program, spoken, policy=policy.number, at=at)
    return len(spoken)
