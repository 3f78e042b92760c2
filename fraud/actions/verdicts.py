"""What people decide on a case: on much money one proposes and another decides; until the payout it can be undone."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import demand
from commissions.actions.deadlocks import again_after_deadlock
from commissions.states import IllegalMove
from core.models import User
from fraud.actions.cases import free_for, locked, may_review, record
from fraud.actions.effects import STOPPING, carry_out, settled, worth
from fraud.actions.policies import policy_of
from fraud.actions.undoing import undo, why_not_undo
from fraud.models import Case
from fraud.states import CaseState, Verdict

LONGEST_REASON, LONGEST_MESSAGE, MOST_DAYS = 300, 2000, 90
REOPENED = ("state", "verdict", "reason", "message", "proposed_by", "locked_by", "locked_until")

__all__ = ["decide", "is_for_two", "is_seconded", "may_decide", "undo", "why_not_undo", "withdraw"]


@again_after_deadlock
@transaction.atomic
def decide(
    case: Case,
    verdict: str,
    *,
    reason: str,
    message: str = "",
    actor: User,
    at: datetime | None = None,
    days: int | None = None,
) -> Case:
    """Decide a case, or propose it where the money asks for two people; `days` is for EXTEND alone.

    Raises NotAllowed, and IllegalMove with a sentence: one's own, a colleague works on it, decided, or no reason.
    """
    now, verdict = at or timezone.now(), Verdict(verdict)
    case = may_decide(locked(case), verdict, actor, now)
    why, message = _said(reason), message.strip()[:LONGEST_MESSAGE]
    if verdict == Verdict.EXTEND:
        return _extend(case, days, why, actor, now)
    commissions = settled(case, verdict)
    amount = worth(commissions)
    if is_for_two(case, amount):
        if not is_seconded(case, verdict, actor):
            return _propose(case, verdict, why, message, amount, actor, now)
        message = message or case.message
    before = {"due": case.due_at.isoformat(), "amount": amount}
    done = carry_out(case, verdict, commissions, message=message, actor=actor, at=now)
    return _close(case, verdict, why, message, {**before, **done}, actor, now)


def may_decide(case: Case, verdict: str, actor: User, at: datetime) -> Case:
    """Return the case if the person may decide so now; raise NotAllowed, or IllegalMove with a sentence."""
    may_review(case, actor)
    if verdict in STOPPING:
        demand(actor, "manage_affiliates", case.program.merchant_id)
    if case.is_decided:
        raise IllegalMove(_("It is decided already."))
    free_for(case, actor, at)
    return case


def is_for_two(case: Case, amount: int) -> bool:
    """Whether a verdict on so much (minor units) needs two people."""
    limit = policy_of(case.program).second_above
    return limit is not None and amount > limit


def is_seconded(case: Case, verdict: str, actor: User) -> bool:
    """Whether a colleague has proposed this very verdict."""
    is_same = case.state == CaseState.PROPOSED and case.verdict == verdict
    return is_same and case.proposed_by_id is not None and case.proposed_by_id != actor.pk


def _said(reason: str) -> str:
    if not reason.strip():
        raise IllegalMove(_("Say why, for your colleagues."))
    return reason.strip()[:LONGEST_REASON]


def _extend(case: Case, days: int | None, reason: str, actor: User, at: datetime) -> Case:
    """Take more time: it stays open, whatever was proposed."""
    days = policy_of(case.program).review_days if days is None else days
    if not 1 <= days <= MOST_DAYS:
        raise IllegalMove(_("Choose 1 to %(most)s days.") % {"most": MOST_DAYS})
    _reopen(case)
    case.due_at, case.escalated_at = at + timedelta(days=days), None
    case.save(update_fields=[*REOPENED, "due_at", "escalated_at"])
    data = {"until": case.due_at.isoformat(), "days": days, "reason": reason}
    record("case.extended", case, actor=actor, at=at, data=data)
    return case


def _reopen(case: Case) -> None:
    case.state, case.verdict, case.reason, case.message = CaseState.OPEN, "", "", ""
    case.proposed_by, case.locked_by, case.locked_until = None, None, None


def _propose(
    case: Case, verdict: Verdict, reason: str, message: str, amount: int, actor: User, at: datetime
) -> Case:
    is_known = (case.state, case.verdict, case.proposed_by_id) == (CaseState.PROPOSED, verdict, actor.pk)
    case.state, case.verdict, case.reason, case.message = CaseState.PROPOSED, verdict, reason, message
    case.proposed_by, case.locked_by, case.locked_until = actor, None, None
    case.save(update_fields=list(REOPENED))
    if not is_known:
        data = {"verdict": str(verdict), "reason": reason, **_money(case, amount)}
        record("case.proposed", case, actor=actor, at=at, data=data)
    return case


@transaction.atomic
def withdraw(case: Case, *, actor: User, at: datetime | None = None) -> Case:
    """Take a proposal back, one's own or a colleague's; the case is open again."""
    case = may_review(locked(case), actor)
    if case.state == CaseState.OPEN:
        return case
    if case.is_decided:
        raise IllegalMove(_("It is decided already."))
    free_for(case, actor, at or timezone.now())
    verdict = case.verdict
    _reopen(case)
    case.save(update_fields=list(REOPENED))
    record("case.withdrawn", case, actor=actor, at=at, data={"verdict": verdict})
    return case


def _close(
    case: Case,
    verdict: Verdict,
    reason: str,
    message: str,
    terms: dict[str, object],
    actor: User,
    at: datetime,
) -> Case:
    amount = int(str(terms["amount"]))
    case.state, case.verdict, case.reason, case.message = CaseState.DECIDED, verdict, reason, message
    case.decided_by, case.decided_at, case.terms = actor, at, terms
    case.locked_by, case.locked_until = None, None
    fields = ("state", "verdict", "reason", "message", "decided_by", "decided_at", "terms")
    case.save(update_fields=[*fields, "locked_by", "locked_until"])
    data = {"verdict": str(verdict), "reason": reason, **_money(case, amount), "message": bool(message)}
    record("case.decided", case, actor=actor, at=at, data=data)
    return case


def _money(case: Case, amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": case.program.currency}
