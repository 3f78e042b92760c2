"""The guide for Klaviyo, followed by a manager in the console and an account that does its part."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations.connectors.klaviyo.defaults import OUT
from integrations.models import Connection
from tests import makers
from tests.fakes.klaviyo import TOKEN, FakeKlaviyo, opened
from tests.integrations.console import Console, follow, work
from tracking.orders import CustomerIn, Evidence

__all__ = ["follow"]  # a fixture
BUYER = CustomerIn(external_id="c-7", email="buyer@example.net", country="DE")


@pytest.fixture
def account(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKlaviyo]:
    """The account, where Klaviyo is."""
    with opened(settings) as running:
        monkeypatch.setattr("integrations.connectors.klaviyo.api.ADDRESS", running.url)
        yield running


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("klaviyo")


def connected(console: Console) -> Connection:
    """Steps 1 and 2."""
    told = {"Name": "Klaviyo", "Source": "klaviyo", "Private API key": TOKEN}
    row = console.connect("Klaviyo", told)
    console.press("Test")
    console.reads("Klaviyo answers, and the key may read profiles.")
    return row


def sell(anna: Enrollment, number: str) -> None:
    now = timezone.now()
    order = makers.make_order(
        number,
        customer=BUYER,
        evidence=Evidence(ref=anna.code),
        occurred_at=now,
        captured_at=now,
        revision_at=now,
    )
    take_orders(anna.program, [order], at=now)
    work()


def test_profile_carries_what_the_guide_says(
    console: Console, account: FakeKlaviyo, anna: Enrollment
) -> None:
    connected(console)
    sell(anna, "1")

    (profile,) = account.profiles.values()
    rows = re.findall(r"^\| (`.*?) \|", console.guide.section("What a profile gets"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert (profile["email"], profile["properties"]["lead_source"]) == ("buyer@example.net", "Anna")
    assert named == {row["target"] for row in OUT["profile"]}
    assert profile["subscriptions"] == "as the person chose"


def test_events_are_called_what_the_guide_says(
    console: Console, account: FakeKlaviyo, anna: Enrollment
) -> None:
    connected(console)
    sell(anna, "1")
    work(later=timedelta(minutes=10))

    names = {event["metric"]["data"]["attributes"]["name"] for event in account.events.values()}
    assert [name for name in names if console.guide.names(name)] == ["Affiliate order recorded"]


def test_customers_from_before_are_told_of_by_a_button(
    console: Console, account: FakeKlaviyo, anna: Enrollment
) -> None:
    sell(anna, "1")
    connected(console)
    console.press("Tell of all customers")
    work()

    (profile,) = account.profiles.values()
    assert profile["email"] == "buyer@example.net"
