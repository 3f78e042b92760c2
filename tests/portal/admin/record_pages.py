"""Helps for the tests of mappings of records: a customer, the page of a mapping, what its form says."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from django.urls import reverse

from affiliates.models import Enrollment
from commissions.actions import take_orders
from integrations import actions
from integrations.connectors import hubspot
from integrations.connectors.records import Row
from integrations.models import Connection
from tests import makers
from tests.integrations.fake_hubspot import FakeHubSpot
from tests.makers import NOON
from tracking.models import Customer
from tracking.orders import CustomerIn, Evidence


def buy(ann: Enrollment, number: str, email: str, days: int = 0) -> Customer:
    at = NOON + timedelta(days=days)
    order = makers.make_order(
        number,
        net=10000,
        evidence=Evidence(ref=ann.code),
        customer=CustomerIn(external_id=f"c-{number}", email=email, country="DE"),
        occurred_at=at,
        revision_at=at,
        captured_at=at,
    )
    take_orders(ann.program, [order], at=at)
    found: Customer = Customer.objects.get(email=email)
    return found


def editor(crm: Connection, direction: str = "out", kind: str = "contact") -> str:
    return reverse("admin:integrations_connection_mapping", args=[crm.pk, direction, kind])


def pages(crm: Connection) -> str:
    return reverse("admin:integrations_connection_mappings", args=[crm.pk])


def filled(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """What the form says: each row has target, from, and what else it has."""
    values = {f"row-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
    return {"count": str(len(rows)), **values, **more}


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", answer.content.decode())))


def contact(account: FakeHubSpot, buyer: Customer, **values: str) -> str:
    """Our customer's record there, as people have filled it."""
    row = hubspot.upsert(
        actions.connections.store_of(Connection.objects.get()),
        "contact",
        [hubspot_row(buyer, {"email": buyer.email, **values})],
    )
    account.asked.clear()
    return row.outcomes[0].remote_id


def hubspot_row(buyer: Customer, values: dict[str, str]) -> Row:
    return Row(f"customer:{buyer.pk}", values, email=buyer.email)


COUNTRY = {"target": "country", "from": "path:customer.country"}


def fields_of(page: str) -> dict[str, str]:
    """The form as a browser would send it."""
    form = page[page.index('<form method="post" id="mapping"') :]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or "checked" in tag):
            sent[name[1]] = unescape(value[1]) if value else "on"
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', inner) or re.search(
            r'value="([^"]*)"', inner
        )
        sent[name] = unescape(chosen[1]) if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[name] = unescape(inner)
    return sent
