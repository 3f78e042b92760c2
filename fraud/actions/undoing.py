"""A decision is taken back: everything is as before it, and the case open again; until money has left because of it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.roles import demand
from commissions.actions import lock_all, reinstate
from commissions.actions.deadlocks import again_after_deadlock
from commissions.models import Commission, Entry
from commissions.states import CommissionState, EntryKind, IllegalMove
from core.models import User
from fraud.actions.cases import locked, may_review, record
from fraud.actions.effects import STOPPING
from fraud.actions.holds import hold_again, place, wait_with
from fraud.actions.policies import policy_of
from fraud.actions.scoring import score
from fraud.actions.stops import let_in
from fraud.models import Case
from fraud.states import CaseState, Verdict


def why_not_undo(case: Case) -> str:
    """Return the sentence that says why a decision stands, or an empty text."""
    if not case.is_decided or case.decided_at is None:
        return _("It is not decided.")
    if Case.objects.undecided().filter(enrollment=case.enrollment_id, cause=case.cause).exists():
        return _("A newer case of the same cause is open: decide that one.")
    released = Commission.objects.filter(pk__in=case.terms.get("held", ()), state=CommissionState.APPROVED)
    taken = Commission.objects.filter(pk__in=case.terms.get("taken", ()))
    people = {*released.values_list("enrollment", flat=True), *taken.values_list("enrollment", flat=True)}
    paid = Entry.objects.filter(kind=EntryKind.PAYOUT, debit__enrollment__in=people, at__gt=case.decided_at)
    return _("A payout was made since: correct it by hand.") if paid.exists() else ""


@again_after_deadlock
@transaction.atomic
def undo(case: Case, *, reason: str, actor: User, at: datetime | None = None) -> Case:
    """Take a decision back and open the case again; raise IllegalMove with the sentence of `why_not_undo`."""
    now = at or timezone.now()
    case = may_review(locked(case), actor)
    if case.verdict in STOPPING:
        demand(actor, "manage_affiliates", case.program.merchant_id)
    if not reason.strip():
        raise IllegalMove(_("Say why."))
    if refused := why_not_undo(case):
        raise IllegalMove(refused)
    terms, verdict = case.terms, Verdict(case.verdict)
    lock_all({*terms["held"], *terms["declined"], *terms["taken"]})
    if refused := why_not_undo(case):  # a payout may have been approved while it waited
        raise IllegalMove(refused)
    _open_again(case, now)
    why = reason.strip()[:300]
    refusals = Commission.objects.filter(pk__in=[*terms["declined"], *terms["taken"]]).order_by("pk")
    for commission in refusals:
        reinstate(commission, reason=why, actor=actor, at=now)
    place(case, Commission.objects.filter(pk__in=terms["held"]), at=now)
    wait_with(case, terms["held"], at=now)
    for commission in refusals:  # another case may hold it as well
        hold_again(commission, at=now)
    if terms["enrollment"] is not None:
        let_in(case, verdict, terms["enrollment"], actor, now)
    score(case)
    record("case.undone", case, actor=actor, at=now, data={"verdict": str(verdict), "reason": why})
    return case


def _open_again(case: Case, at: datetime) -> None:
    case.state, case.verdict, case.reason, case.message = CaseState.OPEN, "", "", ""
    case.proposed_by, case.decided_by, case.decided_at, case.terms = None, None, None, {}
    case.due_at, case.escalated_at = max(case.due_at, at + policy_of(case.program).review_time), None
    named = ("proposed_by", "decided_by", "decided_at", "terms", "due_at", "escalated_at")
    case.save(update_fields=["state", "verdict", "reason", "message", *named])
