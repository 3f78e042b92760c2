"""Audits: customers held against a CRM's records, page by page, within all limits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from core import jobs
from core.jobs import Temporary
from core.models import Event, Job
from integrations import actions
from integrations.actions import auditing
from integrations.actions.deliveries import lanes
from integrations.models import Audit, Connection, ConnectionHour, Finding
from integrations.states import AuditState, ConnectionState, FindingKind, FindingState
from tests import makers
from tests.integrations.auditing import NEXT, NIGHT, found, look, open_one
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened
from tests.integrations.record_keeping import (
    BUYER,
    HOUR,
    NOON,
    REAL,
    buy,
    contact_of,
    customer,
    keep_at,
    stopped,
)
from tracking.models import Customer
from tracking.orders import CustomerIn


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


@pytest.fixture
def hubspot(anna: Enrollment, account: FakeHubSpot) -> Connection:
    connection = keep_at(account, anna.program)
    buy(anna, anna.program, "1", net=10000)
    return connection


# --- what is found ----------------------------------------------------------------------------------------------
def test_where_all_agrees_nothing_is_found(hubspot: Connection) -> None:
    row = look(hubspot)

    assert (row.state, row.counts["seen"], row.counts["found"]) == (AuditState.FINISHED, 1, 0)
    assert found(hubspot) == []
    assert Event.objects.get(kind="audit.finished").data == {"seen": 1, "found": 0, "calls": 2}


def test_a_value_that_differs_from_the_agreed_one_is_found(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")

    look(hubspot)

    one = open_one(hubspot)
    assert (one.kind, one.field) == (FindingKind.DIFFERS, "affiliate_lifetime_value")
    assert (one.ours, one.theirs) == ("100.00", "7")
    assert actions.proposal_of(one) == "tell"


def test_the_same_number_written_otherwise_is_no_difference(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="100")

    look(hubspot)

    assert found(hubspot) == []


def test_a_required_field_that_is_empty_is_found(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), **{KEY: ""})

    look(hubspot)

    assert found(hubspot) == [(FindingKind.MISSING, KEY, FindingState.OPEN)]


def test_a_record_that_was_deleted_there_is_found(hubspot: Connection, account: FakeHubSpot) -> None:
    account.objects["contacts"].clear()

    look(hubspot)

    assert found(hubspot) == [(FindingKind.GONE, "", FindingState.OPEN)]


def test_two_records_there_for_one_address_are_found(hubspot: Connection, account: FakeHubSpot) -> None:
    ours = contact_of(account)
    account.edit(ours, email="new@example.net")
    second = account.add(email=BUYER.email)

    look(hubspot)

    one = Finding.objects.get(kind=FindingKind.TWICE_THERE)
    assert (one.remote_id, one.other) == (ours.id, second.id)
    assert actions.proposal_of(one) == "merge"


def test_two_customers_here_that_are_one_record_there_are_found(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), hs_additional_emails="other@example.net")
    first = customer()
    second = Customer.objects.create(program=anna.program, source="shop", email="other@example.net")

    look(hubspot)

    one = open_one(hubspot)
    assert one.kind == FindingKind.TWICE_HERE
    assert (one.local_key, one.other) == (f"customer:{second.pk}", f"customer:{first.pk}")


def test_what_changed_there_a_moment_ago_comes_by_itself(
    hubspot: Connection, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.connectors import hubspot as module
    from integrations.connectors.records import Found

    key = f"customer:{customer().pk}"
    fresh = (Found(key, contact_of(account).id, {}, at=NIGHT - timedelta(minutes=1)),)
    monkeypatch.setattr(module, "fetch_records", lambda *_told: fresh)

    look(hubspot)

    assert found(hubspot) == []


def test_another_programs_customers_are_not_looked_at(
    hubspot: Connection, other: Program, account: FakeHubSpot
) -> None:
    Customer.objects.create(program=other, source="shop", email="secret@example.org")
    account.asked.clear()

    row = look(hubspot)

    assert row.counts["seen"] == 1
    assert not any("secret@example.org" in str(body) for _method, _path, body in account.asked)


# --- how it is read ---------------------------------------------------------------------------------------------
def customers(program: Program, count: int) -> None:
    Customer.objects.bulk_create(
        Customer(program=program, source="shop", email=f"b{number}@example.net") for number in range(count)
    )


def test_pages_are_as_large_as_a_batch_and_all_are_looked_at(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    customers(anna.program, 230)

    row = look(hubspot)

    assert (row.counts["seen"], row.place) == (231, Customer.objects.order_by("-pk")[0].pk)
    assert row.counts["calls"] == 4  # three pages by the address, one of them by our names too
    assert sum(hour.calls for hour in ConnectionHour.objects.filter(hour__date=NIGHT.date())) == 4


def test_an_audit_stops_at_its_budget_and_goes_on_the_next_night(
    anna: Enrollment, hubspot: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "MOST_CALLS", 2)
    customers(anna.program, 230)

    row = look(hubspot)
    assert (row.state, row.counts["seen"]) == (AuditState.RESTING, 100)

    again = look(hubspot, NEXT)
    assert (again.pk, again.state, again.counts["seen"]) == (row.pk, AuditState.FINISHED, 231)


def test_the_managers_own_budget_is_kept(hubspot: Connection, account: FakeHubSpot) -> None:
    Connection.objects.filter(pk=hubspot.pk).update(options={**hubspot.options, "budget": 1})
    ConnectionHour.objects.create(connection=hubspot, hour=NIGHT, calls=1)
    account.asked.clear()

    row = look(hubspot)

    assert (row.state, account.asked) == (AuditState.RESTING, [])


def test_while_somebody_else_speaks_with_the_system_the_audit_waits(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    hold = lanes.take(hubspot.pk, NIGHT)
    assert hold is not None
    row = actions.ask_audit(hubspot, at=NIGHT)
    account.asked.clear()

    with pytest.raises(Temporary):
        actions.audit(row, at=NIGHT)

    assert account.asked == []
    lanes.let_go(hold)
    assert actions.audit(row, at=NIGHT).state == AuditState.FINISHED


def test_the_lane_is_free_after_each_page_and_after_trouble(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.fail(500)
    row = actions.ask_audit(hubspot, at=NIGHT)

    with pytest.raises(Temporary):
        actions.audit(row, at=NIGHT)

    assert lanes.take(hubspot.pk, NIGHT) is not None


def test_a_system_that_throttles_is_asked_again_later_from_the_same_place(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.at -= timedelta(days=1)  # the job looks at the real clock: this was not a moment ago
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    row = actions.ask_audit(hubspot, at=NIGHT)
    account.fail(429, Retry_After="30")

    with pytest.raises(Temporary) as trouble:
        actions.audit(row, at=NIGHT)
    assert trouble.value.retry_after == 30
    assert (Audit.objects.get().state, Finding.objects.count()) == (AuditState.ASKED, 0)

    jobs.drain(at=REAL() + HOUR)
    assert (Audit.objects.get().state, Finding.objects.count()) == (AuditState.FINISHED, 1)


def test_an_audit_that_runs_is_not_begun_twice(hubspot: Connection) -> None:
    first = actions.ask_audit(hubspot, at=NIGHT)

    assert actions.ask_audit(hubspot, at=NIGHT) == first
    assert Job.objects.filter(task="integrations.tasks.audit").count() == 1


def test_an_audit_whose_job_was_put_aside_goes_on_the_next_night(hubspot: Connection) -> None:
    actions.ask_audit(hubspot, at=NIGHT)
    Job.objects.filter(task="integrations.tasks.audit").update(state="quarantined")

    actions.ask_audits(at=NEXT)
    jobs.drain(at=REAL() + HOUR)

    assert Audit.objects.get().state == AuditState.FINISHED


def test_the_night_audits_those_that_keep_records_and_can_be_asked(
    anna: Enrollment, hubspot: Connection
) -> None:
    makers.make_connection(anna.program, source="woo")
    makers.make_connection(anna.program, connector="hubspot", source="idle", state=ConnectionState.PAUSED)

    assert actions.ask_audits(at=NIGHT) == 1
    assert Audit.objects.get().connection == hubspot


def test_what_keeps_no_records_cannot_be_audited(anna: Enrollment) -> None:
    with pytest.raises(actions.CannotAudit):
        actions.ask_audit(makers.make_connection(anna.program, source="woo"))


def test_a_second_worker_does_not_count_a_page_twice(hubspot: Connection) -> None:
    row = actions.ask_audit(hubspot, at=NIGHT)
    stale = Audit.objects.select_related("connection__program").get(pk=row.pk)
    actions.audit(row, at=NIGHT)

    desk = auditing._desk(hubspot)
    with pytest.raises(Temporary):
        auditing._look_at(stale, desk, list(Customer.objects.all()), NIGHT)

    assert Audit.objects.get().counts["seen"] == 1


def test_guests_of_two_addresses_are_two_customers_and_no_fault(
    anna: Enrollment, hubspot: Connection
) -> None:
    buy(anna, anna.program, "2", customer=CustomerIn(email="second@example.net"))

    look(hubspot)

    assert found(hubspot) == []
