"""The guide, followed once: a token, the fields and webhooks, a customer who buys twice, and what sales people say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.jobs import Misconfigured
from integrations import actions, gate
from integrations.connectors import CONNECTORS, pipedrive
from integrations.connectors.base import Connector, KnowsAddresses, Mapped, Store
from integrations.connectors.pipedrive.defaults import wanted_fields
from integrations.connectors.records import FetchesRecords, KeepsRecords, RemoteField, TellsChanges
from integrations.connectors.webhook.choices import Unclear
from integrations.mapping import apply, read_sheet
from integrations.models import Connection, CustomerFact, Delivery, FieldDecision
from integrations.records import Segment, customer_record, deal_record
from tests import makers
from tests.fakes.pipedrive import SECRET, TOKEN, FakePipedrive, opened, store_of
from tests.integrations.record_keeping import DAY, NOON, buy, customer, listen, settle, stopped
from tests.makers import FOUNDED
from tracking.models import Order

KEY = "affiliate_platform_id"
MINUTE = timedelta(minutes=1)
MAIL = [{"value": "buyer@example.net", "primary": True, "label": "work"}]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakePipedrive]:
    """An account to which nobody is connected yet."""
    with opened(settings, is_made=False) as running:
        yield running


@pytest.fixture
def connected(anna: Enrollment, account: FakePipedrive) -> Connection:
    return connect(anna, account)


def connect(anna: Enrollment, account: FakePipedrive, **options: Any) -> Connection:
    """Connect the account; the page of connections does the same."""
    row = makers.make_connection(
        anna.program,
        connector="pipedrive",
        source="pipedrive",
        base_url=account.url,
        secrets={"api_token": TOKEN, "webhook_secret": SECRET},
        options=options,
        created_at=FOUNDED,
    )
    gate.forget()
    gate._expire()
    return row


def person_of(account: FakePipedrive) -> dict[str, Any]:
    """The only person."""
    (record,) = account.records["persons"].values()
    return record


def test_it_is_a_connector_that_keeps_records_and_tells_changes() -> None:
    connector: Connector = pipedrive

    assert CONNECTORS["pipedrive"] is connector
    for contract in (KeepsRecords, TellsChanges, FetchesRecords, Mapped, KnowsAddresses):
        assert isinstance(pipedrive, contract)
    assert pipedrive.RECORDS == ("contact", "deal")
    assert pipedrive.fetch_order(Store("", "pipedrive", {}), "1") is None
    assert pipedrive.fetch_refund_lines(Store("", "pipedrive", {}), "1", "1", "EUR") is None


# --- connecting ---
def test_connecting_by_the_guide(connected: Connection, account: FakePipedrive) -> None:
    before = actions.test_connection(connected)
    left = actions.register_webhooks(connected)
    after = actions.test_connection(connected)

    assert "fields are missing: contact.affiliate_platform_id" in before
    assert left == []
    assert after == "Pipedrive answers for Acme; all fields and webhooks are there."
    names = {row["field_name"] for row in account.fields["personFields"]}
    assert {"Affiliate platform id", "Lead source", "Affiliate lifetime value"} <= names
    assert {(hook["event_object"], hook["event_action"], hook["version"]) for hook in account.webhooks} == {
        ("person", "*", "2.0"),
        ("deal", "*", "2.0"),
    }
    for hook in account.webhooks:
        assert (hook["http_auth_user"], hook["http_auth_password"]) == ("affiliates", SECRET)
        assert hook["subscription_url"].endswith(f"https://partners.example.com/hooks/{connected.public_id}")


def test_pressing_again_makes_no_field_twice_and_leaves_one_webhook_of_each(
    connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    fields = [row["field_code"] for rows in account.fields.values() for row in rows]
    others = {"subscription_url": "https://zapier.example", "id": 1, "is_active": 1}
    account.webhooks.append(others)

    actions.register_webhooks(connected)

    assert [row["field_code"] for rows in account.fields.values() for row in rows] == fields
    assert sorted(hook.get("event_object", "other") for hook in account.webhooks) == [
        "deal",
        "other",
        "person",
    ]


def test_webhook_that_pipedrive_banned_or_deleted_is_noticed_and_repaired(
    connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    account.webhooks[0]["is_active"] = 0
    banned = actions.test_connection(connected)
    account.webhooks.clear()
    deleted = actions.test_connection(connected)

    actions.register_webhooks(connected)

    assert "deleted or switched off: person." in banned
    assert "deleted or switched off: person, deal." in deleted
    assert "all fields and webhooks are there" in actions.test_connection(connected)


def test_new_webhooks_carry_the_secret_that_holds_now(connected: Connection, account: FakePipedrive) -> None:
    actions.register_webhooks(connected)
    rotated = actions.rotate_secret(connected)

    actions.register_webhooks(rotated)

    assert {hook["http_auth_password"] for hook in account.webhooks} == {rotated.secrets["webhook_secret"]}


def test_webhook_that_cannot_be_made_leaves_the_former_ones(
    connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    account.fail(
        403, {"success": False, "error": "You need to be an administrator"}, at="POST /api/v1/webhooks"
    )

    left = actions.register_webhooks(connected)

    assert "You need to be an administrator" in left[0]
    assert len(account.webhooks) == 2


def test_without_a_key_nothing_is_called(connected: Connection, account: FakePipedrive) -> None:
    connected.secrets = {}

    assert "The key is missing" in actions.test_connection(connected)
    assert "The key is missing" in actions.register_webhooks(connected)[0]
    assert account.asked == []


def test_key_field_of_another_type_is_refused(account: FakePipedrive) -> None:
    odd = {"field_name": "Affiliate Platform ID", "field_code": "a" * 40, "field_type": "double"}
    account.fields["personFields"].append({**odd, "is_custom_field": True})

    with pytest.raises(Misconfigured) as caught:
        pipedrive.make_fields(store_of(account), "contact", wanted_fields("contact"))

    assert "renamed first" in str(caught.value)


def test_fields_are_listed_ours_by_their_names_and_others_by_their_letters(account: FakePipedrive) -> None:
    pipedrive.make_fields(store_of(account), "contact", wanted_fields("contact"))
    hat = {"field_name": "Size of hat", "field_code": "b" * 40, "field_type": "enum", "is_custom_field": True}
    account.fields["personFields"].append({**hat, "options": [{"id": 1, "label": "L"}, {"id": "x"}]})

    told = {field.name: field for field in pipedrive.list_fields(store_of(account), "contact")}

    assert told[KEY].is_key
    assert told["b" * 40] == RemoteField("b" * 40, "Size of hat", "choice", (("L", "L"),))
    assert told["label_ids"].choices[0] == ("Hot lead", "Hot lead")
    assert told["affiliate_segment"].choices == tuple((str(one), str(one)) for one in Segment)
    assert not told["update_time"].is_writable


def test_field_that_is_asked_for_is_made_once_and_found_by_its_name(account: FakePipedrive) -> None:
    wanted = [
        RemoteField("loyalty_tier", "Treueklasse", "choice", (("gold", "Gold"), ("blue", "Blue"))),
        RemoteField("is_vip", "VIP", "yes_no"),
        RemoteField("last_seen", "Zuletzt", "time"),
    ]

    made = pipedrive.make_fields(store_of(account), "deal", wanted)

    assert made == ("loyalty_tier", "is_vip", "last_seen")
    assert pipedrive.make_fields(store_of(account), "deal", wanted) == ()
    (tier, vip, seen) = account.fields["dealFields"][1:]
    assert (tier["field_name"], [one["label"] for one in tier["options"]]) == (
        "Loyalty tier",
        ["gold", "blue"],
    )
    assert ([one["label"] for one in vip["options"]], seen["field_type"]) == (["yes", "no"], "date")


@pytest.mark.parametrize(
    "given", [{"stage": "Won"}, {"pipeline": "-1"}, {"stage": "9" * 12}, {"deals": "all"}]
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(Unclear):
        pipedrive.read_options(given)


def test_settings_are_kept_as_they_were_entered() -> None:
    kept = pipedrive.read_options({"deals": "Order", "won_deals": "yes", "stage": " 4 "})

    assert kept == {"deals": "order", "won_deals": True, "pipeline": "", "stage": "4"}
    assert pipedrive.written(kept) == {"deals": "order", "won_deals": "yes", "pipeline": "", "stage": "4"}


@pytest.mark.parametrize("name", ["stage", "pipeline"])
def test_place_that_is_not_there_is_told_by_the_test(
    anna: Enrollment, account: FakePipedrive, name: str
) -> None:
    row = connect(anna, account, **{name: "77"})
    actions.register_webhooks(row)

    assert f"there is no {name} 77 for new deals" in actions.test_connection(row)


# --- what is told ---
def test_customer_who_buys_twice_is_one_person_with_source_and_value(
    anna: Enrollment, connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    buy(anna, anna.program, "1", net=10000)
    first = dict(account.told("persons", person_of(account)))
    buy(anna, anna.program, "2", NOON + DAY, net=5000)

    person, told = person_of(account), account.told("persons", person_of(account))
    assert (person["name"], person["emails"][0]["value"]) == ("buyer@example.net", "buyer@example.net")
    assert (person["phones"][0]["value"], told["customer_country"]) == ("+4930123456", "DE")
    assert (first["affiliate_orders_count"], told["affiliate_orders_count"]) == (1, 2)
    assert (told["lead_source"], told["affiliate_first_code"]) == ("Anna", "anna")
    assert (told["affiliate_lifetime_value"], told["affiliate_average_order"]) == (150, 75)
    assert (told["affiliate_commission_total"], told["affiliate_first_order"]) == (
        15,
        f"{NOON:%Y-%m-%d}",
    )
    assert told[KEY] == f"customer:{customer().pk}"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_customer_whom_nobody_brought_has_no_lead_source(
    anna: Enrollment, connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    buy(None, anna.program, "1")

    assert "lead_source" not in account.told("persons", person_of(account))


def test_lead_source_that_sales_people_entered_stays_and_the_log_says_so(
    anna: Enrollment, connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    theirs = account.add(name="Buyer", emails=MAIL, lead_source="Trade fair")

    buy(anna, anna.program, "1")

    told = account.told("persons", theirs)
    assert (told["lead_source"], told["affiliate_first_name"], theirs["name"]) == (
        "Trade fair",
        "Anna",
        "Buyer",
    )
    assert {row.field for row in FieldDecision.objects.all()} == {"lead_source"}


def test_deal_for_each_order_is_won_joined_and_lost_when_the_order_is_void(
    anna: Enrollment, account: FakePipedrive
) -> None:
    row = connect(anna, account, deals="order", stage="4")
    actions.register_webhooks(row)
    buy(anna, anna.program, "1", net=10000)
    (deal,) = account.records["deals"].values()
    first = dict(deal)

    buy(anna, anna.program, "1", NOON + DAY, net=10000, state="void", occurred_at=NOON)

    assert (first["status"], first["value"], first["currency"], first["stage_id"]) == ("won", 100, "EUR", 4)
    assert first["person_id"] == person_of(account)["id"]
    assert account.told("deals", deal)[KEY] == f"order:{Order.objects.get().pk}"
    assert deal["status"] == "lost"
    assert len(account.records["deals"]) == 1


# --- what comes back ---
def test_label_and_owner_that_sales_people_set_come_back_and_nothing_echoes(
    anna: Enrollment, connected: Connection, account: FakePipedrive
) -> None:
    actions.register_webhooks(connected)
    buy(anna, anna.program, "1")
    echoed = listen(connected, NOON + MINUTE)
    account.asked.clear()
    account.at = NOON + 2 * MINUTE
    account.edit("persons", person_of(account), label_ids=[5], owner_id=42)

    kept = listen(connected, NOON + 3 * MINUTE)

    assert (echoed, kept, listen(connected, NOON + 4 * MINUTE)) == (1, 1, 0)
    assert dict(CustomerFact.objects.values_list("name", "value")) == {
        "crm.lead_status": "Hot lead",
        "crm.owner": 42,
    }
    assert not [call for call in account.calls if not call.startswith("GET")]


def test_deal_that_sales_people_won_is_an_order_of_the_affiliate(
    anna: Enrollment, account: FakePipedrive
) -> None:
    row = connect(anna, account, won_deals=True)
    actions.register_webhooks(row)
    buy(anna, anna.program, "1", net=10000)
    person = person_of(account)
    won = {"status": "won", "value": 250.5, "currency": "EUR", "close_time": "2026-11-03T13:00:00Z"}
    deal = account.add("deals", title="Big one", person_id=person["id"], **won)

    listen(row, NOON + MINUTE)
    order = Order.objects.get(source="pipedrive")
    before = (order.total, order.state, order.external_id)
    account.at = NOON + 2 * MINUTE
    account.edit("deals", deal, status="lost")
    listen(row, NOON + 3 * MINUTE)

    order.refresh_from_db()
    assert before == (25050, "sale", str(deal["id"]))
    assert order.state == "void"


def test_our_own_deal_is_no_order_though_it_is_won(anna: Enrollment, account: FakePipedrive) -> None:
    row = connect(anna, account, deals="order", won_deals=True)
    actions.register_webhooks(row)
    buy(anna, anna.program, "1", net=10000)

    listen(row, NOON + DAY)
    settle(NOON + DAY)

    assert Order.objects.count() == 1


# --- defaults ---
@pytest.mark.parametrize("kind", pipedrive.RECORDS)
def test_every_default_fills_a_field_that_there_is(account: FakePipedrive, kind: str) -> None:
    pipedrive.make_fields(store_of(account), kind, wanted_fields(kind))
    known = {field.name: field for field in pipedrive.list_fields(store_of(account), kind)}

    assert all(known[row["target"]].is_writable for row in pipedrive.OUT[kind] if row["target"] != "contact")
    assert {row["source"] for row in pipedrive.IN[kind] if "source" in row} <= set(known)


@pytest.mark.parametrize("kind", pipedrive.RECORDS)
def test_every_default_reads_what_a_customers_record_tells(
    anna: Enrollment, connected: Connection, account: FakePipedrive, kind: str
) -> None:
    buy(anna, anna.program, "1", net=10000)
    record = (
        customer_record(customer(), NOON)
        if kind == "contact"
        else deal_record(customer(), Order.objects.get(), NOON)
    )

    result = apply(read_sheet(list(pipedrive.OUT[kind])), record)

    assert result.problems == {}
    for path in (row["source"] for row in pipedrive.OUT[kind] if "source" in row):
        found: Any = record
        for name in path.split("."):
            assert name in found, path
            found = found[name]
