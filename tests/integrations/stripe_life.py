"""What an account tells of its buyers, and what becomes of it."""

from typing import Any

from commissions.models import Commission
from core import jobs
from core.models import Job
from integrations.models import Connection, Inbound
from tests.integrations.fake_stripe import (
    SOLD,
    SUBSCRIPTION,
    Row,
    dispute,
    event,
    intent,
    invoice,
    paid_by,
    refund,
    renewal,
    send,
    session,
)

MONTH = 30 * 86400


def tell(connection: Connection, *events: Row) -> Inbound:
    """Send events, each understood before the next one comes."""
    for each in events:
        assert send(connection, each) == 200
        work()
    return Inbound.objects.latest("pk")


def work() -> None:
    """Do what is due of this app now."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def earned() -> dict[str, int]:
    """What each order still earns Anna, in cents."""
    rows = Commission.objects.all()
    return {row.conversion.external_id: row.net.amount for row in rows if row.net.amount}


def completed(**told: Any) -> Row:
    return event("checkout.session.completed", session(**told))


def subscribed(click: str) -> Row:
    told = {"mode": "subscription", "invoice": "in_lab1", "subscription": SUBSCRIPTION}
    return session(client_reference_id=click, amount_total=10000, payment_intent=None, **told)


def life(click: str) -> tuple[list[Row], list[Row]]:
    """All that an account says of two buyers, and its objects at last.

    Of the one's invoices 6.00 and 10.00 stay for Anna, of the other's checkout 9.00.
    """
    later, mug = renewal("in_lab2", SOLD + MONTH, customer="cus_lab1"), {"payment_intent": "pi_mug"}
    later["payments"]["data"][0]["payment"]["payment_intent"] = "pi_lab2"
    buyer = {"customer": "cus_mug", "customer_details": {"email": "mug@example.net", "address": {}}}
    once = session("cs_test_mug", client_reference_id=click, **mug, **buyer)
    back, half = refund(amount=4000), refund("re_mug", 9000, charge="ch_mug", **mug)
    lost = dispute("dp_lab2", 10000, payment_intent="pi_lab2")
    won = {**lost, "status": "won"}
    objects = [subscribed(click), invoice(), later, once, back, half, won, paid_by("in_lab1")]
    objects += [paid_by("in_lab2", "pi_lab2"), intent(refunded=4000), intent("pi_lab2", disputed=True)]
    objects += [intent("pi_mug", refunded=9000)]
    kinds = {
        "checkout.session.completed": (subscribed(click), once),
        "invoice.paid": (invoice(), later),
        "invoice.payment_succeeded": (invoice(), later),
        "refund.created": (back, half),
        "refund.updated": (back, half),
        "charge.refunded": ({"id": "ch_mug", "object": "charge", "amount_refunded": 9000, **mug},),
        "charge.dispute.created": (lost,),
        "charge.dispute.closed": (won,),
    }
    return [event(kind, about) for kind, rows in kinds.items() for about in rows], objects
