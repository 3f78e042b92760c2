"""The worker runs what is due, stops after the job at hand, and only rings where there is a broker."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError, transaction
from django.test import override_settings

from core import events, periods, tasks
from core.models import Job, JobState, User
from deploy import child
from portal.management.commands.worker import Worker

ROOT = Path(__file__).resolve().parents[2]
MODULE = "tests.portal.test_worker"
stop = threading.Event()


def done(event):
    """Succeed."""


def done_and_told_to_stop(event):
    """Succeed, while somebody presses Ctrl-C."""
    stop.set()


def follow(monkeypatch, *names):
    monkeypatch.setattr(events, "routes", lambda: {"user.seen": tuple(f"{MODULE}.{name}" for name in names)})
    monkeypatch.setattr("core.jobs.import_string", lambda path: globals()[path.rpartition(".")[2]])
    monkeypatch.setattr(periods, "schedule", tuple)
    stop.clear()
    with transaction.atomic():
        events.record("user.seen", User.objects.create(email="ann@example.com"), tenant=None)


def states():
    return list(Job.objects.order_by("id").values_list("state", "lease_token"))


@pytest.mark.django_db(transaction=True)
def test_turn_runs_one_job_and_says_whether_there_was_one(monkeypatch):
    follow(monkeypatch, "done")

    assert [Worker(stop).turn(), Worker(stop).turn()] == [True, False]
    assert states() == [(JobState.DONE, None)]


@pytest.mark.django_db(transaction=True)
def test_worker_stops_after_the_job_at_hand_and_leases_no_other(monkeypatch):
    follow(monkeypatch, "done_and_told_to_stop", "done")

    Worker(stop).work()

    assert states() == [(JobState.DONE, None), (JobState.DUE, None)]


@pytest.mark.django_db(transaction=True)
def test_clock_is_looked_at_once_a_second(monkeypatch):
    ticks = []
    monkeypatch.setattr(tasks, "tick", lambda: ticks.append(1))
    worker = Worker(stop)

    worker.turn()
    worker.turn()
    assert len(ticks) == 1

    worker._next_tick -= 1
    worker.turn()
    assert len(ticks) == 2


@pytest.mark.django_db(transaction=True)
def test_with_a_broker_it_rings_and_leaves_the_job_to_others(monkeypatch):
    follow(monkeypatch, "done")
    rung = []
    monkeypatch.setattr(tasks, "ring", lambda: rung.append(1))

    with override_settings(CELERY_BROKER_URL="redis://127.0.0.1:1/0"):
        assert Worker(stop).turn() is False

    assert (rung, states()) == ([1], [(JobState.DUE, None)])


def test_database_that_is_away_is_no_reason_to_end(monkeypatch):
    def away(**_limit):
        raise OperationalError

    monkeypatch.setattr(tasks, "tick", int)
    monkeypatch.setattr(tasks, "drain", away)
    monkeypatch.setattr("portal.management.commands.worker.close_old_connections", int)

    assert Worker(stop).turn() is False


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Of an empty installation that is migrated."""
    folder = tmp_path_factory.mktemp("installation")
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3", "VAR_DIR": str(folder)}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(migrate, cwd=ROOT, env={**environment, "CELERY_BROKER_URL": ""}, check=True)
    return environment


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_says_that_it_runs_and_ends_well_when_asked(environment, number):
    command = [sys.executable, "manage.py", "worker"]
    worker = child.start(command, environment=environment, folder=ROOT, output=subprocess.PIPE)
    first = worker.stdout.readline()
    started = time.monotonic()
    code = child.stop(worker, seconds=20, number=number)

    assert (first, code) == (b"worker: running jobs from the database\n", 0)
    assert time.monotonic() - started < 10
