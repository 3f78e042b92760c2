"""What people changed in Salesforce: every record is told, however many changed at once or while pages are read."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors import salesforce
from integrations.connectors.records import Change, Row
from integrations.connectors.salesforce.changes import PER_PAGE
from integrations.mapping import apply, read_sheet
from tests.fakes.salesforce import FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY, START, US


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


def all_changes(
    org: FakeSalesforce, since: datetime = START, kind: str = "contact", meanwhile: Any = None, **options: str
) -> list[Change]:
    """Return all pages' changes; `meanwhile` is called after each page."""
    found: list[Change] = []
    cursor: str | None = None
    for _turn in range(50):
        page = salesforce.list_changes(store_of(org, **options), kind, since, cursor)
        found += page.changes
        cursor = page.cursor
        if cursor is None:
            return found
        if meanwhile:
            meanwhile()
    raise AssertionError("it never ends")


def test_what_a_person_changed_is_told_with_the_mapped_fields(org: FakeSalesforce) -> None:
    ana = org.org.add(LastName="Ana", Email="Ana@b.example", **{KEY: "customer:1"})

    (change,) = all_changes(org, org.org.at)

    assert (change.remote_id, change.at, change.key) == (ana["Id"], ana["SystemModstamp"], "customer:1")
    assert (change.email, change.is_ours, change.is_gone) == ("ana@b.example", False, False)
    assert change.values["OwnerId"] == ana["OwnerId"]


def test_status_of_a_lead_is_told_and_mapped(org: FakeSalesforce) -> None:
    lead = org.org.add("Lead", LastName="Ana", Company="C", **{KEY: "customer:1"})
    org.org.edit(lead, Status="Working")

    (change,) = all_changes(org, person="lead")

    told = apply(read_sheet(list(salesforce.IN["contact"])), change.values)
    assert told.problems == {}
    assert told.values == {"crm.lead_status": "Working", "crm.owner": lead["OwnerId"]}


def test_won_opportunity_is_told_with_its_contact_and_mapped(org: FakeSalesforce) -> None:
    ana = org.org.add(LastName="Ana", Email="ana@b.example")
    more = {"Amount": 129.9, "CloseDate": "2026-11-02", "ContactId": ana["Id"]}
    org.org.add("Opportunity", Name="Big", StageName="Closed Won", **more)

    (change,) = all_changes(org, kind="deal")

    told = apply(read_sheet(list(salesforce.IN["deal"])), change.values)
    assert (change.contact, change.email, change.key) == (ana["Id"], "ana@b.example", "")
    assert told.problems == {}
    assert (told.values["deal.is_won"], told.values["deal.amount"]) == (True, 129.9)
    assert (told.values["deal.stage"], told.values["deal.closed_at"]) == (
        "Closed Won",
        "2026-11-02T23:59:59Z",
    )


def test_opportunity_without_a_day_or_a_contact_is_told_too(org: FakeSalesforce) -> None:
    org.org.add("Opportunity", Name="Small", StageName="Prospecting")

    (change,) = all_changes(org, kind="deal")

    told = apply(read_sheet(list(salesforce.IN["deal"])), change.values)
    assert (change.contact, change.email, told.values["deal.is_won"]) == ("", "", False)
    assert not told.values.get("deal.closed_at")
    assert len(org.queries) == 1


def test_deleted_and_merged_records_are_told_as_gone(org: FakeSalesforce) -> None:
    winner, loser, other = (org.org.add(LastName=name) for name in "wlo")
    org.org.merge(winner, loser)
    org.org.edit(other, IsDeleted=True)

    gone = {change.remote_id: change.is_gone for change in all_changes(org)}

    assert gone == {winner["Id"]: False, loser["Id"]: True, other["Id"]: True}


@pytest.mark.parametrize("count", [0, 1, PER_PAGE - 1, PER_PAGE, PER_PAGE + 1, 2 * PER_PAGE + 50])
def test_every_record_is_told_once_and_in_order(org: FakeSalesforce, count: int) -> None:
    for number in range(count):
        org.org.add(LastName=f"n{number}")

    changes = all_changes(org)

    assert [one.remote_id for one in changes] == list(org.org.objects["Contact"])
    assert [one.at for one in changes] == sorted(one.at for one in changes)


@pytest.mark.parametrize("together", [PER_PAGE - 1, PER_PAGE, PER_PAGE + 1, 2 * PER_PAGE + 10])
def test_records_changed_in_the_very_same_second_are_all_told_once(
    org: FakeSalesforce, together: int
) -> None:
    for number in range(together + 40):
        record = org.org.add(LastName=f"n{number}")
        if 20 <= number < 20 + together:
            record["SystemModstamp"] = START + timedelta(seconds=21)

    told = [one.remote_id for one in all_changes(org)]

    assert len(told) == len(set(told)) == together + 40


def test_answer_that_salesforce_cuts_short_is_gone_on_from(org: FakeSalesforce) -> None:
    org.page = 30
    for number in range(100):
        org.org.add(LastName=f"n{number}")

    assert len({one.remote_id for one in all_changes(org)}) == 100


@pytest.mark.parametrize("seed", range(3))
def test_what_changes_while_pages_are_read_is_told_too(org: FakeSalesforce, seed: int) -> None:
    chance = random.Random(seed)
    org.page = 120
    records = [org.org.add("Lead", LastName=f"n{number}", Company="C") for number in range(500)]
    for record in records:
        if chance.random() < 0.4:
            record["SystemModstamp"] = START + timedelta(seconds=chance.choice([5, 150]))
    turns = iter(range(3))

    def meanwhile() -> None:
        for record in chance.sample(records, 20) if next(turns, None) is not None else ():
            org.org.edit(record, Status=chance.choice(["Open", "Working"]))

    told = {
        one.remote_id: one.values["Status"] for one in all_changes(org, meanwhile=meanwhile, person="lead")
    }

    assert told == {record["Id"]: record["Status"] for record in records}


def test_what_we_made_and_nobody_touched_is_ours(org: FakeSalesforce) -> None:
    rows = [Row(f"customer:{number}", {"Email": f"n{number}@b.example"}) for number in range(3)]
    salesforce.upsert(store_of(org), "contact", rows)
    touched, given, _rest = org.org.live("Contact")
    org.org.edit(touched, Title="Boss")
    given["OwnerId"] = "005000000000003AAA"

    assert [one.is_ours for one in all_changes(org)] == [False, True, False]


def test_persons_change_is_not_hidden_by_our_later_one(org: FakeSalesforce) -> None:
    put = [Row("customer:1", {"Title": "x"}, email="a@b.example")]
    salesforce.upsert(store_of(org), "contact", put)
    (contact,) = org.org.live("Contact")
    org.org.edit(contact, Phone="+4930")
    salesforce.upsert(store_of(org), "contact", [Row("customer:1", {"Title": "y"})])

    (change,) = all_changes(org)

    assert (contact["LastModifiedById"], change.is_ours) == (US, False)


def test_our_user_is_asked_for_where_the_token_has_not_told_it(org: FakeSalesforce) -> None:
    salesforce.upsert(store_of(org), "contact", [Row("customer:1", {"Title": "x"})])
    store = store_of(org)
    org.asked.clear()

    page = salesforce.list_changes(replace(store, keys={**store.keys, "id": ""}), "contact", START, None)

    assert [one.is_ours for one in page.changes] == [True]
    assert org.calls == ["GET ", "GET queryAll"]


def test_fields_of_the_mapping_are_told_also_of_the_records_that_it_leads_to(org: FakeSalesforce) -> None:
    org.org.add(LastName="Ana", Title="Boss")
    document = {
        "schema": 1,
        "when": [{"source": "FirstName", "test": "is empty"}],
        "rows": [
            {"target": "crm.owner", "source": "Owner.Email"},
            {"target": "crm.segment", "expression": "lower({Title})"},
        ],
    }
    store = replace(store_of(org), mappings={("in", "contact"): document})

    (change,) = salesforce.list_changes(store, "contact", START, None).changes

    told = apply(read_sheet(document), change.values)
    assert told.values == {"crm.owner": "email of 005000000000002AAA", "crm.segment": "boss"}
    assert "FirstName" in change.values


def test_field_that_the_org_does_not_have_is_left_out(org: FakeSalesforce) -> None:
    org.org.add(LastName="Ana", Title="Boss")
    rows = [{"target": "crm.owner", "source": "Gone__c"}, {"target": "crm.segment", "source": "Title"}]
    store = replace(store_of(org), mappings={("in", "contact"): rows})

    (change,) = salesforce.list_changes(store, "contact", START, None).changes

    assert (change.values["Title"], "Gone__c" in change.values) == ("Boss", False)


def test_org_without_our_fields_tells_its_deals_all_the_same(org: FakeSalesforce) -> None:
    del org.org.fields["Opportunity"][KEY]
    org.org.add("Opportunity", Name="Big", StageName="Closed Won")

    assert len(all_changes(org, kind="deal")) == 1


def test_deals_of_an_object_of_their_own_are_told_with_their_contact(org: FakeSalesforce) -> None:
    org.org.add_object("Shop_Order__c", "Buyer__c")
    ana = org.org.add(LastName="Ana", Email="ana@b.example")
    org.org.add("Shop_Order__c", Name="N-1", Buyer__c=ana["Id"])

    options = {"deal_object": "Shop_Order__c", "deal_contact": "Buyer__c"}
    (change,) = all_changes(org, kind="deal", **options)

    assert (change.contact, change.email, change.values["Name"]) == (ana["Id"], "ana@b.example", "N-1")


@pytest.mark.parametrize(
    "cursor", ["", "x", "2026-11-03T10:00:00Z|x'", "2026-19-03T10:00:00Z|003000000000001AAA"]
)
def test_place_that_is_none_is_refused(org: FakeSalesforce, cursor: str) -> None:
    with pytest.raises(Permanent):
        salesforce.list_changes(store_of(org), "contact", START, cursor)

    assert org.asked == []


@pytest.mark.parametrize("records", [[{}], [{"Id": "x", "SystemModstamp": "y"}], ["x"], [{"Id": 5}]])
def test_odd_records_are_left_out(org: FakeSalesforce, records: list[Any]) -> None:
    org.fail(200, {"done": True, "records": records})

    assert all_changes(org) == []


@pytest.mark.parametrize("body", [{}, {"records": None}, [], b"[1", b"<html>"])
def test_half_an_answer_is_tried_again(org: FakeSalesforce, body: Any) -> None:
    org.fail(200, body)

    with pytest.raises(Temporary):
        all_changes(org)


def test_query_that_salesforce_refuses_is_a_persons_matter(org: FakeSalesforce) -> None:
    org.fail(400, [{"errorCode": "MALFORMED_QUERY", "message": "unexpected token"}])

    with pytest.raises(Misconfigured):
        all_changes(org)
