"""What people change at a CRM: taken in once, never echoed; and deals that they win."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from core.models import Event
from integrations import actions, connectors
from integrations.actions.records.asking import ask_soon
from integrations.models import Connection, CustomerFact, Delivery, Inbound, RemoteRecord
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened
from tests.integrations.record_keeping import (
    BUYER,
    DAY,
    NOON,
    buy,
    contact_of,
    customer,
    keep_at,
    listen,
    message,
    sent,
    settle,
    stopped,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


# --- in ---------------------------------------------------------------------------------------------------------
def test_status_that_sales_people_set_is_a_fact_here(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")

    assert listen(hubspot, NOON + MINUTE) == 1

    fact = CustomerFact.objects.get()
    assert (fact.name, fact.value, fact.customer) == ("crm.lead_status", "OPEN", customer())
    event = Event.objects.get(kind="customer.status_changed")
    assert event.data == {"changes": {"crm.lead_status": [None, "OPEN"]}, "by": "hubspot"}


def test_the_loop_never_echoes(anna: Enrollment, account: FakeHubSpot) -> None:
    """Both ways are mapped to one field, and still each word crosses the border once."""
    hubspot = keep_at(account, anna.program)
    both = [
        {"target": "hs_lead_status", "source": "crm.lead_status", "conflict": "newest"},
        {"target": "affiliate_orders_count", "source": "orders.count", "conflict": "ours"},
    ]
    actions.save_mapping(hubspot, "out", "contact", both)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")
    written = len(sent(hubspot))

    kept = [listen(hubspot, NOON + number * MINUTE) for number in range(1, 6)]

    assert kept == [1, 0, 0, 0, 0]
    assert len(sent(hubspot)) == written
    assert Event.objects.filter(kind="customer.status_changed").count() == 1
    assert len(contact_of(account).history["hs_lead_status"]) == 1


def test_two_crms_tell_each_other_once(anna: Enrollment, account: FakeHubSpot, settings: Any) -> None:
    with opened(settings, is_made=False) as second:
        settings.OUTBOUND_ALLOWED_HOSTS = [account.host, second.host]
        ways = [{"target": "hs_lead_status", "source": "crm.lead_status", "conflict": "ours"}]
        one, two = keep_at(account, anna.program), keep_at(second, anna.program, "hubspot-2")
        for connection in (one, two):
            rows = [*ways, {"target": "email", "source": "customer.email", "conflict": "filled"}]
            actions.save_mapping(connection, "out", "contact", rows)
        buy(anna, anna.program, "1")
        account.edit(contact_of(account), hs_lead_status="OPEN")

        for number in range(1, 6):
            listen(one, NOON + number * MINUTE)
            listen(two, NOON + number * MINUTE)

        assert contact_of(second).values["hs_lead_status"] == "OPEN"
        assert len(contact_of(second).history["hs_lead_status"]) == 1
        assert len(contact_of(account).history["hs_lead_status"]) == 1
        assert CustomerFact.objects.count() == 1


def test_message_of_the_crm_has_it_asked_at_once(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")

    assert ask_soon(hubspot) is True
    assert ask_soon(hubspot) is False  # it is about to be asked
    settle()

    assert CustomerFact.objects.get().value == "OPEN"


def test_contact_that_sales_people_made_of_a_customer_is_adopted(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program)
    actions.pause(hubspot)
    buy(anna, anna.program, "1")
    actions.resume(hubspot)
    Delivery.objects.all().delete()
    account.add(email="buyer@example.net", hs_lead_status="NEW")

    listen(hubspot, NOON + MINUTE)

    assert RemoteRecord.objects.get().remote_id == contact_of(account).id
    assert CustomerFact.objects.get().value == "NEW"


def test_customer_is_found_by_any_spelling_of_the_address(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    actions.pause(hubspot)
    buy(anna, anna.program, "1")
    actions.resume(hubspot)
    Delivery.objects.all().delete()
    account.add(email="Buyer+news@example.net", hs_lead_status="NEW")

    listen(hubspot, NOON + MINUTE)

    assert CustomerFact.objects.get().customer == customer()


def test_record_of_nobody_is_not_kept(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    account.add(email="nobody@example.net", hs_lead_status="NEW")

    assert listen(hubspot, NOON) == 0

    assert not Inbound.objects.exists()
    assert not CustomerFact.objects.exists()


def test_replayed_change_says_nothing_new(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")
    listen(hubspot, NOON + MINUTE)

    row = actions.replay(Inbound.objects.get())

    assert (row.state, row.note) == ("done", "Nothing new.")
    assert Event.objects.filter(kind="customer.status_changed").count() == 1


def test_older_word_never_overtakes_a_newer_one(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    contact = contact_of(account)
    for number, status in enumerate(("NEW", "OPEN"), 1):
        account.at = NOON + number * MINUTE
        account.edit(contact, hs_lead_status=status)
        listen(hubspot, NOON + (number + 1) * MINUTE)
    first = Inbound.objects.order_by("pk").first()

    actions.replay(first)

    assert CustomerFact.objects.get().value == "OPEN"


def test_another_programs_key_or_number_moves_nobody(
    anna: Enrollment, other: Program, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program)
    buy(None, other, "1")
    account.add(hs_lead_status="STOLEN", **{KEY: f"customer:{customer().pk}"})

    listen(hubspot, NOON)

    assert CustomerFact.objects.count() == 0


def test_contact_deleted_there_is_made_anew_at_the_next_order(anna: Enrollment, account: FakeHubSpot) -> None:
    keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.objects["contacts"].clear()

    buy(anna, anna.program, "2", NOON + DAY)

    assert contact_of(account).values["affiliate_orders_count"] == "2"
    assert contact_of(account).values["email"] == BUYER.email
    assert RemoteRecord.objects.get().remote_id == contact_of(account).id


def test_record_that_a_message_names_is_read_at_once(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    contact = contact_of(account)
    account.edit(contact, hs_lead_status="OPEN")
    account.asked.clear()

    message(hubspot, {"subscriptionType": "contact.propertyChange", "objectId": int(contact.id)})
    settle()

    assert CustomerFact.objects.get().value == "OPEN"
    assert account.calls == ["batch/read"]  # no search: its index lags


def test_contact_deleted_there_is_forgotten_by_its_message(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")
    listen(hubspot, NOON + MINUTE)

    message(hubspot, {"subscriptionType": "contact.deletion", "objectId": int(contact_of(account).id)})

    assert not RemoteRecord.objects.exists()
    assert not CustomerFact.objects.exists()


def test_system_whose_calls_are_dear_is_asked_less_often(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = keep_at(account, anna.program)
    monkeypatch.setattr("integrations.connectors.hubspot.ASKED_EVERY", 15 * MINUTE, raising=False)

    assert actions.ask_changes(NOON) == 1
    listen(hubspot, NOON)
    assert actions.ask_changes(NOON + 14 * MINUTE) == 0
    assert actions.ask_changes(NOON + 16 * MINUTE) == 1


def test_person_who_asked_to_be_erased_is_not_made_anew(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    number = int(contact_of(account).id)
    account.objects["contacts"].clear()

    message(hubspot, {"subscriptionType": "contact.privacyDeletion", "objectId": number})
    buy(anna, anna.program, "2", NOON + DAY)
    actions.tell_everyone(hubspot)
    settle(NOON + 2 * DAY)

    assert account.objects["contacts"] == {}


def test_letters_that_no_database_keeps_stop_nobody(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.at = NOON + MINUTE
    account.add(email="odd@example.net", hs_lead_status="A\ud800B", **{KEY: "customer:" + "9" * 5000})
    account.edit(contact_of_customer(account), hs_lead_status="O\0PEN")

    listen(hubspot, NOON + 2 * MINUTE)

    assert CustomerFact.objects.get().value == "OPEN"


def contact_of_customer(account: FakeHubSpot) -> Any:
    """The contact of the buyer, among others."""
    (record,) = account.by_email(BUYER.email)
    return record


def test_fields_of_conditions_and_formulas_are_asked_for(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    mapped = {
        "schema": 1,
        "when": [{"source": "country", "test": "is", "value": "DE"}],
        "rows": [{"target": "crm.lead_status", "expression": '{country} & "/" & {hs_lead_status}'}],
    }
    actions.save_mapping(hubspot, "in", "contact", mapped)
    buy(anna, anna.program, "1")
    account.at = NOON + MINUTE
    account.edit(contact_of(account), hs_lead_status="OPEN")

    listen(hubspot, NOON + 2 * MINUTE)

    assert CustomerFact.objects.get().value == "DE/OPEN"


def test_echo_that_comes_before_the_answer_is_no_news(
    anna: Enrollment, account: FakeHubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot = keep_at(account, anna.program)
    rows = [{"target": "hs_lead_status", "source": "pattern.segment", "conflict": "ours"}]
    actions.save_mapping(hubspot, "out", "contact", [*rows, {"target": "email", "source": "customer.email"}])
    buy(anna, anna.program, "1")
    written = connectors.hubspot.upsert
    kept: list[int] = []

    def and_hear(*told: Any) -> Any:
        answer = written(*told)
        fresh = Connection.objects.select_related("program").get(pk=hubspot.pk)
        kept.append(actions.take_changes(fresh, records=[["contact", contact_of(account).id]]))
        return answer

    monkeypatch.setattr(connectors.hubspot, "upsert", and_hear)
    buy(anna, anna.program, "2", NOON + DAY)

    assert contact_of(account).values["hs_lead_status"] == "repeat"
    assert kept == [0]
