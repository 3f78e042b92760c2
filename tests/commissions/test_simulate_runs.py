"""A question is asked, worked out beside the daily work, and answered; the books are never touched."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions import actions
from commissions.actions import simulations
from commissions.models import Plan, Simulation
from commissions.plan import PlanError
from commissions.rehearsal.cases import Case
from commissions.rehearsal.only_reading import WriteRefused, is_allowed, only_reading
from commissions.states import IllegalMove, SimulationState
from core import jobs
from core.models import Event, Job, JobState, User
from tests.house.world import scoped_models
from tests.makers import (
    NOON,
    TEN_PERCENT,
    TWO_LEVELS,
    make_commission,
    make_payable,
    make_refund,
    percent_plan,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BETWEEN = NOON - 30 * DAY, NOON + DAY
NOW = NOON + 40 * DAY


@pytest.fixture
def row(program: Program, ann: Enrollment) -> Plan:
    """The plan of a program in which something was earned, approved and taken back."""
    make_payable(ann, 20000)
    commission = make_commission(ann, 10000)
    assert commission.conversion
    number = commission.conversion.external_id
    actions.take_refunds(program, "shop", number, [make_refund(gross=2500)], at=NOON)
    jobs.drain()
    return program.plans.get()  # type: ignore[no-any-return]


def ask(row: Plan, body: dict[str, Any] | None = None, **more: Any) -> Simulation:
    return actions.start_simulation(row, body or percent_plan("20"), *BETWEEN, **{"at": NOW} | more)


def run(simulation: Simulation) -> Simulation:
    """As a worker does it: by the job of the event."""
    jobs.drain()
    simulation.refresh_from_db()
    return simulation


def job_of(simulation: Simulation) -> Job:
    return Job.objects.get(event__kind="simulation.asked", event__subject_id=str(simulation.pk))


def kinds(simulation: Simulation) -> list[str]:
    rows = Event.objects.filter(subject_type="commissions.simulation", subject_id=str(simulation.pk))
    return list(rows.order_by("pk").values_list("kind", flat=True))


def stored() -> dict[str, tuple[int, int]]:
    """Table -> number of rows and a hash of all that is in them, but for what a simulation may write."""
    found = {}
    for model in [*scoped_models(), Job]:
        if model is Simulation:
            continue
        rows = model._default_manager.order_by("pk")
        if model is Event:
            rows = rows.exclude(subject_type="commissions.simulation")
        if model is Job:
            rows = rows.exclude(task=simulations.TASK)
        sql, params = rows.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            lines = cursor.fetchall()
        found[model._meta.label] = (len(lines), hash(repr(lines)))
    return found


def test_question_is_answered_by_a_worker(row: Plan, mia: User) -> None:
    simulation = run(ask(row, actor=mia))

    assert (simulation.state, simulation.created_by, simulation.error) == (SimulationState.DONE, mia, "")
    assert simulation.finished_at is not None
    assert (simulation.done, simulation.total, simulation.result["conversions"]) == (2, 2, 2)
    assert simulation.result["now"]["total"] == (2000 + 1000 + 750 + 375)
    assert simulation.result["then"]["total"] == 4000 + 1500
    assert kinds(simulation) == ["simulation.asked", "simulation.finished"]
    assert job_of(simulation).state == JobState.DONE


def test_books_are_the_same_before_and_after(row: Plan) -> None:
    simulation = ask(row, TWO_LEVELS)
    before = stored()

    run(simulation)

    assert simulation.state == SimulationState.DONE
    assert stored() == before
    assert {
        "commissions.Entry",
        "commissions.Commission",
        "commissions.Reversal",
        "commissions.Volume",
    } <= set(before)
    assert before["commissions.Entry"][0] > 0


@pytest.mark.django_db(transaction=True)  # a worker has no transaction round its run, either
def test_write_to_the_books_during_a_run_is_refused(row: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(case: Case, earned: Any) -> dict[Any, int]:
        row.name = "Changed"
        row.save()
        return {}

    monkeypatch.setattr("commissions.simulate.left_of", planted)
    simulation, before = ask(row), stored()

    run(simulation)

    assert simulation.state == SimulationState.FAILED
    assert simulation.error == "It could not be worked out: an error that nobody foresaw."
    assert job_of(simulation).last_error.startswith("WriteRefused: This may only read: UPDATE")
    assert job_of(simulation).state == JobState.QUARANTINED
    assert stored() == before


@pytest.mark.django_db(transaction=True)
def test_guard_lets_own_rows_be_written_and_nothing_else(row: Plan) -> None:
    simulation = ask(row)

    with only_reading(Simulation):
        Simulation.objects.filter(pk=simulation.pk).update(done=1)
        assert Plan.objects.count() == 1
        for refused in (
            row.save,
            Plan(program=row.program, name="New").save,
            Job.objects.filter(pk=0).delete,
            lambda: Plan.objects.update(name="Changed"),
        ):
            with pytest.raises(WriteRefused):
                refused()
    row.save()


@pytest.mark.parametrize(
    ("sql", "allowed"),
    [
        ("SELECT 1", True),
        ("  select 1", True),
        ("SAVEPOINT s1", True),
        ('UPDATE "own" SET a = 1', True),
        ('INSERT INTO "own" VALUES (1)', True),
        ('UPDATE "owned" SET a = 1', False),
        ("UPDATE own SET a = 1", False),
        ('WITH x AS (DELETE FROM "other" RETURNING *) SELECT * FROM x', False),
        ("TRUNCATE own", False),
        ("PRAGMA query_only = OFF", False),
        ("", False),
    ],
)
def test_what_the_guard_lets_pass(sql: str, allowed: bool) -> None:
    assert is_allowed(sql, {"own"}) is allowed


def test_body_is_copied(row: Plan) -> None:
    body = percent_plan("20")

    simulation = ask(row, body)
    body["rules"].clear()

    assert simulation.body == percent_plan("20")


def test_same_question_is_asked_once(row: Plan) -> None:
    first = ask(row)

    assert ask(row).pk == first.pk
    assert ask(row, TEN_PERCENT).pk != first.pk
    run(first)
    assert ask(row).pk != first.pk


@pytest.mark.parametrize(
    ("between", "why"),
    [
        ((NOON, NOW + DAY), "The future is not known yet"),
        ((NOON, NOON), "A period has an end after its beginning"),
        ((NOON, NOON - DAY), "A period has an end after its beginning"),
        ((NOON - 3700 * DAY, NOON), "at most ten years"),
    ],
)
def test_period_must_be_over_and_have_a_length(row: Plan, between: Any, why: str) -> None:
    with pytest.raises(IllegalMove, match=why):
        actions.start_simulation(row, TEN_PERCENT, *between, at=NOW)

    assert not Simulation.objects.exists()


def test_body_must_be_a_plan(row: Plan) -> None:
    with pytest.raises(PlanError):
        ask(row, {"schema": 2, "rules": []})


def test_company_has_three_at_once(row: Plan, other: Program) -> None:
    for rate in ("1", "2", "3"):
        ask(row, percent_plan(rate))

    with pytest.raises(IllegalMove, match="Three simulations"):
        ask(row, percent_plan("4"))
    assert ask(other.plans.get(), percent_plan("4"))


@pytest.mark.parametrize("person", ["ada", "fin", "rita", "eve"])
def test_others_may_not_ask_nor_cancel(row: Plan, person: str, request: pytest.FixtureRequest) -> None:
    actor, simulation = request.getfixturevalue(person), ask(row)

    with pytest.raises(NotAllowed):
        ask(row, TEN_PERCENT, actor=actor)
    with pytest.raises(NotAllowed):
        actions.cancel_simulation(simulation, actor=actor)

    simulation.refresh_from_db()
    assert (simulation.state, Simulation.objects.count()) == (SimulationState.WAITING, 1)


def test_cancelled_question_is_not_worked_out(row: Plan, mia: User) -> None:
    simulation = actions.cancel_simulation(ask(row), actor=mia)

    run(simulation)

    assert (simulation.state, simulation.result) == (SimulationState.CANCELLED, None)
    assert kinds(simulation) == ["simulation.asked", "simulation.cancelled"]
    assert actions.cancel_simulation(simulation).state == SimulationState.CANCELLED


def test_answered_question_cannot_be_cancelled(row: Plan) -> None:
    simulation = run(ask(row))

    with pytest.raises(IllegalMove):
        actions.cancel_simulation(simulation)


def test_run_stops_when_it_is_cancelled_meanwhile(row: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = ask(row)
    interrupt(monkeypatch, lambda: Simulation.objects.update(state=SimulationState.CANCELLED))

    run(simulation)

    assert (simulation.state, simulation.result) == (SimulationState.CANCELLED, None)


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {}])
def test_answer_that_nobody_waits_for_is_not_stored(
    row: Plan, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    """After the last sign of life it is cancelled, or another worker takes the job."""
    simulation, real = ask(row), simulations.simulate

    def too_late(*given: Any) -> Any:
        found = real(*given)
        Simulation.objects.update(**change) if change else Job.objects.update(lease_token=None)
        return found

    monkeypatch.setattr(simulations, "simulate", too_late)

    run(simulation)

    assert (simulation.state, simulation.result) == (change.get("state", "running"), None)
    assert "simulation.finished" not in kinds(simulation)


def test_run_stops_when_another_worker_has_its_job(row: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = ask(row)
    interrupt(monkeypatch, lambda: Job.objects.update(lease_token=None))

    run(simulation)

    assert (simulation.state, simulation.result) == (SimulationState.RUNNING, None)
    assert job_of(simulation).state == JobState.DUE


def interrupt(monkeypatch: pytest.MonkeyPatch, what: Any) -> None:
    """Let something happen after the first sign of life; each chunk gives one."""
    real = simulations.CaseRows.__iter__
    monkeypatch.setattr(simulations, "BEAT", 0.0)
    monkeypatch.setattr(simulations.CaseRows, "__iter__", lambda rows: (what(), real(rows))[1])


def test_run_keeps_its_lease(row: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation, seen = ask(row), []
    interrupt(monkeypatch, lambda: Job.objects.update(lease_until=timezone.now()))
    keep = simulations.Lease.keep
    monkeypatch.setattr(
        simulations.Lease,
        "keep",
        lambda lease: (keep(lease), seen.append(job_of(simulation).lease_until))[0],
    )

    run(simulation)

    assert simulation.state == SimulationState.DONE
    assert min(seen) > timezone.now() + timedelta(seconds=100)


def test_run_whose_worker_died_is_repeated(row: Plan) -> None:
    simulation = ask(row)
    claimed = jobs.claim()[0]
    Simulation.objects.update(state=SimulationState.RUNNING, done=1)
    assert jobs.drain() == 0  # the lease is held

    jobs.drain(at=claimed.lease_until + timedelta(seconds=1))

    simulation.refresh_from_db()
    assert simulation.state == SimulationState.DONE


def test_third_death_in_a_row_is_said_on_the_page(row: Plan) -> None:
    simulation = ask(row)
    Job.objects.filter(pk=job_of(simulation).pk).update(strikes=jobs.STRIKES - 1)

    run(simulation)

    assert (simulation.state, simulation.error) == (
        SimulationState.FAILED,
        "The worker stopped twice while it was at it.",
    )
    assert kinds(simulation) == ["simulation.asked", "simulation.failed"]


def test_database_that_is_away_is_waited_for(row: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("gone")

    simulation = ask(row)
    interrupt(monkeypatch, away)

    run(simulation)

    job = job_of(simulation)
    assert (simulation.state, job.state, job.strikes) == (SimulationState.RUNNING, JobState.DUE, 0)
    assert job.last_error == "The database is away: gone"


def test_failed_run_can_be_tried_again_from_quarantine(row: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = ask(row)
    with monkeypatch.context() as broken:
        broken.setattr("commissions.simulate.evaluate", None)
        run(simulation)
    assert simulation.state == SimulationState.FAILED

    jobs.retry([job_of(simulation)])
    run(simulation)

    assert (simulation.state, simulation.error) == (SimulationState.DONE, "")


def test_moment_of_the_question_is_kept(row: Plan) -> None:
    simulation = ask(row, at=datetime(2026, 12, 24, tzinfo=UTC))

    assert (simulation.created_at.day, simulation.starts_at, simulation.ends_at) == (24, *BETWEEN)
