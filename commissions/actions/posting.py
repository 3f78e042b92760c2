"""What a commission comes to in the books: it is accrued once, and differences are taken back or credited."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from commissions import ledger
from commissions.models import Commission, Reversal
from commissions.states import AccountKind, CommissionState, EntryKind, ReversalCause
from core import events
from core.models import User
from tracking.models import Refund


@dataclass(frozen=True, slots=True)
class Difference:
    """Why a commission is worth something else than before, what explains it, and who decided it, if somebody did."""

    cause: ReversalCause
    trace: dict[str, Any] = field(default_factory=dict)
    refund: Refund | None = None
    is_estimated: bool = False
    actor: User | None = None


def accrue(commission: Commission, at: datetime, data: dict[str, Any]) -> Commission:
    """Write a new commission and put its amount on the pending account."""
    commission.save(force_insert=True)
    program = commission.program
    ledger.post(
        EntryKind.ACCRUAL,
        f"commission:{commission.pk}",
        debit=ledger.account(program, AccountKind.EXPENSE),
        credit=ledger.account(program, AccountKind.PENDING, commission.enrollment_id),
        amount=commission.amount,
        commission=commission,
        at=at,
    )
    record(
        "commission.accrued", commission, at, {"amount": commission.amount, "level": commission.level} | data
    )
    return commission


def correct(commission: Commission, excess: int, left: int, why: Difference, at: datetime) -> None:
    """Take back what the commission holds too much, or credit what it holds too little; minor units."""
    if commission.state == CommissionState.DECLINED or excess == 0:
        return
    reversal: Reversal = Reversal.objects.create(
        commission=commission,
        number=commission.reversals.count() + 1,
        cause=why.cause,
        amount=excess,
        refund=why.refund,
        is_estimated=why.is_estimated,
        trace={**why.trace, "left": left},
        at=at,
    )
    _post(commission, reversal, at, why.actor)
    data = {"amount": excess, "cause": why.cause, "left": left}
    record("commission.reversed", commission, at, data, why.actor)


def _post(commission: Commission, reversal: Reversal, at: datetime, actor: User | None) -> None:
    program = commission.program
    pending = commission.state == CommissionState.PENDING
    place = ledger.account(
        program, AccountKind.PENDING if pending else AccountKind.PAYABLE, commission.enrollment_id
    )
    expense = ledger.account(program, AccountKind.EXPENSE)
    back = reversal.amount > 0
    ledger.post(
        EntryKind.REVERSAL if back else EntryKind.CREDIT,
        f"reversal:{reversal.pk}",
        debit=place if back else expense,
        credit=expense if back else place,
        amount=abs(reversal.amount),
        commission=commission,
        actor=actor,
        at=at,
    )


def record(
    kind: str, commission: Commission, at: datetime | None, data: dict[str, Any], actor: User | None = None
) -> None:
    """Write the news of a commission."""
    program = commission.program
    events.record(
        kind, commission, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
