"""Asks what other rules would have held: the last days' sales and affiliates, on paper, beside what was decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Program
from affiliates.roles import demand
from commissions.models import Commission
from commissions.states import IllegalMove, SimulationState
from core import events
from core.jobs import Lease
from core.models import Event, Job, User
from fraud.actions import policies
from fraud.actions.screening import exempt, found_in, night_of, parts
from fraud.findings import OF_SALES, Asked, ask, found
from fraud.gathering import sales
from fraud.models import DryRun, Policy, Signal
from fraud.states import GUILTY, Action, SignalState, Verdict
from tracking.models import Conversion

TASK = "fraud.tasks.run_dry_run"
OPEN = (SimulationState.WAITING, SimulationState.RUNNING)
MOST = 20_000  # of the newest sales; the answer says how many there were


@dataclass(slots=True)
class Line:
    """What one check would find and hold, and what reviewers had decided on the same."""

    found: int = 0
    held: int = 0
    fraud: int = 0
    cleared: int = 0
    commissions: set[int] = field(default_factory=set)


@transaction.atomic
def start(
    program: Program,
    checks: Mapping[str, Any],
    *,
    days: int = 90,
    actor: User,
    at: datetime | None = None,
) -> DryRun:
    """Ask what a program's rules with these `checks` would have held in the last days; the same question once."""
    demand(actor, "manage_fraud", program.merchant_id)
    if not 1 <= days <= 365:
        raise IllegalMove(_("Choose between one day and a year."))
    Program.objects.select_for_update(no_key=True).get(pk=program.pk)
    running: DryRun | None = DryRun.objects.filter(program=program, state__in=OPEN).first()
    if running is not None:
        if running.checks == dict(checks) and running.days == days:
            return running
        raise IllegalMove(_("A dry run is being worked on: wait for its answer."))
    run: DryRun = DryRun.objects.create(
        program=program, checks=dict(checks), days=days, asked_by=actor, created_at=at or timezone.now()
    )
    _record("dryrun.asked", run, actor, at)
    return run


def run(row: DryRun, *, event: Event | None = None, at: datetime | None = None) -> None:
    """Work the answer out, keeping the job's lease; whoever is killed begins again, nothing else is written."""
    job = Job.objects.filter(event=event, task=TASK).first() if event else None
    lease = Lease(job.pk, job.lease_token) if job else Lease()
    now = at or timezone.now()
    if row.state not in OPEN:
        return
    try:
        result = _worked_out(row, lease, now)
    except Exception:
        _end(row, SimulationState.FAILED, now, error=_("It could not be worked out."))
        raise
    if result is not None:
        _end(row, SimulationState.DONE, now, result=result)


def _worked_out(row: DryRun, lease: Lease, at: datetime) -> dict[str, Any] | None:
    """Ask everything once, and judge it by the rules of today and by the other ones; None if somebody else has it."""
    program = Program.objects.get(pk=row.program_id)
    today = policies.policy_of(program)
    other = Policy(program=program, checks=row.checks, number=today.number)
    for name in ("campaigns", "brand_terms", "bad_statuses"):
        setattr(other, name, getattr(today, name))
    since = at - timedelta(days=row.days)
    chosen = Conversion.objects.filter(program=program, occurred_at__gte=since, occurred_at__lt=at)
    newest = list(chosen.order_by("-occurred_at", "-pk").values_list("pk", flat=True)[:MOST])
    DryRun.objects.filter(pk=row.pk).update(state=SimulationState.RUNNING, total=len(newest), done=0)
    now_found: list[Asked] = []
    then_found: list[Asked] = []
    free = exempt(program, at)
    done = 0
    for part in parts(sorted(newest)):
        if not lease.keep():
            return None
        rows = Conversion.objects.filter(pk__in=part).select_related("order", "customer")
        facts = sales.sale_facts(program, list(rows.order_by("occurred_at", "pk")), other, at=at)
        now_found += found(ask(OF_SALES, facts, today.rule, free))
        then_found += found(ask(OF_SALES, facts, other.rule, free))
        done += len(part)
        DryRun.objects.filter(pk=row.pk).update(done=done)
    if not lease.keep():
        return None
    night = night_of(program, other, at=at)
    now_found += found_in(night, today.rule, free)
    then_found += found_in(night, other.rule, free)
    return {
        "sales": len(newest),
        "of": chosen.count(),
        "now": _told(program, now_found, since),
        "then": _told(program, then_found, since),
    }


def _told(program: Program, asked: Iterable[Asked], since: datetime) -> dict[str, Any]:
    """Return what is held by check, and in all without counting anything twice."""
    verdicts = _verdicts(program)
    lines: dict[str, Line] = defaultdict(Line)
    earned = _earned(program, since)
    for one in asked:
        line = lines[one.rule.check.name]
        line.found += 1
        verdict = verdicts.get(one.place)
        line.fraud += verdict in GUILTY
        line.cleared += verdict == Verdict.CLEAR
        if one.rule.action != Action.NOTE:
            line.held += 1
            line.commissions |= earned.of(one)
    every = set().union(*(line.commissions for line in lines.values())) if lines else set()
    return {
        "checks": {
            name: {
                "found": line.found,
                "held": line.held,
                "fraud": line.fraud,
                "cleared": line.cleared,
                "amount": earned.amount(line.commissions),
            }
            for name, line in sorted(lines.items())
        },
        "commissions": len(every),
        "amount": earned.amount(every),
    }


@dataclass(frozen=True, slots=True)
class _Earned:
    """Commissions of the period: their worth, and by which sale and for whose sake they were earned."""

    nets: Mapping[int, int]
    of_sale: Mapping[int, frozenset[int]]
    of_partner: Mapping[int, frozenset[int]]
    of_coupon: Mapping[int, frozenset[int]]

    def of(self, one: Asked) -> frozenset[int]:
        """The commissions that a finding would hold."""
        if one.conversion is not None:
            return self.of_sale.get(one.conversion, frozenset())
        if one.coupon is not None:
            return self.of_coupon.get(one.coupon, frozenset())
        return self.of_partner.get(one.enrollment, frozenset())

    def amount(self, ids: Iterable[int]) -> int:
        """Their worth in minor units."""
        return sum(self.nets[number] for number in ids)


def _earned(program: Program, since: datetime) -> _Earned:
    rows = Commission.objects.filter(program=program, occurred_at__gte=since, conversion__isnull=False)
    rows = rows.filter(conversion__decisions__is_current=True).with_net()
    named = ("pk", "amount", "reversed_amount", "conversion", "conversion__decisions__enrollment")
    nets: dict[int, int] = {}
    places: tuple[dict[int, set[int]], ...] = (defaultdict(set), defaultdict(set), defaultdict(set))
    for number, amount, taken, sale, partner, coupon in rows.values_list(
        *named, "conversion__decisions__coupon"
    ):
        nets[number] = amount - taken
        for place, key in zip(places, (sale, partner, coupon), strict=True):
            if key is not None:
                place[key].add(number)
    frozen = [{key: frozenset(ids) for key, ids in place.items()} for place in places]
    return _Earned(nets, *frozen)


def _verdicts(program: Program) -> dict[Any, str]:
    """The last verdict on each finding that somebody has decided on."""
    rows = Signal.objects.filter(program=program, case__state="decided").exclude(state=SignalState.WITHDRAWN)
    named = ("check_name", "enrollment", "conversion", "coupon", "case__verdict")
    return {tuple(row[:4]): row[4] for row in rows.order_by("case__decided_at").values_list(*named)}


@transaction.atomic
def _end(row: DryRun, state: SimulationState, at: datetime, *, result: Any = None, error: str = "") -> None:
    row = DryRun.objects.select_for_update().get(pk=row.pk)
    if row.state not in OPEN:
        return
    row.state, row.result, row.error, row.finished_at = state, result, error, at
    row.save(update_fields=["state", "result", "error", "finished_at"])
    _record("dryrun.finished" if state == SimulationState.DONE else "dryrun.failed", row, None, at)


def _record(kind: str, row: DryRun, actor: User | None, at: datetime | None) -> None:
    program = row.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
