"""What is written to shops' own orders, call by call: only what is ours, and a remark once for each word."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.jobs import Misconfigured
from integrations.connectors import CONNECTORS, magento, shopify, woocommerce
from integrations.connectors.base import NotLet
from integrations.connectors.records import Outcome, Row
from integrations.connectors.shop_orders import NOTHING, new_remark, said_remark, standing_remark
from integrations.connectors.shopify.setup import check
from integrations.mapping import apply, check_sheet, read_sheet
from integrations.patience import judge
from tests.fakes.magento_orders import OrderMagento
from tests.fakes.shopify_orders import OrderShop
from tests.fakes.woocommerce_orders import OrderStore
from tests.integrations.openapi import breaches
from tests.integrations.store_customers import mage_at, refusals, shopify_at, woo_at
from tests.makers import NOON

DAY = timedelta(days=1)
SPECS = os.environ.get("TRIBUTARY_SPECS", "")
DOUBTED = {"order": {"review": "fraud", "review_of": "anna"}}


def row(number: str, **values: Any) -> Row:
    """An order on the way, by the shop's number."""
    return Row(f"order:{number}", values, number)


def waits(outcomes: Sequence[Outcome]) -> list[bool]:
    """Which wait until our keys may write them."""
    return [one.is_not_let for one in outcomes]


@pytest.fixture
def shop(settings: Any) -> Iterator[OrderShop]:
    with OrderShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def woo(settings: Any) -> Iterator[OrderStore]:
    with OrderStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def mage(settings: Any) -> Iterator[OrderMagento]:
    with OrderMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


# --- the mappings that work at once ---
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("shopify", {"tags": ["affiliate:review:fraud", "affiliate:anna"]}),
        (
            "woocommerce",
            {
                "affiliate_review": "fraud",
                "affiliate_code": "anna",
                "note": "affiliate:review:fraud (anna)",
            },
        ),
        ("magento", {"comment": "affiliate:review:fraud (anna)"}),
    ],
)
def test_default_mapping_says_the_verdict_and_of_whom(name: str, values: dict[str, Any]) -> None:
    connector: Any = CONNECTORS[name]
    sheet = read_sheet([dict(one) for one in connector.OUT["order"]])

    check_sheet(sheet)

    assert (apply(sheet, DOUBTED).values, apply(sheet, DOUBTED).problems) == (values, {})
    assert apply(sheet, {"order": {"review": None, "review_of": None}}).values == {}
    assert {one.target for one in sheet.rows} == {one.name for one in connector.list_fields(None, "order")}


# --- remarks ---
def test_remark_is_made_once_for_each_word() -> None:
    first = new_remark("fraud", "")
    standing = standing_remark([(3, "Affiliate:review:clear"), (9, first), (12, "Sent to Berlin")])

    assert (first, standing) == ("affiliate: fraud", "affiliate: fraud")
    assert new_remark("fraud", standing) == ""
    assert new_remark("clear", standing) == "affiliate: clear"
    assert said_remark("fraud", standing) == "fraud"
    assert said_remark("clear", standing) == "affiliate: fraud"


def test_remark_that_holds_no_longer_is_taken_back_once() -> None:
    assert new_remark(None, "affiliate: fraud") == NOTHING
    assert standing_remark([(1, "affiliate: fraud"), (2, NOTHING)]) == ""
    assert (new_remark(None, ""), new_remark("", "")) == ("", "")
    assert said_remark(None, "") is None


# --- patience ---
def test_what_our_keys_may_not_write_waits_and_holds_up_nobody() -> None:
    soon = judge(NotLet("tick it"), attempts=40, age=timedelta(days=2), failures=3)
    late = judge(NotLet("tick it"), attempts=400, age=timedelta(days=15), failures=3)

    assert (soon.state, soon.wait, soon.is_down, soon.trouble) == (
        "due",
        timedelta(hours=1),
        False,
        "tick it",
    )
    assert late.state == "dead"


# --- Shopify ---
def test_tags_of_orders_are_ours_alone(shop: OrderShop) -> None:
    shop.tagged = {"1": ["vip", "Affiliate:old"], "2": ["affiliate:anna"]}
    rows = [
        row("1", tags=["affiliate:review:fraud", "vip-not-ours"]),
        row("2", tags=["affiliate:anna"]),
        row("2x", tags=["affiliate:anna"]),
        row("3", tags=["affiliate:anna"]),
        Row("order:9", {"note": "x"}, "2"),
    ]

    told = shopify.upsert(shopify_at(shop), "order", rows)
    found = shopify.fetch_records(shopify_at(shop), "order", rows[:2], ["tags"])

    assert shop.tagged == {"1": ["vip", "affiliate:review:fraud"], "2": ["affiliate:anna"]}
    assert refusals(told.outcomes) == [
        "",
        "",
        "“2x” is no number of an order in the shop.",
        "The shop has no order 3 any more.",
        "Of an order only “tags” are written, and not note.",
    ]
    assert "vip-not-ours" in told.exchange.note
    assert (shop.calls["AddTags"], shop.calls["RemoveTags"]) == (1, 1)
    assert [one.values for one in found] == [dict(one.values) for one in rows[:2]]


def test_app_without_the_scope_is_not_asked_to_write(shop: OrderShop) -> None:
    shop.tagged = {"1": [], "2": ["affiliate:anna"]}
    shop.scopes.remove("write_orders")

    rows = [row("1", tags=["affiliate:anna"]), row("2", tags=["affiliate:anna"])]
    told = shopify.upsert(shopify_at(shop), "order", rows)

    assert waits(told.outcomes) == [True, False]
    assert "denied" not in shop.asked


def test_scope_that_is_lost_in_between_is_said_of_the_order(
    shop: OrderShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.tagged = {"1": []}
    shop.scopes.remove("write_orders")
    monkeypatch.setattr("integrations.connectors.shopify.orders.scopes_named", lambda told: {"write_orders"})

    told = shopify.upsert(shopify_at(shop), "order", [row("1", tags=["affiliate:anna"])])

    assert waits(told.outcomes) == [True]
    assert shop.asked[-1] == "denied"


def test_tag_that_shopify_refuses_is_refused_with_its_words(
    shop: OrderShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.tagged = {"1": []}
    monkeypatch.setattr(
        "integrations.connectors.shopify.tags.LONGEST", 60
    )  # as if Shopify took fewer than we know

    told = shopify.upsert(shopify_at(shop), "order", [row("1", tags=[f"affiliate:{'x' * 40}"])])

    assert refusals(told.outcomes) == ["Shopify refuses: Tag is too long"]


def test_check_names_the_scope_only_where_orders_are_told_of(shop: OrderShop) -> None:
    shop.scopes.remove("write_orders")
    store = shopify_at(shop)

    quiet = check(store, "")
    asked = check(replace(store, options={"tells_orders": True}), "")

    assert "write_orders" not in quiet
    assert asked == "The shop answers, but the app lacks these scopes: write_orders."


# --- WooCommerce ---
def test_meta_data_of_orders_is_ours_alone(woo: OrderStore) -> None:
    for number in ("1", "2", "3"):
        woo.sell(number, color="red")
    woo.refuses = {"2": "woocommerce_rest_cannot_edit", "3": "woocommerce_rest_invalid_id"}
    values = {"affiliate_review": "fraud", "note": "affiliate:review:fraud (anna)"}

    rows = [row(number, **values) for number in ("1", "2", "3", "4")]
    told = woocommerce.upsert(woo_at(woo), "order", [*rows, Row("order:9", {"_payment": "x"}, "1")])
    sent = list(woo.sent)
    again = woocommerce.upsert(woo_at(woo), "order", rows[:1])
    (found,) = woocommerce.fetch_records(woo_at(woo), "order", rows[:1], list(values))

    assert woo.said_of("1") == {"color": "red", "affiliate_review": "fraud"}
    assert woo.noted("1") == ["Payment complete.", "affiliate:review:fraud (anna)"]
    assert refusals(told.outcomes)[2:] == [
        "The shop has no order 3 any more.",
        "The shop has no order 4 any more.",
        "Only fields whose names begin with affiliate_, and “note”, are written, and not _payment.",
    ]
    assert waits(told.outcomes) == [False, True, False, False, False]
    assert [path for path, _body in sent] == ["POST orders/batch", "POST orders/1/notes"]
    assert (woo.sent, refusals(again.outcomes), found.values) == (sent, [""], values)


def test_store_that_refuses_the_keys_altogether_is_in_trouble(woo: OrderStore) -> None:
    woo.sell("1")
    woo.fail(401, {"code": "woocommerce_rest_cannot_view"})

    with pytest.raises(Misconfigured):
        woocommerce.upsert(woo_at(woo), "order", [row("1", affiliate_review="fraud")])


# --- Magento ---
@pytest.mark.parametrize(
    ("looks", "status"), [(False, "paypal_reversed"), (True, "paypal_reversed"), (True, "complete")]
)
def test_comment_leaves_the_orders_status_as_it_is(mage: OrderMagento, looks: bool, status: str) -> None:
    mage.looks = looks
    mage.sell(1, status=status)

    told = magento.upsert(mage_at(mage), "order", [row("1", comment="fraud")])
    again = magento.upsert(mage_at(mage), "order", [row("1", comment="fraud")])
    (found,) = magento.fetch_records(mage_at(mage), "order", [row("1", comment="fraud")], ["comment"])

    assert refusals((*told.outcomes, *again.outcomes)) == ["", ""]
    assert mage.said(1) == ["Captured amount of 10.", "affiliate: fraud"]
    assert mage.orders[1]["status"] == status
    assert found.values == {"comment": "fraud"}


def test_other_fields_and_unknown_orders_are_refused_one_by_one(mage: OrderMagento) -> None:
    mage.sell(1)

    rows = [row("1", status="holded"), row("2", comment="fraud"), row("000000001x", comment="fraud")]
    told = magento.upsert(mage_at(mage), "order", rows)

    assert refusals(told.outcomes) == [
        "Of an order only “comment” is written, and not status.",
        "The shop has no order 2 any more.",
        "“000000001x” is no number of an order in the shop.",
    ]
    assert mage.said(1) == ["Captured amount of 10."]


# --- the vendors' descriptions ---
@pytest.mark.skipif(not SPECS, reason="TRIBUTARY_SPECS names no folder of vendors' descriptions")
def test_requests_are_those_that_the_vendors_describe(
    woo: OrderStore, mage: OrderMagento, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [woo.host, mage.host]
    woo.sell("1")
    mage.sell(1)
    woo_spec = json.loads((Path(SPECS) / "woocommerce-v3-from-docs.openapi.json").read_text())
    mage_spec = json.loads((Path(SPECS) / "magento-2.4.9-admin-trimmed.openapi.json").read_text())

    woocommerce.upsert(woo_at(woo), "order", [row("1", affiliate_review="fraud")])
    magento.upsert(mage_at(mage), "order", [row("1", comment="fraud")])

    paths = [each.split(" ", 1) for each in woo.asked]
    known = mage_spec["components"]["schemas"]["sales-data-order-status-history-interface"]
    comment = mage.comments[1][-1]
    assert [breaches(woo_spec, method, f"/wp-json/wc/v3{path}") for method, path in paths] == [[], []]
    asked = [path.replace("/orders/1/", "/orders/{id}/") for path in mage.asked]
    assert [breaches(mage_spec, "GET", path, "/rest") for path in asked[:-1]] == [[], [], []]
    assert breaches(mage_spec, "POST", asked[-1], "/rest") == []
    assert set(comment) <= set(known["properties"])
    assert set(known["required"]) <= set(comment)


# --- disputes ---
def test_paypal_taking_a_payment_back_is_heard_as_a_dispute(mage: OrderMagento) -> None:
    for number, status in ((1, "paypal_reversed"), (2, "paypal_canceled_reversal"), (3, "fraud")):
        mage.sell(number, status=status)
    mage.sell(4, status="paypal_reversed", created_at="")  # cannot be read

    page = magento.list_orders(mage_at(mage), NOON - DAY, NOON + DAY, None)

    assert [(one.kind, one.word, one.order, one.by) for one in page.said] == [
        ("dispute", "opened", "1", "PayPal"),
        ("dispute", "won", "2", "PayPal"),
    ]
    assert [number for number, _why in page.refused] == ["4"]
