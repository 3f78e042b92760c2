"""Customers as leads: made as leads, followed to the contact that they became, and never doubled beside one."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.connectors import salesforce
from integrations.connectors.records import Outcome, Row
from tests.fakes.salesforce import FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY, START

ORDERS = "Affiliate_Orders__c"


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


def row(number: int, email: str = "", remote_id: str = "", **values: Any) -> Row:
    return Row(f"customer:{number}", {ORDERS: number, "Email": email or None, **values}, remote_id, email)


def put(org: FakeSalesforce, *rows: Row, **options: str) -> tuple[Outcome, ...]:
    store = store_of(org, person="lead", **options)
    return salesforce.upsert(store, "contact", rows).outcomes


def test_new_customer_becomes_a_lead_with_a_company(org: FakeSalesforce) -> None:
    (outcome,) = put(org, row(7, "ana@b.example", MailingCountry="PT"))

    (lead,) = org.org.live("Lead")
    assert outcome == Outcome("customer:7", lead["Id"], is_new=True)
    assert (lead["Company"], lead["LastName"], lead["Country"]) == ("[not provided]", "ana@b.example", "PT")
    assert org.org.live("Contact") == []


def test_company_of_new_leads_is_a_setting(org: FakeSalesforce) -> None:
    put(org, row(7, "ana@b.example"), company="Web shop")

    assert org.org.live("Lead")[0]["Company"] == "Web shop"


def test_lead_that_is_known_is_updated(org: FakeSalesforce) -> None:
    lead = org.org.add("Lead", LastName="Ana", Company="C", Email="ana@b.example")

    (outcome,) = put(org, row(7, "ana@b.example"))

    assert (outcome.remote_id, lead[KEY], lead[ORDERS], lead["Company"]) == (lead["Id"], "customer:7", 7, "C")


def test_converted_lead_is_followed_to_its_contact(org: FakeSalesforce) -> None:
    (first,) = put(org, row(7, "ana@b.example"))
    contact = org.org.convert(org.org.live("Lead")[0])

    (second,) = put(org, row(7, "ana@b.example", first.remote_id, Title="Boss", Country="PT"))

    assert (second.remote_id, second.is_new) == (contact["Id"], False)
    assert (contact[KEY], contact[ORDERS], contact["Title"]) == ("customer:7", 7, "Boss")
    assert contact["MailingCountry"] == "PT"
    assert len(org.org.live("Lead")) == 1


def test_converted_lead_is_followed_by_its_address_too(org: FakeSalesforce) -> None:
    lead = org.org.add("Lead", LastName="Ana", Company="C", Email="ana@b.example")
    contact = org.org.convert(lead)
    org.org.edit(contact, Email="ana@work.example")

    (outcome,) = put(org, row(7, "ana@b.example"))

    assert (outcome.remote_id, contact[KEY], contact["Email"]) == (
        contact["Id"],
        "customer:7",
        "ana@b.example",
    )


def test_lead_that_is_converted_while_we_write_is_followed(org: FakeSalesforce) -> None:
    lead = org.org.add("Lead", LastName="Ana", Company="C", Email="ana@b.example")
    gone = {
        "statusCode": "CANNOT_UPDATE_CONVERTED_LEAD",
        "message": "cannot reference converted lead",
        "fields": [],
    }
    org.fail(200, [{"success": False, "errors": [gone]}], at="composite/sobjects")
    contact = org.org.convert(lead)
    lead["IsConverted"] = False
    org.fail(
        200,
        {"records": [dict(lead, IsConverted=False, SystemModstamp="", CreatedDate="", LastModifiedDate="")]},
        at="FROM%20Lead",
    )
    lead["IsConverted"] = True

    (outcome,) = put(org, row(7, "ana@b.example"))

    assert (outcome.remote_id, contact[KEY]) == (contact["Id"], "customer:7")


def test_open_lead_is_taken_before_a_converted_one_with_the_same_address(org: FakeSalesforce) -> None:
    org.org.convert(org.org.add("Lead", LastName="Ana", Company="C", Email="ana@b.example"))
    lead = org.org.add("Lead", LastName="Ana", Company="D", Email="ana@b.example")

    assert put(org, row(7, "ana@b.example"))[0].remote_id == lead["Id"]


def test_customer_who_is_a_contact_already_becomes_no_lead(org: FakeSalesforce) -> None:
    contact = org.org.add(LastName="Ana", Email="ana@b.example")

    (outcome,) = put(org, row(7, "ana@b.example", Status="Open"))

    assert (outcome.remote_id, contact[KEY]) == (contact["Id"], "customer:7")
    assert org.org.live("Lead") == []


def test_lead_whose_contact_was_deleted_is_told_with_salesforces_words(org: FakeSalesforce) -> None:
    put(org, row(7, "ana@b.example"))
    org.org.edit(org.org.convert(org.org.live("Lead")[0]), IsDeleted=True)

    (outcome,) = put(org, row(7, "ana@b.example"))

    assert "CANNOT_UPDATE_CONVERTED_LEAD" in outcome.refusal


def test_values_of_a_contact_are_fetched_by_the_names_of_the_mapping(org: FakeSalesforce) -> None:
    org.org.add(LastName="Ana", Email="ana@b.example", MailingCountry="PT")

    store = store_of(org, person="lead")
    (found,) = salesforce.fetch_records(store, "contact", [row(7, "ana@b.example")], ["Country", "Status"])

    assert found.values == {"Country": "PT"}


def test_changes_of_leads_and_of_the_contacts_they_became_are_told_in_order(org: FakeSalesforce) -> None:
    put(org, row(1, "one@b.example"), row(2, "two@b.example"))
    one, two = org.org.live("Lead")
    contact = org.org.convert(one)
    org.org.edit(contact, **{KEY: "customer:1"})
    org.org.add(LastName="Nobody of ours", Email="x@b.example")
    org.org.edit(two, Status="Working")

    changes = salesforce.list_changes(store_of(org, person="lead"), "contact", START, None).changes

    assert [change.remote_id for change in changes] == [one["Id"], contact["Id"], two["Id"]]
    assert (changes[2].values["Status"], changes[2].key, changes[2].email) == (
        "Working",
        "customer:2",
        "two@b.example",
    )
    assert "Status" not in changes[1].values


@pytest.mark.parametrize("count", [249, 250, 251, 600])
def test_every_change_of_both_is_told_once(org: FakeSalesforce, count: int) -> None:
    for number in range(count):
        org.org.add("Lead", LastName="L", Company="C", **{KEY: f"l{number}"})
        org.org.add(LastName="C", **{KEY: f"c{number}"})
        if number % 3:
            org.org.at = org.org.at.replace(second=0)
    found, cursor = [], None
    for _turn in range(20):
        page = salesforce.list_changes(store_of(org, person="lead"), "contact", START.replace(hour=0), cursor)
        found += page.changes
        cursor = page.cursor
        if cursor is None:
            break

    assert cursor is None
    assert len(found) == len({change.remote_id for change in found}) == 2 * count
    assert [change.at for change in found] == sorted(change.at for change in found)
