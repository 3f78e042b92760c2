"""What orders and credit memos of Magento mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.base import Store, Unreadable
from integrations.connectors.body import Fields
from integrations.connectors.magento.parse import order_in
from tests.fakes.magento import recorded
from tracking.buyers import TOLD
from tracking.orders import LineIn, OrderIn, RefundIn, RefundLineIn

USD = Store("https://shop.example", "shop", {}, "USD")


def plain(value: Any) -> Any:
    """Decimals as text, as the reader hands them on."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return repr(value) if isinstance(value, float) else value


def read(*memos: dict[str, Any], of: Store = USD, **fields: Any) -> OrderIn:
    """Read the recorded order with other fields, and its credit memos."""
    order = plain({**recorded("order"), **fields})
    return order_in(Fields(order), [Fields(plain(memo)) for memo in memos], of)


def item(number: int, **fields: Any) -> dict[str, Any]:
    """A line of 30.00."""
    known = {
        "item_id": number,
        "sku": f"S{number}",
        "qty_ordered": 1,
        "product_type": "simple",
        "row_total": 30,
    }
    return {**known, "discount_amount": 0, **fields}


def memo(**fields: Any) -> dict[str, Any]:
    """The recorded credit memo: one shirt, 22.00 less 2.20."""
    return {**recorded("creditmemo"), **fields}


def test_recorded_order() -> None:
    order = read()

    assert (order.external_id, order.state, order.currency) == ("31", "sale", "USD")
    assert (order.total, order.tax, order.shipping, order.discount) == (2480, 0, 500, 220)
    assert order.occurred_at == datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
    assert order.revision_at == datetime(2026, 11, 2, 13, 0, 5, tzinfo=UTC)
    line = LineIn("3", 1980, 1, "WS12-M-Orange", "Radiant Tee-M-Orange", "1553")
    assert order.lines == (line,)
    assert (order.evidence.coupons, order.evidence.tid) == (("ANA10",), "01JBXEXAMPLECLICK")
    assert (order.customer.external_id, order.customer.email, order.customer.country) == (
        "2",
        "jdoe@example.com",
        "US",
    )
    told = {name: value for name, value in order.metadata.items() if name not in TOLD}
    assert told == {"status": "processing", "number": "000000031"}
    assert order.refunds == ()


def test_recorded_credit_memo_is_a_refund_of_its_line() -> None:
    order = read(memo())

    when = datetime(2026, 11, 5, 13, 0, tzinfo=UTC)
    lines = (RefundLineIn("3", 1, 1980),)
    assert order.refunds == (
        RefundIn("4", occurred_at=when, gross=1980, lines=lines, reason="customer return"),
    )


def test_cancelled_credit_memo_is_none() -> None:
    assert read(memo(state=3)).refunds == ()


def test_memos_are_listed_by_number_whatever_their_order() -> None:
    order = read(memo(entity_id=9), memo(entity_id=4))

    assert [refund.external_id for refund in order.refunds or ()] == ["4", "9"]
    assert order.content_hash() == read(memo(entity_id=4), memo(entity_id=9)).content_hash()


def test_shipping_alone_leaves_the_lines_to_be_asked_for() -> None:
    (refund,) = read(memo(items=[], grand_total=5, base_grand_total=5)).refunds or ()

    assert (refund.gross, refund.lines, refund.final) == (500, None, False)


def test_goodwill_beside_lines_is_a_refund_of_its_own() -> None:
    goodwill, lines = read(memo(grand_total=24.8, adjustment_positive=5)).refunds or ()

    assert (goodwill.external_id, goodwill.gross, goodwill.lines, goodwill.final) == (
        "4-adjustment",
        500,
        None,
        True,
    )
    assert (lines.external_id, lines.gross, lines.lines) == ("4", 1980, (RefundLineIn("3", 1, 1980),))


def test_goodwill_alone_is_shared_over_all_lines_for_good() -> None:
    (refund,) = read(memo(items=[], grand_total=5, adjustment_positive=5)).refunds or ()

    assert (refund.external_id, refund.gross, refund.lines, refund.final) == ("4", 500, None, True)


def test_configurable_counts_once() -> None:
    child = item(4, parent_item_id=3, row_total=0, product_type="simple")
    order = read(items=[item(3, product_type="configurable"), child])

    assert [(line.external_id, line.net) for line in order.lines] == [("3", 3000)]


def test_bundle_that_is_discounted_by_its_parts_is_net_of_them() -> None:
    parts = [
        item(4, parent_item_id=3, row_total=20, discount_amount=2),
        item(5, parent_item_id=3, row_total=10),
    ]
    order = read(items=[item(3, product_type="bundle"), *parts])

    assert [(line.external_id, line.net) for line in order.lines] == [("3", 2800)]


def test_discount_in_prices_with_tax_is_taken_off_without_its_tax() -> None:
    """24.00 of discount with 20 % tax inside are 20.00 net."""
    order = read(items=[item(3, row_total=100, discount_amount=24, discount_tax_compensation_amount=4)])

    assert order.lines[0].net == 8000


def test_gift_card_earns_nothing() -> None:
    assert read(items=[item(3, product_type="giftcard")]).lines[0].excluded


def test_parts_of_a_memo_are_not_refunded_beside_their_whole() -> None:
    child = {"order_item_id": 4, "qty": 1, "row_total": 0, "entity_id": 10, "base_cost": 0, "base_price": 0}
    order = read(memo(items=[*memo()["items"], child]))

    assert [line.external_id for line in (order.refunds or ())[0].lines or ()] == ["3"]


def bundled(*memos: dict[str, Any]) -> list[tuple[RefundLineIn, ...] | None]:
    """What of which line went back: of a bundle of 60.00 and 40.00, and a line of 50.00."""
    parts = [item(4, parent_item_id=3, row_total=60), item(5, parent_item_id=3, row_total=40)]
    lines = [item(3, product_type="bundle", row_total=100), *parts, item(6, row_total=50)]
    order = read(*memos, items=lines, grand_total=150)
    return [refund.lines for refund in order.refunds or ()]


def credited(number: int, amount: object, quantity: int = 1) -> dict[str, Any]:
    """A line of a credit memo."""
    return {"order_item_id": number, "qty": quantity, "row_total": amount}


@pytest.mark.parametrize("whole", [[credited(3, None)], [credited(3, 0)], [credited(3, 100)]])
def test_bundle_priced_by_its_parts_is_credited_by_them_once(whole: list[dict[str, Any]]) -> None:
    rows = [*whole, credited(4, 60), credited(5, 40)]

    assert bundled(memo(items=rows, grand_total=100)) == [(RefundLineIn("3", 1, 10000),)]


def test_parts_without_their_bundle_are_the_bundles() -> None:
    rows = [credited(4, 60), credited(5, 40, quantity=0)]

    assert bundled(memo(items=rows, grand_total=60)) == [(RefundLineIn("3", 0, 6000),)]


@pytest.mark.parametrize(
    ("fee", "back", "nets"),
    [(20, 0, [8667, 4333]), (0.01, 0, [9999, 5000]), (20, 5, [9000, 4500]), (900, 0, [0, 0])],
)
def test_fee_is_kept_back_of_all_lines(fee: float, back: float, nets: list[int]) -> None:
    rows = [credited(3, 100), credited(6, 50)]
    told = memo(items=rows, grand_total=10, adjustment_negative=fee, adjustment_positive=back)

    (lines,) = bundled(told)

    assert [line.net for line in lines or ()] == nets


@pytest.mark.parametrize(
    ("program", "expected"), [("USD", ("USD", 2480)), ("EUR", ("EUR", 2000)), ("GBP", ("USD", 2480))]
)
def test_base_amounts_count_where_the_base_is_the_programs(program: str, expected: tuple[str, int]) -> None:
    of = Store("https://shop.example", "shop", {}, program)
    order = read(of=of, base_currency_code="EUR", base_grand_total=20)

    assert (order.currency, order.total) == expected


def test_refund_is_in_the_orders_currency() -> None:
    of = Store("https://shop.example", "shop", {}, "EUR")
    lines = [{**memo()["items"][0], "base_row_total": 20, "base_discount_amount": 2}]
    order = read(memo(base_grand_total=18, items=lines), of=of, base_currency_code="EUR")

    (refund,) = order.refunds or ()
    assert (refund.gross, refund.lines) == (1800, (RefundLineIn("3", 1, 1800),))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("new", "open"),
        ("pending_payment", "open"),
        ("payment_review", "open"),
        ("holded", "open"),
        ("processing", "sale"),
        ("complete", "sale"),
        ("closed", "refunded"),
        ("canceled", "void"),
    ],
)
def test_states(state: str, expected: str) -> None:
    assert read(state=state, status="made-by-the-merchant").state == expected


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "beamed"}, "The store's state “beamed” is not one of Magento's own"),
        ({"order_currency_code": "XXX", "base_currency_code": "XXX"}, "'XXX' is not a currency"),
        ({"grand_total": -1}, "The field “grand_total” is negative."),
        ({"grand_total": "many"}, "The field “grand_total” is not an amount."),
        ({"grand_total": "1e30"}, "The field “grand_total” is not an amount."),
        ({"grand_total": True}, "The field “grand_total” is not an amount."),
        ({"grand_total": 10**17}, "The field “grand_total” is too large."),
        ({"created_at": None}, "The order does not say when it was made."),
        ({"entity_id": "../1"}, "The field “entity_id” is not what it should be."),
        ({"items": "none"}, "The field “items” is not what it should be."),
    ],
)
def test_what_is_odd_is_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read(**fields)

    assert sentence in str(raised.value)


def test_four_decimals_are_rounded_half_up() -> None:
    assert read(items=[item(3, row_total=33.3350), item(4, row_total=33.3349)]).lines[0].net == 3334
    assert read(items=[item(3, row_total="33.3349")]).lines[0].net == 3333


def test_guest_and_several_coupons() -> None:
    order = read(customer_id=None, extension_attributes={"coupon_codes": ["ANA10", "BOB5", "ANA10", 7]})

    assert (order.customer.external_id, order.evidence.coupons) == ("", ("ANA10", "BOB5"))


def test_one_coupon_of_open_source() -> None:
    assert read(extension_attributes=[], coupon_code="ANA10").evidence.coupons == ("ANA10",)
