"""The guide, followed once: an app, the fields, a customer who buys twice, a deal, and what sales people say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations import actions
from integrations.actions.connections import store_of as store_of_row
from integrations.actions.records import asking
from integrations.admin.connections import GROUPS, ConnectionAdmin
from integrations.connectors import CONNECTORS, salesforce
from integrations.connectors.base import Connector, KnowsAddresses, Mapped, Store, Unreadable, Unsigned
from integrations.connectors.oauth import oauth_of
from integrations.connectors.own_fields import SEGMENTS
from integrations.connectors.records import KeepsRecords, Outcome, Row, TellsChanges
from integrations.connectors.salesforce.defaults import wanted_fields
from integrations.mapping import apply, read_sheet
from integrations.models import Connection, Inbound
from integrations.records import Segment, customer_record, deal_record
from tests import makers
from tests.fakes.salesforce import CLIENT, SECRET, FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY
from tests.makers import NOON
from tracking.models import Customer, Order
from tracking.orders import CustomerIn, Evidence

BUYER = CustomerIn(external_id="c-7", email="buyer@example.net", country="DE", phone="+4930123456")


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    """An org to which nobody is connected yet."""
    with opened(settings, is_made=False) as running:
        yield running


@pytest.fixture
def connected(anna: Enrollment, org: FakeSalesforce) -> Connection:
    return actions.connect(
        anna.program,
        connector="salesforce",
        name="Our Salesforce",
        source="salesforce",
        base_url=f"{org.url}/lightning/page/home",
        keys={"client_id": CLIENT, "client_secret": SECRET},
        options=salesforce.read_options({"deals": "order", "won_deals": "yes"}),
    )


def buy(anna: Enrollment, number: str, days: float, **fields: Any) -> dict[str, Any]:
    """Take an order by Anna's link; return the customer's record after it."""
    at = NOON + days * timedelta(days=1)
    told = {"customer": BUYER, "occurred_at": at, "revision_at": at, "captured_at": at, **fields}
    take_orders(anna.program, [makers.make_order(number, evidence=Evidence(ref=anna.code), **told)], at=at)
    return customer_record(Customer.objects.select_related("program").get(), at)


def put(row: Connection, kind: str, record: dict[str, Any]) -> Outcome:
    """Write a record as the default mapping tells it."""
    result = apply(read_sheet(list(salesforce.OUT[kind])), record)
    assert result.problems == {}
    key = record["deal"]["key"] if kind == "deal" else record["customer"]["key"]
    told = Row(key, result.values, email=record["customer"]["email"])
    return salesforce.upsert(store_of_row(row), kind, [told]).outcomes[0]


def test_it_is_a_connector_that_keeps_records_and_tells_changes() -> None:
    connector: Connector = salesforce

    assert CONNECTORS["salesforce"] is connector
    for contract in (KeepsRecords, TellsChanges, KnowsAddresses, Mapped):
        assert isinstance(salesforce, contract)
    assert "salesforce" in {str(title): names for title, names in GROUPS}["Customer management"]
    assert salesforce.fetch_order(Store("", "s", {}), "1") is None
    assert salesforce.fetch_refund_lines(Store("", "s", {}), "1", "1", "EUR") is None


def test_connecting_by_the_guide(connected: Connection, org: FakeSalesforce) -> None:
    before = actions.test_connection(connected)
    left = actions.register_webhooks(connected)
    after = actions.test_connection(connected)

    assert f"are missing or not shown to the app’s user: Contact.{KEY}" in before
    assert left == [
        "In Setup > Permission Sets, give “Affiliate fields” to everybody who is to see the fields."
    ]
    assert after == "Salesforce answers, and all fields are there. Changes are asked for by a schedule."
    assert connected.base_url == org.url
    store = store_of_row(connected)
    for kind, sobject in (("contact", "Contact"), ("deal", "Opportunity")):
        assert {field.name for field in wanted_fields(store, kind)} <= set(org.org.shown(sobject))


def test_page_offers_to_make_fields_and_no_webhooks(connected: Connection) -> None:
    offered = {verb.name for verb in ConnectionAdmin.verbs if verb.applies(connected)}

    assert {"test", "fields", "keys"} <= offered
    assert "webhooks" not in offered
    assert actions.delivery_url(connected) == ""


def test_without_deals_opportunities_stay_as_they_are(connected: Connection, org: FakeSalesforce) -> None:
    actions.change_options(connected, options={"deals": "none", "won_deals": False})
    connected.refresh_from_db()

    actions.register_webhooks(connected)

    assert KEY not in org.org.fields["Opportunity"]
    assert "all fields are there" in actions.test_connection(connected)


def test_without_keys_nothing_is_called(connected: Connection, org: FakeSalesforce) -> None:
    connected.secrets = {}

    assert "consumer secret are missing" in actions.test_connection(connected)
    assert "consumer secret are missing" in actions.register_webhooks(connected)[0]
    assert (org.asked, org.given) == ([], [])


def test_consent_is_asked_for_where_the_org_is() -> None:
    oauth = oauth_of(salesforce)
    assert oauth is not None
    store = Store("https://acme.my.salesforce.com", "s", {})

    assert oauth.authorize(store) == "https://acme.my.salesforce.com/services/oauth2/authorize"
    assert oauth.has_pkce
    assert oauth.missing(store, ["full", "refresh_token"]) == []
    assert oauth.missing(store, ["id"]) == ["api", "refresh_token"]


def test_nothing_is_taken_from_whoever_knocks() -> None:
    with pytest.raises(Unsigned):
        salesforce.receive(Store("", "s", {}), {}, b"{}", NOON)
    with pytest.raises(Unreadable):
        salesforce.read(Store("", "s", {}), "", b"{}", {})


def test_customer_who_buys_twice_is_one_contact_with_source_and_value(
    anna: Enrollment, connected: Connection, org: FakeSalesforce
) -> None:
    actions.register_webhooks(connected)
    first = put(connected, "contact", buy(anna, "1", 0, net=10000))
    second = put(connected, "contact", buy(anna, "2", 10, net=5000))

    (contact,) = org.org.live("Contact")
    assert (first.is_new, second.is_new, first.remote_id) == (True, False, second.remote_id)
    assert (contact["Email"], contact["Phone"]) == ("buyer@example.net", "+4930123456")
    assert (contact["LeadSource"], contact["Affiliate_First_Code__c"]) == ("Anna", "anna")
    assert (contact["Affiliate_Orders__c"], contact["Affiliate_Segment__c"]) == (2, "repeat")
    assert (contact["Affiliate_Lifetime_Value__c"], contact["Affiliate_Average_Order__c"]) == (150, 75)
    assert (contact["Affiliate_Commission__c"], contact["Affiliate_Currency__c"]) == (15, "EUR")
    assert contact["Affiliate_First_Order_At__c"] == "2026-11-02T12:00:00Z"
    assert contact[KEY] == f"customer:{Customer.objects.get().pk}"


def test_customer_whom_nobody_brought_has_no_lead_source(
    anna: Enrollment, connected: Connection, org: FakeSalesforce
) -> None:
    actions.register_webhooks(connected)
    take_orders(anna.program, [makers.make_order("1", customer=BUYER)], at=NOON)
    put(connected, "contact", customer_record(Customer.objects.select_related("program").get(), NOON))

    (contact,) = org.org.live("Contact")
    assert (contact["LeadSource"], contact["Affiliate_Orders__c"]) == (None, 1)


def test_opportunity_of_an_order_is_joined_to_its_contact(
    anna: Enrollment, connected: Connection, org: FakeSalesforce
) -> None:
    actions.register_webhooks(connected)
    contact = put(connected, "contact", buy(anna, "1", 0, net=10000))
    customer, order = Customer.objects.select_related("program").get(), Order.objects.get()
    deal = put(connected, "deal", deal_record(customer, order, NOON))

    (made,) = org.org.live("Opportunity")
    (role,) = org.org.live("OpportunityContactRole")
    assert (made["Amount"], made["CloseDate"], made["StageName"]) == (100, "2026-11-02", "Closed Won")
    assert (made[KEY], made["LeadSource"]) == (f"order:{order.pk}", "Anna")
    assert (role["OpportunityId"], role["ContactId"]) == (deal.remote_id, contact.remote_id)


def test_what_sales_people_change_is_taken_in_and_our_own_writing_is_not(
    anna: Enrollment, connected: Connection, org: FakeSalesforce
) -> None:
    actions.register_webhooks(connected)
    put(connected, "contact", buy(anna, "1", 0))
    connected.created_at = NOON - timedelta(days=30)
    connected.save(update_fields=["created_at"])
    ours = asking.take_changes(connected)
    (contact,) = org.org.live("Contact")
    org.org.edit(contact, OwnerId="005000000000003AAA")
    Connection.objects.update(cursor={})

    theirs = asking.take_changes(Connection.objects.get())

    assert (ours, theirs) == (0, 1)
    assert Inbound.objects.get().subject == contact["Id"]


@pytest.mark.parametrize("kind", salesforce.RECORDS)
def test_every_default_fills_a_field_that_there_is(org: FakeSalesforce, kind: str) -> None:
    store = store_of(org, person="lead")
    salesforce.make_fields(store, kind, wanted_fields(store, kind))
    known = {field.name for field in salesforce.list_fields(store, kind)}

    assert {row["target"] for row in salesforce.OUT[kind]} - set(salesforce.LINKS) <= known
    assert {row["source"] for row in salesforce.IN[kind] if "source" in row} <= known


@pytest.mark.parametrize("kind", salesforce.RECORDS)
def test_every_default_reads_what_a_record_tells(anna: Enrollment, kind: str) -> None:
    buy(anna, "1", 0)
    customer, order = Customer.objects.select_related("program").get(), Order.objects.get()
    record = deal_record(customer, order, NOON)

    for path in (row["source"] for row in salesforce.OUT[kind] if "source" in row):
        found: Any = record
        for name in path.split("."):
            assert name in found, path
            found = found[name]


def test_every_segment_has_its_choice(org: FakeSalesforce) -> None:
    with override("en"):
        (field,) = (one for one in wanted_fields(store_of(org), "contact") if one.kind == "choice")

    assert set(SEGMENTS) == set(Segment)
    assert field.choices[0] == ("lead", "Lead")
