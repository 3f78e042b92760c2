"""/metrics: for whoever has the token, in Prometheus' own format."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Program
from core.models import Round
from integrations.models import Connection, ConnectionHour, Trouble
from portal.exposition import Family, exposition
from portal.metrics import WATCH
from portal.schedule import SCHEDULE
from tests import makers

pytestmark = pytest.mark.django_db
TOKEN = "m3trics-token"
SAMPLE = re.compile(
    r'([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? (-?[0-9.e+-]+)'
)


@pytest.fixture
def token(settings: Any) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def ask(given: str = f"Bearer {TOKEN}") -> Any:
    return Client().get("/metrics", headers={"authorization": given} if given else {})


def samples(text: str) -> dict[str, float]:
    """Every line of the answer; one that is no sample fails."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [SAMPLE.fullmatch(line) for line in lines]
    assert [line for line, match in zip(lines, found, strict=True) if match is None] == []
    return {f"{match[1]}{match[2] or ''}": float(match[3]) for match in found if match}


@pytest.fixture
def hook(program: Program) -> Connection:
    return makers.make_connection(
        program, connector="webhook", source="hook", options={"budget": 10}, base_url="https://h.example.com/"
    )


def test_without_a_token_there_is_no_such_address() -> None:
    assert ask().status_code == 404
    assert ask("Bearer ").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"])
def test_wrong_token_is_refused(token: str, given: str) -> None:
    answer = ask(given)

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert b"portal_" not in answer.content


def test_nothing_is_changed_there(token: str) -> None:
    assert Client().post("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_figures_of_a_connection(token: str, hook: Connection) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    ConnectionHour.objects.create(
        connection=hook,
        hour=hour,
        calls=4,
        answered=3,
        delivered=3,
        failures=1,
        errors=1,
        lag_1=3,
        quota={"daily_left": 7, "daily": 9},
    )
    makers.make_delivery(hook)
    for state in ("done", "due", "skipped"):
        makers.make_delivery(hook, state=state, done_at=None if state == "due" else timezone.now())
    makers.make_delivery(hook, state="skipped", done_at=timezone.now() - timedelta(days=2))
    for number, state in enumerate(("done", "ignored", "parked")):
        hook.inbounds.create(dedupe_key=str(number), body=b"", state=state)
    long_ago = timezone.now() - timedelta(days=2)
    for number, state in enumerate(("done", "quarantined")):
        hook.inbounds.create(dedupe_key=f"old-{number}", body=b"", state=state, received_at=long_ago)
    Trouble.objects.create(connection=hook, kind="dead", sentence="…")

    answer = ask()
    found = samples(answer.content.decode())

    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    labels = f'connection="{hook.pk}",system="webhook",source="hook"'
    kept = {
        state: found[f'portal_deliveries{{{labels},state="{state}"}}']
        for state in ("dead", "done", "due", "skipped")
    }
    assert kept == {"dead": 1, "done": 3, "due": 1, "skipped": 1}
    assert found[f'portal_inbounds{{{labels},state="quarantined"}}'] == 1
    assert found[f'portal_inbounds{{{labels},state="ended"}}'] == 2
    assert found[f'portal_inbounds{{{labels},state="parked"}}'] == 1
    assert found[f'portal_delivery_lag_seconds{{{labels},quantile="0.5"}}'] == 0.5
    assert found[f'portal_delivery_attempts{{{labels},outcome="delivered"}}'] == 3
    assert found[f'portal_delivery_attempts{{{labels},outcome="errors"}}'] == 1
    assert found[f"portal_connection_calls{{{labels}}}"] == 4
    assert found[f"portal_connection_budget_left{{{labels}}}"] == 6
    assert found[f'portal_connection_quota_left{{{labels},limit="daily"}}'] == 7
    assert found[f'portal_connection_trouble{{{labels},kind="dead"}}'] == 1
    assert found[f"portal_connection_uptime_ratio{{{labels}}}"] == 1
    assert found["portal_edge_journal_bytes"] >= 0


def test_figures_of_the_house(token: str) -> None:
    Round.objects.create(task=WATCH, period=timezone.now(), done_at=timezone.now() - timedelta(seconds=90))

    found = samples(ask().content.decode())

    assert 90 <= found["portal_worker_last_turn_seconds"] < 100
    assert found["portal_jobs_waiting"] >= 0


def test_the_turn_that_it_looks_for_is_on_the_schedule() -> None:
    assert WATCH in {every.task for every in SCHEDULE}


def test_cut_connections_are_left_out(token: str, hook: Connection) -> None:
    makers.make_delivery(hook)
    Connection.objects.filter(pk=hook.pk).update(state="disconnected")

    assert f'connection="{hook.pk}"' not in ask().content.decode()


def test_number_of_queries_does_not_grow(token: str, program: Program) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            ask()
        return len(seen)

    makers.make_connection(program)
    one = queries()
    for number in range(5):
        makers.make_connection(program, source=f"shop-{number}")

    assert queries() == one


BOUND = re.compile(r'"state" (=|IN)|"(received_at|done_at|next_at)" [<>]=|_delivery"\."id" IN')

PARTIAL = "delivery_due|delivery_dead|inbound_open|job_due|job_put_aside"  # indexes of what is open alone
WHOLE = re.compile(rf"Seq Scan|SCAN (integrations_|core_job)\w*(?!\w| USING (COVERING )?INDEX ({PARTIAL})\b)")


def plan_of(sql: str) -> str:
    """How the database would answer; PostgreSQL reads a small table whole unless it is told not to."""
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_work_does_not_grow_with_what_is_kept(token: str, hook: Connection) -> None:
    makers.make_delivery(hook, state="due", done_at=None)

    with CaptureQueriesContext(database) as seen:
        ask()

    large = ("integrations_delivery", "integrations_inbound", "core_job")
    asked = [each["sql"] for each in seen if any(f'FROM "{table}"' in each["sql"] for table in large)]
    assert len(asked) >= 7
    assert [sql for sql in asked if not BOUND.search(sql)] == []
    assert [plan for plan in map(plan_of, asked) if WHOLE.search(plan)] == []


def test_text_is_escaped_and_numbers_are_plain() -> None:
    family = Family("a_b", "First\nline \\ here")
    family.add(1, name='say "hi"\\\n')
    family.add(0.25, name="é")
    family.add(None, name="unknown")

    assert exposition([family, Family("empty", "Nothing.")]) == (
        "# HELP a_b First\\nline \\\\ here\n# TYPE a_b gauge\n"
        'a_b{name="say \\"hi\\"\\\\\\n"} 1\n'
        'a_b{name="é"} 0.25\n'
    )
