"""What Klaviyo is told besides profiles: each event once, on the customer's profile; and the guide, followed once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.actions import take_refunds
from core.jobs import Temporary
from integrations import actions, gate
from integrations.connectors import CONNECTORS, klaviyo
from integrations.connectors.base import Connector, Delivers, Mapped, Message, Refused, Store, Unsigned
from integrations.connectors.klaviyo.events import customer_of, event_of, metric_of
from integrations.connectors.records import KeepsRecords, Row
from integrations.connectors.webhook.choices import Unclear
from integrations.mapping import apply, read_sheet
from integrations.models import Connection, Delivery
from integrations.news import sample
from integrations.records import customer_record
from tests import makers
from tests.fakes.klaviyo import TOKEN, FakeKlaviyo, opened, store_of
from tests.integrations.record_keeping import DAY, NOON, buy, customer, settle, stopped
from tracking.orders import RefundIn

KEY = "external_id"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeKlaviyo]:
    with opened(settings) as running:
        yield running


@pytest.fixture
def connected(anna: Enrollment, account: FakeKlaviyo) -> Connection:
    row = makers.make_connection(
        anna.program, connector="klaviyo", source="klaviyo", base_url=account.url, secrets={"api_key": TOKEN}
    )
    gate.forget()
    gate._expire()
    return row


def keep(account: FakeKlaviyo) -> None:
    """Make the profile of the customer whom samples are about."""
    told = Row("customer:801", {"email": "ana@b.example"}, email="ana@b.example")
    klaviyo.upsert(store_of(account), "profile", [told])


def test_it_is_a_connector_that_keeps_records_and_is_told_news() -> None:
    connector: Connector = klaviyo

    assert CONNECTORS["klaviyo"] is connector
    for contract in (KeepsRecords, Delivers, Mapped):
        assert isinstance(klaviyo, contract)
    with pytest.raises(Unsigned):
        klaviyo.receive(Store("", "klaviyo", {}), {}, b"", NOON)


def message(kind: str = "order.recorded", at: datetime = NOON, **told: Any) -> Message:
    return Message("0b9c4f5e", kind, "order:1", at, {**sample(kind), **told})


def test_event_stands_on_the_customers_profile_once(account: FakeKlaviyo) -> None:
    keep(account)

    for _time in range(2):
        delivered = klaviyo.deliver(store_of(account), message())

    (event,) = account.events.values()
    assert (delivered.status, delivered.calls, len(account.events)) == (202, 2, 1)
    assert event["profile"]["data"]["id"] == "P1"
    assert event["metric"]["data"]["attributes"]["name"] == "Affiliate order recorded"
    assert (event["value"], event["value_currency"], event["unique_id"]) == (129.9, "EUR", "0b9c4f5e")
    assert event["properties"]["total"] == 129.9
    assert event["properties"]["affiliate"] == {"name": "Anna Archer", "code": "anna"}
    assert "customer" not in event["properties"]


def test_event_without_an_answer_is_sent_again_and_counts_once(account: FakeKlaviyo) -> None:
    keep(account)
    account.lost = ["POST /api/events"]
    with pytest.raises(Temporary):
        klaviyo.deliver(store_of(account), message())

    klaviyo.deliver(store_of(account), message())

    assert len(account.events) == 1


def test_event_waits_for_its_profile_and_makes_none_by_itself(account: FakeKlaviyo) -> None:
    with pytest.raises(Temporary):
        klaviyo.deliver(store_of(account), message())

    late = klaviyo.deliver(store_of(account), message(at=NOON - timedelta(hours=2)))

    assert "no event was made" in late.note
    assert (account.events, account.profiles) == ({}, {})


def test_event_that_klaviyo_refuses_is_given_up(account: FakeKlaviyo) -> None:
    keep(account)
    account.fail(400, {"errors": [{"detail": "Bad time"}]}, at="POST /api/events")

    with pytest.raises(Refused) as caught:
        klaviyo.deliver(store_of(account), message())

    assert "Bad time" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "is_wanted"),
    [
        ("order.recorded", True),
        ("refund.recorded", True),
        ("commission.approved", True),
        ("order.revised", False),
        ("payout.paid", False),
    ],
)
def test_usual_events_are_wanted(kind: str, is_wanted: bool) -> None:
    assert klaviyo.wants({}, kind, sample(kind)) is is_wanted


def test_event_about_nobody_is_not_wanted() -> None:
    body = sample("commission.approved")

    assert not klaviyo.wants(
        {}, "commission.approved", {**body, "commission": {**body["commission"], "customer": None}}
    )
    assert not klaviyo.wants({"kinds": ["payout.*"]}, "payout.paid", sample("payout.paid"))
    assert klaviyo.wants({"kinds": ["conversion.*"]}, "conversion.counted", sample("conversion.counted"))
    assert customer_of("customer.status_changed", sample("customer.status_changed")) == 907


def test_settings_are_kept_as_they_were_entered() -> None:
    kept = klaviyo.read_options({"kinds": "order.*, refund.recorded"})

    assert klaviyo.written(kept) == {"kinds": "order.*, refund.recorded"}
    with pytest.raises(Unclear):
        klaviyo.read_options({"kinds": "order.exploded"})


def test_every_kind_has_an_event_that_klaviyo_takes() -> None:
    told = event_of(message("commission.approved", NOON.astimezone(UTC)), "P1")["attributes"]

    assert (told["value"], told["value_currency"]) == (10.43, "EUR")
    assert metric_of("customer.status_changed") == "Affiliate customer status changed"
    assert "value" not in event_of(replace(message(), body={}), "P1")["attributes"]


# --- the guide, followed once ---
def test_connecting_by_the_guide(connected: Connection, account: FakeKlaviyo) -> None:
    assert actions.test_connection(connected) == "Klaviyo answers, and the key may read profiles."
    assert actions.register_webhooks(connected) == []

    connected.secrets = {"api_key": "pk_wrong"}
    assert "refuses the key" in actions.test_connection(connected)
    connected.secrets = {}
    assert "The key is missing" in actions.test_connection(connected)


def test_customer_who_buys_and_returns_has_a_profile_and_both_events(
    anna: Enrollment, connected: Connection, account: FakeKlaviyo
) -> None:
    buy(anna, anna.program, "1", net=10000)
    settle(NOON + timedelta(minutes=5))
    refund = RefundIn("r1", gross=2000, occurred_at=NOON + DAY)
    take_refunds(anna.program, "shop", "1", [refund], at=NOON + DAY)
    settle(NOON + DAY)

    (profile,) = account.profiles.values()
    assert (profile["email"], profile[KEY]) == ("buyer@example.net", f"customer:{customer().pk}")
    assert profile["properties"]["lead_source"] == "Anna"
    assert profile["properties"]["affiliate_lifetime_value"] == 80
    names = [event["metric"]["data"]["attributes"]["name"] for event in account.events.values()]
    assert names == ["Affiliate order recorded", "Affiliate refund recorded"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_every_default_reads_what_a_customers_record_tells(
    anna: Enrollment, connected: Connection, account: FakeKlaviyo
) -> None:
    buy(anna, anna.program, "1", net=10000)
    record = customer_record(customer(), NOON)

    assert apply(read_sheet(list(klaviyo.OUT["profile"])), record).problems == {}
    for path in (one["source"] for one in klaviyo.OUT["profile"]):
        found: Any = record
        for name in path.split("."):
            assert name in found, path
            found = found[name]
