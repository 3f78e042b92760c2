"""What Pipedrive's refusals mean, how its limits are kept, and access through an app of one's own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from affiliates.models import Member
from core.jobs import Failure, Misconfigured, Temporary
from core.models import User
from integrations.actions.connections import store_of as store_of_row
from integrations.connectors import pipedrive
from integrations.connectors.base import Store
from integrations.connectors.pipedrive.address import address_of
from integrations.connectors.pipedrive.api import Talk
from integrations.connectors.pipedrive.limits import Window, cost_of, window_of
from integrations.connectors.records import Row
from integrations.models import Connection
from tests import makers
from tests.fakes.oauth_server import FakeAuthorization
from tests.fakes.pipedrive import FakePipedrive, opened, store_of
from tests.integrations.oauth_life import APP, asked_of, begin, connect, vendor

ANA = Row("customer:1", {"email": "ana@b.example"}, email="ana@b.example")
WINDOW = {"x_ratelimit_limit": "20", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "2"}


@pytest.fixture
def account(settings: Any) -> Iterator[FakePipedrive]:
    with opened(settings) as running:
        yield running


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []
    monkeypatch.setattr("integrations.connectors.pipedrive.api.time.sleep", pauses.append)
    return pauses


def trouble(account: FakePipedrive, store: Store | None = None) -> Failure:
    with pytest.raises(Failure) as caught:
        pipedrive.upsert(store or store_of(account), "contact", [ANA])
    return caught.value


def said(error: str) -> dict[str, Any]:
    return {"success": False, "error": error}


@pytest.mark.parametrize(
    ("status", "body", "headers", "wait"),
    [
        (429, said("request over limit"), WINDOW, 2),
        (429, said("request over limit"), {}, 2),
        (429, said("request over limit"), {"Retry_After": "7"}, 7),
        (429, said("Daily token budget exhausted"), WINDOW, 3600),
        (429, said("request over limit"), {"x_ratelimit_limit": "20", "x_ratelimit_remaining": "12"}, 3600),
        (429, b"<html>slow down</html>", {}, 2),
        (403, b"<html>This error is produced by Cloudflare.</html>", {}, 3600),
        (500, {}, {}, None),
        (502, b"<html>bad gateway</html>", {"Retry_After": "30"}, 30),
        (503, {}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (408, {}, {}, None),
    ],
)
def test_limit_and_error_say_how_long_to_wait(
    account: FakePipedrive, status: int, body: Any, headers: dict[str, str], wait: float | None
) -> None:
    account.fail(status, body, **headers)

    found = trouble(account)

    assert type(found) is Temporary
    assert found.retry_after == wait
    assert account.records["persons"] == {}


@pytest.mark.parametrize("status", [402, 403])
def test_what_is_not_allowed_is_a_persons_matter_and_told_in_their_words(
    account: FakePipedrive, status: int
) -> None:
    account.fail(status, said("Scope and URL mismatch"))

    found = trouble(account)

    assert isinstance(found, Misconfigured)
    assert "Scope and URL mismatch" in str(found)


def test_wrong_token_is_refused(account: FakePipedrive) -> None:
    store = replace(store_of(account), keys={"api_token": "other"})

    found = trouble(account, store)

    assert isinstance(found, Misconfigured)
    assert "Change keys" in str(found)


def test_token_that_no_header_can_carry_is_a_persons_matter(account: FakePipedrive) -> None:
    found = trouble(account, replace(store_of(account), keys={"api_token": "s3cret\nx"}))

    assert isinstance(found, Misconfigured)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("status", [302, 404])
def test_page_of_another_address_is_told_so(account: FakePipedrive, status: int) -> None:
    account.fail(status, b"<html>nobody here</html>", Location="http://127.0.0.1:1/elsewhere")

    found = trouble(account)

    assert isinstance(found, Misconfigured)
    assert len(account.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_odd_answer_is_tried_again_and_crashes_nothing(account: FakePipedrive, body: bytes) -> None:
    account.fail(200, body)

    assert type(trouble(account)) is Temporary


def test_connection_that_breaks_is_tried_again(account: FakePipedrive) -> None:
    account.lost = ["personFields"]

    assert isinstance(trouble(account), Temporary)


def test_full_window_is_waited_out_and_the_work_goes_on(account: FakePipedrive, slept: list[float]) -> None:
    account.limits = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}

    (outcome,) = pipedrive.upsert(store_of(account), "contact", [ANA]).outcomes

    assert outcome.is_new
    assert slept == [1.0] * 4


def test_nobody_waits_for_ever(account: FakePipedrive, slept: list[float]) -> None:
    account.limits = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"}
    rows = [Row(f"customer:{one}", {}, email=f"n{one}@b.example") for one in range(20)]

    with pytest.raises(Temporary) as caught:
        pipedrive.upsert(store_of(account), "contact", rows)

    assert sum(slept) == 20
    assert caught.value.retry_after == 2


def test_window_is_read_from_the_headers() -> None:
    headers = {"x-ratelimit-limit": "80", "x-ratelimit-remaining": "79", "x-ratelimit-reset": "900"}

    assert window_of(headers) == Window(80, 79, 2.0, None)
    assert window_of({"x-ratelimit-remaining": "-5", "x-ratelimit-limit": "a lot"}) == Window()
    assert Window().quota == {}


@pytest.mark.parametrize(
    ("method", "path", "tokens"),
    [
        ("GET", "/api/v2/persons/7", 1),
        ("GET", "/api/v2/persons?ids=1,2", 10),
        ("GET", "/api/v2/persons/search?term=a", 20),
        ("POST", "/api/v2/persons", 5),
        ("PATCH", "/api/v2/deals/7", 5),
        ("GET", "/api/v1/webhooks", 20),
        ("DELETE", "/api/v1/webhooks/7", 6),
        ("GET", "/api/v1/users/me", 2),
    ],
)
def test_calls_cost_what_pipedrive_says(method: str, path: str, tokens: int) -> None:
    assert cost_of(method, path) == tokens


@pytest.mark.parametrize(
    ("entered", "address"),
    [
        ("acme", "https://acme.pipedrive.com"),
        (" Acme.pipedrive.com/deals/7 ", "https://acme.pipedrive.com"),
        ("https://acme.pipedrive.com/settings/api", "https://acme.pipedrive.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_account_is_known_by_any_of_its_addresses(entered: str, address: str) -> None:
    assert address_of(entered) == address


def test_other_host_is_called_only_if_the_installation_allows_it(
    account: FakePipedrive, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []

    assert isinstance(trouble(account), Misconfigured)
    assert account.asked == []


def test_contract_notices_what_breaks_it(account: FakePipedrive) -> None:
    talk = Talk(store_of(account))
    for method, path, body in (
        ("POST", "/api/v2/persons", {"name": 5}),
        ("POST", "/api/v2/persons", {"name": "Ana", "subscribed": True}),
        ("POST", "/api/v2/persons/1", {}),
        ("GET", "/api/v2/persons?sort=name", None),
        ("GET", "/api/v2/deals?status=won,lost,forgotten", None),
        ("GET", "/api/v2/persons/search?fields=email", None),
    ):
        account.fail(200, {"success": True})
        talk.send(method, path, body)

    assert len(account.breaches) == 6
    account.breaches.clear()


# --- through an app ---
@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAuthorization]:
    """Pipedrive's authorization server, and behind it an account."""
    with vendor(settings, client="basic", has_pkce=False) as running:
        monkeypatch.setattr("integrations.connectors.pipedrive.oauth.HOST", running.url)
        running.extra = {"api_domain": running.url}
        yield running


@pytest.fixture
def row(mona: User, server: FakeAuthorization) -> Connection:
    program = Member.objects.get(user=mona).merchant.programs.get()
    return makers.make_connection(
        program,
        connector="pipedrive",
        source="pipedrive",
        base_url="https://acme.pipedrive.com",
        secrets={**APP, "api_token": ""},
    )


def granted(row: Connection, server: FakeAuthorization, mona: User) -> Store:
    connect(row, server, mona, granted="base contacts:full deals:full admin")
    return store_of_row(Connection.objects.get(pk=row.pk))


def test_app_asks_for_no_scopes_since_they_stand_in_the_app(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    assert set(asked_of(begin(row, mona))) == {"response_type", "client_id", "redirect_uri", "state"}


def test_account_is_called_where_the_token_says_with_the_token(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    store = granted(row, server, mona)

    talk = Talk(store)

    assert pipedrive.has_keys(store)
    assert "data" in talk.get("/api/v1/users/me")
    assert "Authorization: ***" in talk.exchange().request


def test_token_that_is_over_is_renewed_once_and_the_next_key_kept(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    store = granted(row, server, mona)
    former = store.keys["refresh_token"]
    server.access.clear()

    Talk(store).get("/api/v1/users/me")

    row.refresh_from_db()
    assert [form["grant_type"] for form in server.calls()] == ["authorization_code", "refresh_token"]
    assert row.secrets["refresh_token"] != former


def test_access_that_was_withdrawn_is_a_persons_matter(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    store = granted(row, server, mona)
    server.access.clear()
    server.refresh.clear()

    with pytest.raises(Misconfigured) as caught:
        Talk(store).get("/api/v1/users/me")

    assert "Connect with Pipedrive" in str(caught.value)


def test_address_in_a_tokens_answer_that_is_not_pipedrives_is_refused(
    row: Connection, mona: User, server: FakeAuthorization
) -> None:
    server.extra = {"api_domain": "https://evil.example"}

    with pytest.raises(Failure):
        granted(row, server, mona)

    row.refresh_from_db()
    assert "api_domain" not in row.secrets


def test_token_that_was_entered_is_used_in_place_of_the_app(row: Connection) -> None:
    store = replace(store_of_row(row), keys={**APP, "refresh_token": "r", "api_token": "mine"})

    assert "x-api-token: ***" in Talk(store).exchange().request
    assert pipedrive.has_keys(store)
    assert not pipedrive.has_keys(replace(store, keys=APP))
