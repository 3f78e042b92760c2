"""The guide for Magento, followed by a manager in the console and a store that does its part."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Coupon, Enrollment
from integrations import actions
from integrations.models import Connection, Reconciliation
from tests.fakes.magento import KEYS, FakeMagento, Row
from tests.fakes.magento_customers import CustomerMagento
from tests.integrations.console import Console, follow, work
from tests.integrations.test_process import left

__all__ = ["follow"]  # a fixture
ENTERED = {
    "Consumer key": KEYS["consumer_key"],
    "Consumer secret": KEYS["consumer_secret"],
    "Access token": KEYS["access_token"],
    "Access token secret": KEYS["access_token_secret"],
}
EUROS = {"order_currency_code": "EUR", "base_currency_code": "EUR"}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def store(settings: Any) -> Iterator[CustomerMagento]:
    """The store."""
    with CustomerMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("magento")


def sell(store: CustomerMagento, number: int, ago: timedelta) -> Row:
    """An order of 19.80 by anna15."""
    coupon = {"coupon_code": "anna15", "extension_attributes": []}
    at = timezone.now() - ago
    return FakeMagento.add(store, number, at, **EUROS, **coupon)


def connected(console: Console, store: CustomerMagento) -> Connection:
    """Steps 1 and 2."""
    row = console.connect(
        "Magento 2", {"Name": "Store", "Source": "magento", "Address": store.url, **ENTERED}
    )
    console.press("Test")
    return row


def test_orders_come_by_themselves_and_older_ones_by_a_backfill(
    console: Console, store: CustomerMagento
) -> None:
    sell(store, 1, 48 * HOUR)
    connected(console, store)
    console.sees("The store answers, and the keys may read its 1 orders and its credit memos.")
    sell(store, 2, MINUTE)
    actions.ask_overlaps(polls=True, at=timezone.now() + timedelta(minutes=2))
    work()
    new = left()
    console.go("Backfill")
    console.press("Continue")
    console.sees("The store has 2 orders that were last changed in this period.")
    console.press("Read them")
    work()

    assert (new, left()) == ({"2": 198}, {"1": 198, "2": 198})
    assert Reconciliation.objects.get(kind="backfill").state == "finished"


def test_a_credit_memo_takes_back_what_its_lines_earned(console: Console, store: CustomerMagento) -> None:
    connected(console, store)
    sell(store, 1, timedelta())
    actions.ask_overlaps(polls=True, at=timezone.now() + timedelta(minutes=2))
    work()
    before = left()
    store.credit(1, 5, **EUROS)
    actions.ask_overlaps(polls=True, at=timezone.now() + 2 * HOUR)
    work()

    assert (before, left()) == ({"1": 198}, {"1": 0})


def test_codes_are_made_and_customers_told_of(
    console: Console, store: CustomerMagento, anna: Enrollment
) -> None:
    row = connected(console, store)
    choices = {"Write to the shop’s customers": "yes", "Make discount codes in the shop": "yes"}
    console.fill("Change settings", {**choices, "Discount of these codes": "10 %"})
    console.press("Test")
    missing = set(re.findall(r"affiliate_\w+", console.page.text))
    for code in sorted(missing):
        store.define(code)
    FakeMagento.add(store, 1, timezone.now(), **EUROS, coupon_code="anna15", extension_attributes=[])
    store.add(1)
    console.go("Coupons", "Add coupon")
    console.fill("Save", {"Enrollment": anna.pk, "Code": "spring10"})
    actions.ask_overlaps(polls=True, at=timezone.now() + timedelta(minutes=2))
    work()
    said = store.said_of(1)
    console.open(f"/admin/affiliates/coupon/{Coupon.objects.get(code='spring10').pk}/change/")
    console.press("Retire")
    work()

    assert {f"`{code}`" for code in missing} == set(
        re.findall(r"`affiliate_[a-z_]+`", console.guide.section("Your customers in the store"))
    )
    assert (said["affiliate_source"], said["affiliate_code"]) == ("Anna", "anna")
    assert [coupon["code"] for coupon in store.coupons] == ["SPRING10"]
    assert [rule["is_active"] for rule in store.rules.values()] == [False]
    assert actions.delivery_url(row) == ""  # Magento sends no webhooks
