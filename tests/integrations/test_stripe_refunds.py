"""What becomes of refunds and disputes, and of a whole life told in any order."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from integrations.actions import replay
from integrations.models import Connection, Inbound
from tests.integrations.fake_stripe import (
    KEY,
    SOLD,
    SUBSCRIPTION,
    FakeStripe,
    dispute,
    event,
    intent,
    invoice,
    paid_by,
    refund,
)
from tests.integrations.stripe_life import completed, earned, life, subscribed, tell, work
from tests.integrations.test_process import undone
from tracking.models import Conversion, Order, Refund

few = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def sold(stripe: Connection, stripe_api: FakeStripe, stripe_click: str) -> Connection:
    """The same account, which has sold a subscription that earns 10.00."""
    stripe_api.keep(subscribed(stripe_click), invoice(), intent(), paid_by("in_lab1"))
    tell(stripe, event("invoice.paid", invoice()))
    assert earned() == {"in_lab1": 1000}
    return stripe


def test_refund_of_an_invoice_is_found_and_counts_once(sold: Connection, stripe_api: FakeStripe) -> None:
    stripe_api.keep(intent(refunded=4000), refund(amount=4000))
    charge = {"id": "ch_lab1", "object": "charge", "amount_refunded": 4000, "payment_intent": "pi_lab1"}

    tell(sold, event("charge.refunded", charge), event("refund.created", refund(amount=4000)))
    tell(sold, event("refund.updated", refund(amount=4000)))

    assert (earned(), Refund.objects.count()) == ({"in_lab1": 600}, 1)
    assert not Refund.objects.get().is_estimated


def test_refund_that_names_only_its_charge_is_found(sold: Connection, stripe_api: FakeStripe) -> None:
    charge = {"id": "ch_lab1", "object": "charge", "payment_intent": "pi_lab1", "amount_refunded": 4000}
    stripe_api.keep(charge, intent(refunded=4000), refund(amount=4000))

    tell(sold, event("refund.created", refund(amount=4000, payment_intent=None)))

    assert earned() == {"in_lab1": 600}


def test_refund_that_fails_later_is_given_back(sold: Connection, stripe_api: FakeStripe) -> None:
    stripe_api.keep(intent(refunded=10000), refund(amount=10000))
    tell(sold, event("refund.created", refund(amount=10000)))
    assert earned() == {}

    stripe_api.keep(intent(refunded=0), refund(amount=10000, status="failed"))
    tell(sold, event("refund.failed", refund(amount=10000, status="failed")))

    assert earned() == {"in_lab1": 1000}


def test_dispute_takes_all_back_and_gives_it_again_when_it_is_won(
    sold: Connection, stripe_api: FakeStripe
) -> None:
    stripe_api.keep(intent(disputed=True), dispute(amount=10000))
    tell(sold, event("charge.dispute.created", dispute(amount=10000)))
    assert earned() == {}

    stripe_api.keep(dispute(amount=10000, status="won"))
    tell(sold, event("charge.dispute.closed", dispute(amount=10000, status="won")))

    assert earned() == {"in_lab1": 1000}
    assert sorted(Refund.objects.values_list("kind", flat=True)) == ["chargeback", "chargeback_won"]


def test_of_two_disputes_only_the_lost_one_stays(sold: Connection, stripe_api: FakeStripe) -> None:
    lost, won = dispute("dp_1", 3000, status="lost"), dispute("dp_2", 5000, created=SOLD + 9 * 86400)
    stripe_api.keep(intent(disputed=True), lost, won)
    tell(sold, event("charge.dispute.created", won))
    assert earned() == {"in_lab1": 200}

    stripe_api.keep({**won, "status": "won"})
    tell(sold, event("charge.dispute.closed", {**won, "status": "won"}))

    assert earned() == {"in_lab1": 700}


def test_inquiry_of_the_bank_takes_nothing(sold: Connection, stripe_api: FakeStripe) -> None:
    asks = dispute(amount=10000, status="warning_needs_response")
    stripe_api.keep(intent(disputed=True), asks)

    tell(sold, event("charge.dispute.created", asks))

    assert earned() == {"in_lab1": 1000}


def test_refund_of_a_payment_that_is_no_order_is_ignored(stripe: Connection, stripe_api: FakeStripe) -> None:
    stripe_api.keep(intent(refunded=100), refund(amount=100))

    row = tell(stripe, event("refund.created", refund(amount=100)))

    assert (row.state, Order.objects.count(), Refund.objects.count()) == ("ignored", 0, 0)


def test_key_of_another_account_takes_no_order_away(sold: Connection, stripe_api: FakeStripe) -> None:
    stripe_api.rows.clear()

    row = tell(sold, event("invoice.paid", invoice(), "evt_again"))

    sold.refresh_from_db()
    assert (row.state, Order.objects.get().state, earned()) == ("parked", "sale", {"in_lab1": 1000})
    assert "another account or mode" in sold.last_error


@pytest.mark.parametrize("turn", [1, -1])
def test_refund_without_a_key_meets_its_checkout_in_any_order(
    stripe_alone: Connection, stripe_click: str, turn: int
) -> None:
    news = [completed(client_reference_id=stripe_click), event("refund.created", refund())]

    tell(stripe_alone, *news[::turn])

    assert earned() == {"pi_lab1": 900}


def test_refund_of_an_invoice_waits_until_there_is_a_key(
    stripe_alone: Connection, stripe_api: FakeStripe, stripe_click: str
) -> None:
    parent = {"subscription_details": {"metadata": {"tid": stripe_click}, "subscription": SUBSCRIPTION}}
    bill = invoice(parent=parent)
    row = tell(stripe_alone, event("invoice.paid", bill), event("refund.created", refund(amount=4000)))
    assert row.note == "Refund re_lab1 is kept and waits for order pi_lab1."
    stripe_api.keep(bill, intent(refunded=4000), refund(amount=4000), paid_by("in_lab1"))
    stripe_alone.secrets, stripe_alone.base_url = {**stripe_alone.secrets, "api_key": KEY}, stripe_api.url
    stripe_alone.save(update_fields=["secrets", "base_url"])

    replay(row)
    work()

    assert (earned(), Refund.objects.count()) == ({"in_lab1": 600}, 1)


# --- any order, any number ---------------------------------------------------------------------------------
def test_a_whole_life_counts_once(stripe: Connection, stripe_api: FakeStripe, stripe_click: str) -> None:
    news, objects = life(stripe_click)
    stripe_api.keep(*objects)

    tell(stripe, *news, *news)

    assert earned() == {"in_lab1": 600, "in_lab2": 1000, "pi_mug": 900}
    assert (Conversion.objects.count(), Refund.objects.count()) == (3, 4)
    assert set(Inbound.objects.values_list("state", "repeats")) == {("done", 1)}


@pytest.mark.slow
@few
@given(data=st.data())
def test_shuffled_and_doubled_a_life_counts_the_same(
    stripe: Connection, stripe_api: FakeStripe, stripe_click: str, data: st.DataObject
) -> None:
    news, objects = life(stripe_click)
    stripe_api.keep(*objects)
    with undone():
        tell(stripe, *data.draw(st.permutations(news + news[::3])))
        assert earned() == {"in_lab1": 600, "in_lab2": 1000, "pi_mug": 900}
        assert (Conversion.objects.count(), Refund.objects.count()) == (3, 4)


@pytest.mark.slow
@few
@given(data=st.data())
def test_shuffled_and_doubled_a_checkout_counts_the_same_without_a_key(
    stripe_alone: Connection, stripe_click: str, data: st.DataObject
) -> None:
    news = [each for each in life(stripe_click)[0] if "mug" in str(each)]
    news += [
        event(f"charge.dispute.{kind}", dispute(amount=4500, payment_intent="pi_mug"))
        for kind in ("created", "funds_withdrawn")
    ]
    won = dispute(amount=4500, payment_intent="pi_mug", status="won")
    news += [event(f"charge.dispute.{kind}", won) for kind in ("closed", "funds_reinstated")]
    with undone():
        tell(stripe_alone, *data.draw(st.permutations(news + news[::3])))
        assert earned() == {"pi_mug": 900}
        assert sorted(Refund.objects.values_list("kind", flat=True)) == [
            "chargeback",
            "chargeback_won",
            "refund",
        ]
