import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema import Draft4Validator

from affiliates.models import Enrollment
from portal.api import examples
from portal.api.reference import whole
from portal.api.schema import generated
from portal.keys import SCOPES
from tests.makers import make_payable, make_payee
from tests.portal.api.machine import Machine, order, refund


def test_the_schema_is_valid_and_generated_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    GENERATOR_STATS.reset()

    validate_schema(generated())

    assert GENERATOR_STATS._warn_cache == {}
    assert GENERATOR_STATS._error_cache == {}


@pytest.mark.django_db
def test_the_schema_is_served_as_json(client: Client) -> None:
    answer = client.get("/api/v1/schema/")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == whole()
    assert len(answer.json()["paths"]) == 20


def test_every_operation_names_a_scope_that_exists() -> None:
    operations = [one for methods in whole()["paths"].values() for one in methods.values()]

    needed = {found for one in operations for found in re.findall(r"`(.+)`", one["description"])}

    assert needed == set(SCOPES)


def _plain(schema: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def _fits(answer: Any, path: str, method: str = "get") -> None:
    document = _plain(whole())
    response = document["paths"][f"/api/v1{path}"][method]["responses"][str(answer.status_code)]
    wanted = next(iter(response["content"].values()))["schema"]
    for schema in document["components"]["schemas"].values():
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    document["components"]["schemas"]["UpdatedConversion"].pop("additionalProperties", None)
    errors = list(
        Draft4Validator({**wanted, "components": document["components"]}).iter_errors(answer.json())
    )
    assert errors == []


@pytest.mark.django_db
def test_answers_are_as_the_schema_says(machine: Machine, ann: Enrollment, mia: Any, settings: Any) -> None:
    from payouts.actions import open_batch  # made by a person

    make_payee(ann)
    earned = make_payable(ann)
    open_batch(ann.program, cut_off=earned.matures_at, actor=mia, at=earned.matures_at)
    made = machine.post("/conversions", order())
    one = f"/conversions/{made.json()['id']}"

    _fits(made, "/conversions", "post")
    _fits(machine.post("/conversions", order(total="x")), "/conversions", "post")
    _fits(machine.post("/conversions", order(total="1000.00")), "/conversions", "post")
    _fits(machine.put(one, order(total="140.00")), "/conversions/{id}", "put")
    _fits(machine.post("/conversions/bulk", {"items": [order(), order("2"), 7]}), "/conversions/bulk", "post")
    _fits(machine.post("/refunds", refund()), "/refunds", "post")
    _fits(machine.get(one), "/conversions/{id}")
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1:9"]
    hook = machine.post("/hook-subscriptions", {**examples.HOOK, "target_url": "http://127.0.0.1:9/"})
    _fits(hook, "/hook-subscriptions", "post")
    _fits(machine.get(f"/hook-subscriptions/{hook.json()['id']}"), "/hook-subscriptions/{id}")
    _fits(machine.get("/events/order.recorded/samples"), "/events/{kind}/samples")
    _fits(machine.get("/nothing/here") and machine.get("/links/0"), "/links/{id}")
    for noun in (
        "conversions",
        "refunds",
        "commissions",
        "links",
        "direct-links",
        "affiliates",
        "payouts",
        "hook-subscriptions",
        "events",
        "me",
    ):
        _fits(machine.get(f"/{noun}"), f"/{noun}")


@pytest.mark.django_db
def test_the_examples_are_taken(machine: Machine, ann: Enrollment) -> None:
    assert machine.post("/conversions", examples.ORDER).status_code == 201
    assert machine.post("/conversions", examples.LEAD).status_code == 201
    assert machine.put("/conversions/by-source/shop-eu/1001", examples.CHANGED).status_code == 200
    assert machine.post("/refunds", examples.REFUND_GROSS).status_code == 201
    assert machine.post("/links", {**examples.LINK, "affiliate": ann.code}).status_code == 201
    made = machine.post("/links", {**examples.LINK_IN_FULL, "affiliate": ann.code})
    assert made.status_code == 201
    assert machine.ask("patch", f"/links/{made.json()['id']}", examples.LINK_CHANGE).status_code == 200


@pytest.mark.django_db
def test_the_reference_shows_every_operation_under_the_strict_policy(client: Client) -> None:
    answer = client.get("/api/v1/docs/")

    html = answer.content.decode()
    shown = re.findall(r'<details id="(\w+)">', html)
    assert answer.status_code == 200
    assert sorted(shown) == sorted(
        one["operationId"] for path in whole()["paths"].values() for one in path.values()
    )
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", html) == []


@pytest.mark.django_db
def test_every_problem_type_leads_to_its_line_in_the_reference(client: Client, machine: Machine) -> None:
    html = client.get("/api/v1/docs/").content.decode()

    for answer in (
        machine.get("/nothing"),
        machine.post("/conversions", {}),
        machine.get("/me", Authorization=""),
    ):
        path, _hash, anchor = answer.json()["type"].partition("#")
        assert path == "/api/v1/docs/"
        assert html.count(f'id="{anchor}"') == 1
