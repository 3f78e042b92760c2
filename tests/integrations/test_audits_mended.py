"""Findings of audits stand once, are mended by a person, and close by themselves."""

from collections.abc import Iterator
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.models import Event
from integrations import actions
from integrations.connectors.hubspot.defaults import OUT
from integrations.models import Connection, CustomerFact, Finding, RemoteRecord
from integrations.states import FindingKind, FindingState
from tests import makers
from tests.integrations.auditing import NEXT, NIGHT, look, open_one
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened
from tests.integrations.record_keeping import (
    BUYER,
    DAY,
    NOON,
    buy,
    contact_of,
    customer,
    keep_at,
    settle,
    stopped,
)


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


# --- how findings live ------------------------------------------------------------------------------------------
def test_a_finding_stands_once_and_closes_by_itself(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    look(hubspot)
    look(hubspot, NEXT)
    assert Finding.objects.count() == 1

    account.edit(contact_of(account), affiliate_lifetime_value="100.00")
    look(hubspot, NEXT + DAY)

    one = Finding.objects.get()
    assert (one.state, one.closed_at) == (FindingState.CLOSED, NEXT + DAY)


def test_the_same_fault_once_more_is_a_new_finding(hubspot: Connection, account: FakeHubSpot) -> None:
    for at, value in ((NIGHT, "7"), (NEXT, "100.00"), (NEXT + DAY, "7")):
        account.edit(contact_of(account), affiliate_lifetime_value=value)
        look(hubspot, at)

    states = Finding.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [FindingState.CLOSED, FindingState.OPEN]


def test_what_is_left_so_stays_until_another_value_stands_there(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    look(hubspot)
    actions.leave_finding(open_one(hubspot), at=NIGHT)

    look(hubspot, NEXT)
    assert Finding.objects.get().state == FindingState.LEFT

    account.edit(contact_of(account), affiliate_lifetime_value="8")
    look(hubspot, NEXT + DAY)
    assert Finding.objects.get().state == FindingState.OPEN


# --- mends ------------------------------------------------------------------------------------------------------
def test_ours_told_again_stands_there_and_the_next_audit_closes(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    look(hubspot)

    actions.tell_ours(open_one(hubspot), at=NIGHT)
    settle(NIGHT)

    assert contact_of(account).values["affiliate_lifetime_value"] == "100.00"
    look(hubspot, NEXT)
    assert Finding.objects.get().state == FindingState.CLOSED


def test_ours_is_told_again_even_where_the_rule_lets_theirs_win(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    rows = [dict(row) for row in OUT["contact"]]
    for row in rows:
        row["conflict"] = "theirs" if row["target"] == "phone" else row["conflict"]
    actions.save_mapping(hubspot, "out", "contact", rows)
    account.edit(contact_of(account), phone="+49301")
    look(hubspot)
    assert actions.proposal_of(open_one(hubspot)) == "theirs"

    actions.tell_ours(open_one(hubspot), at=NIGHT)
    settle(NIGHT)

    assert contact_of(account).values["phone"] == BUYER.phone


def test_where_a_filled_field_is_never_overwritten_ours_is_not_told(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), phone="+49301")
    look(hubspot)

    with pytest.raises(actions.CannotMend):
        actions.tell_ours(open_one(hubspot), at=NIGHT)

    assert open_one(hubspot).state == FindingState.OPEN
    assert contact_of(account).values["phone"] == "+49301"


def test_a_mend_that_did_not_help_is_open_again(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    look(hubspot)
    actions.tell_ours(open_one(hubspot), at=NIGHT)
    settle(NIGHT)
    account.edit(contact_of(account), affiliate_lifetime_value="7")

    look(hubspot, NEXT)

    assert Finding.objects.get().state == FindingState.OPEN


def test_theirs_taken_is_agreed_on_and_not_told_over(
    anna: Enrollment, hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), phone="+49301")
    look(hubspot)

    actions.mend_as_proposed(Finding.objects.get(field="phone"), at=NIGHT)
    buy(anna, anna.program, "2", NIGHT)

    assert contact_of(account).values["phone"] == "+49301"
    look(hubspot, NEXT)
    assert Finding.objects.get(field="phone").state == FindingState.CLOSED


def test_theirs_of_a_field_that_we_read_is_taken_in(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), hs_lead_status="OPEN", lifecyclestage="lead")
    actions.take_changes(Connection.objects.get(pk=hubspot.pk), at=NOON)
    settle(NOON)
    record = contact_of(account)
    record.values["hs_lead_status"] = "CONNECTED"  # the news of it was lost
    look(hubspot)

    actions.take_theirs(Finding.objects.get(field="hs_lead_status"), at=NIGHT)
    settle(NIGHT)

    facts = dict(CustomerFact.objects.values_list("name", "value"))
    assert (facts["crm.lead_status"], facts["crm.lifecycle"]) == ("CONNECTED", "lead")
    look(hubspot, NEXT)
    assert Finding.objects.get(field="hs_lead_status").state == FindingState.CLOSED


def test_a_record_that_is_gone_is_made_anew(hubspot: Connection, account: FakeHubSpot) -> None:
    account.objects["contacts"].clear()
    look(hubspot)

    actions.tell_ours(open_one(hubspot), at=NIGHT)
    settle(NIGHT)

    record = contact_of(account)
    assert record.values["email"] == BUYER.email
    assert RemoteRecord.objects.get(connection=hubspot).remote_id == record.id


def test_a_key_that_was_emptied_is_written_again_and_nothing_is_doubled(
    hubspot: Connection, account: FakeHubSpot
) -> None:
    account.edit(contact_of(account), **{KEY: ""})
    look(hubspot)

    actions.tell_ours(open_one(hubspot), at=NIGHT)
    settle(NIGHT)

    assert contact_of(account).values[KEY] == f"customer:{customer().pk}"


def test_two_records_are_merged_by_hand_only(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), email="new@example.net")
    account.add(email=BUYER.email)
    look(hubspot)
    one = Finding.objects.get(kind=FindingKind.TWICE_THERE)

    for verb in (actions.tell_ours, actions.take_theirs, actions.mend_as_proposed):
        with pytest.raises(actions.CannotMend):
            verb(one)
    assert Finding.objects.get(pk=one.pk).state == FindingState.OPEN


def test_a_mend_twice_is_one_mend(hubspot: Connection, account: FakeHubSpot) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    look(hubspot)
    one = open_one(hubspot)

    actions.tell_ours(one, at=NIGHT)
    actions.tell_ours(one, at=NIGHT)

    assert Event.objects.filter(kind="finding.mended").count() == 1


@pytest.mark.parametrize("role", ["finance", "reviewer", "analyst"])
def test_only_who_manages_connections_mends(hubspot: Connection, account: FakeHubSpot, role: str) -> None:
    account.edit(contact_of(account), affiliate_lifetime_value="7")
    look(hubspot)
    person = makers.make_member(hubspot.program.merchant, role)

    for verb in (actions.tell_ours, actions.take_theirs, actions.leave_finding):
        with pytest.raises(PermissionError):
            verb(open_one(hubspot), actor=person)
    with pytest.raises(PermissionError):
        actions.ask_audit(hubspot, actor=person)
