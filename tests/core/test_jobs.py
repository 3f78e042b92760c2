"""The outbox: nothing lost, nothing twice, poison put aside."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import events, jobs
from core.models import Event, Job, User
from tests.makers import make_user

pytestmark = pytest.mark.django_db
seen: list[str] = []


def note(event: Event) -> None:
    seen.append(event.subject_id)


def write_then_fail(event: Event) -> None:
    User.objects.create(email="half@done.example")
    raise ValueError("broken")


def be_busy(event: Event) -> None:
    raise jobs.Temporary("The far side is busy.", retry_after=90)


def be_wrong(event: Event) -> None:
    raise jobs.Permanent("The far side refuses.")


def lose_the_lease(event: Event) -> None:
    Job.objects.update(lease_token=None)
    seen.append("worked")


@jobs.external
def call_out(event: Event) -> None:
    from django.db import connection

    seen.append(f"atomic:{len(connection.atomic_blocks)}")


@pytest.fixture(autouse=True)
def routes(monkeypatch):
    seen.clear()
    table = {name: (f"tests.core.test_jobs.{name}",) for name in globals() if callable(globals()[name])}
    table["two"] = ("tests.core.test_jobs.note", "tests.core.test_jobs.be_wrong")
    monkeypatch.setattr(events, "routes", lambda: table)
    monkeypatch.setattr("core.tasks.ring", lambda: None)


def happen(kind: str) -> Job:
    events.record(kind, make_user(), tenant=None)
    return Job.objects.latest("id")


def test_job_runs_once():
    happen("note")

    assert jobs.drain() == 1
    assert jobs.drain() == 0
    assert (len(seen), Job.objects.get().state) == (1, "done")


def test_followers_fail_on_their_own():
    happen("two")

    jobs.drain()

    assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "quarantined"]


def test_failed_work_leaves_nothing_and_is_tried_three_times():
    job = happen("write_then_fail")

    for _attempt in range(3):
        assert jobs.drain(1, at=timezone.now() + timedelta(days=1)) == 1

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("quarantined", 3)
    assert User.objects.filter(email="half@done.example").count() == 0
    assert job.last_error[-7:].strip() == "broken"


def test_temporary_trouble_is_no_strike_and_keeps_its_wait():
    job = happen("be_busy")

    for hour in range(1, 6):
        assert jobs.drain(1, at=timezone.now() + timedelta(hours=hour)) == 1

    job.refresh_from_db()
    assert (job.state, job.strikes, job.attempts) == ("due", 0, 5)
    assert timedelta(seconds=80) < job.next_at - timezone.now() < timedelta(seconds=91)


def test_permanent_refusal_is_put_aside_at_once():
    job = happen("be_wrong")

    jobs.drain()

    job.refresh_from_db()
    assert (job.state, job.last_error) == ("quarantined", "The far side refuses.")


def test_leased_job_is_not_claimed_again_until_the_lease_ends():
    happen("note")
    now = timezone.now()
    assert len(jobs.claim(at=now)) == 1

    assert jobs.claim(at=now + jobs.LEASE - timedelta(seconds=1)) == []
    assert len(jobs.claim(at=now + jobs.LEASE + timedelta(seconds=1))) == 1


def test_late_worker_cannot_finish_what_another_took_over():
    job = happen("note")
    late = jobs.claim()[0]
    jobs.claim(at=timezone.now() + jobs.LEASE * 2)

    jobs.run(late)

    job.refresh_from_db()
    assert (job.state, seen) == ("due", [])


def test_job_that_kills_its_worker_reaches_quarantine():
    job = happen("note")
    for strike in range(1, 4):
        assert len(jobs.claim(at=timezone.now() + jobs.LEASE * 2 * strike)) == 1

    assert jobs.claim(at=timezone.now() + jobs.LEASE * 9) == []

    job.refresh_from_db()
    assert job.state == "quarantined"


def test_retried_job_starts_with_a_clean_slate():
    job = happen("be_wrong")
    jobs.drain()
    Job.objects.update(task="tests.core.test_jobs.note")

    assert jobs.retry([job]) == 1
    assert (jobs.drain(), len(seen)) == (1, 1)


def test_external_job_runs_outside_a_transaction_of_its_own(django_capture_on_commit_callbacks):
    from django.db import connection

    outer = len(connection.atomic_blocks)
    happen("call_out")

    jobs.drain()

    assert seen == [f"atomic:{outer}"]


def test_muted_follower_gets_no_job():
    with events.muted("tests.core.test_jobs.note"):
        events.record("note", make_user(), tenant=None)

    assert (Event.objects.filter(kind="note").count(), Job.objects.count()) == (1, 0)


def test_unknown_kind_is_refused():
    with pytest.raises(KeyError):
        events.record("nothing.known", make_user(), tenant=None)
    assert Event.objects.count() == 0
