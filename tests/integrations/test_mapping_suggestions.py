"""A first mapping is guessed by the names of a sample's fields, and nothing else is guessed."""

from typing import Any

import pytest

from integrations.connectors.inbox.tables import LEAD, ORDER, REFUND
from integrations.mapping import Table, suggest
from tests.integrations.inbox import PAID


def suggested(table: Table, sample: Any) -> dict[str, str]:
    return {row.target: row.source for row in suggest(table, sample).rows}


def test_likely_sources_of_an_order() -> None:
    assert suggested(ORDER, PAID) == {
        "order.number": "order.id",
        "order.total": "order.total_price",
        "order.currency": "order.currency",
        "order.occurred_at": "order.created_at",
        "customer.id": "order.customer.id",
        "customer.email": "order.customer.email",
        "customer.country": "order.customer.country",
        "evidence.coupon": "order.coupon",
    }


def test_lines_are_suggested_only_where_their_net_amount_is_told() -> None:
    """The price of one piece is no net amount of a line."""
    told = {"sku": "MUG", "title": "Mug", "qty": 2, "line_total": "80.00"}
    sample = {"tags": [{"name": "a", "count": 1}], "cart": {"products": [told]}}

    assert suggested(ORDER, sample) == {
        "lines[].sku": "cart.products[].sku",
        "lines[].name": "cart.products[].title",
        "lines[].quantity": "cart.products[].qty",
        "lines[].net": "cart.products[].line_total",
    }


@pytest.mark.parametrize(
    ("sample", "target", "source"),
    [
        ({"orderId": 5, "id": 9}, "order.number", "orderId"),
        ({"Order-Number": "A1"}, "order.number", "Order-Number"),
        ({"data": {"object": {"grand_total": 1}}}, "order.total", "data.object.grand_total"),
        ({"total": 5, "meta": {"total": 6}}, "order.total", "total"),
        ({"odd key": {"e.mail": "x"}}, "customer.email", 'odd key["e.mail"]'),
    ],
)
def test_names_are_found_however_they_are_written(sample: Any, target: str, source: str) -> None:
    assert suggested(ORDER, sample)[target] == source


@pytest.mark.parametrize(
    "sample", [{}, [], None, 5, {"a": {}}, {"colour": "red"}, {"items": []}, {"total": None}]
)
def test_nothing_is_guessed_from_what_says_nothing(sample: Any) -> None:
    assert suggested(ORDER, sample) == {}


def test_refunds_and_leads_have_names_of_their_own() -> None:
    refund = {"refund": {"id": 1, "amount": "5.00"}, "order_id": 7, "reason": "broken"}

    assert suggested(REFUND, refund) == {
        "refund.number": "refund.id",
        "refund.order": "order_id",
        "refund.amount": "refund.amount",
        "refund.reason": "reason",
    }
    assert suggested(LEAD, {"lead_id": 4, "email": "a@example.com", "ref": "ann"}) == {
        "lead.number": "lead_id",
        "customer.email": "email",
        "evidence.ref": "ref",
    }
