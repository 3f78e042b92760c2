"""Affiliates' codes in a Magento store: a cart price rule with a coupon, made once and switched off when retired."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.jobs import Temporary
from integrations.connectors import magento
from integrations.connectors.base import Delivered, Message, Refused, Store
from integrations.connectors.shop_options import read_options
from tests.fakes.magento import KEYS
from tests.fakes.magento_customers import CustomerMagento
from tests.makers import NOON

DISCOUNT = {"coupons": "yes", "coupon_discount": "10 %", "coupon_once": "yes", "coupon_days": "30"}


@pytest.fixture
def mage(settings: Any) -> Iterator[CustomerMagento]:
    """A Magento store."""
    with CustomerMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


def tell(mage: CustomerMagento, kind: str = "coupon.created", **entered: str) -> Delivered:
    """Tell the store of Anna's code."""
    store = Store(mage.url, "shop", KEYS, "EUR", read_options({**DISCOUNT, **entered}))
    body = {"coupon": {"id": 31, "code": "spring10"}}
    return magento.deliver(store, Message("m1", kind, "coupon:31", NOON, body))


def test_rule_is_made_with_its_coupon(mage: CustomerMagento) -> None:
    told = tell(mage)

    (rule,) = mage.rules.values()
    (coupon,) = mage.coupons
    assert (told.note, told.remote_id) == ("The code SPRING10 stands in the shop.", "30")
    assert (coupon["code"], coupon["rule_id"], coupon["usage_per_customer"]) == ("SPRING10", 30, 1)
    assert rule["name"] == "Affiliate: SPRING10 (affiliate-coupon-31)"
    assert (rule["website_ids"], rule["customer_group_ids"]) == ([1, 2], [0, 1, 3])
    assert (rule["simple_action"], rule["discount_amount"], rule["uses_per_customer"]) == (
        "by_percent",
        10.0,
        1,
    )
    assert rule["to_date"] == f"{NOON + timedelta(days=29):%Y-%m-%d}"
    assert "condition" not in rule
    assert KEYS["access_token_secret"] not in told.request


def test_amount_and_minimum_are_told(mage: CustomerMagento) -> None:
    tell(mage, coupon_discount="5.00", coupon_minimum="50.00", coupon_once="", coupon_days="")

    (rule,) = mage.rules.values()
    assert (rule["simple_action"], rule["discount_amount"], rule["uses_per_customer"]) == (
        "cart_fixed",
        5.0,
        0,
    )
    assert rule["condition"]["conditions"][0]["value"] == "50.00"
    assert "to_date" not in rule


def test_it_is_made_once_however_often_it_is_told(mage: CustomerMagento) -> None:
    tell(mage)

    assert tell(mage).note == "The code SPRING10 stands in the shop."
    assert mage.posted == ["salesRules", "coupons"]


def test_rule_whose_coupon_was_not_made_is_used_by_the_next_try(mage: CustomerMagento) -> None:
    whole = mage.make_coupon
    mage.make_coupon = lambda: (503, {"message": "busy"}, {})  # type: ignore[method-assign]
    with pytest.raises(Temporary):
        tell(mage)
    mage.make_coupon = whole  # type: ignore[method-assign]

    tell(mage)

    assert mage.posted == ["salesRules", "coupons", "coupons"]
    assert [row["rule_id"] for row in mage.coupons] == [30]


def test_retired_rule_is_switched_off_and_otherwise_stays(mage: CustomerMagento) -> None:
    tell(mage)
    before = dict(mage.rules[30])

    ended, again = tell(mage, "coupon.retired"), tell(mage, "coupon.retired")

    assert (ended.note, again.note) == ("The code SPRING10 is switched off in the shop.",) * 2
    assert mage.rules[30] == {**before, "is_active": False}
    assert again.calls == 2


def test_foreign_coupon_is_left_alone(mage: CustomerMagento) -> None:
    rule = dict(mage.give("Spring10", name="Half price", is_active=True))

    made, ended = tell(mage), tell(mage, "coupon.retired")

    assert made.note.startswith("The shop has a code SPRING10 that was not made here")
    assert ended.note.startswith("The shop’s code SPRING10 was not made here")
    assert (mage.rules, mage.posted) == ({30: rule}, [])


def test_coupon_that_is_gone_needs_no_end(mage: CustomerMagento) -> None:
    assert (
        tell(mage, "coupon.retired").note == "The shop has no code SPRING10: there is nothing to switch off."
    )


def test_refusal_is_given_up_with_the_stores_reason(mage: CustomerMagento) -> None:
    mage.make_rule = lambda: (400, {"message": "Error occurred when saving rule"}, {})  # type: ignore[method-assign]

    with pytest.raises(Refused, match="Error occurred when saving rule") as raised:
        tell(mage)

    assert raised.value.delivered is not None
    assert "POST /rest/V1/salesRules" in raised.value.delivered.request
