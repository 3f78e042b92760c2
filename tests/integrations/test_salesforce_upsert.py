"""Customers at Salesforce: found by our key, number or address, updated, never doubled; a bad row fails no other."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors import salesforce
from integrations.connectors.base import told_by
from integrations.connectors.records import Outcome, Row
from integrations.mapping import is_same
from tests.fakes.salesforce import FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY, error

ORDERS = "Affiliate_Orders__c"
UPDATE, MAKE = "PATCH composite/sobjects", f"PATCH composite/sobjects/Contact/{KEY}"


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


def row(number: int, email: str = "", remote_id: str = "", **values: Any) -> Row:
    """A customer of ours, whose address is told as the default mapping tells it."""
    told = {ORDERS: 1, **({"Email": email} if email else {}), **values}
    return Row(f"customer:{number}", told, remote_id, email)


def put(org: FakeSalesforce, *rows: Row, **options: str) -> tuple[Outcome, ...]:
    return salesforce.upsert(store_of(org, **options), "contact", rows).outcomes


def contacts(org: FakeSalesforce) -> list[dict[str, Any]]:
    return org.org.live("Contact")


def test_new_customer_becomes_a_contact_with_our_key_and_what_it_must_have(org: FakeSalesforce) -> None:
    (outcome,) = put(org, row(7, "ana@shop.example", Phone="+351210000000"))

    (contact,) = contacts(org)
    assert (contact["Email"], contact["Phone"], contact[ORDERS]) == ("ana@shop.example", "+351210000000", 1)
    assert (contact["LastName"], contact[KEY]) == ("ana@shop.example", "customer:7")
    assert outcome == Outcome("customer:7", contact["Id"], is_new=True)
    assert org.calls == ["GET query", MAKE]


def test_contact_that_sales_people_made_is_updated_by_its_address(org: FakeSalesforce) -> None:
    known = org.org.add(LastName="Silva", Email="Ana@Shop.example")

    (outcome,) = put(org, row(7, "ana@shop.example"))

    assert outcome == Outcome("customer:7", known["Id"])
    assert (known[KEY], known["LastName"], known["Email"]) == ("customer:7", "Silva", "Ana@Shop.example")
    assert len(contacts(org)) == 1
    assert org.calls == ["GET query", UPDATE]


def test_of_several_contacts_with_one_address_the_oldest_is_updated(org: FakeSalesforce) -> None:
    first = org.org.add(LastName="Old", Email="ana@shop.example")
    org.org.add(LastName="New", Email="ana@shop.example")

    assert put(org, row(7, "ana@shop.example"))[0].remote_id == first["Id"]


def test_our_key_finds_a_contact_before_its_address_does(org: FakeSalesforce) -> None:
    org.org.add(LastName="Other", Email="new@shop.example")
    keyed = org.org.add(LastName="Ana", Email="old@shop.example", **{KEY: "customer:7"})

    assert put(org, row(7, "new@shop.example"))[0].remote_id == keyed["Id"]


def test_known_number_finds_a_contact_that_lost_our_key(org: FakeSalesforce) -> None:
    known = org.org.add(LastName="Ana", Email="other@shop.example")

    outcomes = put(org, row(7, remote_id=known["Id"]))
    again = put(org, row(7, remote_id=known["Id"][:15]))

    assert (outcomes[0].remote_id, again[0].remote_id, known[KEY]) == (known["Id"], known["Id"], "customer:7")


def test_number_of_a_contact_that_was_merged_leads_to_what_it_became(org: FakeSalesforce) -> None:
    winner, loser = (org.org.add(LastName=name, Email=f"{name}@shop.example") for name in ("w", "l"))
    org.org.merge(winner, loser)

    (outcome,) = put(org, row(7, "new@shop.example", remote_id=loser["Id"]))

    assert (outcome.remote_id, outcome.is_new, winner[KEY]) == (winner["Id"], False, "customer:7")


def test_contact_that_was_deleted_is_made_anew(org: FakeSalesforce) -> None:
    (first,) = put(org, row(7, "ana@shop.example"))
    org.org.edit(contacts(org)[0], IsDeleted=True)

    (second,) = put(org, row(7, "ana@shop.example", remote_id=first.remote_id))

    assert second.is_new
    assert len(contacts(org)) == 1


def test_contact_that_is_gone_while_we_write_is_looked_for_once_more(org: FakeSalesforce) -> None:
    known = org.org.add(LastName="Ana", Email="ana@shop.example")
    gone = error("ENTITY_IS_DELETED", "entity is deleted")
    org.fail(200, [{"success": False, "errors": [gone]}], at="composite")

    (outcome,) = put(org, row(7, "ana@shop.example"))

    assert outcome.remote_id == known["Id"]
    assert org.calls == ["GET query", UPDATE] * 2


def test_two_customers_with_one_address_are_one_contact_with_the_key_of_the_first(
    org: FakeSalesforce,
) -> None:
    one, two = put(org, row(1, "a@b.example"), row(2, "A@B.example", **{ORDERS: 5}))
    (again,) = put(org, row(2, "a@b.example", **{ORDERS: 6}))

    (contact,) = contacts(org)
    assert one.remote_id == two.remote_id == again.remote_id
    assert (one.is_new, two.is_new, again.is_new) == (True, False, False)
    assert (contact[KEY], contact[ORDERS]) == ("customer:1", 6)


def test_bad_one_of_two_customers_with_one_address_fails_not_the_other(org: FakeSalesforce) -> None:
    one, two = put(org, row(1, "a@b.example"), row(2, "a@b.example", Title="x" * 256))

    assert (one.refusal, len(contacts(org)), contacts(org)[0][ORDERS]) == ("", 1, 1)
    assert "STRING_TOO_LONG" in two.refusal


def test_same_customer_twice_in_a_call_is_written_once_with_the_later_values(org: FakeSalesforce) -> None:
    outcomes = put(org, row(1, "a@b.example"), row(1, "a@b.example", **{ORDERS: 2}))

    assert outcomes[0].remote_id == outcomes[1].remote_id
    assert [one[ORDERS] for one in contacts(org)] == [2]


def test_what_salesforce_has_already_is_not_written_again(org: FakeSalesforce) -> None:
    at = "2026-11-01T10:00:00Z"
    told = row(1, "a@b.example", Affiliate_Lifetime_Value__c="100.00", Affiliate_First_Order_At__c=at)
    put(org, told)
    org.org.edit(contacts(org)[0], Affiliate_First_Order_At__c="2026-11-01T10:00:00.000+0000")
    org.asked.clear()

    put(org, told)

    assert org.calls == ["GET query"]


def test_only_what_differs_is_written(org: FakeSalesforce) -> None:
    put(org, row(1, "a@b.example", Title="Boss"))
    org.asked.clear()

    put(org, row(1, "a@b.example", Title="Owner", Phone=""))

    (record,) = org.asked[-1][2]["records"]
    assert record == {"attributes": {"type": "Contact"}, "id": contacts(org)[0]["Id"], "Title": "Owner"}


def test_empty_value_clears_a_field_but_not_what_every_record_must_have(org: FakeSalesforce) -> None:
    put(org, row(1, "a@b.example", Title="Boss"))

    put(org, row(1, "a@b.example", Title=None, LastName=None))

    assert (contacts(org)[0]["Title"], contacts(org)[0]["LastName"]) == (None, "a@b.example")


def test_customer_without_an_address_has_the_key_for_a_name(org: FakeSalesforce) -> None:
    (outcome,) = put(org, row(1))

    assert (outcome.is_new, contacts(org)[0]["LastName"]) == (True, "customer:1")


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"Email": "five@nowhere"}, "INVALID_EMAIL_ADDRESS"),
        ({"Title": "x" * 300}, "STRING_TOO_LONG"),
        ({"No_Such__c": "1"}, "has no field No_Such__c"),
        ({"SystemModstamp": "2026-11-01T10:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_one_bad_row_fails_no_other(org: FakeSalesforce, bad: dict[str, str], word: str) -> None:
    known = org.org.add(LastName="Known", Email="known3@b.example")
    rows = [row(number, f"known{number}@b.example") for number in range(8)]
    rows[5] = row(5, **{"email": "five@b.example", **bad})

    outcomes = put(org, *rows)

    assert [one.key for one in outcomes] == [one.key for one in rows]
    assert [one.key for one in outcomes if one.refusal] == ["customer:5"]
    assert word in outcomes[5].refusal
    assert (outcomes[3].remote_id, len(contacts(org))) == (known["Id"], 7)


def test_request_that_is_refused_as_a_whole_is_halved(org: FakeSalesforce) -> None:
    for _time in range(3):
        org.fail(
            400, [{"errorCode": "JSON_PARSER_ERROR", "message": "Cannot deserialize"}], at=f"Contact/{KEY}"
        )

    outcomes = put(org, *(row(number, f"n{number}@b.example") for number in range(4)))

    assert [bool(one.refusal) for one in outcomes] == [True, False, False, False]
    assert "JSON_PARSER_ERROR" in outcomes[0].refusal
    assert len(contacts(org)) == 3


@pytest.mark.parametrize(
    "body", [[], [{}], [{"success": True}], {"records": 5}, [{"success": True, "id": "x"}], ["x"]]
)
def test_answer_that_leaves_rows_open_is_followed_by_a_look(org: FakeSalesforce, body: Any) -> None:
    org.fail(200, body, at=f"Contact/{KEY}")

    outcomes = put(org, row(1, "a@b.example"))

    assert bool(outcomes[0].remote_id)
    assert len(contacts(org)) == 1


def test_half_of_the_results_is_no_result(org: FakeSalesforce) -> None:
    org.fail(200, [{"success": True, "id": "003000000000099AAA", "created": True}], at=f"Contact/{KEY}")

    outcomes = put(org, row(1, "a@b.example"), row(2, "c@b.example"))

    assert "003000000000099AAA" not in {one.remote_id for one in outcomes}
    assert len(contacts(org)) == 2


def test_row_of_which_salesforce_never_says_anything_is_told_in_the_end(org: FakeSalesforce) -> None:
    for _turn in range(3):
        org.fail(200, [], at=f"Contact/{KEY}")

    (outcome,) = put(org, row(1, "a@b.example"))

    assert outcome.refusal == "Salesforce did not say what became of it."


def test_creation_without_an_answer_is_not_repeated_blindly(org: FakeSalesforce) -> None:
    org.lost = [f"Contact/{KEY}"]
    rows = [row(number, f"n{number}@b.example") for number in range(3)]
    with pytest.raises(Temporary):
        put(org, *rows)

    outcomes = put(org, *rows)

    assert org.calls.count(MAKE) == 1
    assert [one.is_new for one in outcomes] == [False, False, False]
    assert len(contacts(org)) == 3


def test_row_that_somebody_holds_is_tried_again_later_and_the_others_are_written(org: FakeSalesforce) -> None:
    held = org.org.add(LastName="Held", Email="held@b.example")
    org.org.locked = {held["Id"]}
    rows = [row(1, "held@b.example"), row(2, "free@b.example")]
    with pytest.raises(Temporary) as caught:
        put(org, *rows)
    org.org.locked.clear()

    outcomes = put(org, *rows)

    assert (caught.value.retry_after, held[KEY]) == (30, "customer:1")
    assert [bool(one.refusal) for one in outcomes] == [False, False]
    assert len(contacts(org)) == 2


def test_row_that_is_free_again_at_once_is_written_in_the_same_call(org: FakeSalesforce) -> None:
    org.org.add(LastName="Held", Email="held@b.example")
    wrapped = error("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "trigger: UNABLE_TO_LOCK_ROW, unable to obtain")
    org.fail(200, [{"success": False, "errors": [wrapped]}], at="composite/sobjects")

    (outcome,) = put(org, row(1, "held@b.example"))

    assert (outcome.refusal, contacts(org)[0][KEY]) == ("", "customer:1")


def test_more_rows_than_a_batch_are_refused_before_any_call(org: FakeSalesforce) -> None:
    with pytest.raises(Permanent):
        put(org, *(row(number, f"n{number}@b.example") for number in range(201)))

    assert org.asked == []


def test_whole_batch_costs_a_few_calls_whose_addresses_are_not_too_long(org: FakeSalesforce) -> None:
    rows = [row(number, f"{'long' * 10}{number}@some-shop.example") for number in range(200)]

    outcomes = put(org, *rows)

    assert all(one.is_new for one in outcomes)
    assert org.calls == ["GET query", "GET query", MAKE]


def test_exchange_tells_what_was_asked_what_is_left_and_never_the_token(org: FakeSalesforce) -> None:
    exchange = salesforce.upsert(store_of(org), "contact", [row(1, "a@b.example")]).exchange

    assert "composite/sobjects/Contact" in exchange.request
    assert org.tokens[0] not in exchange.request + exchange.answer
    left = org.daily - org.used
    assert (exchange.status, exchange.calls) == (200, 2)
    assert exchange.quota == {"daily_left": left, "daily": 15_000}
    assert exchange.note == f"{left} of 15000 calls are left of these 24 hours."


def test_failure_tells_the_exchange(org: FakeSalesforce) -> None:
    org.fail(503)

    with pytest.raises(Temporary) as caught:
        put(org, row(1, "a@b.example"))

    told = told_by(caught.value)
    assert told is not None
    assert (told.status, told.calls) == (503, 1)


def test_missing_key_field_is_a_persons_matter(org: FakeSalesforce) -> None:
    del org.org.fields["Contact"][KEY]

    with pytest.raises(Misconfigured) as caught:
        put(org, row(1, "a@b.example"))

    assert "Make or repair fields" in str(caught.value)


def test_records_are_fetched_with_what_stands_in_them(org: FakeSalesforce) -> None:
    known = org.org.add(LastName="Ana", Email="ana@b.example", LeadSource="Fair")
    rows = [row(1, "ana@b.example"), row(2, "new@b.example")]

    (found,) = salesforce.fetch_records(store_of(org), "contact", rows, ["LeadSource", "No_Such__c", "email"])

    assert (found.key, found.remote_id, found.at) == ("customer:1", known["Id"], known["SystemModstamp"])
    assert found.values == {"LeadSource": "Fair", "email": "ana@b.example"}


def test_what_was_told_is_fetched_as_it_was_told(org: FakeSalesforce) -> None:
    at, later = "2026-11-01T10:00:00.123456Z", datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
    told = {"Affiliate_Lifetime_Value__c": "100.50", "Affiliate_First_Order_At__c": at}
    put(org, row(1, "a@b.example", **told))
    sent = org.asked[-1][2]["records"][0]
    org.org.edit(contacts(org)[0], Affiliate_First_Order_At__c=later)

    (found,) = salesforce.fetch_records(store_of(org), "contact", [row(1, "a@b.example")], list(told))

    assert (sent["Affiliate_Lifetime_Value__c"], sent["Affiliate_First_Order_At__c"]) == (
        100.5,
        "2026-11-01T10:00:00Z",
    )
    assert is_same(found.values["Affiliate_Lifetime_Value__c"], "100.50")
    assert found.values["Affiliate_First_Order_At__c"] == "2026-11-02T10:00:00Z"
