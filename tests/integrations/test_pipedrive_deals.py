"""Deals at Pipedrive: joined to their persons, theirs once they are made; and what stands in records, read in words."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.connectors import pipedrive
from integrations.connectors.records import Outcome, Row
from tests.fakes.pipedrive import FakePipedrive, opened, store_of

KEY = "affiliate_platform_id"


@pytest.fixture
def account(settings: Any) -> Iterator[FakePipedrive]:
    with opened(settings) as running:
        yield running


def row(number: int, email: str = "", /, **values: Any) -> Row:
    """A customer of ours, whose address is told as the default mapping tells it."""
    return Row(f"customer:{number}", {"email": email, **values}, email=email)


def deal(number: int, remote_id: str = "", **values: Any) -> Row:
    """The deal of a customer."""
    told = {"title": "Shop: Ana", "value": "129.90", "currency": "EUR", "contact": f"customer:{number}"}
    return Row(f"customer:{number}", {**told, **values}, remote_id, f"n{number}@b.example")


def put(account: FakePipedrive, *rows: Row, kind: str = "contact", **options: str) -> tuple[Outcome, ...]:
    return pipedrive.upsert(store_of(account, **options), kind, rows).outcomes


def test_new_deal_is_joined_to_its_person_and_begins_where_it_was_said(account: FakePipedrive) -> None:
    (person,) = put(account, row(7, "n7@b.example"))

    (outcome,) = put(account, deal(7, status="won"), kind="deal", pipeline="2", stage="4")

    (made,) = account.records["deals"].values()
    assert outcome == Outcome("customer:7", str(made["id"]), is_new=True)
    assert (made["title"], made["value"], made["currency"], made["status"]) == (
        "Shop: Ana",
        129.9,
        "EUR",
        "won",
    )
    assert (made["pipeline_id"], made["stage_id"]) == (2, 4)
    assert str(made["person_id"]) == person.remote_id


def test_deal_grows_and_stays_where_sales_people_moved_it(account: FakePipedrive) -> None:
    (first,) = put(account, deal(7), kind="deal")
    (made,) = account.records["deals"].values()
    account.edit("deals", made, stage_id=4)

    (second,) = put(account, deal(7, value="200"), kind="deal", stage="1")

    assert (second.remote_id, second.is_new) == (first.remote_id, False)
    assert (made["value"], made["stage_id"]) == (200, 4)


def test_deal_whose_person_comes_later_is_joined_then(account: FakePipedrive) -> None:
    put(account, deal(7), kind="deal")
    (made,) = account.records["deals"].values()
    before = made["person_id"]
    (person,) = put(account, row(7, "n7@b.example"))

    put(account, deal(7), kind="deal")

    assert before is None
    assert str(made["person_id"]) == person.remote_id


def test_person_whom_sales_people_chose_for_a_deal_stays(account: FakePipedrive) -> None:
    put(account, row(7, "n7@b.example"))
    other = account.add(name="Boss")
    account.add("deals", title="Big", person_id=other["id"], **{KEY: "customer:7"})

    put(account, deal(7), kind="deal")

    (made,) = account.records["deals"].values()
    assert made["person_id"] == other["id"]


def test_copy_of_a_deal_is_not_taken_for_the_deal(account: FakePipedrive) -> None:
    first = account.add("deals", title="Shop", **{KEY: "customer:7"})
    account.add("deals", title="Shop (copy)", **{KEY: "customer:7"})

    (outcome,) = put(account, deal(7), kind="deal")

    assert outcome.remote_id == str(first["id"])


def test_records_are_read_with_their_values_in_words(account: FakePipedrive) -> None:
    (made,) = put(account, row(7, "a@b.example", phone="+351", affiliate_segment="new"))
    person = account.records["persons"][int(made.remote_id)]
    account.edit("persons", person, label_ids=[5], lead_source="Fair")
    names = ["email", "phone", "affiliate_segment", "label_ids", "lead_source", "affiliate_last_name", KEY]

    (found,) = pipedrive.fetch_records(
        store_of(account), "contact", [row(7, "a@b.example"), row(8, "b@b.example")], names
    )

    assert (found.key, found.remote_id) == ("customer:7", made.remote_id)
    assert found.values == {
        "email": "a@b.example",
        "phone": "+351",
        "affiliate_segment": "new",
        "label_ids": ["Hot lead"],
        "lead_source": "Fair",
        "affiliate_last_name": None,
        KEY: "customer:7",
    }
    assert found.at == account.at
