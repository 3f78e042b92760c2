"""Shopify's API when it does not answer as hoped: tokens that end, pauses, refusals, odd answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.http import Unreachable
from core.jobs import Misconfigured, Permanent, Temporary
from integrations.connectors import shopify
from integrations.connectors.base import Store, Unreadable
from integrations.connectors.shopify.api import ask
from integrations.connectors.shopify.documents import INSTALLATION
from tests.integrations.fake_shopify import ENTERED, FakeShop, throttled
from tests.integrations.shopify_messages import NUMBER
from tests.integrations.shopify_shop import its_app, its_shop, its_store  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


# --- tokens ------------------------------------------------------------------------------------------------
def test_app_asks_with_a_token_of_the_day(shop: FakeShop, app: Store) -> None:
    order = shopify.fetch_order(app, NUMBER)

    assert order is not None
    assert shop.asked == ["token", "Order"]


def test_entered_token_is_never_exchanged(shop: FakeShop, store: Store) -> None:
    shop.refused.add(ENTERED)

    with pytest.raises(Misconfigured, match=r"refuses the key \(401\): is the app still installed"):
        shopify.fetch_order(store, NUMBER)

    assert shop.asked == ["Order"]


def test_refused_token_is_fetched_anew_once(shop: FakeShop, app: Store) -> None:
    kept = replace(app, fresh_token=lambda fetch, *, refused="": fetch(app.keys).value if refused else "old")

    assert shopify.fetch_order(kept, NUMBER) is not None
    assert shop.asked == ["Order", "token", "Order"]


def test_token_that_is_refused_twice_is_a_sentence(shop: FakeShop, app: Store) -> None:
    shop.refused |= {"day-1", "day-2", "day-3"}

    with pytest.raises(Misconfigured, match="is the app still installed"):
        shopify.fetch_order(app, NUMBER)

    assert shop.asked == ["token", "Order", "token", "Order"]


def test_wrong_app_keys_are_a_sentence(shop: FakeShop, app: Store) -> None:
    wrong = replace(app, keys={**app.keys, "client_secret": "wrong"})

    with pytest.raises(Misconfigured, match=r"refuses the app's keys \(invalid_client\)"):
        shopify.fetch_order(wrong, NUMBER)


@pytest.mark.parametrize("body", [b"<html>", {"scope": "read_orders"}, {"access_token": ["x"]}, b'{"a"'])
def test_door_that_gives_no_token_is_a_sentence(shop: FakeShop, app: Store, body: Any) -> None:
    shop.fail(200, body)

    with pytest.raises((Misconfigured, Permanent)):
        shopify.fetch_order(app, NUMBER)


# --- troubles ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (302, Misconfigured, "ends in .myshopify.com"),
        (404, Misconfigured, "ends in .myshopify.com"),
        (402, Misconfigured, "locked or frozen"),
        (423, Misconfigured, "locked or frozen"),
        (403, Misconfigured, "refuses the key"),
        (429, Temporary, "busy or has an error"),
        (500, Temporary, "busy or has an error"),
        (503, Temporary, "busy or has an error"),
        (400, Permanent, "refuses the request"),
    ],
)
def test_status_means(shop: FakeShop, store: Store, status: int, kind: type[Exception], words: str) -> None:
    shop.fail(status, {"errors": "x"})

    with pytest.raises(kind, match=words) as caught:
        shopify.fetch_order(store, NUMBER)

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("header", "seconds"), [("2.0", 2.0), ("30", 30.0), ("99999", 3600.0), ("-1", 0.0), ("Thu", None)]
)
def test_wait_is_as_long_as_shopify_asks(
    shop: FakeShop, store: Store, header: str, seconds: float | None
) -> None:
    shop.fail(429, {}, **{"Retry-After": header})

    with pytest.raises(Temporary) as caught:
        shopify.fetch_order(store, NUMBER)

    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("wanted", "there", "rate", "seconds"), [(750.0, 150.0, 100.0, 6.0), (500.0, 0.0, 0.01, 3600.0)]
)
def test_pause_is_as_long_as_the_bucket_needs(
    shop: FakeShop, store: Store, wanted: float, there: float, rate: float, seconds: float
) -> None:
    shop.fail(200, throttled(wanted, there, rate))

    with pytest.raises(Temporary, match="asks for a pause") as caught:
        shopify.list_orders(store, NOON, NOON + DAY, None)

    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    "extensions",
    [{}, {"cost": {}}, {"cost": {"requestedQueryCost": "many", "throttleStatus": {"restoreRate": 0}}}],
)
def test_pause_that_is_not_told_is_left_to_the_schedule(
    shop: FakeShop, store: Store, extensions: dict[str, Any]
) -> None:
    shop.fail(200, {**throttled(1, 1, 1), "extensions": extensions})

    with pytest.raises(Temporary) as caught:
        shopify.fetch_order(store, NUMBER)

    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("ACCESS_DENIED", Misconfigured, "give it the scope that is named: no read_customers"),
        ("INTERNAL_SERVER_ERROR", Temporary, "Shopify has an error"),
        ("MAX_COST_EXCEEDED", Permanent, "refuses the request"),
        ("undefinedField", Permanent, "refuses the request"),
    ],
)
def test_error_in_an_answer_means(
    shop: FakeShop, store: Store, code: str, kind: type[Exception], words: str
) -> None:
    errors = [{"message": "no read_customers", "extensions": {"code": code}}]
    shop.fail(200, {"data": {"order": None}, "errors": errors})

    with pytest.raises(kind, match=words):
        shopify.fetch_order(store, NUMBER)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>sign in</html>",
        b"",
        b"[]",
        b'{"data": []}',
        b'{"data": 1}',
        b'{"data": {}}',
        b'{"data": {"orders": {}}}',
        b'{"errors": "no"}',
        b'{"a"',
        b"{\xff}",
    ],
)
def test_odd_answer_is_a_sentence(shop: FakeShop, store: Store, body: bytes) -> None:
    shop.fail(200, body)

    with pytest.raises((Misconfigured, Permanent)) as caught:
        shopify.list_orders(store, NOON, NOON + DAY, None)

    assert str(caught.value)


@pytest.mark.parametrize("body", [b'{"data": null}', b'{"data": {}}', b'{"data": {"orders": 1}}', b"{}"])
def test_answer_that_says_nothing_deletes_no_order(shop: FakeShop, store: Store, body: bytes) -> None:
    shop.fail(200, body)

    with pytest.raises((Permanent, Unreadable)):
        shopify.fetch_order(store, NUMBER)


def test_key_that_no_header_carries_is_a_sentence(store: Store) -> None:
    odd = replace(store, keys={"access_token": "shpat\n x"})

    with pytest.raises(Misconfigured, match="has signs that no key has"):
        ask(odd, INSTALLATION)


def test_silent_shop_is_asked_again(store: Store, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1:9"]

    with pytest.raises(Unreachable):
        shopify.fetch_order(replace(store, base_url="http://127.0.0.1:9"), NUMBER)


def test_address_inside_is_never_called(store: Store, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []

    with pytest.raises(Misconfigured):
        shopify.fetch_order(store, NUMBER)


@pytest.mark.parametrize(
    ("keys", "url", "can"),
    [
        ({"client_id": "a", "client_secret": "b"}, "https://a.myshopify.com", True),
        ({"access_token": "a", "client_secret": "b"}, "https://a.myshopify.com", True),
        ({"client_secret": "b"}, "https://a.myshopify.com", False),
        ({"access_token": "a"}, "", False),
    ],
)
def test_shop_can_be_asked_with_keys_and_an_address(keys: dict[str, str], url: str, can: bool) -> None:
    assert shopify.has_keys(Store(url, "shop", keys)) is can
