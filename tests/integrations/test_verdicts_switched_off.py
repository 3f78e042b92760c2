"""Verdicts on a shop's orders that cannot be told as they are: switched off meanwhile, or a code too long for a tag."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from core.models import User
from fraud.states import Verdict
from integrations import actions
from integrations.models import Delivery
from tests.fakes.shopify_orders import OrderShop
from tests.integrations.record_keeping import CLOCK, DAY, NOON, buy, settle, stopped
from tests.integrations.verdicts import doubted, its_reviewer, judge, shop_at  # noqa: F401 - a fixture

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def shop(settings: Any) -> Iterator[OrderShop]:
    """A shop at Shopify in which order 1 is tagged by the merchant."""
    with OrderShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        running.tagged = {"1": ["wholesale", "review:done"], "2": []}
        yield running


def notes(connection: Any) -> list[str]:
    """What became of the messages about orders."""
    rows = Delivery.objects.filter(connection=connection, kind="record.order").order_by("pk")
    return [f"{row.state}: {row.note}" for row in rows]


def test_who_switches_it_off_has_nothing_written_any_more_and_no_trouble_left(
    anna: Enrollment, shop: OrderShop, rita: User
) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    shop.scopes.remove("write_orders")
    buy(anna, anna.program, "1")
    judge(doubted(anna), Verdict.DECLINE, rita)
    shopify.refresh_from_db()
    trouble = shopify.last_error

    actions.change_options(shopify, options={"tells_orders": False})
    shop.scopes.append("write_orders")
    CLOCK[0] = NOON + DAY + 2 * HOUR
    settle(CLOCK[0])
    shopify.refresh_from_db()

    assert trouble.startswith("The app may not tag orders")
    assert set(notes(shopify)) == {"done: There is nothing to tell here."}
    assert shop.tagged["1"] == ["wholesale", "review:done"]
    assert shopify.last_error == ""


def test_code_too_long_for_a_tag_keeps_no_verdict_off_the_order(
    anna: Enrollment, shop: OrderShop, rita: User
) -> None:
    shopify = shop_at(anna, "shopify", shop.url, tells_orders=True)
    anna.code = "a" * 40
    anna.save(update_fields=["code"])
    buy(anna, anna.program, "1")

    judge(doubted(anna), Verdict.DECLINE, rita)
    calls = dict(shop.calls)
    actions.tell_everyone(shopify, at=NOON + 2 * DAY)
    settle(NOON + 2 * DAY)

    assert shop.tagged["1"] == ["wholesale", "review:done", "affiliate:review:fraud"]
    assert shop.calls["AddTags"] == calls["AddTags"]
