"""What customers and settings say never becomes a part of a query, an address or a field's name."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as some

from integrations.connectors import salesforce
from integrations.connectors.records import Row
from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.address import address_of
from integrations.connectors.webhook.choices import Unclear
from tests.fakes.salesforce import FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY
from tests.fakes.salesforce_soql import Malformed, Reader

ATTACKS = [
    "x') OR (Email != '@",
    "x\\') OR Email LIKE '%@%",
    "o'brien@b.example",
    "a\\@b.example",
    "a\\",
    "a'@b.example\n",
    "a@b.example') LIMIT 1 --",
    "a\u2019@b.example",
    "@{!User.Id}",
    "a@b.example\u0000' OR Name = '",
    '"@b.example',
]


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


@pytest.mark.parametrize("attack", ATTACKS)
def test_address_that_is_an_attack_finds_nobody_and_breaks_no_query(org: FakeSalesforce, attack: str) -> None:
    victim = org.org.add(LastName="Victim", Email="victim@b.example")
    before = dict(victim)

    salesforce.upsert(store_of(org), "contact", [Row("customer:1", {"Title": "x"}, "", attack)])

    assert victim == before
    assert len(org.queries) == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_key_and_number_that_are_attacks_find_nobody(org: FakeSalesforce, attack: str) -> None:
    victim = org.org.add(LastName="Victim", Email="victim@b.example", **{KEY: "customer:9"})
    before = dict(victim)

    rows = [Row(attack, {"Title": "x"}, attack, "")]
    found = salesforce.fetch_records(store_of(org), "contact", rows, ["Title"])

    assert (found, victim) == ((), before)


def test_address_with_an_apostrophe_finds_its_contact(org: FakeSalesforce) -> None:
    known = org.org.add(LastName="O'Brien", Email="o'brien@b.example")

    (outcome,) = salesforce.upsert(
        store_of(org), "contact", [Row("customer:1", {"Title": "x"}, "", "O'Brien@b.example")]
    ).outcomes

    assert outcome.remote_id == known["Id"]


@given(some.text(max_size=60))
def test_any_text_reads_back_as_one_text(value: str) -> None:
    query = Reader(f"SELECT Id FROM Contact WHERE Email = {soql.text(value)}").read()

    assert len(query.used) == 2
    told = query.used[1][1]
    assert "'" not in told or "'" in value
    assert told == "".join(
        sign for sign in value if sign in told or sign.isprintable() or sign in soql.ESCAPES
    )


@given(some.lists(some.text(max_size=20), max_size=5), some.text(max_size=40))
def test_no_name_ends_what_is_selected(names: list[str], name: str) -> None:
    kept = soql.fields("Id", name, *names)

    assert Reader(soql.select(kept, "Contact", "Id != null")).read().sobject == "Contact"


@pytest.mark.parametrize(
    "name", ["Contact WHERE Id != null", "Id,Name", "", "(SELECT Id FROM Cases)", "a" * 200]
)
def test_name_that_is_none_is_never_selected(name: str) -> None:
    assert not soql.is_name(name)
    with pytest.raises(ValueError, match="No name"):
        soql.select(["Id"], name, "Id != null")


def test_mapping_with_an_attack_for_a_field_is_not_asked_for(org: FakeSalesforce) -> None:
    org.org.add(LastName="Ana", Email="ana@b.example")
    rows = [
        {"target": "crm.owner", "source": '["Id FROM User"]'},
        {"target": "crm.segment", "source": "Title"},
    ]
    store = store_of(org)
    attacked = type(store)(
        **{**{name: getattr(store, name) for name in store.__slots__}, "mappings": {("in", "contact"): rows}}
    )

    page = salesforce.list_changes(attacked, "contact", datetime(2026, 11, 1, tzinfo=UTC), None)

    assert len(page.changes) == 1
    assert "User" not in org.queries[0]
    assert ",Title" in org.queries[0]


def test_field_of_a_mapping_that_is_no_name_is_left_out_of_the_query(org: FakeSalesforce) -> None:
    rows = [Row("customer:1", {"Id FROM User": "1", "Title": "x"}, "", "ana@b.example")]

    (outcome,) = salesforce.upsert(store_of(org), "contact", rows).outcomes

    assert "User" not in org.queries[0]
    assert "has no field Id FROM User of Contact" in outcome.refusal
    assert org.calls == ["GET query"]


def test_key_stands_as_one_part_of_an_address(org: FakeSalesforce) -> None:
    org.org.watchers = {"Contact"}
    org.race = lambda: org.org.add(LastName="Two", Email="two@b.example")
    key = "customer:1/../../x?y"

    salesforce.upsert(store_of(org), "contact", [Row(key, {"Title": "x"}, "", "two@b.example")])

    parts = next(body for _method, path, body in org.asked if path.endswith("/composite"))["compositeRequest"]
    assert parts[0]["url"].endswith(f"/{KEY}/{quote(key, safe='')}")


@pytest.mark.parametrize("name", ["Account", "X__c FROM User", "X__c,Y__c", "A.B__c", "__c", "x'__c"])
def test_object_that_is_no_name_of_their_own_is_refused(name: str) -> None:
    with pytest.raises(Unclear):
        salesforce.read_options({"deal_object": name})


@pytest.mark.parametrize(
    "given",
    [
        {"person": "account"},
        {"deal_contact": "Buyer__c"},
        {"stage": "a\nb"},
        {"stage": "x" * 256},
        {"deals": "all"},
    ],
)
def test_setting_that_makes_no_sense_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(Unclear):
        salesforce.read_options(given)


def test_settings_are_written_back_as_they_were_entered() -> None:
    given = {
        "deals": "order",
        "won_deals": "yes",
        "person": "lead",
        "deal_object": "Shop_Order__c",
        "deal_contact": "Buyer__c",
        "stage": "Paid",
        "company": "Shop",
    }

    assert salesforce.written(salesforce.read_options(given)) == given
    assert salesforce.read_options({}) == {
        "deals": "none",
        "won_deals": False,
        "person": "",
        "deal_object": "",
        "deal_contact": "",
        "stage": "",
        "company": "",
    }


@pytest.mark.parametrize(
    ("entered", "called"),
    [
        ("acme", "https://acme.my.salesforce.com"),
        ("https://acme.lightning.force.com/lightning/page/home", "https://acme.my.salesforce.com"),
        ("acme--dev.sandbox.lightning.force.com", "https://acme--dev.sandbox.my.salesforce.com"),
        ("https://acme.my.salesforce-setup.com/lightning/setup/x", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("https://evil.example/.lightning.force.com", "https://evil.example"),
        ("https://a@b.example", "https://a@b.example"),
        ("https://[::1", "https://[::1"),
        ("", ""),
    ],
)
def test_any_address_that_people_copy_is_called_by_its_my_domain(entered: str, called: str) -> None:
    assert address_of(entered) == called


def test_strict_reader_refuses_what_is_no_query() -> None:
    for text in (
        "SELECT Id FROM Contact WHERE A = 'x' OR B = 'y' AND C = 'z'",
        "SELECT Id FROM Contact WHERE A = 'x'y'",
        "SELECT Id, Id FROM Contact",
        "SELECT Id FROM Contact; DELETE",
        "SELECT Id FROM Contact WHERE A = 'x\\q'",
    ):
        with pytest.raises(Malformed):
            Reader(text).read()
