"""A coupon that was retired gets no code in a shop by a message of before."""

from datetime import timedelta

import pytest

from affiliates.models import Enrollment
from integrations import actions
from integrations.connectors.shop_options import read_options
from integrations.models import Connection, Delivery
from tests import makers
from tests.fakes.woocommerce import KEY, SECRET
from tests.fakes.woocommerce_customers import CustomerStore
from tests.integrations.store_customers import its_woo  # noqa: F401 - a fixture
from tests.integrations.test_store_coupons import DISCOUNT, give, go, retire, said
from tests.makers import NOON


@pytest.fixture
def at_woo(anna: Enrollment, woo: CustomerStore) -> Connection:
    """The store, connected, that makes codes."""
    keys = {"webhook_secret": "x", "consumer_key": KEY, "consumer_secret": SECRET}
    return makers.make_connection(
        anna.program, base_url=woo.url, secrets=keys, options=read_options(DISCOUNT)
    )


def given_up_and_retired(anna: Enrollment, at_woo: Connection) -> Delivery:
    """A code that the store never got, and that was retired since; the store was told of its end."""
    coupon = give(anna)
    at_woo.deliveries.update(state="dead", done_at=NOON)
    retire(coupon)
    go(at_woo)
    return at_woo.deliveries.get(kind="coupon.created")


def test_code_of_a_retired_coupon_is_not_made_by_trying_again(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    row = given_up_and_retired(anna, at_woo)

    with pytest.raises(actions.CannotReplay, match="retired by now"):
        actions.replay_delivery(row)
    go(at_woo, 1)

    assert woo.coupons == {}


def test_period_sent_again_makes_no_code_of_a_retired_coupon(
    anna: Enrollment, at_woo: Connection, woo: CustomerStore
) -> None:
    given_up_and_retired(anna, at_woo)
    give(anna, "summer")
    at_woo.deliveries.filter(state="due").update(state="dead", done_at=NOON)

    period = {"since": NOON - timedelta(days=1), "until": NOON + timedelta(days=1)}
    assert actions.replay_period(at_woo, **period, states=["dead", "done"]) == 2
    go(at_woo, 1)

    assert [row["code"] for row in woo.coupons.values()] == ["summer"]
    assert [kind for kind, state, _note in said(at_woo) if state == "dead"] == ["coupon.created"]


def test_news_of_a_retired_coupon_are_told_again_where_they_make_no_code(anna: Enrollment) -> None:
    hook = makers.make_connection(anna.program, connector="webhook", source="hook")
    coupon = give(anna)
    retire(coupon)
    row = makers.make_delivery(hook, kind="coupon.created", object_key=f"coupon:{coupon.pk}")

    assert actions.replay_delivery(row).state == "due"
