"""The managers' page of a mapping of records: the default that holds, our customer, what rules decided."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment, Program
from core.models import User
from integrations import actions
from integrations.connectors import hubspot
from integrations.mapping import OURS, decide
from integrations.models import Connection, Mapping
from tests import makers
from tests.house.markup import inline
from tests.integrations.fake_hubspot import TOKEN, FakeHubSpot, opened
from tests.portal.admin.record_pages import COUNTRY, buy, editor, fields_of, filled, pages, text_of
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


# --- the default ---------------------------------------------------------------------------------------------
def test_default_is_shown_as_what_holds(enter: Enter, mia: User, crm: Connection, buyer: Customer) -> None:
    client = enter(mia)
    listed, shown = client.get(pages(crm)), client.get(editor(crm))

    count = len(hubspot.OUT["contact"])
    assert f"the default holds {count} fields, until you save a mapping of your own." in text_of(listed)
    assert "Begin from the default" in text_of(listed)
    assert "the default holds" in text_of(shown)
    assert '<option value="path:customer.country" selected>' in shown.content.decode()
    assert Mapping.objects.count() == 0
    assert inline(shown.content.decode()) == inline(listed.content.decode()) == []


def test_default_that_is_saved_unchanged_is_version_one(
    enter: Enter, mia: User, crm: Connection, buyer: Customer
) -> None:
    client = enter(mia)
    shown = client.get(editor(crm)).content.decode()

    client.post(editor(crm), {**fields_of(shown), "act": "save"})

    mapping = Mapping.objects.get()
    stored = {row["target"]: row for row in mapping.rows["rows"]}
    assert stored == {row["target"]: dict(row) for row in hubspot.OUT["contact"]}
    assert "version 1 holds" in text_of(client.get(editor(crm)))


def test_default_comes_back_by_its_button(enter: Enter, mia: User, crm: Connection, buyer: Customer) -> None:
    actions.save_mapping(crm, "out", "contact", [{"target": "country", "constant": "FR"}])
    client = enter(mia)

    before = client.get(editor(crm))
    after = client.post(
        editor(crm), filled({"target": "country", "from": "text", "text": "FR"}, act="default")
    )

    assert 'value="FR"' in before.content.decode()
    assert "This is the connector’s own mapping. Nothing is saved yet." in text_of(after)
    assert '<option value="path:customer.country" selected>' in after.content.decode()
    assert Mapping.objects.count() == 1


# --- our customer ----------------------------------------------------------------------------------------------
def test_newest_buyer_is_the_sample_and_another_can_be_picked(
    enter: Enter, mia: User, crm: Connection, ann: Enrollment, buyer: Customer
) -> None:
    newer = buy(ann, "2", "newer@example.net", days=3)
    client = enter(mia)

    first = client.get(editor(crm)).content.decode()
    picked = client.post(editor(crm), filled(COUNTRY, act="try", customer=str(buyer.pk))).content.decode()
    found = client.post(editor(crm), filled(COUNTRY, act="pick", who="BUYER@example.net")).content.decode()
    by_number = client.post(editor(crm), filled(COUNTRY, act="pick", who="c-1")).content.decode()
    nobody = client.post(editor(crm), filled(COUNTRY, act="pick", who="nobody@example.net"))

    assert f'<option value="{newer.pk}" selected>' in first
    for page in (picked, found, by_number):
        assert f'<option value="{buyer.pk}" selected>' in page
        assert "buyer@example.net" in page
    assert "No customer here is called so." in text_of(nobody)


@pytest.mark.parametrize("words", ["\0", "9" * 400, "customer:", "customer:1; drop", "%", "🦊"])
def test_odd_words_find_nobody(enter: Enter, mia: User, crm: Connection, buyer: Customer, words: str) -> None:
    answer = enter(mia).post(editor(crm), filled(COUNTRY, act="pick", who=words))

    assert answer.status_code == 200
    assert "No customer here is called so." in text_of(answer)


def test_customer_of_another_company_is_nobody_here(
    enter: Enter, mia: User, crm: Connection, buyer: Customer, stranger: Enrollment
) -> None:
    foreign = buy(stranger, "9", "secret@elsewhere.example")
    client = enter(mia)

    answers = [
        client.post(editor(crm), filled(COUNTRY, act="pick", who="secret@elsewhere.example")),
        client.post(editor(crm), filled(COUNTRY, act="pick", who=str(foreign.pk))),
        client.post(editor(crm), filled(COUNTRY, act="try", customer=str(foreign.pk))),
        client.get(f"{editor(crm)}?customer={foreign.pk}"),
    ]

    for answer in answers:
        assert "elsewhere" not in answer.content.decode()


def test_without_customers_the_page_says_so(enter: Enter, mia: User, crm: Connection) -> None:
    shown = enter(mia).get(editor(crm))

    assert "No customer has ordered yet: with the first order there is a sample." in text_of(shown)


# --- what rules decided ------------------------------------------------------------------------------------------
def test_decisions_are_found_by_field_and_record(enter: Enter, mia: User, crm: Connection) -> None:
    for number, name in ((1, "owner"), (2, "owner"), (1, "stage")):
        actions.note_decision(
            crm,
            "in",
            f"customer:{number}",
            name,
            rule=OURS,
            choice=decide(OURS, "Ann", f"Bob {number} {name}", "old"),
            ours="Ann",
            theirs=f"Bob {number} {name}",
        )
    client = enter(mia)

    def found(**asked: str) -> list[str]:
        return re.findall(r"Bob \d \w+", text_of(client.get(pages(crm), asked)))

    assert sorted(found()) == ["Bob 1 owner", "Bob 1 stage", "Bob 2 owner"]
    assert sorted(found(field="owner")) == ["Bob 1 owner", "Bob 2 owner"]
    assert sorted(found(about="customer:1")) == ["Bob 1 owner", "Bob 1 stage"]
    assert found(about="2", field="owner") == ["Bob 2 owner"]
    assert found(field="\0", about="nobody") == []
    assert "Nothing was decided there." in text_of(client.get(pages(crm), {"about": "nobody"}))
