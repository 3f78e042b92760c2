"""The guide for Shopify, followed by a manager in the console and a shop that does its part."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from affiliates.models import Coupon, Enrollment
from integrations.connectors.shopify.address import address_of
from integrations.models import Connection
from tests.fakes.shopify_customers import CustomerShop
from tests.integrations.console import Console, follow, work
from tests.integrations.fake_shopify import CLIENT_ID, CLIENT_SECRET, ENTERED, ORDER
from tests.integrations.shopify_messages import (
    LATER,
    NUMBER,
    Row,
    adjustment,
    back,
    order_with,
    refund_with,
    send,
    shipping_back,
)
from tests.integrations.shopify_shop import its_ana, its_program, left

__all__ = ["follow", "its_ana", "its_program"]  # fixtures
FAILED = [{"kind": "refund", "status": "failure", "amount": "90.00", "currency": "BRL"}]
REFUNDS: list[Row] = [  # the rows of the guide's example that are refunds, from the top
    refund_with([back()]),
    refund_with([back()], order_adjustments=[adjustment("10.00")]),
    refund_with([], order_adjustments=[adjustment("-19.50")]),
    refund_with([], refund_shipping_lines=[shipping_back("15.00")]),
    refund_with([back()], transactions=FAILED),
]


@pytest.fixture
def shop(settings: Any) -> Iterator[CustomerShop]:
    """The shop."""
    with CustomerShop() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def console(follow: Callable[[str], Console], ana: Enrollment) -> Console:
    return follow("shopify")


def connected(console: Console, shop: CustomerShop, **keys: str) -> Connection:
    """Steps 2 and 3."""
    keys = keys or {"Client id": CLIENT_ID, "Client secret": CLIENT_SECRET}
    row = console.connect("Shopify", {"Name": "Loja", "Source": "loja", "Address": shop.url, **keys})
    console.press("Make or repair webhooks")
    console.sees(f"https://partners.example.com/hooks/{row.public_id}")  # for the compliance webhooks
    console.press("Test")
    console.reads("The shop answers, and the app may read its orders.")
    return row


def hear(connection: Connection, shop: CustomerShop, topic: str, body: Row) -> None:
    """The shop sends a message to where its subscription leads."""
    told = {
        "X-Shopify-Shop-Domain": urlsplit(shop.url).netloc,
        "X-Shopify-Webhook-Id": f"{topic}{body}"[:200],
    }
    assert send(connection, topic, body, **told) == 200
    work()


def example(console: Console) -> tuple[str, list[list[str]]]:
    """What the affiliate gets in the guide's example, and what is kept, row by row."""
    text = console.guide.section("Refunds, with an example")
    (at_first,) = re.findall(r"the affiliate gets 10 %, ([\d.]+)\.\n", text)
    rows = re.findall(r"^\| .*? \| (\d.*?) \|$", text, re.MULTILINE)
    return at_first, [re.findall(r"\d+\.\d\d", row) for row in rows]


def kept() -> str:
    return f"{sum(left()) / 100:.2f}"


def test_app_is_connected_and_an_order_earns_what_the_guide_says(
    console: Console, shop: CustomerShop
) -> None:
    row = connected(console, shop)

    hear(row, shop, "orders/create", ORDER)

    topics = console.guide.section("3. Make the webhooks")
    wanted = re.search(r"topics are subscribed: (.*?)\. Shopify", topics, re.DOTALL)
    assert wanted is not None
    assert kept() == example(console)[0]
    assert {hook["topic"] for hook in shop.hooks} == {
        f"{noun}_{verb}".upper()
        for group in " ".join(wanted[1].split()).split("; ")
        if "disputes" not in group
        for noun, _space, verbs in [group.partition(" ")]
        for verb in re.split(r", | and ", verbs)
    }


def test_older_app_needs_no_client_id(console: Console, shop: CustomerShop) -> None:
    connected(console, shop, **{"Client secret": CLIENT_SECRET, "Access token": ENTERED})

    assert "token" not in shop.asked


def test_every_address_that_the_guide_names_is_the_same_shop(console: Console) -> None:
    named = re.findall(r"`(https://[^`]*your-shop[^`]*)`", console.guide.section("2. Add the connection"))

    assert len(named) == 2
    assert {address_of(one) for one in named} == {"https://your-shop.myshopify.com"}


@pytest.mark.parametrize("row", range(len(REFUNDS)))
def test_refunds_take_back_what_the_example_says(console: Console, shop: CustomerShop, row: int) -> None:
    store = connected(console, shop)
    hear(store, shop, "orders/create", ORDER)
    shop.orders[NUMBER] = order_with(updated_at=LATER, refunds=[REFUNDS[row]])
    hear(store, shop, "orders/updated", shop.orders[NUMBER])

    assert kept() == example(console)[1][row][0]


def test_chargeback_takes_back_until_it_is_won(console: Console, shop: CustomerShop) -> None:
    row = connected(console, shop)
    told = {"id": 7, "order_id": int(NUMBER), "type": "chargeback", "amount": "195.00", "currency": "BRL"}
    told |= {"initiated_at": LATER, "status": "needs_response"}
    hear(row, shop, "orders/create", ORDER)
    hear(row, shop, "disputes/create", told)
    lost = kept()
    hear(row, shop, "disputes/update", {**told, "status": "won", "finalized_on": LATER})

    assert [lost, kept()] == example(console)[1][-1]


def test_codes_are_made_and_customers_told_of(console: Console, shop: CustomerShop, ana: Enrollment) -> None:
    customer = str(ORDER["customer"]["id"])
    shop.add(customer, "vip")
    row = connected(console, shop)
    choices = {"Write to the shop’s customers": "yes", "Make discount codes in the shop": "yes"}
    console.fill(
        "Change settings", {**choices, "Discount of these codes": "10 %", "Days that a code lives": 30}
    )
    console.press("Make or repair webhooks")
    console.go("Coupons", "Add coupon")
    console.fill("Save", {"Enrollment": ana.pk, "Code": "spring10"})
    hear(row, shop, "orders/create", ORDER)

    said, written = shop.said_of(customer), [f"`affiliate.{key}`" for key in shop.definitions]
    console.open(f"/admin/affiliates/coupon/{Coupon.objects.get(code='spring10').pk}/change/")
    console.press("Retire")
    work()

    assert (said["source"], said["code"], "vip" in shop.customers[customer]["tags"]) == ("Ana", "ana", True)
    assert [key for key in written if key not in console.guide.text] == []
    assert {tag for tag in shop.customers[customer]["tags"] if tag != "vip"} >= {"affiliate:ana"}
    assert list(shop.codes) == ["SPRING10"]
    assert shop.calls["EndCode"] == 1


def test_former_secret_may_sign_while_the_new_one_is_entered(console: Console, shop: CustomerShop) -> None:
    row = connected(console, shop)
    console.again(row)
    console.fill("Change keys", {"Client secret": "shpss_new", "Former client secret": CLIENT_SECRET})

    hear(row, shop, "orders/create", ORDER)

    assert kept() == example(console)[0]
