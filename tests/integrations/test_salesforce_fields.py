"""Salesforce's fields: told as fields, ours made once, and shown to the app's user."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import Misconfigured, Temporary
from integrations.connectors import salesforce
from integrations.connectors.records import RemoteField, Row
from integrations.connectors.salesforce.defaults import wanted_fields
from integrations.connectors.salesforce.fields import TYPES, missing_fields
from tests.fakes.salesforce import FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY, US, described


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    """An org in which nothing of ours is made yet."""
    with opened(settings, is_made=False) as running:
        yield running


def make(org: FakeSalesforce, kind: str = "contact", *wanted: RemoteField, **options: str) -> tuple[str, ...]:
    store = store_of(org, **options)
    return salesforce.make_fields(store, kind, wanted or wanted_fields(store, kind))


def fields(org: FakeSalesforce, kind: str = "contact", **options: str) -> dict[str, RemoteField]:
    return {field.name: field for field in salesforce.list_fields(store_of(org, **options), kind)}


def test_fields_are_told_with_their_kinds(org: FakeSalesforce) -> None:
    contact, lead, deal = fields(org), fields(org, person="lead"), fields(org, "deal")

    assert contact["Email"] == RemoteField("Email", "Email", is_key=True)
    assert lead["Status"].choices == (("Open", "Open"), ("Working", "Working"))
    assert (contact["SystemModstamp"].kind, contact["SystemModstamp"].is_writable) == ("time", False)
    assert (deal["Amount"].kind, deal["CloseDate"].kind, deal["IsWon"].kind) == ("money", "date", "yes_no")
    assert "MailingAddress" not in contact


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("string", "text"),
        ("int", "number"),
        ("percent", "number"),
        ("multipicklist", "choices"),
        ("url", "text"),
    ],
)
def test_every_type_has_its_kind(org: FakeSalesforce, what: str, kind: str) -> None:
    org.org.fields["Contact"]["X__c"] = described("X__c", what)

    assert fields(org)["X__c"].kind == kind


def test_ours_are_made_and_told_back_as_they_were_wanted(org: FakeSalesforce) -> None:
    wanted = wanted_fields(store_of(org), "contact")

    made = make(org)

    assert made == tuple(field.name for field in wanted)
    assert [fields(org)[field.name] for field in wanted] == list(wanted)
    assert org.org.fields["Contact"][KEY]["unique"] is True
    assert org.org.hidden == set()


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_kind_can_be_made(org: FakeSalesforce, kind: str) -> None:
    choices = (("a", "A"),) if kind.startswith("choice") else ()

    assert make(org, "deal", RemoteField("X__c", "X", kind, choices)) == ("X__c",)
    assert fields(org, "deal")["X__c"] == RemoteField("X__c", "X", kind, choices)


def test_what_is_there_is_not_made_again(org: FakeSalesforce) -> None:
    make(org)
    org.asked.clear()

    assert make(org) == ()
    assert org.calls == ["GET sobjects/Contact/describe"]


def test_leads_need_the_fields_of_contacts_too(org: FakeSalesforce) -> None:
    make(org, person="lead")

    for sobject in ("Lead", "Contact"):
        assert KEY in org.org.shown(sobject)


def test_permission_set_is_made_once_and_given_to_our_user(org: FakeSalesforce) -> None:
    make(org)
    make(org, "deal")

    (made,) = org.org.objects["PermissionSet"].values()
    (given,) = org.org.objects["PermissionSetAssignment"].values()
    assert (made["Name"], given["PermissionSetId"], given["AssigneeId"]) == (
        "Affiliate_Fields",
        made["Id"],
        US,
    )
    granted = org.org.objects["FieldPermissions"].values()
    assert len({one["Field"] for one in granted}) == len(granted)


def test_field_that_is_there_but_hidden_from_us_is_shown(org: FakeSalesforce) -> None:
    make(org)
    org.org.hidden = {f"Contact.{KEY}"}
    org.org.objects["FieldPermissions"].clear()

    assert make(org) == ()
    assert KEY in fields(org)


def test_user_who_may_make_no_fields_is_told_what_an_administrator_makes_and_how(org: FakeSalesforce) -> None:
    org.may_make = False

    with pytest.raises(Misconfigured) as caught:
        make(org)

    said = str(caught.value)
    assert "Setup > Object Manager > Contact > Fields & Relationships" in said
    assert f"{KEY} (text of 80 letters, external id, unique)" in said
    assert "Affiliate_Lifetime_Value__c (number with 16 and 2 digits)" in said
    assert org.calls == ["GET sobjects/Contact/describe", "POST tooling/sobjects/CustomField"]


def test_user_who_may_show_no_fields_is_told_which_an_administrator_shows(org: FakeSalesforce) -> None:
    org.may_grant = False

    with pytest.raises(Misconfigured) as caught:
        make(org)

    assert f"“Edit Access” to Contact.{KEY}, " in str(caught.value)


def test_key_that_may_stand_in_several_records_is_a_persons_matter(org: FakeSalesforce) -> None:
    org.org.fields["Contact"][KEY] = described(KEY)

    with pytest.raises(Misconfigured) as caught:
        make(org)

    assert f"Contact.{KEY} that is no external id" in str(caught.value)
    assert (
        missing_fields(store_of(org), "contact", wanted_fields(store_of(org), "contact"))[0]
        == f"Contact.{KEY}"
    )


def test_making_that_breaks_off_goes_on_the_next_time(org: FakeSalesforce) -> None:
    org.lost = ["CustomField"]
    with pytest.raises(Temporary):
        make(org)

    make(org)

    assert missing_fields(store_of(org), "contact", wanted_fields(store_of(org), "contact")) == []


def test_what_was_made_can_be_written_at_once(org: FakeSalesforce) -> None:
    make(org)
    values = {
        "Affiliate_Segment__c": "loyal",
        "Affiliate_Commission__c": "15.25",
        "Affiliate_Categories__c": ["Shoes", "Hats; caps"],
    }

    (outcome,) = salesforce.upsert(store_of(org), "contact", [Row("customer:1", values)]).outcomes

    (contact,) = org.org.live("Contact")
    assert outcome.refusal == ""
    assert (contact["Affiliate_Commission__c"], contact["Affiliate_Categories__c"]) == (
        15.25,
        "Shoes;Hats, caps",
    )
