"""The shops' own customers: what of ours stands with them, what is written, and that nothing else is touched."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from core.jobs import Misconfigured, Temporary
from integrations.connectors import CONNECTORS, magento, shopify, woocommerce
from integrations.connectors.base import Mapped, told_by
from integrations.connectors.records import KeepsRecords, Outcome
from integrations.connectors.shop_options import read_options, written
from integrations.connectors.shop_records import wanted_fields
from integrations.connectors.webhook.choices import Unclear
from integrations.mapping import apply, check_sheet, read_sheet
from tests.fakes.magento_customers import CustomerMagento
from tests.fakes.woocommerce import SECRET
from tests.fakes.woocommerce_customers import CustomerStore
from tests.integrations.openapi import breaches
from tests.integrations.store_customers import (  # noqa: F401 - fixtures
    RECORD,
    VALUES,
    its_mage,
    its_woo,
    mage_at,
    refusals,
    row,
    woo_at,
)

SHOPS = ("shopify", "woocommerce", "magento")
SPECS = os.environ.get("TRIBUTARY_SPECS", "")


# --- what all three are ---
@pytest.mark.parametrize("name", SHOPS)
def test_shops_keep_customers_and_orders_and_make_none(name: str) -> None:
    connector: Any = CONNECTORS[name]

    assert isinstance(connector, KeepsRecords)
    assert isinstance(connector, Mapped)
    assert (connector.RECORDS, connector.IS_SHOP, connector.IN) == (("customer", "order"), True, {})
    assert [(one.direction, one.kind) for one in connector.TABLES] == [("out", "customer"), ("out", "order")]


@pytest.mark.parametrize(("name", "prefix"), [("shopify", ""), ("woocommerce", "affiliate_")])
def test_default_mapping_fills_every_field(name: str, prefix: str) -> None:
    sheet = read_sheet([dict(one) for one in CONNECTORS[name].OUT["customer"]])  # type: ignore[attr-defined]

    check_sheet(sheet)
    told = apply(sheet, RECORD)

    assert told.problems == {}
    assert told.values == {prefix + key: value for key, value in VALUES.items()}


def test_customer_nobody_brought_has_a_segment_alone() -> None:
    sheet = read_sheet([dict(one) for one in shopify.OUT["customer"]])

    told = apply(sheet, {"affiliate": {"first": None}, "crm": {}, "pattern": {"segment": "lead"}})

    assert told.values == {"segment": "lead", "tags": ["affiliate:segment:lead"]}


# --- the settings ---
def test_settings_are_kept_and_written_back() -> None:
    entered = {
        "tells_customers": "yes",
        "tells_orders": "yes",
        "coupons": "Yes",
        "coupon_discount": "10 %",
        "coupon_minimum": "50.00",
        "coupon_once": "yes",
        "coupon_days": "90",
    }

    kept = read_options(entered)

    assert (kept["tells_customers"], kept["tells_orders"]) == (True, True)
    assert written(kept) == {**entered, "coupons": "yes"}
    assert read_options(written(kept)) == kept
    assert (read_options({})["tells_customers"], read_options({})["tells_orders"]) == (False, False)


@pytest.mark.parametrize(
    "entered",
    [
        {"tells_customers": "perhaps"},
        {"coupons": "yes"},
        {"coupon_discount": "0 %"},
        {"coupon_discount": "101 %"},
        {"coupon_discount": "-5"},
        {"coupon_discount": "ten"},
        {"coupon_discount": "5,00"},
        {"coupon_minimum": "1e9"},
        {"coupon_minimum": "0"},
        {"coupon_days": "0"},
        {"coupon_days": "99999"},
        {"coupon_days": "٣"},
    ],
)
def test_settings_that_make_no_sense_are_refused(entered: dict[str, str]) -> None:
    with pytest.raises(Unclear):
        read_options(entered)


# --- WooCommerce ---
def of_woo(**values: Any) -> dict[str, Any]:
    return {f"affiliate_{name}": value for name, value in values.items()}


def test_meta_data_is_written_and_nothing_else(woo: CustomerStore) -> None:
    woo.add("7", "shop_manager", theme="dark", affiliate_segment="new")

    told = woocommerce.upsert(woo_at(woo), "customer", [row("7", **of_woo(**VALUES))])

    assert told.outcomes == (Outcome("customer:7", "7"),)
    assert woo.metas("7") == {
        "theme": "dark",
        "affiliate_source": "Anna Archer",
        "affiliate_code": "anna",
        "affiliate_segment": "repeat",
        "affiliate_crm_status": "hot",
        "affiliate_crm_lifecycle": "customer",
        "affiliate_recency_days": "0",
        "affiliate_orders": "2",
        "affiliate_lifetime_value": "129.90",
        "affiliate_categories": "mugs, tea, green",
        "affiliate_tags": "affiliate:anna, affiliate:crm:hot, affiliate:segment:repeat",
    }
    assert SECRET not in told.exchange.request
    assert told.exchange.calls == 2


def test_store_is_asked_once_and_not_written_to_where_nothing_is_new(woo: CustomerStore) -> None:
    woo.add("7")
    values = of_woo(**VALUES)
    woocommerce.upsert(woo_at(woo), "customer", [row("7", **values)])
    woo.sent.clear()

    woocommerce.upsert(woo_at(woo), "customer", [row("7", **values)])
    (found,) = woocommerce.fetch_records(woo_at(woo), "customer", [row("7", **values)], list(values))

    assert woo.sent == []
    assert found.values == values


def test_roles_and_sessions_cannot_be_written_by_a_mapping(woo: CustomerStore) -> None:
    woo.add("7")

    told = woocommerce.upsert(
        woo_at(woo), "customer", [row("7", wp_capabilities="administrator", affiliate_code="anna")]
    )

    assert refusals(told.outcomes) == [
        "Only fields whose names begin with affiliate_ are written, and not wp_capabilities."
    ]
    assert woo.metas("7") == {}


def test_refusal_of_one_customer_is_told_of_that_one(woo: CustomerStore) -> None:
    for number in ("1", "2", "3"):
        woo.add(number)
    woo.refuses = {"2": "woocommerce_rest_cannot_edit", "3": "woocommerce_rest_invalid_id"}

    rows = [row(number, affiliate_code="anna") for number in ("1", "2", "3", "4", "")]
    told = woocommerce.upsert(woo_at(woo), "customer", rows)

    assert refusals(told.outcomes) == [
        "",
        "The store refuses to change the customer (woocommerce_rest_cannot_edit).",
        "The shop has no customer 3 any more.",
        "The shop has no customer 4 any more.",
        "The shop’s own number of this customer is not known.",
    ]


@pytest.mark.parametrize(
    ("status", "headers", "trouble"),
    [(429, {"Retry-After": "7"}, Temporary), (503, {}, Temporary), (401, {}, Misconfigured)],
)
def test_store_in_trouble_is_tried_again_or_a_person_asked(
    woo: CustomerStore, status: int, headers: dict[str, str], trouble: type[Exception]
) -> None:
    woo.add("7")
    woo.fail(status, {"code": "x"}, **headers)

    with pytest.raises(trouble) as raised:
        woocommerce.upsert(woo_at(woo), "customer", [row("7", affiliate_code="anna")])

    assert not headers or getattr(raised.value, "retry_after", None) == 7.0
    assert told_by(raised.value) is not None
    assert woo.metas("7") == {}


# --- Magento ---
def test_customer_is_written_whole(mage: CustomerMagento) -> None:
    before = json.loads(json.dumps(mage.add(7, loyalty="gold", affiliate_source="Bob")))
    mage.define("loyalty")

    told = magento.upsert(
        mage_at(mage), "customer", [row("7", affiliate_source="Anna", affiliate_tags=["affiliate:crm:hot"])]
    )

    assert told.outcomes == (Outcome("customer:7", "7"),)
    assert mage.said_of(7) == {
        "loyalty": "gold",
        "affiliate_source": "Anna",
        "affiliate_tags": "affiliate:crm:hot",
    }
    after = {name: value for name, value in mage.customers[7].items() if name != "custom_attributes"}
    assert after == {name: value for name, value in before.items() if name != "custom_attributes"}


def test_attributes_that_nobody_has_made_are_named_and_left_out(mage: CustomerMagento) -> None:
    mage.add(7)
    mage.add(8)

    rows = [row("7", affiliate_source="Anna", affiliate_orders=2), row("8", affiliate_orders=2)]
    told = magento.upsert(mage_at(mage), "customer", rows)

    assert [bool(one.refusal) for one in told.outcomes] == [False, True]
    assert told.exchange.note.endswith("affiliate_orders.")
    assert mage.said_of(7) == {"affiliate_source": "Anna"}
    with pytest.raises(Misconfigured, match="affiliate_code, affiliate_segment"):
        magento.make_fields(mage_at(mage), "customer", wanted_fields("affiliate_"))
    assert "affiliate_code" in magento.register(mage_at(mage), "")[1]
    assert "affiliate_code" in magento.check(mage_at(mage), "")


def test_attributes_of_magento_itself_are_never_written(mage: CustomerMagento) -> None:
    mage.add(7)

    told = magento.upsert(mage_at(mage), "customer", [row("7", email="eve@evil.example")])

    assert refusals(told.outcomes)[0].startswith("Magento’s API cannot make")
    assert mage.written == []
    assert [one.name for one in magento.list_fields(mage_at(mage), "customer")] == [
        "affiliate_source",
        "affiliate_tags",
    ]


def test_options_days_and_yes_are_kept_as_magento_keeps_them(mage: CustomerMagento) -> None:
    mage.add(7)
    mage.define("tier", "select", ("Gold", "41"), ("Silver", "42"))
    mage.define("likes", "multiselect", ("Tea", "51"), ("Mugs", "52"))
    mage.define("since", "date")
    mage.define("is_referred", "boolean")
    values = {"tier": "gold", "likes": ["Mugs", "Tea"], "since": "2026-11-20T14:02:15Z", "is_referred": True}

    first = magento.upsert(mage_at(mage), "customer", [row("7", **values)])
    again = magento.upsert(mage_at(mage), "customer", [row("7", **values)])
    (found,) = magento.fetch_records(mage_at(mage), "customer", [row("7", **values)], list(values))
    (bare,) = magento.fetch_records(mage_at(mage), "customer", [row("7")], list(values))

    assert refusals((*first.outcomes, *again.outcomes)) == ["", ""]
    assert mage.said_of(7) == {
        "tier": "41",
        "likes": "52,51",
        "since": "2026-11-20 00:00:00",
        "is_referred": "1",
    }
    assert len(mage.written) == 1
    assert found.values == values
    assert bare.values["tier"] == "Gold"
    assert bare.values["likes"] == ["Mugs", "Tea"]


def test_trouble_with_one_customer_is_told_of_that_one(mage: CustomerMagento) -> None:
    mage.add(1)
    mage.add(2)["lastname"] = ""
    mage.define("tier", "select", ("Gold", "41"))

    rows = [
        row("1", affiliate_source="Anna"),
        row("2", affiliate_source="Anna"),
        row("3", affiliate_source="Anna"),
        row("1", tier="Platinum"),
    ]
    told = magento.upsert(mage_at(mage), "customer", rows)

    assert refusals(told.outcomes) == [
        "",
        'The store refuses the request (400 "Last Name" is a required value.).',
        "The shop has no customer 3 any more.",
        "“Platinum” is none of the options of the attribute tier.",
    ]


def test_busy_magento_is_tried_again(mage: CustomerMagento) -> None:
    mage.add(7)
    mage.fail(503, b"busy", **{"Retry-After": "9"})

    with pytest.raises(Temporary) as raised:
        magento.upsert(mage_at(mage), "customer", [row("7", affiliate_source="Anna")])

    assert raised.value.retry_after == 9.0


# --- the vendors' descriptions ---
@pytest.mark.skipif(not SPECS, reason="TRIBUTARY_SPECS names no folder of vendors' descriptions")
def test_requests_are_those_that_the_vendors_describe(
    woo: CustomerStore, mage: CustomerMagento, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [woo.host, mage.host]
    woo.add("7")
    mage.add(7)
    woo_spec = json.loads((Path(SPECS) / "woocommerce-v3-from-docs.openapi.json").read_text())
    mage_spec = json.loads((Path(SPECS) / "magento-2.4.9-admin-trimmed.openapi.json").read_text())

    woocommerce.upsert(woo_at(woo), "customer", [row("7", affiliate_source="Anna")])
    magento.fetch_records(mage_at(mage), "customer", [row("7")], ["affiliate_source"])

    paths = [each.split(" ", 1) for each in woo.asked]
    assert [breaches(woo_spec, method, f"/wp-json/wc/v3{path}") for method, path in paths] == [[], []]
    known = mage_spec["components"]["schemas"]["customer-data-customer-interface"]["properties"]
    assert [breaches(mage_spec, "GET", path, "/rest") for path in mage.asked] == [[], []]
    magento.upsert(mage_at(mage), "customer", [row("7", affiliate_source="Anna")])
    assert set(mage.written[0]) <= set(known)
