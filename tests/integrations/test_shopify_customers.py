"""Customers of a shop at Shopify: metafields of ours and tags of ours are written, and nothing else is touched."""

from typing import Any

import pytest

from core.jobs import Failure, Misconfigured, Temporary
from integrations.connectors import shopify
from integrations.connectors.base import Store, told_by
from integrations.connectors.records import Outcome
from integrations.connectors.shop_records import wanted_fields
from tests.fakes.shopify_customers import CustomerShop
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED, throttled
from tests.integrations.store_customers import (  # noqa: F401 - fixtures
    VALUES,
    its_shop,
    refusals,
    row,
    shopify_at,
)


def test_metafields_and_tags_are_written(shop: CustomerShop) -> None:
    shop.add("7", "VIP", "affiliate:segment:new", "Affiliate:old")

    told = shopify.upsert(shopify_at(shop), "customer", [row("7", **VALUES)])

    assert told.outcomes == (Outcome("customer:7", "7"),)
    assert shop.said_of("7") == {
        "source": "Anna Archer",
        "code": "anna",
        "segment": "repeat",
        "crm_status": "hot",
        "crm_lifecycle": "customer",
        "recency_days": "0",
        "orders": "2",
        "lifetime_value": "129.9",
        "categories": '["mugs", "tea, green"]',
    }
    assert shop.customers["7"]["tags"] == ["VIP", *VALUES["tags"]]
    assert told.exchange.calls == sum(shop.calls.values())
    assert ENTERED not in told.exchange.request


def test_what_stands_there_already_is_not_written_again(shop: CustomerShop) -> None:
    shop.add("7", "VIP")
    shopify.upsert(shopify_at(shop), "customer", [row("7", **VALUES)])
    shop.calls.clear()

    again = shopify.upsert(shopify_at(shop), "customer", [row("7", **VALUES)])

    assert refusals(again.outcomes) == [""]
    assert set(shop.calls) == {"Customers", "Definitions"}


def test_present_values_are_told_in_our_own_words(shop: CustomerShop) -> None:
    shop.add("7", "VIP")
    shopify.upsert(shopify_at(shop), "customer", [row("7", **VALUES)])
    shop.customers["7"]["metafields"]["segment"]["value"] = "whale"

    (found,) = shopify.fetch_records(
        shopify_at(shop), "customer", [row("7", **VALUES), row("8", **VALUES)], [*VALUES, "unknown"]
    )

    assert (found.key, found.remote_id) == ("customer:7", "7")
    assert found.values == {**VALUES, "segment": "whale", "unknown": None}


def test_codes_that_look_like_numbers_are_not_taken_for_each_other(shop: CustomerShop) -> None:
    shop.add("7", code="007")

    shopify.upsert(shopify_at(shop), "customer", [row("7", code="7")])

    assert shop.said_of("7") == {"code": "7"}


def test_empty_values_clear_metafields_and_tags_of_ours(shop: CustomerShop) -> None:
    shop.add("7", "VIP", "affiliate:crm:hot", crm_status="hot", code="anna")

    told = shopify.upsert(shopify_at(shop), "customer", [row("7", crm_status=None, source="", tags=[])])

    assert refusals(told.outcomes) == [""]
    assert shop.said_of("7") == {"code": "anna"}
    assert shop.customers["7"]["tags"] == ["VIP"]


def test_no_tag_of_the_merchant_is_ever_set_or_removed(shop: CustomerShop) -> None:
    own = ["VIP", "segment:loyal", "crm:open", "affiliated"]
    shop.add("7", *own, "affiliate:crm:cold")

    told = shopify.upsert(shopify_at(shop), "customer", [row("7", tags="affiliate:crm:hot; crm:lost")])

    assert shop.customers["7"]["tags"] == [*own, "affiliate:crm:hot"]
    assert told.exchange.note == "Tags that are not ours to set were left out: crm:lost."


def test_tags_are_left_alone_where_the_mapping_names_none(shop: CustomerShop) -> None:
    shop.add("7", "affiliate:segment:new")

    shopify.upsert(shopify_at(shop), "customer", [row("7", segment="loyal")])

    assert shop.customers["7"]["tags"] == ["affiliate:segment:new"]
    assert not {"AddTags", "RemoveTags"} & set(shop.calls)


def test_customer_that_is_gone_and_one_without_a_number_are_refused(shop: CustomerShop) -> None:
    shop.add("7")

    rows = [row("7", code="anna"), row("8", code="bob"), row("", code="eve"), row("gid://9", code="x")]
    told = shopify.upsert(shopify_at(shop), "customer", rows)

    unknown = "The shop’s own number of this customer is not known."
    assert refusals(told.outcomes) == ["", "The shop has no customer 8 any more.", unknown, unknown]
    assert list(shop.customers) == ["7"]


def test_many_customers_take_few_calls(shop: CustomerShop) -> None:
    for number in range(1, 11):
        shop.add(str(number))
    fields = {name: value for name, value in VALUES.items() if name != "tags"}

    told = shopify.upsert(shopify_at(shop), "customer", [row(str(n), **fields) for n in range(1, 11)])

    assert refusals(told.outcomes) == [""] * 10
    assert [len(sent["metafields"]) for name, sent in shop.sent if name == "SetMetafields"] == [18] * 5
    assert all(len(shop.said_of(str(number))) == 9 for number in range(1, 11))


def test_one_odd_value_holds_up_no_other_customer(shop: CustomerShop) -> None:
    for number in ("1", "2", "3"):
        shop.add(number)

    rows = [row("1", code="anna"), row("2", code="unwanted"), row("3", orders="many")]
    told = shopify.upsert(shopify_at(shop), "customer", rows)

    assert refusals(told.outcomes) == [
        "",
        "Shopify refuses: That is invalid_value",
        "The field “orders” cannot be written: “many” is no such number.",
    ]
    assert [shop.said_of(number) for number in ("1", "2", "3")] == [{"code": "anna"}, {}, {}]


def test_field_that_is_not_defined_is_said(shop: CustomerShop) -> None:
    shop.add("7")

    with pytest.raises(Misconfigured, match=r"affiliate\.loyalty"):
        shopify.upsert(shopify_at(shop), "customer", [row("7", loyalty="gold")])

    assert shop.said_of("7") == {}


def test_app_without_the_scope_is_told_which(shop: CustomerShop) -> None:
    shop.add("7")
    shop.scopes.remove("write_customers")

    with pytest.raises(Misconfigured, match="write_customers") as trouble:
        shopify.upsert(shopify_at(shop), "customer", [row("7", code="anna")])

    delivered = told_by(trouble.value)
    assert delivered is not None
    assert "SetMetafields" in delivered.request
    assert shopify.check(shopify_at(shop), "https://x.example") == (
        "The shop answers, but the app lacks these scopes: write_customers."
    )


def test_shop_that_asks_for_a_pause_is_left_in_peace(shop: CustomerShop) -> None:
    shop.add("7")
    shop.fail(200, throttled(500, 100, 100))

    with pytest.raises(Temporary) as trouble:
        shopify.upsert(shopify_at(shop), "customer", [row("7", code="anna")])

    assert trouble.value.retry_after == 4.0
    delivered = told_by(trouble.value)
    assert delivered is not None
    assert delivered.quota == {"points_left": 100, "points": 2000}


@pytest.mark.parametrize("answer", [b'{"data": {"nodes": null}}', b'{"data": {"nodes": []}}', b"{", b"[]"])
def test_half_an_answer_makes_nobody_gone(shop: CustomerShop, answer: bytes) -> None:
    shop.add("7")
    shop.fail(200, answer)

    with pytest.raises(Failure):
        shopify.upsert(shopify_at(shop), "customer", [row("7", code="anna")])

    assert shop.said_of("7") == {}


def test_definitions_are_made_once_pinned_and_for_segments(settings: Any) -> None:
    with CustomerShop() as shop:
        settings.OUTBOUND_ALLOWED_HOSTS = [shop.host]
        store = shopify_at(shop)

        made = shopify.make_fields(store, "customer", wanted_fields())

        assert list(made) == [one.name for one in wanted_fields()] == list(shop.definitions)
        asked = shop.definitions["orders"]["asked"]
        assert (asked["type"], asked["pin"]) == ("number_integer", True)
        assert asked["capabilities"] == {"adminFilterable": {"enabled": True}}
        assert shopify.make_fields(store, "customer", wanted_fields()) == ()
        kinds = {one.name: one.kind for one in shopify.list_fields(store, "customer")}
        assert kinds == {
            **{one.name: "number" if one.kind == "money" else one.kind for one in wanted_fields()},
            "tags": "choices",
        }


def test_definitions_do_without_what_shopify_does_not_let_them_be(settings: Any) -> None:
    with CustomerShop() as shop:
        settings.OUTBOUND_ALLOWED_HOSTS = [shop.host]
        shop.pinned, shop.filterable = 50, False

        made = shopify.make_fields(shopify_at(shop), "customer", wanted_fields()[:1])

        assert made == ("source",)
        assert not {"pin", "capabilities"} & set(shop.definitions["source"]["asked"])


def test_metafields_are_defined_only_where_customers_are_told_of(settings: Any) -> None:
    with CustomerShop() as shop:
        settings.OUTBOUND_ALLOWED_HOSTS = [shop.host]
        keys = {"access_token": ENTERED, "client_secret": CLIENT_SECRET}
        quiet = Store(shop.url, "shop", keys, "BRL")

        shopify.register(quiet, "https://x.example/hooks/1")
        before = dict(shop.definitions)
        missing = shopify.check(shopify_at(shop), "https://x.example/hooks/1")
        shopify.register(shopify_at(shop), "https://x.example/hooks/1")

        assert before == {}
        assert missing.startswith("The shop answers, but customer metafields are missing: source, code")
        assert len(shop.definitions) == 9
        assert shopify.check(shopify_at(shop), "https://x.example/hooks/1").startswith(
            "The shop answers, and"
        )
