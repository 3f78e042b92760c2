"""What becomes of checkouts and invoices: each sale counts once, credited to whom the checkout names."""

from datetime import UTC, datetime, timedelta

import pytest

from core.models import Job
from integrations.actions import replay
from integrations.models import Connection
from tests.integrations.fake_stripe import (
    SOLD,
    SUBSCRIPTION,
    FakeStripe,
    event,
    intent,
    invoice,
    line,
    paid_by,
    renewal,
    session,
)
from tests.integrations.stripe_life import MONTH, completed, earned, subscribed, tell, work
from tracking.models import Conversion, Order


# --- a checkout that is paid once ---------------------------------------------------------------------------
def test_checkout_is_credited_by_the_click_that_it_names(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    rows = {"data": [line(18000, "li_1", amount_total=18000, amount_tax=0)], "has_more": False}
    stripe_api.keep(session(client_reference_id=stripe_click, line_items=rows), intent())

    row = tell(stripe, completed(client_reference_id=stripe_click))

    assert (row.state, row.note) == ("done", "Order pi_lab1 was taken (sale).")
    assert earned() == {"pi_lab1": 1800}
    assert Order.objects.get().as_value().lines[0].name == "Pro plan"
    assert Conversion.objects.get().occurred_at == datetime.fromtimestamp(SOLD, UTC)


def test_checkout_counts_without_a_key_too(stripe_alone: Connection, stripe_click: str) -> None:
    tell(stripe_alone, completed(client_reference_id=stripe_click))

    assert earned() == {"pi_lab1": 1800}


def test_promotion_code_is_known_by_its_text(stripe: Connection, stripe_api: FakeStripe) -> None:
    told = session(discounts=[{"coupon": None, "promotion_code": {"id": "promo_1", "code": "anna15"}}])
    stripe_api.keep(told, intent())

    tell(stripe, event("checkout.session.completed", session()))

    assert Order.objects.get().as_value().evidence.coupons == ("anna15",)
    assert earned() == {"pi_lab1": 1800}


@pytest.mark.parametrize("turn", [1, -1])
def test_payment_that_takes_days_counts_once_it_is_there(
    stripe_alone: Connection, stripe_click: str, turn: int
) -> None:
    told = {"client_reference_id": stripe_click}
    unpaid = event("checkout.session.completed", session(payment_status="unpaid", **told), "evt_1")
    paid = event(
        "checkout.session.async_payment_succeeded", session(**told), "evt_2", created=SOLD + 2 * 86400
    )
    tell(stripe_alone, *[unpaid, paid][::turn])

    assert (Order.objects.get().state, earned()) == ("sale", {"pi_lab1": 1800})


@pytest.mark.parametrize("turn", [1, -1])
def test_checkout_and_its_invoice_are_one_order(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str, turn: int
) -> None:
    bill = invoice(total=18000, billing_reason="manual", parent=None, lines=[line(18000)])
    told = {"client_reference_id": stripe_click, "invoice": "in_lab1", "invoice_creation": {"enabled": True}}
    stripe_api.keep(session(**told), bill, intent())

    tell(stripe, *[completed(**told), event("invoice.paid", bill)][::turn])

    assert earned() == {"in_lab1": 1800}
    assert Conversion.objects.count() == 1


def test_checkout_that_is_to_have_an_invoice_waits_for_it(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    told = {"client_reference_id": stripe_click, "invoice_creation": {"enabled": True}}
    stripe_api.keep(session(**told), intent(at=stripe_api.at + 60))

    row = tell(stripe, completed(**told))

    assert (row.state, Order.objects.count()) == ("parked", 0)
    stripe_api.keep(invoice(total=18000, billing_reason="manual", parent=None), paid_by("in_lab1"))
    replay(row)
    work()
    assert earned() == {"in_lab1": 1800}


def test_checkout_whose_invoice_never_comes_is_the_order_itself(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    told = {"client_reference_id": stripe_click, "invoice_creation": {"enabled": True}}
    stripe_api.keep(session(**told), intent())

    tell(stripe, completed(**told))

    assert earned() == {"pi_lab1": 1800}


# --- subscriptions -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("turn", [1, -1])
def test_first_invoice_is_credited_by_the_checkouts_click(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str, turn: int
) -> None:
    stripe_api.keep(subscribed(stripe_click), invoice(), intent())

    news = [event("checkout.session.completed", subscribed(stripe_click)), event("invoice.paid", invoice())]
    tell(stripe, *news[::turn])

    assert earned() == {"in_lab1": 1000}
    assert list(Order.objects.values_list("external_id", "subscription")) == [("in_lab1", SUBSCRIPTION)]


def test_invoice_that_is_told_before_its_checkout_is_finished_waits(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    paid = stripe_api.at + 60
    bill = invoice(status_transitions={"finalized_at": SOLD, "paid_at": paid})
    stripe_api.keep(bill, intent())

    row = tell(stripe, event("invoice.paid", bill))

    assert (row.state, Order.objects.count()) == ("parked", 0)
    assert Job.objects.filter(task="integrations.tasks.ask_store", state="due", strikes=0).count() == 1
    stripe_api.keep(subscribed(stripe_click))
    Job.objects.update(next_at=datetime.now(UTC) - timedelta(seconds=1))
    work()
    assert earned() == {"in_lab1": 1000}


def test_subscription_without_a_checkout_counts_after_a_minute(
    stripe: Connection, stripe_api: FakeStripe
) -> None:
    stripe_api.keep(invoice(), intent())

    tell(stripe, event("invoice.paid", invoice()))

    assert (Conversion.objects.count(), earned()) == (1, {})


def test_renewals_are_credited_by_the_buyer_and_need_no_click(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    later = renewal("in_lab2", SOLD + MONTH)
    stripe_api.keep(subscribed(stripe_click), invoice(), intent(), later)

    tell(stripe, event("invoice.paid", later), event("invoice.paid", invoice()))

    assert earned() == {"in_lab1": 1000, "in_lab2": 1000}
    payments = [
        row.order.as_value().metadata["billing_reason"] for row in Conversion.objects.order_by("occurred_at")
    ]
    assert payments == ["subscription_create", "subscription_cycle"]


def test_without_a_key_the_subscriptions_own_metadata_leads_to_the_click(
    stripe_alone: Connection, stripe_click: str
) -> None:
    parent = {"subscription_details": {"metadata": {"tid": stripe_click}, "subscription": SUBSCRIPTION}}

    tell(stripe_alone, event("invoice.paid", invoice(parent=parent)))
    tell(stripe_alone, event("checkout.session.completed", subscribed(stripe_click)))

    assert earned() == {"in_lab1": 1000}


def test_trial_binds_the_buyer_and_its_first_payment_earns(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    trial, first = invoice(total=0), renewal("in_lab2", SOLD + MONTH)
    stripe_api.keep(subscribed(stripe_click), trial, first, intent())

    tell(stripe, event("invoice.paid", first), event("invoice.paid", trial))

    assert (Conversion.objects.count(), earned()) == (2, {"in_lab2": 1000})
