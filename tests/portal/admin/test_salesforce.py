"""Connecting Salesforce on the managers' site: its form, its page, and the button that makes the fields."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import User
from integrations.models import Connection
from tests import makers
from tests.fakes.salesforce import CLIENT, SECRET, FakeSalesforce, opened
from tests.fakes.salesforce_org import KEY

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
ADD = "/admin/integrations/connection/add/"


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    """An org in which nothing of ours is made yet."""
    with opened(settings, is_made=False) as running:
        yield running


def verb(row: Connection, name: str) -> str:
    return reverse("admin:integrations_connection_verb", args=[row.pk, name])


def form(program: Program, org: FakeSalesforce, **more: str) -> dict[str, Any]:
    told = {"program": program.pk, "connector": "salesforce", "name": "Salesforce", "source": "salesforce"}
    return {**told, "base_url": org.url, "client_id": CLIENT, "client_secret": SECRET, **more}


def test_manager_connects_it_and_makes_its_fields(
    program: Program, mia: User, enter: Enter, org: FakeSalesforce
) -> None:
    client = enter(mia)
    assert "connector=salesforce" in client.get(ADD).content.decode()
    refused = client.post(f"{ADD}?connector=salesforce", form(program, org, person="account"), follow=True)
    client.post(f"{ADD}?connector=salesforce", form(program, org, person="lead", deals="order"))

    row = Connection.objects.get()
    page = client.get(reverse("admin:integrations_connection_change", args=[row.pk])).content.decode()
    told = client.post(verb(row, "fields"), follow=True).content.decode()

    assert "Customers are one of: contact, lead." in refused.content.decode()
    assert (row.options["person"], row.options["deals"]) == ("lead", "order")
    assert (verb(row, "fields") in page, verb(row, "webhooks") in page, SECRET in page) == (
        True,
        False,
        False,
    )
    assert "give “Affiliate fields” to everybody" in told
    for sobject in ("Lead", "Contact", "Opportunity"):
        assert KEY in org.org.shown(sobject)


def test_what_salesforce_refuses_is_shown(
    program: Program, mia: User, enter: Enter, org: FakeSalesforce
) -> None:
    org.may_make = False
    secrets = {"client_id": CLIENT, "client_secret": SECRET}
    row = makers.make_connection(program, connector="salesforce", base_url=org.url, secrets=secrets)

    told = enter(mia).post(verb(row, "fields"), follow=True).content.decode()

    row.refresh_from_db()
    assert "an administrator makes" in told
    assert "may not make fields" in row.last_error


def test_nobody_of_another_company_makes_fields(
    program: Program, eve: User, enter: Enter, org: FakeSalesforce
) -> None:
    secrets = {"client_id": CLIENT, "client_secret": SECRET}
    row = makers.make_connection(program, connector="salesforce", base_url=org.url, secrets=secrets)

    enter(eve).post(verb(row, "fields"), follow=True)

    assert (org.asked, org.given) == ([], [])
