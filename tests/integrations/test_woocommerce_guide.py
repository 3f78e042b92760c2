"""The guide for WooCommerce, followed by a manager in the console and a store that does its part."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from affiliates.models import Coupon, Enrollment
from commissions.models import Commission
from integrations.connectors.signatures import in_base64
from integrations.models import Connection
from tests.fakes.woocommerce import KEY, SECRET
from tests.fakes.woocommerce_customers import CustomerStore
from tests.integrations.console import Console, follow, work
from tests.integrations.deliveries import body_of, headers_of

__all__ = ["follow"]  # a fixture
FIRST, ONE_MUG, GOODWILL = "029-order.created", "040-order.updated", "042-order.updated"
TELL = {"Write to the shop’s customers": "Yes", "Make discount codes in the shop": "Yes"}


@pytest.fixture
def store(settings: Any) -> Iterator[CustomerStore]:
    """The store."""
    with CustomerStore() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("woocommerce")


def connected(console: Console, store: CustomerStore) -> Connection:
    """Steps 1 and 2, with keys."""
    keys = {"Consumer key": KEY, "Consumer secret": SECRET}
    return console.connect("WooCommerce", {"Name": "Shop", "Source": "shop", "Address": store.url, **keys})


def sends(address: str, secret: str, name: str) -> int:
    """The store sends a recorded delivery, signed with what its webhook was told."""
    body = body_of(name)
    headers = {**headers_of(name), "X-WC-Webhook-Signature": in_base64(body, secret).decode()}
    path = urlsplit(address).path
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    work()
    return answer.status_code


def kept() -> str:
    """What the affiliate keeps, as the guide writes it."""
    return f"{sum(row.net.amount for row in Commission.objects.all()) / 100:.2f}"


def promised(console: Console) -> list[str]:
    """The amounts of the guide's example: at first, then down its table."""
    text = console.guide.section("Refunds, with an example")
    first = re.findall(r"10 % are ([\d.]+\d)", text)
    return first + re.findall(r"\| ([\d.]+)(?: \(estimated\))? \|$", text, re.MULTILINE)


def test_with_keys_webhooks_are_made_and_an_order_earns_what_the_guide_says(
    console: Console, store: CustomerStore
) -> None:
    connected(console, store)
    console.press("Make or repair webhooks")
    console.press("Test")
    console.reads("The store answers, and the keys may read its orders.")
    hook = store.webhooks[0]

    said = []
    for name in (FIRST, ONE_MUG, GOODWILL):
        assert sends(hook["delivery_url"], hook["secret"], name) == 200
        said.append(kept())

    at_first, _estimated, asked, goodwill = promised(console)
    assert said == [at_first, asked, goodwill]


def test_without_keys_the_webhooks_are_made_by_hand(console: Console, store: CustomerStore) -> None:
    row = console.connect("WooCommerce", {"Name": "Shop", "Source": "shop"})
    console.go("Show the secret")
    address, secret = f"https://partners.example.com/hooks/{row.public_id}", row.secrets["webhook_secret"]
    console.reads("Delivery URL", "Secret")
    console.sees(address, secret)
    topics = re.findall(r"^\| (Order \w+) \|", console.guide.section("3. Make the webhooks"), re.MULTILINE)

    assert (sends(address, secret, FIRST), kept()) == (200, promised(console)[0])
    assert (sends(address, secret, ONE_MUG), kept()) == (200, promised(console)[1])
    assert {"." + topic.rpartition(" ")[2] for topic in topics} == {
        ".created",
        ".updated",
        ".deleted",
        ".restored",
    }
    assert (sends(address, secret, "053-order.updated"), sends(address, secret, "055-order.deleted")) == (
        200,
        200,
    )
    assert row.inbounds.latest("pk").state == "parked"


def test_secret_is_replaced(console: Console, store: CustomerStore) -> None:
    row = connected(console, store)
    console.press("Make or repair webhooks")
    former = store.webhooks[0]["secret"]
    console.go("Show the secret")
    console.press("Make a new secret")
    assert sends(store.webhooks[0]["delivery_url"], former, FIRST) == 200
    console.again(row)
    console.press("Make or repair webhooks")

    row.refresh_from_db()
    assert {hook["secret"] for hook in store.webhooks} == {row.secrets["webhook_secret"]} != {former}


def test_codes_are_made_in_the_store_and_customers_told_of(
    console: Console, store: CustomerStore, anna: Enrollment
) -> None:
    store.add("2")
    row = connected(console, store)
    console.fill("Change settings", {**TELL, "Discount of these codes": "10 %"})
    console.press("Make or repair webhooks")
    console.go("Coupons", "Add coupon")
    console.fill("Save", {"Enrollment": anna.pk, "Code": "anna10"})
    sends(store.webhooks[0]["delivery_url"], row.secrets["webhook_secret"], "079-order.created")
    (code,) = store.coupons.values()
    written = {key for key in store.metas("2") if key.startswith("affiliate_")}
    console.open(f"/admin/affiliates/coupon/{Coupon.objects.get(code='anna10').pk}/change/")
    console.press("Retire")
    work()

    assert (code["code"], code["discount_type"], code["amount"]) == ("anna10", "percent", "10")
    assert store.metas("2")["affiliate_source"] == "Anna"
    assert [key for key in sorted(written) if f"`{key}`" not in console.guide.text] == []
    assert store.coupons["700"]["date_expires"] is not None
