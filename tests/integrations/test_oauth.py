"""Access by consent: state and PKCE, the code exchanged once, what is kept, who did it; a vendor in trouble."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from affiliates.models import Member
from core.jobs import Failure, Misconfigured, Temporary
from core.models import Event, User
from integrations import actions
from integrations.actions.connections import store_of
from integrations.connectors.hubspot.api import Talk
from integrations.connectors.hubspot.oauth import OAUTH
from integrations.connectors.oauth import Denied, challenge_of
from integrations.models import Connection
from tests import makers
from tests.fakes.oauth_server import REDIRECT, FakeAuthorization
from tests.integrations.oauth_life import (
    SESSION,
    asked_of,
    begin,
    connect,
    finish,
    make_hubspot,
    vendor,
)


@pytest.fixture
def server(settings: Any) -> Iterator[FakeAuthorization]:
    with vendor(settings) as running:
        yield running


@pytest.fixture
def row(mona: User, server: FakeAuthorization) -> Connection:
    program = Member.objects.get(user=mona).merchant.programs.get()
    return make_hubspot(program, server)


def kept(row: Connection) -> dict[str, Any]:
    row.refresh_from_db()
    return dict(row.secrets)


def test_person_is_asked_with_state_scopes_and_challenge(row: Connection, mona: User) -> None:
    first, second = (asked_of(begin(row, mona)) for _time in range(2))

    assert first["redirect_uri"] == REDIRECT
    assert first["scope"].split(" ") == list(OAUTH.scopes)
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]
    assert second["code_challenge"] == challenge_of(kept(row)["consent_begun"]["verifier"])
    assert "verifier" not in " ".join(first)


def test_verifier_and_state_stand_nowhere_in_the_open(row: Connection, mona: User) -> None:
    state = asked_of(begin(row, mona))["state"]

    verifier = kept(row)["consent_begun"]["verifier"]
    assert state not in str(row.secrets)
    assert SESSION not in str(row.secrets)
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_connection WHERE id = %s", [row.pk])
        assert verifier not in str(cursor.fetchone())
    assert verifier not in str(list(Event.objects.values_list("data", flat=True)))


def test_consent_is_exchanged_and_kept(row: Connection, mona: User, server: FakeAuthorization) -> None:
    connect(row, server, mona)

    secrets = kept(row)
    assert secrets["refresh_token"] in server.refresh
    assert secrets["kept_token"]["value"] in server.access
    assert (secrets["grant"]["by"], secrets["grant"]["user"]) == (str(mona), mona.pk)
    assert secrets["grant"]["scopes"] == sorted(OAUTH.scopes)
    assert "consent_begun" not in secrets
    with database.cursor() as cursor:
        cursor.execute("SELECT secrets FROM integrations_connection WHERE id = %s", [row.pk])
        assert secrets["refresh_token"] not in str(cursor.fetchone())


def test_it_is_told_who_connected_with_which_scopes(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    connect(row, server, mona)

    event = Event.objects.get(kind="connection.changed")
    assert event.actor == mona
    assert event.data == {"access": "granted", "scopes": sorted(OAUTH.scopes)}


def test_first_call_after_it_needs_no_further_token(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    connect(row, server, mona)

    talk = Talk(store_of(Connection.objects.get()))
    assert talk.get("/crm/anything") == {"results": [], "data": {"shop": {"name": "Shop"}}}
    assert len(server.calls()) == 1
    assert server.calls()[0]["code_verifier"]


def test_page_is_told_how_access_stands(row: Connection, mona: User, server: FakeAuthorization) -> None:
    before = actions.access_of(row)
    connect(row, server, mona)
    after = actions.access_of(Connection.objects.get())

    assert before is not None
    assert after is not None
    assert (before.is_granted, before.has_client, before.redirect) == (False, True, REDIRECT)
    assert (after.is_granted, after.by, after.missing) == (True, str(mona), ())
    assert after.ends_at is not None
    assert timedelta(minutes=25) < after.ends_at - timezone.now() <= timedelta(minutes=30)


def test_scopes_that_are_needed_since_are_named(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    connect(row, server, mona)
    secrets = kept(row)
    secrets["grant"]["scopes"].remove("crm.objects.deals.write")
    row.secrets = secrets

    access = actions.access_of(row)

    assert access is not None
    assert access.missing == ("crm.objects.deals.write",)


def test_grant_that_lacks_a_scope_is_not_kept(row: Connection, mona: User, server: FakeAuthorization) -> None:
    with pytest.raises(Denied, match=r"Missing: crm\.objects\.contacts\.write, crm\.objects\.deals\.read"):
        connect(row, server, mona, granted="oauth crm.objects.contacts.read")

    assert "grant" not in kept(row)
    assert server.refresh == {}
    assert not Event.objects.filter(kind="connection.changed").exists()


def test_key_that_was_entered_is_emptied_by_a_grant(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    row.secrets = {**row.secrets, "token": "pat-1"}
    row.save(update_fields=["secrets"])

    connect(row, server, mona)

    assert kept(row)["token"] == ""


def test_key_that_is_entered_ends_the_grant(row: Connection, mona: User, server: FakeAuthorization) -> None:
    connect(row, server, mona)

    actions.change_keys(row, token="pat-2", actor=mona)

    secrets = kept(row)
    assert secrets["token"] == "pat-2"
    assert not {"refresh_token", "grant", "kept_token"} & set(secrets)


def test_other_setting_leaves_the_grant(row: Connection, mona: User, server: FakeAuthorization) -> None:
    connect(row, server, mona)

    actions.change_keys(row, client_id=row.secrets["client_id"], pipeline="sales", token="", actor=mona)

    assert kept(row)["grant"]


def test_other_app_ends_the_grant(row: Connection, mona: User, server: FakeAuthorization) -> None:
    connect(row, server, mona)

    actions.change_keys(row, client_id="another", actor=mona)

    assert "refresh_token" not in kept(row)


def test_other_system_has_no_consent(row: Connection, mona: User) -> None:
    shop = makers.make_connection(row.program)

    assert actions.access_of(shop) is None
    with pytest.raises(Denied, match="cannot be connected by consent"):
        begin(shop, mona)


# --- a vendor in trouble -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ((503, {}, {}), Temporary, r"busy or has an error \(503\)"),
        ((429, {}, {"Retry-After": "7"}), Temporary, r"busy or has an error \(429\)"),
        ((200, b"<html>log in</html>", {}), Temporary, "something else than a token"),
        ((200, b"[1]", {}), Temporary, "something else than a token"),
        ((200, {"access_token": "with space"}, {}), Temporary, "something else than a token"),
        ((200, {"access_token": "x" * 5000}, {}), Temporary, "something else than a token"),
        ((200, b"x" * 1_200_000, {}), Temporary, "something else than a token"),
        ((302, b"", {"Location": "http://127.0.0.1:1/"}), Misconfigured, r"no token at this address \(302\)"),
        ((404, {}, {}), Misconfigured, r"no token at this address \(404\)"),
        (None, Temporary, "."),
    ],
)
def test_vendor_in_trouble_leaves_what_was_there(
    row: Connection, mona: User, server: FakeAuthorization, said: Any, kind: type[Failure], words: str
) -> None:
    connect(row, server, mona)
    before = kept(row)
    query = server.consent(begin(row, mona))
    server.failures = [said]

    with pytest.raises(kind, match=words):
        finish(query, mona)

    assert kept(row) == before


def test_access_without_a_refresh_token_is_not_kept(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    server.left_out = ("refresh_token",)

    with pytest.raises(Denied, match="no refresh token"):
        connect(row, server, mona)
    assert "grant" not in kept(row)


def test_scopes_that_are_not_told_are_those_asked_for(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    server.left_out = ("scope",)
    connect(row, server, mona)

    assert kept(row)["grant"]["scopes"] == sorted(OAUTH.scopes)


@pytest.mark.parametrize("lives", ["soon", -5, None, 10**30, [1]])
def test_odd_lifetime_is_the_vendors_usual_one(
    row: Connection, mona: User, server: FakeAuthorization, lives: Any
) -> None:
    server.lives = lives
    connect(row, server, mona)

    access = actions.access_of(Connection.objects.get())
    assert access is not None
    assert access.ends_at is not None
    assert access.ends_at - timezone.now() <= timedelta(minutes=30)
