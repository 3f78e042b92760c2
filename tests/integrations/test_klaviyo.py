"""Klaviyo: one profile for each customer, consent untouched, and each event once."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors import klaviyo
from integrations.connectors.base import (
    told_by,
)
from integrations.connectors.records import Outcome, Row
from tests.fakes.klaviyo import TOKEN, FakeKlaviyo, opened, store_of
from tests.integrations.record_keeping import stopped

KEY = "external_id"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeKlaviyo]:
    with opened(settings) as running:
        yield running


def row(number: int, email: str = "", remote_id: str = "", /, **values: Any) -> Row:
    told = {"affiliate_orders_count": 1, **({"email": email} if email else {}), **values}
    return Row(f"customer:{number}", told, remote_id, email)


def put(account: FakeKlaviyo, *rows: Row) -> tuple[Outcome, ...]:
    return klaviyo.upsert(store_of(account), "profile", rows).outcomes


def only(account: FakeKlaviyo) -> dict[str, Any]:
    (profile,) = account.profiles.values()
    return profile


def test_new_customer_becomes_a_profile_with_our_key(account: FakeKlaviyo) -> None:
    told = {
        "phone_number": "+49 (30) 123-456",
        "location.country": "DE",
        "affiliate_lifetime_value": "129.90",
    }

    (outcome,) = put(account, row(7, "ana@b.example", **told))

    profile = only(account)
    assert outcome == Outcome("customer:7", next(iter(account.profiles)), is_new=True)
    assert (profile["email"], profile[KEY], profile["phone_number"]) == (
        "ana@b.example",
        "customer:7",
        "+4930123456",
    )
    assert profile["location"] == {"country": "DE"}
    assert profile["properties"] == {"affiliate_orders_count": 1, "affiliate_lifetime_value": 129.9}


def test_profile_that_is_there_is_updated_by_its_address_and_keeps_its_consent(account: FakeKlaviyo) -> None:
    known = account.add(email="ana@b.example", first_name="Ana", properties={"hat": "L"})

    (outcome,) = put(account, row(7, "Ana@b.example"))

    profile = only(account)
    assert outcome == Outcome("customer:7", known)
    assert profile["properties"] == {"hat": "L", "affiliate_orders_count": 1}
    assert (profile["first_name"], profile[KEY], profile["subscriptions"]) == (
        "Ana",
        "customer:7",
        "as the person chose",
    )
    assert "subscriptions" not in str(account.asked)


def test_number_by_which_another_system_knows_a_profile_stays(account: FakeKlaviyo) -> None:
    account.add(email="ana@b.example", external_id="shop-99")

    put(account, row(7, "ana@b.example"))

    assert only(account)[KEY] == "shop-99"
    assert only(account)["properties"]["affiliate_orders_count"] == 1


def test_what_is_there_already_is_not_written_again(account: FakeKlaviyo) -> None:
    told = {"affiliate_lifetime_value": "150.00", "affiliate_categories": ["Tea", "Cups"]}
    put(account, row(7, "ana@b.example", **told))
    account.asked.clear()

    put(account, row(7, "ana@b.example", **told))

    assert account.calls == ["GET profiles"]


def test_only_what_differs_is_written_and_empty_clears(account: FakeKlaviyo) -> None:
    put(account, row(7, "ana@b.example", affiliate_coupon="ANNA15", **{"location.country": "DE"}))

    put(account, row(7, "ana@b.example", affiliate_coupon=None, affiliate_orders_count=2))

    (_method, _path, body) = account.asked[-1]
    assert body["data"]["attributes"] == {"properties": {"affiliate_orders_count": 2}}
    assert body["data"]["meta"] == {"patch_properties": {"unset": ["affiliate_coupon"]}}
    assert only(account)["properties"] == {"affiliate_orders_count": 2}


def test_profile_that_came_meanwhile_is_brought_up_to_date(account: FakeKlaviyo) -> None:
    """One that no list names yet has the address, another one the key: what can be written is."""
    known = account.add(email="ana@b.example")
    stub = account.add(external_id="customer:7")
    account.hidden = {known, stub}

    (outcome,) = put(account, row(7, "ana@b.example"))

    assert outcome == Outcome("customer:7", known)
    assert account.profiles[known]["properties"] == {"affiliate_orders_count": 1}
    assert len(account.profiles) == 2


def test_address_that_another_profile_has_stays_there_and_the_rest_is_written(account: FakeKlaviyo) -> None:
    put(account, row(7, "ana@b.example"), row(8, "eve@b.example"))
    account.hidden = {"P2"}

    (outcome,) = put(account, row(7, "eve@b.example", affiliate_orders_count=2))

    assert outcome == Outcome("customer:7", "P1")
    assert account.profiles["P1"]["email"] == "ana@b.example"
    assert account.profiles["P1"]["properties"]["affiliate_orders_count"] == 2


def test_profile_that_was_merged_away_is_found_again(account: FakeKlaviyo) -> None:
    account.add(email="ana@b.example")
    account.fail(404, {"errors": []}, at="PATCH /api/profiles/P1")

    (outcome,) = put(account, row(7, "ana@b.example"))

    assert outcome.remote_id == "P1"
    assert only(account)["properties"] == {"affiliate_orders_count": 1}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"$consent": "email"}, "has agreed to"),
        ({"subscriptions": {"email": "SUBSCRIBED"}}, "has agreed to"),
        ({"Accepts_OptIn": True}, "has agreed to"),
    ],
)
def test_what_a_person_agreed_to_is_never_written(
    account: FakeKlaviyo, value: dict[str, Any], sentence: str
) -> None:
    bad, good = put(account, row(1, "a@b.example", **value), row(2, "c@b.example"))

    assert sentence in bad.refusal
    assert (bool(good.remote_id), len(account.profiles)) == (True, 1)


@pytest.mark.parametrize(("email", "sentence"), [("", "no profile without"), ("broken", "Invalid email")])
def test_bad_row_is_refused_with_a_sentence(account: FakeKlaviyo, email: str, sentence: str) -> None:
    bad, good = put(account, row(1, email), row(2, "c@b.example"))

    assert sentence in bad.refusal
    assert good.is_new


def test_telephone_number_that_klaviyo_would_refuse_is_left_out(account: FakeKlaviyo) -> None:
    put(account, row(1, "a@b.example", phone_number="030 123456"))

    assert "phone_number" not in only(account)


def test_address_that_would_break_the_question_is_not_asked_for(account: FakeKlaviyo) -> None:
    put(account, row(1, 'a"),any(id,["P1@b.example'), row(2, "c@b.example"))

    asked = [
        dict(parse_qsl(urlsplit(path).query))["filter"]
        for method, path, _ in account.asked
        if method == "GET"
    ]
    assert asked == ['any(external_id,["customer:1","customer:2"])', 'any(email,["c@b.example"])']


def test_creation_without_an_answer_is_not_repeated_blindly(account: FakeKlaviyo) -> None:
    account.lost = ["POST /api/profile-import"]
    with pytest.raises(Temporary):
        put(account, row(7, "ana@b.example"))

    (outcome,) = put(account, row(7, "ana@b.example"))

    assert (outcome.is_new, len(account.profiles)) == (False, 1)


def test_more_rows_than_a_batch_are_refused_before_any_call(account: FakeKlaviyo) -> None:
    with pytest.raises(Permanent):
        put(account, *(row(number, f"n{number}@b.example") for number in range(51)))

    assert account.asked == []


def test_records_are_read_as_mappings_name_them(account: FakeKlaviyo) -> None:
    put(account, row(7, "ana@b.example", **{"location.country": "DE", "lead_source": "Fair"}))

    (found,) = klaviyo.fetch_records(
        store_of(account),
        "profile",
        [row(7), row(8, "x@b.example")],
        ["email", "location.country", "lead_source", "affiliate_coupon"],
    )

    assert (found.key, found.remote_id) == ("customer:7", "P1")
    assert found.values == {
        "email": "ana@b.example",
        "location.country": "DE",
        "lead_source": "Fair",
        "affiliate_coupon": None,
    }


# --- limits and refusals ---
@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (429, {"Retry_After": "7"}, Temporary, 7),
        (429, {}, Temporary, 60),
        (503, {}, Temporary, None),
        (401, {}, Misconfigured, 3600),
        (403, {}, Misconfigured, 3600),
        (302, {}, Misconfigured, 3600),
    ],
)
def test_refusals_say_what_to_do(
    account: FakeKlaviyo, status: int, headers: dict[str, str], kind: type[Temporary], wait: float | None
) -> None:
    account.fail(status, b"<html>", **headers)

    with pytest.raises(kind) as caught:
        put(account, row(7, "ana@b.example"))

    assert caught.value.retry_after == wait
    told = told_by(caught.value)
    assert told is not None
    assert (told.status, TOKEN in told.request) == (status, False)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{", b"[" * 100_000])
def test_odd_answer_is_tried_again_and_crashes_nothing(account: FakeKlaviyo, body: bytes) -> None:
    account.fail(200, body)

    with pytest.raises(Temporary):
        put(account, row(7, "ana@b.example"))


def test_no_call_is_made_where_none_is_left_in_the_minute(account: FakeKlaviyo) -> None:
    account.limits = {"RateLimit-Limit": "700", "RateLimit-Remaining": "0", "RateLimit-Reset": "12"}

    with pytest.raises(Temporary) as caught:
        put(account, row(7, "ana@b.example"))

    told = told_by(caught.value)
    assert (caught.value.retry_after, len(account.asked)) == (12, 1)
    assert told is not None
    assert told.quota == {"minute_left": 0}
