"""Deals at HubSpot: known by our key, begun in a pipeline, joined to their contact."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import Temporary
from integrations.connectors import hubspot
from integrations.connectors.records import Outcome, Row
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened, store_of


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings) as running:
        yield running


def deal(key: str = "order:1", contact: str = "customer:1", email: str = "", **values: Any) -> Row:
    return Row(key, {"dealname": "Shop: 1001", "amount": "129.90", "contact": contact, **values}, email=email)


def put(account: FakeHubSpot, *rows: Row, **options: str) -> tuple[Outcome, ...]:
    return hubspot.upsert(store_of(account, **options), "deal", rows).outcomes


def test_deal_begins_won_in_the_standard_pipeline_and_is_joined_to_its_contact(account: FakeHubSpot) -> None:
    ana = account.add(email="ana@b.example", **{KEY: "customer:1"})

    (outcome,) = put(account, deal())

    values = account.objects["deals"][outcome.remote_id].values
    assert (values["pipeline"], values["dealstage"], values["amount"]) == ("default", "closedwon", "129.90")
    assert "contact" not in values
    assert account.joined == {(outcome.remote_id, ana.id)}


def test_pipeline_and_stage_are_settings(account: FakeHubSpot) -> None:
    (outcome,) = put(account, deal(), pipeline="shop", dealstage="paid")

    values = account.objects["deals"][outcome.remote_id].values
    assert (values["pipeline"], values["dealstage"]) == ("shop", "paid")


def test_stage_that_sales_people_have_moved_stays(account: FakeHubSpot) -> None:
    (first,) = put(account, deal())
    account.edit(account.objects["deals"][first.remote_id], dealstage="contractsent")

    (second,) = put(account, deal(amount="99.00"))

    values = account.objects["deals"][second.remote_id].values
    assert (values["dealstage"], values["amount"], len(account.objects["deals"])) == (
        "contractsent",
        "99.00",
        1,
    )


def test_contact_is_found_by_its_address_too(account: FakeHubSpot) -> None:
    ana = account.add(email="ana@b.example")

    (outcome,) = put(account, deal(contact="", email="ana@b.example"))

    assert account.joined == {(outcome.remote_id, ana.id)}


def test_deals_of_one_contact_are_all_joined(account: FakeHubSpot) -> None:
    account.add(email="ana@b.example", **{KEY: "customer:1"})

    put(account, deal("order:1"), deal("order:2"))

    assert len(account.joined) == 2


def test_contact_that_comes_later_is_joined_then_and_once(account: FakeHubSpot) -> None:
    put(account, deal())
    account.add(email="ana@b.example", **{KEY: "customer:1"})

    put(account, deal())
    put(account, deal())

    assert len(account.joined) == 1
    assert account.calls.count("associate/default") == 1


def test_deal_whose_joining_was_lost_is_joined_the_next_time(account: FakeHubSpot) -> None:
    account.add(email="ana@b.example", **{KEY: "customer:1"})
    account.fail_join = True
    with pytest.raises(Temporary):
        put(account, deal())
    account.fail_join = False

    put(account, deal())

    assert (len(account.joined), len(account.objects["deals"])) == (1, 1)


def test_one_pair_that_cannot_be_joined_fails_no_other(account: FakeHubSpot) -> None:
    for number in range(4):
        account.add(email=f"n{number}@b.example", **{KEY: f"customer:{number}"})
    account.unjoinable = account.by_email("n2@b.example")[0].id

    outcomes = put(account, *(deal(f"order:{number}", f"customer:{number}") for number in range(4)))

    assert [bool(one.refusal) for one in outcomes] == [False, False, True, False]
    assert "cannot be joined" in outcomes[2].refusal
    assert len(account.joined) == 3
