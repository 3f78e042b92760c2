"""The books of a world in the real tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from commissions.models import Account, Commission, Entry, Reversal
from commissions.states import AccountKind, EntryKind
from tests.fraud.world.events import CURRENCY
from tests.fraud.world.stored import BATCH, Stored

SIDES = {  # which account gives, and which takes
    EntryKind.ACCRUAL: (AccountKind.EXPENSE, AccountKind.PENDING),
    EntryKind.APPROVAL: (AccountKind.PENDING, AccountKind.PAYABLE),
}


def book(stored: Stored, commissions: Mapping[int, Commission], reversals: Iterable[Reversal]) -> None:
    """Write the entries of what was earned, approved (what was left of it) and taken back."""
    accounts = _accounts(stored)
    back = {reversal.commission_id: reversal for reversal in reversals}
    entries = []
    for one in commissions.values():
        reversal = back.get(one.pk)
        is_early = reversal is not None and one.approved_at is not None and reversal.at <= one.approved_at
        entries.append(_entry(accounts, one, EntryKind.ACCRUAL, one.occurred_at))
        if one.approved_at and not is_early:
            entries.append(_entry(accounts, one, EntryKind.APPROVAL, one.approved_at))
        if reversal is not None:
            place = AccountKind.PAYABLE if one.approved_at and not is_early else AccountKind.PENDING
            entries.append(_taken(accounts, one, reversal, place))
    Entry.objects.bulk_create([entry for entry in entries if entry.amount], BATCH)


def _accounts(stored: Stored) -> dict[tuple[int | None, str], Account]:
    program = stored.program
    keys = [(None, AccountKind.EXPENSE)] + [
        (row.pk, kind)
        for row in stored.enrollments.values()
        for kind in (AccountKind.PENDING, AccountKind.PAYABLE)
    ]
    rows = [Account(program=program, enrollment_id=who, kind=kind, currency=CURRENCY) for who, kind in keys]
    return dict(zip(keys, Account.objects.bulk_create(rows, BATCH), strict=True))


def _entry(
    accounts: Mapping[tuple[int | None, str], Account], one: Commission, kind: EntryKind, at: datetime
) -> Entry:
    debit, credit = SIDES[kind]
    return Entry(
        program_id=one.program_id,
        kind=kind,
        source=f"commission:{one.pk}",
        debit=accounts[None if debit == AccountKind.EXPENSE else one.enrollment_id, debit],
        credit=accounts[one.enrollment_id, credit],
        amount=one.amount,
        currency=one.currency,
        commission=one,
        at=at,
    )


def _taken(
    accounts: Mapping[tuple[int | None, str], Account], one: Commission, reversal: Reversal, place: str
) -> Entry:
    return Entry(
        program_id=one.program_id,
        kind=EntryKind.REVERSAL,
        source=f"reversal:{reversal.pk}",
        debit=accounts[one.enrollment_id, place],
        credit=accounts[None, AccountKind.EXPENSE],
        amount=reversal.amount,
        currency=one.currency,
        commission=one,
        at=reversal.at,
    )
