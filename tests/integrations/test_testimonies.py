"""What stores, banks and CRMs say of orders and buyers reaches fraud review, whichever comes first."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.models import Event
from fraud import models as fraud
from integrations import actions
from integrations.actions import ask_reconciliation, testimonies
from integrations.actions.records.taking import forget_record
from integrations.connectors.base import Said
from integrations.models import Connection
from tests.integrations.fake_hubspot import FakeHubSpot, opened
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.fake_stripe import INTENT, SOLD, FakeStripe, Row, dispute, event, intent
from tests.integrations.record_keeping import DAY, NOON, buy, contact_of, customer, keep_at, listen, stopped
from tests.integrations.shopify_messages import NUMBER, order_with
from tests.integrations.shopify_shop import (  # noqa: F401 - fixtures
    hear,
    its_ana,
    its_asked,
    its_connection,
    its_program,
    its_shop,
    its_store,
    work,
)
from tests.integrations.stripe_life import completed, tell
from tracking.models import Customer

MINUTE = timedelta(minutes=1)
Words = list[tuple[str, str, str]]


def heard() -> Words:
    """Kind, word and who says so, in the order of the first words."""
    return list(fraud.Testimony.objects.order_by("pk").values_list("kind", "word", "by"))


def news() -> int:
    """How often fraud review was told."""
    return Event.objects.filter(kind="testimony.heard").count()


# --- CRMs ------------------------------------------------------------------------------------------------------
@pytest.fixture
def account(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHubSpot]:
    stopped(monkeypatch)
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


def test_status_in_the_crm_is_testified(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="UNQUALIFIED", lifecyclestage="other")
    listen(hubspot, NOON + MINUTE)
    account.edit(contact_of(account), hs_lead_status="OPEN")
    listen(hubspot, NOON + 2 * MINUTE)

    assert set(heard()) == {("status", "OPEN", "HubSpot"), ("status", "other", "HubSpot (lifecycle)")}
    assert {row.customer for row in fraud.Testimony.objects.all()} == {customer()}
    assert news() == 3


def test_who_is_blocked_in_the_crm_is_so_until_it_says_otherwise(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    spam = [{"do": "map", "with": ["SPAM -> yes", "default"]}]
    row = {"target": "crm.blocked", "source": "hs_lead_status", "steps": spam}
    actions.save_mapping(hubspot, "in", "contact", [row])
    words = []

    for number, said in enumerate(["SPAM", "OPEN", "SPAM"], start=1):
        account.edit(contact_of(account), hs_lead_status=said)
        listen(hubspot, NOON + number * MINUTE)
        words += heard()

    assert words == [("blocked", word, "HubSpot") for word in ("yes", "", "yes")]


def test_status_goes_with_its_record(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    buy(anna, anna.program, "1")
    account.edit(contact_of(account), hs_lead_status="OPEN")
    listen(hubspot, NOON + MINUTE)
    record = contact_of(account)

    forget_record(hubspot, "contact", record.id, NOON + 2 * MINUTE)

    assert heard() == [("status", "", "HubSpot")]


# --- Shopify ----------------------------------------------------------------------------------------------------
def risk(level: str, **fields: Any) -> Row:
    """An assessment as Shopify tells it."""
    told = {"provider_id": None, "provider_title": None, "risk_level": level, "order_id": NUMBER}
    return {**told, "created_at": "2026-11-05T10:00:00-03:00", **fields}


def test_risk_of_an_order_is_heard_from_each_who_assesses_it(connection: Connection) -> None:
    hear(connection, "orders/paid", order_with())
    hear(connection, "orders/risk_assessment_changed", risk("low"))
    row = hear(
        connection,
        "orders/risk_assessment_changed",
        risk("high", provider_id=7, provider_title="Riskwatch", created_at="2026-11-05T10:01:00-03:00"),
    )

    assert heard() == [("risk", "low", "Shopify"), ("risk", "high", "Riskwatch")]
    assert (row.state, row.note) == ("done", f"Riskwatch on the risk of order {NUMBER}: high.")
    assert {each.conversion.external_id for each in fraud.Testimony.objects.all() if each.conversion} == {
        NUMBER
    }


def test_late_assessment_does_not_overwrite_a_newer_one(connection: Connection) -> None:
    hear(connection, "orders/paid", order_with())
    hear(connection, "orders/risk_assessment_changed", risk("high", created_at="2026-11-05T10:05:00-03:00"))
    hear(connection, "orders/risk_assessment_changed", risk("pending"))

    assert heard() == [("risk", "high", "Shopify")]


def test_assessment_that_comes_before_its_order_is_heard_with_it(connection: Connection) -> None:
    row = hear(connection, "orders/risk_assessment_changed", risk("medium"))
    before = heard()

    hear(connection, "orders/paid", order_with())

    assert (row.state, before) == ("ignored", [])
    assert row.note == f"Order {NUMBER} is not known here: what is said of it is heard once it comes."
    assert heard() == [("risk", "medium", "Shopify")]


def test_shop_that_can_be_asked_is_asked_for_the_order(asked: Connection, shop: FakeShop) -> None:
    hear(asked, "orders/risk_assessment_changed", risk("high"))

    assert shop.asked.count("Order") == 1
    assert heard() == [("risk", "high", "Shopify")]


def test_assessment_without_an_order_says_nothing(connection: Connection) -> None:
    row = hear(connection, "orders/risk_assessment_changed", risk("high", order_id=None))

    assert (row.state, heard()) == ("ignored", [])


def chargeback(status: str, **fields: Any) -> Row:
    told = {"id": 9, "order_id": int(NUMBER), "type": "chargeback", "amount": "90.00", "currency": "BRL"}
    opened = {"reason": "fraudulent", "initiated_at": "2026-11-20T10:00:00-03:00", "finalized_on": None}
    return {**told, **opened, "status": status, **fields}


@pytest.mark.parametrize(("status", "word"), [("won", "won"), ("lost", "lost"), ("accepted", "lost")])
def test_dispute_is_followed_to_its_end(connection: Connection, status: str, word: str) -> None:
    hear(connection, "orders/paid", order_with())
    hear(connection, "disputes/create", chargeback("needs_response"))
    opened = heard()

    hear(connection, "disputes/update", chargeback(status, finalized_on="2026-12-01"))
    hear(connection, "disputes/update", chargeback("under_review"))  # it was late

    assert opened == [("dispute", "opened", "Shopify")]
    assert heard() == [("dispute", word, "Shopify")]


def test_dispute_that_comes_before_its_order_waits_with_its_refund(connection: Connection) -> None:
    row = hear(connection, "disputes/create", chargeback("needs_response"))
    before = heard()

    hear(connection, "orders/paid", order_with())

    assert (row.state, before) == ("done", [])
    assert heard() == [("dispute", "opened", "Shopify")]


def test_mere_question_of_a_bank_is_no_dispute(connection: Connection) -> None:
    hear(connection, "orders/paid", order_with())
    hear(connection, "disputes/create", chargeback("needs_response", type="inquiry"))

    assert heard() == []


def test_replayed_message_says_nothing_new(connection: Connection) -> None:
    hear(connection, "orders/paid", order_with())
    row = hear(connection, "disputes/create", chargeback("needs_response"))

    actions.replay(row)

    assert (heard(), news()) == ([("dispute", "opened", "Shopify")], 1)


def test_risks_that_a_list_tells_are_heard_once(asked: Connection, shop: FakeShop) -> None:
    shop.orders[NUMBER]["assessments"] = [
        {"risk_level": "low"},
        {"risk_level": "high", "provider_title": "Riskwatch"},
        {"risk_level": "pending", "provider_title": "Slow"},
    ]
    for _time in range(2):
        row = ask_reconciliation(asked, "overlap", NOON - DAY, NOON + DAY)
        work()
        row.refresh_from_db()
        assert row.state == "finished"

    assert heard() == [("risk", "low", "Shopify"), ("risk", "high", "Riskwatch")]
    assert news() == 2


# --- Stripe -----------------------------------------------------------------------------------------------------
def assessed(level: str = "elevated", country: str = "FR", *, disputed: bool = False) -> Row:
    """A payment as Radar assessed it."""
    row = intent(disputed=disputed)
    row["latest_charge"] |= {
        "outcome": {"risk_level": level, "type": "authorized"},
        "payment_method_details": {"card": {"country": country}, "type": "card"},
    }
    return row


def test_dispute_at_stripe_is_heard_of_the_order_that_it_leads_to(
    stripe: Connection, stripe_api: FakeStripe
) -> None:
    paid = completed()
    stripe_api.keep(paid["data"]["object"], assessed(disputed=True), dispute())
    tell(stripe, event("charge.dispute.created", dispute()))
    opened = heard()

    lost = dispute(status="lost")
    stripe_api.keep(lost)
    tell(stripe, event("charge.dispute.closed", lost, created=SOLD + 9))

    assert opened == [("dispute", "opened", "Stripe Billing")]
    assert heard() == [("dispute", "lost", "Stripe Billing")]
    conversion = fraud.Testimony.objects.get().conversion
    assert conversion is not None
    assert conversion.external_id == INTENT


def warning() -> Row:
    kind = "radar.early_fraud_warning"
    return {
        "id": "issfr_1",
        "object": kind,
        "charge": "ch_lab1",
        "payment_intent": INTENT,
        "actionable": True,
    }


def test_early_warning_of_a_bank_is_a_high_risk(stripe: Connection, stripe_api: FakeStripe) -> None:
    paid = completed()
    stripe_api.keep(paid["data"]["object"], assessed("normal"))
    tell(stripe, paid, event("radar.early_fraud_warning.created", warning()))

    assert heard() == [("risk", "high", "Stripe early fraud warning")]


def test_stripe_that_cannot_be_asked_is_heard_too(stripe_alone: Connection) -> None:
    tell(stripe_alone, event("charge.dispute.created", dispute()))
    before = heard()

    tell(stripe_alone, completed(), event("radar.early_fraud_warning.created", warning()))

    assert before == []
    assert heard() == [
        ("dispute", "opened", "Stripe Billing"),
        ("risk", "high", "Stripe early fraud warning"),
    ]


def test_questions_of_banks_at_stripe_are_no_disputes(stripe_alone: Connection) -> None:
    tell(stripe_alone, completed(), event("charge.dispute.created", dispute(status="warning_needs_response")))

    assert heard() == []


# --- whatever says it --------------------------------------------------------------------------------------------
def test_buyer_is_named_by_the_systems_own_number(connection: Connection) -> None:
    hear(connection, "orders/paid", order_with())
    buyer = Customer.objects.get()
    said = [
        Said("blocked", "yes", customer=buyer.external_id),
        Said("blocked", "yes", customer="nobody"),
        Said("risk", "high", order="nowhere"),
    ]

    unknown = testimonies.hear(connection, said, at=NOON)

    assert unknown == ["nowhere"]
    assert heard() == [("blocked", "yes", "Shopify")]
    assert fraud.Testimony.objects.get().customer == buyer
