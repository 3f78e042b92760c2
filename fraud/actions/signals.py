"""Keeps what was found: signals, the case that they belong to, and the brake on the money concerned."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from affiliates.models import Enrollment, Program
from commissions.models import Commission
from commissions.states import CommissionState
from fraud.actions import cases, holds, scoring
from fraud.actions.concerned import concerned_by
from fraud.actions.rules import decline_by_rule
from fraud.findings import Asked, Place, is_graver
from fraud.models import Case, Hold, Signal
from fraud.states import Action, SignalState, Verdict

Key = tuple[int, str, bool]
DISPUTES = frozenset({"dispute_opened", "dispute_lost"})
MONTH = timedelta(days=30)  # what is not seen again for so long says nothing any more


@transaction.atomic
def keep(
    program: Program,
    found: Sequence[Asked],
    *,
    policy: int,
    at: datetime,
    conversions: Collection[int] | None = None,
) -> list[Case]:
    """Write findings down and hold what they concern; return the cases that they belong to now.

    `conversions` are those that were asked about: what stood on them and was not found again is withdrawn. Without,
    the findings are about enrollments and codes, which expire instead. A finding that a person has cleared is not
    brought up again until it has become graver; one that was decided otherwise, only where there is money to hold.
    """
    found = sorted(found, key=lambda one: (one.enrollment, one.rule.check.cause, one.rule.check.name))
    found = [_for_a_person(one) for one in found]
    _wait_for_verdicts({one.enrollment for one in found} | _enrollments_on(program, conversions or ()))
    found = [_or_noted(one) for one in found]
    known = _known(program, found)
    open_ones = _cases(found, known, at)
    declined = _declined(found, known, at)
    known = _known(program, found)  # who waited for a case sees what the one before has written
    fresh = [_written(program, one, known, open_ones | declined, policy, at) for one in found]
    Signal.objects.bulk_create([row for row in fresh if row is not None], ignore_conflicts=True)
    gone = _withdraw(program, found, conversions) if conversions is not None else set()
    _hold(found, open_ones, at)
    scoring.score_open({one.enrollment for one in found} | gone)
    return list(Case.objects.filter(pk__in={case.pk for case in open_ones.values()}).order_by("pk"))


def _for_a_person(one: Asked) -> Asked:
    """What a rule would decline and is approved already: only a person can take it back, so it is held."""
    if one.rule.action != Action.DECLINE:
        return one
    if all(row.state != CommissionState.APPROVED for row in concerned_by(one)):
        return one
    return replace(one, rule=replace(one.rule, action=Action.HOLD))


def _or_noted(one: Asked) -> Asked:
    """A dispute of a payment that went back, so that nobody earns by the sale any more, is evidence and holds nothing.

    What is looked at already stays so.
    """
    if one.rule.action != Action.HOLD or one.rule.check.name not in DISPUTES:
        return one
    cause = one.rule.check.cause
    if Case.objects.undecided().filter(enrollment=one.enrollment, cause=cause).exists():
        return one
    concerned = Commission.objects.filter(pk__in=[row.pk for row in concerned_by(one)]).with_net()
    if any(row.net.amount > 0 for row in concerned):
        return one
    return replace(one, rule=replace(one.rule, action=Action.NOTE))


def _enrollments_on(program: Program, conversions: Collection[int]) -> set[int]:
    """Whom something stands against on these sales."""
    rows = Signal.objects.standing().filter(program=program, conversion__in=conversions)
    return set(rows.values_list("enrollment", flat=True))


def _wait_for_verdicts(enrollments: Collection[int]) -> None:
    """Wait for who decides on these affiliates now, so that what was cleared a moment ago is known to be."""
    undecided = Case.objects.undecided().filter(enrollment__in=enrollments)
    rows = undecided.select_for_update(no_key=True).order_by("enrollment", "cause")
    list(rows.only("pk"))


def _known(program: Program, found: Sequence[Asked]) -> dict[Place, Signal]:
    """The standing signals on what was found."""
    rows = Signal.objects.standing().filter(program=program, enrollment__in={one.enrollment for one in found})
    on = {one.conversion for one in found if one.conversion is not None}
    of_sales = rows.filter(conversion__in=on) if on else rows.none()
    of_others = rows.filter(conversion=None) if any(one.conversion is None for one in found) else rows.none()
    return {
        (row.check_name, row.enrollment_id, row.conversion_id, row.coupon_id): row
        for part in (of_sales, of_others)
        for row in part.select_related("case")
    }


def _cases(found: Iterable[Asked], known: Mapping[Place, Signal], at: datetime) -> dict[Key, Case]:
    """The undecided case of each enrollment and cause for which something is held; opened where there is none."""
    open_ones: dict[Key, Case] = {}
    for one in found:
        key = _key(one)
        if one.rule.action != Action.HOLD or key in open_ones or _is_settled(one, known.get(one.place)):
            continue
        enrollment = Enrollment.objects.select_related("program", "affiliate").get(pk=one.enrollment)
        open_ones[key] = cases.case_for(enrollment, one.rule.check.cause, at=at)
    return open_ones


def _declined(found: Iterable[Asked], known: Mapping[Place, Signal], at: datetime) -> dict[Key, Case]:
    """The decided case of what a rule declines by itself, once: what a person has undone is a person's."""
    by_case: dict[Key, list[Asked]] = defaultdict(list)
    for one in found:
        row = known.get(one.place)
        if one.rule.action == Action.DECLINE and (row is None or row.case is None):
            by_case[_key(one)].append(one)
    cases_of = {key: decline_by_rule(some, at=at) for key, some in sorted(by_case.items())}
    return {key: case for key, case in cases_of.items() if case is not None}


def _key(one: Asked) -> Key:
    """Findings of one case: those of one enrollment and cause, and what is declined apart from what is held."""
    return (one.enrollment, str(one.rule.check.cause), one.rule.action == Action.DECLINE)


def _is_settled(one: Asked, row: Signal | None) -> bool:
    """Whether a person has decided on it, and nothing has changed since that a person should look at."""
    if row is None or row.case is None or not row.case.is_decided:
        return False
    if is_graver(one.rule.check, one.measure.value, row.value):
        return False
    return row.case.verdict == Verdict.CLEAR or not _free(one)


def _free(one: Asked) -> bool:
    """Whether anything concerned is not held, and nobody has decided on it for the same cause."""
    rows = concerned_by(one)
    decided = Q(case__enrollment=one.enrollment, case__cause=one.rule.check.cause)
    known = Hold.objects.filter(Q(lifted_at=None) | decided, commission__in=rows)
    return known.values("commission").distinct().count() < len(rows)


def _written(
    program: Program,
    one: Asked,
    known: Mapping[Place, Signal],
    open_ones: Mapping[Key, Case],
    policy: int,
    at: datetime,
) -> Signal | None:
    """Bring what is known up to date; return a new signal where there is none, or where it is brought up again."""
    row = known.get(one.place)
    case = open_ones.get(_key(one)) if one.rule.action != Action.NOTE else None
    if row is not None and _is_settled(one, row):
        row.seen_at = at
        row.save(update_fields=["seen_at"])
        return None
    said = {**_said(one), "policy": policy, "seen_at": at}
    if row is not None and (row.case is None or not row.case.is_decided):
        for name, value in said.items():
            setattr(row, name, value)
        row.case = case or row.case
        row.save(update_fields=[*said, "case"])
        return None
    if row is not None:  # the old one stays with the case that was decided on it
        row.state = SignalState.EXPIRED
        row.save(update_fields=["state"])
    return Signal(
        program=program,
        enrollment_id=one.enrollment,
        conversion_id=one.conversion,
        coupon_id=one.coupon,
        case=case,
        check_name=one.rule.check.name,
        cause=one.rule.check.cause,
        found_at=at,
        **said,
    )


def _said(one: Asked) -> dict[str, Any]:
    measure = one.measure
    return {
        "value": measure.value,
        "sample": measure.sample,
        "p": measure.p,
        "figures": dict(measure.figures),
        "rows": {kind: [_plain(number) for number in ids] for kind, ids in measure.rows.items()},
        "limits": asdict(one.rule.limits),
        "weight": one.rule.weight,
        "action": one.rule.action,
    }


def _plain(number: Any) -> Any:
    return number if isinstance(number, int) else str(number)


def _withdraw(program: Program, found: Iterable[Asked], conversions: Collection[int]) -> set[int]:
    """Let go of what stood on these sales and is not so any more; return against whom it stood."""
    standing = {one.place for one in found}
    rows = Signal.objects.standing().filter(program=program, conversion__in=conversions)
    gone = [
        row for row in rows if (row.check_name, row.enrollment_id, row.conversion_id, None) not in standing
    ]
    Signal.objects.filter(pk__in=[row.pk for row in gone]).update(state=SignalState.WITHDRAWN)
    return {row.enrollment_id for row in gone}


def _hold(found: Iterable[Asked], open_ones: Mapping[Key, Case], at: datetime) -> None:
    for key, case in sorted(open_ones.items()):
        rows = {
            row.pk: row
            for one in found
            if _key(one) == key and one.rule.action == Action.HOLD
            for row in concerned_by(one)
        }
        grow(case, [rows[number] for number in sorted(rows)], at=at)


def grow(case: Case, commissions: Sequence[Commission], *, at: datetime) -> int:
    """Let a case hold more commissions, and say so; return how many more. Raises IllegalMove if it was decided."""
    placed = holds.place(case, commissions, at=at)
    if placed:
        cases.record("case.grew", case, at=at, data={"holds": placed})
    return placed


@transaction.atomic
def expire(*, at: datetime) -> int:
    """Let go of what was found on enrollments and codes and was not seen again for a month; return how many."""
    old = Signal.objects.standing().filter(conversion=None, seen_at__lt=at - MONTH)
    whose = set(old.values_list("enrollment", flat=True))
    _wait_for_verdicts(whose)
    expired = int(old.update(state=SignalState.EXPIRED))
    scoring.score_open(whose)
    return expired
