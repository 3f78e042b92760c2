"""What people changed in HubSpot: every record is told, however many changed at once or while pages are read."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from core.jobs import Permanent, Temporary
from integrations.connectors import hubspot
from integrations.connectors.records import Change, Row
from tests.integrations.fake_hubspot import APP, KEY, START, FakeHubSpot, opened, store_of


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings) as running:
        yield running


def all_changes(
    account: FakeHubSpot, since: datetime, kind: str = "contact", meanwhile: Any = None, **options: str
) -> list[Change]:
    """Return all pages' changes; `meanwhile` is called after each page."""
    found: list[Change] = []
    cursor: str | None = None
    for _turn in range(100):
        page = hubspot.list_changes(store_of(account, **options), kind, since, cursor)
        found += page.changes
        cursor = page.cursor
        if cursor is None:
            return found
        if meanwhile:
            meanwhile()
    raise AssertionError("it never ends")


def test_what_a_person_changed_is_told_with_the_mapped_properties(account: FakeHubSpot) -> None:
    ana = account.add(email="ana@b.example", **{KEY: "customer:1"})
    before = account.at
    account.edit(ana, lifecyclestage="customer")

    (change,) = all_changes(account, before + timedelta(milliseconds=1))

    assert (change.remote_id, change.at, change.is_ours) == (ana.id, ana.changed_at, False)
    assert change.values["lifecyclestage"] == "customer"
    assert (change.values[KEY], change.values["hs_lead_status"]) == ("customer:1", None)


def test_deals_are_told_by_their_own_time_of_change(account: FakeHubSpot) -> None:
    won = account.add("deals", dealname="Shop", dealstage="closedwon", amount="99")

    (change,) = all_changes(account, START, "deal")

    assert (change.remote_id, change.values["dealstage"], change.values["amount"]) == (
        won.id,
        "closedwon",
        "99",
    )


def test_older_changes_are_not_told_and_those_of_the_moment_are(account: FakeHubSpot) -> None:
    account.add(email="old@b.example")
    new = account.add(email="new@b.example")

    assert [one.remote_id for one in all_changes(account, new.changed_at)] == [new.id]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_record_is_told_once_and_in_order(account: FakeHubSpot, count: int) -> None:
    for number in range(count):
        account.add(email=f"n{number}@b.example")

    changes = all_changes(account, START)

    assert [one.remote_id for one in changes] == list(account.objects["contacts"])
    assert [one.at for one in changes] == sorted(one.at for one in changes)


@pytest.mark.parametrize("together", [99, 100, 101, 350])
def test_records_changed_at_the_very_same_moment_are_all_told(account: FakeHubSpot, together: int) -> None:
    for number in range(together + 120):
        record = account.add(email=f"n{number}@b.example")
        if 60 <= number < 60 + together:
            record.changed_at = START + timedelta(milliseconds=61)

    told = [one.remote_id for one in all_changes(account, START)]

    assert sorted(told) == sorted(account.objects["contacts"])


@pytest.mark.parametrize("seed", range(4))
def test_what_changes_while_pages_are_read_is_told_too(account: FakeHubSpot, seed: int) -> None:
    chance = random.Random(seed)
    records = [account.add(email=f"n{number}@b.example") for number in range(320)]
    for record in records:
        if chance.random() < 0.4:
            record.changed_at = START + timedelta(milliseconds=chance.choice([5, 150]))
    turns = iter(range(3))

    def meanwhile() -> None:
        for record in chance.sample(records, 20) if next(turns, None) is not None else ():
            account.edit(record, lifecyclestage=chance.choice(["lead", "customer"]))

    told = {
        one.remote_id: one.values["lifecyclestage"]
        for one in all_changes(account, START, meanwhile=meanwhile)
    }

    assert told == {record.id: record.values.get("lifecyclestage") for record in records}


def test_no_page_is_asked_for_by_its_number(account: FakeHubSpot) -> None:
    for number in range(130):
        account.add(email=f"n{number}@b.example")

    all_changes(account, START)

    assert all("after" not in body and len(body["sorts"]) == 1 for _method, _path, body in account.asked)


def test_our_own_writing_is_ours_where_the_apps_number_is_known(account: FakeHubSpot) -> None:
    row = Row("customer:1", {"email": "a@b.example", "lifecyclestage": "customer"}, email="a@b.example")
    hubspot.upsert(store_of(account), "contact", [row])

    assert [one.is_ours for one in all_changes(account, START, app_id=APP)] == [True]
    assert [one.is_ours for one in all_changes(account, START, app_id="99")] == [False]
    assert [one.is_ours for one in all_changes(account, START)] == [False]


def test_persons_change_is_not_hidden_by_our_later_one(account: FakeHubSpot) -> None:
    row = Row("customer:1", {"email": "a@b.example", "lifecyclestage": "lead"}, email="a@b.example")
    hubspot.upsert(store_of(account), "contact", [row])
    since = account.at + timedelta(milliseconds=1)
    account.edit(account.by_email("a@b.example")[0], hs_lead_status="OPEN")
    hubspot.upsert(store_of(account), "contact", [Row("customer:1", {"lifecyclestage": "customer"})])

    (change,) = all_changes(account, since, app_id=APP)

    assert (change.is_ours, change.values["hs_lead_status"]) == (False, "OPEN")


def test_persons_change_before_the_period_does_not_make_ours_theirs(account: FakeHubSpot) -> None:
    account.add(email="a@b.example", hs_lead_status="OPEN")
    since = account.at + timedelta(milliseconds=1)
    hubspot.upsert(store_of(account), "contact", [Row("customer:1", {"country": "PT"}, email="a@b.example")])

    assert [one.is_ours for one in all_changes(account, since, app_id=APP)] == [True]


def test_search_at_its_limit_waits_a_second(account: FakeHubSpot) -> None:
    account.fail(429, {"policyName": "SECONDLY"})

    with pytest.raises(Temporary) as caught:
        hubspot.list_changes(store_of(account), "contact", START, None)

    assert caught.value.retry_after == 1


@pytest.mark.parametrize("cursor", ["", "x", "from:1", "at:", "after:-1", "after:1e9", "after:²"])
def test_odd_cursor_is_refused(account: FakeHubSpot, cursor: str) -> None:
    with pytest.raises(Permanent):
        hubspot.list_changes(store_of(account), "contact", START, cursor)


def test_time_zone_of_the_beginning_does_not_matter(account: FakeHubSpot) -> None:
    account.add(email="a@b.example")
    azores = timezone(timedelta(hours=-1))

    assert len(all_changes(account, account.at.astimezone(azores))) == 1
    assert all_changes(account, (account.at + timedelta(milliseconds=1)).astimezone(azores)) == []


def test_histories_are_asked_for_fifty_at_a_time(account: FakeHubSpot) -> None:
    rows = [
        Row(f"customer:{one}", {"lifecyclestage": "lead"}, email=f"n{one}@b.example") for one in range(90)
    ]
    hubspot.upsert(store_of(account), "contact", rows)
    account.asked.clear()

    assert all(one.is_ours for one in all_changes(account, START, app_id=APP))
    assert account.calls == ["contacts/search", "batch/read", "batch/read"]


def test_properties_of_the_mapping_in_force_are_asked_for(account: FakeHubSpot) -> None:
    account.add(email="a@b.example", phone="+351210000000")
    mapping = {"schema": 1, "when": [], "rows": [{"target": "crm.phone", "source": "phone"}]}
    store = replace(store_of(account), mappings={("in", "contact"): mapping})

    (change,) = hubspot.list_changes(store, "contact", START, None).changes

    assert change.values["phone"] == "+351210000000"
