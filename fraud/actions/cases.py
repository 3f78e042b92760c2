"""The life of a case until somebody decides it: opened, taken, assigned, escalated."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment
from affiliates.roles import demand, may
from commissions.states import IllegalMove
from core import events
from core.models import User
from fraud.actions.policies import policy_of
from fraud.models import Case
from fraud.states import Cause

LOCK = timedelta(minutes=10)  # for how long a case is a reviewer's who has opened it
TRIES = 3
PART = 200


@transaction.atomic
def case_for(enrollment: Enrollment, cause: str, *, at: datetime) -> Case:
    """Return the undecided case of an enrollment and cause, or a new one; locked until the transaction ends."""
    for _attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _undecided(enrollment, cause) or _opened(enrollment, cause, at)
        except IntegrityError:  # somebody has just opened it
            continue
    found = _undecided(enrollment, cause)
    if found is None:
        raise IllegalMove(_("The case is being decided at this very moment; try again."))
    return found


def _undecided(enrollment: Enrollment, cause: str) -> Case | None:
    rows = Case.objects.undecided().select_for_update(of=("self",), no_key=True)
    found: Case | None = (
        rows.select_related("program", "enrollment__affiliate")
        .filter(enrollment=enrollment, cause=cause)
        .first()
    )
    return found


def _opened(enrollment: Enrollment, cause: str, at: datetime) -> Case:
    program = enrollment.program
    due = at + policy_of(program).review_time
    case: Case = Case.objects.create(
        program=program, enrollment=enrollment, cause=Cause(cause), opened_at=at, due_at=due
    )
    record("case.opened", case, at=at, data={"cause": case.cause})
    return case


@transaction.atomic
def take(case: Case, *, actor: User, at: datetime | None = None) -> Case:
    """Let a reviewer have the case for LOCK; raise IllegalMove with the name of a colleague who has it."""
    now = at or timezone.now()
    case = may_review(locked(case), actor)
    if case.is_decided:
        raise IllegalMove(_("It is decided."))
    free_for(case, actor, now)
    case.locked_by, case.locked_until = actor, now + LOCK
    case.save(update_fields=["locked_by", "locked_until"])
    return case


@transaction.atomic
def leave(case: Case, *, actor: User) -> Case:
    """Give the case free again, if it is the reviewer's own."""
    case = locked(case)
    if case.locked_by_id == actor.pk:
        case.locked_by, case.locked_until = None, None
        case.save(update_fields=["locked_by", "locked_until"])
    return case


@transaction.atomic
def assign(case: Case, to: User | None, *, actor: User, at: datetime | None = None) -> Case:
    """Make the case a reviewer's, or nobody's; raise IllegalMove for who may not decide it."""
    case = may_review(locked(case), actor)
    if case.is_decided:
        raise IllegalMove(_("It is decided."))
    if case.assignee_id == (to.pk if to else None):
        return case
    if to is not None and (is_about(case, to) or not may(to, "review_fraud", case.program.merchant_id)):
        raise IllegalMove(_("This person may not decide it."))
    case.assignee = to
    case.save(update_fields=["assignee"])
    record("case.assigned", case, actor=actor, at=at, data={"to": to.pk if to else None})
    return case


def escalate(*, at: datetime) -> int:
    """Tell of cases that nobody has decided in time, once; return of how many."""
    told = 0
    while ids := list(Case.objects.overdue(at).order_by("pk").values_list("pk", flat=True)[:PART]):
        with transaction.atomic():
            rows = Case.objects.overdue(at).select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
            for case in rows.select_related("program").order_by("pk"):
                case.escalated_at = at
                case.save(update_fields=["escalated_at"])
                record("case.escalated", case, at=at, data={"due": case.due_at.isoformat()})
                told += 1
    return told


def locked(case: Case) -> Case:
    """Wait for whoever changes the case now; return it as it is after that."""
    Case.objects.select_for_update(no_key=True).only("pk").get(pk=case.pk)
    named = ("program", "enrollment__affiliate", "locked_by", "proposed_by")
    fresh: Case = Case.objects.select_related(*named).get(pk=case.pk)
    return fresh


def may_review(case: Case, actor: User) -> Case:
    """Return the case if the person may decide on it; raise NotAllowed, or IllegalMove on one's own."""
    demand(actor, "review_fraud", case.program.merchant_id)
    if is_about(case, actor):
        raise IllegalMove(_("Nobody decides on their own earnings."))
    return case


def is_about(case: Case, user: User) -> bool:
    """Whether a person is the affiliate whom the case is about."""
    return bool(case.enrollment.affiliate.user_id == user.pk)


def free_for(case: Case, user: User, at: datetime) -> None:
    """Raise IllegalMove, with the colleague's name, while somebody else works on the case."""
    if case.is_locked_for(user, at):
        message = _("%(name)s works on it until %(time)s.")
        until = timezone.localtime(case.locked_until).strftime("%H:%M")
        raise IllegalMove(message % {"name": case.locked_by, "time": until})


def record(
    kind: str,
    case: Case,
    *,
    actor: User | None = None,
    at: datetime | None = None,
    data: dict[str, object] | None = None,
) -> None:
    """Write the news of a case."""
    program = case.program
    events.record(kind, case, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
