"""Nobody is twice at Salesforce: not by its rules for duplicates, not by a race, not by any mixture of customers."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.connectors.records import Row
from tests.fakes.salesforce import FakeSalesforce, opened
from tests.fakes.salesforce_org import KEY, US, error
from tests.integrations.test_salesforce_upsert import MAKE, ORDERS, UPDATE, contacts, put, row


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


def test_contact_that_somebody_makes_meanwhile_is_updated(org: FakeSalesforce) -> None:
    org.org.watchers = {"Contact"}
    org.race = lambda: org.org.add(LastName="Two", Email="two@b.example")

    outcomes = put(
        org, *(row(number, f"{word}@b.example") for number, word in enumerate(("one", "two", "three")))
    )

    (raced,) = (one for one in contacts(org) if one["Email"] == "two@b.example")
    assert [one.is_new for one in outcomes] == [True, False, True]
    assert (raced["LastName"], raced[KEY], len(contacts(org))) == ("Two", "customer:1", 3)
    assert org.calls == ["GET query", MAKE, "POST composite", "GET query", UPDATE]


def test_what_people_filled_in_a_record_that_a_rule_names_stays(org: FakeSalesforce) -> None:
    org.org.watchers = {"Contact"}
    org.race = lambda: org.org.add(LastName="Two", Email="two@b.example", LeadSource="Fair")

    put(org, row(2, "two@b.example", LeadSource="Anna", Phone="+351210000000"))

    (contact,) = contacts(org)
    assert (contact["LeadSource"], contact["Phone"], contact[ORDERS]) == ("Fair", "+351210000000", 1)


def test_record_of_another_customer_that_a_rule_names_is_left_alone(org: FakeSalesforce) -> None:
    other = org.org.add(LastName="Bea", Email="bea@b.example", **{KEY: "customer:9", ORDERS: 4})
    like = {"attributes": {"type": "Contact"}, "Id": other["Id"]}
    told = {"errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?"}
    told["duplicateResult"] = {"matchResults": [{"matchRecords": [{"record": like}]}]}
    part = {"body": [told], "httpStatusCode": 400, "referenceId": "row0", "httpHeaders": {}}
    double = error("DUPLICATES_DETECTED", "Use one of these records?")
    org.fail(200, [{"success": False, "errors": [double]}], at=f"Contact/{KEY}")
    org.fail(200, {"compositeResponse": [part]}, at="composite")

    (outcome,) = put(org, row(1, "ana@b.example"))

    assert "which is another one (customer:9)" in outcome.refusal
    assert (other[ORDERS], other[KEY], len(contacts(org))) == (4, "customer:9", 1)


def test_duplicate_that_nobody_names_is_refused_with_salesforces_words(org: FakeSalesforce) -> None:
    org.org.watchers, org.is_silent = {"Contact"}, True
    org.race = lambda: org.org.add(LastName="Two", Email="two@b.example")

    one, two = put(org, row(1, "one@b.example"), row(2, "two@b.example"))

    assert (one.is_new, "Use one of these records?" in two.refusal) == (True, True)


def test_person_who_is_a_lead_there_is_not_doubled_as_a_contact_against_a_rule(org: FakeSalesforce) -> None:
    org.org.watchers = {"Contact"}
    lead = org.org.add("Lead", LastName="Ana", Company="C", Email="ana@b.example")

    (outcome,) = put(org, row(1, "ana@b.example"))

    assert f"as lead {lead['Id']} already" in outcome.refusal
    assert contacts(org) == []


def test_many_duplicates_are_asked_about_twentyfive_at_a_time(org: FakeSalesforce) -> None:
    org.org.watchers = {"Contact"}

    def race() -> None:
        for number in range(60):
            org.org.add(LastName="X", Email=f"n{number}@b.example")

    org.race = race
    outcomes = put(org, *(row(number, f"n{number}@b.example") for number in range(60)))

    assert not any(one.is_new or one.refusal for one in outcomes)
    assert org.calls.count("POST composite") == 3
    assert len(contacts(org)) == 60


def test_existing_record_is_updated_even_if_a_rule_finds_it_like_another(org: FakeSalesforce) -> None:
    first = org.org.add(LastName="A", Email="a@b.example")
    org.org.add(LastName="B", Email="a@b.example")
    org.org.watchers = {"Contact"}

    (outcome,) = put(org, row(1, "a@b.example", Title="Boss"))

    assert (outcome.remote_id, outcome.refusal, first["Title"]) == (first["Id"], "", "Boss")


def test_key_that_another_record_got_meanwhile_leads_to_that_record(org: FakeSalesforce) -> None:
    raced = {"success": False, "errors": [error("DUPLICATE_VALUE", "")]}
    other = org.org.add(LastName="Ana")
    words = f"duplicate value found: {KEY} duplicates value on record with id: {other['Id']}"
    raced["errors"][0]["message"] = words  # type: ignore[index]
    org.fail(200, [raced], at=f"Contact/{KEY}")

    (outcome,) = put(org, row(1, "ana@b.example"))

    assert (outcome.remote_id, other[KEY]) == (other["Id"], "customer:1")


@pytest.mark.parametrize("seed", range(5))
def test_any_mixture_ends_with_one_person_for_each_address(org: FakeSalesforce, seed: int) -> None:
    chance = random.Random(seed)
    options = {"person": chance.choice(["contact", "lead"])}
    org.org.watchers = {"Contact", "Lead"} if chance.random() < 0.5 else set()
    rows = mixture(org, chance)

    outcomes = [
        one for start in range(0, 250, 100) for one in put(org, *rows[start : start + 100], **options)
    ]
    count = len(org.org.objects["Contact"]) + len(org.org.objects["Lead"])
    again = [one for start in range(0, 250, 100) for one in put(org, *rows[start : start + 100], **options)]

    people = [*contacts(org), *(lead for lead in org.org.live("Lead") if not lead["IsConverted"])]
    addresses = [one["Email"].lower() for one in people if one["Email"]]
    assert len(addresses) == len(set(addresses))
    for told, outcome in zip(rows, outcomes, strict=True):
        is_bad = told.email == "bro@ken" or "No_Such__c" in told.values
        assert bool(outcome.refusal) == is_bad, (told, outcome)
        if not is_bad:
            person = next(one for one in people if one["Id"] == outcome.remote_id)
            assert str(person["Email"] or "").lower() == told.email.lower()
            assert person["LastModifiedById"] == US
    assert not any(one.is_new for one in again)
    assert [one.remote_id for one in again] == [one.remote_id for one in outcomes]
    assert len(org.org.objects["Contact"]) + len(org.org.objects["Lead"]) == count


def mixture(org: FakeSalesforce, chance: random.Random) -> list[Row]:
    """250 customers: some known at Salesforce as contacts, some as leads, some told twice, some wrong."""
    rows: list[Row] = []
    for number in range(250):
        email = f"p{number}@b.example"
        what = chance.choice(["new", "contact", "keyed", "shared", "twice", "upper", "none", "broken", "odd"])
        if what == "contact":
            org.org.add(LastName="Known", Email=email.upper())
        elif what == "keyed":
            org.org.add(LastName="Keyed", Email=email, **{KEY: f"customer:{number}"})
        elif what in ("shared", "twice") and rows:
            former = chance.choice(rows)
            is_good = former.email not in ("", "bro@ken") and "No_Such__c" not in former.values
            email = former.email if is_good else email
            if what == "twice" and is_good:
                rows.append(Row(former.key, dict(former.values), email=email))
                continue
        elif what == "upper":
            email = email.upper()
        elif what == "none":
            email = ""
        elif what == "broken":
            email = "bro@ken"
        rows.append(row(number, email, **({"No_Such__c": "1"} if what == "odd" else {})))
    return rows
