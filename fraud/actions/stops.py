"""Memberships that verdicts stop, and what they are again once verdicts are undone, in whatever order that happens.

A decided case keeps in its terms what the membership was before (`state`, `reason`), the case whose verdict had made it
so (`on`, None for anybody else's deed) and the event since which it is what the verdict made it (`event`).
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from affiliates import actions as affiliates
from affiliates.models import Enrollment
from affiliates.states import EnrollmentState, IllegalMove as Refused
from commissions.states import IllegalMove
from core.models import Event, User
from fraud.models import Case
from fraud.states import CaseState, Verdict

STOPPED = {Verdict.SUSPEND: EnrollmentState.SUSPENDED, Verdict.BAN: EnrollmentState.BANNED}
MOVED = ("applied", "activated", "imported", "refused", "suspended", "banned", "left")


def stop(case: Case, verdict: str, message: str, actor: User, at: datetime) -> dict[str, Any] | None:
    """Suspend or ban the affiliate; return what undoing needs, None where somebody else had stopped it so already."""
    enrollment = _locked(case)
    below = _topmost(_standing(case), _last_move(enrollment))
    terms = {"state": enrollment.state, "reason": enrollment.reason, "on": below.pk if below else None}
    if enrollment.state == STOPPED[Verdict(verdict)]:
        return {**terms, "event": _last_move(enrollment)} if below else None
    verb = affiliates.suspend if verdict == Verdict.SUSPEND else affiliates.ban
    try:
        verb(enrollment, reason=message or _("After a review."), actor=actor, at=at)
    except Refused as refused:
        raise IllegalMove(str(refused)) from refused
    return {**terms, "event": _last_move(enrollment)}


def let_in(case: Case, verdict: str, terms: dict[str, Any], actor: User, at: datetime) -> None:
    """Let the affiliate be what it was, unless another case or somebody has stopped it since.

    The case, which is open again by now, hands what it was before on to the one whose verdict came on top of its own.
    """
    enrollment, others = _locked(case), _standing(case)
    before = {"state": terms["state"], "reason": terms["reason"], "on": terms.get("on")}
    above = next((one for one in others if _terms(one).get("on") == case.pk), None)
    if above is not None:
        _keep(above, before)
        return
    last = _last_move(enrollment)
    if enrollment.state != STOPPED[Verdict(verdict)] or terms.get("event", last) != last:
        return
    affiliates.restore(enrollment, before["state"], reason=before["reason"], actor=actor, at=at)
    below = next((one for one in others if one.pk == before["on"]), None)
    since = _terms(below).get("event") if below else None
    for one in others:  # what they made it, it is again from now on
        if since is not None and _terms(one).get("event") == since:
            _keep(one, {"event": _last_move(enrollment)})


def _locked(case: Case) -> Enrollment:
    row: Enrollment = Enrollment.objects.select_for_update(no_key=True).get(pk=case.enrollment_id)
    return row


def _standing(case: Case) -> list[Case]:
    """The other cases of the affiliate whose verdicts have stopped it and stand, the oldest first."""
    rows = Case.objects.filter(enrollment=case.enrollment_id, state=CaseState.DECIDED, verdict__in=STOPPED)
    return [one for one in rows.exclude(pk=case.pk).order_by("decided_at", "pk") if _terms(one)]


def _topmost(cases: list[Case], event: int) -> Case | None:
    """The case whose verdict made the membership what it is since an event: the one that no other came on top of."""
    theirs = [one for one in cases if _terms(one).get("event") == event]
    covered = {_terms(one).get("on") for one in theirs}
    return next((one for one in theirs if one.pk not in covered), None)


def _terms(case: Case) -> dict[str, Any]:
    return case.terms.get("enrollment") or {}


def _keep(case: Case, told: dict[str, Any]) -> None:
    case.terms = {**case.terms, "enrollment": {**_terms(case), **told}}
    case.save(update_fields=["terms"])


def _last_move(enrollment: Enrollment) -> int:
    """The number of the event by which the membership became what it is; 0 where none was kept."""
    rows = Event.objects.filter(
        subject_type=enrollment._meta.label_lower,
        subject_id=str(enrollment.pk),
        kind__in=[f"enrollment.{name}" for name in MOVED],
    )
    return rows.order_by("-pk").values_list("pk", flat=True).first() or 0
