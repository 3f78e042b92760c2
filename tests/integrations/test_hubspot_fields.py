"""HubSpot's properties: told as fields, and ours made once."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import Misconfigured
from integrations.connectors import hubspot
from integrations.connectors.hubspot.defaults import wanted_fields
from integrations.connectors.records import RemoteField, Row
from tests.integrations.fake_hubspot import KEY, FakeHubSpot, opened, store_of


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    """An account in which nothing of ours is made yet."""
    with opened(settings, is_made=False) as running:
        yield running


def fields(account: FakeHubSpot, kind: str = "contact") -> dict[str, RemoteField]:
    return {field.name: field for field in hubspot.list_fields(store_of(account), kind)}


def test_properties_are_told_with_their_kinds(account: FakeHubSpot) -> None:
    contact, deal = fields(account), fields(account, "deal")

    assert contact["email"] == RemoteField("email", "Email", is_key=True)
    assert contact["lifecyclestage"].kind == "choice"
    assert contact["lifecyclestage"].choices[0] == ("subscriber", "Subscriber")
    assert contact["lastmodifieddate"] == RemoteField(
        "lastmodifieddate", "Lastmodifieddate", "time", is_writable=False
    )
    assert (deal["amount"].kind, deal["closedate"].kind) == ("money", "time")


@pytest.mark.parametrize(
    ("what", "form", "kind"),
    [
        ("string", "text", "text"),
        ("number", "number", "number"),
        ("date", "date", "date"),
        ("bool", "booleancheckbox", "yes_no"),
        ("enumeration", "booleancheckbox", "yes_no"),
        ("enumeration", "checkbox", "choices"),
        ("json", "text", "text"),
    ],
)
def test_every_type_has_its_kind(account: FakeHubSpot, what: str, form: str, kind: str) -> None:
    account.properties["contacts"]["x"] = {"name": "x", "label": "X", "type": what, "fieldType": form}

    assert fields(account)["x"].kind == kind


def test_hidden_archived_and_nameless_properties_are_not_offered(account: FakeHubSpot) -> None:
    known = account.properties["contacts"]
    known["a"] = {"name": "a", "type": "string", "fieldType": "text", "hidden": True}
    known["b"] = {"name": "b", "type": "string", "fieldType": "text", "archived": True}
    known["c"] = {"name": None, "type": "string"}

    assert not {"a", "b", "None"} & set(fields(account))


def test_ours_are_made_in_a_group_and_told_back_as_they_were_wanted(account: FakeHubSpot) -> None:
    wanted = wanted_fields("contact")

    made = hubspot.make_fields(store_of(account), "contact", wanted)

    assert made == tuple(field.name for field in wanted)
    assert account.groups["contacts"] == {"affiliates"}
    assert [fields(account)[field.name] for field in wanted] == list(wanted)
    assert account.properties["contacts"][KEY]["hasUniqueValue"] is True


@pytest.mark.parametrize("kind", ["text", "number", "money", "date", "time", "yes_no", "choice", "choices"])
def test_every_kind_can_be_made(account: FakeHubSpot, kind: str) -> None:
    choices = (("a", "A"),) if kind.startswith("choice") else ()

    assert hubspot.make_fields(store_of(account), "deal", [RemoteField("x", "X", kind, choices)]) == ("x",)


def test_second_time_nothing_is_made_and_nothing_refused(account: FakeHubSpot) -> None:
    hubspot.make_fields(store_of(account), "deal", wanted_fields("deal"))
    account.asked.clear()

    assert hubspot.make_fields(store_of(account), "deal", wanted_fields("deal")) == ()
    assert [method for method, _path, _body in account.asked] == ["GET"]


def test_what_somebody_makes_meanwhile_is_there_already(account: FakeHubSpot) -> None:
    account.fail(200, {"results": []})
    account.groups["contacts"].add("affiliates")
    account.properties["contacts"]["x"] = {"name": "x", "type": "string", "fieldType": "text"}

    assert hubspot.make_fields(store_of(account), "contact", [RemoteField("x", "X")]) == ()


def test_key_that_may_stand_twice_is_a_persons_matter(account: FakeHubSpot) -> None:
    account.properties["contacts"][KEY] = {"name": KEY, "type": "string", "fieldType": "text"}

    with pytest.raises(Misconfigured) as caught:
        hubspot.make_fields(store_of(account), "contact", wanted_fields("contact"))

    assert KEY in str(caught.value)


def test_without_our_properties_no_record_is_written(account: FakeHubSpot) -> None:
    with pytest.raises(Misconfigured) as caught:
        hubspot.upsert(store_of(account), "contact", [Row("customer:1", {"email": "a@b.example"})])

    assert "Make or repair" in str(caught.value)
    assert account.objects["contacts"] == {}
