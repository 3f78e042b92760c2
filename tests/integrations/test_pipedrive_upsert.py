"""Persons and deals at Pipedrive: found by number, key or address, never doubled; one bad row fails no other."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors import pipedrive
from integrations.connectors.base import told_by
from integrations.connectors.records import Outcome, Row
from tests.fakes.pipedrive import TOKEN, FakePipedrive, opened, store_of, wrong

KEY = "affiliate_platform_id"


@pytest.fixture
def account(settings: Any) -> Iterator[FakePipedrive]:
    with opened(settings) as running:
        yield running


def row(number: int, email: str = "", remote_id: str = "", /, **values: Any) -> Row:
    """A customer of ours, whose address is told as the default mapping tells it."""
    told = {"affiliate_orders_count": 1, **({"email": email} if email else {}), **values}
    return Row(f"customer:{number}", told, remote_id, email)


def put(account: FakePipedrive, *rows: Row) -> tuple[Outcome, ...]:
    return pipedrive.upsert(store_of(account), "contact", rows).outcomes


def persons(account: FakePipedrive) -> list[dict[str, Any]]:
    return list(account.records["persons"].values())


def mail(address: str) -> list[dict[str, Any]]:
    return [{"value": address, "primary": True, "label": "work"}]


def test_new_customer_becomes_a_person_with_our_key(account: FakePipedrive) -> None:
    (outcome,) = put(account, row(7, "Ana@Shop.example", customer_country="PT"))

    (person,) = persons(account)
    assert (person["name"], person["emails"][0]["value"]) == ("ana@shop.example", "Ana@Shop.example")
    assert account.told("persons", person)[KEY] == "customer:7"
    assert account.told("persons", person)["customer_country"] == "PT"
    assert outcome == Outcome("customer:7", str(person["id"]), is_new=True)


def test_person_that_sales_people_made_is_updated_by_the_address(account: FakePipedrive) -> None:
    known = account.add(name="Ana", emails=mail("ANA@shop.example"))

    (outcome,) = put(account, row(7, "ana@shop.example"))

    assert outcome == Outcome("customer:7", str(known["id"]))
    assert account.told("persons", known)[KEY] == "customer:7"
    assert (known["name"], len(persons(account)), known["emails"]) == ("Ana", 1, mail("ANA@shop.example"))


def test_key_counts_more_than_the_address(account: FakePipedrive) -> None:
    keyed = account.add(name="Ana", emails=mail("new@b.example"), **{KEY: "customer:7"})
    account.add(name="Other", emails=mail("old@b.example"))

    (outcome,) = put(account, row(7, "old@b.example"))

    assert outcome.remote_id == str(keyed["id"])


def test_person_with_a_new_address_keeps_the_former_behind_it(account: FakePipedrive) -> None:
    known = account.add(name="Ana", emails=mail("old@b.example"), **{KEY: "customer:7"})

    put(account, row(7, "new@b.example"))

    assert [(one["value"], one["primary"]) for one in known["emails"]] == [
        ("new@b.example", True),
        ("old@b.example", False),
    ]


def test_known_number_costs_no_search(account: FakePipedrive) -> None:
    known = account.add(name="Ana", **{KEY: "customer:7"})

    (outcome,) = put(account, row(7, "a@b.example", str(known["id"])))

    assert outcome.remote_id == str(known["id"])
    assert account.calls == [
        f"GET persons/{known['id']}",
        "GET personFields",
        f"PATCH persons/{known['id']}",
    ]


def test_person_that_was_deleted_is_made_anew(account: FakePipedrive) -> None:
    gone = account.add(name="Ana", emails=mail("a@b.example"), is_deleted=True, **{KEY: "customer:7"})

    (outcome,) = put(account, row(7, "a@b.example", str(gone["id"])))

    assert outcome.is_new
    assert outcome.remote_id != str(gone["id"])


def test_person_that_is_deleted_between_reading_and_writing_is_made_anew(account: FakePipedrive) -> None:
    known = account.add(name="Ana", emails=mail("a@b.example"), **{KEY: "customer:7"})
    account.fail(404, wrong("Person not found"), at=f"PATCH /api/v2/persons/{known['id']}")

    (outcome,) = put(account, row(7, "a@b.example", str(known["id"])))

    assert (outcome.is_new, outcome.remote_id != str(known["id"])) == (True, True)


def test_number_that_is_none_asks_no_odd_address(account: FakePipedrive) -> None:
    (outcome,) = put(account, row(7, "a@b.example", "../deals/1"))

    assert outcome.is_new
    assert not any("deals" in path for _method, path, _body in account.asked)


def test_two_customers_with_one_address_are_one_person_with_the_key_of_the_first(
    account: FakePipedrive,
) -> None:
    one, two = put(account, row(1, "a@b.example"), row(2, "A@B.example", affiliate_orders_count=5))

    (person,) = persons(account)
    assert one.remote_id == two.remote_id
    assert (one.is_new, two.is_new) == (True, False)
    assert account.told("persons", person)[KEY] == "customer:1"
    assert account.told("persons", person)["affiliate_orders_count"] == 5


def test_same_customer_twice_in_a_call_is_written_once_with_the_later_values(account: FakePipedrive) -> None:
    outcomes = put(account, row(1, "a@b.example"), row(1, "a@b.example", affiliate_orders_count=2))

    assert outcomes[0] == outcomes[1]
    assert account.told("persons", persons(account)[0])["affiliate_orders_count"] == 2


def test_person_just_made_is_found_though_no_search_names_them_yet(account: FakePipedrive) -> None:
    account.is_lagging = True
    (first,) = put(account, row(7, "a@b.example"))

    (second,) = put(account, row(7, "a@b.example"))

    assert (second.remote_id, second.is_new) == (first.remote_id, False)
    assert len(persons(account)) == 1


def test_creation_without_an_answer_is_not_repeated_blindly(account: FakePipedrive) -> None:
    account.is_lagging, account.lost = True, ["POST /api/v2/persons"]
    rows = [row(number, f"n{number}@b.example") for number in range(3)]

    with pytest.raises(Temporary):
        put(account, *rows)
    outcomes = put(account, *rows)

    assert [one.is_new for one in outcomes] == [False, True, True]
    assert len(persons(account)) == 3


def test_half_an_answer_is_tried_again_and_doubles_nobody(account: FakePipedrive) -> None:
    account.halved = ["POST /api/v2/persons"]

    with pytest.raises(Temporary):
        put(account, row(7, "a@b.example"))
    (outcome,) = put(account, row(7, "a@b.example"))

    assert (outcome.is_new, len(persons(account))) == (False, 1)


def test_answer_that_names_no_record_is_tried_again(account: FakePipedrive) -> None:
    account.fail(201, {"success": True, "data": None}, at="POST /api/v2/persons")

    with pytest.raises(Temporary):
        put(account, row(1, "a@b.example"))


def test_update_that_answers_nothing_is_done_all_the_same(account: FakePipedrive) -> None:
    known = account.add(name="Ana", emails=mail("a@b.example"))
    account.fail(200, {"success": True}, at=f"PATCH /api/v2/persons/{known['id']}")

    (outcome,) = put(account, row(1, "a@b.example"))

    assert outcome == Outcome("customer:1", str(known["id"]))


def test_what_pipedrive_has_already_is_not_written_again(account: FakePipedrive) -> None:
    told = {"affiliate_lifetime_value": "100.00", "affiliate_first_order": "2026-11-02", "phone": "+351"}
    told |= {"affiliate_segment": "new", "affiliate_recency_days": 0}
    (first,) = put(account, row(1, "a@b.example", **told))
    account.asked.clear()

    put(account, row(1, "a@b.example", first.remote_id, **told))

    assert [call.partition(" ")[0] for call in account.calls] == ["GET", "GET"]


def test_only_what_differs_is_written(account: FakePipedrive) -> None:
    (first,) = put(account, row(1, "a@b.example", customer_country="PT"))

    put(account, row(1, "a@b.example", first.remote_id, customer_country="ES", phone=""))

    (_method, _path, body) = account.asked[-1]
    assert body == {"custom_fields": {account.code("persons", "customer_country"): "ES"}}


def test_empty_value_clears_a_field(account: FakePipedrive) -> None:
    (first,) = put(account, row(1, "a@b.example", customer_country="PT"))

    put(account, row(1, "a@b.example", first.remote_id, customer_country=None))

    assert account.told("persons", persons(account)[0])["customer_country"] is None


def test_choice_is_written_by_its_number_and_moment_as_a_day_of_the_program(account: FakePipedrive) -> None:
    put(
        account, row(1, "a@b.example", affiliate_segment="loyal", affiliate_last_order="2026-11-02T23:30:00Z")
    )

    told = account.told("persons", persons(account)[0])
    options = {
        one["label"]: one["id"]
        for field in account.fields["personFields"]
        for one in field.get("options") or ()
    }
    assert told["affiliate_segment"] == options["loyal"]
    assert told["affiliate_last_order"] == "2026-11-03"


def test_field_may_be_named_by_its_forty_letters(account: FakePipedrive) -> None:
    code = account.code("persons", "customer_country")

    put(account, row(1, "a@b.example", **{code: "PT"}))

    assert account.told("persons", persons(account)[0])["customer_country"] == "PT"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"no_such_field": 1}, "no field “No such field”"),
        ({"marketing_status": "subscribed"}, "no field “Marketing status”"),
        ({"update_time": "2026-11-02"}, "no field “Update time”"),
        ({"affiliate_segment": "vip"}, "has no option “vip”"),
        ({"affiliate_orders_count": "many"}, "“many” does not fit"),
        ({"affiliate_first_order": "soon"}, "“soon” does not fit"),
        ({"owner_id": 1.5}, "does not fit"),
        ({"email": "broken"}, "Invalid email"),
    ],
)
def test_bad_row_is_refused_with_a_sentence_and_fails_no_other(
    account: FakePipedrive, value: dict[str, Any], sentence: str
) -> None:
    bad, good = put(account, row(1, "a@b.example", **value), row(2, "c@b.example"))

    assert sentence in bad.refusal
    assert (bad.remote_id, bool(good.remote_id), len(persons(account))) == ("", True, 1)


def test_customer_without_address_and_name_is_refused_and_not_made(account: FakePipedrive) -> None:
    (outcome,) = put(account, row(1))

    assert "no person without a name" in outcome.refusal
    assert persons(account) == []


def test_without_the_key_field_nothing_is_written(settings: Any) -> None:
    with opened(settings, is_made=False) as account:
        with pytest.raises(Misconfigured) as caught:
            put(account, row(1, "a@b.example"))

        assert "Affiliate platform id" in str(caught.value)
        assert persons(account) == []


def test_more_rows_than_a_batch_are_refused_before_any_call(account: FakePipedrive) -> None:
    with pytest.raises(Permanent):
        put(account, *(row(number, f"n{number}@b.example") for number in range(21)))

    assert account.asked == []


def test_full_batch_of_known_ones_is_read_at_once(account: FakePipedrive) -> None:
    rows = [row(number, f"n{number}@b.example") for number in range(20)]
    known = put(account, *rows)
    account.asked.clear()

    put(account, *(row(one, f"n{one}@b.example", known[one].remote_id) for one in range(20)))

    assert account.calls == ["GET persons", "GET personFields"]


def test_exchange_tells_what_was_asked_what_it_cost_and_never_the_key(account: FakePipedrive) -> None:
    account.limits = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "9", "x-daily-requests-left": "900"}

    exchange = pipedrive.upsert(store_of(account), "contact", [row(1, "a@b.example")]).exchange

    assert "POST /api/v2/persons" in exchange.request
    assert TOKEN not in exchange.request + exchange.answer
    assert (exchange.status, exchange.calls) == (201, 5)
    assert exchange.quota == {"window_left": 9, "daily_left": 900}
    # two lists, two searches, one creation
    assert "65 of the day’s tokens were used." in exchange.request


def test_failure_tells_the_exchange(account: FakePipedrive) -> None:
    account.fail(503)

    with pytest.raises(Temporary) as caught:
        put(account, row(1, "a@b.example"))

    told = told_by(caught.value)
    assert told is not None
    assert (told.status, TOKEN in told.request) == (503, False)


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_ends_with_one_person_for_each_address(account: FakePipedrive, seed: int) -> None:
    chance = random.Random(seed)
    account.is_lagging = chance.random() < 0.5
    rows = []
    for number in range(40):
        email = f"p{chance.randrange(25)}@b.example"
        if chance.random() < 0.2:
            account.add(name="Known", emails=mail(f"p{number}@b.example"), minutes=chance.choice([0, 3]))
        rows.append(row(number, email if chance.random() < 0.9 else "", affiliate_orders_count=number))

    outcomes = [one for start in (0, 20) for one in put(account, *rows[start : start + 20])]
    before = len(persons(account))
    again = [one for start in (0, 20) for one in put(account, *rows[start : start + 20])]

    addresses = [one["emails"][0]["value"] for one in persons(account)]
    assert len(addresses) == len(set(addresses))
    for told, outcome in zip(rows, outcomes, strict=True):
        assert bool(outcome.refusal) == (not told.email)
        if told.email:
            person = account.records["persons"][int(outcome.remote_id)]
            assert person["emails"][0]["value"] == told.email
    assert [one.remote_id for one in again] == [one.remote_id for one in outcomes]
    assert len(persons(account)) == before
