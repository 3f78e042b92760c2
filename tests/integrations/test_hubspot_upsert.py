"""Contacts at HubSpot: updated by our key or the e-mail address, never doubled; one bad row fails no other."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import Permanent, Temporary
from integrations.connectors import hubspot
from integrations.connectors.base import told_by
from integrations.connectors.records import Outcome, Row
from tests.integrations.fake_hubspot import KEY, TOKEN, FakeHubSpot, opened, store_of


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings) as running:
        yield running


def row(number: int, email: str = "", remote_id: str = "", **values: Any) -> Row:
    """A customer of ours, whose address is told as the default mapping tells it."""
    told = {"affiliate_orders_count": 1, **({"email": email} if email else {}), **values}
    return Row(f"customer:{number}", told, remote_id, email)


def put(account: FakeHubSpot, *rows: Row) -> tuple[Outcome, ...]:
    return hubspot.upsert(store_of(account), "contact", rows).outcomes


def contacts(account: FakeHubSpot) -> list[dict[str, str]]:
    return [one.values for one in account.objects["contacts"].values()]


def test_new_customer_becomes_a_contact_with_our_key(account: FakeHubSpot) -> None:
    (outcome,) = put(account, row(7, "Ana@Shop.example", country="PT"))

    (contact,) = contacts(account)
    assert (contact["email"], contact["country"]) == ("ana@shop.example", "PT")
    assert contact[KEY] == "customer:7"
    assert outcome == Outcome("customer:7", next(iter(account.objects["contacts"])), is_new=True)


def test_contact_that_sales_people_made_is_updated_by_its_address(account: FakeHubSpot) -> None:
    known = account.add(email="ana@shop.example", firstname="Ana")

    (outcome,) = put(account, row(7, "ana@shop.example"))

    assert outcome == Outcome("customer:7", known.id)
    assert known.values[KEY] == "customer:7"
    assert (known.values["firstname"], len(contacts(account))) == ("Ana", 1)


def test_contact_is_found_by_an_address_of_a_merged_one_and_keeps_its_main_address(
    account: FakeHubSpot,
) -> None:
    known = account.add(email="ana@work.example", hs_additional_emails="ana@shop.example;a@b.example")

    (outcome,) = put(account, row(7, "ana@shop.example"))

    assert outcome.remote_id == known.id
    assert (known.values["email"], known.values["affiliate_orders_count"]) == ("ana@work.example", "1")


def test_customer_with_a_new_address_is_the_same_contact(account: FakeHubSpot) -> None:
    put(account, row(7, "old@shop.example"))

    put(account, row(7, "new@shop.example"))

    assert [one["email"] for one in contacts(account)] == ["new@shop.example"]


def test_known_number_finds_a_contact_that_lost_our_key(account: FakeHubSpot) -> None:
    known = account.add(email="other@shop.example")

    (outcome,) = put(account, row(7, remote_id=known.id))

    assert (outcome.remote_id, known.values[KEY]) == (known.id, "customer:7")


def test_number_of_a_contact_that_was_merged_leads_to_what_it_became(account: FakeHubSpot) -> None:
    known = account.add(email="ana@shop.example", hs_merged_object_ids="55;56")

    (outcome,) = put(account, row(7, remote_id="55"))

    assert (outcome.remote_id, outcome.is_new) == (known.id, False)


def test_contact_that_was_deleted_is_made_anew(account: FakeHubSpot) -> None:
    (first,) = put(account, row(7, "ana@shop.example"))
    account.objects["contacts"].clear()

    (second,) = put(account, row(7, "ana@shop.example", remote_id=first.remote_id))

    assert second.is_new
    assert len(contacts(account)) == 1


def test_two_customers_with_one_address_are_one_contact_with_the_key_of_the_first(
    account: FakeHubSpot,
) -> None:
    one, two = put(account, row(1, "a@b.example"), row(2, "A@B.example", affiliate_orders_count=5))
    again = put(account, row(2, "a@b.example", affiliate_orders_count=6))

    (contact,) = contacts(account)
    assert one.remote_id == two.remote_id == again[0].remote_id
    assert (one.is_new, two.is_new, again[0].is_new) == (True, False, False)
    assert (contact[KEY], contact["affiliate_orders_count"]) == ("customer:1", "6")


def test_bad_one_of_two_customers_with_one_address_fails_not_the_other(account: FakeHubSpot) -> None:
    one, two = put(account, row(1, "a@b.example"), row(2, "a@b.example", no_such_property="1"))

    assert (one.refusal, len(contacts(account))) == ("", 1)
    assert "does not exist" in two.refusal


def test_same_customer_twice_in_a_call_is_written_once_with_the_later_values(account: FakeHubSpot) -> None:
    outcomes = put(account, row(1, "a@b.example"), row(1, "a@b.example", affiliate_orders_count=2))

    assert len(outcomes) == 2
    assert outcomes[0].remote_id == outcomes[1].remote_id
    assert [one["affiliate_orders_count"] for one in contacts(account)] == ["2"]


def test_what_hubspot_has_already_is_not_written_again(account: FakeHubSpot) -> None:
    told = row(
        1, "a@b.example", affiliate_lifetime_value="100.00", affiliate_first_order_at="2026-11-01T10:00:00Z"
    )
    put(account, told)
    contact = next(iter(account.objects["contacts"].values()))
    contact.values |= {
        "affiliate_lifetime_value": "100",
        "affiliate_first_order_at": "2026-11-01T10:00:00.000Z",
    }
    account.asked.clear()

    put(account, told)

    assert account.calls == ["batch/read"]


def test_only_what_differs_is_written(account: FakeHubSpot) -> None:
    put(account, row(1, "a@b.example", country="PT"))
    account.asked.clear()

    put(account, row(1, "a@b.example", country="ES", phone=""))

    (_method, _path, body) = account.asked[-1]
    assert body["inputs"][0]["properties"] == {"country": "ES"}


def test_empty_value_clears_a_property(account: FakeHubSpot) -> None:
    put(account, row(1, "a@b.example", phone="+351210000000"))

    put(account, row(1, "a@b.example", phone=None))

    assert contacts(account)[0]["phone"] == ""


def test_customer_without_address_and_name_is_refused_and_not_sent(account: FakeHubSpot) -> None:
    one, two = put(account, row(1), row(2, "a@b.example"))

    assert "no contact without" in one.refusal
    assert (one.remote_id, bool(two.remote_id)) == ("", True)


@pytest.mark.parametrize("is_whole", [False, True], ids=["multi-status", "as a whole"])
@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"email": "not an address"}, "invalid"),
        ({"affiliate_segment": "whale"}, "allowed options"),
        ({"no_such_property": "1"}, "does not exist"),
    ],
)
def test_one_bad_row_fails_no_other(
    account: FakeHubSpot, is_whole: bool, bad: dict[str, str], word: str
) -> None:
    account.is_whole = is_whole
    known = account.add(email="known3@b.example")
    rows = [row(number, f"known{number}@b.example") for number in range(8)]
    rows[5] = row(5, **{"email": "five@b.example", **bad})

    outcomes = put(account, *rows)

    assert [one.key for one in outcomes] == [one.key for one in rows]
    assert [one.key for one in outcomes if one.refusal] == ["customer:5"]
    assert word in outcomes[5].refusal
    assert (outcomes[3].remote_id, len(contacts(account))) == (known.id, 7)


def test_property_that_is_missing_is_found_out_in_one_call(account: FakeHubSpot) -> None:
    account.is_whole = True

    outcomes = put(
        account, *(row(number, f"n{number}@b.example", no_such_property="1") for number in range(64))
    )

    assert all("does not exist" in one.refusal for one in outcomes)
    assert account.calls.count("batch/create") == 1


@pytest.mark.parametrize("is_whole", [False, True], ids=["multi-status", "as a whole"])
def test_contact_that_somebody_makes_meanwhile_is_updated(account: FakeHubSpot, is_whole: bool) -> None:
    account.is_whole = is_whole
    account.race = lambda: account.add(email="two@b.example", firstname="Two") and None

    outcomes = put(
        account, *(row(number, f"{word}@b.example") for number, word in enumerate(("one", "two", "three")))
    )

    (raced,) = account.by_email("two@b.example")
    assert [one.is_new for one in outcomes] == [True, False, True]
    assert (raced.values["firstname"], raced.values[KEY]) == ("Two", "customer:1")
    assert len(contacts(account)) == 3


def test_property_that_is_missing_may_be_named_beside_the_message(account: FakeHubSpot) -> None:
    error = {"code": "PROPERTY_DOESNT_EXIST", "message": "gone", "context": {"propertyName": ["country"]}}
    account.fail(400, {"message": "Property does not exist.", "errors": [error]}, at="batch/create")

    one, two = put(account, row(1, "a@b.example", country="PT"), row(2, "c@b.example"))

    assert (one.refusal, two.is_new) == ("Property does not exist.", True)
    assert account.calls == ["batch/read", "batch/read", "batch/create", "batch/create"]


def test_contact_that_only_the_refusal_names_is_updated(account: FakeHubSpot) -> None:
    known = account.add(email="a.na@mail.example")
    said = {"category": "CONFLICT", "message": f"Contact already exists. Existing ID: {known.id}"}
    account.fail(409, said, at="batch/create")

    (outcome,) = put(account, row(1, "ana@mail.example"))

    assert (outcome.remote_id, outcome.is_new, known.values[KEY]) == (known.id, False, "customer:1")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("batch/create", 207, {"results": [], "errors": [{"message": "odd"}, {"context": 5}, {}]}),
        ("batch/create", 201, {}),
        ("batch/create", 201, {"results": [{"id": "1"}, {"properties": None}]}),
        ("batch/create", 201, {"results": [{"objectWriteTraceId": "customer:2"}]}),
        (
            "batch/create",
            207,
            {"errors": [{"message": "x", "context": {"objectWriteTraceId": ["customer:9"]}}]},
        ),
        ("batch/update", 404, {"category": "OBJECT_NOT_FOUND", "message": "resource not found"}),
        (
            "batch/update",
            207,
            {"errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["5", 5, None]}}]},
        ),
    ],
)
def test_answer_that_leaves_rows_open_is_followed_by_a_look(
    account: FakeHubSpot, path: str, status: int, body: dict[str, Any]
) -> None:
    account.add(email="known@b.example")
    account.fail(status, body, at=path)

    outcomes = put(account, row(1, "known@b.example"), row(2, "b@b.example"), row(3, "c@b.example"))

    assert [bool(one.remote_id) for one in outcomes] == [True, True, True]
    assert len(contacts(account)) == 3


def test_row_of_which_hubspot_never_says_anything_is_told_in_the_end(account: FakeHubSpot) -> None:
    for _turn in range(3):
        account.fail(201, {"results": []}, at="batch/create")

    (outcome,) = put(account, row(1, "a@b.example"))

    assert outcome.refusal == "HubSpot did not say what became of it."
    assert account.calls.count("batch/create") == 3


def test_address_that_another_contact_has_is_refused_with_its_number(account: FakeHubSpot) -> None:
    put(account, row(1, "a@b.example"), row(2, "c@b.example"))
    other = account.by_email("c@b.example")[0]

    (outcome,) = put(account, row(1, "c@b.example"))

    assert (
        outcome.refusal == f"Another contact, {other.id}, has this e-mail address: merge the two in HubSpot."
    )


def test_answer_without_traces_is_matched_by_our_key(account: FakeHubSpot) -> None:
    account.is_traced = False

    outcomes = put(account, *(row(number, f"n{number}@b.example") for number in range(5)))

    for number, outcome in enumerate(outcomes):
        assert account.objects["contacts"][outcome.remote_id].values[KEY] == f"customer:{number}"


def test_creation_without_an_answer_is_not_repeated_blindly(account: FakeHubSpot) -> None:
    account.lost = ["batch/create"]
    rows = [row(number, f"n{number}@b.example") for number in range(3)]
    with pytest.raises(Temporary):
        put(account, *rows)

    outcomes = put(account, *rows)

    assert account.calls.count("batch/create") == 1
    assert [one.is_new for one in outcomes] == [False, False, False]
    assert len(contacts(account)) == 3


def test_more_rows_than_a_batch_are_refused_before_any_call(account: FakeHubSpot) -> None:
    with pytest.raises(Permanent):
        put(account, *(row(number, f"n{number}@b.example") for number in range(101)))

    assert account.asked == []


def test_exchange_tells_what_was_asked_and_never_the_key(account: FakeHubSpot) -> None:
    account.limits = {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "249000"}

    exchange = hubspot.upsert(store_of(account), "contact", [row(1, "a@b.example")]).exchange

    assert "batch/create" in exchange.request
    assert TOKEN not in exchange.request + exchange.answer
    assert (exchange.status, exchange.note) == (201, "249000 of 250000 calls are left today.")


def test_failure_tells_the_exchange(account: FakeHubSpot) -> None:
    account.fail(503)

    with pytest.raises(Temporary) as caught:
        put(account, row(1, "a@b.example"))

    told = told_by(caught.value)
    assert told is not None
    assert told.status == 503
    assert TOKEN not in told.request


@pytest.mark.parametrize("seed", range(6))
def test_any_mixture_ends_with_one_contact_for_each_address(account: FakeHubSpot, seed: int) -> None:
    chance = random.Random(seed)
    account.is_whole = chance.random() < 0.5
    account.is_traced = chance.random() < 0.7
    rows = mixture(account, chance)

    outcomes = [one for start in range(0, 250, 100) for one in put(account, *rows[start : start + 100])]
    first = {number: dict(one.values) for number, one in account.objects["contacts"].items()}
    again = [one for start in range(0, 250, 100) for one in put(account, *rows[start : start + 100])]

    addresses = [one["email"] for one in contacts(account)]
    assert len(addresses) == len(set(addresses))
    assert [one.key for one in outcomes] == [one.key for one in rows]
    assert {one.email.lower() for one in rows if usable(one)} <= set(addresses)
    for told, outcome in zip(rows, outcomes, strict=True):
        is_bad = told.email in ("", "broken") or "no_such_property" in told.values
        assert bool(outcome.refusal) == is_bad, (told, outcome)
        if not is_bad:
            contact = account.objects["contacts"][outcome.remote_id].values
            assert contact["email"] == told.email.lower()
    assert not any(one.is_new for one in again)
    assert [one.remote_id for one in again] == [one.remote_id for one in outcomes]
    assert set(first) == set(account.objects["contacts"])


def mixture(account: FakeHubSpot, chance: random.Random) -> list[Row]:
    """250 customers: some known at HubSpot, some with one address, some told twice, some wrong."""
    rows: list[Row] = []
    for number in range(250):
        email = f"p{number}@b.example"
        what = chance.choice(
            ["new", "new", "known", "keyed", "shared", "twice", "upper", "none", "broken", "odd"]
        )
        if what == "known":
            account.add(email=email, firstname="Known")
        elif what == "keyed":
            account.add(email=email, **{KEY: f"customer:{number}"})
        elif what == "shared" and (others := [one.email for one in rows if usable(one)]):
            email = chance.choice(others).upper()
        elif what == "twice" and (usables := [one for one in rows if usable(one)]):
            rows.append(chance.choice(usables))
            continue
        elif what == "upper":
            email = email.upper()
        elif what in ("none", "broken"):
            email = {"none": "", "broken": "broken"}[what]
        extra = {"no_such_property": "1"} if what == "odd" else {}
        rows.append(row(number, email, affiliate_orders_count=chance.randrange(9), **extra))
    return rows


def usable(told: Row) -> bool:
    return "@" in told.email and "no_such_property" not in told.values
