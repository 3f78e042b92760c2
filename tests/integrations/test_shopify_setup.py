"""Connecting a shop at Shopify: keys, address, subscriptions, and the guide followed to the letter."""

import pytest
from django.core.exceptions import ValidationError

from affiliates.models import Enrollment, Program
from integrations import actions
from integrations.admin.connections import connect_form, keys_form
from integrations.connectors.shopify.address import address_of, host_of
from integrations.models import Connection
from tests.integrations.fake_shopify import CLIENT_ID, CLIENT_SECRET, ENTERED, ORDER, FakeShop
from tests.integrations.shopify_messages import PARTLY
from tests.integrations.shopify_shop import (  # noqa: F401 - fixtures
    SECRETS,
    hear,
    its_ana,
    its_asked,
    its_connection,
    its_program,
    its_shop,
    left,
)

TOPICS = [
    "ORDERS_CREATE",
    "ORDERS_PAID",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "ORDERS_EDITED",
    "ORDERS_DELETE",
    "ORDERS_RISK_ASSESSMENT_CHANGED",
    "REFUNDS_CREATE",
    "APP_UNINSTALLED",
]
WELL = "The shop answers, and the app may read its orders."


def test_subscriptions_are_made_and_the_rest_is_said(asked: Connection, shop: FakeShop) -> None:
    url = f"https://partners.example.com/hooks/{asked.public_id}"

    left_to_do = actions.register_webhooks(asked)

    assert [(hook["topic"], hook["uri"], hook["format"]) for hook in shop.hooks] == [
        (topic, url, "JSON") for topic in TOPICS
    ]
    assert [("Compliance webhooks" in each, url in each) for each in left_to_do] == [(True, True)]
    assert actions.test_connection(asked) == WELL


def test_subscriptions_are_mended_not_doubled(asked: Connection, shop: FakeShop) -> None:
    actions.register_webhooks(asked)
    shop.hooks[0]["uri"] = f"https://old.example.com/hooks/{asked.public_id}"
    shop.hooks[1]["filter"] = "total_price:>100"
    shop.hooks[2]["includeFields"] = ["id"]
    del shop.hooks[3]
    foreign = {"id": "x", "topic": TOPICS[0], "uri": "https://erp.example.com/hooks", "format": "JSON"}
    shop.hooks.append({**foreign, "filter": "a", "includeFields": []})
    before = actions.test_connection(asked)

    actions.register_webhooks(asked)

    assert before == (
        f"The shop answers, but these webhooks are missing or changed: {', '.join(TOPICS[:4])}."
    )
    assert actions.test_connection(asked) == WELL
    assert len(shop.hooks) == 10
    assert [hook["filter"] for hook in shop.hooks if hook["id"] == "x"] == ["a"]


def test_webhooks_that_repeat_without_end_are_stopped(asked: Connection, shop: FakeShop) -> None:
    info = {"hasNextPage": True, "endCursor": "1"}
    shop.some_hooks = lambda told: {"webhookSubscriptions": {"pageInfo": info, "nodes": []}}  # type: ignore[method-assign]

    assert actions.register_webhooks(asked) == ["The shop repeats its list of webhooks without end."]
    assert (shop.asked.count("Hooks"), shop.hooks) == (100, [])


def test_disputes_are_subscribed_where_the_app_may_see_them(asked: Connection, shop: FakeShop) -> None:
    shop.scopes.append("read_shopify_payments_disputes")

    actions.register_webhooks(asked)

    assert [hook["topic"] for hook in shop.hooks][-2:] == ["DISPUTES_CREATE", "DISPUTES_UPDATE"]


def test_missing_scopes_are_named(asked: Connection, shop: FakeShop) -> None:
    shop.scopes = ["write_orders", "read_products"]

    assert (
        actions.test_connection(asked) == "The shop answers, but the app lacks these scopes: read_customers."
    )


def test_short_sight_is_said(asked: Connection, shop: FakeShop) -> None:
    shop.scopes.remove("read_all_orders")
    actions.register_webhooks(asked)

    assert "Older ones need the scope read_all_orders" in actions.test_connection(asked)


def test_objection_of_the_shop_is_a_sentence(asked: Connection, shop: FakeShop) -> None:
    refusal = {"userErrors": [{"field": ["uri"], "message": "Address is not allowed"}]}
    shop.make_hook = lambda told: {"webhookSubscriptionCreate": {"webhookSubscription": None, **refusal}}  # type: ignore[method-assign]

    assert actions.register_webhooks(asked) == ["Shopify refuses: Address is not allowed"]
    asked.refresh_from_db()
    assert asked.last_error == "Shopify refuses: Address is not allowed"


def test_wrong_keys_are_said(asked: Connection) -> None:
    asked.secrets = {**SECRETS, "client_secret": "wrong"}
    asked.save(update_fields=["secrets"])

    assert actions.test_connection(asked).startswith("Shopify refuses the app's keys (invalid_client).")


def test_without_keys_a_person_is_told_what_is_missed(connection: Connection) -> None:
    sentence = actions.test_connection(connection)

    assert sentence.startswith("Enter the app's client id and secret")
    assert actions.register_webhooks(connection) == [sentence]


@pytest.mark.parametrize(
    ("entered", "address"),
    [
        ("https://acme.myshopify.com", "https://acme.myshopify.com"),
        ("https://ACME.myshopify.com/", "https://acme.myshopify.com"),
        ("https://acme.myshopify.com/admin", "https://acme.myshopify.com"),
        ("https://admin.shopify.com/store/acme", "https://acme.myshopify.com"),
        ("https://admin.shopify.com/store/acme/orders", "https://acme.myshopify.com"),
        ("acme", "https://acme.myshopify.com"),
        ("acme.myshopify.com", "https://acme.myshopify.com"),
        ("https://www.acme.com/shop", "https://www.acme.com"),
    ],
)
def test_address_may_be_entered_as_people_know_it(entered: str, address: str) -> None:
    assert address_of(entered) == address


@pytest.mark.parametrize("odd", ["", " ", "https://[", "http://", "a b"])
def test_odd_address_breaks_nothing(odd: str) -> None:
    assert address_of(odd) in ("", "https://a b")
    assert host_of(odd) in ("", "a b")


@pytest.mark.parametrize("entered", ["acme", "https://admin.shopify.com/store/acme/", "ACME.myshopify.com"])
def test_forms_take_any_name_of_the_shop(entered: str) -> None:
    for form in (connect_form("shopify"), keys_form("shopify")):
        assert form.base_fields["base_url"].clean(entered) == "https://acme.myshopify.com"


def test_address_that_is_none_is_refused_by_the_form() -> None:
    with pytest.raises(ValidationError):
        connect_form("shopify").base_fields["base_url"].clean("a b")


def test_connection_keeps_the_address_that_is_called(ana: Enrollment, shop: FakeShop) -> None:
    connection = actions.connect(
        ana.program,
        connector="shopify",
        name="Loja",
        source="loja",
        base_url=f"{shop.url}/admin/orders",
        keys={"client_secret": CLIENT_SECRET},
    )

    assert connection.base_url == shop.url
    assert actions.change_keys(connection, base_url=f"{shop.url}/").base_url == shop.url


# --- docs/integrations/shopify.md, step by step ------------------------------------------------------------
def test_guide_followed_to_the_letter(ana: Enrollment, shop: FakeShop) -> None:
    connection = actions.connect(
        ana.program,
        connector="shopify",
        name="Loja",
        source="loja",
        base_url=shop.url,
        keys={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    )
    sentences = actions.register_webhooks(connection)
    well = actions.test_connection(connection)
    hear(connection, "orders/create", ORDER)
    hear(connection, "orders/updated", PARTLY)

    assert (len(sentences), well, left()) == (1, WELL, [900])


def test_guide_for_an_older_app(ana: Enrollment, shop: FakeShop) -> None:
    connection = actions.connect(
        ana.program,
        connector="shopify",
        name="Loja",
        source="loja",
        base_url=shop.url,
        keys={"client_secret": CLIENT_SECRET, "access_token": ENTERED},
    )
    actions.register_webhooks(connection)

    assert actions.test_connection(connection) == WELL
    assert "token" not in shop.asked


def test_secret_is_asked_for(program: Program) -> None:
    with pytest.raises(actions.KeysMissing, match="Client secret"):
        actions.connect(program, connector="shopify", name="x", source="x", keys={"client_id": "a"})
