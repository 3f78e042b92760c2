"""The ready mappings of systems without a connector are what docs/integrations/anything.md says of them."""

import hashlib
import hmac
import json
import re
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.models import Commission
from integrations.models import Connection, Inbound
from integrations.presets import MESSAGES, message_presets
from tests import makers
from tests.integrations.recorded.conftest import NOW, Connect
from tests.integrations.recorded.page import PAGE, Recording, recordings
from tests.integrations.recorded.vendors import KNOWN, SECRET, post, said, work
from tracking.models import Order, Refund

GUIDE = PAGE.with_name("anything.md")
PRESETS = {"bling": "bling", "mercadolivre": "mercado-livre", "paypal": "paypal", "wise": "wise"}
SALE = {
    "id": "WH-1",
    "event_type": "PAYMENT.SALE.COMPLETED",
    "resource": {
        "id": "SALE1",
        "create_time": "2026-11-20T10:00:00Z",
        "update_time": "2026-11-20T10:00:05Z",
        "amount": {"total": "119.00", "currency": "USD", "details": {"tax": "19.00", "shipping": "0.00"}},
        "state": "completed",
    },
}
REFUNDED = {
    "id": "WH-2",
    "event_type": "PAYMENT.SALE.REFUNDED",
    "resource": {
        "id": "BACK1",
        "sale_id": "SALE1",
        "create_time": "2026-11-21T10:00:00Z",
        "amount": {"total": "-59.50", "currency": "USD"},
    },
}


def sale(**resource: Any) -> dict[str, Any]:
    """The sale with other fields."""
    return {**SALE, "resource": {**SALE["resource"], **resource}}  # type: ignore[dict-item]


def tell(connection: Connection, message: dict[str, Any]) -> str:
    """Send a message with the token in the address; say what became of it."""
    assert post(connection, f"?token={SECRET}", {}, json.dumps(message).encode()) == 200
    work()
    return said(Inbound.objects.latest("pk"))


def tell_bling(connection: Connection, **changes: Any) -> str:
    """Send Bling's message with other fields, signed as Bling does; say what became of it."""
    told = json.loads(recorded("bling").body)
    body = json.dumps({**told, **changes, "data": {**told["data"], **changes.get("data", {})}}).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert post(connection, "", {"X-Bling-Signature-256": f"sha256={digest}"}, body) == 200
    work()
    return said(Inbound.objects.latest("pk"))


def recorded(vendor: str) -> Recording:
    """The only message of a vendor's."""
    (one,) = (each for each in recordings() if each.vendor == vendor)
    return one


def earned() -> list[int]:
    return [row.net.amount for row in Commission.objects.order_by("pk")]


def test_guide_names_every_preset_and_no_other() -> None:
    named = re.findall(r"^\| \*(.+?)\* \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)

    assert named == [preset.title for preset in message_presets().values()]
    assert {path.stem for path in MESSAGES.glob("*.json")} == set(PRESETS.values())
    assert {vendor: KNOWN[vendor].preset for vendor in PRESETS} == PRESETS


@pytest.mark.parametrize("name", PRESETS.values())
def test_preset_says_what_was_verified(name: str) -> None:
    assert "erified" in message_presets()[name].note


@pytest.mark.parametrize("place", ["custom", "invoice_number"])
def test_paypal_sale_is_credited_by_the_click_that_the_shop_handed_on(connect: Connect, place: str) -> None:
    connection = connect("paypal")
    _click, tid = makers.make_click(Enrollment.objects.get(), makers.NOON)

    became = tell(connection, sale(**{place: tid}))

    order = Order.objects.get()
    assert became == "done: Order SALE1 was taken (sale)."
    assert (order.total, order.snapshot["tax"], order.currency) == (11900, 1900, "USD")
    assert earned() == [1000]


def test_paypal_custom_goes_before_the_invoice_and_other_words_are_no_click(connect: Connect) -> None:
    connection = connect("paypal")
    _click, tid = makers.make_click(Enrollment.objects.get(), makers.NOON)

    tell(connection, sale(custom="cart 7, " + "x" * 120, invoice_number=tid))

    assert (Order.objects.count(), earned()) == (1, [])


def test_payments_of_one_paypal_agreement_are_of_one_customer(connect: Connect) -> None:
    connection = connect("paypal")

    for number in ("SALE1", "SALE2"):
        tell(connection, sale(id=number, billing_agreement_id="I-1"))

    first, second = Order.objects.order_by("pk")
    assert first.customer == second.customer


def test_paypal_refund_counts_once_before_and_after_its_sale(connect: Connect) -> None:
    connection = connect("paypal")
    _click, tid = makers.make_click(Enrollment.objects.get(), makers.NOON)
    waits = tell(connection, REFUNDED)

    tell(connection, sale(custom=tid))
    again = tell(connection, {**REFUNDED, "id": "WH-3"})

    assert waits == "done: Refund BACK1 is kept and waits for order SALE1."
    assert again == "done: Refund BACK1: nothing new."
    assert (Refund.objects.get().gross, earned()) == (5950, [500])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("PAYMENT.SALE.REVERSED", "PayPal took a payment back without saying of which sale"),
        ("CUSTOMER.DISPUTE.RESOLVED", "It is about a dispute: nothing goes off before the money does."),
        ("BILLING.SUBSCRIPTION.ACTIVATED", "It is about a subscription"),
        ("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "It is about a payout"),
        ("CHECKOUT.ORDER.APPROVED", "News of this kind is not needed."),
    ],
)
def test_other_news_of_paypal_moves_nothing(connect: Connect, kind: str, words: str) -> None:
    connection = connect("paypal")
    tell(connection, SALE)

    became = tell(connection, {**REFUNDED, "event_type": kind})

    assert became.startswith(f"ignored: {words}")
    assert (Order.objects.count(), Refund.objects.count()) == (1, 0)


@pytest.mark.parametrize(("value", "state"), [(0, "open"), (1, "sale"), (2, "void"), (3, "open")])
def test_bling_order_is_a_sale_once_it_is_done(connect: Connect, value: int, state: str) -> None:
    tell_bling(connect("bling"), data={"situacao": {"id": 77, "valor": value}})

    order = Order.objects.get()
    assert (order.external_id, order.state, order.currency) == ("12345678", state, "BRL")
    assert order.occurred_at.isoformat() == "2026-11-02T03:00:00+00:00"  # midnight in São Paulo


def test_bling_state_that_is_not_known_is_put_aside(connect: Connect) -> None:
    became = tell_bling(connect("bling"), data={"situacao": {"id": 77, "valor": 9}})

    assert became == "quarantined: order.state: “9” is a value that the mapping does not know."


def test_bling_order_that_is_deleted_earns_nothing_and_older_news_of_it_stay_older(connect: Connect) -> None:
    connection = connect("bling")
    tell_bling(connection)
    before = earned()

    deleted = {"id": 12345678, "total": None, "data": None, "situacao": None, "contato": None}
    tell_bling(connection, event="order.deleted", eventId="e-2", date="2026-11-03T13:00:00Z", data=deleted)
    late = tell_bling(connection, eventId="e-3", date="2026-11-02T13:30:00Z", data={"total": 200.0})

    assert (before, earned()) == ([1950], [0])
    assert Order.objects.get().state == "void"
    assert late == "done: Order 12345678: a newer state of it is known already."


def test_bling_message_with_the_id_of_another_is_the_same(connect: Connect) -> None:
    connection = connect("bling")

    tell_bling(connection)
    tell_bling(connection, data={"total": 999.0})

    assert (Inbound.objects.count(), Order.objects.get().total) == (1, 19500)


def test_mercado_livre_tries_again_and_is_kept_once(connect: Connect) -> None:
    connection = connect("mercadolivre")
    told = json.loads(recorded("mercadolivre").body)

    for attempt in (1, 2):
        tell(connection, {**told, "attempts": attempt})

    assert (Inbound.objects.get().repeats, Order.objects.count()) == (1, 0)
    assert Inbound.objects.get().received_at == NOW
