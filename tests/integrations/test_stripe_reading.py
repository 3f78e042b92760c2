"""What Stripe's events mean where it cannot be asked, in the shapes before and since 2025-03."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.money import EXPONENTS
from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.stripe_billing import read
from integrations.connectors.stripe_billing.fields import minor
from tests.integrations.fake_stripe import (
    KEY,
    SOLD,
    Row,
    dispute,
    event,
    invoice,
    line,
    refund,
    session,
)
from tracking.orders import Evidence, LineIn, OrderIn
from tracking.states import OrderState, RefundKind

PAYLOADS = Path(__file__).parent.parent / "payloads" / "stripe"
OTHERS = Path(os.environ.get("TRIBUTARY_PAYLOADS", "/nowhere")) / "stripe"
ALONE = Store("", "stripe", {"mode": "test"}, "EUR")
ASKING = replace(ALONE, keys={"api_key": KEY})
CLICK = "AZ0example0click0id0of0a0visitor"

# What each recorded event ends in without a key, and what is asked about with one.
RESULTS = {
    "checkout.session.completed": ("order pi_lab sale 18000 BRL", "cs_test_b1lab"),
    "checkout.session.completed.subscription.2022-11-15": ("note", "in_old"),
    "invoice.paid": ("order in_new sale 11900 USD", "in_new"),
    "invoice.paid.2022-11-15": ("order in_old sale 7000 USD", "in_old"),
    "invoice.paid.trial.2022-11-15": ("order in_trial sale 0 USD", "in_trial"),
    "invoice.payment_failed": ("note", ""),
    "charge.refunded.partial": ("note", "pi_lab"),
    "refund.created": ("refund re_lab of pi_lab 9000 BRL", "pi_lab"),
    "refund.created.by-charge": ("refund re_chg of ch_lab 9000 BRL", "ch_lab"),
    "charge.dispute.created": ("chargeback dp_lab of pi_lab 18000 BRL", "pi_lab"),
    "customer.subscription.deleted": ("note", ""),
    "account.updated": ("note", ""),
    "v2.thin-event": ("note", ""),
}
# The same of the recordings that are not ours to copy, where a folder with them is at hand.
ELSEWHERE = {
    "checkout.session.completed": ("note", "cs_test_"),
    "checkout.session.completed.real-2022-11-15": ("note", "in_1MhUT5E0b6fckueSfPlY05Fw"),
    "invoice.paid": ("order in_1Pgc6tB7WZ01zgkWu9fdqL6I sale 1000 USD", "in_"),
    "invoice.paid.real-2022-11-15": ("order in_1MhUT5E0b6fckueSfPlY05Fw sale 0 USD", "in_"),
    "invoice.payment_succeeded.real-2022-11-15": ("order in_1MhUT5E0b6fckueSfPlY05Fw sale 0 USD", "in_"),
    "invoice.payment_failed": ("note", ""),
    "charge.refunded": ("note", "pi_1PgafyB7WZ01zgkWSjxsAJo3"),
    "charge.refunded.partial": ("note", "pi_1PgafyB7WZ01zgkWSjxsAJo3"),
    "refund.created": ("refund re_1Pgc72B7WZ01zgkWqPvrRrPE of ch_1PgafuB7WZ01zgkWXYmPNZs8 9000 BRL", "ch_"),
    "charge.dispute.created": (
        "chargeback dp_1Pgc71B7WZ01zgkWMevJiAUx of pi_1PgafyB7WZ01zgkWSjxsAJo3 18000 BRL",
        "pi_",
    ),
    "customer.subscription.created.real-2022-11-15": ("note", ""),
    "customer.subscription.deleted": ("note", ""),
    "customer.subscription.updated": ("note", ""),
    "account.application.deauthorized.real": ("note", ""),
    "account.updated": ("note", ""),
    "account.updated.real-express-2020-08-27": ("note", ""),
    "payout.failed": ("note", ""),
    "payout.paid": ("note", ""),
    "transfer.created": ("note", ""),
    "transfer.reversed": ("note", ""),
    "v2.thin-event.reconstructed": ("note", ""),
}


def reading(told: Row | bytes, store: Store = ALONE) -> Reading:
    return read(store, "", told if isinstance(told, bytes) else json.dumps(told).encode(), {})


def order_of(kind: str, about: Row) -> OrderIn:
    order = reading(event(kind, about)).order
    assert order is not None
    return order


def billed(total: int = 10000, **told: Any) -> OrderIn:
    return order_of("invoice.paid", invoice(total=total, **told))


def recorded(name: str) -> OrderIn:
    order = reading((PAYLOADS / f"{name}.json").read_bytes()).order
    assert order is not None
    return order


def said(found: Reading) -> str:
    """The reading in a line."""
    if found.order is not None:
        order = found.order
        return f"order {order.external_id} {order.state} {order.total} {order.currency}"
    if found.refund is not None:
        back = found.refund
        return f"{back.kind} {back.external_id} of {found.of} {back.gross} {found.currency}"
    return "note" if found.note else "nothing"


def test_every_recording_has_its_result() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_recorded_event_ends_in_its_result(name: str) -> None:
    body = (PAYLOADS / f"{name}.json").read_bytes()

    assert said(reading(body)) == RESULTS[name][0]
    assert reading(body, ASKING).ask == RESULTS[name][1]


@pytest.mark.skipif(not OTHERS.is_dir(), reason="TRIBUTARY_PAYLOADS names no folder")
@pytest.mark.parametrize("name", ELSEWHERE)
def test_recording_elsewhere_ends_in_its_result(name: str) -> None:
    body, (alone, asked) = (OTHERS / f"{name}.json").read_bytes(), ELSEWHERE[name]

    assert said(reading(body)) == alone
    assert reading(body, ASKING).ask.startswith(asked)
    assert bool(reading(body, ASKING).ask) == bool(asked)


def test_newer_invoice_in_full() -> None:
    order = recorded("invoice.paid")

    assert (order.tax, order.shipping, order.subscription) == (1900, 0, "sub_new")
    assert order.lines == (
        LineIn("il_new", 10000, sku="price_pro", name="1 × Pro (at $100.00 / month)", product="prod_pro"),
    )
    assert order.occurred_at == datetime.fromtimestamp(1793699990, UTC)
    assert order.captured_at == order.revision_at == datetime.fromtimestamp(1793700000, UTC)
    assert order.evidence == Evidence(tid=CLICK)
    assert (order.customer.external_id, order.customer.email) == ("cus_new", "buyer@example.com")
    assert order.metadata == {
        "status": "paid",
        "number": "ABCD-0002",
        "billing_reason": "subscription_cycle",
    }


def test_older_invoice_in_full() -> None:
    order = recorded("invoice.paid.2022-11-15")

    assert (order.tax, order.discount, order.subscription) == (1000, 1400, "sub_old")
    assert [(row.net, row.quantity, row.sku, row.product) for row in order.lines] == [
        (6000, 11, "price_grande", "prod_grande")
    ]
    assert order.evidence == Evidence(ref="anna", coupons=("ANNA15",))
    assert order.customer.country == "CM"


def test_checkout_in_full() -> None:
    order = recorded("checkout.session.completed")

    assert (order.discount, order.tax, order.lines) == (2000, 0, ())
    assert order.evidence == Evidence(tid=CLICK, ref="ana")
    assert (order.customer.external_id, order.customer.country) == ("cus_lab", "BR")
    assert order.occurred_at == datetime.fromtimestamp(1793700000, UTC)


def test_start_of_a_trial_is_worth_nothing_and_counts() -> None:
    order = recorded("invoice.paid.trial.2022-11-15")

    assert (order.state, order.total, order.subscription) == (OrderState.SALE, 0, "sub_old")


@pytest.mark.parametrize(
    ("status", "state"),
    [("paid", OrderState.SALE), ("no_payment_required", OrderState.SALE), ("unpaid", OrderState.OPEN)],
)
def test_checkout_that_is_not_paid_yet_is_open(status: str, state: OrderState) -> None:
    assert order_of("checkout.session.completed", session(payment_status=status)).state == state


def test_free_checkout_goes_by_its_own_number() -> None:
    free = session(payment_intent=None, payment_status="no_payment_required", amount_total=0)

    assert order_of("checkout.session.completed", free).external_id == "cs_test_lab1"


@pytest.mark.parametrize("told", [{"invoice": "in_lab1"}, {"mode": "subscription"}, {"mode": "setup"}])
def test_checkout_whose_order_is_an_invoice_is_none_itself(told: Row) -> None:
    found = reading(event("checkout.session.completed", session(**told)))

    assert said(found) == "note"


def test_click_in_the_metadata_goes_before_the_reference_id() -> None:
    told = session(client_reference_id="cart-77", metadata={"tid": CLICK})

    assert order_of("checkout.session.completed", told).evidence.tid == CLICK


def test_credit_for_unused_time_is_shared_over_what_is_charged() -> None:
    rows = [line(-3000, "il_credit"), line(9000, "il_new"), line(6000, "il_seats")]

    order = billed(12000, lines=rows)

    assert [(row.external_id, row.net) for row in order.lines] == [("il_new", 7200), ("il_seats", 4800)]


def test_downgrade_that_leaves_only_credit_is_worth_nothing() -> None:
    order = billed(-3000, lines=[line(-3000)], amount_due=0, amount_paid=0, total_excluding_tax=-3000)

    assert (order.total, order.tax, order.lines) == (0, 0, ())


def test_what_the_customers_balance_has_paid_is_not_counted_again() -> None:
    told = {"amount_due": 5950, "amount_paid": 5950, "total_excluding_tax": 10000}

    order = billed(11900, lines=[line(10000)], **told)

    assert (order.total, order.tax, order.lines[0].net) == (5950, 950, 5000)


def test_invoice_paid_outside_stripe_counts_in_full() -> None:
    assert billed(10000, amount_paid=0).total == 10000


def test_discounts_and_taxes_within_the_price_are_no_part_of_a_line() -> None:
    rows = [
        line(11900, "il_a", taxes=[{"amount": 1900, "tax_behavior": "inclusive"}]),
        line(10000, "il_b", discount_amounts=[{"amount": 5000}]),
    ]

    order = billed(16900, lines=rows, total_excluding_tax=15000)

    assert [row.net for row in order.lines] == [10000, 5000]
    assert order.tax == 1900


def test_invoice_with_more_lines_than_it_carries_is_one_line() -> None:
    told = invoice()
    told["lines"]["has_more"] = True

    assert order_of("invoice.paid", told).lines == ()


@pytest.mark.parametrize("amount", [-1, "12", 1.5, True, 10**18])
def test_odd_amount_is_put_aside(amount: Any) -> None:
    with pytest.raises(Unreadable):
        order_of("checkout.session.completed", session(amount_total=amount))


def test_unknown_currency_is_put_aside() -> None:
    with pytest.raises(Unreadable, match="ISO 4217"):
        billed(currency="xxx")


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        (500, "EUR", 500),
        (500, "JPY", 500),
        (500, "MGA", 50000),
        (500, "ISK", 5),
        (500, "UGX", 5),
        (5120, "KWD", 5120),
        (1990, "HUF", 1990),
        (-700, "ISK", -7),
    ],
)
def test_amounts_are_turned_into_iso_units_exactly(amount: int, currency: str, units: int) -> None:
    assert minor(amount, currency) == units


def test_part_of_a_krona_is_put_aside() -> None:
    with pytest.raises(Unreadable, match="550 is no whole number of ISK"):
        minor(550, "ISK")


def test_every_currency_can_be_turned() -> None:
    assert all(minor(0, currency) == 0 for currency in EXPONENTS)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("needs_response", "chargeback dp_lab1"),
        ("under_review", "chargeback dp_lab1"),
        ("lost", "chargeback dp_lab1"),
        ("won", "chargeback_won dp_lab1-won"),
        ("warning_needs_response", "note"),
        ("warning_closed", "note"),
        ("prevented", "note"),
    ],
)
def test_dispute_takes_the_money_and_gives_it_back(status: str, result: str) -> None:
    found = said(reading(event("charge.dispute.closed", dispute(status=status))))

    assert found.startswith(result)


@pytest.mark.parametrize("status", ["pending", "requires_action", "canceled", None])
def test_refund_that_is_not_final_is_not_counted_without_asking(status: str | None) -> None:
    assert said(reading(event("refund.created", refund(status=status)))) == "note"


def test_failed_refund_is_for_a_person_where_stripe_cannot_be_asked() -> None:
    with pytest.raises(Unreadable, match="add an API key"):
        reading(event("refund.failed", refund(status="failed")))


def test_refund_is_an_amount_without_lines() -> None:
    back = reading(event("refund.created", refund())).refund

    assert back is not None
    assert (back.kind, back.gross, back.lines, back.final) == (RefundKind.REFUND, 9000, None, True)
    assert back.occurred_at == datetime.fromtimestamp(SOLD + 86400, UTC)


@pytest.mark.parametrize(
    ("keys", "livemode", "counts"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"mode": "test"}, False, True),
        ({"mode": "Test "}, True, False),
        ({"api_key": "rk_live_x"}, False, False),
        ({"api_key": "sk_live_x", "mode": "test"}, False, False),
        ({"api_key": "rk_live_x"}, True, True),
        ({"api_key": KEY}, True, False),
        ({"api_key": KEY}, False, True),
    ],
)
def test_tests_never_count_live_nor_live_news_in_tests(keys: Row, livemode: bool, counts: bool) -> None:
    told = event("invoice.paid", invoice(), livemode=livemode)

    found = reading(told, replace(ALONE, keys=keys))

    assert bool(found.order or found.ask) == counts
    assert bool(found.note) or counts


@pytest.mark.parametrize("store", [ALONE, ASKING])
def test_news_of_a_connected_account_belong_to_its_own_connection(store: Store) -> None:
    found = reading(event("invoice.paid", invoice(), account="acct_other"), store)

    assert (found.order, found.ask) == (None, "")
    assert "acct_other" in found.note


def test_older_names_of_the_same_news_mean_the_same() -> None:
    paid, succeeded = (
        reading(event(f"invoice.{name}", invoice(), "evt_1")) for name in ("paid", "payment_succeeded")
    )

    assert paid == succeeded
