"""The page of a connection's mappings offers the ready ones of systems without a connector, and takes them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import User
from integrations import actions
from integrations.models import Connection, Inbound, Mapping
from integrations.presets import message_presets
from tests import makers
from tests.house.markup import inline

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


@pytest.fixture
def inbox(program: Program) -> Connection:
    return makers.make_connection(program, connector="inbox", source="paypal", base_url="")


def page_of(row: Connection) -> str:
    return reverse("admin:integrations_connection_mappings", args=[row.pk])


def test_known_systems_are_offered_and_no_exports(inbox: Connection, mia: User, enter: Enter) -> None:
    page = enter(mia).get(page_of(inbox)).content.decode()

    assert "Start from a known system" in page
    assert [preset.title for preset in message_presets().values() if preset.title not in page] == []
    assert "Rewardful" not in page
    assert inline(page) == []


def test_preset_becomes_the_next_version_of_each_mapping_and_says_how_to_prove_messages(
    inbox: Connection, mia: User, enter: Enter
) -> None:
    actions.save_mapping(
        inbox, "in", "order", {"schema": 1, "rows": [{"target": "order.number", "source": "id"}]}
    )

    page = (
        enter(mia).post(page_of(inbox), {"act": "preset", "preset": "paypal"}, follow=True).content.decode()
    )

    assert list(Mapping.objects.order_by("pk").values_list("kind", "version", "created_by")) == [
        ("order", 1, None),
        ("order", 2, mia.pk),
        ("refund", 1, mia.pk),
        ("note", 1, mia.pk),
    ]
    assert "The fields of “PayPal (sales)” hold from now on." in page
    assert "put the token into the address" in page


def test_preset_of_an_export_is_none_of_messages(inbox: Connection, mia: User, enter: Enter) -> None:
    page = enter(mia).post(page_of(inbox), {"act": "preset", "preset": "rewardful"}, follow=True)

    assert "There is no such mapping." in page.content.decode()
    assert Mapping.objects.count() == 0


def test_mapping_of_notes_shows_the_sentence_that_a_sample_gets(
    inbox: Connection, mia: User, enter: Enter
) -> None:
    actions.save_mapping(inbox, "in", "note", message_presets()["mercado-livre"].kinds["note"])
    body = json.dumps({"resource": "/orders/1", "topic": "orders_v2"}).encode()
    Inbound.objects.create(connection=inbox, topic="orders_v2", dedupe_key="1", headers={}, body=body)

    address = reverse("admin:integrations_connection_mapping", args=[inbox.pk, "in", "note"])
    page = enter(mia).get(address).content.decode()

    assert "It would be kept with this note" in page
    assert "It names /orders/1 and tells nothing of it" in page
    assert inline(page) == []
