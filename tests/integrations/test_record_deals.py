"""Deals that sales people win at a CRM are conversions here, once each, and taken back with them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from integrations import actions, connectors
from integrations.models import Connection, CustomerFact, Inbound, RemoteRecord
from tests import makers
from tests.integrations.fake_hubspot import FakeHubSpot, opened
from tests.integrations.record_keeping import (
    DAY,
    NOON,
    buy,
    contact_of,
    customer,
    keep_at,
    listen,
    message,
    settle,
    stopped,
)
from tracking.models import Customer, Order
from tracking.orders import CustomerIn, OrderIn
from tracking.states import OrderState

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(monkeypatch)


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings, is_made=False) as running:
        running.at = NOON
        yield running


# --- deals that are won -----------------------------------------------------------------------------------------
def won(account: FakeHubSpot, **values: str) -> Any:
    told = {
        "dealname": "100 mugs",
        "amount": "1200.50",
        "deal_currency_code": "EUR",
        "closedate": (NOON + MINUTE).isoformat(),
        "hs_is_closed_won": "true",
    }
    return account.add("deals", **(told | values))


def test_won_deal_is_a_conversion_of_whom_brought_the_customer(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    buy(anna, anna.program, "1")
    deal = won(account)
    account.joined.add((deal.id, contact_of(account).id))

    listen(hubspot, NOON + MINUTE)
    listen(hubspot, NOON + 2 * MINUTE)

    order = Order.objects.get(source="hubspot")
    assert (order.external_id, order.total, order.customer) == (deal.id, 120050, customer())
    assert order.conversion.decision.enrollment == anna
    account.at = NOON + 2 * MINUTE
    account.edit(deal, hs_is_closed_won="false")
    listen(hubspot, NOON + 3 * MINUTE)
    order.refresh_from_db()
    assert order.state == OrderState.VOID


def test_won_deal_counts_only_where_the_company_wants_it(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program)
    won(account)

    listen(hubspot, NOON + MINUTE)

    assert Order.objects.count() == 0


def test_deal_that_we_made_is_no_new_order(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program, deals="order", won_deals=True)
    buy(anna, anna.program, "1")
    (deal,) = account.objects["deals"].values()
    account.edit(deal, hs_is_closed_won="true", hubspot_owner_id="7")

    listen(hubspot, NOON + MINUTE)

    assert Order.objects.count() == 1
    assert CustomerFact.objects.get(name=f"deal.owner:{deal.id}").value == "7"


def test_deal_without_a_readable_amount_waits_for_a_person(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    won(account, amount="a lot")

    listen(hubspot, NOON + MINUTE)

    row = Inbound.objects.get()
    assert row.state == "quarantined"
    assert "amount cannot be read" in row.note
    assert Order.objects.count() == 0


def test_deal_that_was_closed_before_we_were_connected_counts_nothing(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    won(account, closedate=(NOON - 900 * DAY).isoformat())

    listen(hubspot, NOON + MINUTE)

    assert Order.objects.count() == 0


def test_deal_keeps_its_number_whatever_people_enter(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    rows = [
        *(dict(row) for row in connectors.hubspot.IN["deal"]),
        {"target": "deal.number", "source": "dealname"},
    ]
    actions.save_mapping(hubspot, "in", "deal", rows)
    deal = won(account, dealname="")
    listen(hubspot, NOON + MINUTE)
    account.at = NOON + 2 * MINUTE
    account.edit(deal, dealname="INV-77", amount="900")
    listen(hubspot, NOON + 3 * MINUTE)

    order = Order.objects.get()
    assert (order.external_id, order.total) == (deal.id, 90000)


@pytest.mark.parametrize("amount", ["", "a lot"])
def test_amount_that_is_taken_away_reverses_nothing(
    anna: Enrollment, account: FakeHubSpot, amount: str
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    deal = won(account)
    listen(hubspot, NOON + MINUTE)
    account.at = NOON + 2 * MINUTE
    account.edit(deal, amount=amount)
    listen(hubspot, NOON + 3 * MINUTE)

    assert Order.objects.get().total == 120050
    assert Inbound.objects.filter(state="quarantined").count() == 1


def test_mapping_that_does_not_say_whether_a_deal_is_won_takes_nothing_back(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    deal = won(account)
    listen(hubspot, NOON + MINUTE)
    actions.save_mapping(hubspot, "in", "deal", [{"target": "deal.amount", "source": "amount"}])
    account.at = NOON + 2 * MINUTE
    account.edit(deal, amount="5")
    listen(hubspot, NOON + 3 * MINUTE)

    assert Order.objects.get().state == OrderState.SALE


def test_deal_that_is_deleted_or_leaves_the_conditions_is_taken_back(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    only = {
        "schema": 1,
        "when": [{"source": "dealstage", "test": "is", "value": "closedwon"}],
        "rows": [dict(row) for row in connectors.hubspot.IN["deal"]],
    }
    actions.save_mapping(hubspot, "in", "deal", only)
    first, second = (won(account, dealstage="closedwon") for _deal in range(2))
    listen(hubspot, NOON + MINUTE)
    account.at = NOON + 2 * MINUTE
    account.edit(first, dealstage="lost", hs_is_closed_won="false")
    listen(hubspot, NOON + 3 * MINUTE)
    message(hubspot, {"subscriptionType": "deal.deletion", "objectId": int(second.id)})

    assert list(Order.objects.values_list("state", flat=True)) == ["void", "void"]


def test_deal_won_there_is_not_made_there_again(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True, deals="order")
    buy(anna, anna.program, "1")
    deal = won(account)
    account.joined.add((deal.id, contact_of(account).id))
    listen(hubspot, NOON + MINUTE)
    settle(NOON + 2 * MINUTE)

    assert Order.objects.count() == 2
    assert len(account.objects["deals"]) == 2  # the one of the shop's order, and theirs


def test_contact_whose_address_was_changed_there_stays_the_customer(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    buy(anna, anna.program, "1")
    account.at = NOON + MINUTE
    account.edit(contact_of(account), email="other@example.net")
    deal = won(account)
    account.joined.add((deal.id, contact_of(account).id))
    listen(hubspot, NOON + 2 * MINUTE)

    order = Order.objects.get(source="hubspot")
    assert (order.customer, order.conversion.decision.enrollment) == (customer(), anna)


# --- whose a deal is where nobody has an address ----------------------------------------------------------------
PLAIN = CustomerIn(external_id="c-7", phone="+49 (30) 123-456-78")  # a shop's customer without an address


def joined(account: FakeHubSpot, contact: Any, **values: str) -> Any:
    deal = won(account, **values)
    account.joined.add((deal.id, contact.id))
    return deal


def mapped(hubspot: Connection, account: FakeHubSpot, **sources: str) -> None:
    """Deals also say this, in fields that people have made there: place of ours -> the field."""
    rows = [dict(row) for row in connectors.hubspot.IN["deal"]]
    rows += [{"target": target.replace("_", "."), "source": source} for target, source in sources.items()]
    account.properties["deals"] |= {name: {"name": name, "type": "string"} for name in sources.values()}
    actions.save_mapping(hubspot, "in", "deal", rows)


def test_deal_of_a_known_customer_without_an_address_is_theirs(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    buy(anna, anna.program, "1", customer=PLAIN)
    person = account.add("contacts", firstname="Carl")
    RemoteRecord.objects.create(
        connection=hubspot, kind="contact", local_key=f"customer:{customer().pk}", remote_id=person.id
    )
    joined(account, person)

    listen(hubspot, NOON + MINUTE)

    order = Order.objects.get(source="hubspot")
    assert (order.customer, order.conversion.decision.enrollment) == (customer(), anna)
    assert order.conversion.decision.evidence == "bound"


def test_deals_of_a_person_without_an_address_are_one_customers(
    anna: Enrollment, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    person = account.add("contacts", firstname="Carl")
    mapped(hubspot, account, evidence_ref="dealtype")
    joined(account, person, dealtype=anna.code)
    listen(hubspot, NOON + MINUTE)
    account.at = NOON + 2 * MINUTE
    joined(account, person, closedate=(NOON + 2 * MINUTE).isoformat())
    listen(hubspot, NOON + 3 * MINUTE)

    assert (customer().source, customer().external_id, customer().email) == ("hubspot", person.id, "")
    assert [order.conversion.decision.enrollment for order in Order.objects.order_by("pk")] == [anna, anna]
    assert list(account.objects["contacts"]) == [person.id]  # it is known there, and not made once more
    assert person.values["affiliate_platform_id"] == f"customer:{customer().pk}"


def test_deal_of_nobody_is_an_order_of_nobody(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    won(account)
    listen(hubspot, NOON + MINUTE)

    assert Order.objects.get().customer is None
    assert Customer.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "is_theirs"),
    [
        ({"dealtype": "c-7"}, True),
        ({"dealtype": "customer:{pk}"}, True),
        ({"dealtype": "c-8"}, False),
        ({"dealtype": "customer:999999999999999999999"}, False),
        ({"dealtype": "customer:0"}, False),
        ({"description": "030 / 123 45678"}, True),
        ({"description": "0049-30-12345678"}, True),
        ({"description": "12345678"}, False),
        ({"description": "5678"}, False),
        ({"description": "%"}, False),
        ({"dealtype": "c-8", "description": "030 12345678"}, True),
    ],
)
def test_deal_names_its_customer_by_number_or_phone(
    anna: Enrollment, account: FakeHubSpot, fields: dict[str, str], is_theirs: bool
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    buy(anna, anna.program, "1", customer=PLAIN)
    buyer = customer()
    mapped(hubspot, account, customer_number="dealtype", customer_phone="description")
    won(account, **{name: value.format(pk=buyer.pk) for name, value in fields.items()})

    listen(hubspot, NOON + MINUTE)

    assert Order.objects.get(source="hubspot").customer == (buyer if is_theirs else None)


@pytest.mark.parametrize("fields", [{"dealtype": "c-7"}, {"description": "+49 30 12345678"}])
def test_what_may_be_two_people_is_nobody(
    anna: Enrollment, account: FakeHubSpot, fields: dict[str, str]
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    for source in ("shop", "woo"):
        Customer.objects.create(
            program=anna.program, source=source, external_id="c-7", phone="+49 30 12345678"
        )
    mapped(hubspot, account, customer_number="dealtype", customer_phone="description")
    won(account, **fields)

    listen(hubspot, NOON + MINUTE)

    assert Order.objects.get(source="hubspot").customer is None


def test_customers_of_another_program_are_never_meant(
    anna: Enrollment, other: Program, account: FakeHubSpot
) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    foreign = Customer.objects.create(program=other, source="shop", external_id="c-7", phone="030 12345678")
    mapped(hubspot, account, customer_number="dealtype", customer_phone="description")
    for number in ("c-7", f"customer:{foreign.pk}"):
        won(account, dealtype=number, description="030 12345678")

    listen(hubspot, NOON + MINUTE)

    assert [order.customer for order in Order.objects.order_by("pk")] == [None, None]


def test_address_says_more_than_a_number_that_was_typed(anna: Enrollment, account: FakeHubSpot) -> None:
    hubspot = keep_at(account, anna.program, won_deals=True)
    buy(anna, anna.program, "1", customer=PLAIN)
    mapped(hubspot, account, customer_number="dealtype", customer_email="description")
    won(account, dealtype="c-7", description="else@example.net")

    listen(hubspot, NOON + MINUTE)

    assert Order.objects.get(source="hubspot").customer.email == "else@example.net"


def test_orders_that_name_no_row_of_ours_have_the_content_they_had() -> None:
    assert "ours" not in makers.make_order("1").as_json()["customer"]
    named = replace(makers.make_order("1"), customer=CustomerIn(ours=7))
    assert OrderIn.from_json(named.as_json()) == named
