"""Receivers that are connected, and messages for them."""

from datetime import datetime
from typing import Any

from affiliates.models import Program
from core.models import Event
from integrations import actions
from integrations.models import Attempt, Connection, Delivery
from tests import makers
from tests.fakes.receiver import FakeReceiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def make_hook(program: Program, receiver: FakeReceiver, path: str = "/in", **fields: Any) -> Connection:
    """Connect a receiver to a program."""
    defaults = {
        "connector": "webhook",
        "name": "Receiver",
        "source": f"hook{path.replace('/', '-')}",
        "base_url": receiver.url(path),
        "secrets": {"webhook_secret": SECRET},
    }
    return makers.make_connection(program, **(defaults | fields))


def make_delivery(connection: Connection, number: int, about: str = "", **fields: Any) -> Delivery:
    """Line up a message that says its number."""
    defaults = {
        "kind": "order.recorded",
        "object_key": about or f"order:{number}",
        "body": {"n": number},
        "occurred_at": makers.NOON,
        "created_at": makers.NOON,
        "next_at": makers.NOON,
    }
    return Delivery.objects.create(connection=connection, **(defaults | fields))


def happen(program: Program, kind: str = "coupon.created", at: datetime = makers.NOON, **data: Any) -> Event:
    """Let something happen in a program, of which nobody has heard yet."""
    return Event.objects.create(
        kind=kind,
        tenant_id=program.merchant_id,
        scope_id=program.pk,
        subject_type="affiliates.coupon",
        subject_id="4711",
        at=at,
        data=data,
    )


def serve(connection: Connection, at: datetime, **limits: Any) -> int:
    """Send what is due at a time."""
    return actions.serve(connection.pk, at=at, **limits)


def last_try(delivery: Delivery) -> Attempt:
    """Return the newest attempt."""
    return delivery.tries.latest("number")
