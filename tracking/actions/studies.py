"""Studies: all attribution models over the journeys of a period. Asked for, worked out beside the daily work, kept.

A run takes a while, so it keeps the lease of its job while it works, and ends as soon as the lease is another worker's.
It only reads; what it found is written at its end, in one go, and never changes.
"""

import logging
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from affiliates.models import AttributionTerms, Merchant, Program
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.jobs import STRIKES, Lease, Permanent, Temporary
from core.models import Event, Job, User
from tracking.actions.study_rows import Period, gather
from tracking.attribution.bootstrap import LEAST_CONVERSIONS, LEAST_JOURNEYS, LEAST_PLAYERS
from tracking.attribution.comparison import compare
from tracking.models import Journey, Study
from tracking.states import StudyState

log = logging.getLogger(__name__)

TASK = "tracking.tasks.run_study"
ROUTINE = timedelta(days=90)  # what the nightly study looks back on
KEPT = 30  # nightly studies of a program
AT_ONCE = 3  # of one company: a study takes a worker's whole time
LONGEST = timedelta(days=731)
BEAT = 5.0  # seconds between two signs of life


class Stopped(Exception):
    """The run is no longer wanted here: another worker has it."""


@transaction.atomic
def ask_study(
    program: Program,
    begins_at: datetime,
    ends_at: datetime,
    *,
    is_routine: bool = False,
    actor: User | None = None,
    at: datetime | None = None,
) -> Study:
    """Ask how every model would have shared the orders from `begins_at` on and before `ends_at`; raise IllegalMove.

    The same question that is being worked on is answered once; a nightly one also if it is answered.
    """
    now = at or timezone.now()
    if actor is not None:
        demand(actor, "manage_programs", program.merchant_id)
    if ends_at > now:
        raise IllegalMove(_("The future is not known yet: choose a period that is over."))
    if not timedelta(0) < ends_at - begins_at <= LONGEST:
        raise IllegalMove(_("A period has an end after its beginning, and at most two years between them."))
    Merchant.objects.select_for_update(no_key=True).get(pk=program.merchant_id)
    same = Study.objects.filter(program=program, begins_at=begins_at, ends_at=ends_at, is_routine=is_routine)
    known: Study | None = (same if is_routine else same.filter(state=StudyState.ASKED)).first()
    if known is not None:
        return known
    waiting = Study.objects.of_tenant(program.merchant_id).filter(state=StudyState.ASKED, is_routine=False)
    if not is_routine and waiting.count() >= AT_ONCE:
        raise IllegalMove(_("Three comparisons are being worked on: wait for one of them."))
    study: Study = Study.objects.create(
        program=program,
        begins_at=begins_at,
        ends_at=ends_at,
        is_routine=is_routine,
        asked_by=actor,
        created_at=now,
    )
    _record("study.asked", study, actor, now)
    return study


def ask_routine_studies(*, at: datetime | None = None) -> list[Study]:
    """Ask for the nightly study of every program with journeys in the 90 days before today (UTC); once a day."""
    now = at or timezone.now()
    ends_at = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begins_at = ends_at - ROUTINE
    recent = Journey.objects.filter(at__gte=begins_at, at__lt=ends_at)
    programs = Program.objects.filter(pk__in=recent.values("program")).order_by("pk")
    return [ask_study(program, begins_at, ends_at, is_routine=True, at=now) for program in programs]


def run_study(study: Study, *, event: Event | None = None, at: datetime | None = None) -> None:
    """Work the answer out, keeping the lease of the event's job; what fails is said on the study's page."""
    lease = _lease(event)
    if not _begin(study, lease):
        return
    try:
        result = _work_out(study, lease)
    except Stopped:
        return
    except (OperationalError, InterfaceError) as away:
        raise Temporary(f"The database is away: {away}", retry_after=10) from away
    except Exception as broken:
        log.exception("study %s failed", study.pk)
        why = _("It could not be worked out: an error that nobody foresaw.")
        _finish(study, lease, StudyState.FAILED, {"error": why}, at)
        raise Permanent(f"{type(broken).__name__}: {broken}") from broken
    _finish(study, lease, StudyState.DONE, {"result": result}, at)


def terms_at(program: Program, at: datetime) -> AttributionTerms:
    """Return the attribution terms in force at a time, or else the first there were."""
    dated = program.attribution_terms.order_by("effective_at")
    in_force: AttributionTerms | None = dated.filter(effective_at__lt=at).last()
    return in_force or dated[0]


def _lease(event: Event | None) -> Lease:
    job = Job.objects.filter(event=event, task=TASK).first() if event else None
    return Lease(job.pk, job.lease_token) if job else Lease()


@transaction.atomic
def _begin(study: Study, lease: Lease) -> bool:
    """Say whether there is work: not if it is answered, or the third worker in a row would die of it."""
    study = _locked(study)
    if study.state == StudyState.DONE or not lease.is_mine():
        return False
    if lease.job and Job.objects.filter(pk=lease.job, strikes__gte=STRIKES).exists():
        _end(study, StudyState.FAILED, {"error": _("The worker stopped twice while it was at it.")}, None)
        return False
    return True


def _work_out(study: Study, lease: Lease) -> dict[str, Any]:
    study = Study.objects.select_related("program").get(pk=study.pk)
    terms = terms_at(study.program, study.ends_at)
    beat = _Beat(lease)
    found = gather(Period(study.program, study.begins_at, study.ends_at, terms), beat)
    result = compare(found.paths, found.clicked, found.decay, beat=beat)
    more = {
        "missing": missing(result),
        "currency": study.program.currency,
        "foreign": found.foreign,
        "in_force": terms.model,
        "fallback": terms.fallback,
        "window_hours": terms.window_hours,
        "view_hours": terms.view_hours,
    }
    return result | more


def missing(result: dict[str, Any]) -> str:
    """Say what data-driven models lack, in one sentence; nothing where they have enough."""
    lacks = []
    if result["conversions"] < LEAST_CONVERSIONS:
        counted = ngettext(
            "there is %(count)s order with a journey, and at least %(least)s are needed",
            "there are %(count)s orders with a journey, and at least %(least)s are needed",
            result["conversions"],
        )
        lacks.append(counted % {"count": result["conversions"], "least": LEAST_CONVERSIONS})
    if result["known"] < LEAST_PLAYERS:
        words = ngettext(
            "%(count)s affiliate is in %(journeys)s journeys or more, and at least %(least)s must be",
            "%(count)s affiliates are in %(journeys)s journeys or more, and at least %(least)s must be",
            result["known"],
        )
        values = {"count": result["known"], "journeys": LEAST_JOURNEYS, "least": LEAST_PLAYERS}
        lacks.append(words % values)
    return _("There is not enough to go by yet: %(lacks)s.") % {"lacks": "; ".join(lacks)} if lacks else ""


class _Beat:
    """A sign of life, at most one in five seconds; raises Stopped once the job is another worker's."""

    def __init__(self, lease: Lease) -> None:
        self.lease, self.next = lease, 0.0

    def __call__(self) -> None:
        if monotonic() < self.next:
            return
        self.next = monotonic() + BEAT
        if not self.lease.keep():
            raise Stopped


@transaction.atomic
def _finish(study: Study, lease: Lease, state: str, values: dict[str, Any], at: datetime | None) -> None:
    study = _locked(study)
    if study.state != StudyState.DONE and lease.is_mine():
        _end(study, state, values, at)
        if study.is_routine:
            _prune(study.program)


def _end(study: Study, state: str, values: dict[str, Any], at: datetime | None) -> None:
    """Write what came of it; `values` are the result or the error."""
    for name, value in values.items():
        setattr(study, name, value)
    study.state, study.finished_at = state, at or timezone.now()
    study.save(update_fields=["state", "finished_at", *values])
    is_done = state == StudyState.DONE
    data = {name: study.result[name] for name in ("conversions", "enough")} if is_done else None
    _record("study.finished" if is_done else "study.failed", study, None, at, data)


def _prune(program: Program) -> None:
    """Forget all but the newest nightly studies; those that somebody asked for stay."""
    routine = Study.objects.filter(program=program, is_routine=True).exclude(state=StudyState.ASKED)
    newest = list(routine.order_by("-finished_at", "-pk").values_list("pk", flat=True)[:KEPT])
    routine.exclude(pk__in=newest).delete()


def _locked(study: Study) -> Study:
    rows = Study.objects.select_for_update(of=("self",)).select_related("program")
    return rows.get(pk=study.pk)  # type: ignore[no-any-return]


def _record(
    kind: str, study: Study, actor: User | None, at: datetime | None, data: dict[str, Any] | None = None
) -> None:
    program = study.program
    events.record(kind, study, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)
