"""What HubSpot's refusals mean: wait so long, or a person must change something; and what is left of the limits."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors import hubspot
from integrations.connectors.base import Store
from integrations.connectors.hubspot.api import ADDRESS, Quota, Talk, quota_of
from integrations.connectors.records import Row
from tests.integrations.fake_hubspot import FakeHubSpot, opened, store_of

ANA = Row("customer:1", {"email": "ana@b.example"}, email="ana@b.example")


@pytest.fixture
def account(settings: Any) -> Iterator[FakeHubSpot]:
    with opened(settings) as running:
        yield running


def trouble(account: FakeHubSpot) -> Failure:
    with pytest.raises(Failure) as caught:
        hubspot.upsert(store_of(account), "contact", [ANA])
    return caught.value


def limited(policy: str) -> dict[str, str]:
    return {"status": "error", "message": "You have reached your limit.", "policyName": policy}


@pytest.mark.parametrize(
    ("status", "body", "headers", "wait"),
    [
        (429, limited("TEN_SECONDLY_ROLLING"), {"X_HubSpot_RateLimit_Interval_Milliseconds": "4000"}, 4),
        (429, limited("TEN_SECONDLY_ROLLING"), {}, 10),
        (429, limited("SECONDLY"), {}, 1),
        (429, limited("DAILY"), {}, 3600),
        (429, limited("TEN_SECONDLY_ROLLING"), {"Retry_After": "7"}, 7),
        (429, b"<html>slow down</html>", {}, 10),
        (423, {"message": "locked"}, {}, 2),
        (477, {"message": "migrating"}, {"Retry_After": "600"}, 600),
        (477, {"message": "migrating"}, {}, 3600),
        (500, {}, {}, None),
        (502, b"<html>bad gateway</html>", {"Retry_After": "30"}, 30),
        (503, {}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_limit_and_error_say_how_long_to_wait(
    account: FakeHubSpot, status: int, body: Any, headers: dict[str, str], wait: float | None
) -> None:
    account.fail(status, body, **headers)

    found = trouble(account)

    assert type(found) is Temporary
    assert found.retry_after == wait
    assert account.objects["contacts"] == {}


def test_key_that_is_over_is_a_persons_matter(account: FakeHubSpot) -> None:
    account.fail(401, {"category": "EXPIRED_AUTHENTICATION", "message": "The token expired 7 second(s) ago."})

    found = trouble(account)

    assert isinstance(found, Misconfigured)
    assert "Make a new service key" in str(found)


def test_wrong_key_is_refused(account: FakeHubSpot) -> None:
    with pytest.raises(Misconfigured):
        hubspot.list_fields(Store(account.url, "hubspot", {"token": "pat-other"}), "contact")


def test_key_that_no_header_can_carry_is_a_persons_matter(account: FakeHubSpot) -> None:
    with pytest.raises(Misconfigured) as caught:
        hubspot.list_fields(Store(account.url, "hubspot", {"token": "pat\nx"}), "contact")

    assert "pat" not in str(caught.value)


@pytest.mark.parametrize(
    "context",
    [{"requiredGranularScopes": ["crm.objects.deals.write"]}, "{missingScopes=[crm.objects.deals.write]}"],
)
def test_missing_scopes_are_named(account: FakeHubSpot, context: Any) -> None:
    account.fail(403, {"category": "MISSING_SCOPES", "errors": [{"message": "…", "context": context}]})

    found = trouble(account)

    assert isinstance(found, Misconfigured)
    assert "crm.objects.deals.write." in str(found)


def test_page_in_place_of_data_is_tried_again(account: FakeHubSpot) -> None:
    account.fail(200, b"<html>maintenance</html>")

    assert type(trouble(account)) is Temporary


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_odd_answer_is_tried_again_and_crashes_nothing(account: FakeHubSpot, body: bytes) -> None:
    account.fail(200, body)

    assert type(trouble(account)) is Temporary


@pytest.mark.parametrize("results", [None, 5, ["x"], [{}], [{"id": "1", "properties": []}], {"id": 1}])
def test_odd_list_is_a_list_of_nothing(account: FakeHubSpot, results: Any) -> None:
    account.fail(200, {"results": results})

    (outcome,) = hubspot.upsert(store_of(account), "contact", [ANA]).outcomes

    assert outcome.is_new


def test_redirect_is_not_followed(account: FakeHubSpot) -> None:
    account.fail(302, {}, Location="http://127.0.0.1:1/elsewhere")

    assert isinstance(trouble(account), Misconfigured)
    assert len(account.asked) == 1


def test_connection_that_breaks_is_tried_again(account: FakeHubSpot) -> None:
    account.lost = ["batch/read"]

    assert isinstance(trouble(account), Temporary)


def test_no_call_is_made_where_the_last_answer_says_that_none_is_left(account: FakeHubSpot) -> None:
    account.limits = {
        "X-HubSpot-RateLimit-Remaining": "0",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    }

    found = trouble(account)

    assert isinstance(found, Temporary)
    assert (found.retry_after, len(account.asked)) == (10, 1)


def test_quota_is_read_from_the_headers() -> None:
    headers = {
        "X-HubSpot-RateLimit-Daily": "250000",
        "X-HubSpot-RateLimit-Daily-Remaining": "249991",
        "X-HubSpot-RateLimit-Remaining": "99",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    }

    assert quota_of(headers) == Quota(250000, 249991, 99, 10.0)
    assert quota_of({"X-HubSpot-RateLimit-Daily": "-5", "X-HubSpot-RateLimit-Remaining": "a lot"}) == Quota()


def test_other_host_is_called_only_if_the_installation_allows_it(account: FakeHubSpot, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []

    with pytest.raises(Misconfigured):
        hubspot.list_fields(store_of(account), "contact")

    assert account.asked == []


def test_without_another_address_hubspot_itself_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("core.http.request", lambda method, url, **_: asked.append(url) or _refuse())

    with pytest.raises(Permanent):
        Talk(Store("", "hubspot", {"token": "pat-x"})).get("/crm/properties/2026-09/contacts")

    assert asked == [f"{ADDRESS}/crm/properties/2026-09/contacts"]


def _refuse() -> None:
    raise Permanent("not here")


def test_contract_notices_what_breaks_it(account: FakeHubSpot) -> None:
    talk = Talk(store_of(account))
    for path, body in (
        ("batch/create", {"inputs": [{"properties": {"email": 5}}]}),
        ("batch/read", {"inputs": [{"id": str(one)} for one in range(101)]}),
        ("batch/archive", {"inputs": []}),
    ):
        account.fail(200)
        talk.post(f"/crm/objects/2026-09/contacts/{path}", body)

    assert len(account.breaches) == 3
    account.breaches.clear()
