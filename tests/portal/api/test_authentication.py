from datetime import timedelta

import pytest
from django.utils import timezone

from portal import keys
from portal.models import ApiKey
from tests.portal.api.conftest import Made
from tests.portal.api.machine import PROBLEM, Machine, order
from tracking.models import Order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "tk_x", "Bearer tk_aaaaaaaa_" + "b" * 40, "Bearer \xff"]
)
def test_no_key_or_an_unknown_one_is_a_401_problem(machine: Machine, header: str) -> None:
    answer = machine.post("/conversions", order(), Authorization=header)

    assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["title"] == "A key is needed"
    assert Order.objects.count() == 0


def test_a_revoked_key_is_401_from_the_next_request_on(machine: Machine) -> None:
    assert machine.get("/me").status_code == 200

    keys.revoke(machine.key)

    answer = machine.get("/me")
    assert (answer.status_code, answer.json()["detail"]) == (401, "This key is revoked or expired.")


def test_an_expired_key_is_401(machine: Machine) -> None:
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert machine.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("post", "/conversions", "conversions:write"),
        ("post", "/conversions/bulk", "conversions:write"),
        ("put", "/conversions/1", "conversions:write"),
        ("put", "/conversions/by-source/s/1", "conversions:write"),
        ("get", "/conversions", "conversions:read"),
        ("get", "/conversions/1", "conversions:read"),
        ("get", "/conversions/by-source/s/1", "conversions:read"),
        ("head", "/conversions", "conversions:read"),
        ("post", "/refunds", "refunds:write"),
        ("get", "/refunds", "refunds:read"),
        ("get", "/refunds/1", "refunds:read"),
        ("get", "/affiliates", "affiliates:read"),
        ("get", "/affiliates/ann", "affiliates:read"),
        ("get", "/links", "links:read"),
        ("get", "/links/1", "links:read"),
        ("post", "/links", "links:write"),
        ("patch", "/links/1", "links:write"),
        ("get", "/direct-links", "links:read"),
        ("get", "/commissions", "commissions:read"),
        ("get", "/commissions/1", "commissions:read"),
        ("get", "/payouts", "payouts:read"),
        ("get", "/payouts/1", "payouts:read"),
    ],
)
def test_a_key_without_the_scope_is_a_403_problem(
    make_machine: Made, method: str, path: str, scope: str
) -> None:
    machine = make_machine(scopes=sorted(set(keys.SCOPES) - {scope}))

    answer = machine.ask(method, path, {} if method in {"post", "put", "patch"} else None)

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM)
    if method != "head":
        assert answer.json()["detail"] == f"The key lacks the scope {scope}."


def test_every_key_may_test_itself(make_machine: Made) -> None:
    machine = make_machine(scopes=[])

    answer = machine.get("/me")

    program = machine.key.program
    assert answer.status_code == 200
    assert answer.json() == {
        "key": {"name": "Shop", "prefix": machine.key.prefix, "scopes": [], "expires_at": None},
        "program": {"id": program.pk, "name": "Partner program", "currency": "EUR", "time_zone": "UTC"},
        "merchant": "Northwind",
        "requests_per_minute": 600,
    }
