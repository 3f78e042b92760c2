"""What Salesforce's refusals mean: wait so long, or a person must change something; and tokens, fetched once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.actions.connections import store_of as store_of_row
from integrations.actions.tokens import KEPT
from integrations.connectors import salesforce
from integrations.connectors.base import Store
from integrations.connectors.records import Row
from integrations.connectors.salesforce.api import Talk
from integrations.connectors.salesforce.auth import LIVES, api_address, login_address, user_of
from integrations.models import Connection
from tests import makers
from tests.fakes.salesforce import CLIENT, IDENTITY, SECRET, FakeSalesforce, opened, store_of
from tests.fakes.salesforce_org import KEY, US

ANA = Row("customer:1", {"Email": "ana@b.example"}, email="ana@b.example")


@pytest.fixture
def org(settings: Any) -> Iterator[FakeSalesforce]:
    with opened(settings) as running:
        yield running


def connected(org: FakeSalesforce, **more: str) -> Connection:
    keys = {"client_id": CLIENT, "client_secret": SECRET, **more}
    return makers.make_connection(
        makers.make_program(), connector="salesforce", source="salesforce", base_url=org.url, secrets=keys
    )


def upsert(store: Store) -> Any:
    return salesforce.upsert(store, "contact", [ANA]).outcomes[0]


def trouble(org: FakeSalesforce) -> Failure:
    with pytest.raises(Failure) as caught:
        upsert(store_of(org))
    return caught.value


def said(code: str, message: str = "") -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


DAILY, AT_ONCE = (
    "TotalRequests Limit exceeded.",
    "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
)


@pytest.mark.parametrize(
    ("status", "body", "headers", "wait"),
    [
        (403, said("REQUEST_LIMIT_EXCEEDED", DAILY), {}, 900),
        (403, said("REQUEST_LIMIT_EXCEEDED", AT_ONCE), {}, 30),
        (403, said("REQUEST_LIMIT_EXCEEDED", DAILY), {"Retry_After": "60"}, 60),
        (429, said("REQUEST_LIMIT_EXCEEDED", AT_ONCE), {"Retry_After": "7"}, 7),
        (429, b"<html>slow down</html>", {}, None),
        (400, said("UNABLE_TO_LOCK_ROW", "unable to obtain"), {}, 30),
        (500, said("UNKNOWN_EXCEPTION", "An unexpected error"), {}, None),
        (503, said("SERVER_UNAVAILABLE"), {"Retry_After": "30"}, 30),
        (502, b"<html>bad gateway</html>", {}, None),
        (400, said("QUERY_TIMEOUT", "too long"), {}, None),
    ],
)
def test_limit_and_error_say_how_long_to_wait(
    org: FakeSalesforce, status: int, body: Any, headers: dict[str, str], wait: float | None
) -> None:
    org.fail(status, body, **headers)

    found = trouble(org)

    assert isinstance(found, Temporary)
    assert found.retry_after == wait
    assert org.org.live("Contact") == []


def test_days_calls_that_are_used_up_are_waited_for(org: FakeSalesforce) -> None:
    org.used = org.daily

    found = trouble(org)

    assert isinstance(found, Temporary)
    assert "limit of calls is reached: TotalRequests Limit exceeded." in str(found)


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (
            403,
            said("INSUFFICIENT_ACCESS_OR_READONLY", "no access"),
            "does not let the app’s user do this: no access",
        ),
        (403, said("API_DISABLED_FOR_ORG", "API is not enabled"), "API is not enabled"),
        (410, said("UNSUPPORTED_API_VERSION", "retired"), "has retired the version"),
        (302, b"", "no Salesforce at this address"),
        (404, b"<html>not found</html>", "no Salesforce at this address"),
        (404, said("NOT_FOUND", "Provided external ID field does not exist"), "external ID"),
    ],
)
def test_what_only_a_person_can_change_is_told(
    org: FakeSalesforce, status: int, body: Any, word: str
) -> None:
    org.fail(status, body)

    found = trouble(org)

    assert isinstance(found, Misconfigured)
    assert word in str(found)
    assert len(org.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>maintenance</html>",
        b'"x"',
        b"5",
        b"\xff",
        b"[" * 100_000,
        b'{"records": [{"Amount": NaN}]}',
        b'{"records": [',
    ],
)
def test_page_or_half_an_answer_is_tried_again(org: FakeSalesforce, body: bytes) -> None:
    org.fail(200, body)

    assert type(trouble(org)) is Temporary


def test_connection_that_breaks_is_tried_again(org: FakeSalesforce) -> None:
    org.lost = ["query"]

    assert isinstance(trouble(org), Temporary)


def test_answer_that_never_comes_is_tried_again(org: FakeSalesforce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.http.READ_SECONDS", 0.2)
    org.silent_seconds = 0.8

    found = trouble(org)

    assert isinstance(found, Temporary)


def test_next_page_is_asked_of_the_same_org_only(org: FakeSalesforce) -> None:
    row = {"Id": "003000000000001AAA", "Email": "ana@b.example", "attributes": {"type": "Contact"}}
    there = "https://evil.example/services/data/v66.0/query/01g"
    for following in (
        there,
        "/services/oauth2/token",
        "/services/data/../../x",
        5,
        "//evil.example/services/data/x",
    ):
        org.fail(200, {"done": False, "records": [row], "nextRecordsUrl": following})

        assert len(Talk(store_of(org)).query("SELECT Id FROM Contact")) == 1


def test_long_list_is_read_page_after_page(org: FakeSalesforce) -> None:
    org.page = 3
    for number in range(10):
        org.org.add(LastName=f"n{number}", Email="info@b.example")

    (outcome,) = salesforce.upsert(
        store_of(org), "contact", [Row("customer:1", {}, email="info@b.example")]
    ).outcomes

    assert outcome.remote_id == next(iter(org.org.objects["Contact"]))
    assert sum(call.startswith("GET query/01g") for call in org.calls) == 3


def test_list_without_an_end_is_given_up(org: FakeSalesforce) -> None:
    org.page = 1
    for number in range(60):
        org.org.add(LastName=f"n{number}", Email="info@b.example")

    with pytest.raises(Permanent):
        salesforce.upsert(store_of(org), "contact", [Row("customer:1", {}, email="info@b.example")])


def test_quota_is_read_whatever_stands_beside_it(org: FakeSalesforce) -> None:
    talk = Talk(store_of(org))
    for told, quota in (
        ("api-usage=25/15000; per-app-api-usage=17/250(appName=lab)", {"daily_left": 14975, "daily": 15000}),
        ("per-app-api-usage=17/250(appName=lab); api-usage=20000/15000", {"daily_left": 0, "daily": 15000}),
        ("api-usage=x/15000", {"daily_left": 0, "daily": 15000}),
    ):
        org.fail(200, {"records": [], "done": True}, Sforce_Limit_Info=told)
        talk.query("SELECT Id FROM Contact")
        assert talk.exchange().quota == quota


# --- tokens --------------------------------------------------------------------------------------------------
def test_token_is_fetched_once_and_kept_with_our_user(org: FakeSalesforce, db: None) -> None:
    row = connected(org)
    org.given.clear()

    upsert(store_of_row(row))
    upsert(store_of_row(row))

    row.refresh_from_db()
    assert [one["grant_type"] for one in org.given] == ["client_credentials"]
    assert row.secrets["id"] == US
    assert (datetime_of(row) - timezone.now()).total_seconds() == pytest.approx(LIVES, abs=60)


def datetime_of(row: Connection) -> Any:
    return datetime.fromisoformat(row.secrets[KEPT]["ends_at"])


def test_token_that_is_over_is_fetched_anew_once(org: FakeSalesforce, db: None) -> None:
    row = connected(org)
    upsert(store_of_row(row))
    org.tokens.clear()
    org.given.clear()

    outcome = upsert(store_of_row(row))

    assert (outcome.refusal, len(org.given)) == ("", 1)


def test_token_that_is_over_in_the_middle_is_fetched_anew(org: FakeSalesforce, db: None) -> None:
    row = connected(org)
    org.race = org.tokens.clear
    org.fail(401, said("INVALID_SESSION_ID", "Session expired"), at=f"Contact/{KEY}")

    outcome = upsert(store_of_row(row))

    assert outcome.is_new
    assert len(org.org.live("Contact")) == 1


def test_token_that_is_refused_again_is_a_persons_matter(org: FakeSalesforce) -> None:
    for _time in range(2):
        org.fail(401, said("INVALID_SESSION_ID", "Session expired or invalid"))

    found = trouble(org)

    assert isinstance(found, Misconfigured)
    assert (len(org.asked), "just given" in str(found)) == (2, True)


def test_wrong_secret_is_a_persons_matter(org: FakeSalesforce) -> None:
    store = replace(store_of(org), keys={"client_id": CLIENT, "client_secret": "other"})

    with pytest.raises(Misconfigured) as caught:
        upsert(store)

    assert "(invalid_client)" in str(caught.value)
    assert org.asked == []


def test_access_by_consent_is_renewed_and_calls_where_its_answer_said(org: FakeSalesforce, db: None) -> None:
    org.refresh = "refresh-1"
    row = connected(org, refresh_token="refresh-1", instance_url=org.url)
    row.base_url = ""
    row.save(update_fields=["base_url"])
    org.given.clear()

    outcome = upsert(store_of_row(row))

    row.refresh_from_db()
    assert outcome.is_new
    assert [one["grant_type"] for one in org.given] == ["refresh_token"]
    assert (row.secrets["instance_url"], row.secrets["id"]) == (org.url, US)


def test_access_that_was_withdrawn_is_a_persons_matter(org: FakeSalesforce, db: None) -> None:
    org.refresh = "refresh-2"
    row = connected(org, refresh_token="refresh-1", instance_url=org.url)

    with pytest.raises(Misconfigured) as caught:
        upsert(store_of_row(row))

    assert "Connect with Salesforce" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "http://acme.my.salesforce.com", "https://salesforce.com.evil.example"],
)
def test_token_is_never_carried_to_an_address_that_is_not_salesforces(
    org: FakeSalesforce, db: None, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.refresh = "refresh-1"
    row = connected(org, refresh_token="refresh-1", instance_url=org.url)
    monkeypatch.setattr(FakeSalesforce, "told_url", address)

    with pytest.raises(Misconfigured):
        upsert(store_of_row(row))

    row.refresh_from_db()
    assert (row.secrets["instance_url"], org.asked) == (org.url, [])


def test_other_host_is_called_only_if_the_installation_allows_it(org: FakeSalesforce, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    org.given.clear()

    with pytest.raises(Misconfigured):
        upsert(store_of(org))

    assert (org.asked, org.given) == ([], [])


def test_addresses_of_login_and_data() -> None:
    keys = {"refresh_token": "r", "instance_url": "https://acme.my.salesforce.com"}
    entered, consented = Store("https://acme.my.salesforce.com", "s", {}), Store("", "s", keys)

    assert login_address(Store("", "s", {})) == "https://login.salesforce.com"
    assert {
        login_address(entered),
        api_address(entered),
        login_address(consented),
        api_address(consented),
    } == {"https://acme.my.salesforce.com"}
    with pytest.raises(Misconfigured):
        api_address(Store("", "s", {"instance_url": "https://acme.my.salesforce.com"}))


def test_our_user_is_read_from_the_identity_alone() -> None:
    assert user_of(IDENTITY) == US
    for other in ("", US, f"https://x/id/{US}", f"{IDENTITY}/more", f"{IDENTITY}'"):
        assert user_of(other) == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"access_token": "t\u00e9"}, Temporary),
        ({"access_token": "a\nb"}, Temporary),
        (b"<html>", Temporary),
        ([], Temporary),
    ],
)
def test_odd_token_is_none(org: FakeSalesforce, body: Any, kind: type[Failure]) -> None:
    org.token_answer = (200, body, {})

    with pytest.raises(kind):
        upsert(store_of(org))

    assert org.asked == []
