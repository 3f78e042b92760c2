"""The guide for connecting by consent, followed by a manager in the console and a vendor that asks for a yes."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest

from affiliates.models import Enrollment
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Store
from integrations.connectors.oauth import oauth_of
from integrations.models import Connection
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, REDIRECT, FakeAuthorization, callback_of
from tests.integrations.console import Console, follow
from tests.integrations.oauth_life import vendor

__all__ = ["follow"]  # a fixture


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAuthorization]:
    with vendor(settings) as running:
        yield running


@pytest.fixture
def console(follow: Callable[[str], Console], anna: Enrollment) -> Console:
    return follow("oauth")


def set_out(console: Console, server: FakeAuthorization) -> tuple[Connection, str]:
    """The steps until the vendor’s page; return the connection and that page’s address."""
    row = console.connect("HubSpot", {"Name": "HubSpot", "Source": "hubspot"})
    Connection.objects.filter(pk=row.pk).update(base_url=server.url)  # where the fake is
    console.fill("Change keys", {"App’s client id": CLIENT_ID, "App’s client secret": CLIENT_SECRET})
    console.go("Connect with HubSpot")
    console.sees(REDIRECT)
    console.press("Connect with HubSpot")
    (address,) = [unescape(there) for words, there in console.page.links if words == "On to HubSpot"]
    return row, address


def test_person_says_yes_and_comes_back_connected(console: Console, server: FakeAuthorization) -> None:
    row, address = set_out(console, server)
    console.open(callback_of(server.consent(address)))

    assert console.address == f"/admin/integrations/connection/{row.pk}/change/"
    console.reads("Given by", "Scopes", "Token")
    console.sees("Given by Mona", "renewed by itself")


def test_each_press_is_good_once_and_the_page_says_what_the_guide_says(
    console: Console, server: FakeAuthorization
) -> None:
    _row, address = set_out(console, server)
    back = callback_of(server.consent(address))
    console.open(back)
    console.open(back)

    console.reads("This way back is not known here")


def test_whoever_says_no_is_told(console: Console, server: FakeAuthorization) -> None:
    row, address = set_out(console, server)

    console.open(callback_of(server.decline(address)))

    row.refresh_from_db()
    assert "access_token" not in {name for name, value in row.secrets.items() if value}


def test_missing_scope_is_named(console: Console, server: FakeAuthorization) -> None:
    _row, address = set_out(console, server)

    console.open(callback_of(server.consent(address, granted="oauth")))

    console.reads("did not grant all scopes. Missing:")


def test_table_says_who_is_asked_with_pkce(console: Console) -> None:
    table = re.findall(
        r"^\| (HubSpot|Shopify|Salesforce|Pipedrive) \| (yes|no)", console.guide.text, re.MULTILINE
    )
    by_name = {str(kind.NAME): name for name, kind in CONNECTORS.items()}
    stores = {name: Store("https://acme.myshopify.com", name, {}) for name in by_name.values()}

    for vendor_name, said in table:
        oauth = oauth_of(CONNECTORS[by_name[vendor_name]])
        assert oauth is not None
        assert oauth.has_pkce == (said == "yes")
        assert oauth.authorize(stores[by_name[vendor_name]])
    assert len(table) == 4
