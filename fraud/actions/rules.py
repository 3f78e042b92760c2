"""What a program's own rule declines, without a person: a decided case of its own, which a person can undo."""

from collections.abc import Sequence
from datetime import datetime

from commissions.actions import decline, lock_all
from commissions.holds import FRAUD
from commissions.models import Commission
from commissions.states import CommissionState
from fraud.actions.cases import record
from fraud.actions.concerned import concerned_by
from fraud.actions.effects import worth
from fraud.findings import Asked
from fraud.models import Case, Hold
from fraud.states import CaseState, Verdict


def decline_by_rule(found: Sequence[Asked], *, at: datetime) -> Case | None:
    """Decline what is pending of the sales of findings on one enrollment, of one cause; None where nothing is.

    Only a check that says a fact can be set to it (Check.may_decline). To take it back, a person undoes the decision,
    and then has the case before it like any other.
    """
    rows = {row.pk: row for one in found for row in concerned_by(one)}
    lock_all(sorted(rows))
    fresh = Commission.objects.filter(pk__in=rows, state=CommissionState.PENDING).with_net().order_by("pk")
    pending = list(fresh.select_related("program", "enrollment", "conversion"))
    if not pending:
        return None
    program, first = pending[0].program, found[0]
    numbers, amount = [row.pk for row in pending], worth(pending)
    case: Case = Case.objects.create(
        program=program,
        enrollment_id=first.enrollment,
        cause=first.rule.check.cause,
        state=CaseState.DECIDED,
        verdict=Verdict.DECLINE,
        reason=str(first.rule.check.title)[:300],
        opened_at=at,
        due_at=at,
        decided_at=at,
        terms={
            "due": at.isoformat(),
            "amount": amount,
            "held": numbers,
            "declined": numbers,
            "taken": [],
            "enrollment": None,
        },
    )
    for row in pending:
        decline(row, reason=f"{FRAUD}:{case.cause}", actor=None, at=at)
        Hold.objects.create(case=case, commission=row, placed_at=at, lifted_at=at)
    data = {"verdict": case.verdict, "reason": case.reason, "amount": amount, "currency": program.currency}
    record("case.decided", case, at=at, data={**data, "message": False})
    return case
