"""The guide, followed once: a key, the properties, a customer who buys twice, a contact, and what sales people say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations import actions
from integrations.connectors import CONNECTORS, hubspot
from integrations.connectors.base import Connector, Store
from integrations.connectors.hubspot.defaults import wanted_fields
from integrations.connectors.own_fields import SEGMENTS
from integrations.connectors.records import KeepsRecords, Outcome, Row
from integrations.mapping import apply, read_sheet
from integrations.models import Connection
from integrations.records import Segment, customer_record, deal_record
from tests import makers
from tests.integrations.fake_hubspot import KEY, START, TOKEN, FakeHubSpot, opened, store_of
from tests.makers import NOON
from tracking.models import Customer
from tracking.orders import CustomerIn, Evidence

BUYER = CustomerIn(external_id="c-7", email="buyer@example.net", country="DE", phone="+4930123456")


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    """An account to which nobody is connected yet."""
    with opened(settings, is_made=False) as running:
        yield running


@pytest.fixture
def connected(anna: Enrollment, account: FakeHubSpot) -> Connection:
    return makers.make_connection(
        anna.program, connector="hubspot", source="hubspot", base_url=account.url, secrets={"token": TOKEN}
    )


def buy(anna: Enrollment, number: str, days: float, **fields: Any) -> dict[str, Any]:
    """Take an order by Anna's link; return the customer's record after it."""
    at = NOON + days * timedelta(days=1)
    told = {"customer": BUYER, "occurred_at": at, "revision_at": at, "captured_at": at, **fields}
    take_orders(anna.program, [makers.make_order(number, evidence=Evidence(ref=anna.code), **told)], at=at)
    return deal_record(Customer.objects.select_related("program").get(), None, at)


def put(account: FakeHubSpot, kind: str, record: dict[str, Any]) -> Outcome:
    """Write a record as the default mapping tells it."""
    result = apply(read_sheet(list(hubspot.OUT[kind])), record)
    assert result.problems == {}
    row = Row(record["customer"]["key"], result.values, email=record["customer"]["email"])
    return hubspot.upsert(store_of(account), kind, [row]).outcomes[0]


def test_it_is_a_connector_that_keeps_records() -> None:
    connector: Connector = hubspot

    assert CONNECTORS["hubspot"] is connector
    assert isinstance(hubspot, KeepsRecords)
    assert hubspot.RECORDS == ("contact", "deal")
    assert hubspot.fetch_order(Store("", "hubspot", {}), "1") is None
    assert hubspot.fetch_refund_lines(Store("", "hubspot", {}), "1", "1", "EUR") is None


def test_connecting_by_the_guide(connected: Connection, account: FakeHubSpot) -> None:
    before = actions.test_connection(connected)
    left = actions.register_webhooks(connected)
    after = actions.test_connection(connected)

    assert "properties are missing: contact.affiliate_platform_id" in before
    assert left == []
    assert (
        after
        == "HubSpot answers, and all properties are there. Changes in HubSpot are asked for by a schedule."
    )
    assert {field.name for field in wanted_fields("contact")} <= set(account.properties["contacts"])
    assert {field.name for field in wanted_fields("deal")} <= set(account.properties["deals"])


def test_app_is_told_where_to_send_its_messages(connected: Connection, account: FakeHubSpot) -> None:
    connected.secrets = {**connected.secrets, "client_secret": "s"}

    address, kinds = actions.register_webhooks(connected)

    assert address.endswith(f"https://partners.example.com/hooks/{connected.public_id}")
    assert "contact.propertyChange (lifecyclestage)" in kinds
    assert "contact.privacyDeletion" in kinds


def test_without_a_key_nothing_is_called(connected: Connection, account: FakeHubSpot) -> None:
    connected.secrets = {}

    assert "The key is missing" in actions.test_connection(connected)
    assert "The key is missing" in actions.register_webhooks(connected)[0]
    assert account.asked == []


def test_key_without_scopes_is_told_by_the_test(connected: Connection, account: FakeHubSpot) -> None:
    account.fail(403, {"errors": [{"context": {"requiredGranularScopes": ["crm.schemas.contacts.read"]}}]})

    assert "crm.schemas.contacts.read" in actions.test_connection(connected)


def test_customer_who_buys_twice_is_one_contact_with_source_and_value(
    anna: Enrollment, connected: Connection, account: FakeHubSpot
) -> None:
    actions.register_webhooks(connected)
    first = put(account, "contact", buy(anna, "1", 0, net=10000))
    second = put(account, "contact", buy(anna, "2", 10, net=5000))

    contact = account.objects["contacts"][second.remote_id].values
    assert (first.is_new, second.is_new, first.remote_id) == (True, False, second.remote_id)
    assert len(account.objects["contacts"]) == 1
    assert (contact["email"], contact["country"], contact["phone"]) == (
        "buyer@example.net",
        "DE",
        "+4930123456",
    )
    assert (contact["affiliate_lead_source"], contact["affiliate_first_code"]) == ("Anna", "anna")
    assert (contact["affiliate_orders_count"], contact["affiliate_segment"]) == ("2", "repeat")
    assert (contact["affiliate_lifetime_value"], contact["affiliate_average_order"]) == ("150.00", "75.00")
    assert (contact["affiliate_commission_total"], contact["affiliate_currency"]) == ("15.00", "EUR")
    assert contact["affiliate_first_order_at"] == "2026-11-02T12:00:00Z"
    assert contact[KEY] == f"customer:{Customer.objects.get().pk}"


def test_customer_whom_nobody_brought_has_no_lead_source(
    anna: Enrollment, connected: Connection, account: FakeHubSpot
) -> None:
    actions.register_webhooks(connected)
    take_orders(anna.program, [makers.make_order("1", customer=BUYER)], at=NOON)
    put(account, "contact", customer_record(Customer.objects.select_related("program").get(), NOON))

    (contact,) = (one.values for one in account.objects["contacts"].values())
    assert "affiliate_lead_source" not in contact
    assert contact["affiliate_orders_count"] == "1"


def test_deal_of_a_customer_is_joined_and_grows(
    anna: Enrollment, connected: Connection, account: FakeHubSpot
) -> None:
    actions.register_webhooks(connected)
    record = buy(anna, "1", 0, net=10000)
    contact = put(account, "contact", record)
    deal = put(account, "deal", record)
    again = put(account, "deal", buy(anna, "2", 10, net=5000))

    values = account.objects["deals"][deal.remote_id].values
    assert (again.remote_id, again.is_new) == (deal.remote_id, False)
    assert (values["dealname"], values["amount"]) == ("Shop: buyer@example.net", "150.00")
    assert account.joined == {(deal.remote_id, contact.remote_id)}


def test_status_that_sales_people_set_comes_back(
    anna: Enrollment, connected: Connection, account: FakeHubSpot
) -> None:
    actions.register_webhooks(connected)
    outcome = put(account, "contact", buy(anna, "1", 0))
    account.edit(account.objects["contacts"][outcome.remote_id], hs_lead_status="OPEN", hubspot_owner_id="42")

    (change,) = hubspot.list_changes(store_of(account), "contact", START, None).changes
    told = apply(read_sheet(list(hubspot.IN["contact"])), change.values)

    assert told.values == {"crm.lead_status": "OPEN", "crm.owner": "42"}
    assert told.problems == {}
    assert change.values[KEY] == f"customer:{Customer.objects.get().pk}"


@pytest.mark.parametrize("kind", hubspot.RECORDS)
def test_every_default_fills_a_property_that_there_is(account: FakeHubSpot, kind: str) -> None:
    hubspot.make_fields(store_of(account), kind, wanted_fields(kind))
    known = {field.name for field in hubspot.list_fields(store_of(account), kind) if field.is_writable}

    assert {row["target"] for row in hubspot.OUT[kind]} - {"contact"} <= known
    assert {row["source"] for row in hubspot.IN[kind]} <= known


@pytest.mark.parametrize("kind", hubspot.RECORDS)
def test_every_default_reads_what_a_customers_record_tells(anna: Enrollment, kind: str) -> None:
    record = buy(anna, "1", 0)

    for path in (row["source"] for row in hubspot.OUT[kind] if "source" in row):
        found: Any = record
        for name in path.split("."):
            assert name in found, path
            found = found[name]


def test_every_segment_has_its_choice() -> None:
    with override("en"):
        (field,) = (one for one in wanted_fields("contact") if one.kind == "choice")

    assert set(SEGMENTS) == set(Segment)
    assert field.choices[0] == ("lead", "Lead")
