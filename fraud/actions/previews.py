"""What a verdict would do: it is tried whole and taken back whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise

from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from commissions import ledger
from commissions.actions.deadlocks import again_after_deadlock
from commissions.models import Commission, Entry
from commissions.states import CommissionState, IllegalMove
from commissions.words import reason_of
from core.models import User
from core.money import Money
from fraud.actions.cases import locked
from fraud.actions.effects import carry_out, settled, worth
from fraud.actions.verdicts import is_for_two, is_seconded, may_decide
from fraud.models import Case
from fraud.states import Verdict


@dataclass(frozen=True, slots=True)
class Stand:
    """How a commission stands: its state and its word, whether it waits and why, and what it is worth."""

    state: str
    words: str | Promise
    is_held: bool
    reason: str
    money: Money


@dataclass(frozen=True, slots=True)
class Line:
    """A commission before and after; `number` is the order's, "" without one."""

    commission: int
    number: str
    affiliate: str
    level: int
    before: Stand
    after: Stand


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry that would be written: what for, who is concerned ("" for nobody alone), from where to where."""

    kind: str | Promise
    affiliate: str
    debit: str | Promise
    credit: str | Promise
    money: Money


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a case. `refusal` says why nothing would, with everything else empty.

    `amount` is what the case concerns; of it would be let go, be declined, be taken back, and stay held by others.
    `enrollment` is the membership's state after it, in words. `needs_second`: it would only be proposed.
    """

    verdict: str
    amount: Money
    released: Money
    declined: Money
    taken: Money
    held: Money
    lines: tuple[Line, ...] = ()
    postings: tuple[Posting, ...] = ()
    others: tuple[Line, ...] = ()
    enrollment: str | Promise = ""
    needs_second: bool = False
    refusal: str = ""


@again_after_deadlock
def preview(case: Case, verdict: str, *, actor: User, at: datetime | None = None) -> Preview:
    """Return what `decide` would do for this person now, without doing it: rows, entries, events and jobs.

    `others` are commissions of the same sales that would move with it. It says too what two people together would do.
    """
    try:
        with transaction.atomic():
            found = _tried(case, Verdict(verdict), actor, at or timezone.now())
            transaction.set_rollback(True)
    except (IllegalMove, NotAllowed) as refused:
        nothing = case.program.money(0)
        return Preview(verdict, nothing, nothing, nothing, nothing, nothing, refusal=str(refused))
    return found


def _tried(case: Case, verdict: Verdict, actor: User, at: datetime) -> Preview:
    case = may_decide(locked(case), verdict, actor, at)
    commissions = settled(case, verdict)
    amount = worth(commissions)
    needs_second = is_for_two(case, amount) and not is_seconded(case, verdict, actor)
    around = {row.conversion_id for row in commissions if row.conversion_id}
    beside = Commission.objects.filter(conversion__in=around).exclude(pk__in=[row.pk for row in commissions])
    before = {**_stands(commissions), **_stands(beside.with_net())}
    with ledger.postings() as entries:
        if verdict != Verdict.EXTEND:
            carry_out(case, verdict, commissions, message="", actor=actor, at=at)
    lines = _lines([row.pk for row in commissions], before)
    sums, money = _sums(case, lines), case.program.money
    enrollment = Enrollment.objects.get(pk=case.enrollment_id)
    return Preview(
        verdict=str(verdict),
        amount=money(amount),
        lines=tuple(lines),
        others=tuple(line for line in _lines(list(beside), before) if line.before != line.after),
        postings=tuple(_postings(entries)),
        enrollment=enrollment.get_state_display(),
        needs_second=needs_second and verdict != Verdict.EXTEND,
        released=sums["released"],
        declined=sums["declined"],
        taken=sums["taken"],
        held=sums["held"],
    )


def _stands(commissions: Iterable[Commission]) -> dict[int, Stand]:
    return {
        row.pk: Stand(
            row.state,
            row.get_state_display(),
            row.is_held,
            reason_of(row),
            row.net,
        )
        for row in commissions
    }


def _lines(chosen: Sequence[int | Commission], before: dict[int, Stand]) -> list[Line]:
    ids = [row.pk if isinstance(row, Commission) else row for row in chosen]
    rows = Commission.objects.filter(pk__in=ids).with_net().order_by("pk")
    rows = rows.select_related("enrollment__affiliate", "conversion")
    after = _stands(rows)
    return [
        Line(
            commission=row.pk,
            number=row.conversion.external_id if row.conversion else "",
            affiliate=row.enrollment.affiliate.name,
            level=row.level,
            before=before[row.pk],
            after=after[row.pk],
        )
        for row in rows
    ]


def _sums(case: Case, lines: Iterable[Line]) -> dict[str, Money]:
    """What becomes of the amount, by what each commission was worth before."""
    sums = {name: case.program.money(0) for name in ("released", "declined", "taken", "held")}
    for line in lines:
        if line.after.state == CommissionState.DECLINED:
            name = "taken" if line.before.state == CommissionState.APPROVED else "declined"
        else:
            name = "held" if line.after.is_held else "released"
        sums[name] += line.before.money
    return sums


def _postings(written: Sequence[Entry]) -> list[Posting]:
    named = ("debit__enrollment__affiliate", "credit__enrollment__affiliate")
    rows = Entry.objects.filter(pk__in=[entry.pk for entry in written]).select_related(*named)
    return [_posting(entry) for entry in rows.order_by("pk")]


def _posting(entry: Entry) -> Posting:
    enrollment = entry.credit.enrollment or entry.debit.enrollment
    return Posting(
        entry.get_kind_display(),
        enrollment.affiliate.name if enrollment else "",
        entry.debit.get_kind_display(),
        entry.credit.get_kind_display(),
        Money(entry.amount, entry.currency),
    )
