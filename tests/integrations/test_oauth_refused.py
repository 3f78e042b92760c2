"""Access by consent that is not given, or not to whoever comes back: a sentence, and nothing is kept."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Member
from affiliates.roles import NotAllowed
from core.models import User
from integrations import actions
from integrations.connectors import oauth as far
from integrations.connectors.oauth import Denied, Granted
from integrations.models import Connection
from tests import makers
from tests.fakes.oauth_server import FakeAuthorization
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


def test_callback_counts_once(row: Connection, mona: User, server: FakeAuthorization) -> None:
    query = server.consent(begin(row, mona))
    finish(query, mona)
    first = kept(row)

    with pytest.raises(Denied, match="used already"):
        finish(query, mona)

    assert kept(row) == first
    assert len(server.calls()) == 1


def test_code_that_was_used_is_said(row: Connection, mona: User, server: FakeAuthorization) -> None:
    query = server.consent(begin(row, mona))
    finish(query, mona)
    query = {**query, "state": asked_of(begin(row, mona))["state"]}

    with pytest.raises(Denied, match="does not take the code"):
        finish(query, mona)


@pytest.mark.parametrize("session", ["session-of-eve", ""])
def test_state_of_another_session_is_refused_and_used_up(
    row: Connection, mona: User, server: FakeAuthorization, session: str
) -> None:
    query = server.consent(begin(row, mona))

    with pytest.raises(Denied, match="begun by somebody else"):
        finish(query, mona, session)
    with pytest.raises(Denied, match="used already"):
        finish(query, mona)

    assert server.calls() == []


def test_state_of_another_person_is_refused(row: Connection, mona: User, server: FakeAuthorization) -> None:
    max_manager = makers.make_member(row.program.merchant, "manager", "max@shop.example", "Max")
    query = server.consent(begin(row, mona))

    with pytest.raises(Denied, match="begun by somebody else"):
        finish(query, max_manager)

    assert server.calls() == []


def test_person_of_another_company_begins_and_ends_nothing(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    eve = makers.make_user("eve@elsewhere.example")
    makers.make_merchant("Elsewhere", eve)

    with pytest.raises(NotAllowed):
        begin(row, eve)
    assert "consent_begun" not in kept(row)
    with pytest.raises(Denied, match="begun by somebody else"):
        finish(server.consent(begin(row, mona)), eve, SESSION)


@pytest.mark.parametrize("role", ["finance", "reviewer", "analyst"])
def test_role_that_may_not_manage_begins_nothing(row: Connection, role: str) -> None:
    person = makers.make_member(row.program.merchant, role)

    with pytest.raises(NotAllowed, match="manage integrations"):
        begin(row, person)


def test_right_that_was_taken_meanwhile_ends_it(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    query = server.consent(begin(row, mona))
    Member.objects.filter(user=mona).update(role="analyst")

    with pytest.raises(NotAllowed):
        finish(query, mona)

    assert server.calls() == []
    assert "grant" not in kept(row)


def test_state_of_another_connection_is_refused(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    second = makers.make_connection(
        row.program, connector="hubspot", source="hubspot-2", base_url=server.url, secrets=row.secrets
    )
    query = server.consent(begin(row, mona))
    begin(second, mona)
    query["state"] = second.public_id.hex + "." + query["state"].partition(".")[2]

    with pytest.raises(Denied, match="not known here"):
        finish(query, mona)


@pytest.mark.parametrize("state", ["", "x", ".", "0" * 32, "0" * 32 + ".abc", "\ud800", "a" * 5000])
def test_state_that_is_none_is_refused(
    row: Connection, mona: User, server: FakeAuthorization, state: str
) -> None:
    begin(row, mona)

    with pytest.raises(Denied, match="not known here"):
        finish({"state": state, "code": "code-1"}, mona)

    assert "consent_begun" in kept(row)


def test_wrong_state_leaves_the_way_open(row: Connection, mona: User, server: FakeAuthorization) -> None:
    query = server.consent(begin(row, mona))
    with pytest.raises(Denied):
        finish({**query, "state": query["state"] + "x"}, mona)

    assert finish(query, mona).pk == row.pk


@pytest.mark.parametrize(("minutes", "is_good"), [(14, True), (16, False), (-1, False)])
def test_state_ends_after_fifteen_minutes(
    row: Connection, mona: User, server: FakeAuthorization, minutes: int, is_good: bool
) -> None:
    begun = timezone.now()
    query = server.consent(begin(row, mona, at=begun))
    later = begun + timedelta(minutes=minutes)

    if is_good:
        finish(query, mona, at=later)
    else:
        with pytest.raises(Denied, match="longer than 15 minutes"):
            finish(query, mona, at=later)
    assert bool(server.calls()) is is_good


def test_second_beginning_ends_the_first(row: Connection, mona: User, server: FakeAuthorization) -> None:
    first = server.consent(begin(row, mona))
    second = server.consent(begin(row, mona))

    with pytest.raises(Denied, match="used already"):
        finish(first, mona)
    finish(second, mona)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "access was declined at HubSpot"),
        ("invalid_scope", "may not ask for all these scopes"),
        ("unauthorized_client", "does not know this app"),
        ("<script>alert(1)</script>", "HubSpot reports an error"),
        ("", "HubSpot reports an error"),
    ],
)
def test_refusal_at_the_vendor_is_a_sentence_of_ours(
    row: Connection, mona: User, server: FakeAuthorization, error: str, words: str
) -> None:
    with pytest.raises(Denied, match=words) as told:
        finish(server.decline(begin(row, mona), error), mona)

    assert "<" not in str(told.value)
    assert server.calls() == []


def test_way_back_without_a_code_is_refused(row: Connection, mona: User, server: FakeAuthorization) -> None:
    state = asked_of(begin(row, mona))["state"]

    with pytest.raises(Denied, match="without a code"):
        finish({"state": state}, mona)


@pytest.mark.parametrize("secret", ["another", ""])
def test_wrong_client_secret_is_said(
    row: Connection, mona: User, server: FakeAuthorization, secret: str
) -> None:
    row.secrets = {**row.secrets, "client_secret": secret}
    row.save(update_fields=["secrets"])

    with pytest.raises(
        Denied, match="client id or secret" if secret else "Enter the app’s client id"
    ) as told:
        connect(row, server, mona)

    assert "<script>" not in str(told.value)
    assert "grant" not in kept(row)


def test_keys_that_change_meanwhile_end_it(row: Connection, mona: User, server: FakeAuthorization) -> None:
    query = server.consent(begin(row, mona))
    actions.change_keys(row, client_secret="new", actor=mona)

    with pytest.raises(Denied, match="changed meanwhile"):
        finish(query, mona)
    assert server.calls() == []


def test_connection_that_is_cut_meanwhile_stays_cut(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    query = server.consent(begin(row, mona))
    actions.disconnect(row, actor=mona)

    with pytest.raises(Denied):
        finish(query, mona)
    with pytest.raises(Denied, match="cannot be connected by consent"):
        begin(row, mona)
    assert kept(row) == {}


def test_connection_that_is_cut_while_the_vendor_answers_stays_cut(
    row: Connection, mona: User, server: FakeAuthorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = server.consent(begin(row, mona))

    def exchange(*asked: Any, **how: Any) -> Granted:
        granted = far.exchange(*asked, **how)
        actions.disconnect(row)
        return granted

    monkeypatch.setattr(
        "integrations.actions.oauth.far", SimpleNamespace(**{**vars(far), "exchange": exchange})
    )

    with pytest.raises(Denied):
        finish(query, mona)

    assert len(server.calls()) == 1
    assert kept(row) == {}


def test_other_account_than_before_is_refused(row: Connection, mona: User, server: FakeAuthorization) -> None:
    server.extra = {"hub_id": 111}
    connect(row, server, mona)
    before = kept(row)
    server.extra = {"hub_id": 222}

    with pytest.raises(Denied, match="account 222 at HubSpot, not 111 as before"):
        connect(row, server, mona)
    assert kept(row)["refresh_token"] == before["refresh_token"]
    server.extra = {"hub_id": 111}
    connect(row, server, mona)

    access = actions.access_of(Connection.objects.get(pk=row.pk))
    assert access is not None
    assert access.account == "111"
