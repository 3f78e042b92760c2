"""A program whose customers a CRM keeps, and what happens there."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.actions import take_orders
from core import jobs
from integrations import actions, gate
from integrations.connectors import hubspot
from integrations.connectors.hubspot.defaults import wanted_fields
from integrations.models import Connection, Delivery, Inbound
from tests import makers
from tests.integrations.fake_hubspot import TOKEN, FakeHubSpot, Record, store_of
from tests.makers import NOON
from tracking.models import Customer
from tracking.orders import CustomerIn, Evidence

CLOCK = [NOON]  # what time it is, while `stopped` holds the clock
REAL = timezone.now
BUYER = CustomerIn(external_id="c-7", email="buyer@example.net", country="DE", phone="+4930123456")
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock; it goes on when something happens later."""
    CLOCK[0] = NOON
    monkeypatch.setattr("django.utils.timezone.now", lambda: CLOCK[0])


def keep_at(account: FakeHubSpot, program: Program, source: str = "hubspot", **options: Any) -> Connection:
    """Connect an account that has our properties, and is heard from now on."""
    for kind in hubspot.RECORDS:
        hubspot.make_fields(store_of(account), kind, wanted_fields(kind))
    account.asked.clear()
    connection = makers.make_connection(
        program,
        connector="hubspot",
        source=source,
        base_url=account.url,
        secrets={"token": TOKEN},
        options=options,
        created_at=NOON - DAY,
    )
    gate.forget()
    gate._expire()
    return connection


def buy(anna: Enrollment | None, program: Program, number: str, at: datetime = NOON, **fields: Any) -> None:
    """Take an order, by Anna's code if she brought it, and let everything follow."""
    told = {"customer": BUYER, "occurred_at": at, "revision_at": at, "captured_at": at, **fields}
    evidence = Evidence(ref=anna.code) if anna else Evidence()
    take_orders(program, [makers.make_order(number, evidence=evidence, **told)], at=at)
    settle(at)


def settle(at: datetime = NOON) -> None:
    """Let all jobs run and all that is due be told."""
    CLOCK[0] = max(CLOCK[0], at) + SECOND
    jobs.drain(at=REAL() + HOUR)  # jobs are due by the real clock, also those that others make
    for connection in Connection.objects.filter(state="active"):
        actions.serve(connection.pk)


def listen(connection: Connection, at: datetime) -> int:
    """Ask what changed there, and let everything follow; return how many changes were kept."""
    CLOCK[0] = max(CLOCK[0], at)
    fresh = Connection.objects.select_related("program").get(pk=connection.pk)
    count = actions.take_changes(fresh)
    settle(at)
    return count


def contact_of(account: FakeHubSpot) -> Record:
    """The only contact."""
    (record,) = account.objects["contacts"].values()
    return record


def customer() -> Customer:
    """The only customer."""
    return Customer.objects.select_related("program").get()


def sent(connection: Connection) -> list[dict[str, Any]]:
    """What was written there so far, the oldest first."""
    rows = Delivery.objects.filter(connection=connection, state="done").order_by("pk")
    return [row.body for row in rows if row.body]


def message(hubspot: Connection, *events: dict[str, Any]) -> Inbound:
    """What an app of the CRM sends, stored as it came."""
    told = [{"eventId": 1, "subscriptionId": 2, "portalId": 3, "occurredAt": 4, **event} for event in events]
    row = Inbound.objects.create(
        connection=hubspot, topic="batch", dedupe_key="1", body=json.dumps(told).encode()
    )
    return actions.process(row)
