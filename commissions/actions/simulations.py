"""Rehearsals of a plan: asked for by a manager, run beside the daily work, never touching the books.

A run takes a while, so it keeps the lease of its job while it works, and stops as soon as the lease is another
worker's or somebody cancelled it. A run whose worker died begins again from the start.
"""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Merchant
from affiliates.roles import demand
from commissions.actions.case_rows import CaseRows
from commissions.actions.questions import question_for, scope_of
from commissions.models import Plan, Simulation
from commissions.plan import parse_plan
from commissions.rehearsal.cases import counter_windows
from commissions.rehearsal.only_reading import only_reading
from commissions.simulate import simulate
from commissions.states import IllegalMove, SimulationState
from core import events
from core.jobs import STRIKES, Lease, Permanent, Temporary
from core.models import Event, Job, User

log = logging.getLogger(__name__)

OPEN = (SimulationState.WAITING, SimulationState.RUNNING)
AT_ONCE = 3  # of one company: a simulation takes a worker's whole time
LONGEST = timedelta(days=3660)
TASK = "commissions.tasks.run_simulation"
BEAT = 1.0  # seconds between two signs of life


class Stopped(Exception):
    """The run is no longer wanted here: it was cancelled, or another worker has it."""


@transaction.atomic
def start_simulation(
    plan: Plan,
    body: dict[str, Any],
    starts_at: datetime,
    ends_at: datetime,
    *,
    actor: User | None = None,
    at: datetime | None = None,
) -> Simulation:
    """Ask what a plan with this body would have cost from `starts_at` on and before `ends_at`.

    Raises PlanError and IllegalMove. The body is copied: what is written in the draft later does not change the answer.
    The same question that is already being worked on is answered once.
    """
    program, now = plan.program, at or timezone.now()
    if actor is not None:
        demand(actor, "manage_plans", program.merchant_id)
    parse_plan(body, program.currency)
    if ends_at > now:
        raise IllegalMove(_("The future is not known yet: choose a period that is over."))
    if not timedelta(0) < ends_at - starts_at <= LONGEST:
        raise IllegalMove(_("A period has an end after its beginning, and at most ten years between them."))
    Merchant.objects.select_for_update(no_key=True).get(pk=program.merchant_id)
    running = Simulation.objects.of_tenant(program.merchant_id).filter(state__in=OPEN)
    same: Simulation | None = running.filter(
        plan=plan, starts_at=starts_at, ends_at=ends_at, body=body
    ).first()
    if same is not None:
        return same
    if running.count() >= AT_ONCE:
        raise IllegalMove(_("Three simulations are being worked on: wait for one of them, or cancel it."))
    simulation: Simulation = Simulation.objects.create(
        plan=plan,
        body=deepcopy(body),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=actor,
        created_at=now,
    )
    _record("simulation.asked", simulation, actor, now, {"plan": plan.pk})
    return simulation


@transaction.atomic
def cancel_simulation(
    simulation: Simulation, *, actor: User | None = None, at: datetime | None = None
) -> Simulation:
    """Give a question up; a worker that is at it stops within moments. What is answered stays."""
    simulation = _locked(simulation)
    if actor is not None:
        demand(actor, "manage_plans", simulation.plan.program.merchant_id)
    if simulation.state == SimulationState.CANCELLED:
        return simulation
    if simulation.state not in OPEN:
        raise IllegalMove(_("It is over; there is nothing to cancel."))
    _end(simulation, SimulationState.CANCELLED, at)
    _record("simulation.cancelled", simulation, actor, at)
    return simulation


def run_simulation(simulation: Simulation, *, event: Event | None = None, at: datetime | None = None) -> None:
    """Work the answer out, keeping the lease of the event's job; what fails is said on the simulation's page."""
    lease = _lease(event)
    if not _begin(simulation, lease):
        return
    try:
        with only_reading(Simulation, Job), _old_memory_at_rest():
            result = _work_out(simulation, lease)
    except Stopped:
        return
    except (OperationalError, InterfaceError) as away:
        raise Temporary(f"The database is away: {away}", retry_after=10) from away
    except Exception as broken:
        log.exception("simulation %s failed", simulation.pk)
        _fail(simulation, lease, _("It could not be worked out: an error that nobody foresaw."), at)
        raise Permanent(f"{type(broken).__name__}: {broken}") from broken
    _finish(simulation, lease, result, at)


def _lease(event: Event | None) -> Lease:
    job = Job.objects.filter(event=event, task=TASK).first() if event else None
    return Lease(job.pk, job.lease_token) if job else Lease()


@transaction.atomic
def _begin(simulation: Simulation, lease: Lease) -> bool:
    """Take it up, or leave it: cancelled, answered, or the third worker in a row would die of it."""
    simulation = _locked(simulation)
    if simulation.state in (SimulationState.CANCELLED, SimulationState.DONE) or not lease.is_mine():
        return False
    if lease.job and Job.objects.filter(pk=lease.job, strikes__gte=STRIKES).exists():
        _end(simulation, SimulationState.FAILED, None, _("The worker stopped twice while it was at it."))
        _record("simulation.failed", simulation, None, None)
        return False
    simulation.state, simulation.done, simulation.error = SimulationState.RUNNING, 0, ""
    simulation.save(update_fields=["state", "done", "error"])
    return True


def _work_out(simulation: Simulation, lease: Lease) -> dict[str, Any]:
    plan = Plan.objects.select_related("program").get(pk=simulation.plan_id)
    parsed = parse_plan(simulation.body, plan.program.currency)
    between = (simulation.starts_at, simulation.ends_at)
    scope = scope_of(plan, simulation.created_at)
    question = question_for(plan, parsed, between, scope)
    progress = _Progress(simulation, lease)
    counts = bool(question.versions) or (scope is not None and bool(counter_windows(parsed)))
    rows = CaseRows(plan.program, parsed, between, scope=scope, counts=counts, beat=progress.beat)
    progress.begin(len(rows))
    found = simulate(question, rows, lambda: progress.beat(0)).as_json()
    return found | {"everybody": scope is None, "scope": len(scope or ()), "zone": plan.program.time_zone}


@contextmanager
def _old_memory_at_rest() -> Iterator[None]:
    """Keep Python from searching all of the program for garbage again and again; it saves a tenth of the time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Progress:
    """Says at most once a second how far the run has come, and whether it is still wanted."""

    def __init__(self, simulation: Simulation, lease: Lease) -> None:
        self.simulation, self.lease = simulation, lease
        self.done, self.next = 0, 0.0

    def begin(self, total: int) -> None:
        """Say how much there is to do."""
        Simulation.objects.filter(pk=self.simulation.pk).update(total=total)
        self.beat(0)

    def beat(self, read: int) -> None:
        """Note `read` more; raise Stopped if nobody waits for this run any more."""
        self.done += read
        if monotonic() < self.next:
            return
        self.next = monotonic() + BEAT
        wanted = Simulation.objects.filter(pk=self.simulation.pk, state=SimulationState.RUNNING)
        if not self.lease.keep() or not wanted.update(done=self.done):
            raise Stopped


@transaction.atomic
def _finish(simulation: Simulation, lease: Lease, result: dict[str, Any], at: datetime | None) -> None:
    simulation = _locked(simulation)
    if simulation.state != SimulationState.RUNNING or not lease.is_mine():
        return
    simulation.result, simulation.done = result, simulation.total
    simulation.save(update_fields=["result", "done"])
    _end(simulation, SimulationState.DONE, at)
    _record("simulation.finished", simulation, None, at, {"conversions": result["conversions"]})


@transaction.atomic
def _fail(simulation: Simulation, lease: Lease, why: str, at: datetime | None) -> None:
    simulation = _locked(simulation)
    if simulation.state == SimulationState.RUNNING and lease.is_mine():
        _end(simulation, SimulationState.FAILED, at, why)
        _record("simulation.failed", simulation, None, at)


def _locked(simulation: Simulation) -> Simulation:
    rows = Simulation.objects.select_for_update(of=("self",)).select_related("plan__program")
    return rows.get(pk=simulation.pk)  # type: ignore[no-any-return]


def _end(simulation: Simulation, state: SimulationState, at: datetime | None, error: str = "") -> None:
    simulation.state, simulation.error = state, error
    simulation.finished_at = at or timezone.now()
    simulation.save(update_fields=["state", "error", "finished_at"])


def _record(
    kind: str,
    simulation: Simulation,
    actor: User | None,
    at: datetime | None,
    data: dict[str, object] | None = None,
) -> None:
    program = simulation.plan.program
    events.record(
        kind, simulation, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
