"""The managers' page of a mapping of records: theirs beside ours, what a rule does, fields made there."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment, Program
from core.models import Event, User
from integrations.connectors import hubspot
from integrations.mapping import FILLED, NEWEST, OURS, THEIRS
from integrations.models import Connection, CustomerFact, Mapping
from tests import makers
from tests.integrations.fake_hubspot import KEY, TOKEN, FakeHubSpot, opened
from tests.makers import NOON
from tests.portal.admin.record_pages import COUNTRY, buy, contact, editor, filled, text_of
from tracking.models import Customer

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings) as running:
        yield running


@pytest.fixture
def crm(program: Program, account: FakeHubSpot) -> Connection:
    return makers.make_connection(
        program,
        connector="hubspot",
        name="Sales",
        source="hubspot",
        base_url=account.url,
        secrets={"token": TOKEN},
    )


@pytest.fixture
def buyer(ann: Enrollment) -> Customer:
    return buy(ann, "1", "buyer@example.net")


# --- their record ----------------------------------------------------------------------------------------------
def test_nobody_is_asked_before_the_button(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    client = enter(mia)
    client.get(editor(crm))
    client.post(editor(crm), filled(COUNTRY, act="try"))
    before = list(account.asked)
    client.post(editor(crm), filled(COUNTRY, act="there"))
    asked = len(account.asked)
    client.post(editor(crm), filled(COUNTRY, act="try"))

    assert before == []
    assert asked > 0
    assert len(account.asked) == asked


@pytest.mark.parametrize(
    ("rule", "theirs", "sentence", "is_written"),
    [
        (THEIRS, "FR", "There: FR. It stays (theirs wins).", False),
        (OURS, "FR", "There: FR. It is overwritten (ours wins).", True),
        (FILLED, "FR", "There: FR. It stays (a filled field is never overwritten).", False),
        (FILLED, "", "Empty there: it is filled.", True),
        (NEWEST, "FR", "There: FR. What was changed last stays.", False),
        (NEWEST, "", "Empty there: it is filled.", True),
        (OURS, "DE", "There too: nothing changes.", False),
        (FILLED, "DE", "There too: nothing changes.", False),
    ],
)
def test_what_the_rule_does_is_said_at_the_field_as_telling_does_it(
    enter: Enter,
    mia: User,
    crm: Connection,
    account: FakeHubSpot,
    buyer: Customer,
    rule: str,
    theirs: str,
    sentence: str,
    is_written: bool,
) -> None:
    number = contact(account, buyer, country=theirs)
    client, row = enter(mia), {**COUNTRY, "conflict": rule}

    shown = client.post(editor(crm), filled(row, act="there"))

    assert sentence in text_of(shown)
    assert f"Its number there is {number}." in text_of(shown)
    assert ("This would be written there" in text_of(shown)) == is_written
    assert ("Nothing would be written." in text_of(shown)) != is_written


def test_record_that_is_not_there_would_be_made(
    enter: Enter, mia: User, crm: Connection, buyer: Customer
) -> None:
    shown = text_of(enter(mia).post(editor(crm), filled(COUNTRY, act="there")))

    assert "There is no record of this customer yet: it would be made." in shown
    assert "This record would be made there" in shown


def test_fields_of_theirs_are_offered_with_labels_and_kinds(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    lifetime = {"target": "affiliate_lifetime_value", "from": "path:value.lifetime"}
    shown = enter(mia).post(editor(crm), filled(lifetime, {"target": "", "from": ""}, act="there"))

    page = shown.content.decode()
    label = next(
        one.label for one in hubspot.default_fields(None, "contact") if one.name == lifetime["target"]
    )
    assert f'<option value="affiliate_lifetime_value">{label}</option>' in page
    assert f"{label} affiliate_lifetime_value" in text_of(shown)
    assert 'list="theirs"' in page


def test_far_side_in_trouble_is_a_sentence(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    account.fail(503, {})

    shown = enter(mia).post(editor(crm), filled(COUNTRY, act="there"))

    assert shown.status_code == 200
    assert "HubSpot has an error (503)." in text_of(shown)
    assert "Nobody has been asked yet." in text_of(shown)


def test_without_a_key_nobody_is_asked(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    crm.secrets = {}
    crm.save(update_fields=["secrets"])

    shown = enter(mia).post(editor(crm), filled(COUNTRY, act="there"))

    assert "There is no key to ask with" in text_of(shown)
    assert account.asked == []


# --- fields that are made ----------------------------------------------------------------------------------------
def test_missing_fields_are_named_and_made_there(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    rows = [
        {"target": "vip_since", "from": "path:orders.first_at"},
        {"target": "vip_value", "from": "path:value.lifetime"},
        {"target": "vip_name", "from": "path:affiliate.first.name"},
    ]
    client = enter(mia)
    seen = client.post(editor(crm), filled(*rows, act="there"))
    made = client.post(editor(crm), filled(*rows, act="make"))

    assert "These fields are not there yet: vip_since, vip_value, vip_name." in text_of(seen)
    assert "There is no such field there yet." in text_of(seen)
    assert "Made there: vip_since, vip_value, vip_name." in text_of(made)
    assert "not there yet" not in text_of(made)
    kinds = {row["name"]: row["type"] for row in account.properties["contacts"].values()}
    assert (kinds["vip_since"], kinds["vip_value"], kinds["vip_name"]) == ("datetime", "number", "string")
    event = Event.objects.get(kind="connection.changed")
    assert (event.actor, event.data["fields_made"]) == (mia, ["vip_name", "vip_since", "vip_value"])


def test_field_of_the_default_is_made_as_the_connector_makes_it(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    wanted = next(one for one in hubspot.default_fields(None, "contact") if one.kind == "choice")
    del account.properties["contacts"][wanted.name]
    row = {"target": wanted.name, "from": "path:pattern.segment"}
    client = enter(mia)
    client.post(editor(crm), filled(row, act="there"))
    client.post(editor(crm), filled(row, act="make"))

    made = account.properties["contacts"][wanted.name]
    assert made["type"] == "enumeration"
    assert [one["value"] for one in made["options"]] == [value for value, _label in wanted.choices]


def test_field_that_a_system_finds_by_its_label_is_not_missing(
    enter: Enter,
    mia: User,
    crm: Connection,
    account: FakeHubSpot,
    buyer: Customer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    label = account.properties["contacts"]["affiliate_lifetime_value"]["label"]
    row = {"target": re.sub("[^a-z0-9]+", "_", label.lower()).strip("_"), "from": "path:value.lifetime"}
    client = enter(mia)

    before = text_of(client.post(editor(crm), filled(row, act="there")))
    monkeypatch.setattr(hubspot, "FINDS_BY_LABEL", True, raising=False)

    assert f"not there yet: {row['target']}." in before
    assert "not there yet" not in text_of(client.post(editor(crm), filled(row, act="there")))


def test_nothing_is_made_before_somebody_looked(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    row = {"target": "vip", "from": "text", "text": "x"}

    enter(mia).post(editor(crm), filled(row, act="make"))

    assert account.asked == []
    assert "vip" not in account.properties["contacts"]


@pytest.mark.parametrize("who", ["fin", "ada"])
@pytest.mark.parametrize("act", ["try", "there", "make", "save", "default"])
def test_who_may_not_manage_asks_and_makes_nothing(
    request: pytest.FixtureRequest,
    enter: Enter,
    crm: Connection,
    account: FakeHubSpot,
    buyer: Customer,
    who: str,
    act: str,
) -> None:
    answer = enter(request.getfixturevalue(who)).post(editor(crm), filled(COUNTRY, act=act))

    assert answer.status_code == 403
    assert account.asked == []
    assert Mapping.objects.count() == 0


# --- inwards -----------------------------------------------------------------------------------------------------
STATUS = {"target": "crm.lead_status", "from": "path:hs_lead_status"}


def test_their_record_is_what_the_way_in_is_mapped_by(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    contact(account, buyer, hs_lead_status="OPEN")
    CustomerFact.objects.create(connection=crm, customer=buyer, name="crm.lead_status", value="NEW", at=NOON)
    client = enter(mia)

    before = client.get(editor(crm, "in"))
    after = client.post(editor(crm, "in"), filled(STATUS, act="there"))
    kept = client.post(editor(crm, "in"), filled({**STATUS, "conflict": OURS}, act="try"))

    assert "Press “Show the record there” to map by a real record of theirs." in text_of(before)
    assert 'data-path="hs_lead_status"' in after.content.decode()
    assert "→ OPEN Here: NEW. It is taken in (theirs wins)." in text_of(after)
    assert "This would be taken in" in text_of(after)
    assert "Here: NEW. It stays (ours wins)." in text_of(kept)
    assert "Nothing new would be taken in." in text_of(kept)
    assert CustomerFact.objects.get().value == "NEW"


def test_fields_of_theirs_fill_ours_by_their_labels(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    contact(account, buyer)

    page = enter(mia).post(editor(crm, "in"), filled(STATUS, act="there")).content.decode()

    label = account.properties["contacts"]["lifecyclestage"]["label"]
    assert f'<option value="path:lifecyclestage">{label} · ' in page


def test_rules_are_saved_for_both_ways(enter: Enter, mia: User, crm: Connection, buyer: Customer) -> None:
    client = enter(mia)
    client.post(editor(crm), filled({**COUNTRY, "conflict": FILLED}, act="save"))
    client.post(editor(crm, "in"), filled({**STATUS, "conflict": OURS}, act="save"))

    rules = {row.direction: row.rows["rows"][0]["conflict"] for row in Mapping.objects.all()}
    assert rules == {"out": FILLED, "in": OURS}


def test_condition_that_does_not_hold_is_said(
    enter: Enter, mia: User, crm: Connection, buyer: Customer
) -> None:
    when = {"when-0-source": "pattern.segment", "when-0-test": "is", "when-0-value": "loyal"}

    shown = text_of(enter(mia).post(editor(crm), filled(COUNTRY, act="try", **when)))

    assert "The conditions do not hold: this record is left alone." in shown


def test_deal_of_an_order_is_shown_where_orders_are_deals(
    enter: Enter, mia: User, crm: Connection, buyer: Customer
) -> None:
    crm.options = {"deals": "order"}
    crm.save(update_fields=["options"])
    row = {"target": "amount", "from": "path:deal.amount"}

    shown = text_of(enter(mia).post(editor(crm, kind="deal"), filled(row, act="try")))

    assert "Deal amount · " in shown
    assert "→ 100.00" in shown


def test_key_that_joins_records_is_not_compared(
    enter: Enter, mia: User, crm: Connection, account: FakeHubSpot, buyer: Customer
) -> None:
    contact(account, buyer)
    row = {"target": KEY, "from": "path:customer.key", "key": "on"}

    assert "Nothing would be written." in text_of(enter(mia).post(editor(crm), filled(row, act="there")))
