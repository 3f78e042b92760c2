"""Affiliates' codes in the shops: made once with the discount that the settings say, and switched off when retired."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from affiliates.actions import create_coupon, retire_coupon
from affiliates.models import Coupon, Enrollment
from core import jobs
from core.models import Job
from integrations import actions, gate
from integrations.connectors.shop_options import read_options
from integrations.models import Connection, Delivery
from tests import makers
from tests.fakes.shopify_customers import CustomerShop
from tests.fakes.woocommerce import KEY, SECRET
from tests.fakes.woocommerce_customers import CustomerStore
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED
from tests.integrations.openapi import breaches
from tests.integrations.outgoing import last_try
from tests.makers import NOON

SPECS = os.environ.get("TRIBUTARY_SPECS", "")
DISCOUNT = {"coupons": "yes", "coupon_discount": "10 %", "coupon_once": "yes", "coupon_days": "30"}
LATER = NOON + timedelta(hours=2)
TAKEN = "The shop has a code SPRING10 that was not made here: it was left as it is; its use is credited all the same."


@pytest.fixture
def woo(settings: Any) -> Iterator[CustomerStore]:
    """A WooCommerce store."""
    with CustomerStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def shop(settings: Any) -> Iterator[CustomerShop]:
    """A shop at Shopify."""
    with CustomerShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def at_woo(anna: Enrollment, woo: CustomerStore) -> Connection:
    """The store, connected, that makes codes."""
    keys = {"webhook_secret": "x", "consumer_key": KEY, "consumer_secret": SECRET}
    return makers.make_connection(
        anna.program, base_url=woo.url, secrets=keys, options=read_options(DISCOUNT)
    )


@pytest.fixture
def at_shopify(anna: Enrollment, shop: CustomerShop) -> Connection:
    """The shop, connected, that makes codes."""
    keys = {"access_token": ENTERED, "client_secret": CLIENT_SECRET}
    return makers.make_connection(
        anna.program, connector="shopify", base_url=shop.url, secrets=keys, options=read_options(DISCOUNT)
    )


def give(anna: Enrollment, code: str = "spring10") -> Coupon:
    """Give Anna a code, and line up what is to be told of it."""
    coupon = create_coupon(anna, code, at=NOON)
    work()
    return coupon


def work() -> None:
    """Line up what is to be told; the notices are another's."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def go(connection: Connection, hours: int = 0) -> None:
    """Tell what is due now, or in some hours."""
    actions.serve(connection.pk, at=timezone.now() + timedelta(hours=hours))


def retire(coupon: Coupon) -> Coupon:
    """Retire a code, and line up what is to be told of it."""
    row = retire_coupon(coupon, at=NOON + timedelta(hours=1))
    work()
    return row


def said(connection: Connection) -> list[tuple[str, str, str]]:
    """Kind, state and note of what the shop was told."""
    rows = connection.deliveries.order_by("id")
    return [(row.kind, row.state, row.note) for row in rows]


# --- who is told -------------------------------------------------------------------------------------------
def test_shop_that_makes_no_codes_hears_nothing(anna: Enrollment, at_woo: Connection) -> None:
    actions.change_options(at_woo, options=read_options({}))

    give(anna)

    assert gate.is_heard(anna.program.merchant_id, "coupon.created") is False
    assert Delivery.objects.count() == 0


def test_settings_that_are_switched_on_are_heard_of_at_once(anna: Enrollment, at_woo: Connection) -> None:
    actions.change_options(at_woo, options=read_options({}))
    gate.is_heard(anna.program.merchant_id, "coupon.created")

    actions.change_options(at_woo, options=read_options(DISCOUNT))
    retire(give(anna))

    assert [kind for kind, _state, _note in said(at_woo)] == ["coupon.created", "coupon.retired"]


def test_shop_of_another_program_hears_nothing(anna: Enrollment, at_woo: Connection) -> None:
    other = makers.make_program(anna.program.merchant, slug="other", name="Other")
    bob = makers.make_enrollment(other, "Bob", email="bob@blog.example")

    give(bob)

    assert said(at_woo) == []


# --- WooCommerce -------------------------------------------------------------------------------------------
def test_coupon_is_made_in_the_store(anna: Enrollment, at_woo: Connection, woo: CustomerStore) -> None:
    coupon = give(anna)

    go(at_woo)

    assert said(at_woo) == [("coupon.created", "done", "The code SPRING10 stands in the shop.")]
    (row,) = woo.coupons.values()
    assert {name: row[name] for name in row if name not in ("id", "description")} == {
        "code": "spring10",
        "discount_type": "percent",
        "amount": "10",
        "usage_limit_per_user": 1,
        "date_expires": f"{NOON + timedelta(days=30):%Y-%m-%d}T00:00:00",
        "meta_data": [{"key": "_affiliate_coupon", "value": f"affiliate-coupon-{coupon.pk}"}],
    }
    request = last_try(at_woo.deliveries.get()).request
    assert "POST /wp-json/wc/v3/coupons" in request
    assert SECRET not in request


def test_coupon_is_made_once_however_often_it_is_told(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    give(anna)
    go(at_woo)

    actions.replay_delivery(at_woo.deliveries.get(), again=True)
    go(at_woo)

    assert len(woo.coupons) == 1
    assert said(at_woo)[0][1:] == ("done", "The code SPRING10 stands in the shop.")


def test_answer_that_was_lost_makes_no_second_coupon(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    coupon = give(anna)
    mark = [{"key": "_affiliate_coupon", "value": f"affiliate-coupon-{coupon.pk}"}]
    woo.before_post.append(lambda: woo.give(code="spring10", meta_data=mark))

    go(at_woo)

    assert len(woo.coupons) == 1
    assert said(at_woo)[0][1:] == ("done", "The code SPRING10 stands in the shop.")


def test_foreign_coupon_of_that_name_is_left_alone(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    row = dict(woo.give(code="spring10", amount="50"))

    retire(give(anna))
    go(at_woo)

    assert woo.coupons == {"700": row}
    assert [(state, note) for _kind, state, note in said(at_woo)] == [
        ("done", TAKEN),
        ("done", "The shop’s code SPRING10 was not made here: switch it off there, if nobody is to use it."),
    ]


def test_retired_coupon_is_good_no_more(anna: Enrollment, at_woo: Connection, woo: CustomerStore) -> None:
    coupon = give(anna)
    go(at_woo)
    was_good = woo.is_good("spring10", LATER)

    retire(coupon)
    go(at_woo)

    assert (was_good, woo.is_good("spring10", LATER - timedelta(hours=14))) == (True, False)
    assert said(at_woo)[1] == (
        "coupon.retired",
        "done",
        "The code SPRING10 is switched off in the shop.",
    )
    woo.sent.clear()
    actions.replay_delivery(at_woo.deliveries.latest("id"), again=True)
    go(at_woo)
    assert woo.sent == []


def test_coupon_that_somebody_deleted_needs_no_end(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    coupon = give(anna)
    go(at_woo)
    woo.coupons.clear()

    retire(coupon)
    go(at_woo)

    assert said(at_woo)[1][1:] == ("done", "The shop has no code SPRING10: there is nothing to switch off.")


def test_amount_and_minimum_are_told(anna: Enrollment, at_woo: Connection, woo: CustomerStore) -> None:
    entered = {"coupons": "yes", "coupon_discount": "5.00", "coupon_minimum": "50.00"}
    actions.change_options(at_woo, options=read_options(entered))

    give(anna)
    go(at_woo)

    (row,) = woo.coupons.values()
    told = {name: row.get(name) for name in ("discount_type", "amount", "minimum_amount")}
    assert told == {"discount_type": "fixed_cart", "amount": "5.00", "minimum_amount": "50.00"}
    assert "usage_limit_per_user" not in row
    assert row["date_expires"] is None


@pytest.mark.parametrize(("status", "headers"), [(503, {}), (429, {"Retry-After": "30"})])
def test_busy_store_is_told_later(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore, status: int, headers: dict[str, str]
) -> None:
    give(anna)
    woo.fail(status, {"code": "busy"}, **headers)

    go(at_woo)
    waiting = said(at_woo)[0][1]
    go(at_woo, 1)

    assert (waiting, said(at_woo)[0][1]) == ("due", "done")
    assert len(woo.coupons) == 1


def test_refused_coupon_is_given_up_with_the_stores_reason(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    give(anna)
    woo.fail(200, [])
    woo.fail(400, {"code": "woocommerce_rest_invalid_coupon"})

    go(at_woo)

    assert said(at_woo)[0][1:] == (
        "dead",
        "The store refuses the request (400 woocommerce_rest_invalid_coupon).",
    )


@pytest.mark.skipif(not SPECS, reason="TRIBUTARY_SPECS names no folder of vendors' descriptions")
def test_requests_are_those_that_woocommerce_describes(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    spec = json.loads((Path(SPECS) / "woocommerce-v3-from-docs.openapi.json").read_text())

    retire(give(anna))
    go(at_woo)

    known = spec["components"]["schemas"]["coupon"]["properties"]
    assert {name for _path, sent in woo.sent for name in sent} <= set(known)
    for each in woo.asked:
        method, path = each.split(" ", 1)
        described = path.replace("/700", "/{id}")
        assert breaches(spec, method, f"/wp-json/wc/v3{described}") == []


# --- Shopify -----------------------------------------------------------------------------------------------
def test_code_is_made_at_shopify(anna: Enrollment, at_shopify: Connection, shop: CustomerShop) -> None:
    coupon = give(anna)

    go(at_shopify)

    assert said(at_shopify) == [("coupon.created", "done", "The code SPRING10 stands in the shop.")]
    assert shop.codes["SPRING10"]["codeDiscount"]["asked"] == {
        "title": f"Affiliate: SPRING10 (affiliate-coupon-{coupon.pk})",
        "code": "SPRING10",
        "startsAt": f"{NOON:%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": f"{NOON + timedelta(days=30):%Y-%m-%d}T00:00:00Z",
        "context": {"all": "ALL"},
        "customerGets": {"value": {"percentage": 0.1}, "items": {"all": True}},
        "minimumRequirement": None,
        "appliesOncePerCustomer": True,
    }
    assert ENTERED not in last_try(at_shopify.deliveries.get()).request


def test_code_of_an_amount_has_its_minimum(
    anna: Enrollment, at_shopify: Connection, shop: CustomerShop
) -> None:
    entered = {"coupons": "yes", "coupon_discount": "5.00", "coupon_minimum": "50.00"}
    actions.change_options(at_shopify, options=read_options(entered))

    give(anna)
    go(at_shopify)

    asked = shop.codes["SPRING10"]["codeDiscount"]["asked"]
    assert asked["customerGets"]["value"] == {
        "discountAmount": {"amount": "5.00", "appliesOnEachItem": False}
    }
    assert asked["minimumRequirement"] == {"subtotal": {"greaterThanOrEqualToSubtotal": "50.00"}}
    assert (asked["endsAt"], asked["appliesOncePerCustomer"]) == (None, False)


def test_code_is_made_once_and_ended_once(
    anna: Enrollment, at_shopify: Connection, shop: CustomerShop
) -> None:
    coupon = give(anna)
    go(at_shopify)
    retire(coupon)
    go(at_shopify)
    actions.replay_delivery(at_shopify.deliveries.get(kind="coupon.retired"), again=True)
    go(at_shopify)

    assert shop.calls["MakeCode"] == 1
    assert shop.calls["EndCode"] == 1
    assert shop.codes["SPRING10"]["codeDiscount"]["status"] == "EXPIRED"


def test_foreign_code_and_one_with_further_codes_are_left_alone(
    anna: Enrollment, at_shopify: Connection, shop: CustomerShop
) -> None:
    shop.give("MERCHANT", "Half price")
    bundled = give(anna, "bundled")
    go(at_shopify)
    shop.codes["BUNDLED"]["codeDiscount"]["codesCount"]["count"] = 5

    retire(give(anna, "merchant"))
    retire(bundled)
    go(at_shopify)

    assert shop.calls["EndCode"] == 0
    assert {node["codeDiscount"]["status"] for node in shop.codes.values()} == {"ACTIVE"}
    assert [note.split(":")[0] for _kind, _state, note in said(at_shopify)[1:]] == [
        "The shop has a code MERCHANT that was not made here",
        "The shop’s code MERCHANT was not made here",
        "The shop’s code BUNDLED was not made here",
    ]


def test_code_that_was_taken_meanwhile_is_looked_at_again(
    anna: Enrollment, at_shopify: Connection, shop: CustomerShop
) -> None:
    shop.before["MakeCode"] = lambda: shop.give("SPRING10", "Half price")

    give(anna)
    go(at_shopify)

    assert said(at_shopify)[0][2].startswith("The shop has a code SPRING10 that was not made here")
    assert shop.codes["SPRING10"]["codeDiscount"]["title"] == "Half price"


def test_app_that_may_make_no_discounts_waits_for_a_person(
    anna: Enrollment, at_shopify: Connection, shop: CustomerShop
) -> None:
    shop.scopes.remove("write_discounts")
    give(anna)

    go(at_shopify)
    at_shopify.refresh_from_db()
    trouble, tested = at_shopify.last_error, actions.test_connection(at_shopify)
    shop.scopes.append("write_discounts")
    go(at_shopify, 2)

    assert "write_discounts" in trouble
    assert tested == "The shop answers, but the app lacks these scopes: write_discounts."
    assert list(shop.codes) == ["SPRING10"]
