"""The guide for Stripe, followed by a manager in the console and an account that does its part."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment
from integrations.connectors.signatures import in_hex
from integrations.connectors.stripe_billing.reading import EVENTS
from integrations.models import Connection
from tests.integrations.console import Console, follow, work
from tests.integrations.fake_stripe import (
    KEY,
    VERSION,
    FakeStripe,
    Row,
    event,
    intent,
    invoice,
    line,
    refund,
    session,
)
from tests.integrations.stripe_life import earned

__all__ = ["follow"]  # a fixture
WELL = "Stripe answers in test mode"


@pytest.fixture
def console(
    follow: Callable[[str], Console],
    anna: Enrollment,
    stripe_api: FakeStripe,
    monkeypatch: pytest.MonkeyPatch,
) -> Console:
    """The console, and the account where Stripe is."""
    monkeypatch.setattr("integrations.connectors.stripe_billing.api.ADDRESS", stripe_api.url)
    return follow("stripe")


def connected(console: Console) -> tuple[Connection, str]:
    """Steps 1 to 3 with a key; return the connection and the endpoint's secret."""
    told = {"Name": "Stripe", "Source": "stripe", "Restricted API key": KEY}
    row = console.connect("Stripe Billing", told)
    console.press("Make or repair webhooks")
    (secret,) = set(re.findall(r"whsec_\w+", console.page.text))
    console.fill("Change keys", {"Signing secret": secret})
    console.press("Test")
    console.reads(WELL)
    return row, secret


def tell(row: Connection, secret: str, *told: Row) -> list[int]:
    """Stripe sends events to the endpoint."""
    answers = []
    for each in told:
        body, at = json.dumps(each).encode(), str(int(timezone.now().timestamp()))
        signed = f"t={at},v1={in_hex(at.encode() + b'.' + body, secret).decode()}"
        answer = Client().post(
            f"/hooks/{row.public_id}",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signed},
        )
        work()
        answers.append(answer.status_code)
    return answers


def test_endpoint_is_made_with_the_events_that_the_guide_names(
    console: Console, stripe_api: FakeStripe, stripe_click: str
) -> None:
    row, secret = connected(console)
    sold = session(client_reference_id=stripe_click)
    stripe_api.keep(sold, intent())
    assert tell(row, secret, event("checkout.session.completed", sold)) == [200]
    before = earned()
    back = refund()
    stripe_api.keep(back, intent(refunded=9000))
    tell(row, secret, event("refund.created", back), event("charge.refunded", intent()["latest_charge"]))

    (endpoint,) = stripe_api.endpoints
    named = set(re.findall(r"`([a-z]+\.[a-z_.]+)`", console.guide.section("3. Make the webhook")))
    assert set(endpoint["enabled_events"]) == set(EVENTS) == named
    assert (before, earned()) == ({"pi_lab1": 1800}, {"pi_lab1": 900})  # both messages of a refund count once


def test_without_a_key_the_endpoint_is_made_by_hand(console: Console, stripe_click: str) -> None:
    row = console.connect("Stripe Billing", {"Name": "Stripe", "Source": "stripe", "Mode": "test"})
    console.sees(f"https://partners.example.com/hooks/{row.public_id}")
    console.fill("Change keys", {"Signing secret": "whsec_by_hand", "Mode": "test"})

    told = event("checkout.session.completed", session(client_reference_id=stripe_click))

    assert f"`{VERSION}`" in console.guide.text
    assert (tell(row, "whsec_by_hand", told), earned()) == ([200], {"pi_lab1": 1800})


@pytest.mark.parametrize("kind", ["click", "affiliate's code", "discount code"])
def test_metadata_says_who_sent_the_buyer_by_each_name_of_the_guide(
    console: Console, stripe_click: str, kind: str
) -> None:
    row = console.connect("Stripe Billing", {"Name": "Stripe", "Source": "stripe", "Mode": "test"})
    console.fill("Change keys", {"Signing secret": "whsec_by_hand", "Mode": "test"})
    value = {"click": stripe_click, "affiliate's code": "anna", "discount code": "anna15"}[kind]
    text = console.guide.section("4. Say who sent the buyer")
    found = re.search(rf"((?:`\w+`(?:, | or )?)+) for an? {kind}", text)
    assert found is not None
    names = re.findall(r"`(\w+)`", found[1])

    for number, name in enumerate(names):
        sold = session(f"cs_test_{number}", payment_intent=f"pi_{number}", metadata={name: value})
        tell(row, "whsec_by_hand", event("checkout.session.completed", sold))

    assert earned() == {f"pi_{number}": 1800 for number in range(len(names))}


def test_commission_is_paid_on_the_base_that_the_guide_says(console: Console, stripe_click: str) -> None:
    row = console.connect("Stripe Billing", {"Name": "Stripe", "Source": "stripe", "Mode": "test"})
    console.fill("Change keys", {"Signing secret": "whsec_by_hand", "Mode": "test"})
    table = re.findall(
        r"^\| ([\d.]+) \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \| ([\d.]+) \|$", console.guide.text, re.MULTILINE
    )
    wanted = {}
    for number, cells in enumerate(table):
        total, tax, captured, base = (round(float(cell) * 100) for cell in cells)
        paid: dict[str, Any] = {"amount_due": captured, "amount_paid": captured}
        told = invoice(
            f"in_{number}",
            total,
            lines=[line(total - tax)],
            total_excluding_tax=total - tax,
            metadata={"tid": stripe_click},
            **paid,
        )
        assert tell(row, "whsec_by_hand", event("invoice.paid", told)) == [200]
        wanted[told["id"]] = base // 10

    assert len(table) == 2
    assert earned() == wanted
