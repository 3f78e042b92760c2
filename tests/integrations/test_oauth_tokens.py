"""Tokens of a consent in daily use: renewed once by any number of workers, replaced keys kept, and given back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Member
from core.jobs import Misconfigured, Temporary
from core.models import User
from integrations import actions
from integrations.actions.connections import store_of
from integrations.actions.tokens import KEPT, fresh_token
from integrations.connectors.base import Keys, Store, Token
from integrations.connectors.hubspot.api import Talk, has_keys
from integrations.connectors.hubspot.oauth import OAUTH
from integrations.connectors.oauth import (
    OAuth,
    consent_address,
    exchange,
    host_under,
    new_verifier,
    renew,
    token_of,
)
from integrations.models import Connection
from tests import makers
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, REDIRECT, FakeAuthorization
from tests.integrations.oauth_life import asked_of, connect, make_hubspot, vendor
from tests.story.at_once import at_once


@pytest.fixture
def server(settings: Any) -> Iterator[FakeAuthorization]:
    with vendor(settings) as running:
        yield running


@pytest.fixture
def row(mona: User, server: FakeAuthorization) -> Connection:
    return connected(mona, server)


def connected(mona: User, server: FakeAuthorization) -> Connection:
    program = Member.objects.get(user=mona).merchant.programs.get()
    return connect(make_hubspot(program, server), server, mona)


def over(row: Connection) -> Connection:
    """The token that is kept is over."""
    row.refresh_from_db()
    ended = {**row.secrets[KEPT], "ends_at": (timezone.now() - timedelta(minutes=1)).isoformat()}
    row.secrets = {**row.secrets, KEPT: ended}
    row.save(update_fields=["secrets"])
    return row


def ask(row: Connection) -> Any:
    return Talk(store_of(Connection.objects.get(pk=row.pk))).get("/crm/anything")


def test_token_that_is_over_is_renewed_and_the_replaced_key_kept(
    row: Connection, server: FakeAuthorization
) -> None:
    first = over(row).secrets["refresh_token"]
    ask(row)
    ask(row)
    row.refresh_from_db()
    second = row.secrets["refresh_token"]
    over(row)
    ask(row)

    assert [form.get("refresh_token") for form in server.calls()] == [None, first, second]
    assert first not in server.refresh
    assert len(server.refresh) == 1


def test_token_that_the_vendor_refuses_is_renewed_once(row: Connection, server: FakeAuthorization) -> None:
    server.access.clear()

    assert ask(row)["results"] == []
    assert len(server.calls()) == 2


def test_token_that_is_refused_twice_is_said(row: Connection, server: FakeAuthorization) -> None:
    server.failures = [
        (401, {}, {}),
        (200, {"access_token": "other", "refresh_token": "r", "expires_in": 60}, {}),
    ]

    with pytest.raises(Misconfigured, match="Connect with HubSpot"):
        ask(row)
    tried = [path for path, _form in server.asked[1:]]
    assert tried == ["/crm/anything", "/oauth/2026-03/token", "/crm/anything"]


def test_consent_that_was_withdrawn_is_told_on_the_page(row: Connection, server: FakeAuthorization) -> None:
    over(row)
    server.refresh.clear()

    with pytest.raises(Misconfigured, match="accepts our access no more"):
        ask(row)

    access = actions.access_of(Connection.objects.get(pk=row.pk))
    assert access is not None
    assert "Press “Connect with HubSpot”" in access.trouble
    assert "secret words" not in access.trouble


def test_trouble_goes_when_a_token_comes(row: Connection, mona: User, server: FakeAuthorization) -> None:
    over(row)
    server.failures = [(401, {"error": "invalid_client"}, {})]
    with pytest.raises(Misconfigured, match="client id or secret"):
        ask(row)

    ask(row)

    access = actions.access_of(Connection.objects.get(pk=row.pk))
    assert access is not None
    assert access.trouble == ""


def test_vendor_that_is_busy_is_no_trouble_of_the_token(row: Connection, server: FakeAuthorization) -> None:
    over(row)
    server.failures = [(503, {}, {"Retry-After": "9"})]

    with pytest.raises(Temporary) as told:
        ask(row)

    access = actions.access_of(Connection.objects.get(pk=row.pk))
    assert told.value.retry_after == 9
    assert access is not None
    assert access.trouble == ""


def test_replaced_key_is_kept_although_another_setting_changed_meanwhile(
    row: Connection, server: FakeAuthorization
) -> None:
    store = store_of(over(row))

    def fetch(keys: Keys) -> Token:
        token = renew(OAUTH, replace(store, keys=keys))
        actions.change_keys(row, client_id=CLIENT_ID, pipeline="sales")
        return token

    fresh_token(row, fetch)

    row.refresh_from_db()
    assert row.secrets["refresh_token"] in server.refresh
    assert ask(row)["results"] == []


def test_replaced_key_does_not_come_back_after_another_consent(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    def fetch(keys: Keys) -> Token:
        connect(row, server, mona)
        return Token("late", timezone.now() + timedelta(hours=1), {"refresh_token": "stale"})

    fresh_token(over(row), fetch)

    row.refresh_from_db()
    assert row.secrets["refresh_token"] in server.refresh
    assert row.secrets[KEPT]["value"] in server.access


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workers", [2, 5])
def test_workers_at_once_renew_once(mona: User, server: FakeAuthorization, workers: int) -> None:
    row = over(connected(mona, server))
    server.takes = 0.3
    server.asked.clear()

    said = at_once([lambda: ask(row)] * workers)

    assert [answer["results"] for answer in said if not isinstance(answer, Exception)] == [[]] * workers
    assert len(server.calls()) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_are_refused_at_once_renew_once(mona: User, server: FakeAuthorization) -> None:
    row = connected(mona, server)
    server.takes = 0.2
    server.access.clear()
    server.asked.clear()

    said = at_once([lambda: ask(row)] * 4)

    assert [answer["results"] for answer in said if not isinstance(answer, Exception)] == [[]] * 4
    assert len(server.calls()) == 1


@pytest.mark.django_db(transaction=True)
def test_callback_that_comes_twice_at_once_counts_once(mona: User, server: FakeAuthorization) -> None:
    program = Member.objects.get(user=mona).merchant.programs.get()
    row = make_hubspot(program, server)
    query = server.consent(actions.begin_consent(row, session="s", actor=mona))
    server.takes = 0.2

    said = at_once([lambda: actions.finish_consent(query, session="s", actor=mona)] * 3)

    assert sum(not isinstance(answer, Exception) for answer in said) == 1
    assert len(server.calls()) == 1


# --- the end -------------------------------------------------------------------------------------------------
def test_disconnecting_gives_the_access_back(row: Connection, mona: User, server: FakeAuthorization) -> None:
    token = row.secrets["refresh_token"]

    said = actions.cut_off(row, actor=mona)

    row.refresh_from_db()
    assert (row.state, row.secrets) == ("disconnected", {})
    assert said[1] == "HubSpot was told, and our access there has ended."
    assert [form["token"] for form in server.calls("/revoke")] == [token]
    assert (server.refresh, server.access) == ({}, {})


@pytest.mark.parametrize("failure", [(500, {}, {}), (400, {}, {}), None])
def test_vendor_that_cannot_be_told_stops_no_disconnection(
    row: Connection, mona: User, server: FakeAuthorization, failure: Any
) -> None:
    server.failures = [failure]

    said = actions.cut_off(row, actor=mona)

    row.refresh_from_db()
    assert (row.state, row.secrets) == ("disconnected", {})
    assert "HubSpot could not be told" in said[1]


def test_connection_with_a_key_tells_nobody(mona: User, server: FakeAuthorization) -> None:
    program = Member.objects.get(user=mona).merchant.programs.get()
    row = make_hubspot(program, server, secrets={"token": "pat-1"})

    assert len(actions.cut_off(row, actor=mona)) == 1
    assert server.asked == []


# --- what vendors differ in ----------------------------------------------------------------------------------
def store(server: FakeAuthorization, **keys: str) -> Store:
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return Store(server.url, "crm", {**app, **keys})


def kind_of(server: FakeAuthorization, **how: Any) -> OAuth:
    return OAuth(
        "Vendor", lambda s: f"{s.base_url}/authorize", lambda s: f"{s.base_url}/token", ("a", "b"), **how
    )


def given(oauth: OAuth, server: FakeAuthorization) -> Any:
    verifier = new_verifier()
    address = consent_address(oauth, store(server), state="s" * 43, verifier=verifier, redirect=REDIRECT)
    query = server.consent(address)
    return exchange(oauth, store(server), code=query["code"], verifier=verifier, redirect=REDIRECT)


def test_client_can_be_shown_by_basic_authorization(settings: Any) -> None:
    with vendor(settings, client="basic") as server:
        oauth = kind_of(server, client="basic")
        granted = given(oauth, server)
        renewed = token_of(oauth, store(server, **granted.token.keys))

    assert granted.scopes == ("a", "b")
    assert renewed in server.access


def test_vendor_without_proof_of_the_code_is_sent_none(settings: Any) -> None:
    with vendor(settings, has_pkce=False) as server:
        given(kind_of(server, has_pkce=False), server)

    assert "code_verifier" not in server.calls()[0]


def test_scopes_that_the_app_itself_says_are_read_from_the_answer(server: FakeAuthorization) -> None:
    server.extra = {"scope": "a,b, c"}
    oauth = kind_of(server, asks_scopes=False)
    address = consent_address(oauth, store(server), state="s", verifier=new_verifier(), redirect=REDIRECT)

    assert "scope" not in asked_of(address)
    assert given(oauth, server).scopes == ("a", "b", "c")
    server.left_out = ("scope",)
    assert given(oauth, server).scopes == ("a", "b")


def test_scopes_of_use_have_a_parameter_of_their_own_where_there_is_one(server: FakeAuthorization) -> None:
    plain = kind_of(server, optional_scopes=("c",))
    apart = kind_of(
        server, optional_scopes=("c",), optional_name="optional_scope", extra={"access": "offline"}
    )
    ways = [
        asked_of(consent_address(oauth, store(server), state="s", verifier=new_verifier(), redirect=REDIRECT))
        for oauth in (plain, apart)
    ]

    assert ways[0]["scope"] == "a b c"
    assert (ways[1]["scope"], ways[1]["optional_scope"], ways[1]["access"]) == ("a b", "c", "offline")


def test_what_an_answer_tells_besides_is_kept_and_kept_anew(server: FakeAuthorization) -> None:
    server.extra = {"api_domain": "https://acme.vendor.example/"}
    oauth = kind_of(server, keeps={"api_domain": host_under("vendor.example")})
    granted = given(oauth, server)
    server.extra = {"api_domain": "https://moved.vendor.example"}

    assert granted.token.keys["api_domain"] == "https://acme.vendor.example"
    assert (
        renew(oauth, store(server, **granted.token.keys)).keys["api_domain"] == "https://moved.vendor.example"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.vendor.example",
        "https://vendor.example.evil.test",
        "https://evilvendor.example",
        "https://vendor.example@evil.test",
        "https://acme.vendor.example:8443",
        "https://[::1",
        "//acme.vendor.example",
        "javascript:alert(1)",
        "",
        None,
        7,
    ],
)
def test_address_that_is_not_the_vendors_own_is_not_kept(server: FakeAuthorization, address: Any) -> None:
    server.extra = {"api_domain": address}
    oauth = kind_of(server, keeps={"api_domain": host_under("vendor.example")})

    with pytest.raises(Misconfigured, match="api_domain that is not Vendor’s own"):
        given(oauth, server)


def test_access_counts_as_a_key(row: Connection) -> None:
    assert has_keys(store_of(row))
    assert not has_keys(Store("", "hubspot", {"client_id": "x", "client_secret": "y"}))


def test_store_alone_renews_without_keeping(server: FakeAuthorization) -> None:
    granted = given(kind_of(server), server)

    assert token_of(kind_of(server), store(server, **granted.token.keys)) in server.access
    with pytest.raises(Misconfigured, match="accepts our access no more"):
        token_of(kind_of(server), store(server))


def test_merchant_of_another_connection_keeps_its_own_keys(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    other = makers.make_connection(row.program, source="second", connector="hubspot", base_url=server.url)
    over(row)
    ask(row)

    other.refresh_from_db()
    assert "refresh_token" not in other.secrets
