import json
from typing import Any

import pytest

from tests.portal.api.machine import PROBLEM, Machine, order, pointers
from tracking.models import Order

pytestmark = pytest.mark.django_db

LINE = {"external_id": "l1", "net": "1.00"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"total": "129.905"}, "/total"),
    ({"total": "-1.00"}, "/total"),
    ({"total": "NaN"}, "/total"),
    ({"total": "1e3"}, "/total"),
    ({"total": "1,00"}, "/total"),
    ({"total": 129.9}, "/total"),
    ({"total": True}, "/total"),
    ({"total": None}, "/total"),
    ({"total": "100000000000.00"}, "/total"),
    ({"total": "9" * 400}, "/total"),
    ({"tax": [1]}, "/tax"),
    ({"currency": "XXX"}, "/currency"),
    ({"currency": "eur"}, "/currency"),
    ({"currency": 978}, "/currency"),
    ({"source": ""}, "/source"),
    ({"source": "s" * 61}, "/source"),
    ({"source": "clicks"}, "/source"),
    ({"goal": ""}, "/goal"),
    ({"goal": "g" * 41}, "/goal"),
    ({"external_id": "x" * 121}, "/external_id"),
    ({"external_id": 1.5}, "/external_id"),
    ({"external_id": "a\0b"}, "/external_id"),
    ({"external_id": "\ud800"}, "/external_id"),
    ({"occurred_at": "2026-11-02T14:02:11"}, "/occurred_at"),
    ({"occurred_at": "2026-13-02T14:02:11Z"}, "/occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
    ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "/occurred_at"),
    ({"occurred_at": 1762092131}, "/occurred_at"),
    ({"lines": {}}, "/lines"),
    ({"lines": [7]}, "/lines/0"),
    ({"lines": [{"external_id": "l1"}]}, "/lines/0/net"),
    ({"lines": [LINE, {**LINE, "external_id": "l2", "net": "x"}]}, "/lines/1/net"),
    ({"lines": [LINE, LINE]}, "/lines/0/external_id"),
    ({"lines": [{**LINE, "quantity": 0}]}, "/lines/0/quantity"),
    ({"lines": [{**LINE, "quantity": "2"}]}, "/lines/0/quantity"),
    ({"lines": [{**LINE, "quantity": 1_000_001}]}, "/lines/0/quantity"),
    ({"lines": [{**LINE, "excluded": "yes"}]}, "/lines/0/excluded"),
    ({"lines": [{**LINE, "colour": "red"}]}, "/lines/0/colour"),
    ({"lines": [{**LINE, "brand": "b" * 121}]}, "/lines/0/brand"),
    ({"lines": [{**LINE, "brand": ["Acme"]}]}, "/lines/0/brand"),
    ({"lines": [{**LINE, "external_id": "+"}]}, "/lines/0/external_id"),
    ({"lines": [{**LINE, "external_id": str(n)} for n in range(501)]}, "/lines"),
    ({"customer": {"email": "nobody"}}, "/customer/email"),
    ({"customer": {"country": "DEU"}}, "/customer/country"),
    ({"customer": {"country": "1"}}, "/customer/country"),
    ({"evidence": {"coupons": ["c"] * 21}}, "/evidence/coupons"),
    ({"evidence": {"coupons": ["ok", 1.5]}}, "/evidence/coupons/1"),
    ({"subscription": {"external_id": "s", "payment_number": -1}}, "/subscription/payment_number"),
    ({"metadata": []}, "/metadata"),
    ({"metadata": {"a": "x" * 8200}}, "/metadata"),
    ({"metadata": {"a/b": {"c": "\0"}}}, "/metadata/a~1b/c"),
    ({"hidden": 1}, "/hidden"),
]


@pytest.mark.parametrize(("fields", "pointer"), WRONG)
def test_a_wrong_field_is_422_with_its_pointer(
    machine: Machine, fields: dict[str, Any], pointer: str
) -> None:
    answer = machine.post("/conversions", json.dumps(order(**fields)))

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert pointers(answer)[0] == pointer
    assert Order.objects.count() == 0


def test_all_wrong_fields_are_named_at_once(machine: Machine) -> None:
    answer = machine.post(
        "/conversions", {"currency": "EUR", "total": "1.001", "lines": [{"net": "x"}], "extra": 1}
    )

    assert sorted(pointers(answer)) == [
        "/external_id",
        "/extra",
        "/lines/0/external_id",
        "/lines/0/net",
        "/occurred_at",
        "/source",
        "/total",
    ]


def test_without_lines_the_base_is_not_negative(machine: Machine) -> None:
    answer = machine.post("/conversions", order(lines=[], total="20.00"))

    assert answer.json() == {
        "type": "/api/v1/docs/#problem-invalid",
        "title": "The request has wrong fields",
        "status": 422,
        "detail": "1 wrong: see errors.",
        "errors": [{"pointer": "/total", "detail": "It is less than tax and shipping together."}],
    }


@pytest.mark.parametrize("total", ["7500", "7500.00", 7500])
def test_zeros_behind_the_point_are_no_decimals(machine: Machine, total: object) -> None:
    yen = order(currency="JPY", total=total, tax="0", shipping="0", discount="0", lines=[])

    answer = machine.post("/conversions", yen)

    assert (answer.status_code, answer.json()["total"]) == (201, "7500")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "nonsense",
        '{"total": NaN}',
        '{"total": Infinity}',
        '{"metadata": {"x": 1e999}}',
        '{"source": "a", "source": "b"}',
        "1" * 5000,
        "[" * 100_000,
        '{"metadata":' * 20_000,
    ],
)
def test_what_is_no_json_is_400(machine: Machine, body: str) -> None:
    answer = machine.post("/conversions", body)

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)
    assert answer.json()["title"] == "The request cannot be read"


def test_bytes_that_are_no_utf8_are_400(machine: Machine) -> None:
    assert machine.post("/conversions", b'{"source": "\xff"}').status_code == 400


@pytest.mark.parametrize("body", ["[]", "null", "7", '"text"', "true"])
def test_json_that_is_no_object_is_422(machine: Machine, body: str) -> None:
    answer = machine.post("/conversions", body)

    assert (answer.status_code, pointers(answer)) == (422, [""])


def test_deep_metadata_is_422(machine: Machine) -> None:
    deep: Any = 1
    for _level in range(30):
        deep = {"d": deep}

    assert machine.post("/conversions", order(metadata=deep)).status_code == 422


def test_a_body_of_more_than_256_kb_is_413(machine: Machine) -> None:
    answer = machine.post("/conversions", json.dumps(order(metadata={"a": "x" * 256_000})))

    assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)


def test_a_bulk_body_of_more_than_2_mb_is_413(machine: Machine) -> None:
    assert machine.post("/conversions/bulk", json.dumps({"items": ["x" * 2_000_001]})).status_code == 413
