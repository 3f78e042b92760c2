"""Shopify by consent: the shop's signature and host on the way back, tokens that end, beside the older ways."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from affiliates.models import Member
from core.jobs import Misconfigured
from core.models import User
from integrations import actions
from integrations.actions.connections import store_of
from integrations.connectors.base import Store
from integrations.connectors.oauth import Denied
from integrations.connectors.shopify import has_keys
from integrations.connectors.shopify.api import post
from integrations.connectors.shopify.oauth import OAUTH, sign
from integrations.models import Connection
from tests.fakes.oauth_server import CLIENT_ID, FakeAuthorization
from tests.integrations.oauth_life import asked_of, begin, finish, make_shopify, signed, vendor


@pytest.fixture
def server(settings: Any) -> Iterator[FakeAuthorization]:
    with vendor(settings, has_pkce=False, repeats_redirect=False) as running:
        running.lives = 3600
        yield running


@pytest.fixture
def row(mona: User, server: FakeAuthorization) -> Connection:
    program = Member.objects.get(user=mona).merchant.programs.get()
    return make_shopify(program, server)


def back(row: Connection, mona: User, server: FakeAuthorization, **further: str) -> dict[str, str]:
    """What the shop sends a person back with."""
    told = {"shop": server.host, "timestamp": str(int(time.time())), "host": "YWRtaW4="}
    return signed(server.consent(begin(row, mona), **{**told, **further}))


def ask(row: Connection) -> int:
    return post(store_of(Connection.objects.get(pk=row.pk)), "{ shop { name } }", {}).status


def test_merchant_is_asked_in_the_shop_itself(row: Connection, mona: User, server: FakeAuthorization) -> None:
    address = begin(row, mona)

    assert address.startswith(f"{server.url}/admin/oauth/authorize?")
    assert asked_of(address)["scope"] == "read_orders,read_customers,read_products,read_all_orders"
    assert "code_challenge" not in asked_of(address)


def test_settings_that_write_ask_for_more(row: Connection, mona: User, server: FakeAuthorization) -> None:
    row.options = {"tell_customers": True, "make_coupons": True}
    row.save(update_fields=["options"])
    needed = OAUTH.needed(store_of(row))

    assert asked_of(begin(row, mona))["scope"].split(",")[: len(needed)] == list(needed)


def test_consent_gives_a_token_that_ends_and_is_renewed(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    finish(back(row, mona, server), mona)
    before = ask(row)
    server.access.clear()
    after = ask(row)

    (first, second) = server.calls("access_token")
    assert (before, after) == (200, 200)
    assert (first["expiring"], "redirect_uri" in first, "code_verifier" in first) == ("1", False, False)
    assert (second["grant_type"], second["client_id"]) == ("refresh_token", CLIENT_ID)


def test_what_may_be_written_may_be_read(row: Connection, mona: User, server: FakeAuthorization) -> None:
    query = signed(
        server.consent(
            begin(row, mona),
            granted="write_orders,write_customers,read_products",
            shop=server.host,
            timestamp=str(int(time.time())),
        )
    )

    assert finish(query, mona).secrets["grant"]["scopes"] == [
        "read_products",
        "write_customers",
        "write_orders",
    ]


@pytest.mark.parametrize("secret", ["", "another"])
def test_way_back_that_the_shop_has_not_signed_is_refused(
    row: Connection, mona: User, server: FakeAuthorization, secret: str
) -> None:
    query = back(row, mona, server)
    query["hmac"] = sign(query, secret) if secret else ""

    with pytest.raises(Denied, match="signature is wrong"):
        finish(query, mona)
    assert server.calls("access_token") == []


@pytest.mark.parametrize("name", ["code", "shop", "timestamp", "host"])
def test_signature_covers_all_that_is_told(
    row: Connection, mona: User, server: FakeAuthorization, name: str
) -> None:
    query = back(row, mona, server)
    query[name] += "1"

    with pytest.raises(Denied, match="signature is wrong"):
        finish(query, mona)


@pytest.mark.parametrize("shop", ["evil.myshopify.com", "", "127.0.0.1", "127.0.0.1:1.evil.test"])
def test_other_shop_is_refused(row: Connection, mona: User, server: FakeAuthorization, shop: str) -> None:
    with pytest.raises(Denied, match="another shop"):
        finish(back(row, mona, server, shop=shop), mona)
    assert server.calls("access_token") == []


@pytest.mark.parametrize("timestamp", ["", "x", "1600000000", "9" * 30, "99999999999"])
def test_answer_of_another_time_is_refused(
    row: Connection, mona: User, server: FakeAuthorization, timestamp: str
) -> None:
    with pytest.raises(Denied, match="too old"):
        finish(back(row, mona, server, timestamp=timestamp), mona)


def test_signature_is_shopifys_own() -> None:
    query = {
        "code": "0907a61c0c8d55e99db179b68161bc00",
        "hmac": "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf",
        "shop": "some-shop.myshopify.com",
        "state": "0.6784241404160823",
        "timestamp": "1337178173",
    }

    assert sign(query, "hush") == query["hmac"]


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "https://shop.myshopify.com.evil.example", "https://myshopify.com", ""],
)
def test_nobody_is_led_to_what_is_no_shop(row: Connection, mona: User, address: str) -> None:
    Connection.objects.filter(pk=row.pk).update(base_url=address)

    with pytest.raises(Misconfigured, match=r"ends in \.myshopify\.com"):
        begin(row, mona)
    row.refresh_from_db()
    assert "consent_begun" not in row.secrets


def test_app_of_the_shops_own_still_gets_its_token_for_a_day(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    assert ask(row) == 200
    assert server.calls("access_token")[0]["grant_type"] == "client_credentials"

    finish(back(row, mona, server), mona)
    ask(row)

    assert [form["grant_type"] for form in server.calls("access_token")] == [
        "client_credentials",
        "authorization_code",
    ]


def test_other_address_ends_the_consent(
    row: Connection, mona: User, server: FakeAuthorization, settings: Any
) -> None:
    finish(back(row, mona, server), mona)
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    settings.OUTBOUND_ALLOWED_HOSTS = [server.host, elsewhere.removeprefix("http://")]

    actions.change_keys(row, base_url=server.url, client_id=CLIENT_ID, actor=mona)
    before = Connection.objects.get(pk=row.pk).secrets
    secret = row.secrets["client_secret"]
    actions.change_keys(row, base_url=elsewhere, client_id=CLIENT_ID, client_secret=secret, actor=mona)
    after = Connection.objects.get(pk=row.pk).secrets

    assert "refresh_token" in before
    assert not {"refresh_token", "grant", "kept_token"} & set(after)


def test_disconnecting_says_what_a_person_does_at_shopify(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    finish(back(row, mona, server), mona)

    said = actions.cut_off(Connection.objects.get(pk=row.pk), actor=mona)

    assert "Shopify cannot be told: remove the app there by hand." in said[1]


def test_consent_counts_as_a_key() -> None:
    assert has_keys(Store("https://a.myshopify.com", "shop", {"refresh_token": "r"}))
    assert not has_keys(Store("https://a.myshopify.com", "shop", {"client_secret": "s"}))
