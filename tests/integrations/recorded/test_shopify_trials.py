"""Shopify's own tool sends trials: they count nothing, and would be read whole if they were none."""

import json
from typing import Any

import pytest

from integrations.connectors.body import Fields
from integrations.connectors.shopify.order import order_in
from integrations.connectors.shopify.parse import read
from integrations.models import Inbound
from tests.integrations.recorded.conftest import Connect
from tests.integrations.recorded.page import Recording, recordings
from tests.integrations.recorded.vendors import post, shopify, work
from tests.integrations.shopify_messages import SHOP
from tracking.models import Order, Refund
from tracking.states import OrderState

ALL = [one for one in recordings() if one.vendor == "shopify"]


def here(told: Recording) -> Recording:
    if told.path is None:
        pytest.skip("TRIBUTARY_PAYLOADS names no folder that has it")
    return told


@pytest.mark.parametrize("told", ALL, ids=[one.file for one in ALL])
def test_trial_counts_nothing(connect: Connect, told: Recording) -> None:
    connection = connect("shopify")
    behind, headers = shopify(connection, here(told))

    assert post(connection, behind, {**headers, "X-Shopify-Test": "true"}, told.body) == 200
    work()

    assert Inbound.objects.get().state == "ignored"
    assert (Order.objects.count(), Refund.objects.count()) == (0, 0)


def test_recorded_order_would_be_read_whole_if_it_were_none_of_a_test() -> None:
    (recorded,) = (here(one) for one in ALL if one.file == "orders_create.json")
    told: dict[str, Any] = {**json.loads(recorded.body), "test": False, "cancelled_at": None}

    order = order_in(Fields({**told, "financial_status": "paid"}), "shop")

    assert (order.state, order.total, order.currency) == (OrderState.SALE, 38800, "USD")
    assert [line.net for line in order.lines] == [19900, 19900]  # its discount is allocated to no line
    assert read(SHOP, "orders/create", json.dumps(told).encode()).order is not None
