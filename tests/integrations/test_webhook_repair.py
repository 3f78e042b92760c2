"""Webhooks that a store has switched off or lost: noticed each hour, made again, and said."""

from typing import Any

import pytest

from affiliates.models import Enrollment
from core.models import Event
from integrations import actions, tasks
from integrations.connectors import CONNECTORS
from integrations.connectors.base import KeepsWebhooks
from integrations.models import Connection
from portal.schedule import SCHEDULE
from tests import makers
from tests.fakes import pipedrive
from tests.fakes.woocommerce import FakeStore
from tests.integrations.fake_shopify import CLIENT_ID, CLIENT_SECRET, FakeShop

TOPICS = ["order.created", "order.updated", "order.deleted", "order.restored"]
REPAIRED = "Webhooks that the store had switched off or lost were repaired: "


@pytest.fixture
def shop(settings: Any, store: FakeStore) -> Any:
    """A shop at Shopify, beside the store."""
    with FakeShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [store.host, running.host]
        yield running


@pytest.fixture
def at_shopify(anna: Enrollment, shop: FakeShop) -> Connection:
    """The shop, connected."""
    keys = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return makers.make_connection(
        anna.program, connector="shopify", source="shopify", base_url=shop.url, secrets=keys
    )


def error_of(connection: Connection) -> str:
    connection.refresh_from_db()
    return str(connection.last_error)


def live(store: FakeStore) -> list[str]:
    return [hook["topic"] for hook in store.webhooks if hook["status"] == "active"]


def test_it_is_looked_at_each_hour() -> None:
    (every,) = [one for one in SCHEDULE if one.task == "integrations.tasks.look_at_webhooks"]

    assert every.interval.total_seconds() == 3600
    assert {name for name, each in CONNECTORS.items() if isinstance(each, KeepsWebhooks)} >= {
        "woocommerce",
        "shopify",
        "pipedrive",
    }


def test_webhook_that_the_store_switched_off_is_woken_and_said(asked: Connection, store: FakeStore) -> None:
    actions.register_webhooks(asked)
    store.webhooks[1]["status"] = "disabled"

    tasks.look_at_webhooks()

    assert live(store) == TOPICS
    assert error_of(asked).startswith(f"{REPAIRED}order.updated.")
    (event,) = Event.objects.filter(kind="connection.repaired")
    assert event.data == {"webhooks": ["order.updated"]}
    assert event.tenant_id == asked.program.merchant_id


def test_webhook_that_was_deleted_is_made_again(asked: Connection, store: FakeStore) -> None:
    actions.register_webhooks(asked)
    hooks = [dict(hook) for hook in store.webhooks]
    store.webhooks[:] = [{"id": 1, "status": "active", "topic": "x", "delivery_url": "https://erp.example/"}]

    assert actions.look_at_webhooks() == 1

    assert live(store) == ["x", *TOPICS]
    assert [hook["secret"] for hook in store.webhooks[1:]] == [hook["secret"] for hook in hooks]


def test_whole_webhooks_are_left_alone(asked: Connection, store: FakeStore) -> None:
    actions.register_webhooks(asked)
    store.asked.clear()

    assert actions.look_at_webhooks() == 0

    assert store.asked == ["GET /webhooks?per_page=100"]
    assert error_of(asked) == ""
    assert not Event.objects.filter(kind="connection.repaired").exists()


def test_what_was_said_is_put_away_by_a_test(asked: Connection, store: FakeStore) -> None:
    actions.register_webhooks(asked)
    store.webhooks[0]["status"] = "disabled"
    actions.look_at_webhooks()

    actions.test_connection(asked)

    assert error_of(asked) == ""


def test_copy_of_the_installation_takes_no_webhooks(
    asked: Connection, store: FakeStore, settings: Any
) -> None:
    actions.register_webhooks(asked)
    before = [dict(hook) for hook in store.webhooks]
    settings.PUBLIC_URL = "https://staging.example.com"

    assert actions.look_at_webhooks() == 0

    assert store.webhooks == before
    assert error_of(asked).startswith("These webhooks are missing or switched off: order.created")


def test_webhooks_that_nobody_had_made_are_only_asked_for(asked: Connection, store: FakeStore) -> None:
    assert actions.look_at_webhooks() == 0

    assert store.webhooks == []
    assert error_of(asked) == (
        f"These webhooks are missing or switched off: {', '.join(TOPICS)}. Press “Make or repair webhooks”."
    )


@pytest.mark.parametrize(
    ("status", "sentence"), [(401, "The store refuses the API keys"), (503, ""), (429, "")]
)
def test_store_in_trouble_is_looked_at_later(
    asked: Connection, store: FakeStore, status: int, sentence: str
) -> None:
    actions.register_webhooks(asked)
    store.webhooks[0]["status"] = "disabled"
    store.fail(status, {"code": "woocommerce_rest_cannot_view"})

    assert actions.look_at_webhooks() == 0

    assert error_of(asked).startswith(sentence)
    assert bool(error_of(asked)) == bool(sentence)
    assert actions.look_at_webhooks() == 1


def test_repair_that_fails_says_why_and_is_no_repair(asked: Connection, store: FakeStore) -> None:
    actions.register_webhooks(asked)
    del store.webhooks[3]
    whole = store.hooks
    store.hooks = lambda method, rest, sent: (  # type: ignore[method-assign]
        whole(method, rest, sent) if method == "GET" else (403, {"code": "woocommerce_rest_cannot_create"})
    )

    assert actions.look_at_webhooks() == 0

    assert error_of(asked).startswith("The store refuses the API keys (woocommerce_rest_cannot_create)")
    assert not Event.objects.filter(kind="connection.repaired").exists()


def test_paused_connections_and_those_without_keys_are_not_looked_at(
    asked: Connection, store: FakeStore
) -> None:
    actions.pause(asked)
    makers.make_connection(asked.program, source="bare", base_url=store.url)

    assert actions.look_at_webhooks() == 0

    assert store.asked == []


def test_one_store_that_breaks_holds_up_no_other(
    asked: Connection, store: FakeStore, at_shopify: Connection, shop: FakeShop
) -> None:
    actions.register_webhooks(asked)
    actions.register_webhooks(at_shopify)
    store.webhooks[0]["status"] = "disabled"
    shop.some_hooks = lambda told: 1 / 0  # type: ignore[method-assign,assignment,return-value]

    assert actions.look_at_webhooks() == 1

    assert live(store) == TOPICS


def test_subscription_that_shopify_deleted_is_made_again(at_shopify: Connection, shop: FakeShop) -> None:
    actions.register_webhooks(at_shopify)
    gone = shop.hooks.pop(0)["topic"]

    assert actions.look_at_webhooks() == 1

    assert sorted(hook["topic"] for hook in shop.hooks).count(gone) == 1
    assert error_of(at_shopify).startswith(f"{REPAIRED}{gone}.")
    assert actions.look_at_webhooks() == 0


def test_webhook_that_pipedrive_banned_is_made_again(anna: Enrollment, settings: Any) -> None:
    with pipedrive.opened(settings) as account:
        keys = {"api_token": pipedrive.TOKEN, "webhook_secret": pipedrive.SECRET}
        row = makers.make_connection(
            anna.program, connector="pipedrive", source="crm", base_url=account.url, secrets=keys
        )
        actions.register_webhooks(row)
        account.webhooks[1]["is_active"] = 0

        assert actions.look_at_webhooks() == 1

        assert [hook["is_active"] for hook in account.webhooks] == [1, 1]
        assert error_of(row).startswith(f"{REPAIRED}deal.")


def test_copy_of_the_installation_leaves_shopifys_subscriptions_where_they_lead(
    at_shopify: Connection, shop: FakeShop, settings: Any
) -> None:
    actions.register_webhooks(at_shopify)
    before = [dict(hook) for hook in shop.hooks]
    settings.PUBLIC_URL = "https://staging.example.com"

    assert actions.look_at_webhooks() == 0

    assert shop.hooks == before
