"""The books: double entry, append only. A balance is a sum of entries; nothing here is ever changed.

An entry takes `amount` from the debit account to the credit account. What stands on an account is what was
credited to it less what was debited; a payable account below zero is a debt.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.models import Account, Commission, Entry
from commissions.states import AccountKind, EntryKind
from core.failpoints import failpoint
from core.models import User

OF_ENROLLMENT: tuple[str, ...] = (
    AccountKind.PENDING,
    AccountKind.PAYABLE,
    AccountKind.IN_TRANSIT,
    AccountKind.PAID,
)
_listener: ContextVar[list[Entry] | None] = ContextVar("postings", default=None)


@contextmanager
def postings() -> Iterator[list[Entry]]:
    """Gather the entries that are written inside, for who wants to show what a deed does to the books."""
    written: list[Entry] = []
    token = _listener.set(written)
    try:
        yield written
    finally:
        _listener.reset(token)


def post(
    kind: EntryKind,
    source: str,
    *,
    debit: Account,
    credit: Account,
    amount: int,
    commission: Commission | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> Entry | None:
    """Write one entry of `amount` minor units; nothing for 0. The same (kind, source) again returns the first."""
    if amount == 0:
        return None
    existing: Entry | None = Entry.objects.filter(kind=kind, source=source).first()
    if existing is not None:
        return existing
    failpoint("ledger.inside_posting")
    entry: Entry = Entry.objects.create(
        program_id=debit.program_id,
        kind=kind,
        source=source,
        debit=debit,
        credit=credit,
        amount=amount,
        currency=debit.currency,
        commission=commission,
        actor=actor,
        at=at or timezone.now(),
    )
    if (written := _listener.get()) is not None:
        written.append(entry)
    return entry


def account(program: Program, kind: AccountKind, enrollment: Enrollment | int | None = None) -> Account:
    """Return the account (of an enrollment, or its id) in the program's currency, made at its first use."""
    of = enrollment.pk if isinstance(enrollment, Enrollment) else enrollment
    key = {"program": program, "enrollment_id": of, "kind": kind, "currency": program.currency}
    found: Account | None = Account.objects.filter(**key).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            made: Account = Account.objects.create(**key)
            return made
    except IntegrityError:
        return Account.objects.get(**key)


def balances(enrollment: Enrollment) -> dict[str, int]:
    """Return account kind -> minor units for one enrollment, zero where nothing was ever posted."""
    return balances_of([enrollment.pk])[enrollment.pk]


def balances_of(enrollments: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return enrollment id -> account kind -> minor units, with two queries whatever their number."""
    ids = list(enrollments)
    sums: dict[int, dict[str, int]] = {number: dict.fromkeys(OF_ENROLLMENT, 0) for number in ids}
    for side, sign in (("credit", 1), ("debit", -1)):
        where, kind = f"{side}__enrollment", f"{side}__kind"
        rows = Entry.objects.filter(**{f"{where}__in": ids}).values_list(where, kind).annotate(Sum("amount"))
        for number, name, amount in rows.order_by():
            sums[number][name] += sign * amount
    return sums


def program_balances(program: Program) -> Mapping[str, int]:
    """Return account kind -> minor units over the whole program (the expense account is negative)."""
    sums: dict[str, int] = dict.fromkeys(AccountKind.values, 0)
    for side, sign in (("credit", 1), ("debit", -1)):
        rows = (
            Entry.objects.filter(program=program)
            .values_list(f"{side}__kind")
            .annotate(Sum("amount"))
            .order_by()
        )
        for kind, amount in rows:
            sums[kind] += sign * amount
    return sums
