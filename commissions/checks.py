"""What must be true of the books at any moment. Each check reads all rows in parts and yields a sentence per breach.

The checks only read. They hold one part of PART rows in memory at a time, whatever the size of the books.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from affiliates.models import Enrollment
from commissions.actions.facts import due_by, facts_of
from commissions.actions.owed import Owed, bonuses_owed, true_ups_owed
from commissions.actions.settling import due_of
from commissions.actions.volumes import counters_before, local, plans_of
from commissions.counters import span
from commissions.counting import Counted, counted_of
from commissions.ledger import balances_of
from commissions.models import Closing, Commission, Entry, Volume
from commissions.states import AccountKind, CommissionKind, CommissionState, EntryKind
from core.money import Money
from tracking.models import Conversion

PART = 500
Sums = dict[int, dict[str, int]]

# kind of entry -> (from which accounts, to which)
ROADS: dict[str, tuple[set[str], set[str]]] = {
    EntryKind.ACCRUAL: ({AccountKind.EXPENSE}, {AccountKind.PENDING, AccountKind.PAYABLE}),
    EntryKind.APPROVAL: (
        {AccountKind.PENDING, AccountKind.PAYABLE},  # back for a true-up below zero
        {AccountKind.PAYABLE, AccountKind.PENDING},
    ),
    EntryKind.REVERSAL: ({AccountKind.PENDING, AccountKind.PAYABLE}, {AccountKind.EXPENSE}),
    EntryKind.CREDIT: ({AccountKind.EXPENSE}, {AccountKind.PENDING, AccountKind.PAYABLE}),
    EntryKind.DECLINE: (
        {AccountKind.PENDING, AccountKind.EXPENSE},
        {AccountKind.EXPENSE, AccountKind.PENDING},
    ),
    EntryKind.PAYOUT: ({AccountKind.PAYABLE}, {AccountKind.IN_TRANSIT}),
    EntryKind.SETTLEMENT: ({AccountKind.IN_TRANSIT}, {AccountKind.PAID}),
    EntryKind.FAILURE: ({AccountKind.IN_TRANSIT}, {AccountKind.PAYABLE}),
}
OF_COMMISSIONS = (
    EntryKind.ACCRUAL,
    EntryKind.APPROVAL,
    EntryKind.REVERSAL,
    EntryKind.CREDIT,
    EntryKind.DECLINE,
)


def entries_are_whole() -> Iterator[str]:
    """Every entry stays in one program and currency, and moves between the accounts that its kind names."""
    same = Q(debit__program=F("program"), credit__program=F("program"), amount__gt=0)
    same &= Q(debit__currency=F("currency"), credit__currency=F("currency"), program__currency=F("currency"))
    for entry in _parts(Entry.objects.exclude(same)):
        yield f"Entry {entry.pk} ({entry}) mixes programs or currencies, or moves nothing."
    wrong_road = Q(pk__in=[])
    for kind, (debits, credits_) in ROADS.items():
        wrong_road |= Q(kind=kind) & ~Q(debit__kind__in=debits, credit__kind__in=credits_)
    for entry in _parts(Entry.objects.filter(wrong_road | ~Q(kind__in=ROADS))):
        yield f"Entry {entry.pk} ({entry}) moves between accounts that its kind does not name."


def entries_have_their_commission() -> Iterator[str]:
    """What is earned, approved or taken back names its commission, of the same program, person and currency."""
    own = Q(commission__program=F("program"), commission__currency=F("currency"))
    own &= Q(debit__enrollment=F("commission__enrollment")) | Q(debit__enrollment=None)
    own &= Q(credit__enrollment=F("commission__enrollment")) | Q(credit__enrollment=None)
    of_commissions = Entry.objects.filter(kind__in=OF_COMMISSIONS)
    right = of_commissions.filter(own, commission__isnull=False)
    for entry in _parts(of_commissions.exclude(pk__in=right.values("pk"))):
        yield f"Entry {entry.pk} ({entry}) does not belong to its commission."


def commissions_stand_where_they_should() -> Iterator[str]:
    """A pending commission's worth stands on pending, an approved one's on payable, a declined one's nowhere."""
    rows = Commission.objects.annotate(taken=Coalesce(Sum("reversals__amount"), 0))
    for part in _chunks(_parts(rows)):
        places = _places([row.pk for row in part])
        approved = _approved([row.pk for row in part])
        for row in part:
            yield from _standing(row, places.get(row.pk, {}), row.pk in approved)


def _standing(row: Any, place: dict[str, int], is_approved: bool) -> Iterator[str]:
    net = row.amount - row.taken
    pending = net if row.state == CommissionState.PENDING else 0
    payable = net if row.state == CommissionState.APPROVED else 0
    needs_approval = row.state == CommissionState.APPROVED and row.kind == CommissionKind.EARNED
    if needs_approval and not is_approved and place.get(AccountKind.PENDING):
        yield f"Commission {row.pk} is approved, but no entry approves it."
        return
    for kind, wanted in ((AccountKind.PENDING, pending), (AccountKind.PAYABLE, payable)):
        found = place.get(kind, 0)
        if found != wanted:
            yield (
                f"Commission {row.pk} ({row.state}) stands with {Money(found, row.currency)} on {kind}; "
                f"{Money(wanted, row.currency)} would be right."
            )


def _places(ids: list[int]) -> Sums:
    """Return commission id -> account kind -> what its entries left there."""
    sums: Sums = {}
    for side, sign in (("credit", 1), ("debit", -1)):
        rows = Entry.objects.filter(commission__in=ids).values_list("commission", f"{side}__kind")
        for number, kind, amount in rows.annotate(Sum("amount")).order_by():
            place = sums.setdefault(number, {})
            place[kind] = place.get(kind, 0) + sign * amount
    return sums


def _approved(ids: list[int]) -> set[int]:
    entries = Entry.objects.filter(commission__in=ids, kind=EntryKind.APPROVAL)
    return set(entries.values_list("commission", flat=True))


def balances_are_sums() -> Iterator[str]:
    """What an enrollment's accounts say is what its commissions are worth; what left payable is on its way or paid."""
    for part in _chunks(_parts(Enrollment.objects.select_related("program"))):
        ids = [row.pk for row in part]
        worth, balances, earned = _worth(ids), balances_of(ids), _ever_payable(ids)
        for row in part:
            yield from _balance(row, balances[row.pk], worth.get(row.pk, {}), earned.get(row.pk, 0))


def _balance(row: Enrollment, has: dict[str, int], worth: dict[str, int], earned: int) -> Iterator[str]:
    money = row.program.money
    out = has["in_transit"] + has["paid"]
    pending, approved = worth.get("pending", 0), worth.get("approved", 0)
    if has["pending"] != pending:
        yield f"Enrollment {row.pk} has {money(has['pending'])} pending, its commissions say {money(pending)}."
    if has["payable"] + out != approved:
        yield f"Enrollment {row.pk} was given {money(has['payable'] + out)} in all, {money(approved)} is approved."
    if has["in_transit"] < 0 or has["paid"] < 0 or out > earned:
        yield f"Enrollment {row.pk} was paid {money(out)}, but only {money(earned)} was ever payable."


def _worth(ids: list[int]) -> Sums:
    """Return enrollment id -> state -> what its commissions are worth after everything taken back."""
    sums: Sums = {}
    rows = Commission.objects.filter(enrollment__in=ids)
    for sign, amount in ((1, "amount"), (-1, "reversals__amount")):
        found = rows.values_list("enrollment", "state").annotate(Sum(amount)).order_by()
        for number, state, total in found:
            place = sums.setdefault(number, {})
            place[state] = place.get(state, 0) + sign * (total or 0)
    return sums


def _ever_payable(ids: list[int]) -> dict[int, int]:
    """Return enrollment id -> all that ever reached its payable account by being earned."""
    reached = Entry.objects.filter(
        credit__enrollment__in=ids, credit__kind=AccountKind.PAYABLE, kind__in=OF_COMMISSIONS
    )
    return dict(reached.values_list("credit__enrollment").annotate(Sum("amount")).order_by())


def conversions_hold_what_is_due() -> Iterator[str]:
    """What a conversion's commissions still hold is what its plan gives for it now, less refunds."""
    rows = Conversion.objects.select_related("program", "order", "customer")
    for conversion in _parts(rows):
        due = due_of(conversion)
        if due is None:
            continue  # parked: it says itself what is missing
        held = {(row.enrollment_id, row.level): row for row in conversion.commissions.with_net()}
        missing = [key for key in due.earned if key not in held]
        if missing:
            yield f"Conversion {conversion.pk} ({conversion}) lacks a commission for enrollment {missing[0][0]}."
        for key, row in sorted(held.items()):
            left = due.left.get(key, 0)
            if row.state != CommissionState.DECLINED and row.net.amount != left:
                right = Money(left, row.currency)
                yield f"Commission {row.pk} of conversion {conversion.pk} holds {row.net}; {right} would be right."


def periods_hold_what_is_due() -> Iterator[str]:
    """Bonuses and true-ups are what the volumes of their periods come to."""
    for row in _parts(Enrollment.objects.filter(volumes__isnull=False).distinct().select_related("program")):
        for owed in _owed(row):
            found = Commission.objects.with_net().filter(
                enrollment=owed.enrollment_id, level=owed.level, source=owed.source
            )
            held = found.first()
            if held is not None and held.state == CommissionState.DECLINED:
                continue
            if (held.net.amount if held else 0) != owed.amount:
                right = Money(owed.amount, row.program.currency)
                who = f"“{owed.source}” of enrollment {owed.enrollment_id}"
                yield f"{who} holds {held and held.net}; {right} would be right."


def _owed(enrollment: Enrollment) -> Iterator[Owed]:
    program = enrollment.program
    plans = plans_of(program)
    periods = {bonus.window.period for plan in plans for bonus in plan.bonuses if bonus.window}
    times = (
        [local(program, at) for at in enrollment.volumes.values_list("occurred_at", flat=True)]
        if periods
        else []
    )
    for period in sorted(periods):
        for within in sorted({span(period, at) for at in times}, key=str):
            yield from bonuses_owed(enrollment, period, within)
    for closing in Closing.objects.filter(program=program):
        yield from true_ups_owed(enrollment, closing.period) or ()


def volumes_are_what_is_counted() -> Iterator[str]:
    """What a conversion counts is what its commissions stand on: net of refunds, nothing once declined or in doubt."""
    for conversion in _parts(Conversion.objects.select_related("program", "order", "customer")):
        facts = facts_of(conversion)
        if facts.reason:
            continue
        due = due_by(facts, counters_before(facts))
        if due is None:
            continue
        counted = counted_of(facts.value.goal, due.credited, due.refunded.parts, due.left, facts.uncounted)
        right = {one.enrollment_id: one for one in counted if any(one[1:])}
        rows = Volume.objects.filter(conversion=conversion)
        found = [Counted(r.enrollment_id, r.base, r.conversions, r.commission, r.spent) for r in rows]
        if {one.enrollment_id: one for one in found if any(one[1:])} != right:
            yield f"Conversion {conversion.pk} ({conversion}) counts {found}; {list(right.values())} would be right."


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (
    entries_are_whole,
    entries_have_their_commission,
    commissions_stand_where_they_should,
    balances_are_sums,
    conversions_hold_what_is_due,
    periods_hold_what_is_due,
    volumes_are_what_is_counted,
)


def _parts(rows: "models.QuerySet[Any]") -> Iterator[Any]:
    """All rows, fetched part by part."""
    return rows.order_by("pk").iterator(chunk_size=PART)


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while part := list(islice(rows, PART)):
        yield part
