"""Every request that we send to Stripe is as its published specification has it."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from integrations.connectors import stripe_billing
from integrations.connectors.base import Store
from tests.integrations.fake_stripe import KEY, Asked, FakeStripe, Row, intent, invoice
from tests.integrations.stripe_life import life

SPEC: Row = json.loads((Path(__file__).parent.parent / "specs" / "stripe.json").read_text())
DOOR = "https://partners.example.com/hooks/1"


@pytest.fixture
def far(stripe_api: FakeStripe) -> Store:
    """The account as the connector sees it."""
    return Store(stripe_api.url, "stripe", {"api_key": KEY, "signing_secret": "whsec_lab"}, "EUR")


def faults(asked: Asked) -> list[str]:
    """What of a request is not as the specification has it."""
    path, operation = operation_of(asked)
    found = [] if asked.headers.get("Stripe-Version") == SPEC["info"]["version"] else ["no version"]
    queried = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
    for name, value in nested(asked.query).items():
        if name not in queried:
            found.append(f"{path}: no parameter {name}")
            continue
        found += [f"{path}: {name}: {error.message}" for error in errors(queried[name]["schema"], value)]
    if asked.method == "POST":
        schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        strict = {**schema, "additionalProperties": False}
        found += [f"{path}: {error.message}" for error in errors(strict, nested(asked.form))]
    return found


def operation_of(asked: Asked) -> tuple[str, Row]:
    for path, methods in SPEC["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", path), asked.path) and asked.method.lower() in methods:
            return path, methods[asked.method.lower()]
    raise AssertionError(f"{asked.method} {asked.path} is not in the specification")


def nested(pairs: list[tuple[str, str]]) -> Row:
    """Read `a[]=1&b[c]=2` as Stripe does."""
    found: Row = {}
    for name, value in pairs:
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(plain(value))
        elif "[" in name:
            outer, inner = name.rstrip("]").split("[")
            found.setdefault(outer, {})[inner] = plain(value)
        else:
            assert name not in found
            found[name] = plain(value)
    return found


def plain(value: str) -> Any:
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdigit() else value


def errors(schema: Row, value: Any) -> list[Any]:
    return list(Draft202012Validator(schema).iter_errors(value))


def test_every_request_is_as_the_specification_has_it(stripe_api: FakeStripe, far: Store) -> None:
    objects = life("")[1]
    charge = {"id": "ch_lab1", "object": "charge", "payment_intent": "pi_lab1"}
    stripe_api.keep(*objects, charge)
    for number in ("in_lab1", "in_lab2", "cs_test_mug", "pi_lab2", "pi_mug", "ch_lab1"):
        assert stripe_billing.fetch_order(far, number)
    for days in (1, 100):
        stripe_billing.list_orders(far, timezone.now() - timedelta(days=days), timezone.now(), None)
    stripe_billing.register(far, DOOR)
    stripe_billing.register(far, DOOR)
    stripe_billing.check(far, DOOR)

    assert [fault for asked in stripe_api.asked for fault in faults(asked)] == []
    called = {(asked.method, operation_of(asked)[0]) for asked in stripe_api.asked}
    assert called == {(method.upper(), path) for path, each in SPEC["paths"].items() for method in each}


@pytest.mark.parametrize("query", [("limits", "1"), ("limit", "many"), ("types", "a")])
def test_contract_sees_what_is_wrong(query: tuple[str, str]) -> None:
    asked = Asked("GET", "/v1/events", [query], {"Stripe-Version": SPEC["info"]["version"]}, [])

    assert len(faults(asked)) == 1


def test_key_and_version_go_with_every_request(stripe_api: FakeStripe, far: Store) -> None:
    stripe_api.keep(invoice(), intent())

    stripe_billing.fetch_order(far, "in_lab1")

    assert {asked.headers["Authorization"] for asked in stripe_api.asked} == {f"Bearer {KEY}"}
    assert {asked.headers["Stripe-Version"] for asked in stripe_api.asked} == {"2026-10-28.endive"}
