"""Bodies of the recorded store as values, compared with what the store itself says of them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from core.money import Money
from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.woocommerce.parse import read
from tests.fakes.woocommerce import EXPECTED
from tests.integrations.deliveries import ORDERS, body_of, changed
from tracking.buyers import TOLD
from tracking.orders import OrderIn
from tracking.states import OrderState

SHOP = Store("", "shop", {})


def order_of(body: bytes | dict[str, Any]) -> OrderIn:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    order = read(SHOP, "order.updated", raw).order
    assert order is not None
    return order


def minor(text: str, currency: str) -> int:
    return Money.parse(text, currency, negative=True).amount


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["order_id"]))
def test_amounts_are_those_of_the_store(expected: dict[str, Any]) -> None:
    order = order_of(body_of(expected["last_payload"]))

    currency = expected["currency"]
    fees = min(minor("-7.00", "EUR") if expected["fees_net"] == "-4.00" else 0, 0)
    assert order.total == minor(expected["total"], currency)
    assert order.tax == minor(expected["tax"], currency)
    assert order.shipping == minor(expected["shipping"], currency)
    assert order.discount == minor(expected["discount"], currency)
    assert sum(line.net for line in order.lines) == minor(expected["items_net"], currency) + fees
    assert sum(refund.gross or 0 for refund in order.refunds or ()) == minor(expected["refunded"], currency)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["order_id"]))
def test_evidence_and_buyer_are_those_of_the_store(expected: dict[str, Any]) -> None:
    order = order_of(body_of(expected["last_payload"]))

    assert list(order.evidence.coupons) == expected["coupons"]
    assert order.evidence.landing_url == (expected["session_entry"] or "")
    assert order.customer.email == expected["email"]
    assert order.customer.external_id == (
        "" if expected["customer_id"] == 0 else str(expected["customer_id"])
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("processing", OrderState.SALE),
        ("completed", OrderState.SALE),
        ("refunded", OrderState.REFUNDED),
        ("cancelled", OrderState.VOID),
        ("trash", OrderState.GONE),
        ("pending", OrderState.OPEN),
        ("on-hold", OrderState.OPEN),
        ("failed", OrderState.OPEN),
        ("checkout-draft", OrderState.OPEN),
    ],
)
def test_status_means(status: str, state: OrderState) -> None:
    assert order_of(changed("028-order.updated", status=status)).state == state


def test_order_paid_on_delivery_counts_from_its_creation() -> None:
    order = order_of(body_of("028-order.updated"))

    assert order.captured_at == order.occurred_at == datetime(2026, 11, 21, 1, 41, 56, tzinfo=UTC)


def test_paid_order_counts_from_its_payment() -> None:
    order = order_of(body_of("072-order.updated"))

    assert order.captured_at == datetime(2026, 11, 21, 1, 46, 43, tzinfo=UTC)
    assert order.revision_at == datetime(2026, 11, 21, 1, 46, 44, tzinfo=UTC)


def test_yen_of_a_store_in_euro_are_whole() -> None:
    order = order_of(body_of("061-order.created"))

    assert (order.total, order.currency) == (7500, "JPY")


def test_yen_with_a_fraction_are_refused() -> None:
    with pytest.raises(Unreadable, match=r"7500\.50 has more decimals than JPY has \(0\)"):
        order_of(changed("061-order.created", total="7500.50"))


def test_dinars_have_three_decimals() -> None:
    order = order_of(changed("061-order.created", currency="KWD", total="12.345"))

    assert order.total == 12345


def test_negative_fee_is_shared_over_the_lines_and_a_positive_one_left_out() -> None:
    lines = [{"id": 1, "quantity": 1, "total": "10.00"}, {"id": 2, "quantity": 2, "total": "20.00"}]
    fees = [{"id": 3, "total": "-1.00"}, {"id": 4, "total": "3.00"}]

    order = order_of(changed("066-order.created", line_items=lines, fee_lines=fees))

    assert [line.net for line in order.lines] == [967, 1933]


def test_negative_fee_takes_no_more_than_there_is() -> None:
    lines = [{"id": 1, "quantity": 1, "total": "10.00"}]

    order = order_of(changed("066-order.created", line_items=lines, fee_lines=[{"id": 3, "total": "-99.00"}]))

    assert [line.net for line in order.lines] == [0]


def test_lines_whose_sum_no_column_keeps_are_refused() -> None:
    lines = [{"id": number, "quantity": 1, "total": "9" * 16} for number in range(1, 12)]

    with pytest.raises(Unreadable, match="too large"):
        order_of(changed("066-order.created", line_items=lines))


def test_gift_card_that_is_bought_is_excluded() -> None:
    meta = [{"id": 1, "key": "wc_gc_giftcard_amount", "value": "50"}, {"id": 2, "key": None, "value": {}}]
    lines = [{"id": 1, "quantity": 1, "total": "50.00", "meta_data": meta}]

    assert [line.excluded for line in order_of(changed("028-order.updated", line_items=lines)).lines] == [
        True
    ]


@pytest.mark.parametrize(
    ("meta", "brand"),
    [
        ([{"key": "pa_brand", "value": "acme-co", "display_value": "Acme &amp; Co"}], "Acme & Co"),
        ([{"key": "brand", "value": "Acme", "display_value": "Acme"}], "Acme"),
        ([{"key": "brand", "value": "Own"}, {"key": "pa_brand", "value": "acme"}], "acme"),
        ([{"key": "brand", "value": "A" * 300}], "A" * 120),
        ([{"key": "brand", "value": {"a": 1}, "display_value": True}, {"key": {}, "value": "x"}], ""),
        ([{"key": "size", "value": "M", "display_value": "M"}], ""),
    ],
)
def test_brand_is_an_attribute_of_the_line(meta: list[dict[str, Any]], brand: str) -> None:
    lines = [{"id": 1, "quantity": 1, "total": "50.00", "meta_data": meta}]

    assert order_of(changed("028-order.updated", line_items=lines)).lines[0].brand == brand


@pytest.mark.parametrize(
    ("meta", "subscription"),
    [
        ([{"id": 1, "key": "is_vat_exempt", "value": "no"}], ""),
        ([{"id": 1, "key": "_subscription_renewal", "value": "1275"}], "1275"),
        ([{"id": 1, "key": "_subscription_switch", "value": "1275"}], "1275"),
        ([{"id": 1, "key": "_subscription_renewal", "value": "yes"}], ""),
        ([{"id": 1, "key": "_subscription_renewal", "value": {"a": 1}}], ""),
    ],
)
def test_renewal_names_its_subscription(meta: list[dict[str, Any]], subscription: str) -> None:
    order = order_of(changed("028-order.updated", meta_data=meta))

    assert (order.subscription, order.payment_number) == (subscription, None)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["order_id"]))
def test_recorded_orders_are_sales_without_brand_and_subscription(expected: dict[str, Any]) -> None:
    order = order_of(body_of(expected["last_payload"]))

    assert (order.goal, order.subscription) == ("sale", "")
    assert {line.brand for line in order.lines} <= {""}


def test_refunds_are_listed_oldest_first_with_what_the_buyer_got() -> None:
    order = order_of(body_of("042-order.updated"))

    told = [(refund.external_id, refund.gross, refund.lines, refund.reason) for refund in order.refunds or ()]
    assert told == [("25", 4241, None, "one mug broken"), ("26", 1000, None, "goodwill")]


def test_click_id_and_code_are_read_from_the_landing_address() -> None:
    entry = "https://shop.example.com/?ref=Anna&tid=abc&ref=eve&utm_source=x#top"
    meta = [{"id": 1, "key": "_wc_order_attribution_session_entry", "value": entry}]

    evidence = order_of(changed("028-order.updated", meta_data=meta)).evidence

    assert (evidence.ref, evidence.tid, evidence.landing_url) == ("Anna", "abc", entry)


@pytest.mark.parametrize("entry", ["http://[", "?" + "a=1&" * 200, "ref=anna", "", 7, None, ["?ref=anna"]])
def test_odd_landing_address_names_nobody(entry: object) -> None:
    meta = [{"id": 1, "key": "_wc_order_attribution_session_entry", "value": entry}]

    assert order_of(changed("028-order.updated", meta_data=meta)).evidence.ref == ""


def test_names_are_plain_text() -> None:
    assert order_of(body_of("083-order.updated")).lines[0].name == "Field Guide “Vögel & Wälder”"


def test_deletion_and_refund_hook_ask_for_the_order() -> None:
    deleted = read(SHOP, "order.deleted", b'{"id": 30}')
    refunded = read(
        SHOP, "action.woocommerce_order_refunded", body_of("041-action.woocommerce_order_refunded")
    )

    assert deleted == Reading(ask="30")
    assert refunded == Reading(ask="22", note="The order's own message tells of the refund too.")


def test_recorded_orders_survive_storage() -> None:
    bodies = [body_of(name) for name in ORDERS if b'"currency"' in body_of(name)]

    orders = [order_of(body) for body in bodies]

    assert [OrderIn.from_json(order.as_json()) for order in orders] == orders


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.decimals(allow_nan=False).map(Decimal.__str__),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def told(body: bytes) -> OrderIn | str | None:
    """Return the order, or the sentence that refuses it."""
    try:
        return read(SHOP, "order.updated", body).order
    except Unreadable as trouble:
        return str(trouble)


@given(field=st.sampled_from(sorted(changed("028-order.updated"))), value=JSON)
def test_any_field_may_be_anything_and_nothing_breaks(field: str, value: object) -> None:
    answer = told(json.dumps(changed("028-order.updated", **{field: value})).encode())

    if isinstance(answer, OrderIn):
        assert OrderIn.from_json(answer.as_json()) == answer
    else:
        assert answer


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_a_sentence(body: bytes) -> None:
    assert isinstance(told(body), str)


def attributed(**told: Any) -> OrderIn:
    """A recorded order with WooCommerce's own order attribution alone."""
    metas = [
        {"id": 1, "key": f"_wc_order_attribution_{name}", "value": value} for name, value in told.items()
    ]
    return order_of(changed(ORDERS[0], meta_data=metas))


def test_own_order_attribution_is_read_without_a_plugin() -> None:
    order = attributed(
        source_type="utm",
        referrer="https://annas-blog.test/mugs?session=secret#top",
        utm_source="anna-blog",
        utm_medium="affiliate",
        utm_id="c-9",
        session_entry="https://shop.example/mug/?tid=t1&ref=anna&utm_source=anna-blog",
        session_start_time="2026-11-21 01:40:00",
    )

    assert (order.evidence.tid, order.evidence.ref) == ("t1", "anna")
    assert order.evidence.referrer == "https://annas-blog.test/mugs"
    assert order.evidence.referred_at == datetime(2026, 11, 21, 1, 40, tzinfo=UTC)
    assert {
        name: order.metadata.get(name) for name in ("referrer", "source_type", "utm_source", "utm_id")
    } == {
        "referrer": "https://annas-blog.test/mugs",
        "source_type": "utm",
        "utm_source": "anna-blog",
        "utm_id": "c-9",
    }


@pytest.mark.parametrize(
    "told",
    [
        {"source_type": "typein", "utm_source": "(direct)", "utm_medium": "(none)", "referrer": "(none)"},
        {
            "source_type": "typein",
            "utm_source": ["x"],
            "referrer": "javascript:alert(1)",
            "session_entry": None,
        },
        {
            "source_type": "typein",
            "referrer": "https://user:pass@evil.example/",
            "session_entry": "http://[::1",
        },
    ],
)
def test_attribution_that_says_nothing_is_no_evidence(told: dict[str, Any]) -> None:
    order = attributed(**told)

    assert (order.evidence.tid, order.evidence.ref, order.evidence.referrer) == ("", "", "")
    assert order.evidence.referred_at is None
    assert set(order.metadata) - TOLD == {"status", "number", "source_type"}


@pytest.mark.parametrize(
    "began", ["", "(none)", "yesterday", "2026-13-40 99:00:00", "0001-01-01 00:00:00", None, 7, ["x"]]
)
def test_odd_beginning_of_a_session_leaves_the_referrer(began: object) -> None:
    order = attributed(referrer="https://annas-blog.test/mugs", session_start_time=began)

    assert (order.evidence.referrer, order.evidence.referred_at) == ("https://annas-blog.test/mugs", None)


def test_endless_referrer_is_cut() -> None:
    order = attributed(referrer="https://annas-blog.test/" + "a" * 5000)

    assert len(order.evidence.referrer) == 800
    assert len(order.metadata["referrer"]) == 200
