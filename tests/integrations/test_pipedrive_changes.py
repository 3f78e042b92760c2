"""What people changed in Pipedrive: every record is told, in words, with whom it belongs to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors import pipedrive
from integrations.connectors.records import Change, Row
from tests.fakes.pipedrive import FakePipedrive, opened, store_of

KEY = "affiliate_platform_id"
MAIL = [{"value": "ana@b.example", "primary": True, "label": "work"}]


@pytest.fixture
def account(settings: Any) -> Iterator[FakePipedrive]:
    with opened(settings) as running:
        yield running


def all_changes(account: FakePipedrive, since: datetime, kind: str = "contact") -> list[Change]:
    """Return all pages' changes."""
    found: list[Change] = []
    cursor: str | None = None
    for _turn in range(20):
        page = pipedrive.list_changes(store_of(account), kind, since, cursor)
        found += page.changes
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("it never ends")


def test_what_a_person_changed_is_told_in_words(account: FakePipedrive) -> None:
    ana = account.add(name="Ana", emails=MAIL, **{KEY: "customer:1"})
    account.edit("persons", ana, label_ids=[5, 6], owner_id=42)

    (change,) = all_changes(account, account.at)

    assert (change.remote_id, change.at, change.is_ours, change.is_gone) == (
        str(ana["id"]),
        account.at,
        False,
        False,
    )
    assert (change.key, change.email, change.contact) == ("customer:1", "ana@b.example", "")
    assert change.values["label_ids"] == ["Hot lead", "Cold lead"]
    assert (change.values["owner_id"], change.values[KEY]) == (42, "customer:1")


def test_won_deal_is_told_with_its_stage_by_name_and_its_person(account: FakePipedrive) -> None:
    ana = account.add(name="Ana", emails=MAIL)
    deal = account.add("deals", title="Big", value=99.5, currency="EUR", person_id=ana["id"])
    account.edit("deals", deal, status="won", stage_id=4, close_time="2026-11-02T13:00:00Z")

    (change,) = all_changes(account, account.at, "deal")

    assert (change.contact, change.email, change.key) == (str(ana["id"]), "ana@b.example", "")
    told = {name: change.values[name] for name in ("stage", "pipeline", "status", "value", "currency")}
    assert told == {
        "stage": "Delivered",
        "pipeline": "Sales",
        "status": "won",
        "value": 99.5,
        "currency": "EUR",
    }
    assert change.values["close_time"] == "2026-11-02T13:00:00Z"


def test_stage_that_is_gone_is_told_by_its_number(account: FakePipedrive) -> None:
    account.add("deals", title="Big", stage_id=77)

    assert all_changes(account, account.at, "deal")[0].values["stage"] == "77"


def test_deleted_deal_is_told_as_gone(account: FakePipedrive) -> None:
    deal = account.add("deals", title="Big", status="won")
    account.edit("deals", deal, is_deleted=True)

    (change,) = all_changes(account, account.at, "deal")

    assert change.is_gone


def test_older_changes_are_not_told_and_those_of_the_moment_are(account: FakePipedrive) -> None:
    account.add(name="Old")
    new = account.add(name="New")

    assert [one.remote_id for one in all_changes(account, account.at)] == [str(new["id"])]


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_every_record_is_told_once_and_in_order(account: FakePipedrive, count: int) -> None:
    start = account.at
    for number in range(count):
        account.add(name=f"Person {number}")

    changes = all_changes(account, start)

    assert [one.remote_id for one in changes] == [str(number) for number in account.records["persons"]]
    assert [one.at for one in changes] == sorted(one.at for one in changes)


def test_quiet_time_costs_one_list(account: FakePipedrive) -> None:
    assert all_changes(account, account.at + timedelta(seconds=1)) == []
    assert account.calls == ["GET persons"]


def test_custom_field_is_told_by_its_name_and_by_its_letters(account: FakePipedrive) -> None:
    account.add(name="Ana", lead_source="Fair")

    (change,) = all_changes(account, account.at)

    assert change.values["lead_source"] == change.values[account.code("persons", "lead_source")] == "Fair"


def test_what_we_wrote_comes_back_as_a_change_like_any_other(account: FakePipedrive) -> None:
    pipedrive.upsert(store_of(account), "contact", [Row("customer:1", {}, email="a@b.example")])

    (change,) = all_changes(account, account.at)

    assert (change.is_ours, change.key) == (False, "customer:1")


@pytest.mark.parametrize("cursor", ["x" * 5000, "a\nb"])
def test_place_that_is_none_is_refused(account: FakePipedrive, cursor: str) -> None:
    with pytest.raises(Permanent):
        pipedrive.list_changes(store_of(account), "contact", account.at, cursor)

    assert account.asked == []


def test_trouble_there_is_raised(account: FakePipedrive) -> None:
    account.fail(500)

    with pytest.raises(Temporary):
        all_changes(account, account.at)


def test_odd_rows_are_left_out(account: FakePipedrive) -> None:
    account.fail(200, {"success": True, "data": [{"id": "x"}, 5, {"id": True}, None]}, at="persons")

    assert all_changes(account, account.at) == []


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "emails": "x", "custom_fields": [], "update_time": 5},
        {"id": 1, "emails": [{}, 5], "label_ids": "x", "custom_fields": {"a": {"b": 1}}},
        {"id": 1, "label_ids": [None, {"id": 5}], "person_id": {"value": "x"}},
    ],
)
def test_odd_record_crashes_nothing(account: FakePipedrive, record: dict[str, Any]) -> None:
    account.fail(200, {"success": True, "data": [record]}, at="persons")

    (change,) = all_changes(account, account.at)

    assert (change.remote_id, change.email, change.contact) == ("1", "", "")


def test_changes_need_the_key_field(settings: Any) -> None:
    with opened(settings, is_made=False) as account:
        account.add(name="Ana")

        with pytest.raises(Misconfigured):
            all_changes(account, account.at)


def test_record_that_a_message_named_is_asked_for_alone(account: FakePipedrive) -> None:
    ana = account.add(name="Ana", emails=MAIL, **{KEY: "customer:1"})
    gone = account.add(name="Eve", is_deleted=True)
    account.add(name="Other")
    numbers = [str(ana["id"]), str(gone["id"]), "999", "../deals/1", "1" * 40]

    (change,) = pipedrive.fetch_changed(store_of(account), "contact", numbers)

    assert (change.remote_id, change.key, change.email) == (str(ana["id"]), "customer:1", "ana@b.example")
    assert account.calls == [
        f"GET persons/{ana['id']}",
        f"GET persons/{gone['id']}",
        "GET persons/999",
        "GET personFields",
    ]
    assert pipedrive.fetch_changed(store_of(account), "deal", ["999"]) == ()
