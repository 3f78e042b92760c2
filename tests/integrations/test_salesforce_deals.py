"""Deals at Salesforce: begun with what an opportunity must have, joined to their contact, or kept in an own object."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.jobs import Misconfigured, Temporary
from integrations.connectors import salesforce
from integrations.connectors.records import Outcome, Row
from integrations.connectors.salesforce.defaults import wanted_fields
from tests.fakes.salesforce import FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY

OBJECT, LOOKUP = "Shop_Order__c", "Buyer__c"


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


def deal(key: str = "order:1", contact: str = "customer:1", email: str = "", **values: Any) -> Row:
    told = {"Name": "Shop: 1001", "Amount": "129.90", "CloseDate": "2026-11-02", "contact": contact, **values}
    return Row(key, told, email=email)


def put(org: FakeSalesforce, *rows: Row, **options: str) -> tuple[Outcome, ...]:
    return salesforce.upsert(store_of(org, **options), "deal", rows).outcomes


def deals(org: FakeSalesforce, sobject: str = "Opportunity") -> list[dict[str, Any]]:
    return org.org.live(sobject)


def roles(org: FakeSalesforce) -> list[tuple[str, str]]:
    return [(one["OpportunityId"], one["ContactId"]) for one in org.org.live("OpportunityContactRole")]


def test_opportunity_begins_won_and_is_joined_to_its_contact(org: FakeSalesforce) -> None:
    ana = org.org.add(LastName="Ana", Email="ana@b.example", **{KEY: "customer:1"})

    (outcome,) = put(org, deal())

    (one,) = deals(org)
    assert (one["StageName"], one["CloseDate"], one["Amount"]) == ("Closed Won", "2026-11-02", 129.9)
    assert (one[KEY], one["Name"]) == ("order:1", "Shop: 1001")
    assert roles(org) == [(outcome.remote_id, ana["Id"])]
    assert org.calls[-1] == "POST composite/sobjects"


def test_stage_is_a_setting_and_the_day_is_that_of_the_program(org: FakeSalesforce) -> None:
    before = datetime.now(UTC).astimezone(ZoneInfo("UTC")).date().isoformat()

    put(org, Row("order:1", {"Amount": 5}), stage="Paid")

    (one,) = deals(org)
    assert (one["StageName"], one["Name"]) == ("Paid", "order:1")
    assert before <= one["CloseDate"] <= datetime.now(UTC).date().isoformat()


def test_stage_that_sales_people_have_moved_stays(org: FakeSalesforce) -> None:
    put(org, deal())
    org.org.edit(deals(org)[0], StageName="Negotiation")

    put(org, deal(Amount="99.00", StageName=None, CloseDate=None))

    (one,) = deals(org)
    assert (one["StageName"], one["Amount"], one["CloseDate"]) == ("Negotiation", 99, "2026-11-02")


def test_contact_is_found_by_its_address_too(org: FakeSalesforce) -> None:
    ana = org.org.add(LastName="Ana", Email="ana@b.example")

    (outcome,) = put(org, deal(contact="", email="ana@b.example"))

    assert roles(org) == [(outcome.remote_id, ana["Id"])]


def test_contact_that_comes_later_is_joined_then_and_once(org: FakeSalesforce) -> None:
    put(org, deal())
    org.org.add(LastName="Ana", **{KEY: "customer:1"})

    put(org, deal())
    put(org, deal())

    assert len(roles(org)) == 1
    assert org.calls.count("POST composite/sobjects") == 1


def test_role_that_is_there_without_being_the_first_is_not_doubled(org: FakeSalesforce) -> None:
    ana = org.org.add(LastName="Ana", **{KEY: "customer:1"})
    put(org, Row("order:1", {"Name": "x"}))
    number = deals(org)[0]["Id"]
    org.org.add("OpportunityContactRole", OpportunityId=number, ContactId=ana["Id"], IsPrimary=False)

    put(org, deal())

    assert len(roles(org)) == 1


def test_deal_whose_joining_was_lost_is_joined_the_next_time(org: FakeSalesforce) -> None:
    org.org.add(LastName="Ana", **{KEY: "customer:1"})
    org.lost = ["composite/sobjects"]
    with pytest.raises(Temporary):
        put(org, deal())

    put(org, deal())
    put(org, deal())

    assert (len(roles(org)), len(deals(org))) == (1, 1)


def test_one_pair_that_cannot_be_joined_fails_no_other(org: FakeSalesforce) -> None:
    people = [org.org.add(LastName="X", **{KEY: f"customer:{number}"}) for number in range(4)]
    org.org.unjoinable = people[2]["Id"]

    outcomes = put(org, *(deal(f"order:{number}", f"customer:{number}") for number in range(4)))

    assert [bool(one.refusal) for one in outcomes] == [False, False, True, False]
    assert "cannot be joined" in outcomes[2].refusal
    assert len(roles(org)) == 3


def test_role_that_is_held_just_now_is_given_later(org: FakeSalesforce) -> None:
    org.org.add(LastName="Ana", **{KEY: "customer:1"})
    held = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain", "fields": []}
    put(org, Row("order:1", {"Name": "x"}))
    org.fail(200, [{"success": False, "errors": [held]}], at="composite/sobjects")

    with pytest.raises(Temporary) as caught:
        put(org, Row("order:1", {"Name": "x", "contact": "customer:1"}))

    assert (caught.value.retry_after, roles(org)) == (30, [])


def test_lead_is_joined_when_it_has_become_a_contact(org: FakeSalesforce) -> None:
    lead = org.org.add("Lead", LastName="Ana", Company="C", **{KEY: "customer:1"})
    put(org, deal(), person="lead")
    before = roles(org)
    contact = org.org.convert(lead)

    (outcome,) = put(org, deal(), person="lead")

    assert before == []
    assert roles(org) == [(outcome.remote_id, contact["Id"])]


def test_deals_of_two_orders_with_one_address_stay_two(org: FakeSalesforce) -> None:
    put(org, deal("order:1", email="ana@b.example"), deal("order:2", email="ana@b.example"))

    assert len(deals(org)) == 2


def test_object_of_their_own_is_made_ready_and_filled(org: FakeSalesforce) -> None:
    org.org.add_object(OBJECT, LOOKUP)
    ana = org.org.add(LastName="Ana", **{KEY: "customer:1"})
    store = store_of(org, deal_object=OBJECT, deal_contact=LOOKUP)
    salesforce.make_fields(store, "deal", wanted_fields(store, "deal"))

    first = put(org, deal(StageName="Closed Lost"), deal_object=OBJECT, deal_contact=LOOKUP)
    second = put(org, deal(Amount="99.50"), deal_object=OBJECT, deal_contact=LOOKUP)

    (one,) = deals(org, OBJECT)
    assert (one["Name"], one["Affiliate_Amount__c"], one["Affiliate_Date__c"]) == (
        "Shop: 1001",
        99.5,
        "2026-11-02",
    )
    assert (one[LOOKUP], one[KEY]) == (ana["Id"], "order:1")
    assert (first[0].remote_id, first[0].is_new, second[0].is_new) == (one["Id"], True, False)
    assert (deals(org), roles(org)) == ([], [])
    assert org.calls[-1] == "PATCH composite/sobjects"


def test_object_of_their_own_without_a_field_for_the_contact_stays_alone(org: FakeSalesforce) -> None:
    org.org.add_object(OBJECT)
    store = store_of(org, deal_object=OBJECT)
    salesforce.make_fields(store, "deal", wanted_fields(store, "deal"))

    (outcome,) = put(org, deal(), deal_object=OBJECT)

    assert outcome.is_new


def test_values_of_an_object_of_their_own_are_fetched_by_the_names_of_the_mapping(
    org: FakeSalesforce,
) -> None:
    org.org.add_object(OBJECT)
    store = store_of(org, deal_object=OBJECT)
    salesforce.make_fields(store, "deal", wanted_fields(store, "deal"))
    put(org, deal(), deal_object=OBJECT)

    org.asked.clear()

    names = ["Amount", "CloseDate", "StageName", "contact"]
    (found,) = salesforce.fetch_records(store, "deal", [deal()], names)

    assert found.values == {"Amount": 129.9, "CloseDate": "2026-11-02"}
    assert org.calls == ["GET query"]


def test_object_that_there_is_not_is_a_persons_matter(org: FakeSalesforce) -> None:
    store = store_of(org, deal_object="Nowhere__c")

    for call in (
        lambda: salesforce.upsert(store, "deal", [deal()]),
        lambda: salesforce.list_fields(store, "deal"),
        lambda: salesforce.make_fields(store, "deal", wanted_fields(store, "deal")),
    ):
        with pytest.raises(Misconfigured) as caught:
            call()
        assert "Nowhere__c" in str(caught.value)
